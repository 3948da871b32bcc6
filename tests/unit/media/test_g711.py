"""G.711, checked against values of the Recommendation and against itself."""

import struct

import pytest

from telegraphone.media import g711

ALL = bytes(range(256))


@pytest.mark.parametrize(
    ("code", "value"),
    [(0xFF, 0), (0x7F, 0), (0x80, 32_124), (0x00, -32_124), (0xFE, 8), (0x7E, -8), (0xEF, 132), (0x8F, 16_764), (0xF0, 120)],
)
def test_mu_law_values(code: int, value: int) -> None:
    assert g711.MU_VALUES[code] == value


@pytest.mark.parametrize(
    ("code", "value"),
    [(0xD5, 8), (0x55, -8), (0xAA, 32_256), (0x2A, -32_256), (0xD4, 24), (0xC5, 264), (0x80, 5_504), (0xF5, 528)],
)
def test_a_law_values(code: int, value: int) -> None:
    assert g711.A_VALUES[code] == value


def test_decoding_is_little_endian_linear() -> None:
    assert g711.mu_to_linear(ALL) == struct.pack("<256h", *g711.MU_VALUES)
    assert g711.a_to_linear(ALL) == struct.pack("<256h", *g711.A_VALUES)


def test_every_code_survives_decoding_and_encoding() -> None:
    assert g711.linear_to_a(g711.a_to_linear(ALL)) == ALL
    # µ-law has two zeros; the negative one is the only code that comes back as another.
    assert g711.linear_to_mu(g711.mu_to_linear(ALL)) == ALL.replace(b"\x7f", b"\xff")


def test_encoding_is_as_exact_as_the_step_allows() -> None:
    values = list(range(-32_768, 32_768, 7))
    pcm = struct.pack(f"<{len(values)}h", *values)
    for there, back in ((g711.linear_to_mu, g711.mu_to_linear), (g711.linear_to_a, g711.a_to_linear)):
        heard = struct.unpack(f"<{len(values)}h", back(there(pcm)))
        assert all(abs(said - was) <= 16 + abs(was) // 31 for said, was in zip(heard, values, strict=True))


def test_encoding_rises_with_the_value() -> None:
    pcm = struct.pack("<65536h", *range(-32_768, 32_768))
    for coded in (g711.mu_to_linear(g711.linear_to_mu(pcm)), g711.a_to_linear(g711.linear_to_a(pcm))):
        heard = struct.unpack("<65536h", coded)
        assert list(heard) == sorted(heard)


def test_the_laws_are_translated_by_table() -> None:
    assert g711.mu_to_a(ALL) == g711.linear_to_a(g711.mu_to_linear(ALL))
    assert g711.a_to_mu(ALL) == g711.linear_to_mu(g711.a_to_linear(ALL))
    assert len(g711.MU_TO_A) == len(g711.A_TO_MU) == 256


def test_half_a_sample_is_refused() -> None:
    with pytest.raises(ValueError, match="multiple"):
        g711.linear_to_mu(b"\0")
