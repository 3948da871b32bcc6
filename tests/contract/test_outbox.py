"""What every outbox promises, and that what the catalogue keeps arrives in it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from telegraphone.database.catalogue import SqlCatalogue
from telegraphone.database.memory import MemoryCatalogue
from telegraphone.database.outbox import SqlOutbox
from telegraphone.domain.ids import CallUuid, RecordingId
from telegraphone.services.catalogue import By, Catalogue, HistoryEntry, PartRecord
from telegraphone.services.happenings import Happening, Kind, Outbox
from tests.contract.databases import KINDS, database
from tests.postgresql import Server

NOON = datetime(2026, 11, 24, 12, 0, 0, 123_456, tzinfo=UTC)
Both = tuple[Catalogue, Outbox]
ENTRY = HistoryEntry("Recording", NOON, None, 0, 0, By("agent", "agent.one"))
WHOSE = (RecordingId("r-1"), CallUuid("A"), "c", "A_5001", "5000", "5001", "5001", "agent.one", NOON)
PART = PartRecord(*WHOSE, history=(ENTRY,), tenant="other")
ENDED = replace(PART, stopped_at=NOON, status="sealed", bytes_stored=9, history=(replace(ENTRY, stopped_at=NOON),))


@pytest.fixture(params=["memory", *KINDS])
async def both(request: pytest.FixtureRequest, tmp_path: Path, postgresql: Server) -> AsyncIterator[Both]:
    async with opened(request.param, tmp_path, postgresql) as made:
        yield made


@pytest.fixture(params=["memory", *KINDS])
async def both_sent_on(request: pytest.FixtureRequest, tmp_path: Path, postgresql: Server) -> AsyncIterator[Both]:
    async with opened(request.param, tmp_path, postgresql, sent_on=True) as made:
        yield made


@asynccontextmanager
async def opened(kind: str, folder: Path, postgresql: Server, *, sent_on: bool = False) -> AsyncIterator[Both]:
    """A catalogue and its outbox, where recordings stay or are sent on."""
    if kind == "memory":
        catalogue = MemoryCatalogue(sent_on=sent_on)
        yield catalogue, catalogue.outbox
        return
    async with database(kind, folder, postgresql) as engine:
        yield SqlCatalogue(engine, sent_on=sent_on), SqlOutbox(engine)


def _happening(call: str, minutes: float = 0, tenant: str = "default") -> Happening:
    at = NOON + timedelta(minutes=minutes)
    return Happening(Kind.ERASED, tenant, CallUuid(call), RecordingId(""), at, {"by": {"userName": "admin.one"}, "bytes": 7})


async def test_what_was_added_comes_back_in_order_with_growing_numbers(both: Both) -> None:
    _, outbox = both
    for call in "ABC":
        await outbox.add(_happening(call))
    found = await outbox.after(0, "default", 10)
    assert [each.happening for each in found] == [_happening(call) for call in "ABC"]
    assert [each.number for each in found] == [1, 2, 3]
    assert [each.happening.call_uuid for each in await outbox.after(1, "default", 1)] == ["B"]


async def test_each_contact_centre_has_its_own(both: Both) -> None:
    _, outbox = both
    await outbox.add(_happening("A", tenant="other"))
    assert await outbox.after(0, "default", 10) == ()
    assert len(await outbox.after(0, "other", 10)) == 1


async def test_a_new_webhook_begins_at_the_end_and_stays_where_it_was_put(both: Both) -> None:
    _, outbox = both
    await outbox.add(_happening("A"))
    assert await outbox.told("hook") == 1
    await outbox.add(_happening("B"))
    assert await outbox.told("hook") == 1
    await outbox.set_told("hook", 2)
    await outbox.set_told("another", 0)
    assert (await outbox.told("hook"), await outbox.told("another")) == (2, 0)


async def test_forgotten_numbers_are_never_given_again(both: Both) -> None:
    _, outbox = both
    for minutes in (0, 1):
        await outbox.add(_happening("A", minutes))
    assert await outbox.forget(NOON + timedelta(minutes=1)) == 1
    assert await outbox.forget(NOON + timedelta(minutes=2)) == 1
    await outbox.add(_happening("B", 3))
    assert [each.number for each in await outbox.after(0, "default", 10)] == [3]


async def test_what_the_catalogue_keeps_has_happened_once(both: Both) -> None:
    catalogue, outbox = both
    for _ in range(2):
        await catalogue.put(PART)
    (told,) = await outbox.after(0, "other", 10)
    assert (told.happening.kind, told.happening.at, told.happening.recording_id) == (Kind.STARTED, NOON, "r-1")
    assert told.happening.detail["by"] == {"source": "agent", "userName": "agent.one"}
    second = replace(PART, recording_id=RecordingId("r-2"), call_uuid=CallUuid("B"))
    for together in ((PART, second, ENDED), (ENDED, second)):
        await catalogue.put(*together)
    more = [(each.happening.kind, each.happening.recording_id) for each in await outbox.after(told.number, "other", 10)]
    assert more == [(Kind.STARTED, "r-2"), (Kind.STOPPED, "r-1"), (Kind.STORED, "r-1")]


async def test_where_recordings_are_sent_on_one_is_stored_once_and_when_it_is_there(both_sent_on: Both) -> None:
    catalogue, outbox = both_sent_on
    await outbox.stored(PART.recording_id, NOON)
    await catalogue.put(PART)
    await outbox.stored(PART.recording_id, NOON)
    for _ in range(2):
        await catalogue.put(ENDED)
    assert [each.happening.kind for each in await outbox.after(0, "other", 10)] == [Kind.STARTED, Kind.STOPPED]
    there = NOON + timedelta(hours=5)
    for _ in range(2):
        await outbox.stored(PART.recording_id, there)
    await catalogue.put(ENDED)
    [told] = [each.happening for each in await outbox.after(2, "other", 10)]
    about = {"name": "A_5001", "recordedDn": "5001", "userName": "agent.one", "durationMs": 0, "bytes": 9, "state": "sealed"}
    assert told == Happening(Kind.STORED, "other", CallUuid("A"), RecordingId("r-1"), there, about)


async def test_what_goes_on_after_its_end_is_stored_once_with_its_newest_end(both_sent_on: Both) -> None:
    catalogue, outbox = both_sent_on
    for part in (ENDED, PART, replace(ENDED, bytes_stored=11)):
        await catalogue.put(part)
    for _ in range(2):
        await outbox.stored(PART.recording_id, NOON)
    stored = [each.happening for each in await outbox.after(0, "other", 10) if each.happening.kind is Kind.STORED]
    assert [each.detail["bytes"] for each in stored] == [11]
