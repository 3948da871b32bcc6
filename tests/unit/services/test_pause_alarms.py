"""Alarms about long pauses: in the trail and for the webhooks, whatever the database does meanwhile."""

import asyncio
from contextlib import suppress
from datetime import UTC, datetime

from telegraphone.database.memory import MemoryAuditTrail, MemoryOutbox
from telegraphone.domain.ids import CallUuid, RecordingId
from telegraphone.services.audit import Deed
from telegraphone.services.happenings import Kind
from telegraphone.services.pause_alarms import AlarmBook, LongPause
from telegraphone.services.ports import Unavailable
from telegraphone.telemetry.metrics import Metrics
from telegraphone.telemetry.pause_alarms import CountedPauseAlarms
from tests.scenario.clock import VirtualClock, settle

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
PAUSE = LongPause("default", CallUuid("CALL"), RecordingId("part"), "5001", "agent.one", NOON, 120)


class Away(MemoryAuditTrail):
    """A trail whose database is away at first."""

    away = True

    async def write(self, deed: Deed) -> None:
        if self.away:
            raise Unavailable("database", "away")
        await super().write(deed)


async def test_an_alarm_is_written_down_when_the_database_is_back() -> None:
    clock, outbox, looked, metrics = VirtualClock(), MemoryOutbox(), [], Metrics(VirtualClock())
    trail = Away(clock)
    book = AlarmBook(trail, outbox, clock, lambda: looked.append(True))
    running = asyncio.create_task(book.run())
    try:
        CountedPauseAlarms(book, metrics).raise_alarm(PAUSE)
        await settle()
        assert await outbox.after(0, "default", 10) == ()
        trail.away = False
        await clock.advance(5)
        [told] = await outbox.after(0, "default", 10)
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
    assert (told.happening.kind, told.happening.at, told.happening.recording_id) == (Kind.PAUSED_LONG, NOON, "part")
    assert told.happening.detail == {"recordedDn": "5001", "userName": "agent.one", "seconds": 120}
    assert looked == [True]
    [line] = await trail.about("default", ("CALL",), 10)
    assert (line.deed.action, line.deed.detail["seconds"], line.deed.detail["part"]) == ("pause alarm", "120", "part")
    assert metrics.registry.get_sample_value("telegraphone_pause_alarms_total") == 1
