"""What every switch promises, on each implementation: one call's life in primitives, and who hears whom in it."""

import pytest

from telegraphone.domain.ids import Dn
from telegraphone.domain.legs import (
    DeviceRegistered,
    DeviceUnregistered,
    EndCause,
    LegAnswered,
    LegEnded,
    LegHeld,
    LegRetrieved,
)
from telegraphone.services.ports import Caller, Unavailable
from tests.contract.switch.calls import NEVER, NEW, arrived, ringing, talking, third
from tests.contract.switch.worlds import AWAY, CALLED, CALLER, UNKNOWN, Facts, World


async def hear_each_other(world: World) -> tuple[bool, bool]:
    return await world.hears(CALLER, CALLED), await world.hears(CALLED, CALLER)


# --- devices ---


async def test_a_phone_that_leaves_and_returns_is_told(world: World, facts: Facts) -> None:
    await world.leave(CALLED)
    assert await facts.next() == DeviceUnregistered(Dn(CALLED))
    await world.come_back(CALLED)
    assert await facts.next() == DeviceRegistered(Dn(CALLED))


# --- ways a call begins and fails ---


async def test_a_phone_rings_and_is_answered_by_hand(world: World, facts: Facts) -> None:
    leg = await ringing(world, facts)
    await world.pick_up(CALLED)
    assert await facts.next() == LegAnswered(leg)


async def test_the_switch_takes_a_ringing_phone_off_the_hook(world: World, facts: Facts) -> None:
    leg = await ringing(world, facts)
    await world.switch.answer(leg)
    assert await facts.next() == LegAnswered(leg)


@pytest.mark.parametrize(("number", "cause"), [(UNKNOWN, EndCause.UNKNOWN_NUMBER), (AWAY, EndCause.UNREACHABLE)])
async def test_a_number_that_cannot_be_called(world: World, facts: Facts, number: str, cause: EndCause) -> None:
    await world.switch.originate(NEW, number, Caller(CALLER))
    assert await facts.next() == LegEnded(NEW, cause)
    await facts.none()


@pytest.mark.parametrize("cause", [EndCause.BUSY, EndCause.DECLINED])
async def test_a_phone_that_refuses(world: World, facts: Facts, cause: EndCause) -> None:
    leg = await ringing(world, facts)
    await world.refuse(CALLED, cause)
    assert await facts.next() == LegEnded(leg, cause)
    await facts.none()


@pytest.mark.parametrize("cause", [EndCause.NO_ANSWER, EndCause.CANCELLED])
async def test_a_ringing_leg_is_given_up_with_the_cause_said(world: World, facts: Facts, cause: EndCause) -> None:
    leg = await ringing(world, facts)
    await world.switch.hang_up(leg, cause)
    assert await facts.next() == LegEnded(leg, cause)
    await facts.none()


@pytest.mark.parametrize("cause", list(EndCause))
async def test_an_arrived_leg_is_refused(world: World, facts: Facts, cause: EndCause) -> None:
    leg = await arrived(world, facts)
    await world.switch.hang_up(leg, cause)
    assert await facts.next() == LegEnded(leg, cause)
    await facts.none()


@pytest.mark.parametrize("rung", [False, True])
async def test_a_caller_gives_up(world: World, facts: Facts, *, rung: bool) -> None:
    leg = await arrived(world, facts)
    if rung:
        await world.switch.ring(leg)
    await world.hang_up(CALLER)
    assert await facts.next() == LegEnded(leg, EndCause.CANCELLED)
    await facts.none()


# --- a call that stands ---


@pytest.mark.parametrize("who", [CALLER, CALLED])
async def test_a_party_hangs_up(world: World, facts: Facts, who: str) -> None:
    caller, called = await talking(world, facts)
    await world.switch.join((caller, called))
    await world.hears(CALLER, CALLED)
    await world.hang_up(who)
    gone, left = (caller, called) if who == CALLER else (called, caller)
    assert await facts.next() == LegEnded(gone, EndCause.NORMAL)
    await world.switch.hang_up(left, EndCause.NORMAL)
    assert await facts.next() == LegEnded(left, EndCause.NORMAL)
    await facts.none()


async def test_hanging_up_twice_is_told_once(world: World, facts: Facts) -> None:
    caller, _ = await talking(world, facts)
    await world.switch.hang_up(caller, EndCause.NORMAL)
    await world.switch.hang_up(caller, EndCause.FAILED)
    assert await facts.next() == LegEnded(caller, EndCause.NORMAL)
    await facts.none()


async def test_only_joined_legs_hear_each_other(world: World, facts: Facts) -> None:
    caller, called = await talking(world, facts)
    assert await hear_each_other(world) == (False, False)
    await world.switch.join((caller, called))
    assert await hear_each_other(world) == (True, True)
    await world.switch.join((caller,))
    assert await hear_each_other(world) == (False, False)
    await world.switch.join((caller, called))
    assert await hear_each_other(world) == (True, True)


async def test_who_is_joined_anew_leaves_the_old_bridge(world: World, facts: Facts) -> None:
    caller, called = await talking(world, facts)
    await world.switch.join((caller, called))
    other = await third(world, facts)
    await world.switch.join((caller, other))
    assert await world.hears(CALLER, AWAY)
    assert await world.hears(AWAY, CALLER)
    assert not await world.hears(CALLED, CALLER)


async def test_a_party_holds_and_takes_back(world: World, facts: Facts) -> None:
    caller, called = await talking(world, facts)
    await world.switch.join((caller, called))
    await world.hold(CALLED)
    assert await facts.next() == LegHeld(called)
    assert await hear_each_other(world) == (False, False)
    await world.retrieve(CALLED)
    assert await facts.next() == LegRetrieved(called)
    assert await hear_each_other(world) == (True, True)
    await facts.none()


async def test_legs_that_do_not_exist_are_no_error(world: World, facts: Facts) -> None:
    await world.switch.ring(NEVER)
    await world.switch.answer(NEVER)
    await world.switch.hang_up(NEVER, EndCause.NORMAL)
    await world.switch.join((NEVER,))
    await world.switch.unfork(NEVER)
    await facts.none()


# --- copies ---


async def test_a_leg_is_copied_until_told_otherwise(world: World, facts: Facts) -> None:
    caller, _ = await talking(world, facts)
    first, second = world.sink(), world.sink()
    source = await world.switch.fork(caller, first.address)
    assert source.host
    assert 0 < source.port < 65536
    assert source.codecs[0] == "PCMU"
    assert await world.switch.fork(caller, first.address) == source
    assert await first.receives()
    await world.switch.fork(caller, second.address)
    assert await second.receives()
    assert not await first.receives()
    await world.switch.unfork(caller)
    assert not await second.receives()


async def test_a_copy_ends_with_its_leg(world: World, facts: Facts) -> None:
    caller, _ = await talking(world, facts)
    sink = world.sink()
    await world.switch.fork(caller, sink.address)
    assert await sink.receives()
    await world.switch.hang_up(caller, EndCause.NORMAL)
    assert not await sink.receives()


async def test_what_has_no_media_cannot_be_copied(world: World, facts: Facts) -> None:
    with pytest.raises(Unavailable):
        await world.switch.fork(NEVER, world.sink().address)
    leg = await arrived(world, facts)
    with pytest.raises(Unavailable):
        await world.switch.fork(leg, world.sink().address)


# --- the end ---


async def test_the_events_end_when_the_switch_closes(world: World, facts: Facts) -> None:
    leg = await arrived(world, facts)
    await world.switch.close()
    assert [event async for event in facts.rest()] == [LegEnded(leg, EndCause.NORMAL)]
