"""What a call is: its parties, its recording, and everything that can be asked of a switch or told to an agent about it.

Theory. A call is one conversation as its agents see it (gws-api 7): two legs or more. A leg is one party's way in; an
agent's view of the call is the state of that agent's leg. A leg either *arrived* (its party asked for the call and waits to
be answered) or was *originated* by us. Legs are only ever added: who leaves stays in the list as Released, because their
view can still be read for a while. One leg can be in several calls of one conversation, but active in one only: the agent
who consults talks to the colleague through the same phone (`conversation`).

A leg becomes visible to its agent when there is something to see: the caller's at once (Dialing), the called one's when
its phone rings.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum

from telegraphone.domain import recording as rec
from telegraphone.domain.ids import DEFAULT_TENANT, CallUuid, ConnId, LegId, RecordingId
from telegraphone.domain.legs import EndCause, Keeping
from telegraphone.domain.pausing import Fit
from telegraphone.domain.watching import Ear, Listening


class LegState(Enum):
    """Where a leg is. CALLING is not yet visible; the others are the call states of the API, by value."""

    CALLING = "Calling"
    DIALING = "Dialing"
    RINGING = "Ringing"
    ESTABLISHED = "Established"
    HELD = "Held"
    RELEASED = "Released"


class CallType(Enum):
    """Where the parties are, by the API's words."""

    INTERNAL = "Internal"
    INBOUND = "Inbound"
    OUTBOUND = "Outbound"
    CONSULT = "Consult"
    UNKNOWN = "Unknown"


class Notice(Enum):
    """What kind of change is told; the value is the API's notification type (gws-api 11.1)."""

    STATUS = "StatusChange"
    USER_DATA = "AttachedDataChanged"
    PARTICIPANTS = "ParticipantsUpdated"
    RECORDING = "CallRecordingStateChange"
    DTMF = "DtmfSent"
    MONITORED_MUTE = "MonitoredUserMutedStateChange"


@dataclass(frozen=True, slots=True)
class Heard:
    """An announcement that a party has heard to its end, and when that was (UTC)."""

    announcement: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Leg:
    """One party of a call. `appeared_at` is when its view became visible, monotonic seconds; None before.

    `originated` is whether the switch was asked to call it, `answered` whether media can flow, `offers_answer` whether the
    switch can take the ringing phone off the hook. `held_at` and `ended_at` are when it last got into those states; `left`
    is whether it ended while the call went on. A hold is made at the phone (`phone_holds`) or by us (`server_holds`).
    `invited_by` is the leg that brought it in; `replaces` the one that leaves as soon as this one rings, which is called
    back as `recall` when this one does not answer. `dialled` is the number that was meant when its calls come here;
    `request` is what a phone asked for it by, which waits to hear whether it rings (`phone_requests`). `ear` makes it a
    supervisor's; `silenced` is whether a supervisor lets nobody hear it. `hearing` is the announcement that is being played
    to it, `heard` are those it has heard.
    """

    id: LegId
    number: str
    state: LegState
    arrived: bool = False
    originated: bool = False
    answered: bool = False
    offers_answer: bool = False
    appeared_at: float | None = None
    held_at: float | None = None
    ended_at: float | None = None
    left: bool = False
    phone_holds: bool = False
    server_holds: bool = False
    muted: bool = False
    invited_by: LegId | None = None
    replaces: LegId | None = None
    recall: LegId | None = None
    dialled: str = ""
    request: str = ""
    ear: Ear | None = None
    silenced: bool = False
    hearing: str = ""
    heard: tuple[Heard, ...] = ()

    @property
    def eavesdrops(self) -> bool:
        """Whether it is a supervisor's, and no party: not barged in, or not there yet."""
        return self.ear is not None and (self.ear.listening is not Listening.BARGE_IN or not self.answered)

    @property
    def visible(self) -> bool:
        """Whether its agent sees the call."""
        return self.appeared_at is not None

    @property
    def talking(self) -> bool:
        """Whether it is connected, held or not, as a party of the call."""
        return self.state in (LegState.ESTABLISHED, LegState.HELD) and not self.eavesdrops

    @property
    def active(self) -> bool:
        """Whether its audio belongs to this call now: connected and not put on hold by us."""
        return self.talking and not self.server_holds

    @property
    def live(self) -> bool:
        """Whether the switch has it: it asked for the call or was called, and is not over."""
        return (self.arrived or self.originated) and self.state is not LegState.RELEASED


@dataclass(frozen=True, slots=True)
class Part:
    """The part of the recording that is being made: whose it is, and its name (GSIP_REC_FN)."""

    recording_id: RecordingId
    name: str
    leg: LegId


@dataclass(frozen=True, slots=True)
class Call:
    """One conversation. `legs[0]` is the caller, `legs[1]` the called one, the rest came later; those of them that are
    connected are in the order in which they were. `last_name` is the name of the latest part, kept after its end.
    `parent` is the call that a consult is about, `owner` who made it a conference.
    `copied` says that the call is connected elsewhere and what is kept of it; `mixed` that its parties sound as one; `required`
    that it ends here when its recording breaks off.
    `heirs` are the legs to which the recording policy is still to be applied, `carries_pause` whether a part that begins
    for one of them begins paused (gws-api 9.3). `pauses` counts the pauses, `fits` are the rules for pauses that hold,
    `tone_due` is when its parties are to hear next that they are recorded (monotonic seconds). Only agents of its `tenant`
    see it."""

    uuid: CallUuid
    conn_id: ConnId
    type: CallType
    legs: tuple[Leg, ...]
    user_data: Mapping[str, object] = field(default_factory=dict)
    recording: rec.Recording = rec.Recording()
    part: Part | None = None
    last_name: str = ""
    parent: CallUuid | None = None
    owner: LegId | None = None
    heirs: tuple[LegId, ...] = ()
    carries_pause: bool = False
    pauses: int = 0
    fits: tuple[Fit, ...] = ()
    tone_due: float = 0.0
    copied: Keeping | None = None
    mixed: bool = False
    required: bool = False
    tenant: str = DEFAULT_TENANT

    @property
    def caller(self) -> Leg:
        """The leg that asked for the call."""
        return self.legs[0]

    @property
    def called(self) -> Leg:
        """The leg that was asked for."""
        return self.legs[1]

    @property
    def dnis(self) -> str:
        """The number that was dialled, wherever its calls go."""
        return self.called.dialled or self.called.number

    @property
    def released(self) -> bool:
        """Whether the call is over for everybody."""
        return all(leg.state is LegState.RELEASED for leg in self.legs)

    @property
    def talking(self) -> tuple[Leg, ...]:
        """The connected legs, held or not, the longest in the call first."""
        return tuple(leg for leg in self.legs if leg.talking)

    @property
    def watchers(self) -> tuple[Leg, ...]:
        """The supervisors who are there, heard or not."""
        return tuple(leg for leg in self.legs if leg.ear is not None and leg.state is LegState.ESTABLISHED)

    @property
    def present(self) -> tuple[Leg, ...]:
        """The connected legs and the supervisors', the longest in the call first."""
        return tuple(leg for leg in self.legs if leg.talking or leg in self.watchers)

    def has(self, leg_id: LegId) -> bool:
        """Whether this leg is, or was, part of the call."""
        return any(each.id == leg_id for each in self.legs)

    def leg(self, leg_id: LegId) -> Leg:
        """The leg of this id; KeyError when it is not part of the call."""
        for each in self.legs:
            if each.id == leg_id:
                return each
        raise KeyError(leg_id)

    def participants(self, leg: Leg) -> tuple[str, ...]:
        """The numbers of the other parties. An invited one counts from its answer on; after the end, who was there."""
        others = (each for each in self.legs if each.id != leg.id and not each.left and not each.eavesdrops)
        return tuple(each.number for each in others if each.answered or each.arrived or each.invited_by is None)

    def with_leg(self, leg: Leg) -> "Call":
        """The call with this leg in place of the one of the same id."""
        return replace(self, legs=tuple(leg if each.id == leg.id else each for each in self.legs))

    def with_new_leg(self, leg: Leg) -> "Call":
        """The call with one leg more."""
        assert not self.has(leg.id)
        return replace(self, legs=(*self.legs, leg))


@dataclass(frozen=True, slots=True)
class Originate:
    """Ring this number under this leg; `lift` when its own agent asked for the call, so that the phone may go off the hook
    by itself."""

    leg: LegId
    number: str
    caller: str
    lift: bool = False


@dataclass(frozen=True, slots=True)
class Engaged:
    """The party at this leg is not rung: whoever calls finds it busy."""

    leg: LegId


@dataclass(frozen=True, slots=True)
class Unassigned:
    """The number of this leg is nobody's for whoever calls: another tenant's looks like one that does not exist."""

    leg: LegId


@dataclass(frozen=True, slots=True)
class Ring:
    """Let the arrived leg hear that the far phone rings."""

    leg: LegId


@dataclass(frozen=True, slots=True)
class Answer:
    """Answer an arrived leg, or take a ringing phone off the hook."""

    leg: LegId


@dataclass(frozen=True, slots=True)
class Join:
    """Let exactly these parties hear each other; one alone hears nobody."""

    legs: tuple[LegId, ...]


@dataclass(frozen=True, slots=True)
class HangUp:
    """End a leg."""

    leg: LegId
    cause: EndCause


@dataclass(frozen=True, slots=True)
class Music:
    """Play music to the party at this leg, or stop it."""

    leg: LegId
    on: bool


@dataclass(frozen=True, slots=True)
class RingTone:
    """Let the party at this leg hear that the phone they call is ringing, or no longer."""

    leg: LegId
    on: bool


@dataclass(frozen=True, slots=True)
class Mute:
    """Let nobody hear this leg's party, or let them hear it again."""

    leg: LegId
    on: bool


@dataclass(frozen=True, slots=True)
class Settle:
    """Tell the phone that asked for it how this went: done, or why not."""

    request: str
    cause: EndCause | None = None


@dataclass(frozen=True, slots=True)
class SendDigits:
    """Play keypad digits to the party at this leg. They may be card data: no log and no text shows them."""

    leg: LegId
    digits: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Begin:
    """Get a new part ready for the agent at this leg of the call; the gate is shut."""

    call: CallUuid
    leg: LegId


@dataclass(frozen=True, slots=True)
class Gate:
    """Do this to the gate of the call's running part."""

    call: CallUuid
    effect: rec.Effect


@dataclass(frozen=True, slots=True)
class Retap:
    """Take the audio of the call's running part from its parties as they are now."""

    call: CallUuid


@dataclass(frozen=True, slots=True)
class Monitor:
    """Let this supervisor hear what the monitored leg's party hears and says, and be heard by these alone."""

    supervisor: LegId
    monitored: LegId
    audible_to: frozenset[LegId]


@dataclass(frozen=True, slots=True)
class Unmonitor:
    """Let this supervisor hear nobody."""

    supervisor: LegId


CallEffect = (
    Originate
    | Engaged
    | Unassigned
    | Ring
    | Answer
    | Join
    | HangUp
    | Music
    | RingTone
    | Mute
    | SendDigits
    | Monitor
    | Unmonitor
    | Settle
    | Begin
    | Gate
    | Retap
)


@dataclass(frozen=True, slots=True)
class Told:
    """One agent's view of a call changed: whose, and in which way."""

    call: CallUuid
    leg: LegId
    notice: Notice


def everyone(call: Call, notice: Notice) -> tuple[Told, ...]:
    """Everybody who sees the call is told of this change."""
    seeing = (leg for leg in call.legs if leg.visible and leg.state is not LegState.RELEASED)
    return tuple(Told(call.uuid, leg.id, notice) for leg in seeing)
