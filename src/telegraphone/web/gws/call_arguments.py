"""Reads the attributes that each operation on a call takes (gws-api 7.3), before anything is looked for."""

from dataclasses import dataclass, field

from telegraphone.domain.control import must_be_digits
from telegraphone.domain.operations import Operation
from telegraphone.web.gws.requests import ApiRequest

_ATTACHING = frozenset({Operation.ATTACH_USER_DATA, Operation.UPDATE_USER_DATA})
_TO_A_DESTINATION = frozenset(
    {
        Operation.SINGLE_STEP_TRANSFER,
        Operation.SINGLE_STEP_CONFERENCE,
        Operation.INITIATE_TRANSFER,
        Operation.INITIATE_CONFERENCE,
    }
)
_OTHER_CALL = {
    Operation.SWAP_CALLS: "otherCallUri",
    Operation.COMPLETE_TRANSFER: "consultCallUri",
    Operation.COMPLETE_CONFERENCE: "consultCallUri",
}


@dataclass(frozen=True, slots=True)
class CallArguments:
    """What an operation was given; digits may be card data and are shown nowhere."""

    user_data: "dict[str, object]" = field(default_factory=dict)
    key: str = ""
    number: str = ""
    digits: str = field(default="", repr=False)
    other: str = ""


def call_arguments(request: ApiRequest, operation: Operation) -> CallArguments:
    """The attributes of this operation; raises `ParameterMissing` or `ParameterInvalid`."""
    if operation in _ATTACHING:
        return CallArguments(user_data=dict(request.user_data(required=True)))
    if operation in _TO_A_DESTINATION:
        return CallArguments(user_data=dict(request.user_data(required=False)), number=request.destination())
    if operation in _OTHER_CALL:
        return CallArguments(other=_call_id(request, _OTHER_CALL[operation], required=operation is Operation.SWAP_CALLS))
    match operation:
        case Operation.DELETE_USER_DATA_PAIR:
            return CallArguments(key=request.text("key"))
        case Operation.SEND_DTMF:
            return CallArguments(digits=_digits(request))
        case Operation.REMOVE_PARTICIPANT:
            return CallArguments(number=request.text("participant"))
    return CallArguments()


def _digits(request: ApiRequest) -> str:
    digits = request.text("digits")
    must_be_digits(digits)
    return digits


def _call_id(request: ApiRequest, name: str, *, required: bool) -> str:
    """The id of the other call, empty when it need not be said."""
    if not required and request.body.get(name) in (None, ""):
        return ""
    return request.linked_id(name)
