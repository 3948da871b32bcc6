"""Work at Asterisk that follows from events and that nobody waits for."""

import asyncio
from collections.abc import Coroutine

import structlog

from telegraphone.services.ports import Unavailable

log = structlog.get_logger()


class Work:
    """Tasks beside everything else, in the group they were attached to."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._group: asyncio.TaskGroup | None = None
        self._running: set[asyncio.Task[None]] = set()

    def attach(self, group: asyncio.TaskGroup) -> None:
        """Where it goes on."""
        self._group = group

    def spawn(self, work: Coroutine[object, object, None]) -> "asyncio.Task[None]":
        """Begins it; that Asterisk cannot do it is logged."""
        assert self._group is not None, "start() comes first"
        task = self._group.create_task(self._logged(work))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task

    async def done(self) -> None:
        """Returns when none is left."""
        while self._running:
            await asyncio.wait(self._running)

    async def _logged(self, work: Coroutine[object, object, None]) -> None:
        try:
            await work
        except Unavailable as error:
            log.warning("asterisk_did_not", asterisk=self._name, error=str(error))
