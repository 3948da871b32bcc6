"""What searches find of a recording, summed up from its parts in the database."""

import json
from dataclasses import fields

import msgspec
from sqlalchemy import Row, Select, case, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from telegraphone.database.summary import Summary, summary
from telegraphone.database.tables import CLAIMED, labels, parts, recordings, traits
from telegraphone.services.catalogue import HistoryEntry, PartRecord

_HISTORY = msgspec.json.Decoder(tuple[HistoryEntry, ...])
_SUMMED_UP = tuple(field.name for field in fields(Summary) if field.name != "traits")


async def sum_up(connection: AsyncConnection, tenant: str, call_uuid: str) -> None:
    """Sums the call's parts up for searches. A call has a handful of parts, so this is done anew each time; only what
    people have said of the recording, such as its protection, stays as it is, and that it is claimed for its end."""
    its_own = (recordings.c.tenant == tenant, recordings.c.call_uuid == call_uuid)
    found = summary(await read_parts(connection, parts_of(tenant, call_uuid)), await _labels(connection, tenant, call_uuid))
    values = {name: getattr(found, name) for name in _SUMMED_UP}
    # A recording that has gone on is kept from its new end.
    same = case((recordings.c.ended_at == found.ended_at, recordings.c.kept_from), else_=None)
    state = case((recordings.c.state == CLAIMED, CLAIMED), else_=found.state)
    summed_up = update(recordings).where(*its_own).values({**values, "kept_from": same, "state": state})
    known = await connection.execute(summed_up)
    if known.rowcount == 0:
        row = {"tenant": tenant, "call_uuid": call_uuid, "non_delete": False, **values}
        await connection.execute(insert(recordings).values(row))
    await _put_traits(connection, tenant, call_uuid, found)


async def renounce(connection: AsyncConnection, tenant: str, call_uuid: str) -> None:
    """A recording that was claimed for its end is an ordinary one again."""
    known = await read_parts(connection, parts_of(tenant, call_uuid))
    if not known:
        return
    found = summary(known, {})
    claimed = (recordings.c.tenant == tenant, recordings.c.call_uuid == call_uuid, recordings.c.state == CLAIMED)
    await connection.execute(update(recordings).where(*claimed).values(state=found.state))


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


def parts_of(tenant: str, call_uuid: str) -> Select[tuple[object, ...]]:
    """Asks for the parts of a call."""
    return select(parts).where(parts.c.tenant == tenant, parts.c.call_uuid == call_uuid)


async def read_parts(connection: AsyncConnection, wanted: Select[tuple[object, ...]]) -> tuple[PartRecord, ...]:
    """The parts that are asked for, in order of time."""
    rows = await connection.execute(wanted.order_by(parts.c.started_at, parts.c.recording_id))
    return tuple(_from_row(row) for row in rows)


def _from_row(row: Row[tuple[object, ...]]) -> PartRecord:
    kept = dict(row._mapping)  # noqa: SLF001 -- the documented name of a row's mapping
    texts = {"history": _HISTORY.decode(kept["history"]), "user_data": json.loads(kept["user_data"])}
    return PartRecord(**{**kept, **texts})
