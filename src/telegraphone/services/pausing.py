"""Has rules pause recordings and let them go on, and deals with pauses that last: a call's actor asks after each input.

What a rule does goes the way of an agent's operation: the same machine, the same recorder, the same event; only the author
is the policy, with the rule's name and version. A pause that cannot be made breaks the recording off (properties PCI-8).
"""

from dataclasses import replace

import structlog

from telegraphone.domain import pausing
from telegraphone.domain import recording as rec
from telegraphone.domain.call import Call
from telegraphone.domain.ids import CallUuid
from telegraphone.domain.operations import Operation
from telegraphone.domain.pausing import Fit, PauseRule, Standing
from telegraphone.services.call_effects import Effects
from telegraphone.services.mailbox import Command, Mailbox, PausedTooLong, PauseRuleDue
from telegraphone.services.news import News, StillPaused
from telegraphone.services.pause_alarms import LongPause
from telegraphone.services.ports import Unavailable
from telegraphone.services.surroundings import Surroundings

log = structlog.get_logger()

_AFTER_A_LONG_PAUSE = "resume after a long pause"


class Pausing:
    """The rules for pauses as they apply to the calls of one actor."""

    def __init__(self, effects: Effects, world: Surroundings, mailbox: Mailbox) -> None:
        self._effects = effects
        self._world = world
        self._mailbox = mailbox

    async def look(self) -> tuple[News, ...]:
        """Applies the rules to the calls as they are now."""
        rules = self._world.policies.pause_rules
        if not rules:
            return ()
        news: list[News] = []
        for call in self._effects.conversation.calls:
            after: tuple[Fit, ...] = ()
            if call.part is not None and call.recording.in_progress:
                about = (call.tenant, call.user_data)
                after = pausing.looked(rules, about, call.part.recording_id, call.fits, self._world.clock.now())
            if after != call.fits:
                for fit in after:
                    if fit not in call.fits:
                        self._set_alarm(call.uuid, fit)
                news += await self._become(call, after)
        return tuple(news)

    async def alarm(self, alarm: PausedTooLong | PauseRuleDue) -> tuple[News, ...]:
        """A time is over that was set when a pause began, or a rule began to fit."""
        return await (self._too_long(alarm) if isinstance(alarm, PausedTooLong) else self._due(alarm))

    async def _due(self, alarm: PauseRuleDue) -> tuple[News, ...]:
        """A rule's waiting, or its pause."""
        call = next((each for each in self._effects.conversation.calls if each.uuid == alarm.call), None)
        if call is None or alarm.fit not in call.fits:
            return ()
        further = Standing.PAUSING if alarm.fit.standing is Standing.WAITING else Standing.OVER
        self._set_alarm(call.uuid, replace(alarm.fit, standing=further))
        return await self._become(call, pausing.moved(call.fits, alarm.fit, further))

    async def _too_long(self, alarm: PausedTooLong) -> tuple[News, ...]:
        """A pause may be forgotten: the alarm goes off, or the recording goes on by itself (properties PCI-6, PCI-10)."""
        found = next((each for each in self._effects.conversation.calls if each.uuid == alarm.call), None)
        if found is None or found.pauses != alarm.pause or found.recording.phase is not rec.Phase.PAUSED or found.part is None:
            return ()
        if alarm.resumes:
            return await self._operate(found, Operation.RESUME_RECORDING, _AFTER_A_LONG_PAUSE, rec.Reason.AGENT)
        leg = found.leg(found.part.leg)
        agent = self._world.directory.at(leg.number, found.tenant)
        log.error("pause_forgotten", call=found.uuid, recorded_dn=leg.number)
        part = found.part.recording_id
        self._world.pause_alarms.raise_alarm(
            LongPause(
                found.tenant,
                found.uuid,
                part,
                leg.number,
                agent.user_name if agent else "",
                self._world.clock.utc(),
                self._world.policies.limits(found).alarm_s,
            )
        )
        return (StillPaused(found.uuid),)

    def _set_alarm(self, uuid: CallUuid, fit: Fit) -> None:
        rule = self._rule(fit)
        seconds = {Standing.WAITING: rule.after_s, Standing.PAUSING: rule.for_s}.get(fit.standing, 0.0)
        if seconds:
            self._mailbox.put_later(seconds, PauseRuleDue(uuid, fit))

    async def _become(self, call: Call, after: tuple[Fit, ...]) -> tuple[News, ...]:
        before, now = pausing.pausing(call.fits), pausing.pausing(after)
        call = replace(call, fits=after)
        self._effects.conversation = self._effects.conversation.with_call(call)
        if not call.recording.in_progress:
            return ()
        begun = [rule for rule in now if rule not in before]
        if begun:
            return await self._operate(call, Operation.PAUSE_RECORDING, begun[0], rec.Reason.POLICY)
        if before and not now and rec.Reason.POLICY in call.recording.reasons:
            return await self._operate(call, Operation.RESUME_RECORDING, before[0], rec.Reason.POLICY)
        return ()

    async def _operate(self, call: Call, operation: Operation, rule: str, reason: rec.Reason) -> tuple[News, ...]:
        assert call.part is not None, "what is paused or resumed is being recorded"
        command = Command(operation, call.uuid, call.part.leg, self._world.policies.by(rule))
        try:
            return await self._effects.record(command, reason)
        except Unavailable as error:
            return await self._effects.recording_failed(command, error)

    def _rule(self, fit: Fit) -> PauseRule:
        return next(rule for rule in self._world.policies.pause_rules if rule.name == fit.rule)
