"""Every version of the tables that was ever released becomes the newest one, and what was in it is found as before.

What each version held is written down here as it was then, in SQL: today's code cannot write it any more.
"""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, text
from sqlalchemy.ext.asyncio import AsyncEngine

from telegraphone.database.audit import SqlAuditTrail
from telegraphone.database.catalogue import SqlCatalogue
from telegraphone.database.desks import SqlDesks
from telegraphone.database.engine import migrate, migrations
from telegraphone.database.outbox import SqlOutbox
from telegraphone.domain.ids import DEFAULT_TENANT, CallUuid, RecordingId
from telegraphone.services.audit import Deed
from telegraphone.services.catalogue import By, HistoryEntry, PartQuery, PartRecord
from telegraphone.services.checkpoints import everything, flaws
from telegraphone.services.desks import KeptDesk
from telegraphone.services.ports import Unavailable
from tests.contract.databases import KINDS, database
from tests.postgresql import Server
from tests.scenario.clock import VirtualClock

BEGAN = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
BEGAN_US = int(BEGAN.timestamp()) * 1_000_000
HISTORY = (
    '[{"type":"Recording","started_at":"2026-03-01T09:00:00Z","stopped_at":"2026-03-01T09:01:00Z","offset_ms":0,'
    '"duration_ms":60000,"started_by":{"source":"policy","user_name":"","phone_number":""},"stopped_by":null,"reason":""},'
    '{"type":"Paused","started_at":"2026-03-01T09:00:10Z","stopped_at":"2026-03-01T09:00:20Z","offset_ms":10000,'
    '"duration_ms":10000,"started_by":null,"stopped_by":null,"reason":""}]'
)
ENDED = PartRecord(
    RecordingId("9f0c0a52-0000-4000-8000-000000000001"),
    CallUuid("A" * 32),
    "0071022ec8ac8056",
    "A_5001",
    "+1 555 0100",
    "5001",
    "5001",
    "agent.one",
    BEGAN,
    BEGAN + timedelta(minutes=1),
    60_000,
    "sealed",
    (
        HistoryEntry("Recording", BEGAN, BEGAN + timedelta(minutes=1), 0, 60_000, By("policy")),
        HistoryEntry("Paused", BEGAN + timedelta(seconds=10), BEGAN + timedelta(seconds=20), 10_000, 10_000),
    ),
)
RUNNING = PartRecord(
    RecordingId("9f0c0a52-0000-4000-8000-000000000002"),
    CallUuid("B" * 32),
    "0071022ec8ac8057",
    "B_5002",
    "5000",
    "5002",
    "5002",
    "agent.two",
    BEGAN + timedelta(hours=1),
)
DESK = KeptDesk("agent.one", signed_in=True, state="Ready", do_not_disturb=False, forward_to="5003")


def _first() -> list[tuple[str, dict[str, object]]]:
    """The rows of version 0001."""
    columns = "recording_id, call_uuid, conn_id, name, ani, dnis, recorded_dn, user_name, started_at, stopped_at"
    into_parts = (
        f"INSERT INTO parts ({columns}, duration_ms, status, history) VALUES (:id, :call, :conn, :name, :ani, :dnis, :dnis,"
        " :agent, :started, :stopped, :ms, :status, :history)"
    )
    into_recordings = "INSERT INTO recordings VALUES (:call, :began, :ani, :dnis, :findable)"
    rows: list[tuple[str, dict[str, object]]] = []
    for part, stopped, history in ((ENDED, BEGAN_US + 60_000_000, HISTORY), (RUNNING, None, "[]")):
        began = BEGAN_US + (part.started_at - BEGAN) // timedelta(microseconds=1)
        its = {"call": part.call_uuid, "ani": part.ani, "dnis": part.dnis}
        more = {"id": part.recording_id, "conn": part.conn_id, "name": part.name, "agent": part.user_name, "started": began}
        end = {"stopped": stopped, "ms": part.duration_ms, "status": part.status, "history": history}
        rows.append((into_parts, its | more | end))
        rows.append((into_recordings, its | {"began": began, "findable": stopped is not None}))
    line = "INSERT INTO audit_lines (written_at, actor, action, subject, result, detail) VALUES (:at, 'supervisor.one', 'play',"
    rows.append((f"{line} 'A-1', 'begun', '{{}}')", {"at": BEGAN_US}))
    return rows


def _second() -> list[tuple[str, dict[str, object]]]:
    """What version 0002 had besides."""
    return [("INSERT INTO desks VALUES ('agent.one', :yes, 'Ready', :no, '5003')", {"yes": True, "no": False})]


def _third() -> list[tuple[str, dict[str, object]]]:
    """What version 0003 had besides."""
    its = {"call": ENDED.call_uuid, "at": BEGAN_US}
    label = "INSERT INTO labels VALUES ('default', :call, 'Complaint', 'yes', 'supervisor.one', :at)"
    hold = "INSERT INTO holds VALUES ('default', :call, 'case 7', 'compliance.one', :at)"
    return [(label, its), (hold, its)]


def _fourth() -> list[tuple[str, dict[str, object]]]:
    """What version 0004 had besides: an index, which is found by how fast it is."""
    return []


def _fifth() -> list[tuple[str, dict[str, object]]]:
    """What version 0005 had besides."""
    columns = "tenant, kind, call_uuid, recording_id, happened_at, detail"
    happening = f"INSERT INTO happenings ({columns}) VALUES ('default', 'recording.stopped', :call, :id, :at, '{{}}')"
    place = "INSERT INTO webhook_places VALUES ('crm', 0)"
    return [(happening, {"call": ENDED.call_uuid, "id": ENDED.recording_id, "at": BEGAN_US}), (place, {})]


def _sixth() -> list[tuple[str, dict[str, object]]]:
    """What version 0006 had besides."""
    return [("INSERT INTO copy_links VALUES ('default', 'session 1', :call)", {"call": ENDED.call_uuid})]


def _seventh() -> list[tuple[str, dict[str, object]]]:
    """What version 0007 had besides: a trail with a gap in its numbers, as a sequence leaves them."""
    columns = "number, tenant, written_at, actor, action, subject, result, origin, detail"
    line = f"INSERT INTO audit_lines ({columns}) VALUES (7, 'other', :at, 'system', 'hold', 'A-2', 'held', '', :detail)"
    return [(line, {"at": BEGAN_US, "detail": '{"matter":"Případ 7"}'})]


def _ninth() -> list[tuple[str, dict[str, object]]]:
    """What version 0009 had besides: a package that could be fetched."""
    columns = "id, tenant, user_name, actor, origin, sealed, created_at, recordings, done, bytes, state, reason"
    job = f"INSERT INTO export_jobs ({columns}) VALUES ('1', 'default', 'a', 'a', '', :sealed, :at, 1, 1, 9, 'ready', '')"
    return [(job, {"sealed": False, "at": BEGAN_US})]


HELD = {
    "0001": _first,
    "0002": _second,
    "0003": _third,
    "0004": _fourth,
    "0005": _fifth,
    "0006": _sixth,
    "0007": _seventh,
    "0008": list,  # its chain is made of the lines above
    "0009": _ninth,
    "0010": list,  # when what is there is kept from, is worked out when it is asked for
    "0012": list,  # a round that never began
    "0011": list,  # of the packages that were there nobody was asked what for
    "0013": list,  # indexes, which are found by how fast they are
    "0014": list,  # nobody waited for a second person
    "0015": list,  # indexes again
}
"""What to fill each version with, on top of those before it. A version that is missing here fails the test."""


def versions() -> list[str]:
    """All versions but the newest, oldest first."""
    newest_first = [each.revision for each in ScriptDirectory.from_config(migrations()).walk_revisions()]
    return newest_first[:0:-1]


@pytest.fixture(params=KINDS)
async def engine(request: pytest.FixtureRequest, tmp_path: Path, postgresql: Server) -> AsyncIterator[AsyncEngine]:
    async with database(request.param, tmp_path, postgresql, empty=True) as opened:
        yield opened


async def _become_old(engine: AsyncEngine, version: str) -> None:
    """Makes it a database as a program of this version left it."""
    async with engine.begin() as connection:
        await connection.run_sync(_fill, version)


def _fill(connection: Connection, version: str) -> None:
    config = migrations()
    config.attributes["connection"] = connection
    for each in versions():
        command.upgrade(config, each)
        for statement, values in HELD[each]():
            connection.execute(text(statement), values)
        if each == version:
            return


@pytest.mark.parametrize("version", versions())
async def test_an_upgrade_keeps_everything(engine: AsyncEngine, version: str) -> None:
    await _become_old(engine, version)
    await migrate(engine)
    catalogue = SqlCatalogue(engine)
    assert await catalogue.parts_of_call(DEFAULT_TENANT, ENDED.call_uuid) == (ENDED,)
    assert await catalogue.unfinished() == (RUNNING,)
    for query in (
        PartQuery(DEFAULT_TENANT, ani="15550100"),
        PartQuery(DEFAULT_TENANT, dnis="5001"),
        PartQuery(DEFAULT_TENANT, user_name="agent.one"),
        PartQuery(DEFAULT_TENANT, started_from=BEGAN, started_before=BEGAN + timedelta(seconds=1)),
    ):
        assert await catalogue.find_calls(query, 10, 0) == (ENDED.call_uuid,)
    async with engine.connect() as connection:
        lines = (await connection.execute(text("SELECT tenant, actor, subject FROM audit_lines ORDER BY number"))).all()
        kept = [tuple(line) for line in await connection.execute(text("SELECT name, value FROM labels"))]
        kept += [tuple(line) for line in await connection.execute(text("SELECT matter, user_name FROM holds"))]
    assert kept == ([("Complaint", "yes"), ("case 7", "compliance.one")] if version >= "0003" else [])
    older = [("other", "system", "A-2")] if version >= "0007" else []
    assert [tuple(line) for line in lines] == [(DEFAULT_TENANT, "supervisor.one", "A-1"), *older]
    trail = SqlAuditTrail(engine, VirtualClock(BEGAN))
    await trail.write(Deed("system", "policy in force", "abc", "done"))
    assert [line.number for line in await trail.after(0, 10)] == list(range(1, len(lines) + 2))
    assert [flaw async for flaw in flaws(everything(trail), await trail.head(), ())] == []
    told = await SqlOutbox(engine).after(await SqlOutbox(engine).told("crm"), DEFAULT_TENANT, 10)
    assert [each.happening.recording_id for each in told] == ([ENDED.recording_id] if version >= "0005" else [])
    desks = await SqlDesks(engine).all()
    assert desks == ((DESK,) if version >= "0002" else ())


async def test_an_upgrade_that_fails_leaves_everything_as_it_was(engine: AsyncEngine) -> None:
    await _become_old(engine, "0002")
    async with engine.begin() as connection:
        before = await connection.run_sync(_everything)
        # The last step of this upgrade finds its table gone.
        await connection.execute(text("ALTER TABLE desks RENAME TO elsewhere"))
    with pytest.raises(Unavailable):
        await migrate(engine)
    async with engine.begin() as connection:
        await connection.execute(text("ALTER TABLE elsewhere RENAME TO desks"))
        assert await connection.run_sync(_everything) == before
    await migrate(engine)


def _everything(connection: Connection) -> dict[str, object]:
    metadata = MetaData()
    metadata.reflect(connection)
    columns = {table: [(column.name, str(column.type)) for column in table.columns] for table in metadata.sorted_tables}
    return {table.name: (columns[table], connection.execute(table.select()).all()) for table in columns}


async def test_an_upgrade_that_was_made_is_not_made_again(engine: AsyncEngine) -> None:
    await _become_old(engine, versions()[-1])
    await migrate(engine)
    catalogue = SqlCatalogue(engine)
    await catalogue.put(RUNNING)
    await migrate(engine)
    assert await catalogue.unfinished() == (RUNNING,)
