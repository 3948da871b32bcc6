"""The catalogue behind the calls' backs: away, back, full, and what a crash left unfinished."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from telegraphone.database.memory import MemoryCatalogue
from telegraphone.domain.ids import DEFAULT_TENANT, CallUuid, RecordingId
from telegraphone.limits import CATALOGUE_BACKLOG_MAX
from telegraphone.services.catalogue import By, HistoryEntry, PartRecord
from telegraphone.services.catalogue_writer import CatalogueWriter
from telegraphone.services.ports import SealedRecording, SpanFact, Unavailable
from telegraphone.services.recovery import RecoveredParts
from tests.scenario.clock import VirtualClock, settle

BEGAN = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
CALL = CallUuid("C" * 32)
AGENT = By("agent", "agent.one", "5001")


def part(name: str = "a") -> PartRecord:
    return PartRecord(RecordingId(name), CALL, "0" * 16, f"name-{name}", "5000", "5001", "5001", "agent.one", BEGAN)


def ended(one: PartRecord) -> PartRecord:
    return replace(one, stopped_at=BEGAN + timedelta(seconds=1), status="sealed")


def recovered(name: str = "a", *spans: SpanFact) -> SealedRecording:
    return SealedRecording(RecordingId(name), CALL, BEGAN, 80_000, 8_000, spans, "recovered", 1)


class Moody(MemoryCatalogue):
    """A catalogue that can be away."""

    def __init__(self) -> None:
        super().__init__()
        self.away = False
        self.hated = ""
        self.puts: list[str] = []

    async def put(self, *parts: PartRecord) -> None:
        self.puts.append("".join(part.recording_id for part in parts))
        if self.away:
            raise Unavailable("catalogue")
        if any(part.recording_id == self.hated for part in parts):
            raise Unavailable("catalogue", retryable=False)
        await super().put(*parts)

    async def unfinished(self) -> tuple[PartRecord, ...]:
        if self.away:
            raise Unavailable("catalogue")
        return await super().unfinished()


async def test_a_database_that_is_away_delays_records_and_loses_none() -> None:
    clock, catalogue = VirtualClock(), Moody()
    writer = CatalogueWriter(catalogue, clock)
    task = asyncio.create_task(writer.run())
    catalogue.away = True
    for name in "abc":
        writer.put(part(name))
    writer.put(ended(part("a")))
    await clock.advance(10)
    assert await catalogue.parts_of_call(DEFAULT_TENANT, CALL) == ()
    assert catalogue.puts == 11 * ["a"], "it does not hammer"
    catalogue.away = False
    await clock.advance(1)
    assert {each.recording_id: each.status for each in await catalogue.parts_of_call(DEFAULT_TENANT, CALL)} == {
        "a": "sealed",
        "b": "recording",
        "c": "recording",
    }
    task.cancel()


async def test_a_newer_record_is_written_even_if_it_comes_during_the_write() -> None:
    clock = VirtualClock()

    class Slow(Moody):
        async def put(self, *parts: PartRecord) -> None:
            await clock.sleep_until(clock.now() + 1)
            await super().put(*parts)

    catalogue = Slow()
    writer = CatalogueWriter(catalogue, clock)
    task = asyncio.create_task(writer.run())
    writer.put(part())
    await settle()
    writer.put(ended(part()))
    assert writer.awaits(CALL)
    await clock.advance(5)
    assert not writer.awaits(CALL)
    assert [each.status for each in await catalogue.parts_of_call(DEFAULT_TENANT, CALL)] == ["sealed"]
    task.cancel()


async def test_what_waits_is_written_together_in_order_and_what_is_refused_keeps_no_other_waiting() -> None:
    catalogue = Moody()
    writer = CatalogueWriter(catalogue, VirtualClock())
    for name in "abcdefghij":
        writer.put(part(name))
    catalogue.hated = "f"
    await writer.flush()
    assert catalogue.puts == ["a", "bc", "defg", "d", "ef", "e", "fg", "f", "g", "hi", "j"]
    assert [each.recording_id for each in catalogue.everything()] == list("abcdeghij")
    assert not writer.awaits(CALL), "what is never taken is awaited no longer"


async def test_the_backlog_is_bounded_and_a_known_part_still_gets_in() -> None:
    full = CATALOGUE_BACKLOG_MAX
    writer = CatalogueWriter(Moody(), VirtualClock())
    writer._waiting = {RecordingId(str(number)): part(str(number)) for number in range(full)}
    writer.put(part("new"))
    writer.put(ended(part("0")))
    assert len(writer._waiting) == full
    assert writer._waiting[RecordingId("0")].status == "sealed"


class TestRecovery:
    async def test_a_part_left_unfinished_is_ended_and_keeps_its_authors(self) -> None:
        catalogue = Moody()
        whole = HistoryEntry("Recording", BEGAN, None, 0, 0, AGENT)
        paused = HistoryEntry("Paused", BEGAN, None, 2_000, 0, AGENT, reason="agent")
        await catalogue.put(replace(part(), history=(whole, paused)))
        writer = CatalogueWriter(catalogue, VirtualClock())
        parts = RecoveredParts(catalogue, writer)
        assert await parts.load()
        parts.found(recovered("a", SpanFact("paused", "agent", 16_000, 80_000)))
        await writer.flush()
        (found,) = await catalogue.parts_of_call(DEFAULT_TENANT, CALL)
        assert (found.name, found.user_name, found.status, found.duration_ms) == ("name-a", "agent.one", "recovered", 10_000)
        assert [(each.type, each.offset_ms, each.duration_ms, each.started_by) for each in found.history] == [
            ("Recording", 0, 10_000, AGENT),
            ("Paused", 2_000, 8_000, AGENT),
        ]
        assert {each.stopped_by for each in found.history} == {By("system")}

    async def test_what_the_catalogue_never_heard_of_is_added(self) -> None:
        catalogue = Moody()
        writer = CatalogueWriter(catalogue, VirtualClock())
        parts = RecoveredParts(catalogue, writer)
        await parts.load()
        parts.found(recovered("z"))
        await writer.flush()
        (found,) = await catalogue.parts_of_call(DEFAULT_TENANT, CALL)
        assert (found.name, found.status) == ("z", "recovered")

    async def test_while_the_database_is_away_no_good_name_is_lost(self) -> None:
        clock, catalogue = VirtualClock(), Moody()
        await catalogue.put(part())
        catalogue.away = True
        writer = CatalogueWriter(catalogue, clock)
        parts = RecoveredParts(catalogue, writer)
        loading = asyncio.create_task(parts.keep_loading(clock))
        parts.found(recovered())
        await clock.advance(5)
        assert not loading.done()
        catalogue.away = False
        await clock.advance(2)
        assert loading.done()
        await writer.flush()
        (found,) = await catalogue.parts_of_call(DEFAULT_TENANT, CALL)
        assert (found.name, found.status) == ("name-a", "recovered")
