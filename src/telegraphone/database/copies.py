"""Copied calls in SQL: a `CopyStore`. The conversation of a call is a column, named after the call it began with."""

from dataclasses import asdict

import msgspec
from sqlalchemy import Table, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from telegraphone.database.engine import transaction, writing
from telegraphone.database.tables import copies, copy_links, snapshots
from telegraphone.domain.copies import Copy, Presence
from telegraphone.domain.ids import CallUuid
from telegraphone.services.copies import KeptSnapshot

_PARTIES = msgspec.json.Decoder(tuple[Presence, ...])
_FACTS = msgspec.json.Decoder(dict[str, str])
_TURN = 7_866
"""The number of the lock behind which nodes put copies into one PostgreSQL database."""


class SqlCopies:
    """A `CopyStore` over any database that SQLAlchemy and our queries know."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def put(self, *given: Copy) -> None:
        """See `CopyStore.put`."""
        async with writing(self._engine) as connection:
            if self._engine.dialect.name == "postgresql":
                # Of two nodes that put two halves of a conversation in one moment neither would see the other's.
                await connection.execute(select(func.pg_advisory_xact_lock(_TURN)))
            for copy in given:
                await _put(connection, copy)

    async def add(self, *given: KeptSnapshot) -> None:
        """See `CopyStore.add`."""
        async with writing(self._engine) as connection:
            for each in given:
                same = (snapshots.c.tenant == each.tenant, snapshots.c.call_uuid == each.call_uuid)
                await connection.execute(delete(snapshots).where(*same, snapshots.c.number == each.number))
            rows = {(each.tenant, each.call_uuid, each.number): asdict(each) for each in given}
            await connection.execute(insert(snapshots), list(rows.values()))

    async def conversation(self, tenant: str, call_uuid: CallUuid) -> tuple[Copy, ...]:
        """See `CopyStore.conversation`."""
        mine = select(copies.c.conversation).where(copies.c.tenant == tenant, copies.c.call_uuid == call_uuid).scalar_subquery()
        of_it = select(copies).where(copies.c.tenant == tenant, copies.c.conversation == mine)
        wanted = of_it.order_by(copies.c.began_at, copies.c.call_uuid)
        async with transaction(self._engine) as connection:
            rows = (await connection.execute(wanted)).all()
            uuids = [row.call_uuid for row in rows]
            found = await connection.execute(
                select(copy_links).where(copy_links.c.tenant == tenant, copy_links.c.call_uuid.in_(uuids))
            )
            links: dict[str, set[str]] = {}
            for row in found:
                links.setdefault(row.call_uuid, set()).add(row.link)
        return tuple(
            Copy(
                call_uuid=CallUuid(row.call_uuid),
                tenant=row.tenant,
                client=row.client,
                began_at=row.began_at,
                ended_at=row.ended_at,
                links=frozenset(links.get(row.call_uuid, ())),
                parties=_PARTIES.decode(row.parties),
                facts=_FACTS.decode(row.facts),
                snapshots=row.snapshots,
            )
            for row in rows
        )

    async def snapshots(self, tenant: str, call_uuid: CallUuid) -> tuple[KeptSnapshot, ...]:
        """See `CopyStore.snapshots`."""
        of_it = select(snapshots).where(snapshots.c.tenant == tenant, snapshots.c.call_uuid == call_uuid)
        wanted = of_it.order_by(snapshots.c.number)
        async with transaction(self._engine) as connection:
            rows = await connection.execute(wanted)
            return tuple(KeptSnapshot(**row) for row in rows.mappings())

    async def forget(self, tenant: str, call_uuid: CallUuid) -> None:
        """See `CopyStore.forget`."""
        async with transaction(self._engine) as connection:
            await _erase(connection, (snapshots, copy_links, copies), tenant, call_uuid)


async def _put(connection: AsyncConnection, copy: Copy) -> None:
    conversation = await _joined(connection, copy)
    await _erase(connection, (copy_links, copies), copy.tenant, copy.call_uuid)
    await connection.execute(
        insert(copies).values(
            call_uuid=copy.call_uuid,
            conversation=conversation,
            tenant=copy.tenant,
            client=copy.client,
            began_at=copy.began_at,
            ended_at=copy.ended_at,
            parties=msgspec.json.encode(copy.parties).decode(),
            facts=msgspec.json.encode(dict(copy.facts)).decode(),
            snapshots=copy.snapshots,
        )
    )
    if copy.links:
        rows = [{"link": link, "tenant": copy.tenant, "call_uuid": copy.call_uuid} for link in sorted(copy.links)]
        await connection.execute(insert(copy_links), rows)


async def _erase(connection: AsyncConnection, tables: tuple[Table, ...], tenant: str, call_uuid: CallUuid) -> None:
    for table in tables:
        await connection.execute(delete(table).where(table.c.tenant == tenant, table.c.call_uuid == call_uuid))


async def _joined(connection: AsyncConnection, copy: Copy) -> str:
    """The conversation of a call: the earliest of those it is linked with, which become one by it."""
    linked = select(copy_links.c.call_uuid).where(copy_links.c.tenant == copy.tenant, copy_links.c.link.in_(copy.links))
    known = select(copies.c.conversation, copies.c.began_at).where(
        copies.c.tenant == copy.tenant, copies.c.call_uuid.in_(linked) | (copies.c.call_uuid == copy.call_uuid)
    )
    rows = (await connection.execute(known.order_by(copies.c.began_at, copies.c.call_uuid))).all()
    if not rows:
        return copy.call_uuid
    first: str = rows[0].conversation
    others = {row.conversation for row in rows} - {first}
    if others:
        theirs = (copies.c.tenant == copy.tenant, copies.c.conversation.in_(others))
        await connection.execute(update(copies).where(*theirs).values(conversation=first))
    return first
