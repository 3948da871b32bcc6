"""The list of recordings in SQL: a `Catalogue`."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from itertools import groupby
from operator import itemgetter

import msgspec
from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from telegraphone.database.engine import transaction, writing
from telegraphone.database.outbox import put_happenings, put_unstored
from telegraphone.database.searching import find
from telegraphone.database.standings import locked
from telegraphone.database.summing import parts_of, read_parts, sum_up
from telegraphone.database.tables import parts
from telegraphone.domain.ids import CallUuid
from telegraphone.services.catalogue import PartQuery, PartRecord
from telegraphone.services.happenings import Happening, Kind, happened


class SqlCatalogue:
    """A `Catalogue` over any database that SQLAlchemy and our queries know."""

    def __init__(self, engine: AsyncEngine, *, sent_on: bool = False) -> None:
        """`sent_on`: recordings are not kept where they are made, and `Outbox.stored` says when one has arrived."""
        self._engine = engine
        self._sent_on = sent_on
        # A search asks several times, all of the list as it was at one moment.
        still = {"isolation_level": "REPEATABLE READ"} if engine.dialect.name == "postgresql" else {}
        self._searched = engine.execution_options(**still)

    async def put(self, *put: PartRecord) -> None:
        """See `Catalogue.put`."""
        newest = {part.recording_id: part for part in put}
        same = parts.c.recording_id.in_(newest)
        async with writing(self._engine) as connection:
            known = {part.recording_id: part for part in await read_parts(connection, select(parts).where(same))}
            news: list[Happening] = []
            for part in put:
                news += happened(known.get(part.recording_id), part)
                known[part.recording_id] = part
            await connection.execute(delete(parts).where(same))
            await connection.execute(insert(parts), [_to_row(part) for part in newest.values()])
            for tenant, calls in _by_tenant(put):
                await sum_up(connection, tenant, calls)
            await put_unstored(connection, [each for each in news if self._waits(each)])
            await put_happenings(connection, [each for each in news if not self._waits(each)])

    def _waits(self, happening: Happening) -> bool:
        return self._sent_on and happening.kind is Kind.STORED

    async def change(self, part: PartRecord) -> bool:
        """See `Catalogue.change`."""
        async with writing(self._engine) as connection:
            if not await locked(connection, part.tenant, part.call_uuid):
                return False
            row = {name: value for name, value in _to_row(part).items() if name != "recording_id"}
            changed = await connection.execute(update(parts).where(parts.c.recording_id == part.recording_id).values(row))
            await sum_up(connection, part.tenant, (part.call_uuid,))
            return bool(changed.rowcount)

    async def parts_of_call(self, tenant: str, call_uuid: CallUuid) -> tuple[PartRecord, ...]:
        """See `Catalogue.parts_of_call`."""
        async with transaction(self._engine) as connection:
            return await read_parts(connection, parts_of(tenant, (call_uuid,)))

    async def parts_of_calls(self, tenant: str, call_uuids: Sequence[CallUuid]) -> tuple[tuple[PartRecord, ...], ...]:
        """See `Catalogue.parts_of_calls`."""
        of_call: dict[CallUuid, list[PartRecord]] = {}
        async with transaction(self._engine) as connection:
            for part in await read_parts(connection, parts_of(tenant, call_uuids)):
                of_call.setdefault(part.call_uuid, []).append(part)
        return tuple(tuple(of_call.get(each, ())) for each in call_uuids)

    async def find_calls(self, query: PartQuery, limit: int, offset: int) -> tuple[CallUuid, ...]:
        """See `Catalogue.find_calls`."""
        async with transaction(self._searched) as connection:
            return await find(connection, query, limit, offset)

    async def unfinished(self) -> tuple[PartRecord, ...]:
        """See `Catalogue.unfinished`."""
        async with transaction(self._engine) as connection:
            return await read_parts(connection, select(parts).where(parts.c.stopped_at.is_(None)))


def _by_tenant(put: Sequence[PartRecord]) -> Iterator[tuple[str, list[CallUuid]]]:
    """The calls of each tenant, in one order everywhere, so that two who write many do not wait for each other."""
    calls = sorted({(part.tenant, part.call_uuid) for part in put})
    for tenant, of_tenant in groupby(calls, key=itemgetter(0)):
        yield tenant, [call_uuid for _, call_uuid in of_tenant]


def _to_row(part: PartRecord) -> dict[str, object]:
    plain = asdict(replace(part, history=(), user_data={}))
    texts = {"history": msgspec.json.encode(part.history).decode(), "user_data": json.dumps(dict(part.user_data))}
    return plain | texts
