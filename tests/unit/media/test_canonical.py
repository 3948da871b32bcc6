"""Canonical JSON: the quick way and the full one write the same."""

import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from telegraphone.media.canonical import canonical

FACTS = st.dictionaries(st.text(max_size=8), st.text(max_size=12) | st.integers(-(2**53) + 1, 2**53 - 1), max_size=8)


@given(FACTS)
def test_it_is_what_the_standard_says(facts: dict[str, str | int]) -> None:
    assert canonical(facts) == rfc8785.dumps(dict(facts))


def test_names_are_sorted_and_nothing_is_escaped_that_need_not_be() -> None:
    assert canonical({"tenant": "a/b", "epoch": 0, "alg": "X"}) == b'{"alg":"X","epoch":0,"tenant":"a/b"}'
    assert canonical({"é": "\x7f\u2028", "a": '"\\\n\x01'}) == '{"a":"\\"\\\\\\n\\u0001","é":"\x7f\u2028"}'.encode()
