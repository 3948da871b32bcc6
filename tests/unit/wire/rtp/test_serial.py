"""Counters that wrap, on an endless scale."""

from hypothesis import given
from hypothesis import strategies as st

from telegraphone.wire.rtp.serial import extend


@given(st.integers(-(1 << 40), 1 << 40), st.integers(-(1 << 15) + 1, 1 << 15))
def test_steps_are_kept_across_the_wrap(reference: int, step: int) -> None:
    assert extend(reference, (reference + step) % (1 << 16), 16) == reference + step


def test_the_wrap_itself() -> None:
    assert extend(65_535, 0, 16) == 65_536
    assert extend(65_536, 65_535, 16) == 65_535
    assert extend(0xFFFF_FF60, 0, 32) == 1 << 32
