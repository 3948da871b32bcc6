"""The use cases over a real Asterisk, with small phones."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

from telegraphone.domain.operations import Operation
from telegraphone.phone import Phone, PhoneOptions, tone
from telegraphone.switches.asterisk import AsteriskSwitch
from tests.contract.switch.asterisk_world import switch_of
from tests.interop.asterisk.server import Asterisk
from tests.interop.system import HOST
from tests.interop.use_cases import UseCases, agent_at, serving

CUSTOMER, AGENT_ONE, AGENT_TWO = "5000", "5001", "5002"
NUMBERS = (CUSTOMER, AGENT_ONE, AGENT_TWO)
AGENTS = {number: agent_at(number) for number in (AGENT_ONE, AGENT_TWO)}
PATIENCE_S = 30.0


@dataclass(eq=False, kw_only=True)
class Centre(UseCases):
    """A contact centre with two agents and a customer; phones answer by themselves."""

    server: Asterisk
    switch: AsteriskSwitch
    phones: dict[str, Phone] = field(default_factory=dict)

    def told(self, number: str = AGENT_ONE) -> list[str]:
        return super().told(number)

    async def until(self, condition: Callable[[], bool], timeout_s: float = PATIENCE_S) -> None:
        await super().until(condition, timeout_s)

    async def until_told(self, *states: str, number: str = AGENT_ONE) -> None:
        """Waits until the agent was told just these states of calls and recordings."""
        await self.until(lambda: len(self.told(number)) >= len(states))
        assert self.told(number) == list(states)

    async def do(self, operation: Operation, who: str = AGENT_ONE, **more: str) -> None:
        """On the agent's one call."""
        [call] = self.calls.of(AGENTS[who])
        await self.calls.operate(AGENTS[who], call.conn_id, operation, **more)

    async def register(self) -> None:
        """All phones, and returns when the switch knows that they can be called: Asterisk says so only after it has answered
        them."""
        for phone in self.phones.values():
            await phone.register()
        devices = self.switch._board.devices
        async with asyncio.timeout(PATIENCE_S):
            while not all(map(devices.is_online, self.phones)):  # noqa: ASYNC110 -- nor is this told
                await asyncio.sleep(0.05)

    async def nothing_is_left(self) -> None:
        """Soon there is no channel and no bridge at Asterisk, and nobody has a call."""
        left = [["?"]]
        for _ in range(250):
            left = [await self.server.ids(kind) for kind in ("channels", "bridges")]
            if left == [[], []]:
                break
            await asyncio.sleep(0.1)
        assert left == [[], []]
        # That the last leg is over may still be on its way from Asterisk.
        await self.until(lambda: not any(self.calls.of(agent) for agent in AGENTS.values()))


@asynccontextmanager
async def centre(server: Asterisk, *, url: str = "", phones: bool = True) -> AsyncIterator[Centre]:
    """A centre that serves until the block ends, and leaves nothing behind. `url` is of what stands before Asterisk."""
    made = Centre(agents=AGENTS, server=server, switch=switch_of(server, url=url))
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(serving(made, made.switch))
        async with asyncio.timeout(PATIENCE_S):
            # Asterisk may know the application only a moment after it has connected; calls before that are refused.
            while phones and not made.switch.works:  # noqa: ASYNC110 -- a switch says so to nobody
                await asyncio.sleep(0.05)
        for number in NUMBERS if phones else ():
            options = PhoneOptions(answers_after_s=0.0 if number != CUSTOMER else None, answers_when_told=True)
            where = (HOST, server.sip_port)
            phone = made.phones[number] = Phone(
                number, number, number * 3, where, HOST, voice=tone(1_000, 8_000), options=options
            )
            stack.push_async_callback(phone.close)
        await made.register()
        yield made
