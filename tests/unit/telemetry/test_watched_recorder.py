"""What operators see of the recorder: every operation with its outcome, pauses as long as they last, nothing personal."""

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from telegraphone.domain.ids import CallUuid, LegId, RecordingId
from telegraphone.services.ports import (
    CaptureRestored,
    Recorder,
    RecorderFull,
    RecordingRecovered,
    SealedRecording,
    TapOrder,
    TrackOrder,
    Unavailable,
)
from telegraphone.telemetry.metrics import Metrics, Sources
from telegraphone.telemetry.recorder import WatchedRecorder
from tests.scenario.clock import VirtualClock
from tests.scenario.recorder import SimulatedRecorder

ONE = RecordingId("11111111-1111-4111-8111-111111111111")
ORDER = TapOrder(ONE, CallUuid("CALL1"), "default", (TrackOrder("agent", LegId("a")), TrackOrder("other", LegId("b"))))
NOTE = {"source": "agent", "user_name": "agent.one", "phone_number": "5001"}


class World:
    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.behind = SimulatedRecorder(self.clock)
        self.metrics = Metrics(self.clock)
        self.spans = InMemorySpanExporter()
        provider = TracerProvider()
        provider.add_span_processor(SimpleSpanProcessor(self.spans))
        self.recorder: Recorder = WatchedRecorder(self.behind, self.metrics, provider.get_tracer("test"), self.clock)
        self.figures: Mapping[str, float] | None = {"received": 12, "drain_ms_max": 3.5}

    async def page(self) -> dict[str, float]:
        async def figures() -> Mapping[str, float]:
            if self.figures is None:
                raise Unavailable("recorder")
            return self.figures

        sources = Sources(
            figures=figures,
            calls=lambda: 2,
            catalogue_waiting=lambda: 1,
            recordings_gone=lambda: 1,
            calls_not_reconciled=lambda: 3,
            disk_free_bytes=lambda: 5,
        )
        lines = (await self.metrics.page(sources)).decode().splitlines()
        return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines if not line.startswith("#"))}


@pytest.fixture
def world() -> World:
    return World()


def _done(operation: str, result: str = "done") -> str:
    return f'telegraphone_recorder_operation_seconds_count{{operation="{operation}",result="{result}"}}'


async def test_every_operation_is_counted_with_its_outcome(world: World) -> None:
    await world.recorder.reserve(ORDER)
    await world.recorder.open_gate(ONE, None, NOTE)
    world.behind.fails.add("shut_gate")
    with pytest.raises(Unavailable):
        await world.recorder.shut_gate(ONE, "agent", NOTE)
    await world.recorder.seal(ONE, NOTE)
    world.behind.full_for_s = 4
    with pytest.raises(RecorderFull):
        await world.recorder.reserve(ORDER)
    page = await world.page()
    counted = {operation: page[_done(operation)] for operation in ("reserve", "start", "seal")}
    assert counted == {"reserve": 1, "start": 1, "seal": 1}
    assert page[_done("shut_gate", "failed")] == 1
    assert page[_done("reserve", "full")] == 1


async def test_nothing_is_remembered_of_a_recording_whose_end_failed(world: World) -> None:
    await world.recorder.reserve(ORDER)
    world.behind.fails.add("seal")
    for _ in range(2):
        with pytest.raises(Unavailable):
            await world.recorder.seal(ONE, NOTE)
    calls = [dict(span.attributes or {})["call"] for span in world.spans.get_finished_spans()]
    assert calls == ["CALL1", "CALL1", ""]


async def test_a_pause_shows_as_long_as_it_lasts(world: World) -> None:
    await world.recorder.reserve(ORDER)
    await world.recorder.open_gate(ONE, None, NOTE)
    await world.recorder.shut_gate(ONE, "agent", NOTE)
    await world.clock.advance(75)
    await world.recorder.shut_gate(ONE, "supervisor", NOTE)
    await world.recorder.open_gate(ONE, "agent", NOTE)
    page = await world.page()
    assert page['telegraphone_recordings{state="paused"}'] == 1
    assert page['telegraphone_recordings{state="recording"}'] == 0
    assert page["telegraphone_pause_seconds_max"] == 75
    await world.recorder.open_gate(ONE, "supervisor", NOTE)
    page = await world.page()
    assert (page['telegraphone_recordings{state="paused"}'], page["telegraphone_pause_seconds_max"]) == (0, 0)
    assert page['telegraphone_recordings{state="recording"}'] == 1


async def test_a_hold_is_no_pause(world: World) -> None:
    await world.recorder.reserve(ORDER)
    await world.recorder.open_gate(ONE, None, NOTE)
    await world.recorder.shut_gate(ONE, "hold", NOTE)
    assert (await world.page())['telegraphone_recordings{state="paused"}'] == 0


async def test_what_the_recorder_says_by_itself_is_counted(world: World) -> None:
    await world.recorder.reserve(ORDER)
    await world.recorder.open_gate(ONE, None, NOTE)
    world.behind.break_off()
    world.behind.tell(CaptureRestored(ONE, frozenset(), 3))
    sealed = SealedRecording(ONE, CallUuid("CALL1"), datetime(2026, 11, 24, tzinfo=UTC), 8_000, 8_000, (), "recovered", 9)
    world.behind.tell(RecordingRecovered(sealed))
    world.behind.close()
    assert len([event async for event in world.recorder.events()]) == 3
    page = await world.page()
    for event in ("broken", "restored", "recovered"):
        assert page[f'telegraphone_recorder_events_total{{event="{event}"}}'] == 1
    assert page['telegraphone_recordings{state="recording"}'] == 0


async def test_a_recorder_that_does_not_answer_shows_as_down(world: World) -> None:
    page = await world.page()
    assert (page["telegraphone_recorder_up"], page["telegraphone_rtp_packets_received_total"]) == (1, 12)
    world.figures = None
    page = await world.page()
    assert (page["telegraphone_recorder_up"], page["telegraphone_rtp_packets_received_total"]) == (0, 12)


async def test_spans_tell_the_call_and_nobody(world: World) -> None:
    await world.recorder.reserve(ORDER)
    world.behind.fails.add("open_gate")
    with pytest.raises(Unavailable):
        await world.recorder.open_gate(ONE, None, NOTE)
    told = [(span.name, dict(span.attributes or {}), span.status.is_ok, span.events) for span in world.spans.get_finished_spans()]
    about = {"recording": str(ONE), "call": "CALL1"}
    assert told == [("recorder reserve", about, True, ()), ("recorder start", about, False, ())]
