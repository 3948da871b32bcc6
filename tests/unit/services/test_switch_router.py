"""Several switches behind one face, and a call that one of them only copies to us."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from telegraphone.domain.ids import CallUuid, LegId
from telegraphone.domain.legs import (
    Ability,
    CallForked,
    DeviceRegistered,
    EndCause,
    Keeping,
    LegArrived,
    LegEnded,
    PartyAt,
    PartyJoined,
)
from telegraphone.services.ports import NOBODY, Caller, MediaAddress, MediaSource, SwitchEvent
from telegraphone.services.switch_router import SwitchRouter
from telegraphone.switches.simulated import SimulatedSwitch
from tests.scenario.clock import VirtualClock, settle
from tests.unit.services.world import ONE, PAUSE, RESUME, START, TWO, World, serving

CUSTOMER, AGENT = PartyAt(LegId("customer"), "15550100"), PartyAt(LegId("agent"), ONE.device.dn if ONE.device else "")


class CopyingSwitch:
    """A switch of which only copies of calls come."""

    def __init__(self) -> None:
        self.queue: asyncio.Queue[SwitchEvent | None] = asyncio.Queue()
        self.answered: list[LegId] = []
        self.ended: list[tuple[LegId, EndCause]] = []
        self.forks: dict[LegId, MediaAddress] = {}

    @property
    def abilities(self) -> frozenset[Ability]:
        return frozenset()

    async def originate(self, leg: LegId, number: str, caller: Caller, *, lift: bool = False) -> None:
        raise AssertionError("nobody can be called here")

    async def ring(self, leg: LegId) -> None:
        raise AssertionError("nobody waits for an answer here")

    async def answer(self, leg: LegId) -> None:
        self.answered.append(leg)

    async def hang_up(self, leg: LegId, cause: EndCause) -> None:
        self.ended.append((leg, cause))

    async def join(self, legs: tuple[LegId, ...]) -> None:
        pass

    async def fork(self, leg: LegId, to: MediaAddress) -> MediaSource:
        self.forks[leg] = to
        return NOBODY

    async def unfork(self, leg: LegId) -> None:
        self.forks.pop(leg, None)

    async def happens(self, event: SwitchEvent) -> None:
        self.queue.put_nowait(event)
        await settle()

    async def comes(self, keeping: Keeping = Keeping.ON_DEMAND, known_as: str = "") -> None:
        await self.happens(CallForked((CUSTOMER, AGENT), keeping, known_as=known_as))

    async def events(self) -> AsyncIterator[SwitchEvent]:
        while (event := await self.queue.get()) is not None:
            yield event


@asynccontextmanager
async def copying() -> AsyncIterator[tuple[World, CopyingSwitch]]:
    """The use cases over phones of our own and over a switch that only copies."""
    copied = CopyingSwitch()
    async with serving(beside=copied) as world:
        yield world, copied


async def test_an_agent_sees_the_call_and_records_it_by_hand() -> None:
    async with copying() as (world, copied):
        await copied.comes()
        [call] = world.calls.of(ONE)
        assert (call.ani, call.dnis, call.participants, call.type.value) == ("15550100", "5001", ("15550100",), "Inbound")
        assert copied.answered == [CUSTOMER.leg]
        assert world.told(ONE) == ["StatusChange Established"]
        await world.calls.operate(ONE, call.conn_id, START)
        assert set(copied.forks) == {CUSTOMER.leg, AGENT.leg}
        await world.calls.operate(ONE, call.conn_id, PAUSE)
        await world.calls.operate(ONE, call.conn_id, RESUME)
        await copied.happens(LegEnded(CUSTOMER.leg, EndCause.NORMAL))
        assert world.calls.of(ONE) == ()
        assert AGENT.leg not in copied.forks
        [part] = await world.parts(call.call_uuid)
        assert (part.user_name, part.status) == ("agent.one", "sealed")


async def test_a_call_that_is_always_recorded_is_its_agents_from_the_start() -> None:
    async with copying() as (world, copied):
        await copied.comes(Keeping.ALWAYS, "0123456789ABCDEFGHIJKLMNOPQRSTUV")
        [call] = world.calls.of(ONE)
        assert (call.call_uuid, call.recording_state) == ("0123456789ABCDEFGHIJKLMNOPQRSTUV", "Recording")
        assert copied.answered == [CUSTOMER.leg]
        [part] = await world.parts(CallUuid("0123456789ABCDEFGHIJKLMNOPQRSTUV"))
        assert (part.recorded_dn, part.user_name) == ("5001", "agent.one")


async def test_a_call_that_must_be_recorded_and_cannot_be_is_not_taken() -> None:
    async with copying() as (world, copied):
        world.recorder.fails.add("reserve")
        await copied.comes(Keeping.ALWAYS)
        assert copied.answered == []
        assert copied.ended == [(CUSTOMER.leg, EndCause.FAILED)]


async def test_the_part_follows_the_agent_who_takes_over() -> None:
    async with copying() as (world, copied):
        await copied.comes(Keeping.ALWAYS)
        [call] = world.calls.of(ONE)
        await copied.happens(PartyJoined(CUSTOMER.leg, PartyAt(LegId("second"), "5002")))
        await copied.happens(LegEnded(AGENT.leg, EndCause.NORMAL))
        assert world.calls.of(ONE) == ()
        [taken] = world.calls.of(TWO)
        assert (taken.recording_state, taken.participants) == ("Recording", ("15550100",))
        assert [part.recorded_dn for part in await world.parts(call.call_uuid)] == ["5001", "5002"]


async def test_an_unknown_number_is_recorded_too_where_everything_is() -> None:
    async with copying() as (_, copied):
        strangers = (PartyAt(LegId("x"), "1"), PartyAt(LegId("y"), ""))
        await copied.happens(CallForked(strangers, Keeping.ALWAYS))
        assert set(copied.forks) == {LegId("x"), LegId("y")}


async def test_calls_of_both_switches_live_side_by_side() -> None:
    async with copying() as (world, copied):
        await copied.comes()
        world.switch.phone("5000").call("5002")
        await settle()
        assert [call.state.value for call in world.calls.of(TWO)] == ["Ringing"]
        assert [call.state.value for call in world.calls.of(ONE)] == ["Established"]


async def test_the_line_of_events_ends_when_all_switches_have_closed() -> None:
    copied, phones = CopyingSwitch(), SimulatedSwitch(clock=VirtualClock(), numbers=("5000",))
    router = SwitchRouter((phones,), (copied,))
    copied.queue.put_nowait(CallForked((CUSTOMER, AGENT), Keeping.ALWAYS))
    copied.queue.put_nowait(None)
    await phones.close()
    told = [event async for event in router.events()]
    assert {type(event) for event in told} == {DeviceRegistered, CallForked}
    assert not any(isinstance(event, LegArrived) for event in told)


async def test_parties_of_a_copied_call_are_agents_of_its_own_tenant_only() -> None:
    """Two contact centres behind two border controllers may well have the same numbers (properties SEC-1)."""
    async with copying() as (world, copied):
        await copied.happens(CallForked((CUSTOMER, AGENT), Keeping.ALWAYS, tenant="elsewhere"))
        assert world.calls.of(ONE) == ()
        assert world.calls.count == 1


class LongNumbers:
    """A trunk for numbers of ten digits."""

    def lead_to(self, number: str) -> bool:
        return len(number) == 10


async def test_which_numbers_are_outside_says_the_switch_of_the_phone_that_calls() -> None:
    here = SimulatedSwitch(clock=VirtualClock(), numbers=("5000",))
    there = SimulatedSwitch(clock=VirtualClock(), numbers=("7000",))
    there.trunks = LongNumbers()
    router = SwitchRouter((here, there))
    await here.close()
    await there.close()
    assert len([event async for event in router.events()]) == 2
    assert router.is_outside("2125550100", seen_from="7000")
    assert not router.is_outside("7001", seen_from="7000")
    assert not router.is_outside("2125550100", seen_from="5000")


async def test_who_calls_from_outside_under_an_agents_number_is_nobodys_agent() -> None:
    async with serving() as world:
        world.switch._wiring.add(LegId("stranger"), "5001", arrived=True)
        world.switch._wiring.tell(LegArrived(LegId("stranger"), "5001", "5002", world.clock.now(), outside=True))
        await settle()
        assert world.calls.of(ONE) == ()
        [call] = world.calls.of(TWO)
        assert (call.type.value, call.ani, call.participants) == ("Inbound", "", ("",))
