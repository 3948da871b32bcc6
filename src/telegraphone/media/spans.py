"""Ranges of frames on a timeline, start included and stop not: joined, cut out of each other, looked up."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator

Range = tuple[int, int]


def merged(ranges: Iterable[Range]) -> tuple[Range, ...]:
    """The same frames as few ranges in ascending order, none empty, none touching another."""
    result: list[Range] = []
    for start, stop in sorted(ranges):
        if stop <= start:
            continue
        if result and start <= result[-1][1]:
            result[-1] = (result[-1][0], max(result[-1][1], stop))
        else:
            result.append((start, stop))
    return tuple(result)


def without(ranges: Iterable[Range], holes: Iterable[Range]) -> tuple[Range, ...]:
    """The frames of `ranges` that lie in no hole, merged."""
    cut = merged(holes)
    result: list[Range] = []
    for start, stop in merged(ranges):
        place = start
        for low, high in within(cut, start, stop):
            if place < low:
                result.append((place, low))
            place = high
        if place < stop:
            result.append((place, stop))
    return tuple(result)


def within(ranges: tuple[Range, ...], start: int, stop: int) -> Iterator[Range]:
    """Each of the merged ranges clipped to [start, stop), in order; costs by what is found, not by all there are."""
    index = max(0, bisect_right(ranges, (start, start)) - 1)
    while index < len(ranges) and ranges[index][0] < stop:
        low, high = max(start, ranges[index][0]), min(stop, ranges[index][1])
        if low < high:
            yield low, high
        index += 1
