"""Deadlines by key, and what two sides agree on about a call's life."""

import pytest

from telegraphone.wire.sip.deadlines import Deadlines
from telegraphone.wire.sip.headers import Headers
from telegraphone.wire.sip.session_timer import SessionTimer, agree_as_client, agree_as_server, interval_too_small


def test_deadlines_run_in_order_and_once():
    deadlines, done = Deadlines(), []
    for name, at in (("b", 2.0), ("a", 1.0), ("c", 3.0)):
        deadlines.arm(name, at, lambda now, name=name: done.append((name, now)))
    deadlines.run(2.5)
    deadlines.run(2.5)
    assert done == [("a", 2.5), ("b", 2.5)]
    assert deadlines.next() == 3.0
    assert len(deadlines) == 1


def test_arming_again_moves_and_cancelling_forgets():
    deadlines, done = Deadlines(), []
    deadlines.arm("a", 1.0, lambda _: done.append("early"))
    deadlines.arm("a", 5.0, lambda _: done.append("late"))
    deadlines.arm("b", 2.0, lambda _: done.append("never"))
    deadlines.cancel("b")
    deadlines.cancel("unknown")
    assert deadlines.next() == 5.0
    deadlines.run(9.0)
    assert done == ["late"]
    assert deadlines.next() is None


def test_what_an_action_arms_for_now_waits_for_the_next_run():
    deadlines, done = Deadlines(), []

    def again(now: float) -> None:
        done.append(now)
        deadlines.arm("a", now, again)

    deadlines.arm("a", 1.0, again)
    deadlines.run(1.0)
    assert done == [1.0]
    deadlines.run(1.0)
    assert done == [1.0, 1.0]


def test_an_action_may_cancel_another_that_is_due():
    deadlines, done = Deadlines(), []
    deadlines.arm("a", 1.0, lambda _: deadlines.cancel("b"))
    deadlines.arm("b", 1.0, lambda _: done.append("b"))
    deadlines.run(2.0)
    assert done == []


def test_dead_entries_are_bounded():
    deadlines = Deadlines()
    for number in range(10_000):
        deadlines.arm("one", float(number), lambda _: None)
    assert len(deadlines._heap) < 600


def headers(**fields: str) -> Headers:
    return Headers([(name.replace("_", "-"), value) for name, value in fields.items()])


@pytest.mark.parametrize(
    ("asked", "seconds", "we_refresh", "required"),
    [
        (headers(supported="timer", session_expires="600;refresher=uas"), 600, True, False),
        (headers(supported="timer", session_expires="600;refresher=uac"), 600, False, True),
        (headers(supported="timer", session_expires="600"), 600, False, True),
        (headers(supported="timer"), 1800, False, True),
        (headers(supported="timer", min_se="3600"), 3600, False, True),
        (headers(), 1800, True, False),
        (headers(session_expires="60"), 90, True, False),
    ],
)
def test_what_the_answering_side_decides(asked, seconds, we_refresh, required):
    timer, expires, require = agree_as_server(asked, 1800)
    assert timer == SessionTimer(seconds, we_refresh)
    assert (expires.seconds, expires.refresher) == (seconds, "uas" if we_refresh else "uac")
    assert require is required


def test_no_timer_is_wanted_by_anybody():
    assert agree_as_server(headers(supported="timer"), 0) is None
    assert agree_as_client(headers()) is None


def test_what_the_asking_side_reads():
    assert agree_as_client(headers(session_expires="600;refresher=uac")) == SessionTimer(600, we_refresh=True)
    assert agree_as_client(headers(session_expires="600;refresher=uas")) == SessionTimer(600, we_refresh=False)
    assert agree_as_client(headers(session_expires="10")) == SessionTimer(90, we_refresh=True)


def test_when_to_act():
    assert SessionTimer(600, we_refresh=True).slack_s == 32
    assert SessionTimer(90, we_refresh=True).slack_s == 30


def test_too_small_only_for_those_who_know_timers():
    assert interval_too_small(headers(supported="timer", session_expires="60"), 90)
    assert not interval_too_small(headers(session_expires="60"), 90)
    assert not interval_too_small(headers(supported="timer"), 90)
