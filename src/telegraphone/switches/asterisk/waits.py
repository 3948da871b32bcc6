"""Waiting for what Asterisk tells of channels that were just asked for, or ended."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from telegraphone.limits import ARI_STARTED_S

log = structlog.get_logger()


class Waits:
    """Who waits for which channel. Events can get lost, so nobody waits for ever: what comes next is tried all the same."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._started: dict[str, asyncio.Event] = {}
        self._ended: dict[str, asyncio.Event] = {}

    @contextmanager
    def start(self, ari_id: str) -> Iterator[asyncio.Event]:
        """While this lasts, the channel's beginning can be waited for; to be entered before it is asked for."""
        told = self._started[ari_id] = asyncio.Event()
        try:
            yield told
        finally:
            del self._started[ari_id]

    @contextmanager
    def end(self, ari_id: str) -> Iterator[asyncio.Event]:
        """The same for its end."""
        told = self._ended[ari_id] = asyncio.Event()
        try:
            yield told
        finally:
            del self._ended[ari_id]

    async def until(self, told: asyncio.Event) -> None:
        """Returns when it was told, or is not told in time."""
        try:
            async with asyncio.timeout(ARI_STARTED_S):
                await told.wait()
        except TimeoutError:
            log.warning("event_missed", asterisk=self._name)

    def has_started(self, ari_id: str) -> bool:
        """A channel is in our application; whether somebody waited for it."""
        told = self._started.get(ari_id)
        if told is not None:
            told.set()
        return told is not None

    def has_ended(self, ari_id: str) -> None:
        """A channel is gone."""
        if told := self._ended.get(ari_id):
            told.set()
