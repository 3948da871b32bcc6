"""Effects that the switch does not carry out: the asker hears of it, and the calls are as they truly are."""

import pytest

from telegraphone.domain.operations import Operation
from telegraphone.services.ports import Unavailable
from tests.scenario.clock import settle
from tests.unit.services.world import ONE, START, TWO, serving


async def test_an_unreachable_switch_does_not_keep_recordings_open() -> None:
    async with serving() as world:
        await world.talking()
        await world.do(ONE, START)
        world.switch.reachable = False
        await world.do(ONE, Operation.HANGUP)
        assert world.recorder.tapes == {}
        assert world.told(ONE)[-1] == "StatusChange Released"


async def test_a_switch_that_cannot_connect_ends_the_call() -> None:
    async with serving() as world:
        await world.ringing("5002", "5001")
        world.switch.reachable = False
        world.switch.phone("5001").answer()
        await settle()
        assert world.told(ONE) == ["StatusChange Ringing", "StatusChange Released"]
        assert world.told(TWO) == ["StatusChange Dialing", "StatusChange Released"]


@pytest.mark.parametrize("operation", [Operation.SINGLE_STEP_TRANSFER, Operation.SINGLE_STEP_CONFERENCE])
async def test_a_party_that_the_switch_cannot_call_changes_nothing(operation: Operation) -> None:
    async with serving() as world:
        await world.talking()
        world.switch.reachable = False
        with pytest.raises(Unavailable, match="switch"):
            await world.do(ONE, operation, number="5002")
        call = world.only_call(ONE)
        assert (call.state.value, call.participants, world.told(ONE)) == ("Established", ("5000",), [])


async def test_a_consult_that_the_switch_cannot_make_is_over_and_the_caller_is_on_hold() -> None:
    async with serving() as world:
        await world.talking()
        world.switch.reachable = False
        with pytest.raises(Unavailable, match="switch"):
            await world.do(ONE, Operation.INITIATE_TRANSFER, number="5002")
        await settle()
        assert (world.only_call(ONE).state.value, world.told(ONE)) == ("Held", ["StatusChange Held"])
        world.switch.reachable = True
        await world.do(ONE, Operation.RETRIEVE)
