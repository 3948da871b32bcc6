"""Adds several parties' G.711 into one, without a compiled loop: a whole frame is one large integer.

Theory. Each sample is a lane of 32 bits. Laid out side by side 160 lanes make one integer, and adding two such integers
adds all lanes at once, in C. A lane holds the sample in G.711's own 14-bit scale plus 8,192, so it is never negative and
never carries into its neighbour; what fewer voices than VOICES_MAX leave of that offset is added at the end, so that one
table turns every sum into the byte of either law. The table's ends repeat the loudest byte: clipping saturates.
"""

import sys
from functools import cache
from operator import itemgetter
from typing import Final, Literal

from telegraphone.media.g711 import A_VALUES, MU_VALUES, linear_to_a, linear_to_mu

Law = Literal["PCMU", "PCMA"]

FRAME_SAMPLES: Final = 160
"""20 ms at 8 kHz."""

VOICES_MAX: Final = 32
"""Voices in one sum; the tables have one byte for each sum of so many samples."""

SILENCE: Final = {"PCMU": b"\xff", "PCMA": b"\xd5"}
"""The byte of each law that is nearest to nothing."""

_SCALE: Final = 4
_OFFSET: Final = 8_192
_LANE_BYTES: Final = 4
_MIDDLE: Final = VOICES_MAX * _OFFSET


def _halves(values: tuple[int, ...]) -> tuple[bytes, bytes]:
    lanes = [value // _SCALE + _OFFSET for value in values]
    return bytes(lane & 0xFF for lane in lanes), bytes(lane >> 8 for lane in lanes)


_HALVES: Final = {"PCMU": _halves(MU_VALUES), "PCMA": _halves(A_VALUES)}
_MISSING: Final = tuple(
    sum((VOICES_MAX - voices) * _OFFSET << (8 * _LANE_BYTES * lane) for lane in range(FRAME_SAMPLES))
    for voices in range(VOICES_MAX + 1)
)


def spread(frame: bytes, law: Law) -> int:
    """A frame of 160 G.711 bytes as lanes, to be added to others with `+`."""
    low, high = _HALVES[law]
    lanes = bytearray(_LANE_BYTES * FRAME_SAMPLES)
    lanes[0::_LANE_BYTES] = frame.translate(low)
    lanes[1::_LANE_BYTES] = frame.translate(high)
    return int.from_bytes(lanes, sys.byteorder)


def gathered(total: int, voices: int, law: Law) -> bytes:
    """The sum of so many frames' lanes (at most VOICES_MAX) as a frame of G.711, saturated where it is too loud."""
    lanes = (total + _MISSING[voices]).to_bytes(_LANE_BYTES * FRAME_SAMPLES, sys.byteorder)
    return bytes(itemgetter(*memoryview(lanes).cast("I"))(_codes(law)))


@cache
def _codes(law: Law) -> bytes:
    """The byte of each possible sum."""
    linear = b"".join((_SCALE * lane).to_bytes(2, "little", signed=True) for lane in range(-_OFFSET, _OFFSET))
    codes = linear_to_mu(linear) if law == "PCMU" else linear_to_a(linear)
    beyond = _MIDDLE - _OFFSET
    return codes[:1] * beyond + codes + codes[-1:] * beyond
