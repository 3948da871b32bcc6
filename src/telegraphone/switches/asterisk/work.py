"""Work at Asterisk that follows from events and that nobody waits for."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import ParamSpec

import structlog

from telegraphone.services.ports import Unavailable

log = structlog.get_logger()

P = ParamSpec("P")


class Work:
    """Tasks beside everything else, in the group they were attached to."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._group: asyncio.TaskGroup | None = None
        self._running: set[asyncio.Task[None]] = set()

    def attach(self, group: asyncio.TaskGroup) -> None:
        """Where it goes on, until the group ends."""
        self._group = group

    def spawn(
        self, work: Callable[P, Coroutine[object, object, None]], *args: P.args, **named: P.kwargs
    ) -> "asyncio.Future[None]":
        """Begins it; that Asterisk cannot do it is logged, and so is a bug, which ends nothing else. Once the group ends nothing
        is begun any more: what that leaves behind at Asterisk is cleared away by who connects next."""
        assert self._group is not None, "start() comes first"
        # The work itself is called by the task: one that is cancelled before its first step must leave nothing behind.
        begun = self._logged(lambda: work(*args, **named))
        try:
            task = self._group.create_task(begun)
        except RuntimeError:
            begun.close()
            ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            ended.set_result(None)
            return ended
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task

    async def outlasting(self, work: Callable[P, Coroutine[object, object, None]], *args: P.args, **named: P.kwargs) -> None:
        """Raises what the work does; it goes on when nobody waits here any more."""
        outcome: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        async def told() -> None:
            try:
                await work(*args, **named)
            except Unavailable as error:
                if outcome.done():
                    raise
                outcome.set_exception(error)

        def ended(_: "asyncio.Future[None]") -> None:
            if not outcome.done():
                outcome.set_result(None)

        self.spawn(told).add_done_callback(ended)
        await outcome

    async def done(self) -> None:
        """Returns when none is left."""
        while self._running:
            await asyncio.wait(self._running)

    async def _logged(self, work: Callable[[], Coroutine[object, object, None]]) -> None:
        try:
            await work()
        except Unavailable as error:
            log.warning("asterisk_did_not", asterisk=self._name, error=str(error))
        except Exception:
            log.exception("asterisk_work_crashed", asterisk=self._name)
