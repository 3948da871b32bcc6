"""What every keeper of exports promises: places that survive, contents that go with their job and with their recording."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from telegraphone.database.exports import SqlExports
from telegraphone.database.memory_exports import MemoryExports
from telegraphone.database.standings import SqlStandings
from telegraphone.domain.ids import DEFAULT_TENANT, CallUuid
from telegraphone.services.archive_ports import PackedFile, Prepared
from telegraphone.services.export_jobs import ExportJob, State
from telegraphone.services.keeping import Tombstone
from tests.contract.databases import KINDS, database
from tests.postgresql import Server

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
A, B = CallUuid("A" * 32), CallUuid("B" * 32)
JOB = ExportJob("ab" * 12, DEFAULT_TENANT, "officer", "officer by token x", "192.0.2.7", True, NOON, 2, purpose="audit")
PREPARED = Prepared((PackedFile("r/audio.wav", 5_000_000_000, 0xFFFF_FFFF, "ab" * 32),), {"r/metadata.json": b"\0\xff{}"})


Kept = SqlExports | MemoryExports


@pytest.fixture(params=["memory", *KINDS])
async def kept(request: pytest.FixtureRequest, tmp_path: Path, postgresql: Server) -> AsyncIterator[Kept]:
    if request.param == "memory":
        yield MemoryExports()
        return
    async with database(request.param, tmp_path, postgresql) as engine:
        yield SqlExports(engine)


async def test_jobs_are_each_tenants_own_and_the_oldest_comes_first(kept: Kept) -> None:
    later = replace(JOB, id="cd" * 12, created_at=NOON + timedelta(seconds=1))
    theirs = replace(JOB, id="ef" * 12, tenant="other")
    for each in (later, JOB, theirs):
        await kept.add(each, (A, B))
    assert await kept.of(DEFAULT_TENANT) == (JOB, later)
    assert await kept.of(None) == (JOB, theirs, later)
    assert await kept.find(DEFAULT_TENANT, JOB.id) == JOB
    assert await kept.find("other", JOB.id) is None
    assert not await kept.remove("other", JOB.id)
    failed = replace(JOB, state=State.FAILED, finished_at=NOON, reason="why")
    assert await kept.change(failed)
    assert await kept.find(DEFAULT_TENANT, JOB.id) == failed
    assert await kept.remove(DEFAULT_TENANT, JOB.id)
    assert not await kept.change(failed)
    assert await kept.of(DEFAULT_TENANT) == (later,)


async def test_a_job_and_its_contents_move_on_together(kept: Kept) -> None:
    await kept.add(JOB, (A, B))
    assert [await kept.left(JOB.id, first) for first in range(3)] == [(0, A), (1, B), None]
    assert await kept.files(JOB.id) == ()
    further = replace(JOB, done=1, bytes=5_000_000_000)
    assert await kept.put(further, 0, PREPARED)
    assert await kept.find(DEFAULT_TENANT, JOB.id) == further
    assert await kept.left(JOB.id, 0) == (1, B)
    assert await kept.put(further, 1, Prepared((), {}))
    assert await kept.left(JOB.id, 0) is None
    ready = replace(further, state=State.READY, finished_at=NOON)
    assert await kept.put(ready, 2, PREPARED)
    assert await kept.files(JOB.id) == ((0, PREPARED.files), (1, ()), (2, PREPARED.files))
    assert await kept.documents(JOB.id, 0) == PREPARED.documents
    assert await kept.documents(JOB.id, 7) == {}
    await kept.remove(DEFAULT_TENANT, JOB.id)
    assert not await kept.put(ready, 1, PREPARED)
    assert await kept.files(JOB.id) == ()
    assert await kept.left(JOB.id, 0) is None


@pytest.mark.parametrize("kind", KINDS)
async def test_what_was_kept_of_a_recording_goes_when_it_is_erased(kind: str, tmp_path: Path, postgresql: Server) -> None:
    async with database(kind, tmp_path, postgresql) as engine:
        exports = SqlExports(engine)
        await exports.add(JOB, (A, B))
        await exports.put(replace(JOB, done=1), 0, PREPARED)
        await SqlStandings(engine).bury(Tombstone(DEFAULT_TENANT, A, NOON, "{}", "ab" * 64))
        assert await exports.files(JOB.id) == ()
        assert await exports.left(JOB.id, 0) == (1, B)
        assert await exports.put(replace(JOB, done=2), 0, PREPARED)
        assert await exports.files(JOB.id) == (), "what was looked through meanwhile is not kept either"
