"""The whole data plane of one track on one page: RTP in, stored frames and journal records out.

    packet → source (whose is it?) → reorder → timeline (where is it?) → gate (may it be kept?) → track → segments

Theory. A steady stream is boring: the next packets have the headers that follow from the last one, the same size, and lie
where the last one ended. `receive_run` takes such a run of n packets with one comparison and one copy: the n headers, read
as one big number, must equal H·(1 + 2⁹⁶ + 2¹⁹² + …) plus what sequence number and timestamp rise from packet to packet,
where H is the header that is due. A carry out of a counter spoils the comparison, which is right: then, as after anything
else unusual, the packets go one by one through `receive`, where every rule is applied, and the run resumes behind them.

While the gate is shut the sockets deliver headers only, which hold no audio, or nothing at all. Timestamps place what comes then.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from functools import cache
from typing import Final

from telegraphone.limits import REORDER_WINDOW_NS, RUN_PACKETS_MAX, SEGMENT_FRAMES, STALL_FRAMES_MIN
from telegraphone.media.gate import Gate
from telegraphone.media.header import FRAME_BYTES
from telegraphone.media.journal import CodecChanged, Drift, Gap, Record, SourceChanged
from telegraphone.media.outage import Outage
from telegraphone.media.reception import Reception
from telegraphone.media.reorder import Reorder
from telegraphone.media.source import SourceLock, Verdict
from telegraphone.media.timeline import DRIFT_STEP, FRAME_NS, Timeline
from telegraphone.media.track import KEPT, Track
from telegraphone.wire.rtp.packet import RtpPacket

PACKET_FRAMES: Final = 160
"""What a packet is taken to hold until one was seen: 20 ms."""

_HEADER_BITS: Final = 96
_REPEAT: Final = tuple(sum(1 << _HEADER_BITS * k for k in range(n)) for n in range(RUN_PACKETS_MAX + 1))
_EARLY_NS: Final = 200_000_000
"""Audio that lies so far ahead of its arrival cannot be: the sender's timestamps have jumped."""
_LATE_NS: Final = 2_000_000_000
"""Audio that lies so far behind its arrival was delayed by no network: the same."""


@cache
def _rises(step: int) -> tuple[int, ...]:
    """By number n of packets: what n consecutive headers are more than n times the first."""
    return tuple(sum((n - 1 - k) * step << _HEADER_BITS * k for k in range(n)) for n in range(RUN_PACKETS_MAX + 1))


@dataclass(slots=True)
class Counts:
    """What one track has seen, in packets; frames where it says so."""

    received: int = 0
    foreign: int = 0
    late_or_double: int = 0
    withheld: int = 0
    breaches: int = 0
    """Audio that came before the gate was opened by its time of arrival, and by nothing else: must stay 0."""
    lost_frames: int = 0

    def refuse(self) -> None:
        """Counts a packet that is thrown away unread: it was received like any other."""
        self.received += 1
        self.foreign += 1

    def add(self, other: "Counts") -> None:
        """Counts what another track has seen as well."""
        for each in fields(self):
            setattr(self, each.name, getattr(self, each.name) + getattr(other, each.name))


class Pipeline:
    """One track's intake. Times are monotonic nanoseconds; records it wants journaled are taken from `records`."""

    def __init__(self, track: Track, gate: Gate, moment: Callable[[int], datetime]) -> None:
        """`moment` turns a monotonic instant into UTC, for the journal."""
        self.track: Final = track
        self.gate: Final = gate
        self.timeline: Final = Timeline()
        self.source: Final = SourceLock()
        self.reception: Final = Reception()
        self.outage: Final = Outage(track, self._tell_missing)
        self.counts: Final = Counts()
        self.records: list[Record] = []
        self.frames = PACKET_FRAMES
        """Frames, which are bytes, of payload in the packet that is due: what a receiver should make room for."""
        self.busy = False
        """Whether packets wait for `drained`."""
        self._moment = moment
        self._reorder: Reorder[RtpPacket] = Reorder(REORDER_WINDOW_NS)
        self._previous: int | None = None
        self._end: int | None = None
        self._gap: Gap | None = None
        self._codec = ""
        self._since: int | None = None
        """Of a steady source that nothing has come of yet: the frame from which on it sends."""
        self._steady = self._storing = self._silent = False
        self._run = self._step = self._due_header = self._due_ns = 0
        self._rise: tuple[int, ...] = ()

    @property
    def foretold(self) -> bool:
        """Whether the next packets may go the straight path."""
        return self._storing or self._silent

    # --- the straight path ----------------------------------------------------------------------------------------

    def receive_run(self, headers: bytes | bytearray, audio: memoryview, first_ns: int, last_ns: int) -> bool:
        """Takes packets that follow the last one and each other exactly, if they do; else changes nothing and answers
        False. `headers` are their fixed headers and `audio` their payloads, joined; `first_ns` and `last_ns` say when
        the first and the last of them were received."""
        count = len(headers) // 12
        if (
            not self._storing
            or len(audio) != count * self.frames
            or int.from_bytes(headers, "big") != self._due_header * _REPEAT[count] + self._rise[count]
            or first_ns < self.gate.since_ns
        ):
            return False
        track = self.track
        track.pending += audio
        track.head += len(audio)
        if len(track.pending) >= SEGMENT_FRAMES:
            track.cut()
        self._passed(count, last_ns)
        return True

    def receive_cut_run(self, headers: bytes | bytearray, last_ns: int) -> bool:
        """The same for packets that were cut to their headers, while the gate is shut."""
        count = len(headers) // 12
        if not self._silent or int.from_bytes(headers, "big") != self._due_header * _REPEAT[count] + self._rise[count]:
            return False
        self.counts.withheld += count
        self._passed(count, last_ns)
        return True

    def _passed(self, count: int, last_ns: int) -> None:
        self._run += count
        self._due_header += count * self._step
        self._due_ns = due_ns = self._due_ns + count * self.frames * FRAME_NS
        self.source.heard_ns = last_ns
        self.timeline.observe(last_ns - due_ns)

    def _follow(self, packet: RtpPacket, end: int, *, storing: bool) -> None:
        """From here the next packets can be foretold. What lies before the last opening goes the long way: the sender, or the
        network, is so late that a shut span may lie ahead of it."""
        if len(self._reorder) or storing != self.gate.is_open or (storing and end < self.gate.opens_at):
            return
        after = RtpPacket(
            packet.payload_type,
            (packet.sequence_number + 1) & 0xFFFF,
            (packet.timestamp + self.frames) & 0xFFFFFFFF,
            packet.ssrc,
            b"",
        )
        self._due_header = int.from_bytes(after.to_bytes(), "big")
        self._step = 1 << 64 | self.frames << 32
        self._rise = _rises(self._step)
        self._due_ns = self.timeline.due_ns(end)
        self._run = 0
        self._storing, self._silent = storing, not storing

    def leave_run(self) -> None:
        """Brings the memory of the long way up to what the straight path has taken; the next packet goes the long way."""
        if self._run:
            frames = self._run * self.frames
            self.counts.received += self._run
            self.source.highest += self._run
            self.source.received += self._run
            self._reorder.next = (self._reorder.next or 0) + self._run
            self._previous = self._reorder.next - 1
            self.timeline.timestamp = (self.timeline.timestamp or 0) + frames
            self._end = None if self._end is None else self._end + frames
            self._run = 0
        self._storing = self._silent = False

    # --- the long way ---------------------------------------------------------------------------------------------

    def receive(self, packet: RtpPacket, received_ns: int) -> None:
        """Takes one packet, of whatever kind; one that was cut to its header has no payload."""
        self.leave_run()
        self.counts.received += 1
        verdict = self.source.judge(packet, received_ns)
        if verdict in (Verdict.FOREIGN, Verdict.STRAY):
            self.counts.foreign += 1
            return
        if verdict in (Verdict.CHANGED, Verdict.RESET):
            self._restart(received_ns, "another source" if verdict is Verdict.CHANGED else "sequence numbers begin anew")
        if self.reception.measuring:
            self.reception.observe(received_ns, packet.timestamp)
        if not self._reorder.push(self.source.number, packet, received_ns):
            self.counts.late_or_double += 1
            return
        self.busy = True
        # The first packets of a source anchor it together, when the drain that brought them has ended.
        if self.timeline.settled:
            self._release(received_ns)

    def drained(self, now_ns: int) -> None:
        """The socket was read until it was empty at `now_ns`."""
        self._anchor()
        self._release(now_ns)

    def flush(self, *, until: int | None = None, interrupted: bool = False) -> None:
        """Places everything that still waits: no more is to be expected before a cut. `until`: the source is heard no more from
        this frame on; what a steady one has not sent by then is missing. `interrupted`: from now on nothing is delivered for a
        while; what comes after that follows upon nothing, and nothing before it was lost."""
        self.leave_run()
        self._anchor()
        for number, received_ns, packet in self._reorder.flush():
            self._place(number, packet, received_ns)
        self.busy = False
        if until is not None:
            self._owe(until)
        self._tell_gap()
        if interrupted:
            self._reorder.restart()
            self._previous = self._end = self._since = None
            self.source.interrupted()

    def start_at(self, origin_ns: int, *, placed: bool = False) -> None:
        """The instant of frame 0 becomes known; nothing was stored before it. With `placed` it moves: what was placed so far
        is to be stored anew by whoever has it, and a gap that is not over is told where it began."""
        self.leave_run()
        end, moved = self._end, (origin_ns - self.timeline.origin_ns) // FRAME_NS
        if placed:
            self._tell_gap()
        self.timeline.realign()
        self.timeline.start_at(origin_ns)
        self.outage.move(-moved)
        self._end = end - moved if placed and end is not None else None
        self._since = None if self._since is None else self._since - moved

    def correct(self, now_ns: int) -> None:
        """Ends a window of drift measurement and follows the sender's clock, see `Timeline`."""
        step = self.timeline.correct(steady=self._steady)
        if not step:
            return
        self.leave_run()
        end = self._end
        self._end = None if end is None else end + step
        if step > DRIFT_STEP:
            if end is not None:
                self._miss(end, end + step, "no_media")
        elif self.timeline.settled:
            position = self.timeline.position_at(now_ns)
            ppm = round(-1e6 * self.timeline.corrected / max(position, 1), 1)
            self.records.append(Drift(self._moment(now_ns), self.track.stream, position, ppm))

    def advance(self, position: int) -> None:
        """Time has passed: what has not come by now up to this frame is filler."""
        if self.track.codec and position > self.track.head:
            if self._storing:
                self.leave_run()
            self.track.fill(position)

    def aim(self, codecs: Mapping[int, str], ssrc: int | None, *, steady: bool = False, since: int | None = None) -> None:
        """Who may send from now on; another SSRC is believed at once. `steady`: it never pauses by itself. `since`: the frame
        from which on it is to be heard, where it was somebody else before; what that one, if steady, still owes is missing."""
        self.leave_run()
        if since is not None:
            self.flush(until=since)
            self._since, self._end = (since, None) if steady else (None, self._end)
        self.source.aim(codecs, ssrc)
        self._steady = steady

    def _owe(self, position: int) -> None:
        owed = self._since if self._end is None else self._end
        if self._steady and owed is not None and position - owed > STALL_FRAMES_MIN:
            self.outage.between(owed, position)
            self._since, self._end = position, None

    def overflowed(self, packets: int) -> None:
        """The kernel had no room for so many packets; the sequence numbers will show where they are missing."""
        self.counts.lost_frames += packets * self.frames

    def _restart(self, received_ns: int, why: str) -> None:
        """What waits belongs to the old source; what follows is anchored by its time of arrival."""
        for number, earlier_ns, packet in self._reorder.flush():
            self._place(number, packet, earlier_ns)
        self._reorder.restart()
        self._remap(received_ns, why)

    def _remap(self, received_ns: int, why: str) -> None:
        if self.timeline.settled:
            position = self.timeline.position_at(received_ns)
            self.records.append(SourceChanged(self._moment(received_ns), self.track.stream, position, why))
        self.timeline.forget()
        self._since = self._end if self._steady and self._end is not None else self._since
        self._previous = self._end = None

    def _anchor(self) -> None:
        """The earliest of a source's first packets, each against its own timestamp, says where they all lie."""
        timeline = self.timeline
        if timeline.settled or not len(self._reorder):
            return
        packets, new = self._reorder.waiting(), timeline.timestamp is None
        if new:
            timeline.timestamp = packets[0][1].timestamp
        for index, (received_ns, packet) in enumerate(packets):
            frames = self._frames_of(packet, self.source.codec(packet.payload_type) or "")
            timestamp = timeline.extended(packet.timestamp)
            # Nothing held up those before for so long: where timestamps have jumped is for `_position` to say.
            if new or self._skew_ns(timestamp, frames, received_ns) >= -_LATE_NS:
                timeline.anchor(timestamp, frames, received_ns, first=new and index == 0)

    def _skew_ns(self, timestamp: int, frames: int, received_ns: int) -> int:
        """How much later than its last frame was due a packet came."""
        return received_ns - self.timeline.due_ns(self.timeline.place(timestamp) + frames)

    def _release(self, now_ns: int) -> None:
        for number, received_ns, packet in self._reorder.ready(now_ns):
            self._place(number, packet, received_ns)
        self.busy = len(self._reorder) > 0

    def _place(self, number: int, packet: RtpPacket, received_ns: int) -> None:
        """Puts a packet, in its turn, where its timestamp says, as far as the gate lets it."""
        codec = self.source.codec(packet.payload_type) or ""
        audible = codec in KEPT
        frames = self._frames_of(packet, codec) if audible else 0
        lost = self._previous is not None and number != self._previous + 1
        end, self._since = self._since if self._end is None else self._end, None
        position = self._position(packet, frames, received_ns, lost=lost)
        self._previous = number
        start, stop = self.outage.over(position)
        if start < stop:
            self._miss(start, position if self._steady and position - stop > STALL_FRAMES_MIN else stop, "no_media")
        elif lost and self._end is not None:
            self._miss(self._end, position, "lost")
        elif self._steady and end is not None and position - end > STALL_FRAMES_MIN:
            # Others suppress silence; this one stood still, and what was said meanwhile is nowhere.
            self._miss(end, position, "no_media")
        if not audible:
            return
        if codec != self._codec:
            if self._codec:
                self.records.append(CodecChanged(self._moment(received_ns), self.track.stream, position, codec))
            self._codec = codec
        self._end = position + frames
        self.frames = frames
        self.timeline.observe(received_ns - self.timeline.due_ns(position + frames))
        if packet.payload:
            stored = self._store(packet, position, codec, received_ns)
            if stored == frames and codec == self.track.codec:
                self._follow(packet, position + frames, storing=True)
        else:
            self.counts.withheld += 1
            self._miss(position, position + frames, "cut")
            self._follow(packet, position + frames, storing=False)

    def _frames_of(self, packet: RtpPacket, codec: str) -> int:
        """How long a packet lasts; one that was cut is taken to be as long as those before it."""
        return len(packet.payload) // FRAME_BYTES.get(codec, 1) or self.frames

    def _position(self, packet: RtpPacket, frames: int, received_ns: int, *, lost: bool) -> int:
        """The packet's place by its timestamp; by its time of arrival where the timestamp has jumped."""
        timeline = self.timeline
        timestamp = timeline.extended(packet.timestamp)
        skew_ns = self._skew_ns(timestamp, frames, received_ns)
        backwards = not lost and timestamp < (timeline.timestamp or timestamp)
        if timeline.timestamp is not None and (backwards or not -_EARLY_NS <= skew_ns <= _LATE_NS):
            self._remap(received_ns, "timestamps have jumped")
            timestamp = packet.timestamp
        if not timeline.settled and frames:
            timeline.anchor(timestamp, frames, received_ns, first=timeline.timestamp is None)
        timeline.timestamp = timestamp
        return timeline.place(timestamp)

    def _store(self, packet: RtpPacket, position: int, codec: str, received_ns: int) -> int:
        """Stores what the gate admits; answers how many frames that were."""
        width = FRAME_BYTES[codec]
        frames = self.gate.admits(position, position + len(packet.payload) // width, received_ns)
        if not frames:
            self.counts.withheld += 1
            self.counts.breaches += self.gate.is_open and received_ns < self.gate.since_ns
            return 0
        self._tell_gap()
        self.timeline.settled = True
        return self.track.put(position, packet.payload[: frames * width], codec)

    def _miss(self, start: int, stop: int, reason: str) -> None:
        """Notes audio that should be there and is not, as far as the gate was open for it."""
        for low, high in self.gate.unshut(start, stop):
            self.counts.lost_frames += high - low
            gap = self._gap
            if gap and gap.stop == low and gap.reason == reason:
                self._gap = Gap(gap.stream, gap.start, high, reason)
            else:
                self._tell_gap()
                self._gap = Gap(self.track.stream, low, high, reason)

    def _tell_missing(self, start: int, stop: int) -> None:
        self.leave_run()
        self._miss(start, stop, "no_media")
        self._tell_gap()

    def _tell_gap(self) -> None:
        if self._gap:
            self.records.append(self._gap)
            self._gap = None
