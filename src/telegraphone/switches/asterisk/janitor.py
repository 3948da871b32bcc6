"""Deletes at Asterisk what is no longer wanted there, now or as soon as Asterisk can be reached."""

import asyncio
from collections import deque
from typing import Final

from telegraphone.limits import ARI_CONDEMNED_MAX
from telegraphone.services.ports import Unavailable
from telegraphone.switches.asterisk.link import AriLink
from telegraphone.wire.ari import requests
from telegraphone.wire.ari.requests import AriRequest

BRIDGE: Final = "bridge"
"""The kind in the ids of bridges; everything else is a channel."""


class Janitor:
    """`owned` are the channels and bridges that we made besides legs, and want; whatever else is named as ours may go."""

    def __init__(self, name: str, link: AriLink) -> None:
        self.owned: set[str] = set()
        self._name = name
        self._link = link
        self._condemned: deque[str] = deque(maxlen=ARI_CONDEMNED_MAX)
        self._work = asyncio.Event()
        self._clearing = asyncio.Lock()

    def condemn(self, *ids: str) -> None:
        """These are no longer wanted, and are deleted soon."""
        for each in ids:
            self.owned.discard(each)
            self._condemned.append(each)
        self._work.set()

    async def delete(self, *ids: str) -> None:
        """The same, and returns when they are gone, or Asterisk cannot be asked now."""
        for each in ids:
            self.owned.discard(each)
        await asyncio.gather(*map(self._delete, ids))

    def retry(self) -> None:
        """Asterisk is there again."""
        self._work.set()

    async def run(self) -> None:
        """Deletes what is condemned, for ever."""
        while True:
            await self._work.wait()
            self._work.clear()
            await self.clear()

    async def clear(self) -> None:
        """Deletes all that is condemned; stops where Asterisk cannot be asked."""
        async with self._clearing:
            while self._condemned:
                doomed = self._condemned.popleft()
                try:
                    await self._link.do(_end_of(doomed))
                except Unavailable:
                    self._condemned.appendleft(doomed)
                    return

    async def _delete(self, doomed: str) -> None:
        try:
            await self._link.do(_end_of(doomed))
        except BaseException as error:
            self.condemn(doomed)
            if not isinstance(error, Unavailable):
                raise


def _end_of(doomed: str) -> AriRequest:
    return requests.destroy_bridge(doomed) if doomed.split(".")[-2:-1] == [BRIDGE] else requests.hang_up(doomed)
