"""What an agent can ask of a call: the operations, and which of them are valid now.

The value of an operation is its name in the Genesys Web Services API, because that vocabulary is the product's own.
Validity is computed from the calls, never kept (gws-api 7.4); the order is that of 7.5. A consult counts as alive once it
is answered: nothing can be swapped or merged with a ringing phone.
"""

from enum import Enum
from typing import Final

from telegraphone.domain import recording as rec
from telegraphone.domain.call import Call, Leg, LegState
from telegraphone.domain.consult import pair
from telegraphone.domain.conversation import Conversation
from telegraphone.domain.legs import Ability
from telegraphone.domain.monitoring import ways
from telegraphone.domain.watching import Ear, Listening


class Operation(Enum):
    """Everything that can be asked of a call, in the order in which capabilities are listed."""

    DELETE_USER_DATA_PAIR = "DeleteUserDataPair"
    SINGLE_STEP_TRANSFER = "SingleStepTransfer"
    INITIATE_CONFERENCE = "InitiateConference"
    INITIATE_TRANSFER = "InitiateTransfer"
    UPDATE_USER_DATA = "UpdateUserData"
    HOLD = "Hold"
    HANGUP = "Hangup"
    DELETE_USER_DATA = "DeleteUserData"
    SINGLE_STEP_CONFERENCE = "SingleStepConference"
    SEND_DTMF = "SendDtmf"
    ATTACH_USER_DATA = "AttachUserData"
    ANSWER = "Answer"
    RETRIEVE = "Retrieve"
    SWAP_CALLS = "SwapCalls"
    COMPLETE_TRANSFER = "CompleteTransfer"
    COMPLETE_CONFERENCE = "CompleteConference"
    REMOVE_PARTICIPANT = "RemoveParticipantFromConference"
    MUTE = "MuteCall"
    UNMUTE = "UnmuteCall"
    CLEAR_CALL = "ClearCall"
    START_RECORDING = "StartCallRecording"
    PAUSE_RECORDING = "PauseCallRecording"
    RESUME_RECORDING = "ResumeCallRecording"
    STOP_RECORDING = "StopCallRecording"
    MUTE_MONITORED_USER = "MuteMonitoredUser"
    UNMUTE_MONITORED_USER = "UnmuteMonitoredUser"
    SWITCH_TO_LISTEN_IN = "SwitchToListenIn"
    SWITCH_TO_COACH = "SwitchToCoach"
    SWITCH_TO_BARGE_IN = "SwitchToBargeIn"
    REJECT = "Reject"
    COMPLETE = "Complete"


TRIGGERS: Final = {
    Operation.START_RECORDING: rec.Trigger.START,
    Operation.PAUSE_RECORDING: rec.Trigger.PAUSE,
    Operation.RESUME_RECORDING: rec.Trigger.RESUME,
    Operation.STOP_RECORDING: rec.Trigger.STOP,
}
"""The four recording operations and what they mean to the recording machine."""

SWITCHES: Final = {
    Operation.SWITCH_TO_LISTEN_IN: Listening.LISTEN_IN,
    Operation.SWITCH_TO_COACH: Listening.COACH,
    Operation.SWITCH_TO_BARGE_IN: Listening.BARGE_IN,
}
"""The operations by which a supervisor changes how they are heard."""

MONITORING: Final = frozenset({*SWITCHES, Operation.MUTE_MONITORED_USER, Operation.UNMUTE_MONITORED_USER})
"""The operations of supervisors."""

USER_DATA: Final = frozenset(
    {
        Operation.ATTACH_USER_DATA,
        Operation.UPDATE_USER_DATA,
        Operation.DELETE_USER_DATA,
        Operation.DELETE_USER_DATA_PAIR,
    }
)

_BRING_IN: Final = frozenset(
    {
        Operation.SINGLE_STEP_TRANSFER,
        Operation.SINGLE_STEP_CONFERENCE,
        Operation.INITIATE_TRANSFER,
        Operation.INITIATE_CONFERENCE,
    }
)
_MERGE: Final = frozenset({Operation.SWAP_CALLS, Operation.COMPLETE_TRANSFER, Operation.COMPLETE_CONFERENCE})
_END: Final = frozenset({Operation.HANGUP, Operation.CLEAR_CALL})

_BY_STATE: Final = {
    LegState.DIALING: USER_DATA | {Operation.HANGUP, Operation.SEND_DTMF},
    LegState.RINGING: USER_DATA | {Operation.CLEAR_CALL},
    LegState.ESTABLISHED: USER_DATA | _BRING_IN | _END | {Operation.HOLD, Operation.SEND_DTMF},
    LegState.HELD: USER_DATA | _BRING_IN | {Operation.HANGUP},
}

_NEEDS: Final = {
    Operation.HANGUP: Ability.HANG_UP,
    Operation.REJECT: Ability.HANG_UP,
    Operation.CLEAR_CALL: Ability.HANG_UP,
    Operation.HOLD: Ability.HOLD,
    Operation.RETRIEVE: Ability.HOLD,
    Operation.SWAP_CALLS: Ability.HOLD,
    Operation.SEND_DTMF: Ability.SEND_DTMF,
    Operation.MUTE: Ability.MUTE,
    Operation.UNMUTE: Ability.MUTE,
    Operation.SINGLE_STEP_TRANSFER: Ability.TRANSFER,
    Operation.INITIATE_TRANSFER: Ability.TRANSFER,
    Operation.COMPLETE_TRANSFER: Ability.TRANSFER,
    Operation.SINGLE_STEP_CONFERENCE: Ability.CONFERENCE,
    Operation.INITIATE_CONFERENCE: Ability.CONFERENCE,
    Operation.COMPLETE_CONFERENCE: Ability.CONFERENCE,
    Operation.REMOVE_PARTICIPANT: Ability.CONFERENCE,
    **dict.fromkeys(MONITORING, Ability.MONITOR),
}

ACCEPTED_UNLISTED: Final = {
    LegState.RINGING: frozenset({Operation.HANGUP, Operation.REJECT}),
    LegState.RELEASED: frozenset({Operation.COMPLETE}),
}
"""What old desktops send though no capability offers it (gws-api 7.2, 7.3)."""


def capabilities(
    conversation: Conversation, call: Call, leg: Leg, abilities: frozenset[Ability], *, may_record: bool
) -> tuple[Operation, ...]:
    """The operations valid now for the agent at this leg, in the order of gws-api 7.5."""
    abilities = _within_reach(call, abilities)
    valid = {each for each in _wished(conversation, call, leg) if possible(each, abilities)}
    if may_record and leg.talking:
        offered = rec.offered(call.recording)
        valid |= {operation for operation, trigger in TRIGGERS.items() if trigger in offered}
    return tuple(each for each in Operation if each in valid)


def accepted(conversation: Conversation, call: Call, leg: Leg, operation: Operation, abilities: frozenset[Ability]) -> bool:
    """Whether the call's state admits the operation; of the recording ones only the call state is looked at here, since
    their harmless repeats are not listed (gws-api 8.3)."""
    if operation in TRIGGERS:
        return leg.talking
    if operation in ACCEPTED_UNLISTED.get(leg.state, frozenset()):
        return possible(operation, _within_reach(call, abilities))
    return operation in capabilities(conversation, call, leg, abilities, may_record=False)


def _within_reach(call: Call, abilities: frozenset[Ability]) -> frozenset[Ability]:
    """What the switches can do, as far as it reaches this call: one that is connected elsewhere can only be listened to."""
    return abilities if call.copied is None else frozenset()


def possible(operation: Operation, abilities: frozenset[Ability]) -> bool:
    """Whether a switch of these abilities could carry it out at all."""
    return operation not in _NEEDS or _NEEDS[operation] in abilities


def _wished(conversation: Conversation, call: Call, leg: Leg) -> frozenset[Operation]:
    """What the states of the calls would allow on a switch that can do everything (gws-api 7.4)."""
    if leg.ear is not None and leg.state is not LegState.RINGING:
        return _supervising(call, leg, leg.ear)
    busy = any(other.leg(leg.id).state is LegState.DIALING for other in conversation.of(leg.id) if other.uuid != call.uuid)
    elsewhere = any(other.leg(leg.id).active for other in conversation.of(leg.id) if other.uuid != call.uuid)
    wished = set(_BY_STATE.get(leg.state, ()))
    if leg.state is LegState.RINGING and leg.offers_answer:
        wished.add(Operation.ANSWER)
    if busy or any(each.replaces == leg.id and each.live for each in call.legs):
        wished -= _BRING_IN
    if leg.state is LegState.HELD and leg.server_holds and not (busy or elsewhere):
        wished.add(Operation.RETRIEVE)
    if leg.talking and pair(conversation, call, leg.id) is not None:
        wished |= _MERGE if elsewhere or leg.active else _MERGE - {Operation.SWAP_CALLS}
    if leg.talking and call.owner == leg.id and len(call.talking) > 2:
        wished.add(Operation.REMOVE_PARTICIPANT)
    if leg.state is LegState.ESTABLISHED:
        wished.add(Operation.UNMUTE if leg.muted else Operation.MUTE)
    return frozenset(wished)


def _supervising(call: Call, leg: Leg, ear: Ear) -> frozenset[Operation]:
    """What a supervisor may do in an agent's call: no more than an agent once barged in, and nothing that moves the call."""
    if leg.state is LegState.RELEASED:
        return frozenset()
    silenced = call.leg(ear.monitored).silenced
    wished = USER_DATA | {Operation.HANGUP, Operation.UNMUTE_MONITORED_USER if silenced else Operation.MUTE_MONITORED_USER}
    wished |= {operation for operation, way in SWITCHES.items() if way in ways(ear)}
    if not leg.eavesdrops:
        wished |= {Operation.SEND_DTMF, Operation.UNMUTE if leg.muted else Operation.MUTE}
    return wished | {Operation.REMOVE_PARTICIPANT} if len(call.talking) > 2 else wished
