"""What came before a late start: all of it that may be kept is the beginning of the recording, and nothing else is.

A tap in virtual time, with a kernel that holds packets back, a network that delays and loses them, and a disk that takes its
time. Every frame says which it is, so whatever is stored proves when it was spoken (properties PCI-1, CMP-7).
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from hypothesis import event, given, settings
from hypothesis import strategies as st

from telegraphone.capture.control import OpenGate, Order, Seal, ShutGate, Source
from telegraphone.capture.surroundings import Surroundings
from telegraphone.capture.tap import Tap
from telegraphone.media.gate import Gate
from telegraphone.media.journal import Ended, Gap, GateSpan, JournalState, Started, TrackFact
from telegraphone.media.memory import Room
from telegraphone.media.pipeline import Pipeline
from telegraphone.media.track import EpochClosed, EpochOpened, Output, SegmentsFilled, Track
from telegraphone.wire.rtp.packet import RtpPacket
from tests.unit.media.intake import FRAME, MS, ORIGIN_NS, moment

LASTS_MS = 2_400
DRAIN_MS, ADVANCE_MS = 100, 500
DELAY_MS_MAX = 50
GUARD_MS = 60
PACKETS = LASTS_MS // 20
SOURCES = tuple(Source("192.0.2.1", port, {"0": "PCMU"}) for port in (4_000, 4_002))
TRACKS = (TrackFact(0, "agent", "a"), TrackFact(1, "other", "b"))


def said(stream: int, number: int) -> bytes:
    """A frame that tells its stream and number wherever it lies, and is no filler."""
    return b"%1d%06d " % (stream, number) * (FRAME // 8)


@dataclass
class KernelLane:
    """A lane whose socket is a list: what arrived, whole or cut as it was then."""

    pipeline: Pipeline
    waiting: list[tuple[int, RtpPacket]] = field(default_factory=list)
    filter: str = "nothing"
    deaf: bool = False
    is_others: bool = False
    whole_ns: int = 0
    now: Callable[[], int] = lambda: 0

    def aim(self, source: Source) -> None:
        self.pipeline.aim({0: "PCMU"}, source.ssrc)

    def deliver(self, *, whole: bool) -> None:
        self.filter = "whole" if whole else "headers"
        if whole:
            self.whole_ns = self.now()

    def arrive(self, at_ns: int, packet: RtpPacket) -> None:
        if self.filter != "nothing":
            payload = packet.payload if self.filter == "whole" else b""
            self.waiting.append((at_ns, RtpPacket(0, packet.sequence_number, packet.timestamp, packet.ssrc, payload)))

    def close(self) -> None:
        self.filter = "closed"


class Stage:
    """One recording from its reservation to its end."""

    def __init__(self, before_s: float, disk_ms: int, consent_s: float = 0.0, since_ms: int = 0) -> None:
        self.now_ns, self.disk_ms = ORIGIN_NS, disk_ms
        self.due: list[tuple[int, Callable[[str], None]]] = []
        self.records: list[Any] = []
        self.stored: tuple[bytearray, bytearray] = (bytearray(), bytearray())
        self.began: list[int] = []
        """The first frame of each file."""
        gate, self.room = Gate(), Room()
        self.lanes = tuple(KernelLane(Pipeline(Track(stream), gate, moment), now=lambda: self.now_ns) for stream in (0, 1))
        around = Surroundings(self.drain, self.write, self.store, lambda: self.now_ns, moment, self.room, lambda _: None)
        since_ns = ORIGIN_NS + since_ms * MS if since_ms else 0
        order = Order("recording", "call", "tenant", TRACKS, before_s, consent_s, since_ns)
        self.tap = Tap(order, self.lanes, gate, None, around)  # type: ignore[arg-type]  # what a tap asks of lanes, without sockets
        self.tap.aim((SOURCES[0], SOURCES[1]))

    def drain(self, lane: KernelLane) -> int:
        waiting, lane.waiting = lane.waiting, []
        for at_ns, packet in waiting:
            lane.pipeline.receive(packet, at_ns)
        if waiting:
            lane.pipeline.drained(self.now_ns)
        return self.now_ns

    def write(self, files: object, item: object, done: Callable[[str], None] | None) -> None:
        self.records.append(item)
        if done is not None:
            self.due.append((self.now_ns + self.disk_ms * MS, done))

    def store(self, files: object, output: list[Output]) -> None:
        assert self.tap.state.started is not None, "not before the start is durable"
        for item in output:
            stored = self.stored[item.stream]
            match item:
                case EpochOpened(first_frame=first):
                    self.began.append(first)
                    stored.extend(b"\xff" * (first - len(stored)))
                case SegmentsFilled(_, audio) | EpochClosed(_, audio):
                    stored.extend(audio)

    def until(self, ms: int, arrivals: list[tuple[int, int, RtpPacket]]) -> None:
        """Lets time pass: packets arrive, the disk answers, sockets are read, silence grows."""
        at = (self.now_ns - ORIGIN_NS) // MS
        while at < ms:
            due = [arrivals[0][0]] if arrivals else []
            due += [(self.due[0][0] - ORIGIN_NS) // MS] if self.due else []
            at = max(at + 1, min(ms, (at // DRAIN_MS + 1) * DRAIN_MS, *due))
            self.now_ns = ORIGIN_NS + at * MS
            while arrivals and arrivals[0][0] <= at:
                _, stream, packet = arrivals.pop(0)
                self.lanes[stream].arrive(self.now_ns, packet)
            while self.due and self.due[0][0] <= self.now_ns:
                self.due.pop(0)[1]("")
            if at % DRAIN_MS == 0:
                for lane in self.lanes:
                    self.drain(lane)
                    if lane.pipeline.busy:
                        lane.pipeline.drained(self.now_ns)
                self.tap.collect()
            if at % ADVANCE_MS == 0:
                self.tap.advance(self.now_ns)
                self.tap.collect()

    def broke_silence(self, state: JournalState) -> list[GateSpan]:
        """The spans that are to be silent and are not."""
        return [span for span in state.spans for each in self.stored if bytes(each[span.start : span.stop]).strip(b"\xff")]

    def places(self, stream: int) -> dict[int, list[int]]:
        """Where each frame of a stream lies."""
        found: dict[int, list[int]] = {}
        for number in range(PACKETS):
            mark, audio = said(stream, number), bytes(self.stored[stream])
            place = audio.find(mark)
            while place >= 0:
                found.setdefault(number, []).append(place)
                place = audio.find(mark, place + FRAME)
        return found


Delays = list[list[int]]
networks = st.lists(st.lists(st.integers(0, DELAY_MS_MAX), max_size=2), min_size=8, max_size=40)
"""The delays of a packet's copies, for one packet after the other, over and over."""
operations = st.lists(st.tuples(st.integers(100, LASTS_MS - 200), st.sampled_from(["shut", "open"])), max_size=4).map(sorted)


def arrivals(network: Delays) -> list[tuple[int, int, RtpPacket]]:
    packets = []
    for stream in (0, 1):
        for n in range(PACKETS):
            packet = RtpPacket(0, (65_500 + n) & 0xFFFF, (0xFFFF_F000 + n * FRAME) & 0xFFFFFFFF, 7 + stream, said(stream, n))
            packets += [(20 * (n + 1) + delay, stream, packet) for delay in network[(n + stream) % len(network)]]
    return sorted(packets, key=lambda each: each[0])


def arrived(network: Delays) -> tuple[dict[int, list[int]], dict[int, list[int]]]:
    """For each stream, when each of its packets comes."""
    came: tuple[dict[int, list[int]], dict[int, list[int]]] = ({}, {})
    for at, stream, packet in arrivals(network):
        came[stream].setdefault(int(packet.payload[1:7]), []).append(at)
    return came


def on_one_timeline(stage: Stage) -> list[dict[int, list[int]]]:
    """For each stream, where each of its packets is; once, and as far from each other as they were said."""
    places = [stage.places(stream) for stream in (0, 1)]
    offsets = [{place - number * FRAME for number, [place] in found.items()} for found in places]
    assert all(len(each) <= 1 for each in offsets), "one mapping from beginning to end, and nothing twice"
    if all(offsets):
        assert abs(offsets[0].pop() - offsets[1].pop()) <= DELAY_MS_MAX * 8, "both parties on one timeline"
    return places


@settings(max_examples=60, deadline=None)
@given(networks, operations, st.integers(300, LASTS_MS - 400), st.sampled_from([0.5, 1.0, 20.0]), st.integers(0, 40))
def test_what_may_be_kept_is_kept_in_its_place_and_nothing_else(
    network: Delays, operated: list[tuple[int, str]], start_ms: int, before_s: float, disk_ms: int
) -> None:
    stage, coming = Stage(before_s, disk_ms), arrivals(network)
    answers: list[object] = []
    script = sorted([*operated, (start_ms, "start")], key=lambda each: each[0])
    for at, what in script:
        stage.until(at, coming)
        match what:
            case "start":
                stage.tap.perform(OpenGate(1, "recording", None, {}), answers.append)
            case "shut":
                stage.tap.perform(ShutGate(1, "recording", "hold", {}, 0), answers.append)
            case _:
                stage.tap.perform(OpenGate(1, "recording", "hold", {}), answers.append)
    stage.until(LASTS_MS, coming)
    stage.tap.perform(Seal(1, "recording", {}), answers.append)
    stage.until(LASTS_MS + 2 * disk_ms + 2, [])
    assert not [each for each in answers if isinstance(each, str)]

    [started] = [each for each in stage.records if isinstance(each, Started)]
    [ended] = [each for each in stage.records if isinstance(each, Ended)]
    begins_ms = (started.at - moment(ORIGIN_NS)) / timedelta(milliseconds=1)
    before = [at for at, what in operated if what == "shut" and at <= start_ms]
    assert started.kept == 0 if before else True
    assert begins_ms == start_ms - started.kept / 8
    assert abs(ended.position / 8 - (LASTS_MS - begins_ms)) <= DELAY_MS_MAX + 1
    event(f"kept {bool(started.kept)}, shut before {bool(before)}")
    holes = [(gap.stream, gap.start, gap.stop) for gap in stage.records if isinstance(gap, Gap)]
    assert all(0 <= low < high for _, low, high in holes)
    came = arrived(network)
    for stream, found in enumerate(on_one_timeline(stage)):
        for number in found:
            first, last = min(came[stream][number]), max(came[stream][number])
            assert last >= start_ms - before_s * 1000 - 20, "no older than wanted"
            assert last >= start_ms or not before, "a reason leaves nothing of what came before it"
            assert not shut_all_along(operated, start_ms, first, last, disk_ms), "nothing that came while shut"
        if not [what for what in operated if what[1] == "shut"]:
            due = {n for n, at in came[stream].items() if begins_ms + 20 + DELAY_MS_MAX <= min(at) <= LASTS_MS}
            # While the first packets are looked at, one that comes late may be too late.
            assert due - found.keys() <= {n for n in due if n < 4}


def shut_all_along(operated: list[tuple[int, str]], start_ms: int, first: int, last: int, disk_ms: int) -> bool:
    """Whether every copy came between the answer to a shutting and the asking for the next opening."""
    shut_at: int | None = None
    for at, what in [*operated, (LASTS_MS, "open")]:
        if what == "shut" and shut_at is None:
            shut_at = at
        elif what == "open" and shut_at is not None:
            if shut_at + 4 * disk_ms + 1 < first and last < at:
                return True
            shut_at = None
    return False


def test_a_recording_that_nobody_starts_leaves_nothing() -> None:
    stage, coming = Stage(5.0, 10), arrivals([[0]])
    stage.until(2_000, coming)
    assert stage.tap.memories.start is not None
    assert stage.room.left < Room().left
    stage.tap.perform(Seal(1, "recording", {}), lambda _: None)
    assert (stage.records, stage.stored, stage.tap.memories.start) == ([], (b"", b""), None)
    assert stage.room.left == Room().left


def test_a_start_whose_journal_fails_leaves_nothing() -> None:
    stage, coming = Stage(5.0, 10), arrivals([[0]])
    stage.until(2_000, coming)
    answers: list[object] = []
    stage.tap.perform(OpenGate(1, "recording", None, {}), answers.append)
    stage.due.pop()[1]("the disk is full")
    stage.tap.break_off("the disk is full")
    stage.until(LASTS_MS, coming)
    assert (answers, stage.stored, stage.tap.memories.start) == (["the disk is full"], (b"", b""), None)
    assert stage.room.left == Room().left


def test_without_the_order_nothing_is_let_in_before_the_start() -> None:
    stage, coming = Stage(0.0, 10), arrivals([[0]])
    stage.until(LASTS_MS, coming)
    assert stage.tap.memories.start is None
    assert {lane.filter for lane in stage.lanes} == {"headers"}
    assert stage.room.left == Room().left
