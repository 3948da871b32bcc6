"""Lets one deed at a time be done to a recording: nothing is sent away while it is erased, nothing erased while it is sent."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary


class Turns:
    """Whoever changes where a recording lies, or what, waits here for its turn. For one event loop."""

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def of(self, recording: str) -> AsyncIterator[None]:
        """The turn of this recording."""
        lock = self._locks.setdefault(recording, asyncio.Lock())
        async with lock:
            yield
