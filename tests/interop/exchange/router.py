"""The least that can decide about calls, so that the exchange can be tested alone: what arrives is rung, joined, ended."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sized
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from telegraphone.domain.ids import LegId
from telegraphone.domain.legs import EndCause, LegAnswered, LegArrived, LegEnded, LegRinging
from telegraphone.endpoints.clock import SystemClock
from telegraphone.services.ports import Caller, SwitchEvent
from telegraphone.switches.exchange import Account, Answering, Exchange

HOST = "127.0.0.1"
NUMBERS = ("5000", "5001", "5002")
PATIENCE_S = 25.0
_LOOK_S = 0.02
Fact = TypeVar("Fact")


def password(number: str) -> str:
    return number * 3


async def until(condition: Callable[[], bool]) -> None:
    """Waits for what tells nobody when it comes, such as packets."""
    async with asyncio.timeout(PATIENCE_S):
        while not condition():  # noqa: ASYNC110 - as said
            await asyncio.sleep(_LOOK_S)


async def grown(*heard: Sized, by: int = 25) -> None:
    """Waits until so much more has come to each: in half a second, unless the machine stands still meanwhile."""
    goals = [len(each) + by for each in heard]
    await until(lambda: all(len(each) >= goal for each, goal in zip(heard, goals, strict=True)))


@dataclass(eq=False)
class Router:
    """An exchange and who decides for it; `facts` is all that it told."""

    exchange: Exchange
    ring_s: float = 30.0
    facts: list[SwitchEvent] = field(default_factory=list)
    _other: dict[LegId, LegId] = field(default_factory=dict)
    _deadlines: dict[LegId, asyncio.TimerHandle] = field(default_factory=dict)
    _tasks: set["asyncio.Task[None]"] = field(default_factory=set)
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        async for event in self.exchange.events():
            self.facts.append(event)
            await self._decide(event)
            self._changed.set()

    async def until(self, condition: Callable[[], bool], timeout_s: float = PATIENCE_S) -> None:
        async with asyncio.timeout(timeout_s):
            while not condition():
                self._changed.clear()
                await self._changed.wait()

    async def idle(self, timeout_s: float = PATIENCE_S) -> None:
        """Waits until no leg lives."""
        await self.until(lambda: not self.exchange.counts.legs, timeout_s)

    def of(self, kind: type[Fact]) -> list[Fact]:
        return [each for each in self.facts if isinstance(each, kind)]

    async def _decide(self, event: SwitchEvent) -> None:
        switch = self.exchange
        match event:
            case LegArrived(leg, number, dialled):
                called = LegId(f"to {leg}")
                self._other |= {leg: called, called: leg}
                self._deadlines[called] = asyncio.get_running_loop().call_later(self.ring_s, self._too_long, called)
                await switch.originate(called, dialled, Caller(number))
            case LegRinging(leg, _) if leg in self._other:
                await switch.ring(self._other[leg])
            case LegAnswered(leg) if leg in self._other:
                self._deadlines.pop(leg).cancel()
                await switch.answer(self._other[leg])
                await switch.join((leg, self._other[leg]))
            case LegEnded(leg, cause):
                if leg in self._deadlines:
                    self._deadlines.pop(leg).cancel()
                other = self._other.pop(leg, None)
                if other is not None:
                    await switch.hang_up(other, cause)

    def _too_long(self, leg: LegId) -> None:
        task = asyncio.get_running_loop().create_task(self.exchange.hang_up(leg, EndCause.NO_ANSWER))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def new_exchange(*, answering: Answering = Answering.DETECT, **options: object) -> Exchange:
    return Exchange(
        host=HOST,
        port=0,
        rtp_ports=(31_200, 32_198),
        accounts=[Account(number, number, password(number), f"Phone {number}", answering) for number in NUMBERS],
        realm="example.com",
        clock=SystemClock(),
        **options,  # type: ignore[arg-type] # the few a test wants to change
    )


@asynccontextmanager
async def routed(**options: Any) -> AsyncIterator[Router]:
    """An exchange that runs, with its router."""
    exchange = new_exchange(**options)
    await exchange.start()
    made = Router(exchange)
    running = asyncio.create_task(made.run())
    try:
        yield made
    finally:
        await exchange.close()
        await running
