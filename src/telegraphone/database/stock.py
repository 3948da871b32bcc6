"""What the list of recordings says is there, and how far it was looked for, in SQL: a `Stock`."""

from datetime import datetime

from sqlalchemy import and_, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from telegraphone.database.engine import transaction, writing
from telegraphone.database.tables import CLAIMED, parts, recordings, stocktaking
from telegraphone.domain.ids import CallUuid, RecordingId
from telegraphone.services.stocktaking import Listed, Round

_FINISHED = (parts.c.stopped_at.is_not(None), parts.c.bytes_stored > 0)
"""Of a recording that ended before it began nothing is kept."""


class SqlStock:
    """A `Stock` over a database."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def count(self) -> int:
        """See `Stock.count`."""
        async with transaction(self._engine) as connection:
            return int(await connection.scalar(select(func.count()).where(*_FINISHED)) or 0)

    async def behind(self, recording_id: RecordingId, limit: int, until: datetime) -> tuple[Listed, ...]:
        """See `Stock.behind`."""
        wanted = (
            select(parts.c.recording_id, parts.c.tenant, parts.c.call_uuid)
            .where(parts.c.recording_id > recording_id, parts.c.stopped_at <= until, *_FINISHED)
            .order_by(parts.c.recording_id)
            .limit(limit)
        )
        async with transaction(self._engine) as connection:
            rows = await connection.execute(wanted)
            return tuple(Listed(RecordingId(row.recording_id), row.tenant, CallUuid(row.call_uuid)) for row in rows)

    async def has(self, recording_id: RecordingId) -> bool:
        """See `Stock.has`."""
        same = and_(recordings.c.tenant == parts.c.tenant, recordings.c.call_uuid == parts.c.call_uuid)
        wanted = select(recordings.c.state).select_from(parts.join(recordings, same)).where(parts.c.recording_id == recording_id)
        async with transaction(self._engine) as connection:
            return await connection.scalar(wanted) not in (None, CLAIMED)

    async def round(self) -> Round | None:
        """See `Stock.round`."""
        async with transaction(self._engine) as connection:
            row = (await connection.execute(select(stocktaking))).first()
        if row is None:
            return None
        return Round(row.begun_at, row.recordings, RecordingId(row.behind) if row.behind is not None else None)

    async def set_round(self, reached: Round) -> None:
        """See `Stock.set_round`."""
        values = {"begun_at": reached.begun_at, "recordings": reached.recordings, "behind": reached.behind}
        async with writing(self._engine) as connection:
            known = await connection.execute(update(stocktaking).values(values))
            if not known.rowcount:
                await connection.execute(insert(stocktaking).values(one=1, **values))
