"""What has happened to recordings in SQL, and how far each webhook was told: an `Outbox`."""

from collections.abc import Sequence
from datetime import datetime
from typing import cast

import msgspec
from sqlalchemy import CursorResult, Row, delete, func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from telegraphone.database.engine import transaction, writing
from telegraphone.database.tables import happenings, unstored, webhook_places
from telegraphone.domain.ids import CallUuid, RecordingId
from telegraphone.services.happenings import Happening, Kind, Numbered


class SqlOutbox:
    """An `Outbox` over a database."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def add(self, happening: Happening) -> None:
        """See `Outbox.add`."""
        async with writing(self._engine) as connection:
            await put_happenings(connection, (happening,))

    async def stored(self, recording_id: RecordingId, at: datetime) -> None:
        """See `Outbox.stored`."""
        taken_back = delete(unstored).where(unstored.c.recording_id == recording_id).returning(unstored)
        async with writing(self._engine) as connection:
            row = (await connection.execute(taken_back)).first()
            if row is not None:
                whose = (row.tenant, CallUuid(row.call_uuid), recording_id)
                told = Happening(Kind.STORED, *whose, at, msgspec.json.decode(row.detail))
                await put_happenings(connection, (told,))

    async def after(self, number: int, tenant: str, limit: int) -> tuple[Numbered, ...]:
        """See `Outbox.after`."""
        wanted = select(happenings).where(happenings.c.tenant == tenant, happenings.c.number > number)
        async with transaction(self._engine) as connection:
            rows = await connection.execute(wanted.order_by(happenings.c.number).limit(limit))
            return tuple(_from_row(row) for row in rows)

    async def told(self, webhook: str) -> int:
        """See `Outbox.told`."""
        async with writing(self._engine) as connection:
            asked = select(webhook_places.c.told).where(webhook_places.c.webhook == webhook)
            known = await connection.scalar(asked)
            if known is not None:
                return int(known)
            newest = int(await connection.scalar(select(func.coalesce(func.max(happenings.c.number), 0))) or 0)
            await connection.execute(insert(webhook_places).values(webhook=webhook, told=newest))
            return newest

    async def set_told(self, webhook: str, number: int) -> None:
        """See `Outbox.set_told`."""
        async with writing(self._engine) as connection:
            its_own = webhook_places.c.webhook == webhook
            moved = await connection.execute(update(webhook_places).where(its_own).values(told=number))
            if moved.rowcount == 0:
                await connection.execute(insert(webhook_places).values(webhook=webhook, told=number))

    async def forget(self, before: datetime) -> int:
        """See `Outbox.forget`."""
        async with writing(self._engine) as connection:
            gone = await connection.execute(delete(happenings).where(happenings.c.happened_at < before))
            return cast("CursorResult[object]", gone).rowcount


async def put_happenings(connection: AsyncConnection, found: Sequence[Happening]) -> None:
    """Adds them in the transaction of what made them happen."""
    if not found:
        return
    if connection.dialect.name == "postgresql":
        # Numbers must be given in the order of commits, or a reader would pass one that was not there yet.
        await connection.execute(text("LOCK TABLE happenings IN EXCLUSIVE MODE"))
    rows = [
        {
            "tenant": each.tenant,
            "kind": each.kind.value,
            "call_uuid": each.call_uuid,
            "recording_id": each.recording_id,
            "happened_at": each.at,
            "detail": msgspec.json.encode(dict(each.detail)).decode(),
        }
        for each in found
    ]
    await connection.execute(insert(happenings), rows)


async def put_unstored(connection: AsyncConnection, found: Sequence[Happening]) -> None:
    """Keeps what is to be told when these are stored, in the transaction of what made their media files end."""
    if not found:
        return
    rows = [
        {
            "recording_id": each.recording_id,
            "tenant": each.tenant,
            "call_uuid": each.call_uuid,
            "detail": msgspec.json.encode(dict(each.detail)).decode(),
        }
        for each in found
    ]
    await connection.execute(delete(unstored).where(unstored.c.recording_id.in_([each.recording_id for each in found])))
    await connection.execute(insert(unstored), rows)


def _from_row(row: Row[tuple[object, ...]]) -> Numbered:
    fields = dict(row._mapping)  # noqa: SLF001 -- the documented name of a row's mapping
    happening = Happening(
        Kind(fields["kind"]),
        fields["tenant"],
        CallUuid(fields["call_uuid"]),
        RecordingId(fields["recording_id"]),
        fields["happened_at"],
        msgspec.json.decode(fields["detail"]),
    )
    return Numbered(fields["number"], happening)
