"""Makes one call's recordings: carries out what the recording machine asks of the recorder and of the switch's taps.

Every method returns only when the recorder has confirmed, within RECORDER_ANSWER_S; otherwise it raises `Unavailable`
and audio stays out (gws-api 8.4). Who did what at which position is remembered until the part is sealed, because the
event history of the finished part names them (gws-api 13.3).
"""

import asyncio
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta

import structlog

from telegraphone.domain import recording as rec
from telegraphone.domain.call import Call, Leg, Part
from telegraphone.domain.ids import LegId, RecordingId
from telegraphone.limits import RECORDER_ANSWER_S
from telegraphone.services.ports import (
    By,
    HistoryEntry,
    MediaSource,
    PartRecord,
    SealedRecording,
    TapOrder,
    TrackOrder,
    Unavailable,
)
from telegraphone.services.surroundings import Surroundings

log = structlog.get_logger()

_ENTRY_TYPES = {"paused": "Paused", "held": "Held", "gap": "Gap"}


@dataclass(slots=True)
class _Running:
    """The part being made: its record, who sends its audio, and who shut and opened the gate at which sample."""

    record: PartRecord
    legs: tuple[LegId, LegId]
    sources: tuple[MediaSource, MediaSource]
    started_by: By
    shut_by: dict[int, By] = field(default_factory=dict)
    opened_by: dict[int, By] = field(default_factory=dict)


class CallRecorder:
    """The recorder as one call sees it: at most one part at a time, any number one after the other."""

    def __init__(self, world: Surroundings) -> None:
        self._world = world
        self._running: _Running | None = None
        self._names: set[str] = set()

    @property
    def recording_id(self) -> RecordingId | None:
        """The media file that is being made now."""
        return self._running.record.recording_id if self._running else None

    async def reserve(self, call: Call, leg: Leg, by: By) -> Part:
        """Gets ports for a new part recorded for this leg's agent and has the switch send both parties' audio there.
        The gate is shut."""
        record = self._new_record(call, leg)
        order = TapOrder(
            RecordingId(record.recording_id),
            call.uuid,
            self._world.policies.tenant,
            (TrackOrder("agent", leg.id), TrackOrder("other", call.other(leg.id).id)),
        )
        async with _in_time():
            reservation = await self._world.recorder.reserve(order)
            first, second = order.tracks
            try:
                sources = (
                    await self._world.taps.fork(first.leg, reservation.addresses[0]),
                    await self._world.taps.fork(second.leg, reservation.addresses[1]),
                )
                await self._world.recorder.aim(record.recording_id, sources)
            except Unavailable:
                await self._abandon(record.recording_id, (first.leg, second.leg), by)
                raise
        self._running = _Running(record, (first.leg, second.leg), sources, by)
        self._names.add(record.name)
        return Part(record.recording_id, record.name, leg.id)

    async def open(self, lift: frozenset[rec.Reason], by: By) -> None:
        """Starts the part (nothing to lift), or lifts reasons, one after the other in a fixed order."""
        running = self._must_run()
        note = by.note()
        async with _in_time():
            if not lift:
                cut = await self._world.recorder.open_gate(running.record.recording_id, None, note)
                running.record = replace(running.record, started_at=cut.at)
                self._world.catalogue.put(running.record)
            for reason in sorted(lift, key=lambda each: each.value):
                cut = await self._world.recorder.open_gate(running.record.recording_id, reason.value, note)
                running.opened_by[cut.position_samples] = by

    async def shut(self, reason: rec.Reason, by: By) -> None:
        """Keeps audio out for this reason; on return no later sample will be stored."""
        running = self._must_run()
        async with _in_time():
            cut = await self._world.recorder.shut_gate(running.record.recording_id, reason.value, by.note())
        running.shut_by[cut.position_samples] = by

    async def seal(self, by: By) -> None:
        """Ends the part. Whatever the recorder answers, the call has no running part afterwards: a recorder that could
        not seal keeps the gate shut, and its own recovery closes the file."""
        running, self._running = self._must_run(), None
        try:
            async with _in_time():
                sealed = await self._world.recorder.seal(running.record.recording_id, by.note())
        except Unavailable:
            self._world.catalogue.put(replace(running.record, status="broken", stopped_at=self._world.clock.utc()))
            raise
        finally:
            await self._unfork(running.legs)
        self._world.catalogue.put(_finished(running, sealed, by))

    async def re_aim(self, leg: LegId, source: MediaSource) -> None:
        """A party's audio now comes in another form or from elsewhere."""
        running = self._running
        if running is None or leg not in running.legs:
            return
        first, second = running.sources
        running.sources = (source, second) if leg == running.legs[0] else (first, source)
        async with _in_time():
            await self._world.recorder.aim(running.record.recording_id, running.sources)

    async def _abandon(self, recording_id: RecordingId, legs: Sequence[LegId], by: By) -> None:
        try:
            await self._world.recorder.seal(recording_id, by.note())
        except Unavailable as error:
            log.warning("reservation_not_freed", recording=recording_id, error=str(error))
        await self._unfork(legs)

    async def _unfork(self, legs: Sequence[LegId]) -> None:
        for leg in legs:
            await self._world.taps.unfork(leg)

    def _must_run(self) -> _Running:
        assert self._running is not None, "the machine asks this only of a running part"
        return self._running

    def _new_record(self, call: Call, leg: Leg) -> PartRecord:
        agent = self._world.directory.at(leg.number)
        start = self._world.clock.utc()
        ani, dnis = call.caller.number, call.called.number
        return PartRecord(
            recording_id=RecordingId(str(uuid.UUID(bytes=self._world.clock.entropy(16), version=4))),
            call_uuid=call.uuid,
            conn_id=call.conn_id,
            name=self._world.names.name(call.uuid, leg.number, (ani, dnis), start, self._names),
            ani=ani,
            dnis=dnis,
            recorded_dn=leg.number,
            user_name=agent.user_name if agent else "",
            started_at=start,
        )


@asynccontextmanager
async def _in_time() -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(RECORDER_ANSWER_S):
            yield
    except TimeoutError as error:
        raise Unavailable("recorder", f"no answer within {RECORDER_ANSWER_S} s") from error


def _finished(running: _Running, sealed: SealedRecording, by: By) -> PartRecord:
    started = sealed.started_at

    def at(samples: int) -> timedelta:
        return timedelta(seconds=samples / sealed.rate)

    def ms(samples: int) -> int:
        return samples * 1000 // sealed.rate

    end = sealed.duration_samples
    whole = HistoryEntry("Recording", started, started + at(end), 0, ms(end), running.started_by, by)
    spans = tuple(
        HistoryEntry(
            _ENTRY_TYPES[span.kind],
            started + at(span.start_samples),
            started + at(span.end_samples),
            ms(span.start_samples),
            ms(span.end_samples - span.start_samples),
            running.shut_by.get(span.start_samples) if span.kind != "gap" else By("system"),
            running.opened_by.get(span.end_samples, by) if span.kind != "gap" else By("system"),
            span.reason if span.kind == "gap" else "",
        )
        for span in sealed.spans
    )
    return replace(
        running.record,
        started_at=started,
        stopped_at=started + at(end),
        duration_ms=ms(end),
        status=sealed.status,
        history=(whole, *sorted(spans, key=lambda entry: (entry.offset_ms, -entry.duration_ms))),
    )
