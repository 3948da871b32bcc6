"""Turns packets that come when they like into one frame every 20 ms, for audio that is mixed.

Theory. Samples lie in one buffer in the order of their timestamps, and the reader takes 160 of them at a time from its
beginning. Reading starts when DEPTH samples are there and starts over when too few are left, so that a stream that comes
in bursts is smooth after the first. What is missing in the middle is filled with silence, which a late packet may still
replace. A sender whose clock runs fast, or a burst, makes the buffer longer; what is beyond LENGTH_MAX is dropped at its
old end. The first frame that is missing at the reader is the one before, played again: 20 ms of it is not noticed
(a frame lost is, as a click); further ones are none.
"""

from typing import Final

from telegraphone.limits import JITTER_DEPTH_SAMPLES, JITTER_SAMPLES_MAX
from telegraphone.media.g711 import A_TO_MU, MU_TO_A
from telegraphone.media.mixing import FRAME_SAMPLES, SILENCE, Law

_TABLES: Final = {"PCMU": A_TO_MU, "PCMA": MU_TO_A}
_HALF: Final = 1 << 31
_MASK: Final = (1 << 32) - 1


class JitterBuffer:
    """One stream's audio between its arrival and the mixer's next tick."""

    def __init__(self) -> None:
        self._samples = bytearray()
        self._law: Law = "PCMU"
        self._ssrc = -1
        self._start = 0
        self._filling = True
        self._last: bytes | None = None

    @property
    def law(self) -> Law:
        """The law of what `take` gives."""
        return self._law

    def put(self, ssrc: int, timestamp: int, payload: bytes, law: Law) -> None:
        """One packet's audio, of any length."""
        if law != self._law:
            self._samples = self._samples.translate(_TABLES[law])
            self._law, self._last = law, None
        ahead = (timestamp - self._start) & _MASK
        if ssrc != self._ssrc or JITTER_SAMPLES_MAX < ahead < _MASK - JITTER_SAMPLES_MAX:
            # Another sender, or a jump in time: what is there is played, and the new follows it.
            self._ssrc, self._start = ssrc, (timestamp - len(self._samples)) & _MASK
            ahead = len(self._samples)
        if ahead >= _HALF:
            return
        gap = ahead - len(self._samples)
        if gap > 0:
            self._samples += SILENCE[law] * gap
        self._samples[ahead : ahead + len(payload)] = payload
        too_many = len(self._samples) - JITTER_SAMPLES_MAX
        if too_many > 0:
            self._drop(too_many)

    def take(self) -> bytes | None:
        """The next 20 ms; None when there is nothing."""
        if len(self._samples) < (JITTER_DEPTH_SAMPLES if self._filling else FRAME_SAMPLES):
            self._filling = True
            again, self._last = self._last, None
            return again
        self._filling = False
        frame = bytes(self._samples[:FRAME_SAMPLES])
        self._drop(FRAME_SAMPLES)
        self._last = frame
        return frame

    def _drop(self, samples: int) -> None:
        del self._samples[:samples]
        self._start = (self._start + samples) & _MASK
