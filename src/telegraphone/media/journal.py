"""The facts a recorder makes durable before it answers, and what follows from them after a crash.

Theory. Beside its audio each writer life keeps one sealed journal. A record is written and synced before the operation it
tells of is acknowledged, so replaying the journals of a recording in order gives every acknowledged state: above all the
set of reasons that keep audio out, which must survive a crash before any media is accepted (PCI-6). The gate is shut
until `Started`, and again after `Ended`; in between it is open while no reason is left. Lifting one reason never lifts
another. A reason shut twice or lifted twice is one change.

Positions are frames on the recording's timeline. `GateShut.position` is the first frame, on every stream, that is filler;
`GateOpened.position` the first that may be audio again. Between them the stored audio is filler without exception:
`verify` checks it, and that is the proof of a pause. A journal's last record may be torn by a crash; reading ends there.
"""

import re
import struct
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Literal, NamedTuple

import msgspec

from telegraphone.limits import JOURNAL_RECORD_BYTES_MAX
from telegraphone.media.errors import DamagedSegment
from telegraphone.media.header import TAG_BYTES
from telegraphone.media.unseal import Unsealer

START: Final = "start"
"""What sound was waiting for that came before the start."""
CONSENT: Final = "consent"
"""The reason for which sound may wait in memory, until it is lifted."""
HOLD: Final = "hold"
"""The reason whose spans are called held; every other reason's are called paused."""


class TrackFact(msgspec.Struct, frozen=True):
    """Which party a stream holds: stated by who ordered the recording, never guessed."""

    stream: int
    role: Literal["agent", "other"]
    leg: str


def _tag(name: str) -> str:
    return re.sub("(?<=[a-z])(?=[A-Z])", "_", name).lower()


class _Record(msgspec.Struct, frozen=True, tag_field="type", tag=_tag):
    """A fact, tagged by its class name: `GateShut` is `gate_shut`."""


class Started(_Record, frozen=True):
    """The recording began at frame 0; `shut_for` are the reasons that keep audio out from its first frame on. The first
    `kept` frames came before the start was asked for, and were kept in memory until then."""

    at: datetime
    call: str
    rate: int
    tracks: tuple[TrackFact, ...]
    shut_for: tuple[str, ...] = ()
    note: dict[str, str] = {}
    kept: int = 0


class GateShut(_Record, frozen=True):
    """A reason to keep audio out was added: agent, hold, policy, supervisor, consent. `note` says who and how."""

    reason: str
    at: datetime
    position: int
    note: dict[str, str] = {}


class GateOpened(_Record, frozen=True):
    """A reason was lifted; audio returns if it was the last. It returns at an earlier frame than the one that was due where the
    next `kept` frames were kept in memory until then."""

    reason: str
    at: datetime
    position: int
    note: dict[str, str] = {}
    kept: int = 0


class EpochBegan(_Record, frozen=True):
    """A stream goes on in a new file; written and synced before its first segment."""

    at: datetime
    stream: int
    epoch: int
    codec: str
    first_frame: int


class Gap(_Record, frozen=True):
    """Frames start ≤ f < stop of one stream hold filler because audio is missing; `reason` says why (lost, overflow, crash …)."""

    stream: int
    start: int
    stop: int
    reason: str


class SourceChanged(_Record, frozen=True):
    """A stream's sender changed: another SSRC, address, or a jump in its timestamps."""

    at: datetime
    stream: int
    position: int
    detail: str


class CodecChanged(_Record, frozen=True):
    """What a stream's sender sends changed (L16 is all that is decoded); the stored codec changes with the next epoch."""

    at: datetime
    stream: int
    position: int
    codec: str


class Drift(_Record, frozen=True):
    """A stream's clock against ours, measured since the start, in parts per million (positive: it runs fast)."""

    at: datetime
    stream: int
    position: int
    ppm: float


class ClockNoted(_Record, frozen=True):
    """Where our time comes from and how far off it is believed to be; `step_ms` when it was set by so much."""

    at: datetime
    source: str
    offset_ms: float | None = None
    step_ms: float | None = None


class Consent(_Record, frozen=True):
    """Evidence of consent: a reference and the SHA-256, in hexadecimal, of what it refers to."""

    at: datetime
    reference: str
    digest: str


class Mark(_Record, frozen=True):
    """A label at a place in the recording."""

    at: datetime
    position: int
    label: str


class Continued(_Record, frozen=True):
    """A new writer life took over after a crash; the first record of its journal. Gates are as the earlier ones say."""

    at: datetime
    position: int


class Ended(_Record, frozen=True):
    """The recording is complete: `position` is its length in frames, `reason` why it ended (stopped, ended, failed)."""

    at: datetime
    position: int
    reason: str
    note: dict[str, str] = {}


Record = (
    Started
    | GateShut
    | GateOpened
    | EpochBegan
    | Gap
    | SourceChanged
    | CodecChanged
    | Drift
    | ClockNoted
    | Consent
    | Mark
    | Continued
    | Ended
)

NOTES: Final = (Gap, SourceChanged, CodecChanged, Drift, ClockNoted)
"""Records that a journal may leave out when it grows too long: a sender can cause as many as it likes."""

_decoder = msgspec.json.Decoder(Record)
_U32 = struct.Struct(">I")


def encode(record: Record) -> bytes:
    """A record as the bytes that `JournalSealer.seal` takes."""
    return msgspec.json.encode(record)


@dataclass(frozen=True, slots=True)
class JournalReading:
    """What one journal file still says; `dropped_bytes` lie behind its last good record, torn or damaged."""

    records: tuple[Record, ...]
    dropped_bytes: int


def open_journal(unsealer: Unsealer, data: bytes) -> JournalReading:
    """Reads a journal's records from `data`, the file's bytes after its header, up to the first that does not open."""
    records: list[Record] = []
    place = 0
    while len(data) - place > _U32.size:
        (length,) = _U32.unpack_from(data, place)
        sealed = data[place + _U32.size : place + _U32.size + length]
        if not TAG_BYTES < length <= JOURNAL_RECORD_BYTES_MAX + TAG_BYTES or len(sealed) < length:
            break
        try:
            records.append(_decoder.decode(unsealer.unseal(len(records), sealed)))
        except (DamagedSegment, msgspec.MsgspecError):
            break
        place += _U32.size + length
    return JournalReading(tuple(records), len(data) - place)


@dataclass(frozen=True, slots=True)
class GateSpan:
    """One reason's stretch on the timeline, from the shutting to the lifting; `stop` is None while it lasts."""

    reason: str
    start: int
    started_at: datetime
    started_by: dict[str, str]
    stop: int | None = None
    stopped_at: datetime | None = None
    stopped_by: dict[str, str] | None = None

    @property
    def kind(self) -> Literal["held", "paused"]:
        """What the span is called in manifests and event histories."""
        return "held" if self.reason == HOLD else "paused"

    def within(self, frames: int) -> tuple[int, int] | None:
        """Its place in a recording of so many frames, if it has one. What was still shut at the end is at least there: it is
        empty where nothing was taken any more, and says that nothing was to be."""
        if self.stop is None:
            return min(self.start, frames), frames
        stop = min(self.stop, frames)
        return (self.start, stop) if self.start < stop else None


class KeptSpan(NamedTuple):
    """A stretch that was kept in memory until it was known to be wanted, and what it waited for."""

    start: int
    stop: int
    reason: str


@dataclass(frozen=True, slots=True)
class JournalState:
    """Everything acknowledged about a recording. Nothing was started while `started` is None: the gate is shut."""

    started: Started | None = None
    shut_for: frozenset[str] = frozenset()
    spans: tuple[GateSpan, ...] = ()
    gaps: tuple[Gap, ...] = ()
    epochs: tuple[EpochBegan, ...] = ()
    clock: tuple[ClockNoted, ...] = ()
    consent: tuple[Consent, ...] = ()
    kept: tuple[KeptSpan, ...] = ()
    awaits: bool = False
    """Whether consent is waited for since the start, so that sound may wait for it in memory: it was neither given nor, by being
    noted as missing once more, refused."""
    continued: int = 0
    ended: Ended | None = None

    @property
    def keeps_audio(self) -> bool:
        """Whether the gate is open."""
        return self.started is not None and self.ended is None and not self.shut_for

    @property
    def started_at(self) -> datetime | None:
        """When the recording began."""
        return self.started.at if self.started else None


def replay(records: Iterable[Record]) -> JournalState:
    """The state after all of a recording's records, in the order of its writer lives."""
    state = JournalState()
    gaps: list[Gap] = []
    for record in records:
        # An hour on a bad network has tens of thousands: they are put together once, not one by one.
        if isinstance(record, Gap):
            gaps.append(record)
        else:
            state = after(state, record)
    return replace(state, gaps=tuple(gaps))


def after(state: JournalState, record: Record) -> JournalState:
    """The state after one more record. A recorder that keeps its state by this function cannot differ from its journal."""
    match record:
        case Started():
            if state.started:
                return state
            spans = tuple(GateSpan(reason, 0, record.at, record.note) for reason in sorted(set(record.shut_for)))
            kept = (KeptSpan(0, record.kept, START),) if record.kept else ()
            shut_for = frozenset(record.shut_for)
            return replace(state, started=record, shut_for=shut_for, spans=spans, kept=kept, awaits=CONSENT in shut_for)
        case GateShut():
            return _shut(state, record)
        case GateOpened():
            return _opened(state, record)
        case Gap():
            return replace(state, gaps=(*state.gaps, record))
        case EpochBegan():
            return replace(state, epochs=(*state.epochs, record))
        case ClockNoted():
            return replace(state, clock=(*state.clock, record))
        case Consent():
            return replace(state, consent=(*state.consent, record))
        case Continued():
            return replace(state, continued=state.continued + 1)
        case Ended():
            return replace(state, ended=state.ended or record, awaits=False)
        case SourceChanged() | CodecChanged() | Drift() | Mark():
            return state


def _shut(state: JournalState, record: GateShut) -> JournalState:
    told = any((span.reason, span.start, span.started_at) == (record.reason, record.position, record.at) for span in state.spans)
    # A journal that took over from a broken one repeats what may not have become durable, lifted since or not.
    if told:
        return state
    if record.reason in state.shut_for:
        return replace(state, awaits=state.awaits and record.reason != CONSENT)
    span = GateSpan(record.reason, record.position, record.at, record.note)
    return replace(state, shut_for=state.shut_for | {record.reason}, spans=(*state.spans, span))


def _opened(state: JournalState, record: GateOpened) -> JournalState:
    if record.reason not in state.shut_for:
        return state
    spans = tuple(
        replace(span, stop=max(record.position, span.start), stopped_at=record.at, stopped_by=record.note)
        if span.reason == record.reason and span.stop is None
        else span
        for span in state.spans
    )
    kept = (KeptSpan(record.position, record.position + record.kept, record.reason),) if record.kept else ()
    awaits = state.awaits and record.reason != CONSENT
    return replace(state, shut_for=state.shut_for - {record.reason}, spans=spans, kept=(*state.kept, *kept), awaits=awaits)
