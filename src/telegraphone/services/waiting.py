"""Waits for answers no longer than agreed, on the same clock as everything else, so that tests need not wait."""

import asyncio
from collections.abc import Coroutine
from typing import TypeVar

from telegraphone.services.ports import Clock, Unavailable

T = TypeVar("T")


class Limit:
    """A time by which everything one operation asks of the world must have been answered."""

    def __init__(self, clock: Clock, seconds: float) -> None:
        self._clock = clock
        self._seconds = seconds
        self._deadline = clock.now() + seconds

    async def answer(self, port: str, asked: Coroutine[object, object, T]) -> T:
        """What `asked` returns or raises. If the limit passes first it is cancelled and `Unavailable(port)` raised:
        whether it took effect is then unknown."""
        # Both are awaited just below; what is late is cancelled and its end looked at by `_swallow`.
        work = asyncio.create_task(asked)
        # As above.
        limit = asyncio.create_task(self._clock.sleep_until(self._deadline))
        try:
            await asyncio.wait({work, limit}, return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                return work.result()
        finally:
            # Whoever waits here may be cancelled in the moment in which the answer comes: its end is looked at all the same.
            limit.cancel()
            work.cancel()
            work.add_done_callback(_swallow)
        raise Unavailable(port, f"no answer within {self._seconds} s")


def _swallow(late: "asyncio.Task[T]") -> None:
    if not late.cancelled():
        late.exception()
