"""The use cases over a real Asterisk, with small phones and a recorder that is simulated: what agents are told is seen here."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace

from telegraphone.database.memory import MemoryCatalogue, MemoryCopies
from telegraphone.domain.agent import Agent, Device, Directory
from telegraphone.domain.ids import Dn
from telegraphone.domain.naming import NamePattern
from telegraphone.domain.operations import Operation
from telegraphone.domain.views import CallNotice
from telegraphone.endpoints.clock import SystemClock
from telegraphone.phone import Phone, PhoneOptions, tone
from telegraphone.services.agents import Agents
from telegraphone.services.calls import Calls
from telegraphone.services.catalogue_writer import CatalogueWriter
from telegraphone.services.copies import Copies
from telegraphone.services.ports import MediaAddress, Notification, Reservation, TapOrder
from telegraphone.services.recovery import RecoveredParts
from telegraphone.services.surroundings import Surroundings
from telegraphone.switches.asterisk import AsteriskSwitch
from tests.contract.switch.asterisk_world import switch_of
from tests.interop.asterisk.server import Asterisk
from tests.interop.system import HOST
from tests.scenario.recorder import SimulatedRecorder

CUSTOMER, AGENT_ONE, AGENT_TWO = "5000", "5001", "5002"
NUMBERS = (CUSTOMER, AGENT_ONE, AGENT_TWO)
AGENTS = {
    number: Agent(f"agent.{number}", number, device=Device(f"device-{number}", Dn(number))) for number in (AGENT_ONE, AGENT_TWO)
}
PATIENCE_S = 30.0


class NearRecorder(SimulatedRecorder):
    """One to which Asterisk can send."""

    async def reserve(self, order: TapOrder) -> Reservation:
        made = await super().reserve(order)
        return replace(made, addresses=(MediaAddress(HOST, 39_000), MediaAddress(HOST, 39_002)))


@dataclass(eq=False)
class Centre:
    """A contact centre with two agents and a customer; phones answer by themselves."""

    server: Asterisk
    switch: AsteriskSwitch
    calls: Calls
    recorder: SimulatedRecorder
    phones: dict[str, Phone] = field(default_factory=dict)
    notices: list[CallNotice] = field(default_factory=list)
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    def publish(self, notice: Notification) -> None:
        if isinstance(notice, CallNotice):
            self.notices.append(notice)
            self._changed.set()

    def told(self, number: str = AGENT_ONE) -> list[str]:
        mine = (each for each in self.notices if each.agent is AGENTS[number])
        return [each.call.recording_state if each.notice.name == "RECORDING" else each.call.state.value for each in mine]

    async def until_told(self, *states: str, number: str = AGENT_ONE) -> None:
        """Waits until the agent was told just these states of calls and recordings."""
        await self.until(lambda: len(self.told(number)) >= len(states))
        assert self.told(number) == list(states)

    async def until(self, condition: Callable[[], bool]) -> None:
        try:
            async with asyncio.timeout(PATIENCE_S):
                while not condition():
                    self._changed.clear()
                    await asyncio.wait([asyncio.ensure_future(self._changed.wait())], timeout=0.2)
        except TimeoutError:
            raise AssertionError({number: self.told(number) for number in AGENTS}) from None

    async def do(self, operation: Operation, who: str = AGENT_ONE, **more: str) -> None:
        """On the agent's one call."""
        [call] = self.calls.of(AGENTS[who])
        await self.calls.operate(AGENTS[who], call.conn_id, operation, **more)

    async def nothing_is_left(self) -> None:
        """Soon there is no channel and no bridge at Asterisk, and nobody has a call."""
        left = [["?"]]
        for _ in range(100):
            left = [await self.server.ids(kind) for kind in ("channels", "bridges")]
            if left == [[], []]:
                break
            await asyncio.sleep(0.1)
        assert left == [[], []]
        assert not any(self.calls.of(agent) for agent in AGENTS.values())


@asynccontextmanager
async def centre(server: Asterisk, *, url: str = "", phones: bool = True) -> AsyncIterator[Centre]:
    """A centre that serves until the block ends, and leaves nothing behind. `url` is of what stands before Asterisk."""
    clock, ears = SystemClock(), _Ears()
    switch, recorder, catalogue = switch_of(server, url=url), NearRecorder(clock), MemoryCatalogue()
    writer = CatalogueWriter(catalogue, clock)
    desks = Agents(ears)
    world = Surroundings(
        clock=clock,
        switch=switch,
        taps=switch,
        switch_events=switch,
        recorder=recorder,
        notifier=ears,
        catalogue=writer,
        copies=Copies(MemoryCopies(), clock),
        directory=Directory(tuple(AGENTS.values())),
        names=NamePattern("recorder.example.com"),
        leg_media=switch.sound,
        conference_taps=switch.sound,
        monitoring=switch.sound,
        phone_answers=switch.requests,
    )
    calls = Calls(world, desks, RecoveredParts(catalogue, writer))
    made = ears.centre = Centre(server, switch, calls, recorder)
    async with AsyncExitStack() as stack:
        await switch.start()
        stack.push_async_callback(switch.close)
        tasks = [asyncio.create_task(calls.run()), asyncio.create_task(writer.run())]
        stack.push_async_callback(_ended, calls, tasks)
        async with asyncio.timeout(PATIENCE_S):
            # Asterisk may know the application only a moment after it has connected; calls before that are refused.
            while phones and not switch.works:  # noqa: ASYNC110 -- a switch says so to nobody
                await asyncio.sleep(0.05)
        for number in NUMBERS if phones else ():
            options = PhoneOptions(answers_after_s=0.0 if number != CUSTOMER else None, answers_when_told=True)
            where = (HOST, server.sip_port)
            phone = made.phones[number] = Phone(
                number, number, number * 3, where, HOST, voice=tone(1_000, 8_000), options=options
            )
            stack.push_async_callback(phone.close)
            await phone.register()
        yield made


async def _ended(calls: Calls, tasks: "list[asyncio.Task[None]]") -> None:
    await calls.close()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


class _Ears:
    """The notifier, made before the centre it tells."""

    centre: Centre

    def publish(self, notice: Notification) -> None:
        self.centre.publish(notice)
