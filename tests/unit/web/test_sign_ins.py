"""Sign-ins: that all of them are bounded, and that each end is told exactly once."""

from datetime import UTC, datetime
from itertools import count

from telegraphone.limits import SIGN_IN_IDLE_S, SIGN_INS_MAX, SIGN_INS_PER_USER_MAX
from telegraphone.web.sign_ins import SignIn, SignIns


class _Clock:
    def __init__(self) -> None:
        self.time = 0.0
        self._numbers = count()

    def now(self) -> float:
        return self.time

    def utc(self) -> datetime:
        return datetime(2026, 11, 24, tzinfo=UTC)

    def entropy(self, count: int) -> bytes:
        return next(self._numbers).to_bytes(count, "big")

    async def sleep_until(self, deadline: float) -> None:
        self.time = deadline


def _sign_ins() -> tuple[SignIns, _Clock, list[SignIn]]:
    clock, ended = _Clock(), list[SignIn]()
    return SignIns(clock, ended.append), clock, ended


def test_each_end_is_told_once() -> None:
    sign_ins, _, ended = _sign_ins()
    sign_in = sign_ins.begin("agent")
    sign_ins.end(sign_in)
    sign_ins.end(sign_in)
    assert ended == [sign_in]
    assert sign_ins.find(sign_in.id) is None


def test_unused_ones_are_ended_by_whoever_comes_next() -> None:
    sign_ins, clock, ended = _sign_ins()
    old, kept = sign_ins.begin("agent.one"), sign_ins.begin("agent.two")
    clock.time = SIGN_IN_IDLE_S - 1
    assert sign_ins.find(kept.id) is kept
    clock.time = SIGN_IN_IDLE_S
    sign_ins.begin("agent.three")
    assert ended == [old]
    assert len(sign_ins) == 2


def test_the_longest_unused_of_a_user_makes_room() -> None:
    sign_ins, _, ended = _sign_ins()
    mine = [sign_ins.begin("agent") for _ in range(SIGN_INS_PER_USER_MAX)]
    sign_ins.begin("other")
    assert sign_ins.find(mine[0].id) is mine[0]
    sign_ins.begin("agent")
    assert ended == [mine[1]]


def test_all_together_are_bounded() -> None:
    sign_ins, _, ended = _sign_ins()
    for number in range(SIGN_INS_MAX + 5):
        sign_ins.begin(f"agent.{number}")
    assert len(sign_ins) == SIGN_INS_MAX
    assert len(ended) == 5


def test_a_shared_sign_in_is_replaced_after_its_end() -> None:
    sign_ins, _, _ = _sign_ins()
    first = sign_ins.shared("agent")
    assert sign_ins.shared("agent") is first
    sign_ins.end(first)
    assert sign_ins.shared("agent") is not first


def test_a_sign_in_shows_no_secret() -> None:
    sign_ins, _, _ = _sign_ins()
    sign_in = sign_ins.begin("agent")
    assert sign_in.id not in repr(sign_in)
    assert sign_in.csrf_token not in repr(sign_in)
