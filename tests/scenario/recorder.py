"""A recorder without audio: keeps which stretch of time each gate was open, on any clock."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from telegraphone.domain.ids import RecordingId
from telegraphone.limits import PREROLL_SHARE_MAX
from telegraphone.services.ports import (
    CaptureFailed,
    Clock,
    Cut,
    MediaAddress,
    MediaSource,
    RecorderEvent,
    RecorderFull,
    Reservation,
    SealedRecording,
    SpanFact,
    TapOrder,
    Unavailable,
)

RATE = 8_000


@dataclass(slots=True)
class Tape:
    """One recording: when it started, what keeps audio out now, and every change of that with its position."""

    order: TapOrder
    remembers_from: float | None = None
    started_at: datetime | None = None
    started: float = 0.0
    shut_for: frozenset[str] = frozenset()
    shut_since: int | None = None
    cuts: dict[str, Cut] = field(default_factory=dict)
    spans: list[SpanFact] = field(default_factory=list)
    waits_from: float | None = None
    """Since when what is said waits in memory for consent; None while it does not."""
    sources: tuple[MediaSource, MediaSource] | None = None
    notes: list[tuple[str, Mapping[str, str]]] = field(default_factory=list)

    @property
    def keeps_audio(self) -> bool:
        return self.started_at is not None and not self.shut_for


class SimulatedRecorder:
    """A `Recorder`. `fails` names the methods that now raise Unavailable, `stalls` those that never answer."""

    def __init__(self, clock: Clock, room: int = 2_000) -> None:
        self._clock = clock
        self._room = room
        self._events: asyncio.Queue[RecorderEvent | None] = asyncio.Queue()
        self.tapes: dict[RecordingId, Tape] = {}
        self.sealed: dict[RecordingId, SealedRecording] = {}
        self.fails: set[str] = set()
        self.stalls: set[str] = set()
        self.full_for_s: int | None = None

    @property
    def tape(self) -> Tape:
        """The newest recording that is being made."""
        return next(reversed(self.tapes.values()))

    def break_off(self, reason: str = "disk full") -> None:
        """The newest recording breaks off by itself."""
        self._events.put_nowait(CaptureFailed(self.tape.order.recording_id, reason))

    def tell(self, event: RecorderEvent) -> None:
        self._events.put_nowait(event)

    def close(self) -> None:
        self._events.put_nowait(None)

    async def reserve(self, order: TapOrder) -> Reservation:
        await self._work("reserve")
        if self.full_for_s is not None:
            raise RecorderFull(self.full_for_s)
        if len(self.tapes) >= self._room or (order.before_s and len(self.tapes) + 1 > PREROLL_SHARE_MAX * self._room):
            raise RecorderFull(1)
        self.tapes[order.recording_id] = Tape(order, self._clock.now() if order.before_s else None)
        port = 30_000 + 4 * len(self.tapes)
        return Reservation(order.recording_id, (MediaAddress("192.0.2.9", port), MediaAddress("192.0.2.9", port + 2)))

    async def aim(self, recording_id: RecordingId, sources: tuple[MediaSource, MediaSource]) -> None:
        (await self._worked_on("aim", recording_id)).sources = sources

    async def open_gate(self, recording_id: RecordingId, reason: str | None, note: Mapping[str, str]) -> Cut:
        tape = await self._worked_on("open_gate", recording_id)
        tape.notes.append((f"open {reason or ''}".strip(), dict(note)))
        if reason is None and tape.started_at is None:
            now = self._clock.now()
            kept = 0.0 if tape.remembers_from is None else min(tape.order.before_s, now - tape.remembers_from)
            tape.started_at, tape.started = self._clock.utc() - timedelta(seconds=kept), now - kept
            tape.shut_since = 0 if tape.shut_for else None
            tape.waits_from = now if tape.order.consent_s and "consent" in tape.shut_for else None
        if reason is not None:
            kept = self._waited(tape) if reason == "consent" else 0
            self._change(tape, tape.shut_for - {reason}, kept)
            return self._cut(tape, kept)
        return self._cut(tape)

    async def shut_gate(self, recording_id: RecordingId, reason: str, note: Mapping[str, str]) -> Cut:
        tape = await self._worked_on("shut_gate", recording_id)
        tape.notes.append((f"shut {reason}", dict(note)))
        if tape.started_at is None:
            tape.remembers_from = None
        if tape.waits_from is not None and reason == "consent":
            tape.waits_from = None
        if reason not in tape.shut_for:
            self._change(tape, tape.shut_for | {reason})
            tape.cuts[reason] = self._cut(tape)
        return tape.cuts[reason]

    async def seal(self, recording_id: RecordingId, note: Mapping[str, str]) -> SealedRecording:
        tape = await self._worked_on("seal", recording_id)
        del self.tapes[recording_id]
        self._change(tape, frozenset())
        sealed = SealedRecording(
            recording_id,
            tape.order.call_uuid,
            tape.started_at or self._clock.utc(),
            self._position(tape),
            RATE,
            tuple(tape.spans),
            "sealed",
            2 * self._position(tape),
        )
        self.sealed[recording_id] = sealed
        return sealed

    async def events(self) -> AsyncIterator[RecorderEvent]:
        while (event := await self._events.get()) is not None:
            yield event

    def _waited(self, tape: Tape) -> int:
        """What becomes of memory when consent is given: this recorder knows no pause meanwhile."""
        since, tape.waits_from = tape.waits_from, None
        return 0 if since is None else round(min(tape.order.consent_s, self._clock.now() - since) * RATE)

    def _change(self, tape: Tape, shut_for: frozenset[str], kept: int = 0) -> None:
        position = self._position(tape) - kept
        if tape.shut_for and not shut_for and tape.shut_since is not None and position > tape.shut_since:
            reason = min(tape.shut_for)
            tape.spans.append(SpanFact("held" if reason == "hold" else "paused", reason, tape.shut_since, position))
        if shut_for and not tape.shut_for and tape.started_at is not None:
            tape.shut_since = position
        tape.shut_for = shut_for

    def _position(self, tape: Tape) -> int:
        return round((self._clock.now() - tape.started) * RATE) if tape.started_at is not None else 0

    def _cut(self, tape: Tape, kept: int = 0) -> Cut:
        return Cut(self._clock.utc(), self._position(tape) - kept, tape.shut_for, kept)

    async def _worked_on(self, method: str, recording_id: RecordingId) -> Tape:
        await self._work(method)
        if recording_id not in self.tapes:
            raise Unavailable("recorder", "no such recording", retryable=False)
        return self.tapes[recording_id]

    async def _work(self, method: str) -> None:
        if method in self.stalls:
            await asyncio.Event().wait()
        if method in self.fails:
            raise Unavailable("recorder", method)
