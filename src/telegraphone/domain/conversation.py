"""Calls that share a leg, as one value, and how a change of them becomes effects and notices.

Theory. An agent who consults is in two calls with one phone. Such calls are one *conversation* and change in one step. A
use case only says how the calls shall be (a `Draft`); what the switch must do follows from the difference between before
and after (`bridging`), and so does what becomes of the recordings (`following`). So no operation can forget to hang up a
leg, to stop the music or to shut a gate.

The order of effects: gates are shut, the switch connects and parts, parts of recordings are ended, and only then anything
is opened. Notices follow when all of it is done: nothing is announced before it is true.
"""

from dataclasses import dataclass, replace

from telegraphone.domain.bridging import rewired
from telegraphone.domain.call import Call, CallEffect, HangUp, Leg, Notice, Told
from telegraphone.domain.ears import settled
from telegraphone.domain.following import followed
from telegraphone.domain.ids import CallUuid, LegId
from telegraphone.domain.legs import EndCause


@dataclass(frozen=True, slots=True)
class Conversation:
    """Calls in order of their beginning, the released ones as long as they are known."""

    calls: tuple[Call, ...]

    @property
    def released(self) -> bool:
        """Whether every call is over."""
        return all(call.released for call in self.calls)

    def call(self, uuid: CallUuid) -> Call:
        """The call of this id; KeyError when it is not part of the conversation."""
        for each in self.calls:
            if each.uuid == uuid:
                return each
        raise KeyError(uuid)

    def of(self, leg_id: LegId) -> tuple[Call, ...]:
        """The calls in which this leg is and has not left."""
        return tuple(call for call in self.calls if call.has(leg_id) and call.leg(leg_id).live)

    def live(self) -> dict[LegId, Leg]:
        """Every leg the switch has, as some call sees it."""
        return {leg.id: leg for call in self.calls for leg in call.legs if leg.live}

    def with_call(self, call: Call) -> "Conversation":
        """With this call in place of the one of the same id."""
        return replace(self, calls=tuple(call if each.uuid == call.uuid else each for each in self.calls))


@dataclass(frozen=True, slots=True)
class Draft:
    """How the calls shall be, what only the use case knows to ask, whom it tells in this order, why legs end, and which
    are gone already."""

    conversation: Conversation
    asked: tuple[CallEffect, ...] = ()
    told: tuple[Told, ...] = ()
    cause: EndCause = EndCause.NORMAL
    gone: frozenset[LegId] = frozenset()

    def put(self, call: Call) -> "Draft":
        """With this call as it shall be."""
        return replace(self, conversation=self.conversation.with_call(call))

    def ask(self, *effects: CallEffect) -> "Draft":
        """With this to be done."""
        return replace(self, asked=(*self.asked, *effects))

    def tell(self, call: Call, leg: Leg, notice: Notice = Notice.STATUS) -> "Draft":
        """With this to be told, if the agent sees the call."""
        return replace(self, told=(*self.told, Told(call.uuid, leg.id, notice))) if leg.visible else self

    def tell_all(self, told: tuple[Told, ...]) -> "Draft":
        """With all of this to be told."""
        return replace(self, told=(*self.told, *told))


@dataclass(frozen=True, slots=True)
class Step:
    """The conversation after an input, the effects to carry out first, and whom to tell then, in order."""

    conversation: Conversation
    effects: tuple[CallEffect, ...] = ()
    told: tuple[Told, ...] = ()


def finished(before: Conversation, draft: Draft) -> Step:
    """The step from before to what the draft says."""
    ears = tuple(settled(call) for call in draft.conversation.calls)
    after = replace(draft.conversation, calls=tuple(call for call, _ in ears))
    old = {call.uuid: call for call in before.calls}
    followings = tuple(followed(old.get(call.uuid), call) for call in after.calls)
    live, still = before.live(), after.live()
    hung_up = tuple(HangUp(leg, draft.cause) for leg in live if leg not in still and leg not in draft.gone)
    effects = (
        *(each for one in followings for each in one.shut),
        *draft.asked,
        *hung_up,
        *rewired(before.calls, after.calls),
        *(each for one in followings for each in one.seal),
        *(each for one in followings for each in one.open),
    )
    told = (*draft.told, *(each for _, news in ears for each in news), *(each for one in followings for each in one.told))
    return Step(replace(after, calls=tuple(one.call for one in followings)), effects, told)
