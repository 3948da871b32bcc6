"""Plays keypad digits to a phone as RTP events: one report every 20 ms while a key is down, its end said three times.

RFC 4733 section 2.5.1: all reports of a key carry the timestamp at which it went down, the first one the marker, and the
audio it stands in for is left out. Between two keys there is audio again, so that a receiver tells `11` from a long `1`.
"""

from collections import deque
from dataclasses import dataclass
from typing import Final

from telegraphone.limits import KEYS_WAITING_MAX
from telegraphone.media.mixing import FRAME_SAMPLES
from telegraphone.wire.rtp.dtmf import KEYS, TelephoneEvent

_DOWN_FRAMES: Final = 6
"""120 ms: three times what receivers must recognise, and no more than fingers take."""
_ENDS: Final = 3
_PAUSE_FRAMES: Final = 4


@dataclass(frozen=True, slots=True)
class Report:
    """What one 20 ms step of a key sends; `first` when the key goes down now."""

    event: TelephoneEvent
    first: bool


class KeyPad:
    """The digits that one phone is still to be played; they are shown nowhere."""

    def __init__(self) -> None:
        self._waiting: deque[int] = deque()
        self._code = 0
        self._step = 0
        self.timestamp = 0
        """When the key that is down went down, on the clock of the stream it is sent in."""

    def press(self, digits: str) -> bool:
        """Adds digits (0-9 * # A-D, of either case) behind those that wait; False when there are too many."""
        if len(self._waiting) + len(digits) > KEYS_WAITING_MAX:
            return False
        self._waiting.extend(KEYS.index(digit) for digit in digits.upper())
        return True

    @property
    def idle(self) -> bool:
        """Whether nothing is left to play."""
        return not self._waiting and not self._step

    @property
    def down(self) -> bool:
        """Whether a key stands in for audio now."""
        return 0 < self._step < _DOWN_FRAMES + _ENDS

    def step(self) -> Report | None:
        """What the next 20 ms send; None in a pause."""
        if not self._step:
            if not self._waiting:
                return None
            self._code = self._waiting.popleft()
        step = self._step
        self._step = (step + 1) % (_DOWN_FRAMES + _ENDS + _PAUSE_FRAMES)
        if step >= _DOWN_FRAMES + _ENDS:
            return None
        duration = min(step + 1, _DOWN_FRAMES) * FRAME_SAMPLES
        return Report(TelephoneEvent(self._code, duration, end=step >= _DOWN_FRAMES), first=step == 0)
