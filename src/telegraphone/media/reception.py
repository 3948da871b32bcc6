"""How well one source's packets arrive, as a receiver reports it (RFC 3550 section 6.4.1, appendices A.3 and A.8).

What is lost follows from counters that are kept anyway. Jitter is a mean that forgets: after some thirty packets nothing is
left in it of those before, so only the packets of the last moments before a report are looked at (`measuring`), and all
others cost nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from telegraphone.media.source import FIRST_CYCLE, SourceLock
from telegraphone.media.timeline import FRAME_NS

_GAIN: Final = 1 / 16
_HALF: Final = 1 << 31


@dataclass(frozen=True, slots=True)
class Received:
    """One source until now: `fraction_lost` in 1/256 since this was asked last, `lost` in packets since it began, `highest`
    its last sequence number with its cycles."""

    ssrc: int
    fraction_lost: int
    lost: int
    highest: int
    jitter_ns: float


class Reception:
    """What is remembered of a track's source from report to report."""

    __slots__ = ("_before", "_expected", "_last", "_received", "jitter_ns", "measuring")

    def __init__(self) -> None:
        self.jitter_ns = 0.0
        self.measuring = False
        """Whether packets are to be shown to `observe` and `observe_run`."""
        self._last: tuple[int, int] | None = None
        self._before: tuple[int | None, int] = (None, 0)
        self._expected = self._received = 0

    def observe(self, received_ns: int, timestamp: int) -> None:
        """A packet of the source: when it came, and its timestamp in frames."""
        if self._last is not None:
            then_ns, before = self._last
            frames = ((timestamp - before + _HALF) & 0xFFFFFFFF) - _HALF
            self._take(received_ns - then_ns - frames * FRAME_NS)
        self._last = received_ns, timestamp

    def observe_run(self, received_ns: Sequence[int], frames: int) -> None:
        """Packets that follow each other, each as long as this."""
        step_ns = frames * FRAME_NS
        for index in range(1, len(received_ns)):
            self._take(received_ns[index] - received_ns[index - 1] - step_ns)
        self._last = None

    def _take(self, difference_ns: int) -> None:
        self.jitter_ns += _GAIN * (abs(difference_ns) - self.jitter_ns)

    def report(self, source: SourceLock) -> Received | None:
        """What came since this was asked last, None if nothing did. To be asked behind `Pipeline.leave_run`."""
        self.measuring, self._last = False, None
        if (source.ssrc, source.first) != self._before:
            self._before = source.ssrc, source.first
            self._expected = self._received = 0
        if source.ssrc is None:
            return None
        highest, received = source.highest, source.received
        expected = highest - source.first + 1
        sent, came = expected - self._expected, received - self._received
        if not came:
            return None
        self._expected, self._received = expected, received
        fraction = max(0, ((sent - came) << 8) // sent) if sent > 0 else 0
        return Received(source.ssrc, min(fraction, 255), expected - received, highest - FIRST_CYCLE, self.jitter_ns)
