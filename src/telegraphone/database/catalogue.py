"""The list of recordings in SQL: a `Catalogue`."""

from dataclasses import asdict, replace

import msgspec
from sqlalchemy import ColumnElement, Row, Select, and_, delete, exists, insert, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from telegraphone.database.engine import transaction
from telegraphone.database.matching import compared, compared_pattern, glob
from telegraphone.database.tables import parts, recordings
from telegraphone.domain.ids import CallUuid
from telegraphone.services.ports import HistoryEntry, PartQuery, PartRecord

_HISTORY = msgspec.json.Decoder(tuple[HistoryEntry, ...])


class SqlCatalogue:
    """A `Catalogue` over any database that SQLAlchemy and our queries know."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def put(self, part: PartRecord) -> None:
        """See `Catalogue.put`."""
        async with transaction(self._engine) as connection:
            await connection.execute(delete(parts).where(parts.c.recording_id == part.recording_id))
            await connection.execute(insert(parts).values(_to_row(part)))
            await _note_recording(connection, part.call_uuid)

    async def parts_of_call(self, call_uuid: CallUuid) -> tuple[PartRecord, ...]:
        """See `Catalogue.parts_of_call`."""
        return await self._read(select(parts).where(parts.c.call_uuid == call_uuid))

    async def find_calls(self, query: PartQuery, limit: int, offset: int) -> tuple[CallUuid, ...]:
        """See `Catalogue.find_calls`."""
        found = (
            select(recordings.c.call_uuid)
            .where(recordings.c.findable, *_conditions(query))
            .order_by(recordings.c.began_at.desc(), recordings.c.call_uuid)
            .limit(limit)
            .offset(offset)
        )
        async with transaction(self._engine) as connection:
            return tuple(CallUuid(row.call_uuid) for row in await connection.execute(found))

    async def unfinished(self) -> tuple[PartRecord, ...]:
        """See `Catalogue.unfinished`."""
        return await self._read(select(parts).where(parts.c.stopped_at.is_(None)))

    async def _read(self, wanted: Select[tuple[object, ...]]) -> tuple[PartRecord, ...]:
        async with transaction(self._engine) as connection:
            rows = await connection.execute(wanted.order_by(parts.c.started_at, parts.c.recording_id))
            return tuple(_from_row(row) for row in rows)


async def _note_recording(connection: AsyncConnection, call_uuid: CallUuid) -> None:
    """Sums the call's parts up for searches. A call has a handful of parts, so this is done anew each time."""
    rows = (await connection.execute(select(parts).where(parts.c.call_uuid == call_uuid).order_by(parts.c.started_at))).all()
    first = rows[0]
    await connection.execute(delete(recordings).where(recordings.c.call_uuid == call_uuid))
    await connection.execute(
        insert(recordings).values(
            call_uuid=call_uuid,
            began_at=first.started_at,
            ani_compared=compared(first.ani),
            dnis_compared=compared(first.dnis),
            findable=any(row.stopped_at is not None for row in rows),
        )
    )


def _conditions(query: PartQuery) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if query.call_uuid is not None:
        conditions.append(recordings.c.call_uuid == query.call_uuid)
    if query.ani is not None:
        conditions.append(_like(recordings.c.ani_compared, compared_pattern(query.ani)))
    if query.dnis is not None:
        conditions.append(_like(recordings.c.dnis_compared, compared_pattern(query.dnis)))
    if query.started_from is not None:
        conditions.append(recordings.c.began_at >= query.started_from)
    if query.started_before is not None:
        conditions.append(recordings.c.began_at < query.started_before)
    if query.after is not None:
        began_at, call_uuid = query.after
        same_time = and_(recordings.c.began_at == began_at, recordings.c.call_uuid > call_uuid)
        conditions.append(or_(recordings.c.began_at < began_at, same_time))
    if query.user_name is not None:
        by_user = and_(parts.c.call_uuid == recordings.c.call_uuid, _like(parts.c.user_name, query.user_name))
        conditions.append(exists().where(by_user))
    return conditions


def _like(column: ColumnElement[str], pattern: str) -> ColumnElement[bool]:
    """Case counts, which is why this is GLOB: SQLite's LIKE ignores it. Without a `*` an index can be used."""
    if "*" not in pattern:
        return column == pattern
    return column.op("GLOB", is_comparison=True)(glob(pattern))


def _to_row(part: PartRecord) -> dict[str, object]:
    return {**asdict(replace(part, history=())), "history": msgspec.json.encode(part.history).decode()}


def _from_row(row: Row[tuple[object, ...]]) -> PartRecord:
    fields = dict(row._mapping)  # noqa: SLF001 -- the documented name of a row's mapping
    return PartRecord(**{**fields, "history": _HISTORY.decode(fields["history"])})
