"""The audit trail in SQL: who did what, when, with which result; lines are only ever added."""

from collections.abc import Sequence
from dataclasses import asdict
from dataclasses import fields as fields_of

import msgspec
from sqlalchemy import RowMapping, insert, select
from sqlalchemy.ext.asyncio import AsyncEngine

from telegraphone.database.engine import transaction
from telegraphone.database.tables import audit_lines
from telegraphone.services.audit import AuditLine, Deed
from telegraphone.services.ports import Clock

_DETAIL = msgspec.json.Decoder(dict[str, str])


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

    async def about(self, tenant: str, subjects: Sequence[str], limit: int) -> tuple[AuditLine, ...]:
        """See `AuditTrail.about`."""
        wanted = (
            select(audit_lines)
            .where(audit_lines.c.tenant == tenant, audit_lines.c.subject.in_(subjects))
            .order_by(audit_lines.c.number.desc())
            .limit(limit)
        )
        async with transaction(self._engine) as connection:
            rows = (await connection.execute(wanted)).mappings().all()
        return tuple(AuditLine(row["written_at"], _deed(row)) for row in rows)


def _deed(row: RowMapping) -> Deed:
    fields = {each.name: row[each.name] for each in fields_of(Deed)}
    return Deed(**{**fields, "detail": _DETAIL.decode(fields["detail"])})
