"""The use cases on simulated ports and a clock that stands still: everything a test of `services` may look at or touch."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

from telegraphone.database.memory import MemoryCatalogue, MemoryCopies
from telegraphone.domain.agent import DEFAULT_FEATURES, Agent, Device, Directory, Feature
from telegraphone.domain.ids import DEFAULT_TENANT, CallUuid, Dn
from telegraphone.domain.legs import Ability
from telegraphone.domain.naming import NamePattern
from telegraphone.domain.operations import Operation
from telegraphone.domain.views import CallNotice, CallView, PauseForgotten, RecordingBroken
from telegraphone.services.agents import Agents
from telegraphone.services.calls import Calls
from telegraphone.services.catalogue import PartRecord
from telegraphone.services.catalogue_writer import CatalogueWriter
from telegraphone.services.copies import Copies
from telegraphone.services.pause_alarms import LongPause
from telegraphone.services.ports import DeviceNotice, Notification
from telegraphone.services.recovery import RecoveredParts
from telegraphone.services.surroundings import Policies, Surroundings
from telegraphone.services.switch_router import AnySwitch, SwitchRouter
from telegraphone.switches.simulated import EVERY_ABILITY, SimulatedSwitch
from tests.scenario.clock import VirtualClock, settle
from tests.scenario.recorder import SimulatedRecorder

START = Operation.START_RECORDING
PAUSE = Operation.PAUSE_RECORDING
RESUME = Operation.RESUME_RECORDING
STOP = Operation.STOP_RECORDING


def agent(user_name: str, dn: str, features: frozenset[Feature] = DEFAULT_FEATURES) -> Agent:
    return Agent(user_name, "0" * 32, features=features, device=Device(f"device-{dn}", Dn(dn)))


ONE = agent("agent.one", "5001")
TWO = agent("agent.two", "5002")
SILENT = agent("agent.silent", "5003", frozenset({Feature.VOICE}))
FOUR = agent("agent.four", "5004")
PLAIN = Policies()
NUMBERS = ("5000", "5001", "5002", "5003", "5004", "5098")


@dataclass(slots=True)
class Ears:
    """A notifier that keeps what it is given."""

    notices: list[Notification] = field(default_factory=list)

    def publish(self, notice: Notification) -> None:
        self.notices.append(notice)


@dataclass(slots=True)
class AlarmEars:
    """Keeps the long pauses that it hears of."""

    heard: list[LongPause] = field(default_factory=list)

    def raise_alarm(self, pause: LongPause) -> None:
        self.heard.append(pause)


@dataclass(slots=True)
class World:
    clock: VirtualClock
    switch: SimulatedSwitch
    recorder: SimulatedRecorder
    catalogue: MemoryCatalogue
    writer: CatalogueWriter
    recovered: RecoveredParts
    agents: Agents
    calls: Calls
    ears: Ears
    surroundings: Surroundings
    long_pauses: list[LongPause]

    def told(self, who: Agent) -> list[str]:
        """What an agent was told since the last time, in brief."""
        mine = [each for each in self.ears.notices if each.agent == who]
        self.ears.notices[:] = [each for each in self.ears.notices if each.agent != who]
        return [_brief(each) for each in mine]

    async def ringing(self, caller: str, called: str) -> None:
        self.switch.phone(caller).call(called)
        await settle()

    async def talking(self, caller: str = "5000", called: str = "5001") -> str:
        """An answered call between two phones; what was told of it so far is forgotten."""
        await self.ringing(caller, called)
        self.switch.phone(called).answer()
        await settle()
        self.ears.notices.clear()
        return self.only_call(ONE).conn_id if called == "5001" or caller == "5001" else ""

    def only_call(self, who: Agent) -> CallView:
        (call,) = self.calls.of(who)
        return call

    async def do(self, who: Agent, operation: Operation, **arguments: object) -> None:
        """The agent's only call, or the one named by `call`."""
        reference = str(arguments.pop("call", "")) or self.only_call(who).conn_id
        await self.calls.operate(who, reference, operation, **arguments)  # type: ignore[arg-type]  # as keywords name them
        await settle()

    async def parts(self, call: CallUuid) -> tuple[PartRecord, ...]:
        await self.writer.flush()
        return await self.catalogue.parts_of_call(DEFAULT_TENANT, call)


def _brief(notice: Notification) -> str:
    match notice:
        case CallNotice(_, kind, call):
            state = call.recording_state if kind.name == "RECORDING" else call.state.value
            return f"{kind.value} {state}"
        case RecordingBroken():
            return "ErrorMessage"
        case PauseForgotten():
            return "PauseForgotten"
        case DeviceNotice(_, device):
            return f"Device {'Active' if device.active else 'Inactive'}"


@asynccontextmanager
async def serving(
    *,
    abilities: frozenset[Ability] = EVERY_ABILITY,
    policies: Policies = PLAIN,
    agents: tuple[Agent, ...] = (ONE, TWO, SILENT, FOUR),
    beside: AnySwitch | None = None,
) -> AsyncIterator[World]:
    """The use cases, serving until the block ends; `beside` is a second switch."""
    clock, ears, alarms = VirtualClock(), Ears(), AlarmEars()
    switch, recorder, catalogue = (
        SimulatedSwitch(clock=clock, numbers=NUMBERS, abilities=abilities),
        SimulatedRecorder(clock),
        MemoryCatalogue(),
    )
    writer = CatalogueWriter(catalogue, clock)
    recovered = RecoveredParts(catalogue, writer)
    names = NamePattern("recorder.example.com")
    surroundings = Surroundings(
        *(clock, switch, switch, switch, recorder, ears, writer, Directory(agents), names, policies, switch.sound, switch.sound),
        pause_alarms=alarms,
        copies=Copies(MemoryCopies(), clock),
    )
    surroundings = replace(surroundings, phone_answers=switch.requests, warning_tones=switch.sound, announcements=switch.sound)
    if beside is not None:
        router = SwitchRouter((switch,), (beside,))
        surroundings = replace(surroundings, switch=router, taps=router, switch_events=router)
    desks = Agents(ears)
    surroundings = replace(surroundings, tap_mutes=switch.sound, monitoring=switch.sound, watchers=desks.watches)
    calls = Calls(surroundings, desks, recovered)
    tasks = [asyncio.create_task(calls.run()), asyncio.create_task(writer.run())]
    await settle()
    try:
        yield World(clock, switch, recorder, catalogue, writer, recovered, desks, calls, ears, surroundings, alarms.heard)
    finally:
        for task in tasks:
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        await switch.close()
    assert [each for each in results if not isinstance(each, asyncio.CancelledError)] == []


async def recording(world: World, operation: Operation | None = None) -> None:
    """An answered call between 5000 and agent one, in the state from which the operation makes sense."""
    await world.talking()
    if operation is not START:
        await world.do(ONE, START)
    if operation is RESUME:
        await world.do(ONE, PAUSE)
    world.ears.notices.clear()


def hears(world: World, dn: str) -> set[str]:
    leg = world.switch.phone(dn).leg
    assert leg is not None
    return {world.switch.legs[other].number for other in world.switch.hears(leg)}


def music(world: World) -> set[str]:
    return {leg.number for leg in world.switch.legs.values() if leg.music}


def ringing(world: World) -> set[str]:
    """Who hears the phone they call ring."""
    return {leg.number for leg in world.switch.legs.values() if leg.ring_tone}


async def answered(world: World, dn: str) -> None:
    world.switch.phone(dn).answer()
    await settle()
