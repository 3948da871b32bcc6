"""Phones that are taken off the hook from elsewhere: by a NOTIFY while they ring, or by fields in the call."""

import asyncio
from pathlib import Path

import pytest

from telegraphone.domain.ids import LegId
from telegraphone.domain.legs import EndCause, LegAnswered, LegEnded, LegRinging
from telegraphone.phone import Phone, PhoneOptions, PhoneState
from telegraphone.services.ports import Caller
from telegraphone.switches.exchange import Answering
from tests.interop.exchange.router import HOST, Router, password, routed
from tests.interop.exchange.sippers import Sipp

MINE = LegId("the agent's own phone")


def phone(router: Router, options: PhoneOptions) -> Phone:
    return Phone("5001", "5001", password("5001"), (HOST, router.exchange.port), HOST, options=options)


@pytest.mark.parametrize(("scenario", "answering"), [("talks", Answering.DETECT), ("answers_itself", Answering.AUTO)])
async def test_a_ringing_phone_is_taken_off_the_hook(tmp_path: Path, scenario: str, answering: Answering) -> None:
    async with routed(answering=answering, digest_algorithms=("MD5",)) as router:
        called = Sipp("5001", router.exchange.port, tmp_path)
        await called.register()
        answering_phone = await called.start(scenario, "-m", "1" if scenario == "talks" else "2")
        await router.exchange.originate(MINE, "5001", Caller("5000"))
        await router.until(lambda: router.of(LegRinging) == [LegRinging(MINE, can_answer=True)])
        await router.exchange.answer(MINE)
        await router.until(lambda: router.of(LegAnswered) == [LegAnswered(MINE)])
        await router.exchange.hang_up(MINE, EndCause.NORMAL)
        await called.end(answering_phone)
        assert router.of(LegEnded) == [LegEnded(MINE, EndCause.NORMAL)]
        assert router.exchange.counts.calls_out == 0


@pytest.mark.parametrize(
    ("answering", "options"),
    [
        (Answering.DETECT, PhoneOptions()),
        (Answering.TALK, PhoneOptions()),
        (Answering.DETECT, PhoneOptions(answers_on_talk=False, answers_when_told=True)),
        (Answering.AUTO, PhoneOptions(answers_on_talk=False, answers_when_told=True)),
    ],
)
async def test_a_phone_whose_user_asked_for_the_call_goes_off_the_hook(answering: Answering, options: PhoneOptions) -> None:
    async with routed(answering=answering) as router:
        mine = phone(router, options)
        await mine.register()
        await router.exchange.originate(MINE, "5001", Caller("5000"), lift=True)
        await mine.until(PhoneState.TALKING)
        await router.until(lambda: router.of(LegAnswered) == [LegAnswered(MINE)])
        await mine.close()


async def test_a_phone_that_was_taken_off_the_hook_does_not_answer_by_itself_as_well() -> None:
    problems: list[str] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: problems.append(str(context)))
    async with routed() as router:
        mine = phone(router, PhoneOptions(answers_after_s=1.0))
        await mine.register()
        await router.exchange.originate(MINE, "5001", Caller("5000"))
        await router.until(lambda: router.of(LegRinging) == [LegRinging(MINE, can_answer=True)])
        await router.exchange.answer(MINE)
        await mine.until(PhoneState.TALKING)
        await asyncio.sleep(1.2)
        assert (mine.state, problems) == (PhoneState.TALKING, [])
        await mine.close()


@pytest.mark.parametrize("lift", [False, True])
async def test_a_phone_answered_by_hand_alone_is_left_to_ring(*, lift: bool) -> None:
    async with routed(answering=Answering.HAND) as router:
        mine = phone(router, PhoneOptions(answers_when_told=True))
        await mine.register()
        await router.exchange.originate(MINE, "5001", Caller("5000"), lift=lift)
        await router.until(lambda: router.of(LegRinging) == [LegRinging(MINE, can_answer=False)])
        await router.exchange.answer(MINE)
        await asyncio.sleep(0.1)
        assert mine.state is PhoneState.RINGING
        await mine.close()


async def test_a_phone_that_is_called_anew_and_gone_ends_the_leg() -> None:
    async with routed(answering=Answering.AUTO) as router:
        mine = phone(router, PhoneOptions(answers_on_talk=False))
        await mine.register()
        await router.exchange.originate(MINE, "5001", Caller("5000"))
        await router.until(lambda: router.of(LegRinging) == [LegRinging(MINE, can_answer=True)])
        await router.exchange.answer(MINE)
        await mine.until(PhoneState.IDLE)
        await mine.until(PhoneState.RINGING)
        await mine.refuse()
        await router.until(lambda: router.of(LegEnded) == [LegEnded(MINE, EndCause.BUSY)])
        assert router.exchange.counts.calls_out == 0
        await mine.close()
