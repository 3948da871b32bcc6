"""The ways the contract suite brings a call about, on any switch."""

from telegraphone.domain.ids import Dn, LegId
from telegraphone.domain.legs import DeviceRegistered, LegAnswered, LegArrived, LegRinging
from telegraphone.services.ports import Caller
from tests.contract.switch.worlds import AWAY, CALLED, CALLER, Facts, World

NEW = LegId("leg-made-by-the-caller-of-the-port")
NEVER = LegId("leg-that-never-was")


async def arrived(world: World, facts: Facts, dialled: str = CALLED) -> LegId:
    await world.dial(CALLER, dialled)
    event = await facts.next_of(LegArrived)
    assert (event.number, event.dialled) == (CALLER, dialled)
    return event.leg


async def ringing(world: World, facts: Facts, leg: LegId = NEW) -> LegId:
    await world.switch.originate(leg, CALLED, Caller(CALLER))
    assert await facts.next_of(LegRinging) == LegRinging(leg, can_answer=True)
    return leg


async def talking(world: World, facts: Facts) -> tuple[LegId, LegId]:
    """Two answered legs that are not joined yet."""
    caller = await arrived(world, facts)
    called = await ringing(world, facts)
    await world.switch.ring(caller)
    await world.pick_up(CALLED)
    assert await facts.next() == LegAnswered(called)
    await world.switch.answer(caller)
    return caller, called


async def third(world: World, facts: Facts) -> LegId:
    """Another answered leg, of the phone that was away."""
    await world.come_back(AWAY)
    assert await facts.next_of(DeviceRegistered) == DeviceRegistered(Dn(AWAY))
    leg = LegId("third-leg")
    await world.switch.originate(leg, AWAY, Caller(CALLER))
    assert await facts.next() == LegRinging(leg, can_answer=True)
    await world.pick_up(AWAY)
    assert await facts.next() == LegAnswered(leg)
    return leg
