"""Writes down what nobody waits for, behind everybody's back: in order, and again until the database takes it.

Calls and sign-ins go on while the database is away. What is to be written then waits in memory; of too much the oldest goes,
which is an error in the log.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress

import structlog

from telegraphone.limits import CATALOGUE_RETRY_S
from telegraphone.services.ports import Clock, Unavailable

log = structlog.get_logger()

Write = Callable[[], Awaitable[None]]
"""Writes something down; raises `Unavailable`."""


async def keep_writing(wake: asyncio.Event, write_all: Callable[[], Awaitable[bool]], clock: Clock) -> None:
    """Writes whenever woken, for ever, and again after a while where not all could be written."""
    while True:
        await wake.wait()
        wake.clear()
        if not await write_all():
            await clock.sleep_until(clock.now() + CATALOGUE_RETRY_S)
            wake.set()


class Later:
    """What waits, at most so much of it, and `run`, which writes it until cancelled. `what` it is the log says."""

    def __init__(self, clock: Clock, most: int, what: str) -> None:
        self._clock = clock
        self._most = most
        self._what = what
        self._waiting: deque[deque[Write]] = deque()
        self._wake = asyncio.Event()

    def put(self, *writes: Write) -> None:
        """These belong together and are done in this order, each once; never blocks, never raises."""
        if len(self._waiting) >= self._most:
            log.error("not_written_down", what=self._what)
            self._waiting.popleft()
        self._waiting.append(deque(writes))
        self._wake.set()

    async def run(self) -> None:
        """Writes for ever. Who is cancelled writes what is left, unless the database is away."""
        try:
            while True:
                await self._wake.wait()
                self._wake.clear()
                await self._patiently()
        finally:
            with suppress(Unavailable):
                await self._write_all()

    async def _patiently(self) -> None:
        while self._waiting:
            try:
                await self._write_all()
            except Unavailable as error:
                log.warning("waits_to_be_written_down", what=self._what, error=str(error), waiting=len(self._waiting))
                await self._clock.sleep_until(self._clock.now() + CATALOGUE_RETRY_S)

    async def _write_all(self) -> None:
        """Raises `Unavailable`, but for what the database will never take, which is left out."""
        while self._waiting:
            first = self._waiting[0]
            while first:
                try:
                    await first[0]()
                except Unavailable as error:
                    if error.retryable:
                        raise
                    log.exception("not_written_down", what=self._what)
                first.popleft()
            if self._waiting and self._waiting[0] is first:
                self._waiting.popleft()
