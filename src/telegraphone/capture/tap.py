"""One recording in the drain thread: two lanes of sockets and tracks, one gate, and the order in which things happen to it.

Pausing (capture.md 2): the filter cuts what arrives from now on to its header, if the program has not attached it already,
when it was asked; what arrived before is drained and kept; the gate shuts; the pause goes to the journal; when it is
durable, and not before, the answer leaves. Resuming is the mirror: the journal first, then drain and throw away, then the
filter comes off and the gate opens. The state that says which reasons keep audio out is a replay of the journal, so it
cannot differ from it. One operation of a recording is under way at a time; the others wait their turn.
"""

import socket
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from telegraphone.capture import packet_socket, sockets
from telegraphone.capture.control import SOCKETS, Aim, Command, CutFact, OpenGate, Order, Seal, ShutGate, Source
from telegraphone.capture.converting import ConvertingReceiver, codecs_kept
from telegraphone.capture.files import Item, RecordingFiles
from telegraphone.capture.unkept import Unkept
from telegraphone.limits import OPERATIONS_WAITING_MAX, RESUME_GUARD_FRAMES
from telegraphone.media.gate import Gate
from telegraphone.media.journal import Continued, Ended, GateOpened, GateShut, JournalState, Started, after
from telegraphone.media.pipeline import Pipeline
from telegraphone.media.timeline import FRAME_NS, RATE
from telegraphone.media.track import Output, Track

ORIGIN: Final = "origin_ns"
"""Key in the start's note: the monotonic instant of frame 0, by which a new writer life on this machine goes on."""
_PORT_MAX: Final = 65_535
_BEHIND: Final = RATE
"""Silence is written when it is a second old: later than any packet that may still come and be placed there."""


class Lane:
    """One track's sockets and pipeline. `rtp` is the socket that is read: ours, or one that sees packets to others."""

    __slots__ = (
        "_match",
        "_own",
        "_packets",
        "control",
        "converting",
        "deaf",
        "descriptor",
        "drops",
        "pipeline",
        "rtp",
        "unkept",
        "whole_ns",
    )

    def __init__(
        self, rtp: socket.socket, control: socket.socket, pipeline: Pipeline, packets: socket.socket | None = None
    ) -> None:
        self.rtp = self._own = rtp
        self.control = control
        self.descriptor = rtp.fileno()
        self.pipeline = pipeline
        self._packets = packets
        self._match: list[packet_socket.Instruction] = []
        self.drops = 0
        self.converting: ConvertingReceiver | None = None
        """Reads what is not plain G.711; None: the straight path."""
        self.deaf = False
        """Whether nobody is to be heard here: the kernel throws everything away, gate open or not."""
        self.whole_ns = 0
        """Since when packets are let in whole, unless somebody has had them cut since."""
        self.unkept = Unkept()

    @property
    def ahead(self) -> int:
        """Bytes before the RTP header in what is read."""
        return 0 if self.rtp is self._own else packet_socket.AHEAD_BYTES

    def face(self, source: Source) -> None:
        """Chooses the socket at which this source is heard, and keeps it to the source. `deliver` then lets it in."""
        if source.arrives_at is None:
            self._read(self._own)
            self._own.connect((source.host, source.port))
            if source.port < _PORT_MAX:
                self.control.connect((source.host, source.port + 1))
                sockets.deliver_all(self.control)
        else:
            assert self._packets is not None, "the program sends no such source to a recorder without packet sockets"
            self._read(self._packets)
            self._match = packet_socket.stream((source.host, source.port), source.arrives_at)

    def deliver(self, *, whole: bool) -> None:
        """Lets in packets whole, or their headers alone; nothing where nobody is to be heard."""
        if self.deaf:
            sockets.deliver_nothing(self.rtp)
        elif self.rtp is self._own:
            (sockets.deliver_all if whole else sockets.deliver_headers)(self.rtp)
        else:
            packet_socket.deliver(self.rtp, self._match, packet_socket.EVERYTHING if whole else packet_socket.HEADERS)
        if whole:
            self.whole_ns = time.monotonic_ns()

    def _read(self, wanted: socket.socket) -> None:
        if self.rtp is not wanted:
            # What the other one holds may have waited for this worker.
            sockets.deliver_nothing(self.rtp)
            sockets.throw_away(self.rtp)
            self.rtp, self.descriptor, self.drops = wanted, wanted.fileno(), 0

    def close(self) -> None:
        """Gives the sockets back."""
        for each in (self._own, self.control, self._packets):
            if each is not None:
                each.close()


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a tap needs of its worker: to read a lane until it is empty, to have something written, to know the time."""

    drain: Callable[[Lane], int]
    """Reads until nothing waits; answers the monotonic instant before the last look."""
    write: Callable[[RecordingFiles, Item, Callable[[str], None] | None], None]
    """Queues an item; the callback is called with an error text, empty when the item is durable."""
    store: Callable[[RecordingFiles, list[Output]], None]
    """Queues what a track has ready."""
    now_ns: Callable[[], int]
    moment: Callable[[int], datetime]


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

    # --- operations -----------------------------------------------------------------------------------------------

    def perform(self, command: Command, answer: Answer) -> None:
        """Does what is asked, now or when what was asked before is done."""
        if self.busy:
            if len(self.waiting) >= OPERATIONS_WAITING_MAX:
                answer("too many operations are waiting")
            else:
                self.waiting.append((command, answer))
            return
        if self.broken and not isinstance(command, Seal):
            answer(self.broken)
            return
        match command:
            case Aim():
                self.aim(command.sources)
                answer(None)
            case OpenGate(reason=None):
                self._start(command.note, answer)
            case OpenGate(reason=str() as reason):
                self._lift(reason, command.note, answer)
            case ShutGate():
                self._shut(command, answer)
            case Seal():
                self._end(command, answer)
            case _:
                raise AssertionError(command)

    def aim(self, sources: tuple[Source, Source]) -> None:
        """Lets the kernel throw away everybody else, from now on."""
        for lane, source in zip(self.lanes, sources, strict=True):
            if lane.pipeline.source.codecs:  # what waits was sent by the old source, and is judged by its aim
                self.around.drain(lane)
            lane.deaf = not source.host
            if not lane.deaf:
                lane.face(source)
                lane.converting = ConvertingReceiver.wanted(source, lane.converting)
                lane.pipeline.aim(codecs_kept(source), source.ssrc, steady=source.steady)
            lane.deliver(whole=self.gate.is_open)

    def restore(self, state: JournalState, floors: tuple[int, int]) -> int:
        """Goes on where an earlier life stopped, gates as its journal says; answers the frames that may be missing."""
        self.state = state
        assert state.started is not None
        now_ns = self.around.now_ns()
        elapsed_ns = int((self.around.moment(now_ns) - state.started.at).total_seconds() * 1e9)
        origin_ns = int(state.started.note.get(ORIGIN, now_ns - elapsed_ns))
        for lane, floor in zip(self.lanes, floors, strict=True):
            lane.pipeline.start_at(origin_ns)
            lane.pipeline.track.head = floor
        self.around.write(self.files, Continued(self.around.moment(now_ns), self._position(now_ns)), None)
        if state.ended:
            return 0
        shut = [span for span in state.spans if span.stop is None]
        opened = max((span.stop or 0 for span in state.spans), default=0)
        self.gate.open(0 if shut else opened, origin_ns)
        if shut:
            self._cut_off()
            self.gate.shut(min(span.start for span in shut))
        elif state.keeps_audio:
            self.gate.since_ns = origin_ns + opened * FRAME_NS
            for lane in self.lanes:
                lane.deliver(whole=True)
        return max(0, (now_ns - origin_ns) // FRAME_NS - max(floors))

    def _start(self, note: dict[str, str], answer: Answer) -> None:
        if self.state.started:
            answer(self._cut_fact(self.state.started.at, 0))
            return
        origin_ns = self.around.now_ns() // FRAME_NS * FRAME_NS
        at = self.around.moment(origin_ns)
        full_note = {**note, ORIGIN: str(origin_ns)}
        record = Started(at, self.order.call, RATE, self.order.tracks, tuple(sorted(self.early)), full_note)

        def durable() -> None:
            for lane in self.lanes:
                lane.pipeline.start_at(origin_ns)
            if self.state.keeps_audio:
                self._let_in(0)
            answer(self._cut_fact(at, 0))

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
        last = self.state.shut_for == {reason}
        position = self._position(now_ns) + (RESUME_GUARD_FRAMES if last else 0)

        def durable() -> None:
            if self.state.keeps_audio:
                self._let_in(position)
            self.lifted[reason] = self._cut_fact(at, position)
            answer(self.lifted[reason])

        self._journal(GateOpened(reason, at, position, note), durable, answer)

    def _shut(self, command: ShutGate, answer: Answer) -> None:
        reason = command.reason
        if not self.state.started:
            self.early.add(reason)
            answer(CutFact(self.around.moment(self.around.now_ns()), 0, tuple(sorted(self.early))))
            return
        if reason in self.state.shut_for:
            span = next(span for span in reversed(self.state.spans) if span.reason == reason)
            answer(self._cut_fact(span.started_at, span.start))
            return
        t_ns = self._cut(command.cut_ns)
        at, position = self.around.moment(t_ns), self._position(t_ns)
        record = GateShut(reason, at, position, command.note)
        self._journal(record, lambda: answer(self._cut_fact(at, position)), answer)

    def _end(self, command: Seal, answer: Answer) -> None:
        self.ending = True
        if self.broken or not self.state.started or self.state.ended:
            answer(self.broken or None)
            return
        t_ns = self._cut(command.cut_ns)
        position = self._position(t_ns)
        for lane in self.lanes:
            track = lane.pipeline.track
            track.fill(position)
            track.close()
        self.collect()
        note = command.note
        record = Ended(self.around.moment(t_ns), position, note.get("reason", "stopped"), note)
        self._journal(record, lambda: answer(None), answer)

    def break_off(self, why: str) -> None:
        """Nothing can be written any more: no audio is taken in, and every operation fails."""
        self.broken = self.broken or why
        if self.gate.is_open:
            self._cut()

    # --- the gate -------------------------------------------------------------------------------------------------

    def _cut(self, cut_ns: int = 0) -> int:
        """Shuts the gate, keeping everything that arrived before the cut; answers its instant: `cut_ns`, when the kernel
        was told to cut then and by nobody to deliver whole packets since, else now."""
        if not self.gate.is_open:
            return self.around.now_ns()
        self._cut_off()
        t_ns = cut_ns if cut_ns > max(lane.whole_ns for lane in self.lanes) else self.around.now_ns()
        for lane in self.lanes:
            self.around.drain(lane)
            lane.pipeline.flush()
        self.gate.shut(self._position(t_ns))
        self.collect()
        return t_ns

    def _cut_off(self) -> None:
        for lane in self.lanes:
            lane.deliver(whole=False)

    def _let_in(self, position: int) -> None:
        """Throws away what arrived so far and opens the gate for what comes."""
        for lane in self.lanes:
            self.around.drain(lane)
            lane.pipeline.flush()
        now_ns = self.around.now_ns()
        for lane in self.lanes:
            lane.deliver(whole=True)
        self.gate.open(position, now_ns)

    def _position(self, at_ns: int) -> int:
        """The frame that is due, or the first one that no track has stored: a sender's clock may run a little ahead."""
        heads = (lane.pipeline.track.head for lane in self.lanes)
        return max(0, self.lanes[0].pipeline.timeline.position_at(at_ns), *heads)

    def _cut_fact(self, at: datetime, position: int) -> CutFact:
        return CutFact(at, position, tuple(sorted(self.state.shut_for)))

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

    def unkept(self) -> Iterator[str]:
        """What a person should know of packets that come and are not kept; to be asked about once a second."""
        wanted = self.gate.is_open and self.state.started is not None
        for stream, lane in enumerate(self.lanes):
            if lane.unkept.look(lane.pipeline.counts, wanted=wanted):
                what = "none is kept" if lane.unkept.told else "they are kept again"
                yield f"recording {self.order.recording}: packets come for stream {stream}, and {what}"

    def advance(self, now_ns: int) -> None:
        """Silence grows with time: at once while the gate is shut, so that what was said before is not kept waiting in
        memory for its segment to fill."""
        if self.state.started and not self.ending:
            behind = _BEHIND if self.gate.is_open else 0
            position = self.lanes[0].pipeline.timeline.position_at(now_ns) - behind
            for lane in self.lanes:
                lane.pipeline.advance(position)

    def close(self) -> None:
        """Gives the sockets back."""
        for lane in self.lanes:
            lane.close()


def new_lanes(opened: list[socket.socket], gate: Gate, moment: Callable[[int], datetime]) -> tuple[Lane, Lane]:
    """Lanes over RTP and RTCP of track 0, then of track 1, and where there are any over their packet sockets."""
    lanes = []
    for stream in (0, 1):
        rtp, control = opened[2 * stream : 2 * stream + 2]
        packets = opened[SOCKETS + stream] if len(opened) > SOCKETS else None
        lanes.append(Lane(rtp, control, Pipeline(Track(stream), gate, moment), packets))
    return lanes[0], lanes[1]
