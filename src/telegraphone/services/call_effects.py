"""Carries a step's effects out at switch and recorder, takes the new state over, and deals with what did not work.

A fact has happened whether or not what follows from it succeeds: a gate that did not move breaks the recording off, a party
that could not be called or connected is out of the call.
"""

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import replace

import structlog

from telegraphone.domain import call as wish
from telegraphone.domain import following
from telegraphone.domain import recording as rec
from telegraphone.domain.call import Call, CallEffect, Notice, everyone
from telegraphone.domain.conversation import Conversation, Step
from telegraphone.domain.errors import NotInState
from telegraphone.domain.forwarding import apart, forwarded
from telegraphone.domain.ids import CallUuid, LegId
from telegraphone.domain.leaving import give_up, gone
from telegraphone.domain.legs import EndCause, LegEnded
from telegraphone.domain.operations import TRIGGERS, Operation
from telegraphone.limits import RECORDER_ANSWER_S, RECORDING_SEAL_S
from telegraphone.services.catalogue import By
from telegraphone.services.mailbox import Command, Mailbox, RingingTooLong
from telegraphone.services.news import Broken, News, StillPaused
from telegraphone.services.ports import (
    Caller,
    CaptureRestored,
    CaptureSilent,
    LegOver,
    MediaSource,
    RecorderEvent,
    RecordingRecovered,
    Unavailable,
)
from telegraphone.services.recordings import CallRecorder, Recorders
from telegraphone.services.surroundings import Surroundings
from telegraphone.services.waiting import Limit

log = structlog.get_logger()

_BY_SYSTEM = By("system")
_BROKEN_OFF = By("system", rule="broken off")
"""Of a part that ends so nobody knows whether it was still wanted: what others have from there on does not belong to it."""
_AUDIBLE = (wish.Originate, wish.Answer, wish.Join, wish.Music, wish.Mute, wish.SendDigits, wish.Monitor)
"""Effects whose failure is the asker's answer."""


class Effects:
    """The state of a conversation and the only way it changes. `changed` hears of it before the switch does."""

    def __init__(
        self, conversation: Conversation, world: Surroundings, mailbox: Mailbox, changed: Callable[[Conversation], None]
    ) -> None:
        self.conversation = conversation
        self._target = conversation
        self._world = world
        self._mailbox = mailbox
        self._changed = changed
        self.recorders = Recorders(world)

    # --- steps ---

    async def of(self, step: Step, by: By) -> tuple[tuple[News, ...], Unavailable | None]:
        """Carries a step out; says what to tell then, and what the asker must know if a part of it failed."""
        before = self.conversation
        step = apart(forwarded(step, self._world.reached), self._world.directory.tenant_at)
        self._target = step.conversation
        self._changed(step.conversation)
        failed = [(effect, error) for effect in step.effects if (error := await self._tried(effect, by)) is not None]
        self.conversation = step.conversation
        news: list[News] = list(step.told)
        for effect, _ in failed:
            news += await self._lost(effect)
        for uuid in dict.fromkeys(_gate_of(effect, error) for effect, error in failed):
            if uuid is not None:
                news += await self._break_off(self.conversation.call(uuid))
        audible = next((error for effect, error in failed if isinstance(effect, _AUDIBLE)), None)
        if audible is not None:
            # Nobody hears of a call that could not be made, and of one that ended only that.
            news = list(dict.fromkeys(each for each in news if _was_seen(before, each)))
        return tuple(news), audible

    async def _tried(self, effect: CallEffect, by: By) -> Unavailable | None:
        try:
            await self._effect(effect, by)
        except Unavailable as error:
            tell = log.info if isinstance(error, LegOver) else log.error
            tell("effect_failed", effect=type(effect).__name__, error=str(error))
            return error
        return None

    async def _lost(self, effect: CallEffect) -> list[News]:
        """Who could not be called is out of the call, and a call that could not be connected is over."""
        now = self._world.clock.now()
        match effect:
            case wish.Originate(leg):
                step = gone(self.conversation, leg, EndCause.FAILED, now)
            case wish.Answer(leg):
                step = self._given_up((leg,), now)
            case wish.Join(legs) if len(legs) > 1:
                step = self._given_up(legs, now)
            case _:
                return []
        for each in step.effects:
            await self._tried(each, _BY_SYSTEM)
        self.conversation = step.conversation
        return list(step.told)

    def _given_up(self, legs: tuple[LegId, ...], now: float) -> Step:
        calls = (call for call in self.conversation.calls if any(call.has(leg) and call.leg(leg).active for leg in legs))
        return give_up(self.conversation, tuple(call.uuid for call in calls), EndCause.FAILED, now)

    def forget(self, uuid: CallUuid) -> None:
        """The released call is no longer known."""
        kept = tuple(call for call in self.conversation.calls if call.uuid != uuid)
        self.conversation = Conversation(kept)
        self.recorders.pop(uuid, None)
        self._changed(self.conversation)

    def take_over(self, conversation: Conversation, recorders: Mapping[CallUuid, CallRecorder]) -> None:
        """The calls of another conversation belong to this one from now on, with their recordings."""
        for uuid, recorder in recorders.items():
            recorder.share(self.recorders.tapped)
            self.recorders[uuid] = recorder
        calls = sorted((*self.conversation.calls, *conversation.calls), key=_began)
        self.conversation = Conversation(tuple(calls))
        self._changed(self.conversation)

    async def abandon(self) -> None:
        """Ends every recording and hangs up every leg, whatever state they are in."""
        for recorder in self.recorders.values():
            await recorder.discard(_BROKEN_OFF)
        for leg in dict.fromkeys(leg.id for call in self.conversation.calls for leg in call.legs):
            await self._tried(wish.HangUp(leg, EndCause.FAILED), _BY_SYSTEM)

    async def _effect(self, effect: CallEffect, by: By) -> None:
        match effect:
            case wish.Begin(uuid, leg):
                call = self._target.call(uuid)
                await self.recorders[uuid].reserve(call, call.leg(leg), self._limit())
            case wish.Retap(uuid):
                await self.recorders[uuid].retap(self._target.call(uuid), self._limit())
            case wish.Gate(uuid, gate):
                seconds = RECORDING_SEAL_S if isinstance(gate, rec.Seal) else RECORDER_ANSWER_S
                await self._gate(uuid, gate, by, self._limit(seconds))
            case wish.Originate(leg, number, caller, lift):
                shown = Caller(caller, beside=self._beside(leg))
                await self._at_switch(self._world.switch.originate(leg, number, shown, lift=lift))
                self._mailbox.put_later(self._world.policies.ring_s, RingingTooLong(leg))
            case wish.Engaged(leg):
                self._mailbox.put(LegEnded(leg, EndCause.BUSY))
            case wish.Unassigned(leg):
                self._mailbox.put(LegEnded(leg, EndCause.UNKNOWN_NUMBER))
            case wish.Monitor() | wish.Unmonitor():
                await self._at_switch(self._listening(effect))
            case _:
                await self._at_switch(self._asked_of_switch(effect))

    def _beside(self, leg: LegId) -> tuple[LegId, ...]:
        """The legs of the calls that this one is for."""
        return tuple(each.id for call in self._target.of(leg) for each in call.legs if each.id != leg and each.live)

    def _asked_of_switch(self, effect: CallEffect) -> Coroutine[object, object, None]:
        switch, media, phones = self._world.switch, self._world.leg_media, self._world.phone_answers
        match effect:
            case wish.Settle(request, cause):
                assert phones is not None, "who takes phones' requests can answer them"
                return phones.settle(request, cause)
            case wish.Ring(leg):
                return switch.ring(leg)
            case wish.Answer(leg):
                return switch.answer(leg)
            case wish.Join(legs):
                return switch.join(legs)
            case wish.HangUp(leg, cause):
                return switch.hang_up(leg, cause)
        assert media is not None, "what needs this port is offered only with it"
        match effect:
            case wish.Music(leg, on):
                return media.hold_music(leg, on)
            case wish.RingTone(leg, on):
                return media.ring_tone(leg, on)
            case wish.Mute(leg, on):
                return media.mute(leg, on)
            case wish.SendDigits(leg, digits):
                return media.send_dtmf(leg, digits)
        raise AssertionError(type(effect))

    def _listening(self, effect: wish.Monitor | wish.Unmonitor) -> Coroutine[object, object, None]:
        ears = self._world.monitoring
        assert ears is not None, "what needs this port is offered only with it"
        if isinstance(effect, wish.Unmonitor):
            return ears.unmonitor(effect.supervisor)
        return ears.monitor(effect.supervisor, effect.monitored, effect.audible_to)

    async def _at_switch(self, asked: Coroutine[object, object, None]) -> None:
        await self._limit().answer("switch", asked)

    # --- recordings ---

    async def record(self, command: Command, reason: rec.Reason = rec.Reason.AGENT) -> tuple[News, ...]:
        """A recording operation, for this reason; raises `Refusal` or `Unavailable`, and then `recording_failed` comes next."""
        call = self.conversation.call(command.call)
        leg, trigger = call.leg(command.leg), TRIGGERS[command.operation]
        step = following.operated(call, leg, trigger, reason)
        if step is None:
            raise NotInState(command.operation.value, f"recordingState is '{rec.shown(call.recording)}'")
        if step.recording == call.recording:
            return ()
        # A long recording takes its time to seal. The gate is shut at once and the asker hears in time that it is not
        # done yet; what came of it is told when it is known (gws-api 8.4).
        limit = self._limit(RECORDING_SEAL_S if trigger is rec.Trigger.STOP else RECORDER_ANSWER_S)
        if trigger is rec.Trigger.START:
            await self.recorders[call.uuid].reserve(call, leg, limit)
            step = await self._begun(call, step, command.by, limit)
        else:
            await self._gates(call, step, command.by, limit)
        if trigger is rec.Trigger.START:
            self._world.demands.demand(call.tenant, call.uuid, mixed=call.mixed)
        return self._recording_now(call, step.recording)

    async def recording_failed(self, command: Command, error: Unavailable) -> tuple[News, ...]:
        """The outcome is unknown. Audio stays out: what may have been opened is shut, and what cannot even be shut is
        given up for good (gws-api 8.4, properties PCI-8)."""
        call = self.conversation.call(command.call)
        tell = log.info if isinstance(error, LegOver) else log.error
        tell("recording_operation_failed", call=call.uuid, operation=command.operation.value, error=str(error))
        if command.operation is Operation.RESUME_RECORDING:
            limit = self._limit()
            try:
                for reason in rec.in_order(call.recording.reasons & rec.VISIBLE):
                    await self.recorders[call.uuid].shut(reason, command.by, limit)
            except Unavailable:
                log.error("gate_state_unknown", call=call.uuid)
            else:
                return ()
        return await self._break_off(call)

    async def inherit(self, call: Call, decided: Callable[[str], str | None]) -> tuple[News, ...]:
        """Applies the recording policy to those who have come into the call (gws-api 9.3); `decided` says by which rule
        the one at a number is recorded from now on."""
        legs = (call.leg(heir) for heir in call.heirs)
        leg, rule = next(((each, rule) for each in legs if each.talking and (rule := decided(each.number))), (None, ""))
        heirs, call = call.heirs, replace(call, heirs=())
        self.conversation = self.conversation.with_call(call)
        if leg is None or call.recording.in_progress or call.released:
            return ()
        self._world.demands.demand(call.tenant, call.uuid, mixed=call.mixed)
        by = self._world.policies.by(rule)
        step, limit = following.inherited(call, leg), self._limit()
        try:
            await self.recorders[call.uuid].reserve(call, leg, limit)
            step = await self._begun(call, step, by, limit)
        except LegOver:
            # Asked again when it is known who has left, and whether anybody remains.
            await self.recorders[call.uuid].discard(_BY_SYSTEM)
            self.conversation = self.conversation.with_call(replace(call, heirs=heirs))
            return ()
        except Unavailable as error:
            log.error("recording_by_policy_failed", call=call.uuid, error=str(error))
            await self.recorders[call.uuid].discard(_BROKEN_OFF)
            return (Broken(call.uuid),)
        return self._recording_now(replace(call, carries_pause=False), step.recording)

    async def moved(self, call: Call, step: rec.Step, by: By) -> tuple[News, ...]:
        """Has a hidden reason added or lifted. A gate that does not move breaks the recording off."""
        try:
            await self._gates(call, step, by, self._limit())
        except Unavailable as error:
            log.error("gate_not_moved", call=call.uuid, error=str(error))
            return await self._break_off(replace(call, recording=replace(call.recording, reasons=step.recording.reasons)))
        return self._recording_now(call, step.recording)

    async def recorder_event(self, event: RecorderEvent) -> tuple[News, ...]:
        """The recorder's own news; stale news of a part that is already over is none."""
        recording_id = event.sealed.recording_id if isinstance(event, RecordingRecovered) else event.recording_id
        call = self.recorded_in(recording_id)
        if call is None:
            return ()
        match event:
            case CaptureRestored(shut_for=shut_for):
                return await self._restored(call, shut_for)
            case RecordingRecovered(sealed):
                await self.recorders[call.uuid].found_sealed(sealed, _BY_SYSTEM)
            case CaptureSilent(silent_s=silent_s):
                if not call.recording.keeps_audio:
                    return ()  # and a consult may have taken the tap
                log.error("tap_is_dead", call=call.uuid, silent_s=round(silent_s, 2))
                return (Broken(call.uuid),)
        return await self._break_off(call)

    async def re_aim(self, leg: LegId, source: MediaSource, *, heard: bool) -> None:
        """A leg's audio, or that of those it hears, now comes in another form."""
        for recorder in self.recorders.values():
            try:
                await recorder.re_aim(leg, source, self._limit(), heard=heard)
            except Unavailable as error:
                # A recorder that is lost is aimed when it is back, and one that is not says so by itself.
                log.error("not_aimed", leg=leg, error=str(error))

    def recorded_in(self, recording_id: str) -> Call | None:
        """The call whose part this media file is, while it is being made."""
        return next((call for call in self.conversation.calls if self.recorders[call.uuid].recording_id == recording_id), None)

    async def _restored(self, call: Call, shut_for: frozenset[str]) -> tuple[News, ...]:
        if not call.recording.in_progress:
            return ()
        step = rec.restored(call.recording, frozenset(rec.Reason(each) for each in shut_for))
        limit = self._limit()
        try:
            await self._gates(call, step, _BY_SYSTEM, limit)
            await self.recorders[call.uuid].aim_again(limit)
        except Unavailable:
            return await self._break_off(call)
        return self._recording_now(call, step.recording)

    async def _break_off(self, call: Call) -> tuple[News, ...]:
        """The part ends by failure. A Start that failed leaves what there was before: nothing to tell."""
        await self.recorders[call.uuid].discard(_BROKEN_OFF)
        if not call.recording.in_progress:
            return ()
        failed = rec.step(call.recording, rec.Trigger.CAPTURE_FAILED)
        assert failed is not None
        return (*self._recording_now(call, failed.recording), Broken(call.uuid))

    def _recording_now(self, call: Call, recording: rec.Recording) -> tuple[News, ...]:
        """Takes the new recording state over; everybody is told if it shows."""
        part = self.recorders[call.uuid].part
        shows = recording.phase is not call.recording.phase
        if shows and recording.phase is rec.Phase.PAUSED:
            call = replace(call, pauses=call.pauses + 1)
            for seconds, alarm in self._world.policies.pause_alarms(call):
                self._mailbox.put_later(seconds, alarm)
        call = replace(call, recording=recording, part=part, last_name=part.name if part else call.last_name)
        self.conversation = self.conversation.with_call(call)
        return everyone(call, Notice.RECORDING) if shows else ()

    async def _begun(self, call: Call, start: rec.Step, by: By, limit: Limit) -> rec.Step:
        """Begins a part, paused from its first sample on where a rule says so."""
        rule = self._world.policies.begins_paused(call)
        if rule is not None:
            start = following.paused_from_the_start(start, rec.Reason.POLICY)
        for effect in start.effects:
            author = rule if rule is not None and effect == rec.ShutGate(rec.Reason.POLICY) else by
            await self._gate(call.uuid, effect, author, limit)
        return start

    async def _gates(self, call: Call, step: rec.Step, by: By, limit: Limit) -> None:
        for effect in step.effects:
            await self._gate(call.uuid, effect, by, limit)

    async def _gate(self, uuid: CallUuid, effect: rec.Effect, by: By, limit: Limit) -> None:
        recorder = self.recorders[uuid]
        recorder.call = self._known(uuid)
        match effect:
            case rec.OpenGate(lift):
                await recorder.open(lift, by, limit)
            case rec.ShutGate(reason):
                await recorder.shut(reason, by, limit)
            case rec.Seal():
                await recorder.seal(by, limit)

    def _known(self, uuid: CallUuid) -> Call:
        """The call as it is, or is about to be when it is new."""
        calls = (call for conversation in (self.conversation, self._target) for call in conversation.calls if call.uuid == uuid)
        return next(calls)

    def _limit(self, seconds: float = RECORDER_ANSWER_S) -> Limit:
        return Limit(self._world.clock, seconds)


def _began(call: Call) -> float:
    return min((leg.appeared_at for leg in call.legs if leg.appeared_at is not None), default=0.0)


def _gate_of(effect: CallEffect, error: Unavailable) -> CallUuid | None:
    """The call whose running part this effect should have opened, shut or aimed. Who hung up while that was done is no
    failure: the fact comes next, and ends the part or has it taken from those who remain."""
    match effect:
        case wish.Retap(uuid) if not isinstance(error, LegOver):
            return uuid
        case wish.Gate(uuid, gate) if not isinstance(gate, rec.Seal):
            return uuid
    return None


def _was_seen(before: Conversation, news: News) -> bool:
    if isinstance(news, Broken | StillPaused):
        return True
    return any(call.uuid == news.call and call.has(news.leg) and call.leg(news.leg).visible for call in before.calls)
