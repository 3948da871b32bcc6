"""The call machine: how calls begin, and what facts from the switch make of them.

`FACTS` says what each fact does to the state of the leg it happened at; the functions below it say what that means for the
other legs.
"""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from telegraphone.domain.call import Answer, Call, Leg, LegState, Notice, Originate, Ring, Settle
from telegraphone.domain.conversation import Conversation, Draft, Step, finished
from telegraphone.domain.forked import IsAgent, nobody, party_fact
from telegraphone.domain.leaving import gone, released, without
from telegraphone.domain.legs import EndCause, LegAnswered, LegEnded, LegFact, LegHeld, LegRetrieved, LegRinging, PartyFact
from telegraphone.domain.monitoring import joined

FACTS: Final[Mapping[LegState, Mapping[type[object], LegState]]] = MappingProxyType(
    {
        LegState.CALLING: {
            LegRinging: LegState.RINGING,
            LegAnswered: LegState.ESTABLISHED,
            LegEnded: LegState.RELEASED,
        },
        # The agent's own phone while it is rung for a call the agent asked for, and any caller that waits.
        LegState.DIALING: {LegAnswered: LegState.DIALING, LegEnded: LegState.RELEASED},
        LegState.RINGING: {
            LegRinging: LegState.RINGING,
            LegAnswered: LegState.ESTABLISHED,
            LegEnded: LegState.RELEASED,
        },
        LegState.ESTABLISHED: {LegHeld: LegState.HELD, LegEnded: LegState.RELEASED},
        LegState.HELD: {LegHeld: LegState.HELD, LegRetrieved: LegState.ESTABLISHED, LegEnded: LegState.RELEASED},
        LegState.RELEASED: {},
    }
)
"""What a fact does to the leg it happened at; a fact without a cell comes too late or twice and changes nothing."""


def arrived(call: Call, now: float) -> Step:
    """A party asked for this call: the caller is Dialing, the called number is rung. Who calls the own number finds it
    busy, because two views of one call at one device could not be told apart."""
    before = Conversation((call.with_leg(replace(call.caller, arrived=True)),))
    if call.caller.number == call.called.number:
        return finished(before, released(Draft(before, cause=EndCause.BUSY), before.calls[0], now))
    caller = replace(call.caller, state=LegState.DIALING, arrived=True, appeared_at=now)
    called = replace(call.called, originated=True)
    call = call.with_leg(caller).with_leg(called)
    draft = Draft(before).put(call).ask(Originate(called.id, called.number, caller.number))
    return finished(before, draft.tell(call, caller))


def dialled(call: Call, now: float) -> Step:
    """An agent asked for this call through the API: first the agent's own phone is rung."""
    before = Conversation((call,))
    caller = replace(call.caller, state=LegState.DIALING, originated=True, appeared_at=now)
    call = call.with_leg(caller)
    draft = Draft(before).put(call).ask(Originate(caller.id, caller.number, call.called.number, lift=True))
    return finished(before, draft.tell(call, caller))


def fact(conversation: Conversation, happened: LegFact, now: float, *, is_agent: IsAgent = nobody) -> Step:
    """What a fact from the switch makes of the calls this leg is in."""
    if isinstance(happened, LegEnded):
        return gone(conversation, happened.leg, happened.cause, now)
    if isinstance(happened, PartyFact):
        return party_fact(conversation, happened, now, is_agent=is_agent)
    for call in conversation.of(happened.leg):
        leg = call.leg(happened.leg)
        state = FACTS[leg.state].get(type(happened))
        if state is None or not _concerns(leg, happened):
            continue
        return finished(conversation, _changed(Draft(conversation), call, replace(leg, state=state), happened, now))
    return Step(conversation)


def _concerns(leg: Leg, happened: LegFact) -> bool:
    match happened:
        case LegAnswered():
            return leg.originated and not leg.answered
        case LegHeld():
            return leg.active and not leg.phone_holds
        case LegRetrieved():
            return leg.phone_holds
    return True


def _changed(draft: Draft, call: Call, leg: Leg, happened: LegFact, now: float) -> Draft:
    match happened:
        case LegRinging(can_answer=can_answer):
            return _ringing(draft, call, replace(leg, offers_answer=can_answer), now)
        case LegAnswered():
            return _answered(draft, call, replace(leg, answered=True), now)
        case LegHeld():
            leg = replace(leg, phone_holds=True, held_at=now)
        case _:
            # What we hold stays on hold when the phone takes back what it held.
            state = LegState.HELD if leg.server_holds else LegState.ESTABLISHED
            leg = replace(leg, phone_holds=False, state=state)
    call = call.with_leg(leg)
    return draft.put(call).tell(call, leg)


def _ringing(draft: Draft, call: Call, leg: Leg, now: float) -> Draft:
    if leg.visible:
        return draft.put(call.with_leg(leg))
    leg = replace(leg, appeared_at=now)
    call = call.with_leg(leg)
    draft = _replacing(draft.put(call).tell(call, leg), leg, call, now)
    return draft.ask(Ring(call.caller.id)) if call.caller.arrived and not call.caller.answered else draft


def _replacing(draft: Draft, leg: Leg, call: Call, now: float) -> Draft:
    """Who transferred the call is free as soon as the new party's phone rings."""
    if leg.replaces is None or not call.leg(leg.replaces).live:
        return draft
    draft = draft.ask(Settle(leg.request)) if leg.request else draft
    return without(draft, draft.conversation.call(call.uuid), leg.replaces, now)


def _answered(draft: Draft, call: Call, leg: Leg, now: float) -> Draft:
    if leg.id == call.caller.id and not call.called.originated:
        # The agent's own phone is off the hook: now the destination is rung.
        called = replace(call.called, originated=True)
        return draft.put(call.with_leg(leg).with_leg(called)).ask(Originate(called.id, called.number, leg.number))
    leg = replace(leg, appeared_at=now if leg.appeared_at is None else leg.appeared_at)
    if leg.ear is not None:
        return joined(draft, call, leg)
    present = call.present
    draft = _replacing(draft.put(_connected(call, leg)), leg, call, now)
    call = draft.conversation.call(call.uuid)
    caller = call.caller
    if caller.state is LegState.DIALING and caller.live:
        draft = draft if caller.answered else draft.ask(Answer(caller.id))
        caller = replace(caller, state=LegState.ESTABLISHED, answered=True)
        call = call.with_leg(caller)
        draft = draft.put(call).tell(call, caller)
    return _joined_by(draft.tell(call, leg), call, leg, present)


def _connected(call: Call, leg: Leg) -> Call:
    """The call with this leg, which has just been connected: of those that came later it is the last."""
    if leg.id in (call.caller.id, call.called.id):
        return call.with_leg(leg)
    return replace(call, legs=(*(each for each in call.legs if each.id != leg.id), leg))


def _joined_by(draft: Draft, call: Call, leg: Leg, present: tuple[Leg, ...]) -> Draft:
    """Those who were there are told of the new party; who brought a third one in owns the conference."""
    for each in present:
        if call.leg(each.id).live:
            draft = draft.tell(call, each, Notice.PARTICIPANTS)
    if len(call.talking) > 2 and call.owner is None:
        draft = draft.put(replace(call, owner=leg.invited_by))
    return draft
