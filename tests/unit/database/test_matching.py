"""Patterns of searches against a reference that is slow and obviously right."""

import re

from hypothesis import given
from hypothesis import strategies as st

from telegraphone.database.matching import compared, compared_pattern, glob, like, matches


@given(st.text("ab*", max_size=8), st.text("ab", max_size=8))
def test_a_star_stands_for_anything(pattern: str, text: str) -> None:
    expected = re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), text) is not None
    assert matches(pattern, text) is expected


def test_many_stars_take_no_longer() -> None:
    assert not matches("*a" * 200 + "b", "a" * 10_000)


def test_numbers_are_their_letters_and_digits() -> None:
    assert compared("+1 (555) 010-0042;ext=x") == "15550100042extx"
    assert compared_pattern("+1-555*") == "1555*"


def test_only_the_star_is_special_to_the_database() -> None:
    assert glob("a?[b]*") == "a[?][[]b]*"
    assert like("50%_*\\") == "50\\%\\_%\\\\"
