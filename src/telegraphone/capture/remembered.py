"""Sound that a recording has in memory alone, because it may not be kept yet: taken in like any other, away from the files."""

from collections.abc import Callable
from typing import Final

from telegraphone.capture.lane import Lane
from telegraphone.media.gate import Gate
from telegraphone.media.journal import Gap
from telegraphone.media.memory import Memory


class Remembered:
    """One recording's. `take` what the tracks have ready once in a while, and let it grow old."""

    def __init__(self, lanes: tuple[Lane, Lane], gate: Gate, memory: Memory, drain: Callable[[Lane], int]) -> None:
        self._lanes: Final = lanes
        self._gate: Final = gate
        self._memory: Final = memory
        self._drain: Final = drain

    def take(self) -> None:
        """Puts into memory what the tracks have ready."""
        for lane in self._lanes:
            pipeline = lane.pipeline
            self._memory.take(pipeline.track.output, pipeline.records)
            pipeline.track.output.clear()
            pipeline.records.clear()

    def put_away(self) -> None:
        """The same with what the tracks do not have ready yet: nothing waits outside the memory."""
        for lane in self._lanes:
            lane.pipeline.leave_run()
            lane.pipeline.track.close()
        self.take()

    def grow_old(self, now_ns: int) -> None:
        """Forgets what lies too far back."""
        self._memory.forget_before(self._position_at(now_ns) - self._memory.reaches)

    def _position_at(self, at_ns: int) -> int:
        return self._lanes[0].pipeline.timeline.position_at(at_ns)

    def _hand_out(self) -> None:
        """Takes what has arrived by now; packets that wait for one that is missing come later."""
        for lane in self._lanes:
            self._drain(lane)
        self.put_away()

    def _on_tracks(self, first: int, *, moved: int = 0) -> list[Gap]:
        """What is in memory from this frame on is on the tracks, so many frames earlier, and no longer in memory. Answers what
        is missing in it."""
        for lane in self._lanes:
            track = lane.pipeline.track
            track.head = first
            for stretch in self._memory.stretches(track.stream):
                track.put(stretch.start - moved, stretch.audio, stretch.codec)
        known = [gap for gap in self._memory.gaps if gap.stop - moved > first]
        self._memory.clear()
        return [Gap(gap.stream, max(first, gap.start - moved), gap.stop - moved, gap.reason) for gap in known]

    def _clear(self) -> None:
        """Nothing is in memory, or on its way there."""
        self.put_away()
        for lane in self._lanes:
            lane.pipeline.track.head = 0
        self._memory.clear()
