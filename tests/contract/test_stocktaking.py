"""What is listed and gone is told within a day, wherever it lay, and nothing else is (REC-1, F17)."""

import shutil
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from structlog.testing import capture_logs

from telegraphone.database.catalogue import SqlCatalogue
from telegraphone.database.standings import SqlStandings
from telegraphone.database.stock import SqlStock
from telegraphone.domain.ids import CallUuid, RecordingId
from telegraphone.keystore.memory import MemoryKeyStore
from telegraphone.limits import STOCKTAKING_BATCH
from telegraphone.media.ports import SealedPlace
from telegraphone.services.catalogue import PartRecord
from telegraphone.services.ports import Unavailable
from telegraphone.services.stocktaking import Shelves, Stocktaking
from telegraphone.services.troubles import Problem, Troubles
from telegraphone.storage.archive import Hand, SealedArchive
from telegraphone.storage.content import keep_content
from telegraphone.storage.folder import Folder
from telegraphone.storage.layered import Layered
from telegraphone.storage.memory import MemoryStore
from telegraphone.storage.s3 import Bucket, S3Place
from telegraphone.storage.turns import Turns
from tests.contract.databases import KINDS, database
from tests.interop.storage.seaweed import SECRET, USER, Seaweed
from tests.postgresql import Server
from tests.scenario.clock import VirtualClock
from tests.unit.media.recording_maker import START, Chance, Maker, at, conversation

DAY_S = 86_400.0
TENANT = "tenant-one"


def part(number: int, *, ended: bool = True) -> PartRecord:
    stopped = START if ended else None
    numbers = ("c", "n", "5000", "5001", "5001", "agent.one")
    its = (identity(number), CallUuid(f"CALL{number:04}"), *numbers, START, stopped, 1, "sealed")
    return PartRecord(*its, tenant=TENANT, bytes_stored=1)


def identity(number: int) -> RecordingId:
    return RecordingId(f"0d3f9f3e-7a52-4d07-9a5e-{number:012}")


@pytest.fixture(params=KINDS)
async def engine(request: pytest.FixtureRequest, tmp_path: Path, postgresql: Server) -> AsyncIterator[AsyncEngine]:
    async with database(request.param, tmp_path, postgresql) as opened:
        yield opened


@dataclass
class Shelf:
    """Where finished recordings lie, as far as stocktaking asks."""

    asked: list[RecordingId] = field(default_factory=list)
    gone: set[RecordingId] = field(default_factory=set)
    away: set[RecordingId] = field(default_factory=set)

    async def missing(self, recording_id: RecordingId) -> Sequence[str]:
        self.asked.append(recording_id)
        if recording_id in self.away:
            raise Unavailable("archive")
        if recording_id in self.gone:
            raise KeyError(recording_id)
        return ()


class Office:
    """A list of recordings, and who looks for them."""

    def __init__(self, engine: AsyncEngine, shelves: Shelves, *, settling_s: float = 0.0) -> None:
        self.engine = engine
        self.settling_s = settling_s
        self.shelves = shelves
        self.catalogue, self.clock, self.troubles = SqlCatalogue(engine), VirtualClock(START), Troubles()
        self.restart()

    def restart(self) -> None:
        self.it = Stocktaking(SqlStock(self.engine), self.shelves, self.troubles, self.clock, settling_s=self.settling_s)

    async def look(self, after_s: float = 60.0) -> list[str]:
        """What is told in one look."""
        await self.clock.advance(after_s)
        with capture_logs() as logs:
            await self.it.look()
        return [f"{entry['event']} {entry['recording'][-1]}" for entry in logs if entry["event"].startswith("recording_")]

    def told(self) -> list[tuple[str, Problem]]:
        return [(each.call_uuid[-1], each.problem) for each in self.troubles.of(TENANT)]


def made(number: int, keys: MemoryKeyStore) -> Maker:
    """A finished recording, in memory."""
    maker = Maker(MemoryStore(), keys, identity(number), TENANT)
    conversation(maker)
    maker.finished()
    return maker


def kept_in(place: SealedPlace, maker: Maker) -> None:
    for path, content in maker.store.files.items():
        keep_content(place, path, bytes(content))


@pytest.fixture
def bucket(s3_server: Seaweed) -> Bucket:
    return Bucket(s3_server.bucket("stock", versioned=False), "here", s3_server.url, access_key_id=USER, secret_access_key=SECRET)


async def test_a_deleted_folder_and_a_deleted_object_are_told(
    engine: AsyncEngine, tmp_path: Path, bucket: Bucket, s3_server: Seaweed
) -> None:
    root = tmp_path / "audio"
    root.mkdir()
    home, store = Folder(root), S3Place(bucket, lambda: at(10**9))
    keys = MemoryKeyStore(Chance("keys"))
    makers = [made(number, keys) for number in range(5)]
    for place, maker in zip((home, home, store, store, home), makers, strict=True):
        kept_in(place, maker)
    places, hand = (home, store), Hand(keys, "test", lambda: at(10**9), Chance("archive"))
    office = Office(engine, SealedArchive(Layered(*places), places, keys, hand, turns=Turns()))
    await office.catalogue.put(*(part(number) for number in range(5)), part(5, ended=False))
    assert await office.look() == []

    shutil.rmtree(root / makers[1].sealed)
    [journal] = [path for path in makers[3].store.files if path.endswith(".tgj")]
    s3_server.client.delete_object(Bucket=bucket.name, Key=f"here/{journal}")
    assert await office.look() == [], "the round of this day is over"
    assert await office.look(DAY_S) == ["recording_gone 1", "recording_gone 3"]
    assert office.told() == [("3", Problem.INCOMPLETE), ("1", Problem.LOST)]
    assert await office.look(DAY_S) == [], "it is told once"
    assert office.troubles.gone == 2

    # From a back-up, and in the order that people restore things.
    kept_in(store, makers[3])
    assert await office.look() == ["recording_found_again 3"]
    assert office.told() == [("1", Problem.LOST)]
    (root / makers[4].sealed / "manifest.json").write_bytes(b"{}")
    assert await office.look(DAY_S) == ["recording_gone 4"]
    assert office.told() == [("4", Problem.DAMAGED), ("1", Problem.LOST)]


async def test_a_round_is_a_few_at_a_time_goes_on_after_a_restart_and_begins_anew_the_next_day(engine: AsyncEngine) -> None:
    shelf = Shelf()
    office = Office(engine, shelf)
    assert await office.look() == []
    count = 2 * STOCKTAKING_BATCH + 3
    await office.catalogue.put(*map(part, range(count)))
    await office.look()
    assert len(shelf.asked) == STOCKTAKING_BATCH
    await office.look()
    office.restart()
    for _ in range(3):
        await office.look()
    assert shelf.asked == [identity(number) for number in range(count)], "each once"
    await office.look(DAY_S)
    assert shelf.asked[count:] == shelf.asked[:STOCKTAKING_BATCH]


async def test_what_is_out_of_reach_is_not_gone_and_keeps_no_other_from_being_looked_for(engine: AsyncEngine) -> None:
    shelf = Shelf(gone={identity(2)}, away={identity(number) for number in range(4)})
    office = Office(engine, shelf)
    await office.catalogue.put(*map(part, range(4)))
    with pytest.raises(Unavailable):
        await office.look()
    shelf.away = {identity(0)}
    assert await office.look() == ["recording_gone 2"]
    shelf.away.clear()
    shelf.gone.clear()
    assert await office.look() == ["recording_found_again 2"]


async def test_what_another_node_may_not_have_sent_on_yet_is_looked_for_a_round_later(engine: AsyncEngine) -> None:
    shelf = Shelf(gone={identity(1), identity(2)})
    office = Office(engine, shelf, settling_s=3_600.0)
    now = office.clock.utc()
    ended = [timedelta(days=1), timedelta(minutes=61), timedelta(minutes=58)]
    await office.catalogue.put(*(replace(part(number), stopped_at=now - ago) for number, ago in enumerate(ended)))
    assert await office.look() == ["recording_gone 1"]
    assert shelf.asked == [identity(0), identity(1)]
    assert await office.look(DAY_S) == ["recording_gone 2"]


async def test_what_is_erased_is_not_missed(engine: AsyncEngine) -> None:
    shelf = Shelf(gone={identity(0), identity(1)})
    office, standings = Office(engine, shelf), SqlStandings(engine)
    await office.catalogue.put(*map(part, range(2)))
    assert await standings.claim(TENANT, part(0).call_uuid)
    assert await office.look() == ["recording_gone 1"]
    assert await standings.claim(TENANT, part(1).call_uuid)
    await office.look()
    assert office.told() == []
