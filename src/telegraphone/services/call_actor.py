"""One task per call that owns the call's state: takes one input at a time, has its effects done, and only then tells.

Order is the whole point. An input becomes a step (pure, in `domain`); the step's effects are carried out one by one;
then the new state is taken over, the answer is given, and every agent concerned is told. So nobody hears or reads "paused"
before no audio passes, and operations on one call happen in order of arrival (gws-api 8.1, 8.5).
"""

import asyncio
from dataclasses import dataclass, replace

import structlog

from telegraphone.domain import call as machine
from telegraphone.domain import recording as rec
from telegraphone.domain.agent import Agent, Feature
from telegraphone.domain.call import Call, CallEffect, Leg, LegState, Notice, Step, Told
from telegraphone.domain.errors import NotInState, Refusal
from telegraphone.domain.ids import LegId
from telegraphone.domain.legs import EndCause, LegFact
from telegraphone.domain.operations import TRIGGERS, USER_DATA, Operation, accepted
from telegraphone.domain.user_data import changed_user_data
from telegraphone.domain.views import CallNotice, CallView, RecordingBroken, view
from telegraphone.limits import RECORDER_ANSWER_S, RECORDING_SEAL_S, RELEASED_CALL_S
from telegraphone.services.mailbox import Asked, Command, Forgotten, GivenUp, Input, Mailbox, MediaMoved, RingingTooLong
from telegraphone.services.ports import (
    By,
    Caller,
    CaptureFailed,
    CaptureRestored,
    MediaSource,
    RecorderEvent,
    RecordingRecovered,
    Unavailable,
)
from telegraphone.services.recordings import CallRecorder
from telegraphone.services.surroundings import Surroundings
from telegraphone.services.waiting import Limit

log = structlog.get_logger()

_BY_CALL = By("call")
_BY_SYSTEM = By("system")
_VITAL = (machine.Originate, machine.Answer, machine.Join)
"""Effects without which there is no conversation."""


@dataclass(frozen=True, slots=True)
class _Broken:
    """Everybody who may record is to be told that the recording broke off."""


_News = Told | _Broken


class CallActor:
    """The owner of one call. `run` lives until the call has been released for RELEASED_CALL_S."""

    def __init__(self, call: Call, world: Surroundings) -> None:
        self.call = call
        self._world = world
        self._recorder = CallRecorder(world)
        self._mailbox = Mailbox(world.clock)
        self._finished = False
        self.begun = asyncio.Event()
        """Set when the first step has been carried out."""
        self.released = asyncio.Event()
        """Set when the call is over, its recording sealed and its agents told."""

    # --- what others ask of it, from any task ---

    def report(self, happened: LegFact | RecorderEvent) -> None:
        """A fact about this call."""
        self._mailbox.put(happened)

    def media_moved(self, leg: LegId, source: MediaSource) -> None:
        """A leg's audio now comes in another form."""
        self._mailbox.put(MediaMoved(leg, source))

    def give_up(self) -> None:
        """Ends the call: the service shuts down."""
        self._mailbox.put(GivenUp())

    async def ask(self, command: Command) -> None:
        """Returns when the command has taken effect; raises `Refusal` or `Unavailable`, and then nothing has changed
        but what a notice has told."""
        await self._mailbox.ask(command)

    def view(self, leg: Leg, agent: Agent) -> CallView:
        """The call as this agent sees it now."""
        return view(self.call, leg, agent, self._world.switch.abilities, self._world.clock.now())

    @property
    def recording_id(self) -> str | None:
        """The media file that is being made now."""
        return self._recorder.recording_id

    # --- its own life ---

    async def run(self, first: Step) -> None:
        """Carries out the first step, then takes inputs one by one until the released call is forgotten."""
        try:
            await self._carry_out(first, _BY_CALL)
            self.begun.set()
            while not self._finished:
                self._notice_release()
                await self._take(await self._mailbox.get())
        finally:
            self.begun.set()
            self._mailbox.close()

    async def bury(self) -> None:
        """Clears away after a crash of `run`: the recording is ended, the legs are hung up, the agents are told."""
        await self._recorder.discard(_BY_SYSTEM)
        for leg in self.call.legs:
            await self._despite_failure(machine.HangUp(leg.id, EndCause.FAILED), _BY_SYSTEM)
        end = machine.give_up(self.call, EndCause.FAILED, self._world.clock.now())
        self.call = end.call
        self._tell(end.told)

    def _notice_release(self) -> None:
        if self.call.released and not self.released.is_set():
            self.released.set()
            self._mailbox.put_later(RELEASED_CALL_S, Forgotten())

    async def _take(self, what: Input) -> None:
        match what:
            case Asked():
                async with asyncio.TaskGroup() as waiting:
                    late = waiting.create_task(self._answer_late(what))
                    await self._answer(what)
                    late.cancel()
            case MediaMoved(leg, source):
                await self._re_aim(leg, source)
            case CaptureFailed() | CaptureRestored() | RecordingRecovered():
                await self._recorder_event(what)
            case RingingTooLong(leg):
                await self._ringing_too_long(self.call.leg(leg))
            case GivenUp():
                await self._give_up(EndCause.NORMAL, _BY_SYSTEM)
            case Forgotten():
                self._finished = True
            case fact:
                await self._carry_out(machine.fact(self.call, fact, self._world.clock.now()), _BY_CALL)

    async def _ringing_too_long(self, leg: Leg) -> None:
        if leg.live and not leg.answered:
            await self._give_up(EndCause.NO_ANSWER, _BY_CALL)

    async def _give_up(self, cause: EndCause, by: By) -> None:
        await self._carry_out(machine.give_up(self.call, cause, self._world.clock.now()), by)

    # --- commands ---

    async def _answer(self, asked: Asked) -> None:
        command = asked.command
        try:
            news = await self._obey(command)
        except Refusal as refusal:
            asked.failed(refusal)
            return
        except Unavailable as error:
            asked.failed(error)
            news = await self._recording_operation_failed(command) if command.operation in TRIGGERS else ()
        except Exception:
            asked.failed(Unavailable("call", "internal error", retryable=False))
            raise
        asked.done()
        # The asker goes on first: the event is handed out after the answer (gws-api 8.1).
        await asyncio.sleep(0)
        self._tell(news)

    async def _answer_late(self, asked: Asked) -> None:
        await self._world.clock.sleep_until(self._world.clock.now() + RECORDER_ANSWER_S)
        asked.failed(Unavailable("recorder", "not done yet"))

    async def _obey(self, command: Command) -> tuple[_News, ...]:
        leg = self.call.leg(command.leg)
        if not accepted(self.call, leg, command.operation, self._world.switch.abilities):
            raise NotInState(command.operation.value, f"call state is '{leg.state.value}'")
        if command.operation in TRIGGERS:
            return await self._record(command, leg)
        if command.operation in USER_DATA:
            return self._change_user_data(command)
        match command.operation:
            case Operation.ANSWER:
                await self._limit().answer("switch", self._world.switch.answer(leg.id))
            case Operation.HANGUP | Operation.REJECT:
                cause = EndCause.DECLINED if leg.state is LegState.RINGING else EndCause.NORMAL
                return await self._effects_of(machine.give_up(self.call, cause, self._world.clock.now()), _BY_CALL)
            case _:
                assert command.operation is Operation.COMPLETE
        return ()

    def _change_user_data(self, command: Command) -> tuple[_News, ...]:
        data = changed_user_data(self.call.user_data, command.operation, command.user_data, command.key)
        self.call = replace(self.call, user_data=data)
        return machine.everyone(self.call, Notice.USER_DATA)

    async def _record(self, command: Command, leg: Leg) -> tuple[_News, ...]:
        trigger = TRIGGERS[command.operation]
        step = machine.operated(self.call, leg, trigger)
        if step is None:
            state = rec.shown(self.call.recording)
            raise NotInState(command.operation.value, f"recordingState is '{state}'")
        if step.recording == self.call.recording:
            return ()
        # A long recording takes its time to seal. The gate is shut at once and the asker hears in time that it is not
        # done yet; what came of it is told when it is known (gws-api 8.4).
        limit = self._limit(RECORDING_SEAL_S if trigger is rec.Trigger.STOP else RECORDER_ANSWER_S)
        if trigger is rec.Trigger.START:
            await self._recorder.reserve(self.call, leg, limit)
        for effect in step.effects:
            await self._recording_effect(effect, command.by, limit)
        return self._recording_now(step.recording)

    def _recording_now(self, recording: rec.Recording) -> tuple[_News, ...]:
        """Takes the new recording state over; everybody is told if it shows."""
        part = self._recorder.part
        shows = recording.phase is not self.call.recording.phase
        last_name = part.name if part else self.call.last_name
        self.call = replace(self.call, recording=recording, part=part, last_name=last_name)
        return machine.everyone(self.call, Notice.RECORDING) if shows else ()

    async def _recording_operation_failed(self, command: Command) -> tuple[_News, ...]:
        """The outcome is unknown. Audio stays out: what may have been opened is shut, and what cannot even be shut is
        given up for good (gws-api 8.4, properties PCI-8)."""
        log.error("recording_operation_failed", call=self.call.uuid, operation=command.operation.value)
        if command.operation is Operation.RESUME_RECORDING:
            limit = self._limit()
            try:
                for reason in rec.in_order(self.call.recording.reasons & rec.VISIBLE):
                    await self._recorder.shut(reason, command.by, limit)
            except Unavailable:
                log.error("gate_state_unknown", call=self.call.uuid)
            else:
                return ()
        return await self._break_off()

    # --- the recorder's own news ---

    async def _recorder_event(self, event: RecorderEvent) -> None:
        """Stale news of a part that is already over is none."""
        match event:
            case CaptureFailed(recording_id) if recording_id == self._recorder.recording_id:
                self._tell(await self._break_off())
            case CaptureRestored(recording_id, shut_for) if recording_id == self._recorder.recording_id:
                self._tell(await self._capture_restored(shut_for))
            case RecordingRecovered(sealed) if sealed.recording_id == self._recorder.recording_id:
                await self._recorder.found_sealed(sealed, _BY_SYSTEM)
                self._tell(await self._break_off())

    async def _break_off(self) -> tuple[_News, ...]:
        """The part ends by failure. A Start that failed leaves what there was before: nothing to tell."""
        await self._recorder.discard(_BY_SYSTEM)
        if not self.call.recording.in_progress:
            return ()
        failed = rec.step(self.call.recording, rec.Trigger.CAPTURE_FAILED)
        assert failed is not None
        return (*self._recording_now(failed.recording), _Broken())

    async def _capture_restored(self, shut_for: frozenset[str]) -> tuple[_News, ...]:
        if not self.call.recording.in_progress:
            return ()
        step = rec.restored(self.call.recording, frozenset(rec.Reason(each) for each in shut_for))
        limit = self._limit()
        try:
            for effect in step.effects:
                await self._recording_effect(effect, _BY_SYSTEM, limit)
            await self._recorder.aim_again(limit)
        except Unavailable:
            return await self._break_off()
        return self._recording_now(step.recording)

    async def _re_aim(self, leg: LegId, source: MediaSource) -> None:
        try:
            await self._recorder.re_aim(leg, source, self._limit())
        except Unavailable as error:
            # A recorder that is lost is aimed when it is back, and one that is not says so by itself.
            log.error("not_aimed", call=self.call.uuid, leg=leg, error=str(error))

    # --- effects and notices ---

    async def _carry_out(self, step: Step, by: By) -> None:
        self._tell(await self._effects_of(step, by))

    async def _effects_of(self, step: Step, by: By) -> tuple[_News, ...]:
        """Does what follows from a fact, then takes the new state over. A fact has happened whether or not what follows
        succeeds: a gate that did not move breaks the recording off, a switch that did not connect ends the call."""
        broken = False
        for effect in step.effects:
            if await self._despite_failure(effect, by):
                continue
            if isinstance(effect, _VITAL):
                return await self._lose(step.call)
            broken = broken or isinstance(effect, rec.ShutGate | rec.OpenGate)
        self.call = step.call
        return (*step.told, *(await self._break_off() if broken else ()))

    async def _lose(self, call: Call) -> tuple[_News, ...]:
        """Ends a call that the switch could not connect; told are those who saw it before."""
        end = machine.give_up(call, EndCause.FAILED, self._world.clock.now())
        for effect in end.effects:
            await self._despite_failure(effect, _BY_CALL)
        before, self.call = self.call, end.call
        return tuple(each for each in end.told if before.leg(each.leg).visible)

    async def _despite_failure(self, effect: CallEffect, by: By) -> bool:
        try:
            await self._effect(effect, by)
        except Unavailable as error:
            log.error("effect_failed", call=self.call.uuid, effect=type(effect).__name__, error=str(error))
            return False
        return True

    async def _effect(self, effect: CallEffect, by: By) -> None:
        switch, limit = self._world.switch, self._limit(RECORDING_SEAL_S if isinstance(effect, rec.Seal) else RECORDER_ANSWER_S)
        match effect:
            case machine.Originate(leg, number, caller):
                await limit.answer("switch", switch.originate(leg, number, Caller(caller)))
                self._mailbox.put_later(self._world.policies.ring_s, RingingTooLong(leg))
            case machine.Ring(leg):
                await limit.answer("switch", switch.ring(leg))
            case machine.Answer(leg):
                await limit.answer("switch", switch.answer(leg))
            case machine.Join(legs):
                await limit.answer("switch", switch.join(legs))
            case machine.HangUp(leg, cause):
                await limit.answer("switch", switch.hang_up(leg, cause))
            case _:
                await self._recording_effect(effect, by, limit)

    async def _recording_effect(self, effect: rec.Effect, by: By, limit: Limit) -> None:
        match effect:
            case rec.OpenGate(lift):
                await self._recorder.open(lift, by, limit)
            case rec.ShutGate(reason):
                await self._recorder.shut(reason, by, limit)
            case rec.Seal():
                await self._recorder.seal(by, limit)

    def _limit(self, seconds: float = RECORDER_ANSWER_S) -> Limit:
        return Limit(self._world.clock, seconds)

    def _tell(self, news: tuple[_News, ...]) -> None:
        for each in news:
            match each:
                case Told(leg, notice):
                    self._notify(self.call.leg(leg), notice)
                case _Broken():
                    self._notify_broken()

    def _notify(self, leg: Leg, notice: Notice) -> None:
        agent = self._world.directory.at(leg.number)
        if agent is None or not leg.visible or (notice is Notice.RECORDING and not agent.has(Feature.VOICE_RECORDING)):
            return
        self._world.notifier.publish(CallNotice(agent, notice, self.view(leg, agent)))

    def _notify_broken(self) -> None:
        for told in machine.everyone(self.call, Notice.RECORDING):
            leg = self.call.leg(told.leg)
            agent = self._world.directory.at(leg.number)
            if agent is not None and agent.has(Feature.VOICE_RECORDING):
                self._world.notifier.publish(RecordingBroken(agent, self.view(leg, agent)))
