"""The stage in one process: simulated phones on a clock that stands still, everything between them and HTTP the product's."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx

from telegraphone.domain.agent import DEFAULT_FEATURES, Agent, Device, Feature, Role
from telegraphone.domain.ids import Dn
from telegraphone.services.surroundings import Policies
from telegraphone.switches.simulated import EVERY_ABILITY, Script, SimulatedPhone
from telegraphone.web.settings import Compatibility, WebSettings
from tests.conformance.stage import DN, NUMBERS, ONE, SILENT, SUPERVISOR, TWO, Answer, Handset, Json
from tests.scenario.clock import settle
from tests.scenario.world import URL, World, contact_centre


def _agent(number: int, user_name: str, role: Role, features: frozenset[Feature]) -> Agent:
    device = Device(f"00000000-0000-4000-8000-{number:012}", Dn(DN[user_name]))
    return Agent(user_name, f"{number:032x}", roles=frozenset({role}), features=features, device=device)


AGENTS = (
    _agent(1, ONE, Role.AGENT, DEFAULT_FEATURES),
    _agent(2, TWO, Role.AGENT, DEFAULT_FEATURES),
    _agent(3, SILENT, Role.AGENT, DEFAULT_FEATURES - {Feature.VOICE_RECORDING}),
    _agent(4, SUPERVISOR, Role.SUPERVISOR, DEFAULT_FEATURES | {Feature.SUPERVISOR_MONITORING}),
)


@dataclass(frozen=True, slots=True)
class SimulatedHandset:
    phone: SimulatedPhone

    async def call(self, number: str) -> None:
        self.phone.call(number)
        await settle()

    async def answer(self) -> None:
        self.phone.answer()
        await settle()

    async def hold(self) -> None:
        self.phone.hold()
        await settle()

    async def retrieve(self) -> None:
        self.phone.retrieve()
        await settle()

    async def hang_up(self) -> None:
        self.phone.hang_up()
        await settle()


@dataclass(slots=True)
class InProcess:
    """A `Stage`; `world` is what only a simulation can show."""

    world: World
    mode: Compatibility
    clients: dict[str, httpx.AsyncClient] = field(default_factory=dict)
    url: str = URL

    async def ask(self, user: str, method: str, path: str, body: object = None) -> Answer:
        client = self.clients.setdefault(user, self.world.client(user or None))
        if isinstance(body, str):
            response = await client.request(method, path, content=body, headers={"Content-Type": "application/json"})
        else:
            response = await client.request(method, path, json=body)
        return Answer(response.status_code, response.json())

    async def settle(self) -> None:
        await settle()

    def told(self, user: str) -> list[Json]:
        return self.world.log.of(user)

    def forget(self) -> None:
        self.world.log.forget()

    def handset(self, number: str) -> Handset:
        return SimulatedHandset(self.world.switch.phone(number))

    async def busy(self, number: str) -> None:
        self.world.switch.phone(number).script = Script(rings_after_s=1.0, refuses_after_s=0.0)

    async def clear(self) -> None:
        for number in NUMBERS:
            while self.world.switch.phone(number).leg is not None:
                await self.handset(number).hang_up()


@asynccontextmanager
async def in_process(mode: Compatibility, policies: Policies | None = None) -> AsyncIterator[InProcess]:
    """A stage that stands until the block ends."""
    async with contact_centre(
        settings=WebSettings(URL, mode),
        numbers=NUMBERS,
        agents=AGENTS,
        abilities=EVERY_ABILITY,
        policies=policies or Policies(),
    ) as world:
        stage = InProcess(world, mode)
        yield stage
        for client in stage.clients.values():
            await client.aclose()


def simulated(stage: object) -> InProcess:
    """The simulation behind a stage, for rules that need to look behind the API or to let time pass."""
    assert isinstance(stage, InProcess)
    return stage
