"""The use cases over a real exchange."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from telegraphone.services.surroundings import Policies
from telegraphone.switches.exchange import Exchange
from tests.interop.exchange.router import NUMBERS, PATIENCE_S, new_exchange
from tests.interop.use_cases import UseCases, agent_at, serving

AGENTS = {number: agent_at(number) for number in NUMBERS}


@dataclass(eq=False, kw_only=True)
class Node(UseCases):
    """A contact centre with an agent at every number."""

    exchange: Exchange

    async def idle(self) -> None:
        for _ in range(int(PATIENCE_S / 0.05)):
            if not self.exchange.counts.legs:
                return
            await asyncio.sleep(0.05)
        raise AssertionError(self.exchange.counts)


@asynccontextmanager
async def node(*, policies: Policies = Policies(), **options: Any) -> AsyncIterator[Node]:  # noqa: B008 - a frozen value
    """A node that serves until the block ends."""
    made = Node(agents=AGENTS, exchange=new_exchange(**options))
    async with serving(made, made.exchange, policies):
        yield made
