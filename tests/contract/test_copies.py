"""What every store of copied calls promises."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import create_async_engine

from telegraphone.database.copies import SqlCopies
from telegraphone.database.engine import migrate, open_engine, sqlite_url
from telegraphone.database.memory import MemoryCopies
from telegraphone.database.standings import SqlStandings
from telegraphone.domain.copies import Copy, Party
from telegraphone.domain.ids import DEFAULT_TENANT, CallUuid
from telegraphone.services.copies import CopyStore, KeptSnapshot
from telegraphone.services.keeping import Tombstone
from telegraphone.services.ports import Unavailable
from tests.contract.databases import KINDS, database
from tests.postgresql import Server

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
AGENT = Party("sip:5001@pbx.example.com", "5001", "Ada")
FIRST = Copy(CallUuid("FIRST"), DEFAULT_TENANT, "sbc", NOON, links=frozenset({"default group-1"})).described((AGENT,), NOON)
SECOND = Copy(CallUuid("SECOND"), DEFAULT_TENANT, "sbc", NOON + timedelta(minutes=1), links=frozenset({"default cs-2"}))
OTHER = Copy(CallUuid("OTHER"), DEFAULT_TENANT, "sbc", NOON, links=frozenset({"default cs-9"}))


@pytest.fixture(params=("memory", *KINDS))
async def store(request: pytest.FixtureRequest, tmp_path: Path, postgresql: Server) -> AsyncIterator[CopyStore]:
    if request.param == "memory":
        yield MemoryCopies()
        return
    async with database(request.param, tmp_path, postgresql) as engine:
        yield SqlCopies(engine)


async def test_what_was_put_is_found_and_replaced(store: CopyStore) -> None:
    assert await store.conversation(DEFAULT_TENANT, FIRST.call_uuid) == ()
    await store.put(FIRST)
    assert await store.conversation(DEFAULT_TENANT, FIRST.call_uuid) == (FIRST,)
    over = replace(FIRST, facts={"recordpref": "off"}, snapshots=2).over(NOON + timedelta(minutes=5))
    await store.put(over)
    assert await store.conversation(DEFAULT_TENANT, FIRST.call_uuid) == (over,)


async def test_those_that_share_a_link_are_one_conversation_however_late_it_is_known(store: CopyStore) -> None:
    third = Copy(CallUuid("THIRD"), DEFAULT_TENANT, "sbc", NOON + timedelta(minutes=2), links=SECOND.links)
    for copy in (FIRST, SECOND, OTHER, third):
        await store.put(copy)
    assert await store.conversation(DEFAULT_TENANT, third.call_uuid) == (SECOND, third)
    joined = replace(SECOND, links=SECOND.links | FIRST.links)
    await store.put(joined)
    for uuid in (FIRST.call_uuid, SECOND.call_uuid, third.call_uuid):
        assert await store.conversation(DEFAULT_TENANT, uuid) == (FIRST, joined, third)
    assert await store.conversation(DEFAULT_TENANT, OTHER.call_uuid) == (OTHER,)


async def test_documents_are_kept_in_order_and_replaced_by_number(store: CopyStore) -> None:
    one = KeptSnapshot(DEFAULT_TENANT, FIRST.call_uuid, 1, NOON, "application/rs-metadata", b"<recording/>")
    two = KeptSnapshot(
        DEFAULT_TENANT, FIRST.call_uuid, 2, NOON, "application/rs-metadata+xml", b"\xff\0", "the metadata is no XML"
    )
    for each in (two, one, KeptSnapshot(DEFAULT_TENANT, OTHER.call_uuid, 1, NOON, "", b"other")):
        await store.add(each)
    assert await store.snapshots(DEFAULT_TENANT, FIRST.call_uuid) == (one, two)
    await store.add(replace(two, document=b"later"))
    assert (await store.snapshots(DEFAULT_TENANT, FIRST.call_uuid))[1].document == b"later"


async def test_many_at_once_are_as_one_after_the_other(store: CopyStore) -> None:
    joined = replace(OTHER, links=FIRST.links | SECOND.links)
    await store.put(FIRST, SECOND, joined)
    assert await store.conversation(DEFAULT_TENANT, SECOND.call_uuid) == (FIRST, joined, SECOND)
    documents = [KeptSnapshot(DEFAULT_TENANT, FIRST.call_uuid, number, NOON, "", b"%d" % number) for number in range(1, 200)]
    await store.add(*documents, replace(documents[0], document=b"the last word"))
    assert [each.document for each in await store.snapshots(DEFAULT_TENANT, FIRST.call_uuid)] == [
        b"the last word",
        *(each.document for each in documents[1:]),
    ]


async def test_nothing_is_left_of_what_is_forgotten(store: CopyStore) -> None:
    await store.put(FIRST)
    await store.add(KeptSnapshot(DEFAULT_TENANT, FIRST.call_uuid, 1, NOON, "", b"x"))
    await store.forget(DEFAULT_TENANT, FIRST.call_uuid)
    assert (
        await store.conversation(DEFAULT_TENANT, FIRST.call_uuid),
        await store.snapshots(DEFAULT_TENANT, FIRST.call_uuid),
    ) == ((), ())


async def test_a_database_that_is_away_is_unavailable(tmp_path: Path) -> None:
    engine = open_engine(sqlite_url(tmp_path / "gone" / "copies.db"))
    with pytest.raises(Unavailable):
        await SqlCopies(engine).put(FIRST)
    with pytest.raises(Unavailable):
        await SqlCopies(engine).conversation(DEFAULT_TENANT, FIRST.call_uuid)
    await engine.dispose()


async def test_another_tenant_s_copies_are_out_of_sight_though_their_ids_are_the_same(store: CopyStore) -> None:
    theirs = replace(FIRST, tenant="elsewhere", client="theirs")
    for copy in (FIRST, theirs):
        await store.put(copy)
    await store.add(KeptSnapshot("elsewhere", FIRST.call_uuid, 1, NOON, "", b"theirs"))
    assert await store.conversation(DEFAULT_TENANT, FIRST.call_uuid) == (FIRST,)
    assert await store.conversation("elsewhere", FIRST.call_uuid) == (theirs,)
    assert await store.snapshots(DEFAULT_TENANT, FIRST.call_uuid) == ()
    await store.forget(DEFAULT_TENANT, FIRST.call_uuid)
    assert await store.conversation("elsewhere", FIRST.call_uuid) == (theirs,)


async def test_an_erased_recording_leaves_nothing_that_its_client_said(tmp_path: Path) -> None:
    engine = open_engine(sqlite_url(tmp_path / "copies.db"))
    await migrate(engine)
    store = SqlCopies(engine)
    await store.put(FIRST)
    await store.add(KeptSnapshot(DEFAULT_TENANT, FIRST.call_uuid, 1, NOON, "", b"names and numbers"))
    await SqlStandings(engine).bury(Tombstone(DEFAULT_TENANT, FIRST.call_uuid, NOON, "{}", "00"))
    [left] = await store.conversation(DEFAULT_TENANT, FIRST.call_uuid)
    assert left == replace(FIRST, links=frozenset(), parties=(), facts={})
    assert await store.snapshots(DEFAULT_TENANT, FIRST.call_uuid) == ()
    await engine.dispose()


async def test_halves_that_two_nodes_put_in_one_moment_are_one_conversation(tmp_path: Path, postgresql: Server) -> None:
    async with database("postgresql", tmp_path, postgresql) as engine:
        other = create_async_engine(engine.url)
        for number in range(20):
            links = frozenset({f"default group-{number}"})
            halves = [replace(FIRST, call_uuid=CallUuid(f"{half}{number}"), links=links) for half in "AB"]
            await asyncio.gather(*(SqlCopies(each).put(half) for each, half in zip((engine, other), halves, strict=True)))
            assert await SqlCopies(engine).conversation(DEFAULT_TENANT, halves[1].call_uuid) == tuple(halves)
        await other.dispose()


@pytest.mark.parametrize("kind", KINDS)
async def test_two_who_write_at_once_wait_for_each_other(kind: str, tmp_path: Path, postgresql: Server) -> None:
    async with database(kind, tmp_path, postgresql) as engine:
        store = SqlCopies(engine)
        many = [replace(FIRST, call_uuid=CallUuid(f"CALL-{number}"), links=frozenset({f"l{number % 3}"})) for number in range(30)]
        await asyncio.gather(*(store.put(copy) for copy in many))
        assert len(await store.conversation(DEFAULT_TENANT, CallUuid("CALL-0"))) == 10
