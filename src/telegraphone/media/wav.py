"""The 44 bytes in front of 16-bit linear sound that make it a WAV file; written when audio is read, never stored."""

import struct
from typing import Final

HEADER_BYTES: Final = 44
SAMPLE_BYTES: Final = 2
BYTES_MAX: Final = (1 << 32) - 1
"""The largest WAV file: its size field has 32 bits, 37 hours of 8 kHz stereo."""

_HEADER = struct.Struct("<4sI4s4sIHHIIHH4sI")
_PCM: Final = 1


class TooLongForWav(ValueError):
    """So much sound does not fit in a WAV file."""


def size(frames: int, tracks: int) -> int:
    """Bytes of the whole file. Raises TooLongForWav."""
    total = HEADER_BYTES + frames * tracks * SAMPLE_BYTES
    if total > BYTES_MAX:
        raise TooLongForWav(f"{frames} frames are more than a WAV file holds")
    return total


def header(frames: int, tracks: int, rate: int) -> bytes:
    """The RIFF, format and data headers for so many frames at `rate` hertz. Raises TooLongForWav."""
    total, block = size(frames, tracks), tracks * SAMPLE_BYTES
    return _HEADER.pack(
        b"RIFF",
        total - 8,
        b"WAVE",
        b"fmt ",
        16,
        _PCM,
        tracks,
        rate,
        rate * block,
        block,
        8 * SAMPLE_BYTES,
        b"data",
        total - HEADER_BYTES,
    )
