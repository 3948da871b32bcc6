"""Retention on a real archive and a real database: the keys are gone, the stone stays, and the command line says so before."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from typer.testing import CliRunner

from telegraphone.cli import app
from telegraphone.database.ages import SqlAges
from telegraphone.database.audit import SqlAuditTrail
from telegraphone.database.catalogue import SqlCatalogue
from telegraphone.database.engine import migrate, open_engine, sqlite_url
from telegraphone.database.labels import SqlLabels
from telegraphone.database.standings import SqlStandings
from telegraphone.domain.ids import CallUuid, RecordingId
from telegraphone.domain.retention import RetentionRule
from telegraphone.media.errors import KeyMissing
from telegraphone.media.manifest import load_manifest
from telegraphone.services.catalogue import PartRecord
from telegraphone.services.keeping import Ending
from telegraphone.services.retention import Decided, Overdue, Retention
from telegraphone.storage.archive import Hand, SealedArchive
from telegraphone.storage.notary import SignedStatements
from telegraphone.storage.turns import Turns
from tests.contract.databases import KINDS, database
from tests.postgresql import Server
from tests.scenario.clock import VirtualClock
from tests.unit.media.recording_maker import RECORDING, START, Chance, Maker, conversation

CALL = CallUuid("CALL0001")
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Office:
    maker: Maker
    engine: AsyncEngine

    def retention(self, now: datetime) -> Retention:
        """As a process that was started now."""
        clock = VirtualClock(now)
        maker, trail = self.maker, SqlAuditTrail(self.engine, clock)
        hand = Hand(maker.keys, "telegraphone test", clock.utc, Chance("archive"))
        archive = SealedArchive(maker.store, [maker.store], maker.keys, hand, turns=Turns())
        ending = Ending(SqlStandings(self.engine), archive, SignedStatements(maker.keys), trail)
        rules = (RetentionRule("a month", 30, tenant=maker.tenant, dnises=("5001",)),)
        overdue = Overdue(SqlAges(self.engine), SqlCatalogue(self.engine), SqlLabels(self.engine), Decided(rules, "v1"))
        return Retention(overdue, archive, ending, trail, clock)


@pytest.fixture(params=KINDS)
async def office(request: pytest.FixtureRequest, tmp_path: Path, postgresql: Server) -> AsyncIterator[Office]:
    maker = Maker()
    conversation(maker)
    maker.finished()
    async with database(request.param, tmp_path, postgresql) as engine:
        numbers = ("c", "n", "5000", "5001", "5001", "agent.one")
        part = PartRecord(RecordingId(RECORDING), CALL, *numbers, START, START, 1, "sealed", tenant=maker.tenant, bytes_stored=1)
        await SqlCatalogue(engine).put(part)
        yield Office(maker, engine)


async def test_what_retention_ends_opens_no_more(office: Office) -> None:
    maker, ages = office.maker, SqlAges(office.engine)
    dek_ids = load_manifest(maker.store, maker.sealed, maker.trusted).dek_ids
    for days, ended in ((0, 0), (29, 0), (31, 1)):
        now = START + days * DAY
        await ages.reach(now)
        assert await office.retention(now).look() == ended
    for dek_id in dek_ids:
        with pytest.raises(KeyMissing):
            maker.keys.open(maker.tenant, dek_id)
    assert maker.store.files == {}
    stone = await SqlStandings(office.engine).tombstone(maker.tenant, CALL)
    assert stone is not None
    assert '"rule":"a month @v1"' in stone.statement
    assert await SqlCatalogue(office.engine).parts_of_call(maker.tenant, CALL) == ()


async def test_what_is_held_stays_playable(office: Office) -> None:
    maker, ages, standings = office.maker, SqlAges(office.engine), SqlStandings(office.engine)
    await standings.hold(maker.tenant, CALL, "case 7", ("compliance.one", START))
    for days in (0, 31):
        await ages.reach(START + days * DAY)
        assert await office.retention(START + days * DAY).look() == 0
    assert maker.keys.open(maker.tenant, load_manifest(maker.store, maker.sealed, maker.trusted).dek_ids[0])


CONFIG = """
[server]
external_url = "http://127.0.0.1:8080"
data_dir = "data"

[[phones]]
number = "5001"
password = "phone-secret"

[[retention]]
name = "a month"
days = 30
"""


async def _made(data: Path, ended: datetime) -> None:
    engine = open_engine(sqlite_url(data / "telegraphone.db"))
    await migrate(engine)
    numbers = ("c", "n", "5000", "5001", "5001", "agent.one")
    await SqlCatalogue(engine).put(PartRecord(RecordingId(RECORDING), CALL, *numbers, ended, ended, 1, "sealed"))
    aged = await SqlAges(engine).unnoticed(10)
    await SqlAges(engine).notice(aged)
    await engine.dispose()


def test_an_operator_sees_what_would_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir(mode=0o700)
    (tmp_path / "telegraphone.toml").write_text(CONFIG, encoding="utf-8")
    asyncio.run(_made(tmp_path / "data", datetime.now(UTC) - 20 * DAY))
    before = (tmp_path / "data" / "telegraphone.db").read_bytes()

    def asked(*words: str) -> str:
        done = CliRunner().invoke(app, ["retention", *words])
        assert done.exit_code == 0, done.output
        return done.output

    assert asked("due") == "0 recordings\n"
    said = asked("due", "--in", "11")
    assert said.startswith(f"{CALL} default until 20")
    assert said.endswith("by 'a month'\n1 recordings\n")
    assert (tmp_path / "data" / "telegraphone.db").read_bytes() == before
    assert asked("believe-clock").startswith("It is 20")
