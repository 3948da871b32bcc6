"""The audit trail in SQL: who did what, when, with which result; lines are only ever added, each chained to the one before."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from dataclasses import fields as fields_of

import msgspec
from sqlalchemy import RowMapping, insert, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from telegraphone.database.engine import transaction, writing
from telegraphone.database.tables import audit_head, audit_lines
from telegraphone.services.audit import AuditLine, Deed, Head
from telegraphone.services.ports import Clock

_DETAIL = msgspec.json.Decoder(dict[str, str])


class SqlAuditTrail:
    """An `AuditTrail` over a database."""

    def __init__(self, engine: AsyncEngine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    async def write(self, deed: Deed) -> None:
        """See `AuditTrail.write`."""
        turn = update(audit_head).values(number=audit_head.c.number + 1).returning(audit_head.c.number, audit_head.c.hash)
        async with writing(self._engine) as connection:
            # Who has moved the head has the turn: others wait until this line is durable.
            moved = (await connection.execute(turn)).one()
            line = AuditLine.behind(Head(moved.number - 1, moved.hash), self._clock.utc(), deed)
            await connection.execute(insert(audit_lines).values(_to_row(line)))
            await connection.execute(update(audit_head).values(hash=line.hash))

    async def about(self, tenant: str, subjects: Sequence[str], limit: int) -> tuple[AuditLine, ...]:
        """See `AuditTrail.about`."""
        wanted = (
            select(audit_lines)
            .where(audit_lines.c.tenant == tenant, audit_lines.c.subject.in_(subjects))
            .order_by(audit_lines.c.number.desc())
            .limit(limit)
        )
        async with transaction(self._engine) as connection:
            return _lines((await connection.execute(wanted)).mappings())

    async def head(self) -> Head:
        """See `AuditTrail.head`."""
        async with transaction(self._engine) as connection:
            row = (await connection.execute(select(audit_head.c.number, audit_head.c.hash))).one_or_none()
        return Head(row.number, row.hash) if row else Head()

    async def after(self, number: int, limit: int) -> tuple[AuditLine, ...]:
        """See `AuditTrail.after`."""
        wanted = select(audit_lines).where(audit_lines.c.number > number).order_by(audit_lines.c.number).limit(limit)
        async with transaction(self._engine) as connection:
            return _lines((await connection.execute(wanted)).mappings())


def _to_row(line: AuditLine) -> dict[str, object]:
    chained = {"number": line.number, "before": line.before, "hash": line.hash, "written_at": line.written_at}
    return asdict(line.deed) | chained | {"detail": msgspec.json.encode(dict(line.deed.detail)).decode()}


def _lines(rows: Iterable[RowMapping]) -> tuple[AuditLine, ...]:
    return tuple(AuditLine(row["written_at"], _deed(row), row["number"], row["before"], row["hash"]) for row in rows)


def _deed(row: RowMapping) -> Deed:
    fields = {each.name: row[each.name] for each in fields_of(Deed)}
    return Deed(**{**fields, "detail": _DETAIL.decode(fields["detail"])})
