"""The use cases over a real exchange, with a recorder that is simulated: what phones do is heard as agents hear it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

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
from telegraphone.switches.exchange import Exchange
from tests.interop.exchange.router import HOST, NUMBERS, new_exchange
from tests.scenario.recorder import SimulatedRecorder

AGENTS = {number: Agent(f"agent.{number}", number, device=Device(f"device-{number}", Dn(number))) for number in NUMBERS}


class NearRecorder(SimulatedRecorder):
    """One to which the exchange can send."""

    async def reserve(self, order: TapOrder) -> Reservation:
        made = await super().reserve(order)
        return replace(made, addresses=(MediaAddress(HOST, 39_000), MediaAddress(HOST, 39_002)))


@dataclass(eq=False)
class Node:
    """A contact centre with an agent at every number; `told` is what each was told, in brief."""

    exchange: Exchange
    calls: Calls
    agents: Agents
    recorder: SimulatedRecorder
    catalogue: MemoryCatalogue
    writer: CatalogueWriter
    notices: list[CallNotice] = field(default_factory=list)
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    def publish(self, notice: Notification) -> None:
        if isinstance(notice, CallNotice):
            self.notices.append(notice)
            self._changed.set()

    def told(self, number: str) -> list[str]:
        mine = (each for each in self.notices if each.agent is AGENTS[number])
        return [each.call.recording_state if each.notice.name == "RECORDING" else each.call.state.value for each in mine]

    async def until(self, condition: Callable[[], bool], timeout_s: float = 10.0) -> None:
        try:
            async with asyncio.timeout(timeout_s):
                while not condition():
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            raise AssertionError({number: self.told(number) for number in NUMBERS}) from None

    async def idle(self) -> None:
        for _ in range(200):
            if not self.exchange.counts.legs:
                return
            await asyncio.sleep(0.05)
        raise AssertionError(self.exchange.counts)


@asynccontextmanager
async def node(*, policies: Policies = Policies(), **options: Any) -> AsyncIterator[Node]:  # noqa: B008 - a frozen value
    """A node that serves until the block ends."""
    clock = SystemClock()
    exchange, recorder, catalogue = new_exchange(**options), NearRecorder(clock), MemoryCatalogue()
    writer = CatalogueWriter(catalogue, clock)
    made: Node
    ears = _Ears()
    world = Surroundings(
        clock=clock,
        switch=exchange,
        taps=exchange,
        switch_events=exchange,
        recorder=recorder,
        notifier=ears,
        catalogue=writer,
        directory=Directory(tuple(AGENTS.values())),
        names=NamePattern("recorder.example.com"),
        policies=policies,
        leg_media=exchange.sound,
        conference_taps=exchange.sound,
        monitoring=exchange.sound,
        phone_answers=exchange.requests,
        copies=Copies(MemoryCopies(), clock),
    )
    desks = Agents(ears)
    calls = Calls(world, desks, RecoveredParts(catalogue, writer))
    made = ears.node = Node(exchange, calls, desks, recorder, catalogue, writer)
    await exchange.start()
    tasks = [asyncio.create_task(calls.run()), asyncio.create_task(writer.run())]
    try:
        yield made
        await calls.close()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await exchange.close()


class _Ears:
    """The notifier, made before the node it tells."""

    node: Node

    def publish(self, notice: Notification) -> None:
        self.node.publish(notice)
