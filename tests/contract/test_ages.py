"""What everybody promises who knows from when recordings are kept."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from telegraphone.database.ages import SqlAges
from telegraphone.database.catalogue import SqlCatalogue
from telegraphone.database.memory import MemoryCatalogue, MemoryStandings
from telegraphone.database.memory_ages import MemoryAges
from telegraphone.database.standings import SqlStandings
from telegraphone.domain.ids import CallUuid, RecordingId
from telegraphone.services.catalogue import Catalogue, PartRecord
from telegraphone.services.retention import Aged, Ages
from tests.contract.databases import KINDS, database
from tests.postgresql import Server

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
A, B, C = (CallUuid(letter * 32) for letter in "ABC")
OURS = "default"


@dataclass(frozen=True, slots=True)
class Kept:
    catalogue: Catalogue
    standings: SqlStandings | MemoryStandings
    ages: Ages

    async def put(self, name: str, call: CallUuid, end: datetime | None, tenant: str = OURS) -> PartRecord:
        numbers = ("c", "n", "5000", "5001", "5001", "agent.one")
        part = PartRecord(RecordingId(name), call, *numbers, NOON, end, 1, "sealed" if end else "recording", tenant=tenant)
        await self.catalogue.put(part)
        return part

    async def noticed(self) -> dict[CallUuid, datetime]:
        """Everything that was not noticed yet, and is now."""
        aged = await self.ages.unnoticed(10)
        await self.ages.notice(aged)
        return {each.call_uuid: each.kept_from for each in aged}


@pytest.fixture(params=["memory", *KINDS])
async def kept(request: pytest.FixtureRequest, tmp_path: Path, postgresql: Server) -> AsyncIterator[Kept]:
    if request.param == "memory":
        catalogue = MemoryCatalogue()
        standings = MemoryStandings(catalogue)
        yield Kept(catalogue, standings, MemoryAges(catalogue, standings))
        return
    async with database(request.param, tmp_path, postgresql) as engine:
        yield Kept(SqlCatalogue(engine), SqlStandings(engine), SqlAges(engine))


async def test_time_is_remembered(kept: Kept) -> None:
    assert await kept.ages.reached() == (None, None)
    await kept.put("1", A, NOON + timedelta(hours=1))
    for at in (NOON, NOON + timedelta(days=1)):
        await kept.ages.reach(at)
        assert await kept.ages.reached() == (at, NOON + timedelta(hours=1))


async def test_a_recording_is_noticed_when_all_of_it_has_ended_and_again_when_it_went_on(kept: Kept) -> None:
    first = await kept.put("1", A, NOON)
    await kept.put("2", A, None)
    assert await kept.noticed() == {}
    await kept.put("2", A, NOON + timedelta(hours=1))
    assert await kept.noticed() == {A: NOON + timedelta(hours=1)}
    assert await kept.noticed() == {}
    await kept.catalogue.change(replace(first, status="redacted"))
    assert await kept.noticed() == {}, "what was done to it later makes it no younger"
    await kept.put("3", A, NOON + timedelta(hours=2))
    assert await kept.noticed() == {A: NOON + timedelta(hours=2)}


async def test_only_what_nothing_keeps_is_found_in_order_of_time(kept: Kept) -> None:
    later = NOON + timedelta(hours=1)
    for name, call, end in (("1", B, NOON), ("2", A, NOON), ("3", C, later)):
        await kept.put(name, call, end)
    await kept.put("4", A, NOON, tenant="other")
    late = NOON + timedelta(days=1)
    assert await kept.ages.before(OURS, late, None, 10) == (), "nobody has noticed them yet"
    await kept.noticed()
    found = (Aged(OURS, A, NOON), Aged(OURS, B, NOON), Aged(OURS, C, later))
    assert await kept.ages.before(OURS, late, None, 10) == found
    assert await kept.ages.before(OURS, late, None, 2) == found[:2]
    assert await kept.ages.before(OURS, late, (NOON, A), 10) == found[1:]
    assert await kept.ages.before(OURS, later, None, 10) == found[:2], "before, and not at"
    assert await kept.ages.before("other", late, None, 10) == (Aged("other", A, NOON),)
    await kept.standings.protect(OURS, A, on=True)
    await kept.standings.hold(OURS, B, "case 7", ("compliance.one", NOON))
    assert await kept.ages.before(OURS, late, None, 10) == found[2:]
    await kept.standings.release(OURS, B, "case 7")
    assert await kept.standings.claim(OURS, B)
    assert await kept.ages.before(OURS, late, None, 10) == (replace(found[1], claimed=True), found[2])
