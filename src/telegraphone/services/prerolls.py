"""Has what is said before a late Start remembered: a call's actor asks after each input.

Theory. A recording may begin with what came before somebody asked for it, where the contact centre wants that. Until then it
is in the recorder's memory alone, and what may not be in a recording must not come even there: while the call is held, while
consent is missing, while a rule would pause, or when a rule says that such calls are not recorded, nothing is remembered, and
what was remembered is gone. So it reaches back to the last of these at most, and to who takes part now. Only the first
recording of a call has it: who has stopped one does not want what comes then.
"""

import structlog

from telegraphone.domain import policy
from telegraphone.domain.agent import Feature
from telegraphone.domain.call import Call, Leg
from telegraphone.domain.following import held_out
from telegraphone.domain.ids import CallUuid, LegId
from telegraphone.domain.recording import Recording
from telegraphone.limits import RECORDER_ANSWER_S
from telegraphone.services.call_effects import Effects
from telegraphone.services.catalogue import By
from telegraphone.services.ports import Unavailable
from telegraphone.services.surroundings import Surroundings
from telegraphone.services.waiting import Limit

log = structlog.get_logger()

_BY_SYSTEM = By("system")
_NOT_BEGUN = Recording()


class Prerolls:
    """What is remembered of the calls of one actor."""

    def __init__(self, effects: Effects, world: Surroundings) -> None:
        self._effects = effects
        self._world = world
        self._tried: dict[CallUuid, tuple[LegId, ...]] = {}
        """Whose words are remembered, or were to be: what failed is not tried again for the same."""

    async def forget(self) -> None:
        """On return nothing is remembered that may not be any more."""
        for call in self._calls():
            recorder = self._effects.recorders[call.uuid]
            if self._tried.get(call.uuid, ()) != _who(call, self._whose(call)):
                self._tried.pop(call.uuid, None)
                if recorder.remembers:
                    await recorder.discard(_BY_SYSTEM)

    async def look(self) -> None:
        """Forgets what may not be remembered, and remembers what may."""
        await self.forget()
        for call in self._calls():
            leg, recorder = self._whose(call), self._effects.recorders[call.uuid]
            if leg is None or call.uuid in self._tried:
                continue
            self._tried[call.uuid] = _who(call, leg)
            limit = Limit(self._world.clock, RECORDER_ANSWER_S)
            try:
                await recorder.reserve(call, leg, limit, self._world.policies.preroll_s[call.tenant])
            except Unavailable as error:
                log.error("nothing_remembered", call=call.uuid, error=str(error))
                await recorder.discard(_BY_SYSTEM)

    def _calls(self) -> tuple[Call, ...]:
        return self._effects.conversation.calls if self._world.policies.preroll_s else ()

    def _whose(self, call: Call) -> Leg | None:
        """The agent who may start a recording of what is said now; None when nothing may be remembered."""
        policies = self._world.policies
        if (
            call.tenant not in policies.preroll_s
            or call.recording != _NOT_BEGUN
            or call.last_name
            or len(call.talking) < 2
            or policies.begins_paused(call) is not None
        ):
            return None
        return next((leg for leg in call.talking if self._may_start(call, leg) and not held_out(call, leg.id)), None)

    def _may_start(self, call: Call, leg: Leg) -> bool:
        agent = self._world.directory.at(leg.number, call.tenant)
        if agent is None or not agent.has(Feature.VOICE_RECORDING):
            return False
        rule = policy.deciding(self._world.policies.rules, call, agent)
        return rule is None or rule.records


def _who(call: Call, leg: Leg | None) -> tuple[LegId, ...]:
    """Whose recording it would be, and then all who take part; nobody without the former."""
    return () if leg is None else (leg.id, *(each.id for each in call.talking))
