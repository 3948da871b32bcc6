"""What people said they hear recordings for, in SQL, for all nodes over one database."""

from dataclasses import asdict
from datetime import datetime

from sqlalchemy import ColumnElement, and_, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncEngine

from telegraphone.database.engine import transaction, writing
from telegraphone.database.tables import purposes
from telegraphone.domain.ids import CallUuid
from telegraphone.services.purposes import Purpose


class SqlPurposes:
    """`StatedPurposes` over a database."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def put(self, purpose: Purpose, now: datetime) -> None:
        """See `StatedPurposes.put`."""
        same = _whose(purpose.tenant, purpose.user_name, purpose.call_uuid)
        async with writing(self._engine) as connection:
            await connection.execute(delete(purposes).where(same | (purposes.c.until <= now)))
            await connection.execute(insert(purposes).values(asdict(purpose)))

    async def find(self, tenant: str, user_name: str, call_uuid: CallUuid, now: datetime) -> str:
        """See `StatedPurposes.find`."""
        wanted = select(purposes.c.words).where(_whose(tenant, user_name, call_uuid), purposes.c.until > now)
        async with transaction(self._engine) as connection:
            return str(await connection.scalar(wanted) or "")


def _whose(tenant: str, user_name: str, call_uuid: CallUuid) -> ColumnElement[bool]:
    return and_(purposes.c.tenant == tenant, purposes.c.call_uuid == call_uuid, purposes.c.user_name == user_name)
