"""Asking a colleague while the caller waits, and what may come of it: back, to and fro, transfer, conference.

A consult is a call of its own, linked to the one it is about by `parent`; the agent's leg is in both. Merging moves the
colleagues' legs into the parent and releases the consult (gws-api 7.3, 8.7).
"""

from dataclasses import replace

from telegraphone.domain import recording as rec
from telegraphone.domain.call import Call, CallType, Gate, Leg, LegState, Notice, Originate, Settle, everyone
from telegraphone.domain.control import put_on_hold, taken_back
from telegraphone.domain.conversation import Conversation, Draft, Step, finished
from telegraphone.domain.ids import CallUuid, ConnId, LegId
from telegraphone.limits import CONFERENCE_PARTIES_MAX


def new_consult(names: tuple[CallUuid, ConnId, LegId], call: Call, leg: Leg, number: str) -> Call:
    """The consult call of the agent at this leg, before its beginning. `names` are the ids of the call and of the leg to
    be called; user data is that of the parent."""
    uuid, conn_id, called = names
    known = (leg.arrived, leg.originated)
    mine = Leg(leg.id, leg.number, LegState.CALLING, *known, answered=True, hearing=leg.hearing, heard=leg.heard)
    other = Leg(called, number, LegState.CALLING)
    return Call(uuid, conn_id, CallType.CONSULT, (mine, other), call.user_data, parent=call.uuid, tenant=call.tenant)


def consult(conversation: Conversation, leg: Leg, new: Call, now: float) -> Step:
    """The call is put on hold and the colleague is rung."""
    draft = Draft(conversation)
    active = next((each for each in conversation.of(leg.id) if each.leg(leg.id).active), None)
    if active is not None:
        draft = put_on_hold(draft, active, active.leg(leg.id), now)
    mine = replace(new.caller, state=LegState.DIALING, appeared_at=now)
    called = replace(new.called, originated=True)
    new = new.with_leg(mine).with_leg(called)
    draft = replace(draft, conversation=replace(draft.conversation, calls=(*draft.conversation.calls, new)))
    draft = draft.ask(Originate(called.id, called.number, leg.number))
    return finished(conversation, draft.tell(new, mine))


def pair(conversation: Conversation, call: Call, leg_id: LegId) -> tuple[Call, Call] | None:
    """The call and its consult (in this order) that this call belongs to, if both are connected: nothing can be swapped
    or merged with a ringing phone."""
    for other in reversed(conversation.calls):
        for parent, child in ((call, other), (other, call)):
            linked = child.parent == parent.uuid and parent.has(leg_id) and child.has(leg_id) and child.caller.id == leg_id
            if linked and parent.leg(leg_id).talking and child.leg(leg_id).talking:
                return parent, child
    return None


def swap(conversation: Conversation, calls: tuple[Call, Call], leg_id: LegId, now: float) -> Step:
    """To and fro: the one talked in is held, the held one taken back."""
    first, second = calls if calls[0].leg(leg_id).active else (calls[1], calls[0])
    draft = put_on_hold(Draft(conversation), first, first.leg(leg_id), now)
    return finished(conversation, taken_back(draft, second, second.leg(leg_id)))


def complete_transfer(
    conversation: Conversation,
    calls: tuple[Call, Call],
    leg_id: LegId,
    now: float,
    *,
    in_child: LegId | None = None,
    request: str = "",
) -> Step:
    """The caller gets the colleague, the agent leaves both calls. `in_child` is the agent's leg in the second call where
    the phone has one for each; `request` what the phone asked for it by."""
    parent, child = calls
    mine = leg_id if in_child is None else in_child
    came = _arrivals(parent, child, (leg_id, mine), now)
    there = tuple(leg for leg in parent.talking if leg.id != leg_id)
    parent = replace(parent, legs=(*parent.legs, *came))
    draft = Draft(conversation, (Settle(request),) if request else ()).put(parent)
    agent = parent.leg(leg_id)
    gone = replace(agent, state=LegState.RELEASED, ended_at=now, left=True)
    parent = parent.with_leg(gone)
    draft = draft.put(parent).tell(parent, gone)
    draft = _dissolved(draft, child, mine, now)
    for leg in came:
        draft = draft.tell(parent, leg)
    for leg in there:
        draft = draft.tell(parent, leg, Notice.PARTICIPANTS)
    return finished(conversation, _adopted(draft, parent, child))


def complete_conference(conversation: Conversation, calls: tuple[Call, Call], leg_id: LegId, now: float) -> Step:
    """All of them in one call. A consult that was paused pauses the call before anybody's voice goes in (8.7)."""
    parent, child = calls
    draft = Draft(conversation)
    came = _arrivals(parent, child, (leg_id, leg_id), now)
    there = parent.talking
    draft = _dissolved(draft, child, leg_id, now)
    parent = replace(parent, legs=(*parent.legs, *came), owner=parent.owner or leg_id)
    paused = None
    if child.recording.phase is rec.Phase.PAUSED and parent.recording.phase is rec.Phase.RECORDING:
        paused = rec.step(parent.recording, rec.Trigger.PAUSE)
    if paused is not None:
        parent = replace(parent, recording=paused.recording)
        draft = draft.ask(*(Gate(parent.uuid, effect) for effect in paused.effects))
    draft = draft.put(parent)
    if parent.leg(leg_id).server_holds:
        draft = taken_back(draft, parent, parent.leg(leg_id))
        parent = draft.conversation.call(parent.uuid)
    for leg in came:
        draft = draft.tell(parent, leg)
    for leg in there:
        draft = draft.tell(parent, leg, Notice.PARTICIPANTS)
    if paused is not None:
        draft = draft.tell_all(everyone(parent, Notice.RECORDING))
    return finished(conversation, _adopted(draft, parent, child))


def _arrivals(parent: Call, child: Call, mine: tuple[LegId, LegId], now: float) -> tuple[Leg, ...]:
    """The consult's other legs as they come into the parent. `mine`: the agent's leg in each."""
    known = {leg.id for leg in parent.legs}
    coming = (leg for leg in child.legs if leg.id not in mine and leg.live and leg.id not in known)
    return tuple(replace(leg, appeared_at=now if leg.visible else None, invited_by=mine[0]) for leg in coming)


def pair_of_legs(conversation: Conversation, first: LegId, second: LegId) -> tuple[tuple[Call, LegId], tuple[Call, LegId]] | None:
    """The two calls that a phone's two legs are in, the older one first, if their other parties can be brought together:
    both legs are connected, nobody is in both calls, and none of the calls is only copied to us."""
    found = [(call, leg) for leg in (first, second) for call in conversation.of(leg) if call.leg(leg).talking]
    if len(found) != 2 or found[0][0].uuid == found[1][0].uuid or any(call.copied is not None for call, _ in found):
        return None
    numbers = [each.number for call, leg in found for each in call.legs if each.live and each.id != leg]
    if len(set(numbers)) < len(numbers) or len(numbers) > CONFERENCE_PARTIES_MAX:
        return None
    parent, child = sorted(found, key=lambda each: each[0].leg(each[1]).appeared_at or 0.0)
    return parent, child


def _dissolved(draft: Draft, child: Call, leg_id: LegId, now: float) -> Draft:
    """The consult ends; the agent is told first, then those who go over."""
    legs = tuple(replace(leg, state=LegState.RELEASED, ended_at=leg.ended_at or now) for leg in child.legs)
    over = replace(child, legs=legs)
    draft = draft.put(over)
    seen = [leg for leg in child.legs if leg.live]
    for leg in sorted(seen, key=lambda each: each.id != leg_id):
        draft = draft.tell(over, leg)
    return draft


def _adopted(draft: Draft, parent: Call, child: Call) -> Draft:
    """Consults about the consult are now about the parent."""
    for call in draft.conversation.calls:
        if call.parent == child.uuid:
            draft = draft.put(replace(call, parent=parent.uuid))
    return draft
