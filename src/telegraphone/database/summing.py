"""What searches find of a recording, summed up from its parts in the database."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import datetime

import msgspec
from sqlalchemy import Row, RowMapping, Select, bindparam, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from telegraphone.database.summary import Summary, summary
from telegraphone.database.tables import CLAIMED, labels, parts, recordings, traits
from telegraphone.services.catalogue import HistoryEntry, PartRecord

_HISTORY = msgspec.json.Decoder(tuple[HistoryEntry, ...])
_SUMMED_UP = tuple(field.name for field in fields(Summary) if field.name != "traits")


async def sum_up(connection: AsyncConnection, tenant: str, call_uuids: Sequence[str]) -> None:
    """Sums these calls' parts up for searches, in a few statements however many there are. A call has a handful of parts, so
    this is done anew each time; only what people have said of the recording, such as its protection, stays as it is, and
    that it is claimed for its end."""
    its_own = (recordings.c.tenant == tenant, recordings.c.call_uuid.in_(call_uuids))
    # In one order, so that two who write many at once do not wait for each other.
    asked = select(recordings.c.call_uuid, recordings.c.ended_at, recordings.c.kept_from, recordings.c.state).where(*its_own)
    rows = await connection.execute(asked.order_by(recordings.c.call_uuid).with_for_update())
    known = {row["call_uuid"]: row for row in rows.mappings()}
    labels_of = await _labels(connection, tenant, call_uuids)
    parts_by_call: dict[str, list[PartRecord]] = {}
    for part in await read_parts(connection, parts_of(tenant, call_uuids)):
        parts_by_call.setdefault(part.call_uuid, []).append(part)
    found = {each: summary(of_call, labels_of.get(each)) for each, of_call in parts_by_call.items()}
    new = [_row(tenant, each, summed) | {"non_delete": False} for each, summed in found.items() if each not in known]
    old = [_changed(tenant, summed, known[each]) for each, summed in found.items() if each in known]
    if new:
        await connection.execute(insert(recordings), new)
    if old:
        same = (recordings.c.tenant == bindparam("its_tenant"), recordings.c.call_uuid == bindparam("its_call"))
        await connection.execute(update(recordings).where(*same), old)
    await _put_traits(connection, tenant, found)


def _row(tenant: str, call_uuid: str, found: Summary) -> dict[str, object]:
    return {"tenant": tenant, "call_uuid": call_uuid, **{name: getattr(found, name) for name in _SUMMED_UP}}


def _changed(tenant: str, found: Summary, known: RowMapping) -> dict[str, object]:
    values = {name: getattr(found, name) for name in _SUMMED_UP}
    # A recording that has gone on is kept from its new end.
    kept_from = known["kept_from"] if known["ended_at"] == found.ended_at else None
    state = CLAIMED if known["state"] == CLAIMED else found.state
    return {**values, "kept_from": kept_from, "state": state, "its_tenant": tenant, "its_call": known["call_uuid"]}


async def renounce(connection: AsyncConnection, tenant: str, call_uuid: str) -> None:
    """A recording that was claimed for its end is an ordinary one again."""
    known = await read_parts(connection, parts_of(tenant, (call_uuid,)))
    if not known:
        return
    found = summary(known, {})
    claimed = (recordings.c.tenant == tenant, recordings.c.call_uuid == call_uuid, recordings.c.state == CLAIMED)
    await connection.execute(update(recordings).where(*claimed).values(state=found.state))


async def _put_traits(connection: AsyncConnection, tenant: str, found: Mapping[str, Summary]) -> None:
    """Only of recordings that have others than before: most of what is written changes none."""
    its_own = (traits.c.tenant == tenant, traits.c.call_uuid.in_(found))
    rows = await connection.execute(select(traits.c.kind, traits.c.value, traits.c.began_at, traits.c.call_uuid).where(*its_own))
    kept: dict[str, set[tuple[str, str, datetime]]] = {}
    for row in rows:
        kept.setdefault(row.call_uuid, set()).add((row.kind, row.value, row.began_at))
    wanted = {each: {(*trait, summed.began_at) for trait in summed.traits} for each, summed in found.items()}
    changed = [each for each in wanted if wanted[each] != kept.get(each, set())]
    gone = [each for each in changed if each in kept]
    if gone:
        await connection.execute(delete(traits).where(traits.c.tenant == tenant, traits.c.call_uuid.in_(gone)))
    new = [
        {"tenant": tenant, "kind": kind, "value": value, "began_at": began_at, "call_uuid": each}
        for each in changed
        for kind, value, began_at in sorted(wanted[each])
    ]
    if new:
        await connection.execute(insert(traits), new)


async def _labels(connection: AsyncConnection, tenant: str, call_uuids: Sequence[str]) -> dict[str, dict[str, str]]:
    asked = select(labels.c.call_uuid, labels.c.name, labels.c.value)
    its_own = (labels.c.tenant == tenant, labels.c.call_uuid.in_(call_uuids))
    found: dict[str, dict[str, str]] = {}
    for row in await connection.execute(asked.where(*its_own).order_by(labels.c.name)):
        found.setdefault(row.call_uuid, {})[row.name] = row.value
    return found


def parts_of(tenant: str, call_uuids: Sequence[str]) -> Select[tuple[object, ...]]:
    """Asks for the parts of calls."""
    return select(parts).where(parts.c.tenant == tenant, parts.c.call_uuid.in_(call_uuids))


async def read_parts(connection: AsyncConnection, wanted: Select[tuple[object, ...]]) -> tuple[PartRecord, ...]:
    """The parts that are asked for, in order of time."""
    rows = await connection.execute(wanted.order_by(parts.c.started_at, parts.c.recording_id))
    return tuple(_from_row(row) for row in rows)


def _from_row(row: Row[tuple[object, ...]]) -> PartRecord:
    kept = dict(row._mapping)  # noqa: SLF001 -- the documented name of a row's mapping
    texts = {"history": _HISTORY.decode(kept["history"]), "user_data": json.loads(kept["user_data"])}
    return PartRecord(**{**kept, **texts})
