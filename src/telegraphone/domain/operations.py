"""What an agent can ask of a call: the operations, and which of them are valid now.

The value of an operation is its name in the Genesys Web Services API, because that vocabulary is the product's own.
Validity is computed from the call, never kept (gws-api 7.4); the order is that of 7.5.
"""

from enum import Enum
from typing import Final

from telegraphone.domain import recording as rec
from telegraphone.domain.call import Call, Leg, LegState
from telegraphone.domain.legs import Ability


class Operation(Enum):
    """Everything that can be asked of a call, in the order in which capabilities are listed."""

    DELETE_USER_DATA_PAIR = "DeleteUserDataPair"
    UPDATE_USER_DATA = "UpdateUserData"
    HANGUP = "Hangup"
    DELETE_USER_DATA = "DeleteUserData"
    ATTACH_USER_DATA = "AttachUserData"
    ANSWER = "Answer"
    START_RECORDING = "StartCallRecording"
    PAUSE_RECORDING = "PauseCallRecording"
    RESUME_RECORDING = "ResumeCallRecording"
    STOP_RECORDING = "StopCallRecording"
    REJECT = "Reject"
    COMPLETE = "Complete"


TRIGGERS: Final = {
    Operation.START_RECORDING: rec.Trigger.START,
    Operation.PAUSE_RECORDING: rec.Trigger.PAUSE,
    Operation.RESUME_RECORDING: rec.Trigger.RESUME,
    Operation.STOP_RECORDING: rec.Trigger.STOP,
}
"""The four recording operations and what they mean to the recording machine."""

USER_DATA: Final = frozenset(
    {
        Operation.ATTACH_USER_DATA,
        Operation.UPDATE_USER_DATA,
        Operation.DELETE_USER_DATA,
        Operation.DELETE_USER_DATA_PAIR,
    }
)

_BY_STATE: Final = {
    LegState.DIALING: USER_DATA | {Operation.HANGUP},
    LegState.RINGING: USER_DATA,
    LegState.ESTABLISHED: USER_DATA | {Operation.HANGUP},
    LegState.HELD: USER_DATA | {Operation.HANGUP},
}

_NEEDS: Final = {Operation.HANGUP: Ability.HANG_UP, Operation.REJECT: Ability.HANG_UP}

ACCEPTED_UNLISTED: Final = {
    LegState.RINGING: frozenset({Operation.HANGUP, Operation.REJECT}),
    LegState.RELEASED: frozenset({Operation.COMPLETE}),
}
"""What old desktops send though no capability offers it (gws-api 7.2, 7.3)."""


def capabilities(
    call: Call, leg: Leg, abilities: frozenset[Ability], *, may_record: bool
) -> tuple[Operation, ...]:
    """The operations valid now for the agent at this leg, in the order of gws-api 7.5."""
    valid = {each for each in _BY_STATE.get(leg.state, frozenset()) if _possible(each, abilities)}
    if leg.state is LegState.RINGING and leg.offers_answer:
        valid.add(Operation.ANSWER)
    if may_record and leg.talking:
        offered = rec.offered(call.recording)
        valid |= {operation for operation, trigger in TRIGGERS.items() if trigger in offered}
    return tuple(each for each in Operation if each in valid)


def accepted(call: Call, leg: Leg, operation: Operation, abilities: frozenset[Ability]) -> bool:
    """Whether the call's state admits the operation; of the recording ones only the call state is looked at here, since
    their harmless repeats are not listed (gws-api 8.3)."""
    if operation in TRIGGERS:
        return leg.talking
    if operation in ACCEPTED_UNLISTED.get(leg.state, frozenset()):
        return _possible(operation, abilities)
    return operation in capabilities(call, leg, abilities, may_record=False)


def _possible(operation: Operation, abilities: frozenset[Ability]) -> bool:
    return operation not in _NEEDS or _NEEDS[operation] in abilities
