"""The list of recordings in SQL: a `Catalogue`."""

import json
from collections.abc import Sequence
from dataclasses import asdict, fields, replace

import msgspec
from sqlalchemy import Row, Select, case, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from telegraphone.database.engine import transaction, writing
from telegraphone.database.outbox import put_happenings
from telegraphone.database.searching import searched
from telegraphone.database.standings import locked
from telegraphone.database.summary import Summary, summary
from telegraphone.database.tables import labels, parts, recordings, traits
from telegraphone.domain.ids import CallUuid
from telegraphone.services.catalogue import HistoryEntry, PartQuery, PartRecord
from telegraphone.services.happenings import happened

_HISTORY = msgspec.json.Decoder(tuple[HistoryEntry, ...])
_SUMMED_UP = tuple(field.name for field in fields(Summary) if field.name != "traits")


class SqlCatalogue:
    """A `Catalogue` over any database that SQLAlchemy and our queries know."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def put(self, part: PartRecord) -> None:
        """See `Catalogue.put`."""
        async with writing(self._engine) as connection:
            known = await _read(connection, select(parts).where(parts.c.recording_id == part.recording_id))
            await connection.execute(delete(parts).where(parts.c.recording_id == part.recording_id))
            await connection.execute(insert(parts).values(_to_row(part)))
            await put_happenings(connection, happened(known[0] if known else None, part))
            await sum_up(connection, part.tenant, part.call_uuid)

    async def change(self, part: PartRecord) -> bool:
        """See `Catalogue.change`."""
        async with writing(self._engine) as connection:
            if not await locked(connection, part.tenant, part.call_uuid):
                return False
            row = {name: value for name, value in _to_row(part).items() if name != "recording_id"}
            changed = await connection.execute(update(parts).where(parts.c.recording_id == part.recording_id).values(row))
            await sum_up(connection, part.tenant, part.call_uuid)
            return bool(changed.rowcount)

    async def parts_of_call(self, tenant: str, call_uuid: CallUuid) -> tuple[PartRecord, ...]:
        """See `Catalogue.parts_of_call`."""
        async with transaction(self._engine) as connection:
            return await _read(connection, _parts_of(tenant, call_uuid))

    async def parts_of_calls(self, tenant: str, call_uuids: Sequence[CallUuid]) -> tuple[tuple[PartRecord, ...], ...]:
        """See `Catalogue.parts_of_calls`."""
        wanted = select(parts).where(parts.c.tenant == tenant, parts.c.call_uuid.in_(call_uuids))
        async with transaction(self._engine) as connection:
            found = await _read(connection, wanted)
        return tuple(tuple(part for part in found if part.call_uuid == each) for each in call_uuids)

    async def find_calls(self, query: PartQuery, limit: int, offset: int) -> tuple[CallUuid, ...]:
        """See `Catalogue.find_calls`."""
        found = searched(query, self._engine.dialect.name, limit, offset)
        async with transaction(self._engine) as connection:
            return tuple(CallUuid(row.call_uuid) for row in await connection.execute(found))

    async def unfinished(self) -> tuple[PartRecord, ...]:
        """See `Catalogue.unfinished`."""
        async with transaction(self._engine) as connection:
            return await _read(connection, select(parts).where(parts.c.stopped_at.is_(None)))


async def sum_up(connection: AsyncConnection, tenant: str, call_uuid: str) -> None:
    """Sums the call's parts up for searches. A call has a handful of parts, so this is done anew each time; only what
    people have said of the recording, such as its protection, stays as it is."""
    its_own = (recordings.c.tenant == tenant, recordings.c.call_uuid == call_uuid)
    found = summary(await _read(connection, _parts_of(tenant, call_uuid)), await _labels(connection, tenant, call_uuid))
    values = {name: getattr(found, name) for name in _SUMMED_UP}
    # A recording that has gone on is kept from its new end.
    same = case((recordings.c.ended_at == found.ended_at, recordings.c.kept_from), else_=None)
    known = await connection.execute(update(recordings).where(*its_own).values({**values, "kept_from": same}))
    if known.rowcount == 0:
        row = {"tenant": tenant, "call_uuid": call_uuid, "non_delete": False, **values}
        await connection.execute(insert(recordings).values(row))
    await _put_traits(connection, tenant, call_uuid, found)


async def _put_traits(connection: AsyncConnection, tenant: str, call_uuid: str, found: Summary) -> None:
    its_own = (traits.c.tenant == tenant, traits.c.call_uuid == call_uuid)
    rows = await connection.execute(select(traits.c.kind, traits.c.value, traits.c.began_at).where(*its_own))
    kept = {(row.kind, row.value, row.began_at) for row in rows}
    wanted = {(kind, value, found.began_at) for kind, value in found.traits}
    if kept == wanted:
        return
    await connection.execute(delete(traits).where(*its_own))
    new = [
        {"tenant": tenant, "kind": kind, "value": value, "began_at": began_at, "call_uuid": call_uuid}
        for kind, value, began_at in sorted(wanted)
    ]
    if new:
        await connection.execute(insert(traits), new)


async def _labels(connection: AsyncConnection, tenant: str, call_uuid: str) -> dict[str, str]:
    asked = select(labels.c.name, labels.c.value).where(labels.c.tenant == tenant, labels.c.call_uuid == call_uuid)
    return {row.name: row.value for row in await connection.execute(asked.order_by(labels.c.name))}


def _parts_of(tenant: str, call_uuid: str) -> Select[tuple[object, ...]]:
    return select(parts).where(parts.c.tenant == tenant, parts.c.call_uuid == call_uuid)


async def _read(connection: AsyncConnection, wanted: Select[tuple[object, ...]]) -> tuple[PartRecord, ...]:
    rows = await connection.execute(wanted.order_by(parts.c.started_at, parts.c.recording_id))
    return tuple(_from_row(row) for row in rows)


def _to_row(part: PartRecord) -> dict[str, object]:
    plain = asdict(replace(part, history=(), user_data={}))
    texts = {"history": msgspec.json.encode(part.history).decode(), "user_data": json.dumps(dict(part.user_data))}
    return plain | texts


def _from_row(row: Row[tuple[object, ...]]) -> PartRecord:
    kept = dict(row._mapping)  # noqa: SLF001 -- the documented name of a row's mapping
    texts = {"history": _HISTORY.decode(kept["history"]), "user_data": json.loads(kept["user_data"])}
    return PartRecord(**{**kept, **texts})
