"""For how long the machine stood still, as far as a test's own process was kept from running."""

import asyncio
import time
from typing import Final, Self

_LOOK_S: Final = 0.02
_LATE_S: Final = 0.05
"""Less is the ordinary unrest of a busy machine."""


class Stalls:
    """For how many seconds, altogether, this loop had no turn while the block ran."""

    def __init__(self) -> None:
        self.seconds = 0.0

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._watch())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        await asyncio.wait([self._task])

    async def _watch(self) -> None:
        while True:
            looked = time.monotonic()
            await asyncio.sleep(_LOOK_S)
            late = time.monotonic() - looked - _LOOK_S
            self.seconds += late if late > _LATE_S else 0.0
