"""Calls that are connected elsewhere and only copied to us: how they begin, and how their parties come and change.

Theory. Such a call never rings here: when we hear of it its parties are talking. So all its legs begin established, and
later ones join established. Nothing can be asked of its switch but to take the copy (`operations` offers only recording and
user data), yet everything that follows from its parties, above all its recording, is what it is for every other call.
A call that is copied twice is recorded twice, and its agents see it once: nobody sees the legs of the other copy.
"""

from collections.abc import Callable
from dataclasses import replace

from telegraphone.domain.call import Call, CallType, Leg, LegState, Notice, everyone
from telegraphone.domain.conversation import Conversation, Draft, Step, finished
from telegraphone.domain.legs import CopySeen, FactsLearned, PartyAt, PartyFact, PartyJoined, PartyNamed

IsAgent = Callable[[str, str], bool]
"""Whether an agent of a tenant is at a number: the number first."""


def nobody(number: str, tenant: str) -> bool:
    """Where there are no agents."""
    return False


def talking_leg(party: PartyAt, appeared_at: float | None) -> Leg:
    """The leg of a party that is talking when we hear of it; seen since then (monotonic seconds), or not at all."""
    return Leg(party.leg, party.number, LegState.ESTABLISHED, arrived=True, answered=True, appeared_at=appeared_at)


def is_seen(call: Call) -> bool:
    """Whether agents see a copied call."""
    return any(leg.visible for leg in call.legs)


def call_type(legs: tuple[Leg, ...], tenant: str, is_agent: IsAgent) -> CallType:
    """What kind of call these parties have, the caller first: by which of the first two are agents of the tenant. Who has
    no number yet counts only where there are no two who have one."""
    known = tuple(leg for leg in legs if leg.number)
    caller, called = (known if len(known) > 1 else legs)[:2]
    return {
        (True, True): CallType.INTERNAL,
        (False, True): CallType.INBOUND,
        (True, False): CallType.OUTBOUND,
        (False, False): CallType.UNKNOWN,
    }[is_agent(caller.number, tenant), is_agent(called.number, tenant)]


def begun(call: Call) -> Step:
    """A copied call has come, its legs talking already."""
    before = Conversation((replace(call, legs=()),))
    draft = Draft(before).put(call)
    for leg in call.legs:
        draft = draft.tell(call, leg)
    return finished(before, draft)


def party_fact(conversation: Conversation, happened: PartyFact, now: float, *, is_agent: IsAgent) -> Step:
    """What is learnt about a copied call while it runs."""
    draft = Draft(conversation)
    for call in conversation.of(happened.leg):
        match happened:
            case PartyJoined(party=party):
                draft = _joined(draft, call, talking_leg(party, now if is_seen(call) else None), is_agent)
            case PartyNamed(leg, number):
                draft = _named(draft, call, replace(call.leg(leg), number=number), is_agent)
            case FactsLearned(user_data=user_data):
                draft = draft.put(replace(call, user_data={**call.user_data, **user_data}))
                draft = draft.tell_all(everyone(call, Notice.USER_DATA))
            case CopySeen(seen=seen):
                draft = _seen(draft, call, now if seen else None)
    return finished(conversation, draft)


def _seen(draft: Draft, call: Call, appeared_at: float | None) -> Draft:
    for leg in call.talking:
        call = call.with_leg(replace(leg, appeared_at=appeared_at))
    draft = draft.put(call)
    for leg in call.talking:
        draft = draft.tell(call, leg)
    return draft


def _joined(draft: Draft, call: Call, leg: Leg, is_agent: IsAgent) -> Draft:
    present = call.talking
    call = _typed(call.with_new_leg(leg), is_agent)
    draft = draft.put(call).tell(call, leg)
    for each in present:
        draft = draft.tell(call, each, Notice.PARTICIPANTS)
    return draft


def _typed(call: Call, is_agent: IsAgent) -> Call:
    """What kind of call it is now that more is known; nothing that is learnt later makes a known kind unknown."""
    kind = call_type(call.legs, call.tenant, is_agent)
    return call if kind is CallType.UNKNOWN else replace(call, type=kind)


def _named(draft: Draft, call: Call, leg: Leg, is_agent: IsAgent) -> Draft:
    """Whoever is there now may be one whose calls are recorded, and shows whether the call came from outside."""
    if leg.number == call.leg(leg.id).number:
        return draft
    heirs = call.heirs if leg.id in call.heirs else (*call.heirs, leg.id)
    call = _typed(replace(call.with_leg(leg), heirs=heirs), is_agent)
    draft = draft.put(call).tell(call, leg)
    for each in call.talking:
        if each.id != leg.id:
            draft = draft.tell(call, each, Notice.PARTICIPANTS)
    return draft
