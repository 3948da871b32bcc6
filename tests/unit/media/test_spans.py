"""Ranges, against sets of frames as the oracle."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from telegraphone.media.spans import Range, merged, within, without

ranges = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=12)


def frames(of: list[Range] | tuple[Range, ...]) -> set[int]:
    return {frame for start, stop in of for frame in range(start, stop)}


@given(ranges)
def test_merged_holds_the_same_frames_in_few_ascending_ranges(some: list[Range]) -> None:
    result = merged(some)
    assert frames(result) == frames(some)
    assert all(start < stop for start, stop in result)
    assert all(before[1] < after[0] for before, after in pairwise(result))


@given(ranges, ranges)
def test_without_leaves_what_lies_in_no_hole(some: list[Range], holes: list[Range]) -> None:
    result = without(some, holes)
    assert frames(result) == frames(some) - frames(holes)
    assert result == merged(result)


@given(ranges, st.integers(0, 60), st.integers(0, 60))
def test_within_clips(some: list[Range], start: int, stop: int) -> None:
    assert frames(list(within(merged(some), start, stop))) == frames(some) & set(range(start, stop))
