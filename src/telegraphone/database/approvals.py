"""What waits for a second person, in SQL: one row for each wish, for all nodes over one database."""

from dataclasses import asdict
from datetime import datetime

from sqlalchemy import RowMapping, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from telegraphone.database.engine import transaction, writing
from telegraphone.database.tables import approvals
from telegraphone.domain.permissions import Action
from telegraphone.services.approvals import Approval


class SqlApprovals:
    """`Approvals` over a database."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def add(self, approval: Approval) -> None:
        """See `Approvals.add`."""
        row = asdict(approval) | {"action": approval.action.value}
        async with writing(self._engine) as connection:
            await connection.execute(delete(approvals).where(approvals.c.until <= approval.asked_at))
            await connection.execute(insert(approvals).values(row))

    async def of(self, tenant: str, now: datetime) -> tuple[Approval, ...]:
        """See `Approvals.of`."""
        wanted = select(approvals).where(approvals.c.tenant == tenant, approvals.c.until > now)
        async with transaction(self._engine) as connection:
            rows = await connection.execute(wanted.order_by(approvals.c.asked_at, approvals.c.id))
            return tuple(_from_row(row) for row in rows.mappings())

    async def approve(self, approval_id: str, by: str, until: datetime) -> bool:
        """See `Approvals.approve`."""
        async with writing(self._engine) as connection:
            same = update(approvals).where(approvals.c.id == approval_id)
            return bool((await connection.execute(same.values(approved_by=by, until=until))).rowcount)

    async def take(self, approval_id: str) -> bool:
        """See `Approvals.take`."""
        async with writing(self._engine) as connection:
            return bool((await connection.execute(delete(approvals).where(approvals.c.id == approval_id))).rowcount)


def _from_row(row: RowMapping) -> Approval:
    return Approval(**{**row, "action": Action(row["action"])})
