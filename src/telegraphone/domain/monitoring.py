"""What supervisors do in agents' calls: come, change how they are heard, silence the agent, and go.

Each function assumes that the operation is valid now (`operations`) and says how the calls shall be then.
"""

from dataclasses import replace
from typing import Final

from telegraphone.domain.call import Call, Leg, LegState, Notice, Originate
from telegraphone.domain.conversation import Conversation, Draft, Step, finished
from telegraphone.domain.ids import LegId
from telegraphone.domain.watching import Ear, Listening, Watch

WAYS: Final = {
    Listening.LISTEN_IN: (Listening.COACH, Listening.BARGE_IN),
    Listening.COACH: (Listening.LISTEN_IN, Listening.BARGE_IN),
    Listening.BARGE_IN: (Listening.LISTEN_IN, Listening.COACH),
}
"""Where a supervisor may go from each way of listening; from coaching back to listening in is no way back."""


def ways(ear: Ear) -> tuple[Listening, ...]:
    """Where the supervisor may go from here."""
    return tuple(way for way in WAYS[ear.listening] if way is not Listening.COACH or not ear.coached)


def begun(conversation: Conversation, watch: Watch, new: LegId) -> Step:
    """The supervisor's phone is rung for the first call the watched agent talks in. Nothing happens when there is none, or
    the supervisor is in the conversation already."""
    there = any(leg.number == watch.supervisor for leg in conversation.live().values())
    found = ((call, leg) for call in conversation.calls for leg in call.talking if leg.number == watch.target)
    call, watched = next(found, (None, None))
    if there or call is None or watched is None:
        return Step(conversation)
    leg = Leg(new, watch.supervisor, LegState.CALLING, originated=True, ear=Ear(watch, watched.id, watch.listening))
    draft = Draft(conversation).put(call.with_new_leg(leg))
    return finished(conversation, draft.ask(Originate(new, watch.supervisor, watched.number)))


def joined(draft: Draft, call: Call, leg: Leg) -> Draft:
    """The draft after the supervisor has lifted the handset; everybody who sees the call is told, for it shows in theirs."""
    there = [each for each in call.present if each.id != leg.id]
    call = call.with_leg(leg)
    draft = draft.put(call).tell(call, leg)
    for each in there:
        draft = draft.tell(call, each, Notice.PARTICIPANTS)
    return draft


def switched(conversation: Conversation, call: Call, leg: Leg, listening: Listening) -> Step:
    """Listening in, coaching or barging in from now on: the supervisor and the agent are told (gws-api 7.3), and the others
    when the supervisor becomes a party or is none any longer."""
    assert leg.ear is not None
    coached = leg.ear.coached or (leg.ear.listening is Listening.COACH and listening is Listening.LISTEN_IN)
    party = Listening.BARGE_IN in (leg.ear.listening, listening)
    leg = replace(leg, ear=replace(leg.ear, listening=listening, coached=coached))
    assert leg.ear is not None
    call = call.with_leg(leg)
    draft = Draft(conversation).put(call).tell(call, leg)
    for each in call.present:
        if each.id == leg.ear.monitored:
            draft = draft.tell(call, each)
        elif party and each.id != leg.id:
            draft = draft.tell(call, each, Notice.PARTICIPANTS)
    return finished(conversation, draft)


def silenced(conversation: Conversation, call: Call, leg: Leg, *, on: bool) -> Step:
    """Nobody hears the agent, whatever the agent does, until the supervisor lets them be heard again."""
    assert leg.ear is not None
    agent = replace(call.leg(leg.ear.monitored), silenced=on)
    call = call.with_leg(agent)
    draft = Draft(conversation).put(call).tell(call, leg, Notice.MONITORED_MUTE)
    return finished(conversation, draft.tell(call, agent, Notice.MONITORED_MUTE))
