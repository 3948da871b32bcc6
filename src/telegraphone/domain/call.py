"""The call machine: what facts from the switch and wishes of agents make of a call, and whom to tell.

Theory. A call is two legs (later more). Each leg is in one state; an agent's view of the call is the state of that
agent's leg (gws-api 7). A leg either *arrived* (its party asked for the call and waits to be answered) or was
*originated* by us. `FACTS` says what each fact does to the state of the leg it happened at; the functions below it say
what that means for the other leg. Every step returns the new call, the effects to carry out in order, and the notices to
send once all effects are done: nothing is announced before it is true.

A leg becomes visible to its agent when there is something to see: the caller's at once (Dialing), the called one's when
its phone rings.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from types import MappingProxyType
from typing import Final

from telegraphone.domain import recording as rec
from telegraphone.domain.ids import CallUuid, ConnId, LegId, RecordingId
from telegraphone.domain.legs import EndCause, LegAnswered, LegEnded, LegFact, LegHeld, LegRetrieved, LegRinging


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


@dataclass(frozen=True, slots=True)
class Leg:
    """One party of a call. `appeared_at` is when its view became visible, monotonic seconds; None before.

    `originated` is whether the switch was asked to call it, `answered` whether media can flow, `offers_answer` whether the
    switch can take the ringing phone off the hook. `held_at` and `ended_at` are when it last got into those states.
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

    @property
    def visible(self) -> bool:
        """Whether its agent sees the call."""
        return self.appeared_at is not None

    @property
    def talking(self) -> bool:
        """Whether it is connected, held or not."""
        return self.state in (LegState.ESTABLISHED, LegState.HELD)

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
    """One conversation. `legs[0]` is the caller. `last_name` is the name of the latest part, kept after its end."""

    uuid: CallUuid
    conn_id: ConnId
    type: CallType
    legs: tuple[Leg, Leg]
    user_data: Mapping[str, object] = field(default_factory=dict)
    recording: rec.Recording = rec.Recording()
    part: Part | None = None
    last_name: str = ""

    @property
    def caller(self) -> Leg:
        """The leg that asked for the call."""
        return self.legs[0]

    @property
    def called(self) -> Leg:
        """The leg that was asked for."""
        return self.legs[1]

    @property
    def released(self) -> bool:
        """Whether the call is over for everybody."""
        return all(leg.state is LegState.RELEASED for leg in self.legs)

    def leg(self, leg_id: LegId) -> Leg:
        """The leg of this id; KeyError when it is not part of the call."""
        for each in self.legs:
            if each.id == leg_id:
                return each
        raise KeyError(leg_id)

    def other(self, leg_id: LegId) -> Leg:
        """The leg at the other end."""
        return self.legs[1] if self.legs[0].id == leg_id else self.legs[0]

    def with_leg(self, leg: Leg) -> "Call":
        """The call with this leg in place of the one of the same id."""
        first, second = (leg if each.id == leg.id else each for each in self.legs)
        return replace(self, legs=(first, second))


@dataclass(frozen=True, slots=True)
class Originate:
    """Ring this number under this leg."""

    leg: LegId
    number: str
    caller: str


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
    """Let both parties hear each other."""

    legs: tuple[LegId, LegId]


@dataclass(frozen=True, slots=True)
class HangUp:
    """End a leg."""

    leg: LegId
    cause: EndCause


CallEffect = Originate | Ring | Answer | Join | HangUp | rec.OpenGate | rec.ShutGate | rec.Seal


@dataclass(frozen=True, slots=True)
class Told:
    """One agent's view changed: the leg whose view it is, and in which way."""

    leg: LegId
    notice: Notice


@dataclass(frozen=True, slots=True)
class Step:
    """The call after an input, the effects to carry out first, and whom to tell then, in order."""

    call: Call
    effects: tuple[CallEffect, ...] = ()
    told: tuple[Told, ...] = ()


FACTS: Final[Mapping[LegState, Mapping[type[object], LegState]]] = MappingProxyType(
    {
        LegState.CALLING: {
            LegRinging: LegState.RINGING,
            LegAnswered: LegState.ESTABLISHED,
            LegEnded: LegState.RELEASED,
        },
        # The agent's own phone while it is rung for a call the agent asked for, and any caller that waits.
        LegState.DIALING: {
            LegRinging: LegState.DIALING,
            LegAnswered: LegState.DIALING,
            LegEnded: LegState.RELEASED,
        },
        LegState.RINGING: {
            LegRinging: LegState.RINGING,
            LegAnswered: LegState.ESTABLISHED,
            LegEnded: LegState.RELEASED,
        },
        LegState.ESTABLISHED: {LegHeld: LegState.HELD, LegEnded: LegState.RELEASED},
        LegState.HELD: {LegRetrieved: LegState.ESTABLISHED, LegEnded: LegState.RELEASED},
        LegState.RELEASED: {},
    }
)
"""What a fact does to the leg it happened at; a fact without a cell comes too late or twice and changes nothing."""


def arrived(call: Call, now: float) -> Step:
    """A party asked for this call: the caller is Dialing, the called number is rung. Who calls the own number finds it
    busy, because two views of one call at one device could not be told apart."""
    if call.caller.number == call.called.number:
        return give_up(call.with_leg(replace(call.caller, arrived=True)), EndCause.BUSY, now)
    caller = replace(call.caller, state=LegState.DIALING, arrived=True, appeared_at=now)
    called = replace(call.called, originated=True)
    rung = Originate(called.id, called.number, caller.number)
    return Step(call.with_leg(caller).with_leg(called), (rung,), (Told(caller.id, Notice.STATUS),))


def dialled(call: Call, now: float) -> Step:
    """An agent asked for this call through the API: first the agent's own phone is rung."""
    caller = replace(call.caller, state=LegState.DIALING, originated=True, appeared_at=now)
    rung = Originate(caller.id, caller.number, call.called.number)
    return Step(call.with_leg(caller), (rung,), (Told(caller.id, Notice.STATUS),))


def fact(call: Call, happened: LegFact, now: float) -> Step:
    """What a fact from the switch makes of the call."""
    leg = call.leg(happened.leg)
    state = FACTS[leg.state].get(type(happened))
    if state is None:
        return Step(call)
    match happened:
        case LegRinging(can_answer=can_answer):
            return _ringing(call, replace(leg, state=state, offers_answer=can_answer), now)
        case LegAnswered():
            return _answered(call, replace(leg, state=state, answered=True), now)
        case LegEnded(cause=cause):
            return _ended(call, leg, cause, now)
        case _:
            return _held(call, replace(leg, state=state, held_at=now if state is LegState.HELD else None))


def _ringing(call: Call, leg: Leg, now: float) -> Step:
    if leg.state is LegState.DIALING:
        return Step(call.with_leg(leg))
    if leg.visible:
        return Step(call.with_leg(leg))
    leg = replace(leg, appeared_at=now)
    effects = (Ring(call.caller.id),) if call.caller.arrived else ()
    return Step(call.with_leg(leg), effects, (Told(leg.id, Notice.STATUS),))


def _answered(call: Call, leg: Leg, now: float) -> Step:
    if leg.id == call.caller.id:
        if call.called.originated:
            return Step(call)
        # The agent's own phone is off the hook: now the destination is rung.
        called = replace(call.called, originated=True)
        return Step(call.with_leg(leg).with_leg(called), (Originate(called.id, called.number, leg.number),))
    called = replace(leg, appeared_at=now if leg.appeared_at is None else leg.appeared_at)
    caller = replace(call.caller, state=LegState.ESTABLISHED, answered=True)
    effects: tuple[CallEffect, ...] = (Join((caller.id, called.id)),)
    if caller.arrived:
        effects = (Answer(caller.id), *effects)
    told = (Told(caller.id, Notice.STATUS), Told(called.id, Notice.STATUS))
    return Step(call.with_leg(caller).with_leg(called), effects, told)


def _held(call: Call, leg: Leg) -> Step:
    call = call.with_leg(leg)
    told = (Told(leg.id, Notice.STATUS),)
    if call.part is None or call.part.leg != leg.id:
        return Step(call, (), told)
    change = rec.keep_out if leg.state is LegState.HELD else rec.let_in
    changed = change(call.recording, rec.Reason.HOLD)
    return Step(replace(call, recording=changed.recording), changed.effects, told)


def operated(call: Call, leg: Leg, trigger: rec.Trigger) -> rec.Step | None:
    """What a recording operation of the agent at this leg does; None when it is refused. A Start makes this agent the
    recorded one, so the part begins held when they have the call on hold."""
    recording = call.recording
    if trigger is rec.Trigger.START and not recording.in_progress and leg.state is LegState.HELD:
        recording = rec.keep_out(recording, rec.Reason.HOLD).recording
    return rec.step(recording, trigger)


def _ended(call: Call, leg: Leg, cause: EndCause, now: float) -> Step:
    """With two parties the end of one is the end of the call."""
    rest = call.other(leg.id)
    effects: tuple[CallEffect, ...] = ()
    if rest.live:
        effects = (HangUp(rest.id, cause if not leg.answered else EndCause.NORMAL),)
    return _release(call, effects, now)


def give_up(call: Call, cause: EndCause, now: float) -> Step:
    """Ends the call for everybody: nobody answered in time, an agent hung up, or the service shuts down."""
    return _release(call, tuple(HangUp(leg.id, cause) for leg in call.legs if leg.live), now)


def _release(call: Call, effects: tuple[CallEffect, ...], now: float) -> Step:
    seen = [leg for leg in call.legs if leg.visible and leg.state is not LegState.RELEASED]
    first, second = (_over(leg, now) for leg in call.legs)
    ended = rec.step(call.recording, rec.Trigger.CALL_RELEASED)
    assert ended is not None
    call = replace(call, legs=(first, second), recording=ended.recording, part=None)
    return Step(call, (*effects, *ended.effects), tuple(Told(leg.id, Notice.STATUS) for leg in seen))


def _over(leg: Leg, now: float) -> Leg:
    return leg if leg.ended_at is not None else replace(leg, state=LegState.RELEASED, ended_at=now)


def everyone(call: Call, notice: Notice) -> tuple[Told, ...]:
    """Everybody who sees the call is told of this change."""
    return tuple(Told(leg.id, notice) for leg in call.legs if leg.visible and leg.state is not LegState.RELEASED)
