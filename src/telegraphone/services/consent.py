"""Keeps audio out of the recordings of calls until consent is given: a call's actor asks before anything may begin, and after
each input.

What was given, under which rule, is evidence: it stands in the sealed journal where the gate was opened, and in the event
history.
"""

from telegraphone.domain import consent
from telegraphone.domain import recording as rec
from telegraphone.domain.call import Call
from telegraphone.domain.pausing import text_of
from telegraphone.limits import CONSENT_EVIDENCE_CHARS_MAX
from telegraphone.services.call_effects import Effects
from telegraphone.services.catalogue import By
from telegraphone.services.news import News
from telegraphone.services.surroundings import Surroundings


class Consents:
    """The rules about consent as they apply to the calls of one actor."""

    def __init__(self, effects: Effects, world: Surroundings) -> None:
        self._effects = effects
        self._world = world

    async def look(self) -> tuple[News, ...]:
        """Applies the rules to the calls as they are now. A gate that does not move ends the recording: it is told."""
        rules = self._world.policies.consent_rules
        news: list[News] = []
        for call in self._effects.conversation.calls if rules else ():
            lacking = consent.missing(rules, call)
            change = rec.keep_out if lacking is not None else rec.let_in
            step = change(call.recording, rec.Reason.CONSENT)
            if step.recording != call.recording:
                by = self._world.policies.by(f"consent {lacking.name}") if lacking is not None else self._by_what_was_given(call)
                news += await self._effects.moved(call, step, by)
        return tuple(news)

    def _by_what_was_given(self, call: Call) -> By:
        policies = self._world.policies
        rules = consent.applying(policies.consent_rules, call)
        said = (f"consent {rule.name}: {rule.key}={text_of(call.user_data.get(rule.key, ''))}" for rule in rules)
        return policies.by("; ".join(said)[:CONSENT_EVIDENCE_CHARS_MAX])
