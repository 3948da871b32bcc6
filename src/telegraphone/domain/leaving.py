"""How parties leave calls and calls end.

A call goes on while two parties have it; who is just being transferred away is no longer one of them. Who is left alone is
released too, unless the one who did not answer had been
called in somebody's place: then that somebody is called back, so that a transfer to nobody loses no caller.
"""

from dataclasses import replace

from telegraphone.domain.call import Call, Leg, LegState, Notice, Originate, Settle
from telegraphone.domain.conversation import Conversation, Draft, Step, finished
from telegraphone.domain.ids import CallUuid, LegId
from telegraphone.domain.legs import EndCause


def without(draft: Draft, call: Call, leg_id: LegId, now: float) -> Draft:
    """The draft after one leg has left one call; the others are told, or released with it."""
    leg = call.leg(leg_id)
    if leg.state is LegState.RELEASED:
        return draft
    if leg.request and leg.replaces is not None and call.leg(leg.replaces).live:
        # It has not rung, so who asked for it at the phone still has the call.
        draft = draft.ask(Settle(leg.request, draft.cause))
    if leg.eavesdrops:
        return _told_gone(draft.put(call.with_leg(_over(leg, now, left=True))), call.uuid, leg)
    rest = [each for each in call.legs if each.id != leg_id and each.live and not each.eavesdrops]
    staying = [each for each in rest if not any(other.replaces == each.id for other in rest)]
    if len(staying) >= 2:
        return _told_gone(draft.put(call.with_leg(_over(leg, now, left=True))), call.uuid, leg)
    if leg.recall is not None and not leg.answered and len(rest) == 1 and leg.replaces is not None:
        return _called_back(draft, call, leg, now)
    return released(draft, call, now)


def released(draft: Draft, call: Call, now: float) -> Draft:
    """The draft after the call has ended for everybody."""
    seen = [leg for leg in call.legs if leg.state is not LegState.RELEASED]
    call = replace(call, legs=tuple(_over(leg, now) for leg in call.legs))
    draft = draft.put(call)
    for leg in seen:
        draft = draft.tell(call, leg)
    return draft


def give_up(conversation: Conversation, uuids: tuple[CallUuid, ...], cause: EndCause, now: float) -> Step:
    """Ends these calls for everybody: an agent cleared them, a switch could not connect, or the service shuts down."""
    draft = Draft(conversation, cause=cause)
    for uuid in uuids:
        draft = released(draft, conversation.call(uuid), now)
    return finished(conversation, draft)


def gone(conversation: Conversation, leg_id: LegId, cause: EndCause, now: float) -> Step:
    """A leg has ended: its party is out of every call it was in."""
    calls = conversation.of(leg_id)
    answered = any(call.leg(leg_id).answered for call in calls)
    draft = Draft(conversation, cause=EndCause.NORMAL if answered else cause, gone=frozenset({leg_id}))
    for call in calls:
        draft = without(draft, draft.conversation.call(call.uuid), leg_id, now)
    return finished(conversation, draft)


def left(conversation: Conversation, call: Call, leg_id: LegId, cause: EndCause, now: float) -> Step:
    """One party leaves one call: hung up, removed, or did not answer in time."""
    return finished(conversation, without(Draft(conversation, cause=cause), call, leg_id, now))


def _told_gone(draft: Draft, uuid: CallUuid, leg: Leg) -> Draft:
    call = draft.conversation.call(uuid)
    draft = draft.tell(call, leg)
    if not leg.talking and leg.state is not LegState.ESTABLISHED:
        return draft
    for each in call.present:
        draft = draft.tell(call, each, Notice.PARTICIPANTS)
    return draft


def _called_back(draft: Draft, call: Call, leg: Leg, now: float) -> Draft:
    assert leg.replaces is not None
    assert leg.recall is not None
    number = call.leg(leg.replaces).number
    back = Leg(leg.recall, number, LegState.CALLING, originated=True)
    draft = draft.put(call.with_leg(_over(leg, now, left=True)).with_new_leg(back)).tell(call, leg)
    return draft.ask(Originate(back.id, number, call.talking[0].number if call.talking else call.caller.number))


def _over(leg: Leg, now: float, *, left: bool = False) -> Leg:
    return leg if leg.ended_at is not None else replace(leg, state=LegState.RELEASED, ended_at=now, left=left)
