"""One recording in the drain thread: two lanes of sockets and tracks, one gate, and the order in which things happen to it.

Pausing: the filter cuts what arrives from now on to its header, if the program has not attached it already,
when it was asked; what arrived before is drained and kept; the gate shuts; the pause goes to the journal; when it is
durable, and not before, the answer leaves; then packets that are others' are not delivered at all. Resuming is the mirror:
the journal first, then drain and throw away, then the filter comes off and the gate opens. The state that says which reasons
keep audio out is a replay of the journal, so it cannot differ from it. One operation of a recording is under way at a time;
the others wait their turn.

What an order wants of what comes before the start, and before consent, `memories` have until then.
"""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from telegraphone.capture import sockets
from telegraphone.capture.control import (
    Aim,
    Command,
    CutFact,
    GivenBack,
    Missing,
    OpenGate,
    Order,
    Seal,
    ShutGate,
    Source,
    Unkept,
)
from telegraphone.capture.files import RecordingFiles
from telegraphone.capture.lane import Lane
from telegraphone.capture.memories import Memories
from telegraphone.capture.surroundings import Surroundings
from telegraphone.capture.unkept import opened_late
from telegraphone.limits import DRAIN_PERIOD_S, OPERATIONS_WAITING_MAX, RESUME_GUARD_FRAMES
from telegraphone.media.gate import Gate
from telegraphone.media.journal import CONSENT, Continued, Ended, GateOpened, GateShut, JournalState, Started, after
from telegraphone.media.timeline import FRAME_NS, RATE

ORIGIN: Final = "origin_ns"
"""Key in the start's note: the monotonic instant of frame 0, by which a new writer life on this machine goes on."""
_BEHIND: Final = RATE + round(DRAIN_PERIOD_S * RATE)
"""Silence is written when it is a second and a drain old: later than any packet that may still come and be placed there."""


Answer = Callable[[CutFact | str | None], None]
"""Takes what a command is answered: a cut, nothing, or why it failed."""


@dataclass(slots=True)
class Tap:
    """A recording's live side. Operations answer through the callback they are given."""

    order: Order
    lanes: tuple[Lane, Lane]
    gate: Gate
    files: RecordingFiles
    around: Surroundings
    memories: Memories = field(init=False)
    """What is not for the files yet."""
    state: JournalState = field(default_factory=JournalState)
    early: set[str] = field(default_factory=set)
    """Reasons noted before the start."""
    lifted: dict[str, CutFact] = field(default_factory=dict)
    """The last lifting of each reason, for those who ask twice."""
    broken: str = ""
    """Why nothing more is kept, once the disk has failed for good."""
    busy: bool = False
    ending: bool = False
    waiting: deque[tuple[Command, Answer]] = field(default_factory=deque)

    def __post_init__(self) -> None:
        drain, room, early = self.around.drain, self.around.room, bool(self.early)
        self.memories = Memories.wanted(self.order, self.lanes, self.gate, drain, room, early=early)

    # --- operations -----------------------------------------------------------------------------------------------

    def perform(self, command: Command, answer: Answer) -> None:
        """Does what is asked, now or when what was asked before is done."""
        if self.busy:
            if len(self.waiting) >= OPERATIONS_WAITING_MAX and not isinstance(command, Seal):
                answer("too many operations are waiting")
            else:
                self.waiting.append((command, answer))
            return
        if (self.broken or self.ending) and not isinstance(command, Seal):
            answer(self.broken or "the recording is over")
            return
        match command:
            case Aim():
                answer(self.aim(command.sources))
            case OpenGate(reason=None):
                self._start(command.note, answer)
            case OpenGate(reason=str() as reason):
                self._lift(reason, command.note, answer)
            case ShutGate():
                self._shut(command, answer)
            case Missing():
                self.around.drain(lane := self.lanes[command.track])
                lane.miss_since(command.since_ns)
                answer(None)
            case Seal():
                self._end(command, answer)
            case _:
                raise AssertionError(command)

    def aim(self, sources: tuple[Source, Source]) -> str | None:
        """Lets the kernel throw away everybody else, from now on; answers whom it cannot let in, and why."""
        problem: str | None = None
        if self.memories.start is not None and not self.gate.is_open:
            self.memories.start.open_at(self._frame_now_ns())
        for lane, source in zip(self.lanes, sources, strict=True):
            if lane.pipeline.source.codecs:  # what waits was sent by the old source, and is judged by its aim
                self.around.drain(lane)
            problem = lane.aim(source) or problem
            lane.deliver(whole=self.gate.is_open)
            if lane.deaf:
                # What comes after this follows upon nothing, however long its sender's clock stood still.
                self.around.drain(lane)
                lane.pipeline.flush(interrupted=True)
                lane.pipeline.timeline.forget()
        self._mute()
        return problem

    def restore(self, state: JournalState, floors: tuple[int, int]) -> int:
        """Goes on where an earlier life stopped, gates as its journal says; answers the frames that may be missing."""
        self.state = state
        assert state.started is not None
        self.memories.start = None
        self.memories.started(state)
        now_ns = self.around.now_ns()
        elapsed_ns = int((self.around.moment(now_ns) - state.started.at).total_seconds() * 1e9)
        origin_ns = int(state.started.note.get(ORIGIN, now_ns - elapsed_ns))
        for lane, floor in zip(self.lanes, floors, strict=True):
            lane.pipeline.start_at(origin_ns)
            lane.pipeline.track.head = floor
        self.around.write(self.files, Continued(self.around.moment(now_ns), self._position(now_ns)), None)
        if state.ended:
            return 0
        shut = [span for span in state.spans if span.stop is None and span.reason in self.memories.keep_out(state)]
        opened = max((span.stop or 0 for span in state.spans), default=0)
        self.gate.open(0 if shut else opened, origin_ns)
        if shut:
            self._cut_off()
            self.gate.shut(min(span.start for span in shut))
        elif self._takes_audio:
            self.gate.since_ns = origin_ns + opened * FRAME_NS
            for lane in self.lanes:
                lane.deliver(whole=True)
        if self.memories.consent is not None:
            self.memories.consent.lost_before(self._position(now_ns))
        return max(0, (now_ns - origin_ns) // FRAME_NS - max(floors))

    def _start(self, note: dict[str, str], answer: Answer) -> None:
        if self.state.started:
            answer(self._start_fact(self.state.started))
            return
        now_ns = self._frame_now_ns()
        kept = self.memories.start.frames(now_ns) if self.memories.start is not None else 0
        origin_ns = self.order.since_ns // FRAME_NS * FRAME_NS or now_ns - kept * FRAME_NS
        at, full_note = self.around.moment(origin_ns), {**note, ORIGIN: str(origin_ns)}
        record = Started(at, self.order.call, RATE, self.order.tracks, tuple(sorted(self.early)), full_note, kept)

        def durable() -> None:
            self.memories.started(self.state)
            if kept:
                self._keep(origin_ns)
            else:
                self.memories.forget_start()
                for lane in self.lanes:
                    lane.pipeline.start_at(origin_ns)
                if self._takes_audio:
                    self._let_in(0)
            answer(self._start_fact(record))
            self._mute()

        self._journal(record, durable, answer)

    def _lift(self, reason: str, note: dict[str, str], answer: Answer) -> None:
        now_ns = self.around.now_ns()
        at = self.around.moment(now_ns)
        if not self.state.started:
            self.early.discard(reason)
            answer(CutFact(at, 0, tuple(sorted(self.early))))
            return
        if reason not in self.state.shut_for:
            answer(self.lifted.get(reason) or self._cut_fact(at, self._position(now_ns)))
            return
        position, kept = self._position(now_ns), 0
        if reason == CONSENT and self.memories.consent is not None:
            due, position = position, self.memories.consent.first(position)
            kept = due - position
        elif self.memories.keep_out(self.state) == {reason}:
            position += RESUME_GUARD_FRAMES

        def durable() -> None:
            if reason == CONSENT:
                self._agreed(position)
            if self._takes_audio and not self.gate.is_open:
                self._let_in(position)
                for lane in self.lanes:
                    opened_late(lane.pipeline, position, self.around.now_ns(), unseen=lane.is_others and not lane.deaf)
            self.lifted[reason] = self._cut_fact(at, position, kept)
            answer(self.lifted[reason])

        self._journal(GateOpened(reason, at, position, note, kept), durable, answer)

    def _shut(self, command: ShutGate, answer: Answer) -> None:
        reason = command.reason
        if not self.state.started:
            self.early.add(reason)
            self.memories.forget_start()
            answer(CutFact(self.around.moment(self.around.now_ns()), 0, tuple(sorted(self.early))))
            return
        if reason == CONSENT and self.memories.consent is not None:
            self.memories.forget(self.around.now_ns())
        elif reason in self.state.shut_for:
            span = next(span for span in reversed(self.state.spans) if span.reason == reason)
            answer(self._cut_fact(span.started_at, span.start))
            self._mute()
            return
        t_ns = self._cut(command.cut_ns)
        at, position = self.around.moment(t_ns), self._position(t_ns)
        record = GateShut(reason, at, position, command.note)

        def durable() -> None:
            answer(self._cut_fact(at, position))
            self._mute()

        self._journal(record, durable, answer)

    def _end(self, command: Seal, answer: Answer) -> None:
        self.ending = True
        if not self.state.started:
            self.memories.forget_start()
        if self.broken or not self.state.started or self.state.ended:
            self._give_back()
            answer(self.broken or None)
            return
        t_ns = self._cut(command.cut_ns)
        self.memories.forget(t_ns)
        self._give_back()
        position = self._position(t_ns)
        for lane in self.lanes:
            lane.pipeline.outage.tell(position)
            lane.pipeline.track.fill(position)
            lane.pipeline.track.close()
        self.collect()
        note = command.note
        record = Ended(self.around.moment(t_ns), position, note.get("reason", "stopped"), note)
        self._journal(record, lambda: answer(None), answer)

    def break_off(self, why: str) -> None:
        """Nothing can be written any more: no audio is taken in, and every operation fails."""
        self.broken = self.broken or why
        self.memories.forget(self.around.now_ns())
        if self.gate.is_open:
            self._cut()

    # --- what is in memory alone ----------------------------------------------------------------------------------

    def _keep(self, origin_ns: int) -> None:
        assert self.memories.start is not None
        for gap in self.memories.start.keep(origin_ns):
            self.around.write(self.files, gap, None)
        self.memories.start = None
        self.collect()

    def _agreed(self, position: int) -> None:
        if self.memories.consent is not None:
            for gap in self.memories.consent.keep(position):
                self.around.write(self.files, gap, None)
            self.memories.consent = None
            self.collect()

    # --- the gate -------------------------------------------------------------------------------------------------

    @property
    def _takes_audio(self) -> bool:
        """Whether audio is kept, or kept in memory."""
        return self.state.started is not None and self.state.ended is None and not self.memories.keep_out(self.state)

    def _cut(self, cut_ns: int = 0) -> int:
        """Shuts the gate, keeping everything that arrived before the cut; answers its instant: `cut_ns`, when the kernel
        was told to cut then and by nobody to deliver whole packets since, else now."""
        if not self.gate.is_open:
            return self.around.now_ns()
        self._cut_off()
        t_ns = cut_ns if cut_ns > max(lane.whole_ns for lane in self.lanes) else self.around.now_ns()
        for lane in self.lanes:
            self.around.drain(lane)
            due = lane.pipeline.timeline.position_at(t_ns)
            lane.pipeline.flush(until=due)
            lane.pipeline.outage.tell(due)
        self.gate.shut(self._position(t_ns))
        if self.memories.now is not None:
            self.memories.now.put_away()
        self.collect()
        return t_ns

    def _cut_off(self) -> None:
        for lane in self.lanes:
            lane.deliver(whole=False)

    def _mute(self) -> None:
        """The second lock of a pause, behind the gate: of packets to others not even the headers are delivered. Who sends to
        us is asked to send nothing."""
        if self.gate.is_open or not self.state.started:
            return
        for lane in self.lanes:
            if lane.is_others:
                sockets.deliver_nothing(lane.rtp)
                self.around.drain(lane)
                lane.pipeline.flush(interrupted=True)

    def _let_in(self, position: int) -> None:
        """Throws away what arrived so far and opens the gate for what comes."""
        for lane in self.lanes:
            self.around.drain(lane)
            lane.pipeline.flush()
        now_ns = self.around.now_ns()
        for lane in self.lanes:
            lane.deliver(whole=True)
        self.gate.open(position, now_ns)

    def _frame_now_ns(self) -> int:
        return self.around.now_ns() // FRAME_NS * FRAME_NS

    def _position(self, at_ns: int) -> int:
        """The frame that is due, or the first one that no track has stored: a sender's clock may run a little ahead."""
        heads = (lane.pipeline.track.head for lane in self.lanes)
        return max(0, self.lanes[0].pipeline.timeline.position_at(at_ns), *heads)

    def _cut_fact(self, at: datetime, position: int, kept: int = 0) -> CutFact:
        return CutFact(at, position, tuple(sorted(self.state.shut_for)), kept)

    def _start_fact(self, started: Started) -> CutFact:
        return self._cut_fact(started.at + timedelta(microseconds=started.kept * FRAME_NS / 1000), started.kept)

    # --- the flow of things ---------------------------------------------------------------------------------------

    def _journal(self, record: Started | GateShut | GateOpened | Ended, durable: Callable[[], None], answer: Answer) -> None:
        self.busy = True

        def written(error: str) -> None:
            if error:
                answer(error)
            else:
                self.state = after(self.state, record)
                durable()
            self.busy = False
            while self.waiting and not self.busy:
                self.perform(*self.waiting.popleft())

        self.around.write(self.files, record, written)

    def collect(self) -> None:
        """Gives what the tracks have ready to the writer: journal records first, then audio."""
        if self.memories.now is not None:
            self.memories.now.take()
            return
        for lane in self.lanes:
            pipeline = lane.pipeline
            if pipeline.records:
                for record in pipeline.records:
                    self.around.write(self.files, record, None)
                pipeline.records.clear()
            output = pipeline.track.output
            if output:
                self.around.store(self.files, output)
                output.clear()

    def unkept(self, now_ns: int) -> Iterator[Unkept]:
        """News of packets that come and are not kept; to be asked about once a second."""
        wanted = self.gate.is_open and self.state.started is not None
        for track, lane in enumerate(self.lanes):
            for since_ns in lane.unkept(now_ns, wanted=wanted):
                yield Unkept(self.order.recording, track, since_ns)

    def advance(self, now_ns: int) -> None:
        """Silence grows with time: at once while the gate is shut, so that what was said before is not kept waiting in
        memory for its segment to fill."""
        if self.memories.now is not None:
            if not self.busy:
                self.memories.now.grow_old(now_ns)
        elif self.state.started and not self.ending:
            behind = _BEHIND if self.gate.is_open else 0
            position = self.lanes[0].pipeline.timeline.position_at(now_ns) - behind
            for lane in self.lanes:
                lane.pipeline.advance(position)

    def _give_back(self) -> None:
        """Nothing comes any more: another recording may have the sockets while this one is being finished."""
        for lane in self.lanes:
            lane.close()
        self.around.tell(GivenBack(self.order.recording))
