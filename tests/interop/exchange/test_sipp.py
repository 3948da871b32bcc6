"""The exchange against SIPp: every ordinary way of a call, on the wire, with what the exchange tells of it."""

import asyncio
from pathlib import Path

import pytest

from telegraphone.domain.legs import EndCause, LegArrived, LegEnded, LegHeld, LegRetrieved
from tests.interop.exchange.router import Router
from tests.interop.exchange.sippers import Sipp


@pytest.fixture(params=["UDP", "TCP"])
def transport(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def phone(router: Router, number: str, folder: Path, transport: str = "UDP") -> Sipp:
    return Sipp(number, router.exchange.port, folder, transport=transport)


def causes(router: Router) -> list[EndCause]:
    return [each.cause for each in router.of(LegEnded)]


async def call(router: Router, folder: Path, scenario: str, other: str, *, status: int = 0, transport: str = "UDP") -> None:
    """5000 plays one scenario, 5001 the other, to the end of both; then nothing may be left."""
    caller, called = phone(router, "5000", folder, transport), phone(router, "5001", folder)
    await called.register()
    answering = await called.start(other, "-m", "1")
    await caller.play(scenario, "-s", "5001", status=status)
    await called.end(answering)
    await router.idle()
    assert nothing_left(router)


def nothing_left(router: Router) -> bool:
    counts = router.exchange.counts
    return (counts.legs, counts.calls_out, counts.media_ports, counts.taps) == (0, 0, 0, 0)


async def test_register(router: Router, tmp_path: Path, transport: str) -> None:
    await phone(router, "5000", tmp_path, transport).register()
    assert router.exchange.counts.registrations == 1


async def test_register_with_a_wrong_password(router: Router, tmp_path: Path) -> None:
    await phone(router, "5000", tmp_path).play("register_wrong", secret="guess")
    assert router.exchange.counts.registrations == 0


async def test_a_call(router: Router, tmp_path: Path, transport: str) -> None:
    await call(router, tmp_path, "call", "answers", transport=transport)
    assert causes(router) == [EndCause.NORMAL, EndCause.NORMAL]


async def test_the_caller_gives_up(router: Router, tmp_path: Path) -> None:
    await call(router, tmp_path, "cancel", "rings_on")
    assert causes(router) == [EndCause.CANCELLED, EndCause.CANCELLED]


async def test_the_called_phone_is_busy(router: Router, tmp_path: Path) -> None:
    await call(router, tmp_path, "refused", "busy", status=486)
    assert causes(router) == [EndCause.BUSY, EndCause.BUSY]


async def test_nobody_answers(router: Router, tmp_path: Path) -> None:
    router.ring_s = 1.0
    await call(router, tmp_path, "refused", "rings_on", status=480)
    assert causes(router) == [EndCause.NO_ANSWER, EndCause.NO_ANSWER]


@pytest.mark.parametrize(
    ("dialled", "status", "cause"), [("5999", 404, EndCause.UNKNOWN_NUMBER), ("5002", 480, EndCause.UNREACHABLE)]
)
async def test_a_number_that_cannot_be_reached(
    router: Router, tmp_path: Path, dialled: str, status: int, cause: EndCause
) -> None:
    await phone(router, "5000", tmp_path).play("refused", "-s", dialled, status=status)
    await router.idle()
    assert causes(router) == [cause, cause]


async def test_hold_and_retrieve(router: Router, tmp_path: Path) -> None:
    await call(router, tmp_path, "hold", "answers")
    # The second way of holding (inactive) changes nothing that matters above.
    assert (len(router.of(LegHeld)), len(router.of(LegRetrieved))) == (1, 1)


async def test_a_phone_that_leaves_the_offer_to_us(router: Router, tmp_path: Path) -> None:
    await call(router, tmp_path, "late_offer", "answers")
    assert (len(router.of(LegHeld)), len(router.of(LegRetrieved))) == (1, 1)
    assert causes(router) == [EndCause.NORMAL, EndCause.NORMAL]


@pytest.mark.parametrize("scenario", ["late_ack", "doubled"])
async def test_what_the_network_loses_or_doubles(router: Router, tmp_path: Path, scenario: str) -> None:
    await call(router, tmp_path, scenario, "answers_later")
    assert len(router.of(LegArrived)) == 1
    assert causes(router) == [EndCause.NORMAL, EndCause.NORMAL]


async def test_200_calls_leave_nothing_behind(router: Router, tmp_path: Path) -> None:
    caller, called = phone(router, "5000", tmp_path), phone(router, "5001", tmp_path)
    await called.register()
    tasks_before = len(asyncio.all_tasks())
    answering = await called.start("answers", "-m", "200")
    await caller.play("call", "-s", "5001", "-l", "1", "-r", "50", calls=200)
    await called.end(answering)
    await router.idle()
    assert len(router.of(LegEnded)) == 400
    assert nothing_left(router)
    assert router.exchange.counts.registrations == 1
    # BYE transactions linger for 32 s by the book (RFC 3261 section 17.1.2.2), dialogs must not.
    for _ in range(90):
        if lingering(router) == (0, 0):
            break
        await asyncio.sleep(0.5)
    assert lingering(router) == (0, 0)
    assert len(asyncio.all_tasks()) <= tasks_before


def lingering(router: Router) -> tuple[int, int]:
    counts = router.exchange.counts
    return counts.dialogs, counts.transactions
