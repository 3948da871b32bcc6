"""What every list of recordings promises, and what the databases promise besides."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, select

from telegraphone.database.audit import SqlAuditTrail
from telegraphone.database.catalogue import SqlCatalogue
from telegraphone.database.engine import answers, migrate, open_engine, sqlite_url, transaction
from telegraphone.database.memory import MemoryAuditTrail, MemoryCatalogue
from telegraphone.database.tables import audit_lines, metadata
from telegraphone.domain.ids import DEFAULT_TENANT, CallUuid, RecordingId
from telegraphone.services.audit import AuditTrail, Deed
from telegraphone.services.catalogue import By, Catalogue, HistoryEntry, PartQuery, PartRecord
from telegraphone.services.ports import Unavailable
from tests.scenario.clock import VirtualClock

NOON = datetime(2026, 11, 24, 12, 0, 0, 123_456, tzinfo=UTC)


@asynccontextmanager
async def _in_memory(_: Path) -> AsyncIterator[Catalogue]:
    yield MemoryCatalogue()


@asynccontextmanager
async def _in_sqlite(folder: Path) -> AsyncIterator[Catalogue]:
    engine = open_engine(sqlite_url(folder / "catalogue.db"))
    await migrate(engine)
    yield SqlCatalogue(engine)
    await engine.dispose()


@pytest.fixture(params=[_in_memory, _in_sqlite])
async def catalogue(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Catalogue]:
    open_one: Callable[[Path], AbstractAsyncContextManager[Catalogue]] = request.param
    async with open_one(tmp_path) as opened:
        yield opened


def _part(call: str, minutes: float = 0, *, ended: bool = True, number: int = 1, **fields: Any) -> PartRecord:
    started = NOON + timedelta(minutes=minutes)
    given: dict[str, Any] = {"ani": "5000", "dnis": "5001", "recorded_dn": "5001", "user_name": "agent.one", **fields}
    return PartRecord(
        recording_id=RecordingId(f"{call}-{number}"),
        call_uuid=CallUuid(call),
        conn_id="0071022ec8ac8056",
        name=f"{call}_5001_{number}",
        started_at=started,
        stopped_at=started + timedelta(seconds=90) if ended else None,
        duration_ms=90_000 if ended else 0,
        status="sealed" if ended else "recording",
        **given,
    )


async def _found(catalogue: Catalogue, limit: int = 100, offset: int = 0, **criteria: Any) -> list[str]:
    return list(await catalogue.find_calls(PartQuery(criteria.pop("tenant", DEFAULT_TENANT), **criteria), limit, offset))


async def test_a_part_comes_back_as_it_was_put(catalogue: Catalogue) -> None:
    by = By("agent", "agent.one", "5001")
    history = (
        HistoryEntry("Recording", NOON, NOON + timedelta(seconds=90), 0, 90_000, By("policy"), by),
        HistoryEntry("Gap", NOON, None, 12, 0, None, None, "lost packets"),
    )
    part = replace(_part("A"), history=history, name="naïve_%3Ccont_center_id%3E", bytes_stored=2**40)
    part = replace(part, user_data={"case": 17, "deep": [{"né": None}], "half\ud800": "\0"})
    await catalogue.put(part)
    assert await catalogue.parts_of_call(DEFAULT_TENANT, CallUuid("A")) == (part,)


async def test_putting_again_replaces(catalogue: Catalogue) -> None:
    running = _part("A", ended=False)
    await catalogue.put(running)
    assert await catalogue.unfinished() == (running,)
    assert await _found(catalogue) == []
    ended = _part("A")
    await catalogue.put(ended)
    assert await catalogue.parts_of_call(DEFAULT_TENANT, CallUuid("A")) == (ended,)
    assert await catalogue.unfinished() == ()
    assert await _found(catalogue) == ["A"]


async def test_parts_come_in_order_of_time(catalogue: Catalogue) -> None:
    later, earlier = _part("A", 5, number=2), _part("A", 1, number=1)
    for part in (later, earlier, _part("B")):
        await catalogue.put(part)
    assert await catalogue.parts_of_call(DEFAULT_TENANT, CallUuid("A")) == (earlier, later)
    assert await catalogue.parts_of_call(DEFAULT_TENANT, CallUuid("C")) == ()


async def test_a_call_is_found_from_its_first_ended_part_on(catalogue: Catalogue) -> None:
    await catalogue.put(_part("A", 0, number=1))
    await catalogue.put(_part("A", 5, number=2, ended=False))
    await catalogue.put(_part("B", ended=False))
    assert await _found(catalogue) == ["A"]
    assert [part.call_uuid for part in await catalogue.unfinished()] == ["B", "A"]


async def test_newest_beginning_comes_first_then_the_id(catalogue: Catalogue) -> None:
    for call, minutes in (("C", 1), ("B", 2), ("A", 2), ("D", 0)):
        await catalogue.put(_part(call, minutes))
    # A later part does not make the recording begin later.
    await catalogue.put(_part("D", 9, number=2))
    assert await _found(catalogue) == ["A", "B", "C", "D"]
    assert await _found(catalogue, limit=2, offset=1) == ["B", "C"]
    assert await _found(catalogue, limit=2, offset=4) == []


async def test_a_search_goes_on_behind_a_call_already_seen(catalogue: Catalogue) -> None:
    for call, minutes in (("C", 1), ("B", 2), ("A", 2), ("D", 0)):
        await catalogue.put(_part(call, minutes))
    two = NOON + timedelta(minutes=2)
    assert await _found(catalogue, after=(two, CallUuid("A"))) == ["B", "C", "D"]
    assert await _found(catalogue, after=(two, CallUuid("B"))) == ["C", "D"]
    assert await _found(catalogue, limit=1, after=(two, CallUuid("AB"))) == ["B"], "the call seen need not be there any more"
    assert await _found(catalogue, after=(NOON, CallUuid("D"))) == []


async def test_both_bounds_look_at_the_beginning(catalogue: Catalogue) -> None:
    for call, minutes in (("A", 0), ("B", 1), ("C", 2)):
        await catalogue.put(_part(call, minutes))
    one, two = NOON + timedelta(minutes=1), NOON + timedelta(minutes=2)
    assert await _found(catalogue, started_from=one, started_before=two) == ["B"]
    assert await _found(catalogue, started_from=one) == ["C", "B"]
    assert await _found(catalogue, started_before=one) == ["A"]
    assert await _found(catalogue, started_from=one + timedelta(microseconds=1)) == ["C"]


@pytest.mark.parametrize(
    ("pattern", "calls"),
    [
        ("+1 (555) 010-0042", ["A"]),
        ("15550100042", ["A"]),
        ("1555*", ["A", "B"]),
        ("*42", ["A"]),
        ("*", ["A", "B", "C"]),
        ("1555010004", []),
        ("1?550100042", []),
        ("agent", []),
        ("Agent", ["C"]),
        ("*555*00*", ["A", "B"]),
        ("[A]gent", ["C"]),
    ],
)
async def test_numbers_are_compared_by_letters_and_digits(catalogue: Catalogue, pattern: str, calls: list[str]) -> None:
    for call, ani in (("A", "+1-555-010-0042"), ("B", "15550100043"), ("C", "Agent")):
        await catalogue.put(_part(call, ani=ani, dnis=ani))
    assert await _found(catalogue, ani=pattern) == calls
    assert await _found(catalogue, dnis=pattern) == calls


@pytest.mark.parametrize(
    ("pattern", "calls"),
    [
        ("agent.one", ["A"]),
        ("agent.*", ["A", "B"]),
        ("Agent.one", []),
        ("agent_one", []),
        ("x[y?z", ["C"]),
        ("x[*", ["C"]),
        ("x?y", []),
    ],
)
async def test_an_agent_with_any_part_is_found(catalogue: Catalogue, pattern: str, calls: list[str]) -> None:
    await catalogue.put(_part("A", number=1, user_name="other"))
    await catalogue.put(_part("A", 1, number=2, user_name="agent.one"))
    await catalogue.put(_part("B", user_name="agent.two"))
    await catalogue.put(_part("C", user_name="x[y?z"))
    assert await _found(catalogue, user_name=pattern) == calls


async def test_all_criteria_must_hold(catalogue: Catalogue) -> None:
    await catalogue.put(_part("A"))
    assert await _found(catalogue, call_uuid="A", user_name="agent.one", ani="5000", dnis="5001") == ["A"]
    assert await _found(catalogue, call_uuid="A", user_name="agent.two") == []
    assert await _found(catalogue, call_uuid="B") == []


async def test_another_tenants_recordings_do_not_exist(catalogue: Catalogue) -> None:
    mine, theirs = _part("A"), _part("B", 1, tenant="other", user_name="agent.far")
    # Somebody else's switch may call two tenants' calls by the same name.
    same, running = _part("A", 2, number=2, tenant="other"), _part("C", ended=False, tenant="other")
    for part in (mine, theirs, same, running):
        await catalogue.put(part)
    assert await catalogue.parts_of_call(DEFAULT_TENANT, CallUuid("A")) == (mine,)
    assert await catalogue.parts_of_call("other", CallUuid("A")) == (same,)
    assert await catalogue.parts_of_call(DEFAULT_TENANT, CallUuid("B")) == ()
    assert await _found(catalogue) == ["A"]
    assert await _found(catalogue, tenant="other") == ["A", "B"]
    assert await _found(catalogue, tenant="nobody") == []
    for criteria in ({"call_uuid": "B"}, {"user_name": "agent.far"}, {"user_name": "*.far"}, {"among": frozenset({"agent.far"})}):
        assert await _found(catalogue, **criteria) == []
        assert await _found(catalogue, tenant="other", **criteria) == ["B"]
    assert [part.tenant for part in await catalogue.unfinished()] == ["other"], "the recorder looks after all"


async def test_who_may_see_some_agents_calls_finds_no_others(catalogue: Catalogue) -> None:
    await catalogue.put(_part("A", 0, user_name="agent.one"))
    await catalogue.put(_part("B", 1, user_name="agent.two"))
    await catalogue.put(_part("B", 2, user_name="agent.three", number=2))
    assert await _found(catalogue, among=frozenset({"agent.three", "agent.four"})) == ["B"]
    assert await _found(catalogue, among=frozenset({"agent.one", "agent.two"})) == ["B", "A"]
    assert await _found(catalogue, among=frozenset()) == []
    assert await _found(catalogue, among=frozenset({"agent.three"}), user_name="agent.one") == []


async def test_what_was_put_is_there_after_a_restart(tmp_path: Path) -> None:
    async with _in_sqlite(tmp_path) as first:
        await first.put(_part("A"))
    async with _in_sqlite(tmp_path) as second:
        assert await second.parts_of_call(DEFAULT_TENANT, CallUuid("A")) == (_part("A"),)


async def test_a_database_that_cannot_be_reached_is_unavailable(tmp_path: Path) -> None:
    engine = open_engine(sqlite_url(tmp_path / "absent" / "catalogue.db"))
    with pytest.raises(Unavailable, match="database"):
        await SqlCatalogue(engine).put(_part("A"))
    with pytest.raises(Unavailable):
        await migrate(engine)
    await engine.dispose()


async def test_the_migrations_make_the_tables_that_are_declared(tmp_path: Path) -> None:
    engine = open_engine(sqlite_url(tmp_path / "catalogue.db"))
    await migrate(engine)

    def differences(connection: Connection) -> list[object]:
        return list(compare_metadata(MigrationContext.configure(connection), metadata))

    async with engine.connect() as connection:
        assert await connection.run_sync(differences) == []
    await engine.dispose()


async def test_audit_lines_are_kept_in_order(tmp_path: Path) -> None:
    clock = VirtualClock(NOON)
    engine = open_engine(sqlite_url(tmp_path / "catalogue.db"))
    await migrate(engine)
    memory = MemoryAuditTrail(clock)
    trails: list[AuditTrail] = [SqlAuditTrail(engine, clock), memory]
    for trail in trails:
        await trail.write(Deed("supervisor.one", "play", "A-1", "begun", {"bytes": "0-43"}, origin="192.0.2.7"))
        await trail.write(Deed("supervisor.far", "play", "A-2", "begun", tenant="other"))
    async with transaction(engine) as connection:
        rows = (await connection.execute(select(audit_lines).order_by(audit_lines.c.number))).all()
    assert [(row.written_at, row.tenant, row.actor, row.subject, row.detail, row.origin) for row in rows] == [
        (NOON, "default", "supervisor.one", "A-1", '{"bytes":"0-43"}', "192.0.2.7"),
        (NOON, "other", "supervisor.far", "A-2", "{}", ""),
    ]
    assert [line.deed.subject for line in memory.lines] == ["A-1", "A-2"]
    await engine.dispose()


async def test_a_database_says_whether_it_can_be_asked(tmp_path: Path) -> None:
    engine = open_engine(sqlite_url(tmp_path / "catalogue.db"))
    assert await answers(engine)
    await engine.dispose()
    gone = open_engine(sqlite_url(tmp_path / "gone" / "catalogue.db"))
    with pytest.raises(Unavailable):
        await answers(gone)
    await gone.dispose()


def test_a_database_that_cannot_be_reached_leaves_no_thread_that_speaks_to_a_closed_loop(tmp_path: Path) -> None:
    async def ask() -> None:
        engine = open_engine(sqlite_url(tmp_path / "gone" / "catalogue.db"))
        with pytest.raises(Unavailable):
            await answers(engine)
        await engine.dispose()

    # Without the wait two of five loops hear from their thread too late, which pytest's filter of warnings makes an error.
    for _ in range(50):
        asyncio.run(ask())
