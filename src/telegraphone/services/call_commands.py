"""What an agent's command makes of the calls: looks at its arguments and finds the use case for it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from telegraphone.domain import consult, control, monitoring
from telegraphone.domain.call import Answer, Call, Leg, LegState, Notice, everyone
from telegraphone.domain.conversation import Conversation, Step
from telegraphone.domain.errors import NotInState, ParameterInvalid, ParameterMissing
from telegraphone.domain.ids import CallUuid, ConnId, LegId
from telegraphone.domain.leaving import give_up, left
from telegraphone.domain.legs import EndCause
from telegraphone.domain.operations import MONITORING, SWITCHES, USER_DATA, Operation
from telegraphone.domain.user_data import changed_user_data
from telegraphone.limits import CONFERENCE_PARTIES_MAX, CONSULTS_MAX
from telegraphone.services.mailbox import Command

_CONSULTS: Final = frozenset({Operation.INITIATE_TRANSFER, Operation.INITIATE_CONFERENCE})
_MERGES: Final = frozenset({Operation.SWAP_CALLS, Operation.COMPLETE_TRANSFER, Operation.COMPLETE_CONFERENCE})
_LEAVES: Final = frozenset({Operation.HANGUP, Operation.REJECT})


@dataclass(frozen=True, slots=True)
class NewIds:
    """Where ids that were never used come from."""

    leg: Callable[[], LegId]
    call: Callable[[], tuple[CallUuid, ConnId]]


def commanded(conversation: Conversation, command: Command, new: NewIds, now: float) -> Step:
    """The step of a command that is valid now; raises `Refusal` when its arguments are not."""
    call = conversation.call(command.call)
    leg = call.leg(command.leg)
    if command.other_leg is not None:
        return _phone_merge(conversation, command, command.other_leg, now)
    if command.operation in USER_DATA:
        return _user_data(conversation, command, call)
    if command.operation in _MERGES:
        return _merge(conversation, command, call, now)
    if command.operation in _CONSULTS:
        return _consult(conversation, command, new, now)
    if command.operation in _LEAVES:
        cause = EndCause.DECLINED if leg.state is LegState.RINGING else EndCause.NORMAL
        return left(conversation, call, leg.id, cause, now)
    if command.operation in MONITORING:
        return _supervise(conversation, command, call, leg)
    return _plain(conversation, command, new, now)


def _plain(conversation: Conversation, command: Command, new: NewIds, now: float) -> Step:
    call = conversation.call(command.call)
    leg = call.leg(command.leg)
    match command.operation:
        case Operation.ANSWER:
            return Step(conversation, (Answer(leg.id),))
        case Operation.CLEAR_CALL:
            return give_up(conversation, (call.uuid,), EndCause.NORMAL, now)
        case Operation.HOLD:
            return control.hold(conversation, call, leg, now)
        case Operation.RETRIEVE:
            return control.retrieve(conversation, call, leg)
        case Operation.MUTE | Operation.UNMUTE:
            return control.mute(conversation, call, leg, on=command.operation is Operation.MUTE)
        case Operation.SEND_DTMF:
            control.must_be_digits(command.digits)
            return control.send_digits(conversation, call, leg, command.digits)
        case Operation.REMOVE_PARTICIPANT:
            return control.remove(conversation, call, _participant(call, leg, command.number), now)
        case Operation.SINGLE_STEP_TRANSFER | Operation.SINGLE_STEP_CONFERENCE:
            return _single_step(conversation, command, call, new)
        case _:
            assert command.operation is Operation.COMPLETE
            return Step(conversation)


def _supervise(conversation: Conversation, command: Command, call: Call, leg: Leg) -> Step:
    way = SWITCHES.get(command.operation)
    if way is not None:
        return monitoring.switched(conversation, call, leg, way)
    return monitoring.silenced(conversation, call, leg, on=command.operation is Operation.MUTE_MONITORED_USER)


def _user_data(conversation: Conversation, command: Command, call: Call) -> Step:
    data = changed_user_data(call.user_data, command.operation, command.user_data, command.key)
    call = replace(call, user_data=data)
    return Step(conversation.with_call(call), (), everyone(call, Notice.USER_DATA))


def _single_step(conversation: Conversation, command: Command, call: Call, new: NewIds) -> Step:
    leg = call.leg(command.leg)
    number = _destination(command, call)
    call, attached = _attached(call, command)
    conversation = conversation.with_call(call)
    if command.operation is Operation.SINGLE_STEP_CONFERENCE:
        step = control.add_party(conversation, call, leg, control.Invitation(number, new.leg()))
    else:
        step = control.transfer(conversation, call, leg, control.Invitation(number, new.leg(), new.leg(), command.request))
    return replace(step, told=(*everyone(call, Notice.USER_DATA), *step.told)) if attached else step


def _consult(conversation: Conversation, command: Command, new: NewIds, now: float) -> Step:
    call = conversation.call(command.call)
    leg = call.leg(command.leg)
    number = _destination(command, call)
    if sum(not each.released for each in conversation.calls) > CONSULTS_MAX:
        raise NotInState(command.operation.value, "too many consult calls")
    made = consult.new_consult((*new.call(), new.leg()), call, leg, number)
    made, _ = _attached(made, command)
    return consult.consult(conversation, leg, made, now)


def _attached(call: Call, command: Command) -> tuple[Call, bool]:
    if not command.user_data:
        return call, False
    data = changed_user_data(call.user_data, Operation.ATTACH_USER_DATA, command.user_data, "")
    return replace(call, user_data=data), True


def _merge(conversation: Conversation, command: Command, call: Call, now: float) -> Step:
    calls = consult.pair(conversation, call, command.leg)
    swapping = command.operation is Operation.SWAP_CALLS
    if command.other and (calls is None or command.other not in {name for each in calls for name in (each.uuid, each.conn_id)}):
        raise ParameterInvalid("otherCallUri" if swapping else "consultCallUri")
    assert calls is not None, "the operation was valid"
    merge = {
        Operation.SWAP_CALLS: consult.swap,
        Operation.COMPLETE_TRANSFER: consult.complete_transfer,
        Operation.COMPLETE_CONFERENCE: consult.complete_conference,
    }[command.operation]
    return merge(conversation, calls, command.leg, now)


def _phone_merge(conversation: Conversation, command: Command, other_leg: LegId, now: float) -> Step:
    """A transfer by a phone that has a leg for each of its two calls."""
    found = consult.pair_of_legs(conversation, command.leg, other_leg)
    if found is None:
        raise NotInState(command.operation.value, "the two calls cannot be connected")
    (parent, mine), (child, in_child) = found
    return consult.complete_transfer(conversation, (parent, child), mine, now, in_child=in_child, request=command.request)


def _destination(command: Command, call: Call) -> str:
    """Who is there already cannot be brought in: two views of one call at one device could not be told apart."""
    if not command.number:
        raise ParameterMissing("destination")
    present = {each.number for each in call.legs if each.live}
    if command.number in present or len(present) >= CONFERENCE_PARTIES_MAX:
        raise ParameterInvalid("destination")
    return command.number


def _participant(call: Call, leg: Leg, number: str) -> LegId:
    parties = (each for each in call.legs if each.live and not each.eavesdrops and each.id != leg.id)
    found = [each.id for each in parties if each.number == number]
    if not found:
        raise ParameterInvalid("participant")
    return found[0]
