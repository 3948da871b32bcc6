"""The one door: by time of arrival and by place, shut until it is opened."""

from hypothesis import given
from hypothesis import strategies as st

from telegraphone.limits import GATE_SPANS_MAX
from telegraphone.media.gate import Gate


def test_a_new_gate_lets_nothing_through() -> None:
    gate = Gate()
    assert not gate.is_open
    assert gate.admits(0, 160, 1 << 61) == 0
    assert gate.unshut(0, 1_000) == ()


def test_an_open_gate_admits_from_its_opening_on() -> None:
    gate = Gate()
    gate.open(800, 5)
    assert gate.admits(640, 800, 10) == 0
    assert gate.admits(800, 960, 10) == 160
    assert gate.admits(800, 960, 4) == 0, "received before"


def test_audio_is_clipped_where_a_shut_span_begins_and_dropped_where_it_lies_in_one() -> None:
    gate = Gate()
    gate.open(0, 0)
    gate.shut(1_000)
    gate.open(2_000, 100)
    assert gate.admits(920, 1_080, 200) == 80
    assert gate.admits(1_000, 1_160, 200) == 0
    assert gate.admits(1_990, 2_150, 200) == 0
    assert gate.admits(2_000, 2_160, 200) == 160
    assert gate.unshut(0, 3_000) == ((0, 1_000), (2_000, 3_000))


def test_shutting_before_the_guard_has_passed_opens_nothing() -> None:
    gate = Gate()
    gate.open(0, 0)
    gate.shut(1_000)
    gate.open(2_480, 100)
    gate.shut(2_200)
    gate.open(3_000, 200)
    assert gate.unshut(0, 4_000) == ((0, 1_000), (3_000, 4_000))


def test_shut_twice_or_opened_twice_is_once() -> None:
    gate = Gate()
    gate.open(0, 7)
    gate.open(500, 9)
    assert (gate.since_ns, gate.opens_at) == (7, 0)
    gate.shut(1_000)
    gate.shut(2_000)
    gate.open(3_000, 10)
    assert gate.unshut(0, 4_000) == ((0, 1_000), (3_000, 4_000))


@given(st.lists(st.integers(1, 400), min_size=2, max_size=120))
def test_what_is_forgotten_is_shut(lengths: list[int]) -> None:
    gate = Gate()
    place, opened = 0, []
    for start, stop in zip(lengths[0::2], lengths[1::2], strict=False):
        place += start
        gate.open(place, 0)
        gate.shut(place + stop)
        opened.append((place, place + stop))
        place += stop
    gate.open(place, 0)
    told = gate.unshut(-10, place)
    recent = tuple(opened[-(GATE_SPANS_MAX - 2) :])
    assert set(told) <= set(opened)
    assert not told or told[-len(recent) :] == recent
