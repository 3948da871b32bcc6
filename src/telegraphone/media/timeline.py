"""Where a source's RTP timestamps lie on the recording's timeline, and how its clock runs against ours.

Theory. Frame 0 is the instant of the start, and the timeline's clock is ours: frame p is due `origin_ns + p · 125 µs`. A
packet was complete when it was sent, so its *last* frame is due no later than its arrival. The packet with the shortest
way tells best when that was: of the first packets of a source the one that arrived earliest against its timestamp anchors
the mapping, and from then on timestamps alone place audio, so jitter moves nothing.

A sender's crystal is not ours. The *skew* of a packet is its arrival minus the moment its last frame is due; over a
window, the smallest skew is free of jitter. When it has moved further than DRIFT_TOLERANCE the mapping follows in steps of
at most DRIFT_STEP, so both tracks of a call stay within 20 ms of each other for as long as it lasts (properties REC-2).

A source that sends all the time may stand still so often and so shortly that its own timestamps hide it. What came late since is
then in its place at once, whatever that takes: it is no crystal's doing.
"""

from typing import Final

from telegraphone.limits import STALL_FRAMES_MIN
from telegraphone.wire.rtp.serial import extend

RATE: Final = 8_000
FRAME_NS: Final = 1_000_000_000 // RATE
DRIFT_TOLERANCE: Final = 56
"""7 ms: below it the skew may as well be the network's; two tracks off by so much each way, and by what a window adds, are
still within 20 ms of each other."""
DRIFT_STEP: Final = 80
"""10 ms: the most that is put in or taken out at once."""


class Timeline:
    """The mapping of one source at a time; positions may be negative before the origin is set."""

    __slots__ = ("_least_skew_ns", "_offset", "corrected", "origin_ns", "settled", "timestamp")

    def __init__(self, origin_ns: int = 0) -> None:
        self.origin_ns = origin_ns
        self.timestamp: int | None = None
        """Extended timestamp of the last packet seen."""
        self.settled = False
        """Whether audio has been placed: from then on arrivals no longer move the anchor."""
        self.corrected = 0
        """Frames by which drift has moved the mapping so far."""
        self._offset = 0
        self._least_skew_ns: int | None = None

    def start_at(self, origin_ns: int) -> None:
        """The instant of frame 0 becomes known; what was mapped keeps its moment."""
        self._offset -= (origin_ns - self.origin_ns) // FRAME_NS
        self.origin_ns = origin_ns

    def position_at(self, at_ns: int) -> int:
        """The frame that is due at an instant."""
        return (at_ns - self.origin_ns) // FRAME_NS

    def due_ns(self, position: int) -> int:
        """The instant at which a frame is due."""
        return self.origin_ns + position * FRAME_NS

    def extended(self, timestamp: int) -> int:
        """A packet's 32-bit timestamp on an endless scale, near the last one."""
        return timestamp if self.timestamp is None else extend(self.timestamp, timestamp, 32)

    def place(self, timestamp: int) -> int:
        """The frame of an extended timestamp."""
        return timestamp + self._offset

    def forget(self) -> None:
        """Another source, or a jump: the next packets anchor a new mapping."""
        self.timestamp = None
        self.settled = False
        self._least_skew_ns = None

    def anchor(self, timestamp: int, frames: int, received_ns: int, *, first: bool) -> None:
        """Moves the anchor of an unsettled mapping to this packet when it is the first, or came earlier, by its timestamp,
        than all before it."""
        offset = self.position_at(received_ns) - frames - timestamp
        if first or offset < self._offset:
            self._offset = offset

    def realign(self) -> None:
        """Nothing is stored yet: moves the mapping all the way to where the window's earliest packet says."""
        if self._least_skew_ns is not None and not self.settled:
            self._offset += self._least_skew_ns // FRAME_NS
        self._least_skew_ns = None

    def observe(self, skew_ns: int) -> None:
        """Takes note of a packet's arrival minus the moment its last frame was due."""
        if self._least_skew_ns is None or skew_ns < self._least_skew_ns:
            self._least_skew_ns = skew_ns

    def correct(self, *, steady: bool = False) -> int:
        """Ends a window: the frames by which the mapping has moved, positive when later audio now lies later. More than
        DRIFT_STEP are those for which a `steady` source has stood still."""
        if not self.settled:
            before = self._offset
            self.realign()
            return self._offset - before
        least, self._least_skew_ns = self._least_skew_ns, None
        skew = 0 if least is None else least // FRAME_NS
        if abs(skew) <= DRIFT_TOLERANCE:
            return 0
        step = max(-DRIFT_STEP, min(DRIFT_STEP, skew))
        if steady and skew > STALL_FRAMES_MIN:
            step = skew
        else:
            self.corrected += step
        self._offset += step
        return step
