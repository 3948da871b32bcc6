"""When an operation that brings somebody in is answered, and with what."""

import asyncio

import pytest

from telegraphone.domain.errors import DestinationUnreachable, NotInState, ParameterInvalid
from telegraphone.domain.legs import EndCause
from telegraphone.domain.operations import Operation
from telegraphone.switches.simulated import Script
from tests.scenario.clock import settle
from tests.unit.services.world import ONE, TWO, World, serving

TRANSFER, CONFER = Operation.SINGLE_STEP_TRANSFER, Operation.SINGLE_STEP_CONFERENCE


async def asked(world: World, operation: Operation, number: str = "5002") -> "asyncio.Task[None]":
    task = asyncio.ensure_future(world.do(ONE, operation, number=number))
    await settle()
    return task


@pytest.mark.parametrize("operation", [TRANSFER, CONFER])
async def test_the_answer_waits_until_the_phone_rings(operation: Operation) -> None:
    async with serving() as world:
        world.switch.phone("5002").script = Script(rings_after_s=1.0)
        await world.talking()
        task = await asked(world, operation)
        await world.clock.advance(0.9)
        assert not task.done()
        await world.clock.advance(0.2)
        assert task.done()
        await task


@pytest.mark.parametrize("operation", [TRANSFER, CONFER])
@pytest.mark.parametrize("cause", list(EndCause))
async def test_a_phone_that_does_not_ring_is_told_with_its_reason(operation: Operation, cause: EndCause) -> None:
    async with serving() as world:
        world.switch.phone("5002").script = Script(rings_after_s=9.0, refuses_after_s=0.5, refuses_with=cause)
        await world.talking()
        task = await asked(world, operation)
        await world.clock.advance(0.6)
        with pytest.raises(ParameterInvalid if cause is EndCause.UNKNOWN_NUMBER else DestinationUnreachable):
            await task
        assert world.only_call(ONE).state.value == "Established"


async def test_a_phone_that_takes_long_to_ring_is_answered_in_time_and_the_call_goes_on() -> None:
    async with serving() as world:
        world.switch.phone("5002").script = Script(rings_after_s=10.0)
        await world.talking()
        task = await asked(world, TRANSFER)
        await world.clock.advance(3.0)
        await task
        assert world.only_call(ONE).state.value == "Established"
        await world.clock.advance(7.0)
        assert (world.calls.of(ONE), world.only_call(TWO).state.value) == ((), "Ringing")


async def test_nobody_transfers_twice_at_once() -> None:
    async with serving() as world:
        world.switch.phone("5002").script = Script(rings_after_s=1.0)
        await world.talking()
        first = await asked(world, TRANSFER)
        with pytest.raises(NotInState):
            await (await asked(world, TRANSFER, "5004"))
        await world.clock.advance(1.0)
        await first


async def test_the_caller_hangs_up_meanwhile() -> None:
    async with serving() as world:
        world.switch.phone("5002").script = Script(rings_after_s=1.0)
        await world.talking()
        task = await asked(world, TRANSFER)
        world.switch.phone("5000").hang_up()
        await settle()
        with pytest.raises(NotInState, match="Released"):
            await task
        assert world.calls.of(ONE) == ()
