"""Keeps audio out of the recordings of calls until consent is given: a call's actor asks before anything may begin, and after
each input.

What was given, under which rule, is evidence: it stands in the sealed journal where the gate was opened, and in the event
history. What is said before may wait in memory for it, where the rules say so; of a refusal, or when somebody leaves without
having agreed, nothing of it is left.
"""

from telegraphone.domain import consent
from telegraphone.domain import recording as rec
from telegraphone.domain.call import Call
from telegraphone.domain.consent import ConsentRule
from telegraphone.domain.conversation import Conversation
from telegraphone.domain.pausing import text_of
from telegraphone.limits import CONSENT_EVIDENCE_CHARS_MAX
from telegraphone.services.announcing import Announcing
from telegraphone.services.call_effects import Effects
from telegraphone.services.catalogue import By
from telegraphone.services.mailbox import AnnouncementOver, Mailbox
from telegraphone.services.news import News
from telegraphone.services.surroundings import Surroundings


class Consents:
    """The rules about consent as they apply to the calls of one actor."""

    def __init__(self, effects: Effects, world: Surroundings, mailbox: Mailbox) -> None:
        self._effects = effects
        self._world = world
        self._announcing = Announcing(effects, world, mailbox)

    async def look(self) -> tuple[News, ...]:
        """Applies the rules to the calls as they are now, and begins to play what is to be heard. A gate that does not move ends
        the recording: it is told."""
        news: list[News] = []
        for call in self._effects.conversation.calls if self._world.policies.consent_rules else ():
            lacking = self._missing(call)
            change = rec.keep_out if lacking is not None else rec.let_in
            step = change(call.recording, rec.Reason.CONSENT)
            if step.recording != call.recording:
                by = self._world.policies.by(f"consent {lacking.name}") if lacking is not None else self._by_what_was_given(call)
                news += await self._effects.moved(call, step, by)
            elif lacking is not None and self._forgets(call):
                by, refused = self._world.policies.by(f"consent {lacking.name}"), rec.ShutGate(rec.Reason.CONSENT)
                news += await self._effects.moved(call, rec.Step(call.recording, (refused,)), by)
        self._announcing.look()
        return tuple(news)

    def announced(self, what: AnnouncementOver) -> tuple[News, ...]:
        """An announcement plays no longer; what that means for the calls `look` finds."""
        return self._announcing.over(what)

    async def foresee(self, coming: Conversation) -> tuple[News, ...]:
        """Shuts the gates of calls that will lack consent as soon as they are as they shall be: who comes in and has not heard an
        announcement is not to be heard before."""
        news: list[News] = []
        for call in self._effects.conversation.calls if self._world.policies.consent_rules else ():
            later = next((each for each in coming.calls if each.uuid == call.uuid), call)
            lacking = self._missing(later) if call.recording.in_progress and later.recording.in_progress else None
            step = rec.keep_out(call.recording, rec.Reason.CONSENT)
            if lacking is not None and step.effects:
                news += await self._effects.moved(call, step, self._world.policies.by(f"consent {lacking.name}"))
        return tuple(news)

    def _missing(self, call: Call) -> ConsentRule | None:
        rules = consent.missing(self._world.policies.consent_rules, call, self._world.is_agent)
        return rules[0] if rules else None

    def _forgets(self, call: Call) -> bool:
        """Whether something waits in memory that may not any more."""
        awaits = self._effects.recorders[call.uuid].awaits
        if not awaits or not call.recording.in_progress:
            return False
        stayed = {leg.id for leg in call.talking}.issuperset(awaits)
        return not stayed or not consent.memory_s(self._world.policies.consent_rules, call, self._world.is_agent)

    def _by_what_was_given(self, call: Call) -> By:
        policies = self._world.policies
        rules = consent.applying(policies.consent_rules, call)
        said = (f"consent {rule.name}: {self._evidence(rule, call)}" for rule in rules)
        return policies.by("; ".join(said)[:CONSENT_EVIDENCE_CHARS_MAX])

    def _evidence(self, rule: ConsentRule, call: Call) -> str:
        if not rule.announcement:
            return f"{rule.key}={text_of(call.user_data.get(rule.key, ''))}"
        played = self._world.policies.announcements[rule.announcement]
        heard = (
            f"{leg.number} {each.at:%Y-%m-%dT%H:%M:%SZ}"
            for leg in call.talking
            for each in leg.heard
            if each.announcement == rule.announcement
        )
        return f"{played.reference} heard by {', '.join(heard)}"
