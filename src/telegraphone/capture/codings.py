"""Names the codecs that are decoded on the way in, and how FFmpeg and RTP each see them."""

from dataclasses import dataclass
from typing import Final

LINEAR: Final = "L16"
"""What the data plane calls decoded sound."""


@dataclass(frozen=True, slots=True)
class Coding:
    """The decoder's name and rate, and the rate of the RTP clock, in hertz."""

    decoder: str
    rate_hz: int
    clock_hz: int


CODINGS: Final = {
    # Its RTP clock is 8 kHz for ever, though it samples at 16 (RFC 3551 section 4.5.2).
    "G722": Coding("g722", 16_000, 8_000),
    "opus": Coding("libopus", 48_000, 48_000),
    "G729": Coding("g729", 8_000, 8_000),
}
