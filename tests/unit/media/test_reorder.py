"""Packets back in order, within a bound of time and number."""

import random

from hypothesis import given
from hypothesis import strategies as st

from telegraphone.limits import REORDER_PACKETS_MAX
from telegraphone.media.reorder import Reorder


def given_out(reorder: Reorder[str], now_ns: int) -> list[int]:
    return [number for number, _, _ in reorder.ready(now_ns)]


def test_in_order_at_once() -> None:
    reorder: Reorder[str] = Reorder(60)
    for number in (5, 6, 7):
        assert reorder.push(number, "", number)
        assert given_out(reorder, number) == [number]


def test_a_missing_packet_is_waited_for_and_then_given_up() -> None:
    reorder: Reorder[str] = Reorder(60)
    reorder.push(1, "", 0)
    assert given_out(reorder, 0) == [1]
    reorder.push(3, "", 10)
    reorder.push(4, "", 30)
    assert given_out(reorder, 69) == []
    assert given_out(reorder, 70) == [3, 4]
    assert not reorder.push(2, "", 71)


def test_a_late_packet_in_time_takes_its_place() -> None:
    reorder: Reorder[str] = Reorder(60)
    reorder.push(1, "", 0)
    assert given_out(reorder, 0) == [1]
    reorder.push(3, "", 10)
    reorder.push(2, "", 40)
    assert given_out(reorder, 40) == [2, 3]


def test_no_more_than_so_many_wait() -> None:
    reorder: Reorder[str] = Reorder(1 << 60)
    reorder.push(0, "", 0)
    given_out(reorder, 0)
    for number in range(2, 2 + REORDER_PACKETS_MAX):
        reorder.push(number, "", 0)
    assert given_out(reorder, 0) == list(range(2, 2 + REORDER_PACKETS_MAX))


@given(st.integers(0, 1 << 32), st.lists(st.integers(0, 40), min_size=1, max_size=60))
def test_what_comes_out_ascends_and_comes_once(seed: int, numbers: list[int]) -> None:
    chance = random.Random(seed)
    reorder: Reorder[str] = Reorder(60)
    heard: list[int] = []
    now = 0
    for number in numbers:
        now += chance.randrange(30)
        reorder.push(number, "", now)
        heard += given_out(reorder, now)
        assert len(reorder) < REORDER_PACKETS_MAX
    heard += [number for number, _, _ in reorder.flush()]
    assert heard == sorted(set(heard))
    assert set(heard) <= set(numbers)
