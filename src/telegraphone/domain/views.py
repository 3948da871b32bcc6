"""One agent's view of a call: what every face shows of it, before any face's own words."""

from collections.abc import Mapping
from dataclasses import dataclass

from telegraphone.domain import recording as rec
from telegraphone.domain.agent import Agent, Device, Feature
from telegraphone.domain.call import Call, CallType, Leg, LegState, Notice
from telegraphone.domain.conversation import Conversation
from telegraphone.domain.ids import CallUuid, ConnId
from telegraphone.domain.legs import Ability
from telegraphone.domain.operations import Operation, capabilities
from telegraphone.domain.watching import Ear, Listening


@dataclass(frozen=True, slots=True)
class Watched:
    """A supervisor is in the call: as their own view (`own`) or as that of who is monitored; whether the agent is silenced."""

    ear: Ear
    own: bool
    silenced: bool


@dataclass(frozen=True, slots=True)
class CallView:
    """A call resource (gws-api 7.1). `recording_state` is shown only to agents who `may_record`, but the user
    data that tells it belongs to everybody. `recording_name` is empty before the first Start. `duration_s` counts from
    when the call appeared here until it was released. `watched` tells of a supervisor. `parent` are the ids of
    the call that a consult is about."""

    call_uuid: CallUuid
    conn_id: ConnId
    state: LegState
    type: CallType
    device: Device
    participants: tuple[str, ...]
    ani: str
    dnis: str
    capabilities: tuple[Operation, ...]
    user_data: Mapping[str, object]
    duration_s: int
    recording_state: str
    may_record: bool
    recording_name: str
    mute: bool = False
    watched: Watched | None = None
    parent: tuple[CallUuid, ConnId] | None = None


@dataclass(frozen=True, slots=True)
class CallNotice:
    """An agent is told of a change of a call, with the whole call as it was then (gws-api 10.1, 11.1)."""

    agent: Agent
    notice: Notice
    call: CallView


@dataclass(frozen=True, slots=True)
class RecordingBroken:
    """An agent is told that a recording broke off by itself (gws-api 11.4); follows the notice of the new state."""

    agent: Agent
    call: CallView


@dataclass(frozen=True, slots=True)
class PauseForgotten:
    """An agent is told that a recording has been paused for longer than the contact centre wants."""

    agent: Agent
    call: CallView


@dataclass(frozen=True, slots=True)
class Seen:
    """Which leg of which call is looked at."""

    conversation: Conversation
    call: Call
    leg: Leg

    @property
    def parent(self) -> tuple[CallUuid, ConnId] | None:
        """The ids of the call this one is about, as long as that is known."""
        found = next((each for each in self.conversation.calls if each.uuid == self.call.parent), None)
        return (found.uuid, found.conn_id) if found else None


def view(seen: Seen, agent: Agent, abilities: frozenset[Ability], now: float) -> CallView:
    """The call as the agent at this leg sees it at `now`, monotonic seconds."""
    call, leg = seen.call, seen.leg
    assert agent.device is not None
    assert leg.appeared_at is not None
    may_record = agent.has(Feature.VOICE_RECORDING)
    released = leg.state is LegState.RELEASED
    return CallView(
        call_uuid=call.uuid,
        conn_id=call.conn_id,
        state=leg.state,
        type=call.type,
        device=agent.device,
        participants=call.participants(leg),
        ani="" if leg.number == call.caller.number else call.caller.number,
        dnis=call.dnis,
        capabilities=() if released else capabilities(seen.conversation, call, leg, abilities, may_record=may_record),
        user_data=call.user_data,
        duration_s=int((now if leg.ended_at is None else leg.ended_at) - leg.appeared_at),
        recording_state="Stopped" if released else rec.shown(call.recording),
        may_record=may_record,
        recording_name=call.last_name,
        mute=leg.muted or (leg.ear is not None and leg.ear.listening is Listening.LISTEN_IN),
        watched=None if released else _watched(call, leg),
        parent=seen.parent,
    )


def _watched(call: Call, leg: Leg) -> Watched | None:
    if leg.ear is not None:
        return Watched(leg.ear, own=True, silenced=call.leg(leg.ear.monitored).silenced)
    ears = (each.ear for each in call.watchers)
    return next((Watched(ear, own=False, silenced=leg.silenced) for ear in ears if ear and ear.monitored == leg.id), None)
