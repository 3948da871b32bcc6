"""Where calls go that were meant for a number whose agent forwards them, or does not want to be disturbed.

A call that the agent asked for rings the agent's own phone in any case, and so does one that comes back to whoever sent it
away: both are the agent's own wish. What cannot be rung is found busy by the caller.
"""

from collections.abc import Callable
from dataclasses import replace

from telegraphone.domain.call import CallEffect, Engaged, Originate, Unassigned
from telegraphone.domain.conversation import Conversation, Step
from telegraphone.domain.ids import LegId

Reached = Callable[[str], str | None]
"""The number that rings when this one is called; None when none does."""


def forwarded(step: Step, reached: Reached) -> Step:
    """The step with every call of a number turned to where that number's calls go."""
    conversation, effects = step.conversation, list[CallEffect]()
    for effect in step.effects:
        if not isinstance(effect, Originate) or _is_own_wish(conversation, effect.leg):
            effects.append(effect)
            continue
        target = reached(effect.number)
        if target == effect.number:
            effects.append(effect)
        elif target is None or _is_there(conversation, effect.leg, target):
            effects.append(Engaged(effect.leg))
        else:
            conversation = _turned(conversation, effect.leg, target)
            effects.append(replace(effect, number=target))
    return replace(step, conversation=conversation, effects=tuple(effects))


def apart(step: Step, tenant_at: Callable[[str], str | None]) -> Step:
    """The step with no call from one tenant to a number of another's (properties SEC-1); numbers outside are for all."""
    effects = (
        Unassigned(each.leg) if isinstance(each, Originate) and _is_foreign(step.conversation, each, tenant_at) else each
        for each in step.effects
    )
    return replace(step, effects=tuple(effects))


def _is_foreign(conversation: Conversation, effect: Originate, tenant_at: Callable[[str], str | None]) -> bool:
    return any(tenant_at(effect.number) not in (None, call.tenant) for call in conversation.of(effect.leg))


def _is_own_wish(conversation: Conversation, leg_id: LegId) -> bool:
    calls = conversation.of(leg_id)
    return any(call.caller.id == leg_id for call in calls) or any(leg.recall == leg_id for call in calls for leg in call.legs)


def _is_there(conversation: Conversation, leg_id: LegId, number: str) -> bool:
    """Two views of one call at one device could not be told apart."""
    legs = (leg for call in conversation.of(leg_id) for leg in call.legs)
    return any(leg.live and leg.number == number and leg.id != leg_id for leg in legs)


def _turned(conversation: Conversation, leg_id: LegId, number: str) -> Conversation:
    for call in conversation.of(leg_id):
        leg = call.leg(leg_id)
        conversation = conversation.with_call(call.with_leg(replace(leg, number=number, dialled=leg.number)))
    return conversation
