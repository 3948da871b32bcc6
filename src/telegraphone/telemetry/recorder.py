"""Stands before the recorder and notes what is asked of it, how long it took and what came of it."""

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager

from opentelemetry.trace import Status, StatusCode, Tracer

from telegraphone.domain.ids import RecordingId
from telegraphone.domain.recording import Reason
from telegraphone.services.ports import (
    CaptureFailed,
    CaptureRestored,
    CaptureSilent,
    Clock,
    Cut,
    MediaSource,
    Recorder,
    RecorderEvent,
    RecorderFull,
    Reservation,
    SealedRecording,
    TapOrder,
)
from telegraphone.telemetry.metrics import Metrics


class WatchedRecorder:
    """A `Recorder` that does what the one behind it does."""

    def __init__(self, recorder: Recorder, metrics: Metrics, tracer: Tracer, clock: Clock) -> None:
        self._recorder = recorder
        self._metrics = metrics
        self._tracer = tracer
        self._clock = clock
        self._calls: dict[RecordingId, str] = {}

    async def reserve(self, order: TapOrder) -> Reservation:
        """See `Recorder.reserve`."""
        self._calls[order.recording_id] = str(order.call_uuid)
        with self._noted("reserve", order.recording_id):
            try:
                return await self._recorder.reserve(order)
            except BaseException:
                # Whoever asked may also have stopped waiting.
                self._calls.pop(order.recording_id, None)
                raise

    async def aim(self, recording_id: RecordingId, sources: tuple[MediaSource, MediaSource]) -> None:
        """See `Recorder.aim`."""
        with self._noted("aim", recording_id):
            await self._recorder.aim(recording_id, sources)

    async def open_gate(self, recording_id: RecordingId, reason: str | None, note: Mapping[str, str]) -> Cut:
        """See `Recorder.open_gate`."""
        with self._noted("start" if reason is None else "open_gate", recording_id):
            cut = await self._recorder.open_gate(recording_id, reason, note)
        if reason is None:
            self._metrics.pauses.running.add(recording_id)
        self._note_pause(recording_id, cut)
        return cut

    async def shut_gate(self, recording_id: RecordingId, reason: str, note: Mapping[str, str]) -> Cut:
        """See `Recorder.shut_gate`."""
        with self._noted("shut_gate", recording_id):
            cut = await self._recorder.shut_gate(recording_id, reason, note)
        self._note_pause(recording_id, cut)
        return cut

    async def seal(self, recording_id: RecordingId, note: Mapping[str, str]) -> SealedRecording:
        """See `Recorder.seal`."""
        self._forget(recording_id)
        try:
            with self._noted("seal", recording_id):
                return await self._recorder.seal(recording_id, note)
        finally:
            self._calls.pop(recording_id, None)

    async def events(self) -> AsyncIterator[RecorderEvent]:
        """See `Recorder.events`."""
        async for event in self._recorder.events():
            match event:
                case CaptureFailed(recording_id):
                    self._happened("broken", recording_id)
                case CaptureRestored():
                    self._metrics.recorder_events.labels("restored").inc()
                case CaptureSilent():
                    self._metrics.recorder_events.labels("silent").inc()
                case _:
                    self._happened("recovered", event.sealed.recording_id)
            yield event

    def _happened(self, event: str, recording_id: RecordingId) -> None:
        self._metrics.recorder_events.labels(event).inc()
        self._forget(recording_id)

    def _forget(self, recording_id: RecordingId) -> None:
        self._metrics.pauses.running.discard(recording_id)
        self._metrics.pauses.since.pop(recording_id, None)

    def _note_pause(self, recording_id: RecordingId, cut: Cut) -> None:
        pauses = self._metrics.pauses
        # A call on hold, or whose parties have not agreed, is no pause that anybody could have forgotten.
        if not cut.shut_for - {Reason.HOLD.value, Reason.CONSENT.value} or recording_id not in pauses.running:
            pauses.since.pop(recording_id, None)
        else:
            pauses.since.setdefault(recording_id, self._clock.now())

    @contextmanager
    def _noted(self, operation: str, recording_id: RecordingId) -> Iterator[None]:
        began, result = self._clock.now(), "failed"
        attributes = {"recording": str(recording_id), "call": self._calls.get(recording_id, "")}
        # What went wrong is a word of ours: the library would write down the whole error, and where it came from.
        with self._tracer.start_as_current_span(
            f"recorder {operation}", attributes=attributes, record_exception=False, set_status_on_exception=False
        ) as span:
            try:
                yield
                result = "done"
            except RecorderFull:
                result = "full"
                raise
            finally:
                if result != "done":
                    span.set_status(Status(StatusCode.ERROR, result))
                self._metrics.operations.labels(operation, result).observe(self._clock.now() - began)
