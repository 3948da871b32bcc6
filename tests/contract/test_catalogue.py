"""What every list of recordings promises, and what the databases promise besides."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection

from telegraphone.database.catalogue import SqlCatalogue
from telegraphone.database.engine import answers, migrate, open_engine, sqlite_url
from telegraphone.database.memory import MemoryCatalogue
from telegraphone.database.tables import metadata
from telegraphone.domain.ids import DEFAULT_TENANT, CallUuid, RecordingId
from telegraphone.services.catalogue import By, Catalogue, HistoryEntry, PartQuery, PartRecord
from telegraphone.services.ports import Unavailable
from tests.contract.databases import KINDS, database
from tests.postgresql import Server

NOON = datetime(2026, 11, 24, 12, 0, 0, 123_456, tzinfo=UTC)


@pytest.fixture(params=["memory", *KINDS])
async def catalogue(request: pytest.FixtureRequest, tmp_path: Path, postgresql: Server) -> AsyncIterator[Catalogue]:
    if request.param == "memory":
        yield MemoryCatalogue()
        return
    async with database(request.param, tmp_path, postgresql) as engine:
        yield SqlCatalogue(engine)


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


async def test_many_are_put_at_once_the_last_word_of_each_counts(catalogue: Catalogue) -> None:
    running, later, elsewhere = _part("A", ended=False), _part("A", 5, number=2), _part("B", tenant="other")
    await catalogue.put(running, elsewhere, _part("C", 1), _part("A"))
    await catalogue.put(later, replace(_part("C", 1), duration_ms=17, user_data={"case": 17}))
    assert await catalogue.parts_of_call(DEFAULT_TENANT, CallUuid("A")) == (_part("A"), later)
    assert await catalogue.unfinished() == ()
    assert await _found(catalogue) == ["C", "A"]
    assert await _found(catalogue, tenant="other") == ["B"]
    assert await _found(catalogue, duration_ms_max=17, user_data=("case", "17")) == ["C"]
    assert await _found(catalogue, duration_ms_min=180_000) == ["A"]


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


async def test_the_pages_of_a_team_are_those_of_all_its_members(catalogue: Catalogue) -> None:
    """Calls of one or several members and of others, some begun at the same moment, paged by offset and by what was seen."""
    for number in range(12):
        for part, agent in enumerate({number % 3, number % 4}):
            await catalogue.put(_part(f"{number:02}", number // 2, user_name=f"agent.{agent}", number=part))
    team = {"among": frozenset({"agent.0", "agent.1", "agent.none"})}
    expected = [each for each in await _found(catalogue) if {int(each) % 3, int(each) % 4} & {0, 1}]
    assert [await _found(catalogue, 2, place, **team) for place in range(0, 12, 2)] == [
        expected[place : place + 2] for place in range(0, 12, 2)
    ]
    for place, uuid in enumerate(expected):
        seen = ((await catalogue.parts_of_call(DEFAULT_TENANT, CallUuid(uuid)))[0].started_at, CallUuid(uuid))
        assert await _found(catalogue, after=seen, **team) == expected[place + 1 :]


PAUSED = HistoryEntry("Paused", NOON, NOON, 1, 1)
FACTS: dict[str, dict[str, Any]] = {
    "A": {"user_data": {"case": 17, "vip": True, "note": "50% off_now"}, "ani": "+1 (555) 010-0042", "history": (PAUSED,)},
    "B": {"user_data": {"case": "18", "deep": {"order": ["Zoë", 4711]}}, "user_name": "agent.two", "dnis": "agent 5"},
    "C": {"user_data": {"case": 17}, "user_name": "", "status": "recovered", "duration_ms": 3_600_000},
}


@pytest.mark.parametrize(
    ("criteria", "calls"),
    [
        ({"user_data": ("case", "17")}, ["A", "C"]),
        ({"user_data": ("case", "18")}, ["B"]),
        ({"user_data": ("vip", "true")}, ["A"]),
        ({"user_data": ("deep", "Zoë")}, []),
        ({"user_data": ("case", "1*")}, []),
        ({"user_data": ("case", "17"), "user_name": "agent.one"}, ["A"]),
        ({"user_data": ("case", "17"), "started_from": NOON + timedelta(minutes=-1)}, ["A"]),
        ({"user_data": ("case", "17"), "after": (NOON, CallUuid("A"))}, ["C"]),
        ({"user_name": "agent.*", "among": frozenset({"agent.two"})}, ["B"]),
        ({"paused": True}, ["A"]),
        ({"paused": False}, ["B", "C"]),
        ({"state": "recovered"}, ["C"]),
        ({"state": "sealed"}, ["A", "B"]),
        ({"state": "broken"}, []),
        ({"duration_ms_min": 90_000}, ["A", "B", "C"]),
        ({"duration_ms_min": 90_001}, ["C"]),
        ({"duration_ms_max": 90_000}, ["A", "B"]),
        ({"duration_ms_min": 1, "duration_ms_max": 2}, []),
        ({"text": "zoë"}, ["B"]),
        ({"text": "ZO"}, ["B"]),
        ({"text": "oë"}, []),
        ({"text": "4711 order"}, ["B"]),
        ({"text": "4711 vip"}, []),
        ({"text": "15550100042"}, ["A"]),
        ({"text": "555-010"}, ["A"]),
        ({"text": "off now 50"}, ["A"]),
        ({"text": "agent two"}, ["B"]),
        ({"text": "%"}, ["A", "B", "C"]),
        ({"label": "Complaint"}, []),
    ],
)
async def test_what_is_known_of_a_recording_is_found(catalogue: Catalogue, criteria: dict[str, Any], calls: list[str]) -> None:
    for minutes, (call, facts) in enumerate(FACTS.items()):
        part = _part(call, -minutes, **{key: value for key, value in facts.items() if key in ("user_name", "ani", "dnis")})
        await catalogue.put(
            replace(part, **{key: value for key, value in facts.items() if key not in ("user_name", "ani", "dnis")})
        )
    assert await _found(catalogue, **criteria) == calls
    assert await _found(catalogue, tenant="other", **criteria) == []


async def test_what_is_known_changes_with_the_parts(catalogue: Catalogue) -> None:
    await catalogue.put(replace(_part("A"), user_data={"case": 1}))
    await catalogue.put(replace(_part("A"), user_data={"case": 2}, status="broken"))
    assert await _found(catalogue, user_data=("case", "1")) == []
    assert await _found(catalogue, user_data=("case", "2"), state="broken") == ["A"]
    # An earlier part that is told of later makes the recording begin earlier.
    await catalogue.put(_part("A", -5, number=2, user_name="agent.two"))
    assert await _found(catalogue, user_name="agent.two", started_before=NOON) == ["A"]
    assert await _found(catalogue, user_data=("case", "2"), started_before=NOON) == ["A"]


async def test_the_parts_of_several_calls_come_in_the_order_asked_for(catalogue: Catalogue) -> None:
    for part in (_part("A"), _part("B", 1), _part("B", 0, number=2), _part("C", tenant="other")):
        await catalogue.put(part)
    asked = [CallUuid(each) for each in ("B", "A", "C", "D")]
    found = await catalogue.parts_of_calls(DEFAULT_TENANT, asked)
    assert found == ((_part("B", 0, number=2), _part("B", 1)), (_part("A"),), (), ())


async def test_what_was_put_is_there_after_a_restart(tmp_path: Path) -> None:
    for _ in range(2):
        engine = open_engine(sqlite_url(tmp_path / "catalogue.db"))
        await migrate(engine)
        await SqlCatalogue(engine).put(_part("A"))
        await engine.dispose()
        engine = open_engine(sqlite_url(tmp_path / "catalogue.db"))
        assert await SqlCatalogue(engine).parts_of_call(DEFAULT_TENANT, CallUuid("A")) == (_part("A"),)
        await engine.dispose()


async def test_a_database_that_cannot_be_reached_is_unavailable(tmp_path: Path) -> None:
    engine = open_engine(sqlite_url(tmp_path / "absent" / "catalogue.db"))
    with pytest.raises(Unavailable, match="database"):
        await SqlCatalogue(engine).put(_part("A"))
    with pytest.raises(Unavailable):
        await migrate(engine)
    await engine.dispose()


def _is_of_one_database(difference: Any) -> bool:
    """Whether it is an index that one database has besides."""
    return difference[0] == "remove_index" and difference[1].name.endswith(("_trigrams", "_by_words"))


@pytest.mark.parametrize("kind", KINDS)
async def test_the_migrations_make_the_tables_that_are_declared(kind: str, tmp_path: Path, postgresql: Server) -> None:
    def differences(connection: Connection) -> list[object]:
        found = compare_metadata(MigrationContext.configure(connection), metadata)
        return [each for each in found if not _is_of_one_database(each)]

    async with database(kind, tmp_path, postgresql) as engine, engine.connect() as connection:
        assert await connection.run_sync(differences) == []


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
