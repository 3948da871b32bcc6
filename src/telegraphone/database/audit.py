"""The audit trail in SQL: who did what, when, with which result; lines are only ever added."""

from dataclasses import asdict

import msgspec
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from telegraphone.database.engine import transaction
from telegraphone.database.tables import audit_lines
from telegraphone.services.audit import Deed
from telegraphone.services.ports import Clock


class SqlAuditTrail:
    """An `AuditTrail` over a database."""

    def __init__(self, engine: AsyncEngine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    async def write(self, deed: Deed) -> None:
        """See `AuditTrail.write`."""
        line = asdict(deed) | {
            "written_at": self._clock.utc(),
            "detail": msgspec.json.encode(dict(deed.detail)).decode(),
        }
        async with transaction(self._engine) as connection:
            await connection.execute(insert(audit_lines).values(line))
