"""One task per call that owns the call's state: takes one input at a time, has its effects done, and only then tells.

Order is the whole point. An input becomes a step (pure, in `domain`); the step's effects are carried out one by one;
then the new state is taken over, the answer is given, and every agent concerned is told. So nobody hears "paused"
before no audio passes, and operations on one call happen in order of arrival (gws-api 8.1, 8.5).
"""

import asyncio
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, field, replace

import structlog

from telegraphone.domain import call as machine
from telegraphone.domain import recording as rec
from telegraphone.domain.agent import Agent, Feature
from telegraphone.domain.call import Call, CallEffect, Leg, LegState, Notice, Step, Told
from telegraphone.domain.errors import NotInState
from telegraphone.domain.ids import LegId
from telegraphone.domain.legs import EndCause, LegFact
from telegraphone.domain.operations import TRIGGERS, USER_DATA, Operation, accepted
from telegraphone.domain.user_data import changed_user_data
from telegraphone.domain.views import CallNotice, CallView, RecordingBroken, view
from telegraphone.limits import COMMANDS_WAITING_MAX, MAILBOX_MAX, RELEASED_CALL_S
from telegraphone.services.ports import By, Caller, CaptureFailed, CaptureRestored, MediaSource, Unavailable
from telegraphone.services.recordings import CallRecorder
from telegraphone.services.surroundings import Surroundings

log = structlog.get_logger()

_BY_CALL = By("call")
_BY_SYSTEM = By("system")


@dataclass(frozen=True, slots=True)
class Command:
    """What somebody asks of a call: by whom, at which leg, and the operation's own arguments."""

    operation: Operation
    leg: LegId
    by: By
    user_data: Mapping[str, object] = field(default_factory=dict)
    key: str = ""


@dataclass(frozen=True, slots=True)
class _Asked:
    command: Command
    answer: "asyncio.Future[None]"


@dataclass(frozen=True, slots=True)
class _Moved:
    leg: LegId
    source: MediaSource


class _RingingTooLong:
    pass


class _Forgotten:
    pass


class _GivenUp:
    pass


_Input = LegFact | _Asked | _Moved | CaptureFailed | CaptureRestored | _RingingTooLong | _Forgotten | _GivenUp


class CallActor:
    """The owner of one call. `run` lives until the call has been released for RELEASED_CALL_S."""

    def __init__(self, call: Call, world: Surroundings) -> None:
        self.call = call
        self._world = world
        self._recorder = CallRecorder(world)
        self._mailbox: asyncio.Queue[_Input] = asyncio.Queue(MAILBOX_MAX)
        self._finished = False
        self.released = asyncio.Event()
        """Set when the call is over, its recording sealed and its agents told."""

    # --- what others ask of it, from any task ---

    async def begin(self, step: Step) -> None:
        """Carries out the first step of a new call; called once, before `run`."""
        await self._carry_out(step, _BY_CALL)

    def report(self, happened: LegFact | CaptureFailed | CaptureRestored) -> None:
        """A fact about this call. The mailbox keeps room for facts; one that overflows all the same is a storm from
        the switch, and the call is not worth the others' memory."""
        self._put(happened)

    def media_moved(self, leg: LegId, source: MediaSource) -> None:
        """A leg's audio now comes in another form."""
        self._put(_Moved(leg, source))

    def give_up(self) -> None:
        """Ends the call: the service shuts down."""
        self._put(_GivenUp())

    async def ask(self, command: Command) -> None:
        """Returns when the command has taken effect; raises `Refusal` or `Unavailable`, and then nothing has changed
        but what a notice has told."""
        if self._mailbox.qsize() >= COMMANDS_WAITING_MAX:
            raise Unavailable("call", "too many operations waiting")
        answer: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._put(_Asked(command, answer))
        await answer

    def view(self, leg: Leg, agent: Agent) -> CallView:
        """The call as this agent sees it now."""
        return view(self.call, leg, agent, self._world.switch.abilities, self._world.clock.now())

    @property
    def recording_id(self) -> str | None:
        """The media file that is being made now."""
        return self._recorder.recording_id

    # --- its own life ---

    async def run(self) -> None:
        """Takes inputs one by one until the released call is forgotten."""
        async with asyncio.TaskGroup() as timers:
            if self.call.awaits_answer:
                timers.create_task(self._later(self._world.policies.ring_s, _RingingTooLong()))
            forgetting = False
            while not self._finished:
                await self._take(await self._mailbox.get())
                if self.call.released and not forgetting:
                    forgetting = True
                    self.released.set()
                    timers.create_task(self._later(RELEASED_CALL_S, _Forgotten()))
        self._refuse_the_rest()

    def _put(self, what: _Input) -> None:
        if self._finished:
            if isinstance(what, _Asked):
                what.answer.set_exception(Unavailable("call", "the call is over"))
            return
        self._mailbox.put_nowait(what)

    async def _later(self, seconds: float, what: _Input) -> None:
        await self._world.clock.sleep_until(self._world.clock.now() + seconds)
        self._put(what)

    def _refuse_the_rest(self) -> None:
        while not self._mailbox.empty():
            left = self._mailbox.get_nowait()
            if isinstance(left, _Asked) and not left.answer.done():
                left.answer.set_exception(Unavailable("call", "the call is over"))

    async def _take(self, what: _Input) -> None:
        match what:
            case _Asked():
                await self._answer(what)
            case _Moved(leg, source):
                await self._guarded(self._recorder.re_aim(leg, source))
            case CaptureFailed():
                await self._capture_failed()
            case CaptureRestored(shut_for=shut_for):
                self._capture_restored(shut_for)
            case _RingingTooLong():
                if self.call.awaits_answer:
                    await self._carry_out(machine.give_up(self.call, EndCause.NO_ANSWER), _BY_CALL)
            case _GivenUp():
                await self._carry_out(machine.give_up(self.call, EndCause.NORMAL), _BY_SYSTEM)
            case _Forgotten():
                self._finished = True
            case fact:
                await self._carry_out(machine.fact(self.call, fact, self._world.clock.now()), _BY_CALL)

    async def _answer(self, asked: _Asked) -> None:
        try:
            told = await self._obey(asked.command)
        except Exception as error:  # whatever went wrong is the asker's answer; the call goes on
            if not asked.answer.done():
                asked.answer.set_exception(error)
            return
        if not asked.answer.done():
            asked.answer.set_result(None)
        self._tell(told)

    # --- commands ---

    async def _obey(self, command: Command) -> tuple[Told, ...]:
        leg = self.call.leg(command.leg)
        if not accepted(self.call, leg, command.operation, self._world.switch.abilities):
            raise NotInState(command.operation.value, f"call state is '{leg.state.value}'")
        if command.operation in TRIGGERS:
            return await self._record(command, leg)
        if command.operation in USER_DATA:
            return self._change_user_data(command)
        match command.operation:
            case Operation.ANSWER:
                await self._world.switch.answer(leg.id)
            case Operation.HANGUP | Operation.REJECT:
                cause = EndCause.DECLINED if leg.state is LegState.RINGING else EndCause.NORMAL
                return await self._effects_of(machine.give_up(self.call, cause), command.by)
            case _:
                assert command.operation is Operation.COMPLETE
        return ()

    def _change_user_data(self, command: Command) -> tuple[Told, ...]:
        data = changed_user_data(self.call.user_data, command.operation, command.user_data, command.key)
        self.call = replace(self.call, user_data=data)
        return machine.everyone(self.call, Notice.USER_DATA)

    async def _record(self, command: Command, leg: Leg) -> tuple[Told, ...]:
        trigger = TRIGGERS[command.operation]
        step = rec.step(self.call.recording, trigger)
        if step is None:
            state = rec.shown(self.call.recording)
            raise NotInState(command.operation.value, f"recordingState is '{state}'")
        if step.recording == self.call.recording:
            return ()
        try:
            part = await self._recording_effects(trigger, step, leg, command.by)
        except Unavailable:
            await self._recording_operation_failed(trigger, command.by)
            raise
        self.call = replace(
            self.call, recording=step.recording, part=part, last_name=part.name if part else self.call.last_name
        )
        return machine.everyone(self.call, Notice.RECORDING)

    async def _recording_effects(self, trigger: rec.Trigger, step: rec.Step, leg: Leg, by: By) -> machine.Part | None:
        part = self.call.part
        if trigger is rec.Trigger.START:
            part = await self._recorder.reserve(self.call, leg, by)
        for effect in step.effects:
            await self._recording_effect(effect, by)
        return None if trigger is rec.Trigger.STOP else part

    async def _recording_operation_failed(self, trigger: rec.Trigger, by: By) -> None:
        """The outcome is unknown. Audio stays out: what may have been opened is shut, and what cannot even be shut is
        given up for good (gws-api 8.4, properties PCI-8)."""
        log.error("recording_operation_failed", call=self.call.uuid, operation=trigger.value)
        if trigger is rec.Trigger.RESUME:
            try:
                await self._recorder.shut(rec.Reason.AGENT, by)
                return
            except Unavailable:
                log.error("gate_state_unknown", call=self.call.uuid)
        if self._recorder.recording_id is not None:
            await self._guarded(self._recorder.seal(_BY_SYSTEM))
        if self.call.recording.in_progress:
            self._break_off()

    # --- the recorder's own news ---

    async def _capture_failed(self) -> None:
        if not self.call.recording.in_progress:
            return
        await self._guarded(self._recorder.seal(_BY_SYSTEM))
        self._break_off()

    def _break_off(self) -> None:
        failed = rec.step(self.call.recording, rec.Trigger.CAPTURE_FAILED)
        assert failed is not None
        self.call = replace(self.call, recording=failed.recording, part=None)
        self._tell(machine.everyone(self.call, Notice.RECORDING))
        for leg, agent in self._watchers(self.call.legs):
            self._world.notifier.publish(RecordingBroken(agent, self.view(leg, agent)))

    def _capture_restored(self, shut_for: frozenset[str]) -> None:
        journaled = rec.as_journaled(self.call.recording, frozenset(rec.Reason(each) for each in shut_for))
        if journaled == self.call.recording:
            return
        log.warning("recording_state_from_journal", call=self.call.uuid, phase=journaled.phase.value)
        visible_change = journaled.phase is not self.call.recording.phase
        self.call = replace(self.call, recording=journaled)
        if visible_change:
            self._tell(machine.everyone(self.call, Notice.RECORDING))

    # --- effects and notices ---

    async def _carry_out(self, step: Step, by: By) -> None:
        self._tell(await self._effects_of(step, by))

    async def _effects_of(self, step: Step, by: By) -> tuple[Told, ...]:
        """Takes the step's facts over, then does what follows from them. A fact has happened whether or not what
        follows succeeds, so a failing effect is logged and, for a recording, told as a broken recording."""
        broken = False
        self.call = step.call
        for effect in step.effects:
            try:
                await self._effect(effect, by)
            except Unavailable as error:
                log.error("effect_failed", call=step.call.uuid, effect=type(effect).__name__, error=str(error))
                broken = broken or isinstance(effect, rec.ShutGate | rec.OpenGate)
        if step.call.released:
            self.call = replace(self.call, part=None)
        if broken:
            await self._capture_failed()
        return step.told

    async def _effect(self, effect: CallEffect, by: By) -> None:
        switch = self._world.switch
        match effect:
            case machine.Originate(leg, number, caller):
                await switch.originate(leg, number, Caller(caller))
            case machine.Ring(leg):
                await switch.ring(leg)
            case machine.Answer(leg):
                await switch.answer(leg)
            case machine.Join(legs):
                await switch.join(legs)
            case machine.HangUp(leg, cause):
                await switch.hang_up(leg, cause)
            case _:
                await self._recording_effect(effect, by)

    async def _recording_effect(self, effect: rec.Effect, by: By) -> None:
        match effect:
            case rec.OpenGate(lift):
                await self._recorder.open(lift, by)
            case rec.ShutGate(reason):
                await self._recorder.shut(reason, by)
            case rec.Seal():
                await self._recorder.seal(by)

    async def _guarded(self, effect: Awaitable[None]) -> None:
        try:
            await effect
        except Unavailable as error:
            log.error("recorder_unavailable", call=self.call.uuid, error=str(error))

    def _tell(self, told: tuple[Told, ...]) -> None:
        for each in told:
            for leg, agent in self._watchers((self.call.leg(each.leg),)):
                if each.notice is not Notice.RECORDING or agent.has(Feature.VOICE_RECORDING):
                    self._world.notifier.publish(CallNotice(agent, each.notice, self.view(leg, agent)))

    def _watchers(self, legs: tuple[Leg, ...]) -> list[tuple[Leg, Agent]]:
        at = self._world.directory.at
        seen = ((leg, at(leg.number)) for leg in legs if leg.visible)
        return [(leg, agent) for leg, agent in seen if agent is not None]
