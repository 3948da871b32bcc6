"""The list of recordings in SQL: a `Catalogue`."""

import json
from collections.abc import Sequence
from dataclasses import asdict, replace

import msgspec
from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from telegraphone.database.engine import transaction, writing
from telegraphone.database.outbox import put_happenings
from telegraphone.database.searching import searched
from telegraphone.database.standings import locked
from telegraphone.database.summing import parts_of, read_parts, sum_up
from telegraphone.database.tables import parts
from telegraphone.domain.ids import CallUuid
from telegraphone.services.catalogue import PartQuery, PartRecord
from telegraphone.services.happenings import happened


class SqlCatalogue:
    """A `Catalogue` over any database that SQLAlchemy and our queries know."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def put(self, part: PartRecord) -> None:
        """See `Catalogue.put`."""
        async with writing(self._engine) as connection:
            known = await read_parts(connection, select(parts).where(parts.c.recording_id == part.recording_id))
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
            return await read_parts(connection, parts_of(tenant, call_uuid))

    async def parts_of_calls(self, tenant: str, call_uuids: Sequence[CallUuid]) -> tuple[tuple[PartRecord, ...], ...]:
        """See `Catalogue.parts_of_calls`."""
        wanted = select(parts).where(parts.c.tenant == tenant, parts.c.call_uuid.in_(call_uuids))
        async with transaction(self._engine) as connection:
            found = await read_parts(connection, wanted)
        return tuple(tuple(part for part in found if part.call_uuid == each) for each in call_uuids)

    async def find_calls(self, query: PartQuery, limit: int, offset: int) -> tuple[CallUuid, ...]:
        """See `Catalogue.find_calls`."""
        found = searched(query, self._engine.dialect.name, limit, offset)
        async with transaction(self._engine) as connection:
            return tuple(CallUuid(row.call_uuid) for row in await connection.execute(found))

    async def unfinished(self) -> tuple[PartRecord, ...]:
        """See `Catalogue.unfinished`."""
        async with transaction(self._engine) as connection:
            return await read_parts(connection, select(parts).where(parts.c.stopped_at.is_(None)))


def _to_row(part: PartRecord) -> dict[str, object]:
    plain = asdict(replace(part, history=(), user_data={}))
    texts = {"history": msgspec.json.encode(part.history).decode(), "user_data": json.dumps(dict(part.user_data))}
    return plain | texts
