"""Keeps what recording clients say of the calls they copy to us, behind the calls' backs: no call waits for the database.

What was said while the database is away waits in memory, up to COPIES_BACKLOG_MAX; of the metadata beyond that only the
count is kept, and an alarm says so.
"""

import asyncio
from collections import deque
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from typing import Protocol

import structlog

from telegraphone.domain.copies import Copy, LinkNames
from telegraphone.domain.ids import CallUuid
from telegraphone.domain.legs import CopyDescribed
from telegraphone.limits import (
    COPIES_AT_ONCE,
    COPIES_BACKLOG_MAX,
    SNAPSHOTS_KEPT_EVERY,
    SNAPSHOTS_KEPT_MAX,
)
from telegraphone.services.catalogue import PartRecord
from telegraphone.services.later import keep_writing
from telegraphone.services.ports import Clock, Unavailable

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class KeptSnapshot:
    """One metadata document as it came, numbered from 1 within its call; `error` says why it could not be read."""

    tenant: str
    call_uuid: CallUuid
    number: int
    received_at: datetime
    content_type: str
    document: bytes
    error: str = ""


class CopyStore(Protocol):
    """Where copied calls are remembered. Those that share a link are one conversation."""

    async def put(self, *copies: Copy) -> None:
        """Adds the calls or replaces what is known of them; durable on return. Raises `Unavailable`, with nothing done."""

    async def add(self, *snapshots: KeptSnapshot) -> None:
        """Keeps documents; those of the same number are replaced. Durable on return. Raises `Unavailable`, with nothing
        done."""

    async def conversation(self, tenant: str, call_uuid: CallUuid) -> tuple[Copy, ...]:
        """All calls that are one conversation with this one, itself among them, in order of time; empty when it is none
        that was copied. Raises `Unavailable`."""

    async def snapshots(self, tenant: str, call_uuid: CallUuid) -> tuple[KeptSnapshot, ...]:
        """What is kept of the metadata of a call, in order. Raises `Unavailable`."""

    async def forget(self, tenant: str, call_uuid: CallUuid) -> None:
        """Erases all that is known of a call; durable on return. Raises `Unavailable`."""


class Copies:
    """The copied calls that live now, and the waiting line in front of the store."""

    def __init__(self, store: CopyStore, clock: Clock) -> None:
        self.store = store
        """Where they are remembered, for who reads."""
        self._clock = clock
        self._live: dict[CallUuid, Copy] = {}
        self._linked: dict[str, dict[CallUuid, None]] = {}
        self._links = LinkNames()
        self._changed: dict[CallUuid, Copy] = {}
        self._documents: deque[KeptSnapshot] = deque()
        self._lost: dict[tuple[str, CallUuid], datetime] = {}
        self._wake = asyncio.Event()

    def begun(self, call_uuid: CallUuid, tenant: str, client: str) -> None:
        """A call is copied to us from now on."""
        self._keep(Copy(call_uuid, tenant, client, self._clock.utc()))

    def told(self, call_uuid: CallUuid, said: CopyDescribed) -> None:
        """Its recording client has described it, or has ended it."""
        copy = self._live.get(call_uuid)
        if copy is None:
            return
        now = self._clock.utc()
        links = self._links.names(copy.tenant, copy.client, said.links, call_uuid)
        copy = replace(copy.described(said.parties, now), links=copy.links | links, facts={**copy.facts, **said.facts})
        for document in said.documents:
            copy = replace(copy, snapshots=copy.snapshots + 1)
            self._keep_document(
                KeptSnapshot(
                    *(copy.tenant, call_uuid, copy.snapshots, now),
                    *(document.content_type, document.content, document.error),
                )
            )
        if said.over:
            copy = copy.over(now)
            self._links.over(call_uuid)
        self._keep(copy)

    def recovered(self, part: PartRecord) -> None:
        """A part was ended that no call has any more: the copy that a lost node made was over with it."""
        if part.stopped_at is not None and part.call_uuid not in self._live:
            self._lost[part.tenant, part.call_uuid] = part.stopped_at
            self._wake.set()

    def companions(self, call_uuid: CallUuid) -> tuple[CallUuid, ...]:
        """Other copies of the same conversation that are being made now: what must not be in one must be in none."""
        mine = self._live.get(call_uuid)
        return () if mine is None else tuple(uuid for uuid in self._of(mine.links) if uuid != call_uuid)

    def linked(self, links: frozenset[str]) -> tuple[CallUuid, ...]:
        """The copies being made now of the conversations of these names."""
        return tuple(self._of(links))

    def named(self, tenant: str, client: str, ids: frozenset[str]) -> frozenset[str]:
        """The names of the conversations that a client calls by these ids, as far as a copy may have had them."""
        return self._links.known(tenant, client, ids)

    def links(self, call_uuid: CallUuid) -> frozenset[str]:
        """The names of the conversation of a copy that is being made."""
        copy = self._live.get(call_uuid)
        return frozenset() if copy is None else copy.links

    def _of(self, links: frozenset[str]) -> dict[CallUuid, None]:
        return {uuid: None for link in links for uuid in self._linked.get(link, ())}

    async def run(self) -> None:
        """Writes for ever; cancel to stop, then `flush`."""
        await keep_writing(self._wake, self._write_all, self._clock)

    async def flush(self) -> None:
        """Writes what waits, once."""
        await self._write_all()

    def _keep(self, copy: Copy) -> None:
        if copy.ended_at is None:
            self._live[copy.call_uuid] = copy
            for link in copy.links:
                self._linked.setdefault(link, {})[copy.call_uuid] = None
        else:
            self._live.pop(copy.call_uuid, None)
            self._unlink(copy)
        if copy.call_uuid not in self._changed and len(self._changed) >= COPIES_BACKLOG_MAX:
            log.error("copies_backlog_full", call=copy.call_uuid)
            return
        self._changed[copy.call_uuid] = copy
        self._wake.set()

    def _unlink(self, copy: Copy) -> None:
        for link in copy.links:
            linked = self._linked.get(link, {})
            linked.pop(copy.call_uuid, None)
            if not linked:
                self._linked.pop(link, None)

    def _keep_document(self, snapshot: KeptSnapshot) -> None:
        """A client that never stops describing has its last word kept in one place beyond the limit."""
        beyond = snapshot.number - SNAPSHOTS_KEPT_MAX
        if beyond > 0 and beyond % SNAPSHOTS_KEPT_EVERY:
            snapshot = replace(snapshot, number=snapshot.number - beyond % SNAPSHOTS_KEPT_EVERY + SNAPSHOTS_KEPT_EVERY)
        if len(self._documents) >= COPIES_BACKLOG_MAX:
            log.error("snapshots_backlog_full", call=snapshot.call_uuid)
            return
        self._documents.append(snapshot)
        self._wake.set()

    async def _write_all(self) -> bool:
        try:
            while self._lost:
                (tenant, call_uuid), at = next(iter(self._lost.items()))
                known = await self.store.conversation(tenant, call_uuid)
                await self.store.put(*(each.over(at) for each in known if (each.call_uuid, each.ended_at) == (call_uuid, None)))
                del self._lost[tenant, call_uuid]
            while self._changed:
                written = tuple(islice(self._changed.values(), COPIES_AT_ONCE))
                await self.store.put(*written)
                for copy in written:
                    if self._changed.get(copy.call_uuid) is copy:
                        del self._changed[copy.call_uuid]
            while self._documents:
                kept = tuple(islice(self._documents, COPIES_AT_ONCE))
                await self.store.add(*kept)
                for _ in kept:
                    self._documents.popleft()
        except Unavailable as error:
            log.error("copies_unavailable", error=str(error), waiting=len(self._changed) + len(self._documents) + len(self._lost))
            return False
        return True
