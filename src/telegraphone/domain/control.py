"""What agents do with a call they are in: hold, mute, digits, and bringing others in or letting them go.

Each function assumes that the operation is valid now (`operations`) and says how the calls shall be then.
"""

import re
from dataclasses import dataclass, replace
from typing import Final

from telegraphone.domain.call import Call, Leg, LegState, Notice, Originate, SendDigits
from telegraphone.domain.conversation import Conversation, Draft, Step, finished
from telegraphone.domain.errors import ParameterInvalid
from telegraphone.domain.ids import LegId
from telegraphone.domain.leaving import left
from telegraphone.domain.legs import EndCause

_DIGITS: Final = re.compile(r"[0-9*#A-D]{1,64}")


def put_on_hold(draft: Draft, call: Call, leg: Leg, now: float) -> Draft:
    """The draft after this agent has put this call on hold."""
    held = replace(leg, state=LegState.HELD, server_holds=True, held_at=now)
    call = call.with_leg(held)
    return draft.put(call).tell(call, held)


def taken_back(draft: Draft, call: Call, leg: Leg) -> Draft:
    """The draft after this agent has taken this call back from our hold; what the phone holds stays held there."""
    state = LegState.HELD if leg.phone_holds else LegState.ESTABLISHED
    back = replace(leg, state=state, server_holds=False)
    call = call.with_leg(back)
    return draft.put(call).tell(call, back)


def hold(conversation: Conversation, call: Call, leg: Leg, now: float) -> Step:
    """The others hear music, and what this agent says is no part of the call."""
    return finished(conversation, put_on_hold(Draft(conversation), call, leg, now))


def retrieve(conversation: Conversation, call: Call, leg: Leg) -> Step:
    """Back from hold."""
    return finished(conversation, taken_back(Draft(conversation), call, leg))


def mute(conversation: Conversation, call: Call, leg: Leg, *, on: bool) -> Step:
    """Nobody hears this agent until unmuted; a status change tells it (gws-api 7.3)."""
    muted = replace(leg, muted=on)
    call = call.with_leg(muted)
    return finished(conversation, Draft(conversation).put(call).tell(call, muted))


def must_be_digits(digits: str) -> None:
    """Raises `ParameterInvalid` unless these are keys of a phone, few enough to be sent at once."""
    if not _DIGITS.fullmatch(digits):
        raise ParameterInvalid("digits")


def send_digits(conversation: Conversation, call: Call, leg: Leg, digits: str) -> Step:
    """The other parties hear the digits; the sender is told."""
    others = (each for each in call.legs if each.id != leg.id and each.answered and each.live)
    draft = Draft(conversation).ask(*(SendDigits(each.id, digits) for each in others))
    return finished(conversation, draft.tell(call, leg, Notice.DTMF))


@dataclass(frozen=True, slots=True)
class Invitation:
    """Whom to bring in, the ids of the legs that may be needed for it, and the phone's request it was asked for by."""

    number: str
    leg: LegId
    recall: LegId | None = None
    request: str = ""


def transfer(conversation: Conversation, call: Call, leg: Leg, invited: Invitation) -> Step:
    """The call goes to another number: this agent leaves as soon as it rings, and keeps the call when it cannot."""
    new = Leg(invited.leg, invited.number, LegState.CALLING, originated=True, invited_by=leg.id, replaces=leg.id)
    return _invite(conversation, call, replace(new, recall=invited.recall, request=invited.request), leg)


def add_party(conversation: Conversation, call: Call, leg: Leg, invited: Invitation) -> Step:
    """Another number is rung and joins the conversation when it answers."""
    new = Leg(invited.leg, invited.number, LegState.CALLING, originated=True, invited_by=leg.id)
    return _invite(conversation, call, new, leg)


def _invite(conversation: Conversation, call: Call, new: Leg, by: Leg) -> Step:
    draft = Draft(conversation).put(call.with_new_leg(new))
    return finished(conversation, draft.ask(Originate(new.id, new.number, by.number)))


def remove(conversation: Conversation, call: Call, leg_id: LegId, now: float) -> Step:
    """A party of a conference is sent away."""
    return left(conversation, call, leg_id, EndCause.NORMAL, now)
