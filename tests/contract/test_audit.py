"""What every audit trail promises."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from telegraphone.database.audit import SqlAuditTrail
from telegraphone.database.engine import transaction
from telegraphone.database.memory import MemoryAuditTrail
from telegraphone.database.tables import audit_lines
from telegraphone.services.audit import Deed
from tests.contract.databases import KINDS, database
from tests.postgresql import Server
from tests.scenario.clock import VirtualClock

NOON = datetime(2026, 11, 24, 12, 0, 0, 123_456, tzinfo=UTC)
DEEDS = (
    Deed("supervisor.one", "play", "A-1", "begun", {"bytes": "0-43"}, origin="192.0.2.7"),
    Deed("supervisor.far", "play", "A-2", "begun", tenant="other"),
)


@pytest.mark.parametrize("kind", KINDS)
async def test_audit_lines_are_kept_in_order(kind: str, tmp_path: Path, postgresql: Server) -> None:
    async with database(kind, tmp_path, postgresql) as engine:
        trail = SqlAuditTrail(engine, VirtualClock(NOON))
        for deed in DEEDS:
            await trail.write(deed)
        async with transaction(engine) as connection:
            rows = (await connection.execute(select(audit_lines).order_by(audit_lines.c.number))).all()
    assert [(row.written_at, row.tenant, row.actor, row.subject, row.detail, row.origin) for row in rows] == [
        (NOON, "default", "supervisor.one", "A-1", '{"bytes":"0-43"}', "192.0.2.7"),
        (NOON, "other", "supervisor.far", "A-2", "{}", ""),
    ]


async def test_lines_in_memory_are_kept_in_order() -> None:
    trail = MemoryAuditTrail(VirtualClock(NOON))
    for deed in DEEDS:
        await trail.write(deed)
    assert [line.deed for line in trail.lines] == list(DEEDS)
