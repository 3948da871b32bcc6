"""One task per conversation that owns its calls: takes one input at a time, has its effects done, and only then tells.

Order is the whole point. An input becomes a step (pure, in `domain`); the step's effects are carried out one by one;
then the new state is taken over, the answer is given, and every agent concerned is told. So nobody hears or reads "paused"
before no audio passes, and operations on one call happen in order of arrival (gws-api 8.1, 8.5). A call and the consults
about it share a leg and so a task.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import structlog

from telegraphone.domain import monitoring, progress
from telegraphone.domain.agent import Agent, Feature
from telegraphone.domain.call import Call, Leg, LegState, Notice, Told, everyone
from telegraphone.domain.conversation import Conversation, Step
from telegraphone.domain.errors import NotInState, Refusal
from telegraphone.domain.ids import CallUuid, LegId
from telegraphone.domain.leaving import give_up, left
from telegraphone.domain.legs import Ability, EndCause, LegFact
from telegraphone.domain.operations import TRIGGERS, accepted
from telegraphone.domain.views import CallNotice, CallView, PauseForgotten, RecordingBroken, Seen, view
from telegraphone.limits import RECORDER_ANSWER_S, RECORDING_SEAL_S, RELEASED_CALL_S
from telegraphone.services.call_commands import NewIds, commanded
from telegraphone.services.call_effects import Effects
from telegraphone.services.catalogue import By
from telegraphone.services.consent import Consents
from telegraphone.services.invitations import ANSWERED_WHEN_IT_RINGS, Invitations
from telegraphone.services.mailbox import (
    Absorbed,
    AnnouncementOver,
    AnswerDue,
    Asked,
    Command,
    Forgotten,
    GivenUp,
    Input,
    Mailbox,
    MediaMoved,
    PausedTooLong,
    PauseRuleDue,
    RingingTooLong,
    Surrender,
    ToneDue,
    Watched,
)
from telegraphone.services.news import Broken, News, StillPaused
from telegraphone.services.pausing import Pausing
from telegraphone.services.ports import (
    CaptureFailed,
    CaptureRestored,
    CaptureSilent,
    LegOver,
    MediaSource,
    RecorderEvent,
    RecordingRecovered,
    Unavailable,
)
from telegraphone.services.prerolls import Prerolls
from telegraphone.services.recordings import CallRecorder
from telegraphone.services.surroundings import Surroundings
from telegraphone.services.tones import Tones

log = structlog.get_logger()

_BY_CALL = By("call")
_BY_SYSTEM = By("system")


@dataclass(frozen=True, slots=True)
class Belongings:
    """What the owner of calls hands over with them."""

    conversation: Conversation
    recorders: Mapping[CallUuid, CallRecorder]
    mailbox: Mailbox
    closing: set[CallUuid]


class CallActor:
    """The owner of one conversation. `run` lives until its last call has been released for RELEASED_CALL_S."""

    def __init__(self, conversation: Conversation, world: Surroundings, new: NewIds, changed: "Changed") -> None:
        """`changed` hears of every new state before the switch can report on its legs."""
        self._world = world
        self._new = new
        self._mailbox = Mailbox(world.clock)
        self._effects = Effects(conversation, world, self._mailbox, lambda now: changed(self, now))
        self._consents = Consents(self._effects, world, self._mailbox)
        self._pausing = Pausing(self._effects, world, self._mailbox)
        self._tones = Tones(self._effects, world, self._mailbox)
        self._prerolls = Prerolls(self._effects, world)
        self._invitations = Invitations(self._mailbox)
        self._closing: set[CallUuid] = set()
        self.unrecorded: set[CallUuid] = set()
        """Calls whose recording could not be begun by the rules, or broke off."""
        self._surrendered = False
        self.begun = asyncio.Event()
        """Set when the first step has been carried out."""
        self.released = asyncio.Event()
        """Set when every call is over, recordings sealed and agents told."""

    @property
    def conversation(self) -> Conversation:
        """The calls as they truly are now."""
        return self._effects.conversation

    # --- what others ask of it, from any task ---

    def report(self, happened: LegFact | RecorderEvent | Watched) -> None:
        """A fact about these calls."""
        self._mailbox.put(happened)

    def media_moved(self, leg: LegId, source: MediaSource, *, heard: bool) -> None:
        """A leg's audio, or that of those it hears, now comes in another form."""
        self._mailbox.put(MediaMoved(leg, source, heard))

    def give_up(self) -> None:
        """Ends all calls: the service shuts down."""
        self._mailbox.put(GivenUp())

    async def ask(self, command: Command) -> None:
        """Returns when the command has taken effect; raises `Refusal` or `Unavailable`, and then nothing has changed
        but what a notice has told."""
        await self._mailbox.ask(command)

    def submit(self, command: Command) -> "asyncio.Future[None]":
        """The same for who must not wait: commands and facts are taken in the order in which they are given."""
        return self._mailbox.submit(command)

    def absorb(self, other: "CallActor") -> "asyncio.Future[Belongings]":
        """Takes over another actor's calls before any input given later; the other ends. Never two actors each the other:
        who calls this sees to that. The answer comes when they are given, or is `Unavailable`."""
        loop = asyncio.get_running_loop()
        wish = Surrender(loop.create_future(), loop.create_future())
        other.surrender(wish)
        self._mailbox.put(wish.absorbed)
        return wish.given

    def surrender(self, wish: Surrender[Belongings]) -> None:
        """Another actor wants these calls, behind what waits already."""
        self._mailbox.put(wish)

    def view(self, call: Call, leg: Leg, agent: Agent) -> CallView:
        """The call as this agent sees it now."""
        return view(Seen(self.conversation, call, leg), agent, self._world.abilities, self._world.clock.now())

    def is_recording(self, recording_id: str) -> bool:
        """Whether this media file is being made here now."""
        return self._effects.recorded_in(recording_id) is not None

    # --- its own life ---

    async def run(self, first: Step) -> None:
        """Carries out the first step, then takes inputs one by one until the last released call is forgotten."""
        try:
            await self._carry_out(first, _BY_CALL)
            self.begun.set()
            while self.conversation.calls and not self._surrendered:
                self._notice_releases()
                await self._take(await self._mailbox.get())
        finally:
            self.begun.set()
            self._invitations.close(over=not self._surrendered)
            if not self._surrendered:
                self._mailbox.close()

    async def bury(self) -> None:
        """Clears away after a crash of `run`: recordings are ended, legs are hung up, agents are told."""
        await self._effects.abandon()
        end = self._end(EndCause.FAILED)
        self._effects.conversation = end.conversation
        self._tell(end.told)

    def _notice_releases(self) -> None:
        for call in self.conversation.calls:
            if call.released and call.uuid not in self._closing:
                self._closing.add(call.uuid)
                self._mailbox.put_later(RELEASED_CALL_S, Forgotten(call.uuid))
        if self.conversation.released:
            self.released.set()

    async def _take(self, what: Input) -> None:
        now = self._world.clock.now()
        match what:
            case Asked():
                async with asyncio.TaskGroup() as waiting:
                    late = waiting.create_task(self._answer_late(what))
                    await self._answer(what)
                    late.cancel()
            case MediaMoved(leg, source, heard):
                await self._effects.re_aim(leg, source, heard=heard)
            case CaptureFailed() | CaptureSilent() | CaptureRestored() | RecordingRecovered():
                self._tell(await self._effects.recorder_event(what))
            case RingingTooLong(leg):
                await self._ringing_too_long(leg, now)
            case PausedTooLong() | PauseRuleDue() | ToneDue() | AnnouncementOver():
                await self._on_time(what)
            case AnswerDue(leg):
                self._invitations.due(leg)
            case Watched(number):
                await self._let_watch({leg.number for call in self.conversation.calls for leg in call.talking} & {number})
            case GivenUp():
                await self._carry_out(self._end(EndCause.NORMAL), _BY_SYSTEM)
            case Forgotten(uuid):
                self._effects.forget(uuid)
            case Surrender():
                await self._hand_over(what)
            case Absorbed(wish):
                await self._take_over(wish)
            case fact:
                await self._happened(fact, now)

    async def _on_time(self, what: PausedTooLong | PauseRuleDue | ToneDue | AnnouncementOver) -> None:
        if isinstance(what, AnnouncementOver):
            self._tell(self._consents.announced(what))
            await self._let_inherit()
        elif not isinstance(what, ToneDue):
            self._tell(await self._pausing.alarm(what))
        await self._tones.look()

    async def _happened(self, fact: LegFact, now: float) -> None:
        step = await self._foreseen(lambda: progress.fact(self.conversation, fact, now, is_agent=self._world.is_agent))
        news, _ = await self._effects.of(step, _BY_CALL)
        if self._invitations.happened(fact, self.conversation):
            await asyncio.sleep(0)
        self._tell(news)
        await self._let_inherit()

    async def _hand_over(self, wish: Surrender[Belongings]) -> None:
        """Stands still until the other actor has these calls; it may have given up waiting."""
        if not wish.given.done():
            estate = self._effects
            wish.given.set_result(Belongings(estate.conversation, estate.recorders, self._mailbox, self._closing))
            self._surrendered = await wish.taken

    async def _take_over(self, wish: Surrender[Belongings]) -> None:
        await asyncio.wait((wish.given,), timeout=RECORDING_SEAL_S)
        if not wish.given.done() or wish.given.exception() is not None:
            wish.refused()
            return
        belongings = wish.given.result()
        self._closing |= belongings.closing
        self._effects.take_over(belongings.conversation, belongings.recorders)
        belongings.mailbox.bequeath(self._mailbox)
        wish.taken.set_result(True)

    async def _ringing_too_long(self, leg_id: LegId, now: float) -> None:
        for call in self.conversation.of(leg_id):
            if not call.leg(leg_id).answered:
                step = left(self.conversation, call, leg_id, EndCause.NO_ANSWER, now)
                await self._carry_out(step, _BY_CALL)

    def _end(self, cause: EndCause) -> Step:
        alive = tuple(call.uuid for call in self.conversation.calls if not call.released)
        return give_up(self.conversation, alive, cause, self._world.clock.now())

    # --- commands ---

    async def _answer(self, asked: Asked) -> None:
        command = asked.command
        try:
            news = await self._obey(asked)
        except Refusal as refusal:
            asked.failed(refusal)
            return
        except Unavailable as error:
            over = isinstance(error, LegOver)
            asked.failed(NotInState(command.operation.value, f"call state is '{LegState.RELEASED.value}'") if over else error)
            news = await self._effects.recording_failed(command, error) if command.operation in TRIGGERS else ()
        except Exception:
            asked.failed(Unavailable("call", "internal error", retryable=False))
            raise
        if not self._depends_on_a_phone(asked):
            asked.done()
        # The asker goes on first: the event is handed out after the answer (gws-api 8.1).
        await asyncio.sleep(0)
        self._tell(news)
        await self._let_inherit()

    def _depends_on_a_phone(self, asked: Asked) -> bool:
        """Whether the answer has to wait for what becomes of the party just called."""
        command = asked.command
        if asked.answer.done() or command.operation not in ANSWERED_WHEN_IT_RINGS:
            return False
        call = self.conversation.call(command.call)
        invited = [leg.id for leg in call.legs if leg.state is LegState.CALLING and leg.invited_by == command.leg]
        if invited:
            self._invitations.expect(invited[-1], asked)
        return bool(invited)

    async def _answer_late(self, asked: Asked) -> None:
        await self._world.clock.sleep_until(self._world.clock.now() + RECORDER_ANSWER_S)
        asked.failed(Unavailable("recorder" if asked.command.operation in TRIGGERS else "switch", "not done yet"))

    async def _obey(self, asked: Asked) -> tuple[News, ...]:
        command = asked.command
        call = self.conversation.call(command.call)
        leg = call.leg(command.leg)
        if command.other_leg is None and not accepted(self.conversation, call, leg, command.operation, self._world.abilities):
            raise NotInState(command.operation.value, f"call state is '{leg.state.value}'")
        if command.operation in TRIGGERS:
            return await self._effects.record(command)
        now = self._world.clock.now()
        step = await self._foreseen(lambda: commanded(self.conversation, command, self._new, now))
        news, failure = await self._effects.of(step, _BY_CALL)
        if failure is not None:
            asked.failed(failure)
        # Whoever attaches what pauses the recording hears that it is attached only when no audio passes any more.
        news = (*news, *await self._consents.look(), *await self._pausing.look())
        await self._prerolls.forget()
        return news

    # --- effects and notices ---

    async def _foreseen(self, made: Callable[[], Step]) -> Step:
        """The step, made once more when gates had to be shut before it."""
        step, before = made(), self.conversation
        self._tell(await self._consents.foresee(step.conversation))
        return step if self.conversation is before else made()

    async def _carry_out(self, step: Step, by: By) -> None:
        news, _ = await self._effects.of(step, by)
        self._tell(news)
        await self._let_inherit()

    async def _let_inherit(self) -> None:
        """Has the recording policy applied to who has come, after they were told of the call (gws-api 8.5), and the rules for
        pauses to the calls as they are; consent first, without which nothing may begin."""
        self._tell(await self._consents.look())
        for call in self.conversation.calls:
            if call.heirs:
                self._tell(await self._effects.inherit(call, self._world.rule_for(call)))
                await self._let_watch({call.leg(leg).number for leg in call.heirs})
        # A part that has just begun has the consent that was given before, or asks for it.
        self._tell(await self._consents.look())
        self._tell(await self._pausing.look())
        await self._prerolls.look()
        await self._tones.look()

    async def _let_watch(self, numbers: set[str]) -> None:
        """Rings the supervisors who want to be in the calls of who has come."""
        for watch in (watch for number in sorted(numbers) for watch in self._world.watchers.watchers(number)):
            step = monitoring.begun(self.conversation, watch, self._new.leg())
            if step.effects and Ability.MONITOR in self._world.abilities:
                await self._carry_out(step, _BY_CALL)

    def _tell(self, news: tuple[News, ...]) -> None:
        for each in news:
            match each:
                case Told(uuid, leg, notice):
                    call = self.conversation.call(uuid)
                    self._notify(call, call.leg(leg), notice)
                    self._end_watch(call.leg(leg))
                case Broken(uuid):
                    self._notify_recording(self.conversation.call(uuid), RecordingBroken)
                    self._unrecorded(self.conversation.call(uuid))
                case StillPaused(uuid):
                    self._notify_recording(self.conversation.call(uuid), PauseForgotten)

    def _unrecorded(self, call: Call) -> None:
        if call.recording.in_progress:
            return
        self.unrecorded.add(call.uuid)
        if call.required:
            log.error("call_ended_unrecorded", call=call.uuid)
            self.give_up()

    def _end_watch(self, leg: Leg) -> None:
        if leg.ear is not None and leg.state is LegState.RELEASED:
            self._world.watchers.watch_over(leg.ear.watch)

    def _notify(self, call: Call, leg: Leg, notice: Notice) -> None:
        agent = self._world.directory.at(leg.number, call.tenant)
        if agent is None or not leg.visible or (notice is Notice.RECORDING and not agent.has(Feature.VOICE_RECORDING)):
            return
        self._world.notifier.publish(CallNotice(agent, notice, self.view(call, leg, agent)))

    def _notify_recording(self, call: Call, notice: type[RecordingBroken | PauseForgotten]) -> None:
        for told in everyone(call, Notice.RECORDING):
            leg = call.leg(told.leg)
            agent = self._world.directory.at(leg.number, call.tenant)
            if agent is not None and agent.has(Feature.VOICE_RECORDING):
                self._world.notifier.publish(notice(agent, self.view(call, leg, agent)))


Changed = Callable[[CallActor, Conversation], None]
