"""A clock that stands still until a test moves it, and chance that comes out the same in every run."""

import asyncio
import hashlib
import heapq
from collections import defaultdict, deque
from datetime import UTC, datetime, timedelta
from itertools import count

_TURNS = 100
"""Turns of the event loop after which everything that follows from one act has happened."""


class VirtualClock:
    """A `Clock`. `begins` is the time of day at monotonic second 1000."""

    def __init__(self, begins: datetime = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)) -> None:
        self._begins = begins
        self._now = 1000.0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._numbers = count()
        self._foreseen: dict[int, deque[bytes]] = defaultdict(deque)

    def now(self) -> float:
        return self._now

    def utc(self) -> datetime:
        return self._begins + timedelta(seconds=self._now - 1000.0)

    def entropy(self, count: int) -> bytes:
        if self._foreseen[count]:
            return self._foreseen[count].popleft()
        return hashlib.shake_128(str(next(self._numbers)).encode()).digest(count)

    def foresee(self, entropy: bytes) -> None:
        """The next bytes of this length are these."""
        self._foreseen[len(entropy)].append(entropy)

    async def sleep_until(self, deadline: float) -> None:
        if deadline > self._now:
            future = asyncio.get_running_loop().create_future()
            heapq.heappush(self._sleepers, (deadline, next(self._numbers), future))
            await future

    async def advance(self, seconds: float) -> None:
        """Lets this time pass: everybody who sleeps until then wakes in order, and what follows is done."""
        await settle()
        until = self._now + seconds
        while self._sleepers and self._sleepers[0][0] <= until:
            self._now, _, sleeper = heapq.heappop(self._sleepers)
            if not sleeper.done():
                sleeper.set_result(None)
            await settle()
        self._now = until
        await settle()


async def settle() -> None:
    """Lets everything happen that needs no time."""
    for _ in range(_TURNS):
        await asyncio.sleep(0)
