"""Deadlines that are moved far more often than they are met."""

from hypothesis import given
from hypothesis import strategies as st

from telegraphone.wire.bayeux.deadlines import Deadlines


def test_due_in_order_and_once() -> None:
    deadlines: Deadlines[str] = Deadlines()
    deadlines.set("b", 2.0)
    deadlines.set("a", 1.0)
    assert deadlines.next() == 1.0
    assert deadlines.pop_due(0.9) == []
    assert deadlines.pop_due(2.0) == ["a", "b"]
    assert deadlines.pop_due(9.0) == []
    assert deadlines.next() is None


def test_moved_on_many_times_is_one_entry() -> None:
    deadlines: Deadlines[str] = Deadlines()
    for second in range(1_000):
        deadlines.set("a", 30.0 + second)
    assert len(deadlines._heap) == 1
    assert deadlines.pop_due(1_028.0) == []
    assert deadlines.pop_due(1_029.0) == ["a"]


def test_cleared_is_never_due() -> None:
    deadlines: Deadlines[str] = Deadlines()
    deadlines.set("a", 1.0)
    deadlines.clear("a")
    deadlines.clear("unknown")
    assert deadlines.pop_due(2.0) == []


@given(st.lists(st.one_of(
    st.tuples(st.just("set"), st.integers(0, 3), st.integers(0, 20)),
    st.tuples(st.just("clear"), st.integers(0, 3), st.just(0)),
    st.tuples(st.just("pop"), st.just(0), st.integers(0, 20)),
)))  # fmt: skip
def test_like_a_plain_table(steps: list[tuple[str, int, int]]) -> None:
    deadlines: Deadlines[int] = Deadlines()
    table: dict[int, int] = {}
    for verb, key, when in steps:
        if verb == "set":
            deadlines.set(key, when)
            table[key] = when
        elif verb == "clear":
            deadlines.clear(key)
            table.pop(key, None)
        else:
            due = deadlines.pop_due(when)
            assert sorted(due) == sorted(key for key, time in table.items() if time <= when)
            for done in due:
                del table[done]
        if table:
            assert (deadlines.next() or 0) <= min(table.values())
