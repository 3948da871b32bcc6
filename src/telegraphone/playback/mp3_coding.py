"""A recording as MP3 (MPEG-2.5 layer III): frames of constant length without a bit reservoir, so that each stands alone.

A coder and a decoder together delay sound by 1105 samples. The sound is begun that much earlier, two frames less 47
samples, and the first two frames are thrown away, so that a sample lies in the file where it lies in the recording.
"""

from typing import Final

from telegraphone.playback.coder import Coder
from telegraphone.playback.coding import Folded, Sound
from telegraphone.services.player_ports import Form

_BLOCK: Final = 576
_DELAY: Final = 1105
_LEAD: Final = -(-_DELAY // _BLOCK)
_PAD: Final = _LEAD * _BLOCK - _DELAY
_PIECE_UNITS: Final = 70
"""About 5 s of 8 kHz: what a seek costs."""
_WARM_UNITS: Final = 8
_TAIL_UNITS: Final = 3
_BITS_PER_SAMPLE: Final = 3
"""24 kbit/s for each track of 8 kHz."""


class Mp3Coding:
    """Layer III at a constant bit rate."""

    content_type: Final = "audio/mpeg"
    head: Final = b""

    def __init__(self, form: Form, frames: int, rate: int) -> None:
        self._folded = Folded(form)
        tracks = self._folded.count
        bit_rate = _BITS_PER_SAMPLE * tracks * rate
        self._unit_bytes = _BLOCK * bit_rate // rate // 8
        options = {"reservoir": "0", "joint_stereo": "0"}
        self._coder = Coder("libmp3lame", options, tracks=tracks, rate=rate, bit_rate=bit_rate, planar=True)
        self._units = -(-frames // _BLOCK)
        self.piece_bytes = _PIECE_UNITS * self._unit_bytes
        self.body_bytes = self._units * self._unit_bytes

    def part(self, start: int, stop: int, sound: Sound) -> bytes:
        """See `Coding`."""
        piece = start // self.piece_bytes
        first = piece * _PIECE_UNITS
        last = min(first + _PIECE_UNITS, self._units)
        begin = first + _LEAD - _WARM_UNITS
        end = last + _LEAD + _TAIL_UNITS
        pcm = self._folded(sound, begin * _BLOCK - _PAD, end * _BLOCK - _PAD)
        units = self._coder.units(pcm, _BLOCK, self._unit_bytes)
        made = b"".join(units[first + _LEAD - begin : last + _LEAD - begin])
        return made[start - piece * self.piece_bytes : stop - piece * self.piece_bytes]
