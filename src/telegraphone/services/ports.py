"""What the use cases need from the world, as protocols that adapters fill: no use case knows which adapter it has.

Every method promises what its docstring says or raises; `Unavailable` means the world behind the port failed, a
`Refusal` means the caller may not. Each port has one contract suite that all its implementations pass.
"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal, Protocol

from telegraphone.domain.agent import Agent, DeviceView
from telegraphone.domain.ids import DEFAULT_TENANT, CallUuid, LegId, RecordingId
from telegraphone.domain.legs import (
    Ability,
    CallForked,
    CopyDescribed,
    DeviceRegistered,
    DeviceUnregistered,
    EndCause,
    LegFact,
    RecordingOrdered,
)
from telegraphone.domain.phone_requests import PhoneRequest
from telegraphone.domain.views import CallNotice, PauseForgotten, RecordingBroken


class Unavailable(Exception):
    """The world behind a port cannot do it now. `port` names it; `retryable` says whether the same call may work later."""

    def __init__(self, port: str, detail: str = "", *, retryable: bool = True) -> None:
        super().__init__(f"{port}: {detail}" if detail else port)
        self.port = port
        self.retryable = retryable


class LegOver(Unavailable):
    """The party of this leg has hung up a moment ago; the fact of it is on its way."""

    def __init__(self, leg: LegId) -> None:
        super().__init__("switch", f"leg {leg} is over", retryable=False)


class RecorderFull(Unavailable):
    """The recorder has no room for another recording; `retry_after_s` is an honest guess."""

    def __init__(self, retry_after_s: int) -> None:
        super().__init__("recorder", "out of capacity")
        self.retry_after_s = retry_after_s


class Clock(Protocol):
    """Time and chance, the only way services get either."""

    def now(self) -> float:
        """Monotonic seconds."""

    def utc(self) -> datetime:
        """Aware UTC."""

    def entropy(self, count: int) -> bytes:
        """`count` bytes from the system's secure source."""

    async def sleep_until(self, deadline: float) -> None:
        """Returns when `now()` has reached the deadline; cancellable."""


# --- the switch ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class MediaAddress:
    """Where RTP goes to: an IP address and a UDP port."""

    host: str
    port: int


@dataclass(frozen=True, slots=True)
class MediaKeys:
    """What encrypted RTP is opened with: the suite's name in SDP (RFC 4568), and master key and salt, shown nowhere; and by
    `own`, of the same kind, we encrypt what goes back."""

    suite: str
    master: bytes = field(repr=False)
    own: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class MediaReports:
    """Where a source is told how its packets arrive (RTCP, RFC 3550 section 6); `muxed` at the address of its RTP, and from
    our port for it (RFC 5761)."""

    to: MediaAddress
    muxed: bool = False


@dataclass(frozen=True, slots=True)
class MediaSource:
    """Who may send RTP: its address, whose port 0 stands for any, the codec of each payload type, its SSRC where that was
    signalled, and its keys where it encrypts. With `arrives_at` it sends to somebody else on this machine, and the recorder takes
    its packets as they arrive there: IPv4, and there "0.0.0.0" stands for any address. `steady`: it sends all the time, silence
    too, so that its silence is a fault. `reports`: it is told how they arrive. Without a host it sends nothing now."""

    host: str
    port: int
    codecs: Mapping[int, str]
    ssrc: int | None = None
    keys: MediaKeys | None = None
    arrives_at: MediaAddress | None = None
    steady: bool = False
    reports: MediaReports | None = None


NOBODY: Final = MediaSource("", 0, {})
"""Who sends to a track of which no sender is known yet, or no longer: whatever comes is thrown away."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who the rung phone is told is calling. `beside` are the legs of the call the new one is for: it has to be at their
    switch."""

    number: str
    display_name: str = ""
    beside: tuple[LegId, ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class TapMoved:
    """A forked leg's RTP may now come in another form (re-INVITE: new codec, payload type, address or SSRC); re-aim the
    recorder. `heard`: the copy of what the leg's party hears (`ConferenceTaps`)."""

    leg: LegId
    source: MediaSource
    heard: bool = False


CopyEvent = CallForked | CopyDescribed | RecordingOrdered
SwitchEvent = LegFact | PhoneRequest | CopyEvent | TapMoved | DeviceRegistered | DeviceUnregistered


class Switch(Protocol):
    """Call control primitives; what they mean for an agent is decided above, once for every switch.

    All raise `Unavailable("switch")` when the switch is out of reach. An unknown or ended leg is no error: its
    `LegEnded` has been sent or is on its way, and that is what the caller acts on.
    """

    @property
    def abilities(self) -> frozenset[Ability]:
        """What this switch can do; constant while it runs."""

    async def originate(self, leg: LegId, number: str, caller: Caller, *, lift: bool = False) -> None:
        """Calls `number` under the given new leg id. What becomes of it comes as events; an unknown number or a phone
        that is not registered comes as `LegEnded` with the cause. With `lift` a phone that can goes off the hook by
        itself: its own user asked for this call."""

    async def ring(self, leg: LegId) -> None:
        """Tells an arrived leg that the far phone rings (SIP 180)."""

    async def answer(self, leg: LegId) -> None:
        """Answers an arrived leg, or asks the ringing phone of an originated leg to go off the hook (then
        `LegAnswered` follows). Returns when the request is on its way."""

    async def hang_up(self, leg: LegId, cause: EndCause) -> None:
        """Ends a leg in whatever state it is, with the cause in the switch's words; `LegEnded` follows."""

    async def join(self, legs: tuple[LegId, ...]) -> None:
        """From now on exactly these answered legs hear each other; legs they were joined with before hear silence.
        One leg alone is taken out of its bridge."""


class Taps(Protocol):
    """Copies of what a switch receives from a leg, sent to the recorder; kept apart from `Switch` because a switch
    adapter carries signalling and never touches what the gate decides about."""

    async def fork(self, leg: LegId, to: MediaAddress) -> MediaSource:
        """Sends a copy of all RTP received from the leg's party to the address until the leg ends or `unfork`; says who
        sends it. One that leads there already goes on, from the same source; one to elsewhere is replaced. Raises
        `LegOver`, `Unavailable("switch")` for a leg without media."""

    async def unfork(self, leg: LegId) -> None:
        """Ends the copy; unknown legs are ignored."""


class SwitchEvents(Protocol):
    """What happens at the switch, in order."""

    def events(self) -> AsyncIterator[SwitchEvent]:
        """All events from the start of the switch on; one reader. Ends when the switch is closed."""


# --- the recorder -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TrackOrder:
    """One party's track: the role it plays and the leg it belongs to, stated so that it need never be guessed."""

    role: Literal["agent", "other"]
    leg: LegId


@dataclass(frozen=True, slots=True)
class TapOrder:
    """One recording to be made: track 0 and track 1 become left and right. What comes up to `before_s` before its start is
    kept in memory, and becomes its beginning then; not when a reason kept audio out in between. Where it starts without consent,
    what comes up to `consent_s` before that is given is kept in memory likewise, as far as nothing else keeps it out."""

    recording_id: RecordingId
    call_uuid: CallUuid
    tenant: str
    tracks: tuple[TrackOrder, TrackOrder]
    before_s: float = 0.0
    consent_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Reservation:
    """Where each track's RTP is to be sent, in the order of the tracks."""

    recording_id: RecordingId
    addresses: tuple[MediaAddress, MediaAddress]


@dataclass(frozen=True, slots=True)
class Cut:
    """Where a gate moved: the instant, the place on the recording's timeline (samples at 8 kHz), the reasons that now
    keep audio out (empty: audio is being kept). The `kept_samples` from there on were kept in memory until that instant."""

    at: datetime
    position_samples: int
    shut_for: frozenset[str]
    kept_samples: int = 0


@dataclass(frozen=True, slots=True)
class SpanFact:
    """A stretch of a finished recording that holds no audio, and why; `held` and `paused` carry the pause reason, `gap`
    says what was lost. `stream` is the track it concerns, None for all."""

    kind: Literal["paused", "held", "gap"]
    reason: str
    start_samples: int
    end_samples: int
    stream: int | None = None


@dataclass(frozen=True, slots=True)
class SealedRecording:
    """What a finished recording holds; `status` is `recovered` when its writer died."""

    recording_id: RecordingId
    call_uuid: CallUuid
    started_at: datetime
    duration_samples: int
    rate: int
    spans: tuple[SpanFact, ...]
    status: Literal["sealed", "recovered"]
    bytes_stored: int
    tenant: str = DEFAULT_TENANT


@dataclass(frozen=True, slots=True)
class CaptureFailed:
    """A recording broke off by itself; no more audio is kept."""

    recording_id: RecordingId
    reason: str


@dataclass(frozen=True, slots=True)
class CaptureSilent:
    """Nothing comes from a source of a recording although it sends, for no longer than `silent_s` so far. The recording goes
    on, and what was said is missing."""

    recording_id: RecordingId
    silent_s: float


@dataclass(frozen=True, slots=True)
class CaptureRestored:
    """A recording goes on after its worker was lost; its gates are as the journal says, `lost_ms` went missing."""

    recording_id: RecordingId
    shut_for: frozenset[str]
    lost_ms: int


@dataclass(frozen=True, slots=True)
class RecordingRecovered:
    """A recording whose writer died was found and closed."""

    sealed: SealedRecording


RecorderEvent = CaptureFailed | CaptureSilent | CaptureRestored | RecordingRecovered


class Recorder(Protocol):
    """The capture plane. Gates start shut. Every method answers only when its effect is durable, and raises
    `Unavailable("recorder")` when it is not: then the outcome is unknown and audio stays out until a gate is opened. An
    unknown or sealed recording is `Unavailable` too. The asker may give up waiting (cancel): the outcome is then unknown."""

    async def reserve(self, order: TapOrder) -> Reservation:
        """Opens one RTP port per track, gates shut. Raises `RecorderFull`."""

    async def aim(self, recording_id: RecordingId, sources: tuple[MediaSource, MediaSource]) -> None:
        """Says who sends to each track; everything else is thrown away. May be repeated after a change of media."""

    async def open_gate(self, recording_id: RecordingId, reason: str | None, note: Mapping[str, str]) -> Cut:
        """Without a reason: starts the recording, at `Cut.position_samples` on its timeline, which is more than 0 when it
        begins with what came before. With one: lifts that reason, from where on memory reaches if that was consent. Audio is
        kept when the recording has started and no reason is left. `note` (who, how) goes into the sealed journal."""

    async def shut_gate(self, recording_id: RecordingId, reason: str, note: Mapping[str, str]) -> Cut:
        """Adds a reason that keeps audio out; the answer means that no sample received after `Cut.at` will ever be
        stored. Before the start it only notes the reason. Repeating it answers the same cut; consent that is
        noted as missing once more is refused: nothing of what came before is in memory any more, and nothing comes there."""

    async def seal(self, recording_id: RecordingId, note: Mapping[str, str]) -> SealedRecording:
        """Ends the recording and frees its ports; the manifest is durable. A recording never started leaves nothing."""

    def events(self) -> AsyncIterator[RecorderEvent]:
        """What happens at the recorder by itself, in order; one reader."""


# --- keeping and telling ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DeviceNotice:
    """An agent is told that a device of theirs changed, and whether its `user_state` did (gws-api 11.2, 11.3)."""

    agent: Agent
    device: DeviceView
    state_changed: bool


Notification = CallNotice | RecordingBroken | PauseForgotten | DeviceNotice


class Notifier(Protocol):
    """Tells agents what happened, in order, on whatever connection they have."""

    def publish(self, notice: Notification) -> None:
        """Hands the notice to every connection of its agent, in the order of publishing; never blocks, never raises."""
