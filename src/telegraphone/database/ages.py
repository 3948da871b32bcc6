"""From when recordings are kept, in SQL: `Ages`."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import and_, exists, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from telegraphone.database.engine import transaction, writing
from telegraphone.database.tables import CLAIMED, holds, recordings, retention_clock
from telegraphone.domain.ids import CallUuid
from telegraphone.services.retention import Aged, Place

_RUNNING = "recording"


class SqlAges:
    """`Ages` over a database."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def reached(self) -> tuple[datetime | None, datetime | None]:
        """See `Ages.reached`."""
        async with transaction(self._engine) as connection:
            written = await connection.scalar(select(retention_clock.c.reached_at))
            return written, await connection.scalar(select(func.max(recordings.c.ended_at)))

    async def reach(self, at: datetime) -> None:
        """See `Ages.reach`."""
        async with writing(self._engine) as connection:
            known = await connection.execute(update(retention_clock).values(reached_at=at))
            if not known.rowcount:
                await connection.execute(insert(retention_clock).values(one=1, reached_at=at))

    async def unnoticed(self, limit: int) -> tuple[Aged, ...]:
        """See `Ages.unnoticed`."""
        wanted = (
            select(recordings.c.tenant, recordings.c.call_uuid, recordings.c.ended_at)
            .where(recordings.c.kept_from.is_(None), recordings.c.ended_at.is_not(None), recordings.c.state != _RUNNING)
            .limit(limit)
        )
        async with transaction(self._engine) as connection:
            return tuple(Aged(row.tenant, CallUuid(row.call_uuid), row.ended_at) for row in await connection.execute(wanted))

    async def notice(self, aged: Sequence[Aged]) -> None:
        """See `Ages.notice`."""
        async with writing(self._engine) as connection:
            for each in aged:
                its_own = (recordings.c.tenant == each.tenant, recordings.c.call_uuid == each.call_uuid)
                await connection.execute(update(recordings).where(*its_own).values(kept_from=each.kept_from))

    async def before(self, tenant: str, at: datetime, behind: Place | None, limit: int) -> tuple[Aged, ...]:
        """See `Ages.before`."""
        kept_from, call_uuid = recordings.c.kept_from, recordings.c.call_uuid
        held = exists().where(holds.c.tenant == recordings.c.tenant, holds.c.call_uuid == call_uuid)
        free = [recordings.c.tenant == tenant, recordings.c.non_delete.is_(False), ~held, recordings.c.state != _RUNNING]
        if behind is not None:
            free.append(or_(kept_from > behind[0], and_(kept_from == behind[0], call_uuid > behind[1])))
            free.append(kept_from >= behind[0])
        wanted = select(call_uuid, kept_from, recordings.c.state).where(kept_from < at, *free).order_by(kept_from, call_uuid)
        async with transaction(self._engine) as connection:
            rows = await connection.execute(wanted.limit(limit))
            return tuple(Aged(tenant, CallUuid(row.call_uuid), row.kept_from, row.state == CLAIMED) for row in rows)
