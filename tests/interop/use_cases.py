"""The use cases over a real switch, with a recorder that is simulated: what phones do is heard as agents hear it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace

from telegraphone.database.memory import MemoryCatalogue, MemoryCopies
from telegraphone.domain.agent import Agent, Device, Directory
from telegraphone.domain.ids import Dn
from telegraphone.domain.naming import NamePattern
from telegraphone.domain.views import CallNotice
from telegraphone.endpoints.clock import SystemClock
from telegraphone.services.agents import Agents
from telegraphone.services.calls import Calls
from telegraphone.services.catalogue_writer import CatalogueWriter
from telegraphone.services.copies import Copies
from telegraphone.services.ports import MediaAddress, Notification, Reservation, TapOrder
from telegraphone.services.recovery import RecoveredParts
from telegraphone.services.surroundings import Policies, Surroundings
from telegraphone.switches.asterisk import AsteriskSwitch
from telegraphone.switches.exchange import Exchange
from tests.interop.system import HOST
from tests.scenario.recorder import SimulatedRecorder

_LOOK_S = 0.2
"""A condition may be about more than notices, such as a phone's state."""


class NearRecorder(SimulatedRecorder):
    """One to which a switch on this machine can send: to `ports`, where somebody listens or nobody. The system gives these to no
    one who asks for any."""

    ports = (32_700, 32_702)

    async def reserve(self, order: TapOrder) -> Reservation:
        made = await super().reserve(order)
        return replace(made, addresses=(MediaAddress(HOST, self.ports[0]), MediaAddress(HOST, self.ports[1])))


def agent_at(number: str) -> Agent:
    return Agent(f"agent.{number}", number, device=Device(f"device-{number}", Dn(number)))


@dataclass(eq=False, kw_only=True)
class UseCases:
    """The notifier too: `notices` is what agents were told of calls. `serving` gives it the rest."""

    agents: Mapping[str, Agent]
    calls: Calls = field(init=False)
    recorder: SimulatedRecorder = field(init=False)
    catalogue: MemoryCatalogue = field(init=False)
    writer: CatalogueWriter = field(init=False)
    notices: list[CallNotice] = field(default_factory=list)
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    def publish(self, notice: Notification) -> None:
        if isinstance(notice, CallNotice):
            self.notices.append(notice)
            self._changed.set()

    def told(self, number: str) -> list[str]:
        """What the agent at this number was told, in brief."""
        mine = (each for each in self.notices if each.agent is self.agents[number])
        return [each.call.recording_state if each.notice.name == "RECORDING" else each.call.state.value for each in mine]

    async def until(self, condition: Callable[[], bool], timeout_s: float = 25.0) -> None:
        try:
            async with asyncio.timeout(timeout_s):
                while not condition():
                    self._changed.clear()
                    with suppress(TimeoutError):
                        async with asyncio.timeout(_LOOK_S):
                            await self._changed.wait()
        except TimeoutError:
            raise AssertionError({number: self.told(number) for number in self.agents}) from None


@asynccontextmanager
async def serving(
    made: UseCases,
    switch: Exchange | AsteriskSwitch,
    policies: Policies = Policies(),  # noqa: B008 - a frozen value
) -> AsyncIterator[None]:
    """The use cases run over this switch until the block ends."""
    clock = SystemClock()
    made.recorder, made.catalogue = NearRecorder(clock), MemoryCatalogue()
    made.writer = CatalogueWriter(made.catalogue, clock)
    world = Surroundings(
        clock=clock,
        switch=switch,
        taps=switch,
        switch_events=switch,
        recorder=made.recorder,
        notifier=made,
        catalogue=made.writer,
        copies=Copies(MemoryCopies(), clock),
        directory=Directory(tuple(made.agents.values())),
        names=NamePattern("recorder.example.com"),
        policies=policies,
        leg_media=switch.sound,
        conference_taps=switch.sound,
        tap_mutes=switch.sound,
        monitoring=switch.sound,
        phone_answers=switch.requests,
    )
    made.calls = Calls(world, Agents(made), RecoveredParts(made.catalogue, made.writer))
    await switch.start()
    tasks = [asyncio.create_task(made.calls.run()), asyncio.create_task(made.writer.run())]
    try:
        yield
    finally:
        await made.calls.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await switch.close()
