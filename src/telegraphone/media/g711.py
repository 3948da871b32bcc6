"""G.711 to 16-bit linear and back, and between its two laws, by tables, for whole stretches at once.

ITU-T G.711 (11/1988), tables 1 and 2: eight segments of sixteen steps each way, each segment twice as coarse as the one
below. A-law bytes travel with every second bit inverted (XOR 55), µ-law bytes with all bits inverted. Linear here is the
16-bit scale: the 14-bit µ-law values times 4, the 13-bit A-law values times 8. Linear bytes are little-endian.
"""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Final

from telegraphone.media.linear import samples_of

_MU_BIAS: Final = 132
_MU_CLIP: Final = 32_635


def _mu_value(code: int) -> int:
    inverted = code ^ 0xFF
    magnitude = ((((inverted & 0x0F) << 3) + _MU_BIAS) << ((inverted >> 4) & 7)) - _MU_BIAS
    return -magnitude if inverted & 0x80 else magnitude


def _a_value(code: int) -> int:
    plain = code ^ 0x55
    segment, step = (plain >> 4) & 7, (plain & 0x0F) << 4
    magnitude = step + 8 if segment == 0 else (step + 264) << (segment - 1)
    return magnitude if plain & 0x80 else -magnitude


def _mu_code(value: int) -> int:
    magnitude = min(abs(value), _MU_CLIP) + _MU_BIAS
    segment = magnitude.bit_length() - 8
    return ((0x80 if value < 0 else 0) | segment << 4 | (magnitude >> (segment + 3)) & 0x0F) ^ 0xFF


def _a_code(value: int) -> int:
    # The negative half is the mirror of the positive one: −1 … −16 share a step as 0 … 15 do.
    magnitude = value if value >= 0 else -value - 1
    segment = max(0, magnitude.bit_length() - 8)
    step = (magnitude >> (segment + 3 if segment else 4)) & 0x0F
    return ((0x80 if value >= 0 else 0) | segment << 4 | step) ^ 0x55


MU_VALUES: Final = tuple(_mu_value(code) for code in range(256))
"""What each µ-law byte means, −32,124 … 32,124."""

A_VALUES: Final = tuple(_a_value(code) for code in range(256))
"""What each A-law byte means, −32,256 … 32,256; there is no zero, the smallest are ±8."""

MU_TO_A: Final = bytes(_a_code(value) for value in MU_VALUES)
"""Translate table from µ-law to A-law by way of linear."""

A_TO_MU: Final = bytes(_mu_code(value) for value in A_VALUES)
"""Translate table from A-law to µ-law by way of linear."""

_MU_LOW: Final = bytes(value & 0xFF for value in MU_VALUES)
_MU_HIGH: Final = bytes(value >> 8 & 0xFF for value in MU_VALUES)
_A_LOW: Final = bytes(value & 0xFF for value in A_VALUES)
_A_HIGH: Final = bytes(value >> 8 & 0xFF for value in A_VALUES)


def mu_to_linear(data: bytes) -> bytes:
    """µ-law bytes as twice as many bytes of 16-bit linear."""
    return _woven(data.translate(_MU_LOW), data.translate(_MU_HIGH))


def a_to_linear(data: bytes) -> bytes:
    """A-law bytes as twice as many bytes of 16-bit linear."""
    return _woven(data.translate(_A_LOW), data.translate(_A_HIGH))


def linear_to_mu(pcm: bytes) -> bytes:
    """16-bit linear as µ-law, one byte a sample. Raises ValueError for half a sample."""
    return bytes(map(_mu_codes().__getitem__, samples_of(pcm)))


def linear_to_a(pcm: bytes) -> bytes:
    """16-bit linear as A-law, one byte a sample. Raises ValueError for half a sample."""
    return bytes(map(_a_codes().__getitem__, samples_of(pcm)))


def mu_to_a(data: bytes) -> bytes:
    """µ-law bytes as A-law."""
    return data.translate(MU_TO_A)


def a_to_mu(data: bytes) -> bytes:
    """A-law bytes as µ-law."""
    return data.translate(A_TO_MU)


CONVERSIONS: Final[Mapping[tuple[str, str], Callable[[bytes], bytes]]] = {
    ("PCMU", "PCMA"): mu_to_a,
    ("PCMA", "PCMU"): a_to_mu,
    ("PCMU", "L16"): mu_to_linear,
    ("PCMA", "L16"): a_to_linear,
    ("L16", "PCMU"): linear_to_mu,
    ("L16", "PCMA"): linear_to_a,
}
"""How sound stored as one codec becomes sound stored as another, by their names in the recording."""


def _woven(low: bytes, high: bytes) -> bytes:
    # Two table look-ups and two strided copies, all in C: some 2 ns a sample.
    linear = bytearray(2 * len(low))
    linear[0::2] = low
    linear[1::2] = high
    return bytes(linear)


@cache
def _mu_codes() -> bytes:
    # Indexed by the sample itself: Python counts negative indices from the end, so the negative half comes last.
    return bytes(_mu_code(value) for value in (*range(32_768), *range(-32_768, 0)))


@cache
def _a_codes() -> bytes:
    return bytes(_a_code(value) for value in (*range(32_768), *range(-32_768, 0)))
