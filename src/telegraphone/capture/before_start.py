"""What comes before a recording is started, where its order wants that kept: taken in as if it had begun, but into memory.

Theory. The gate is open from the first aim on, on a timeline of its own. The start moves frame 0 to the beginning of what is
wanted of it, and stores that in its place; receiving goes on without a break. Whatever else happens first, a reason to keep
audio out, the end or a failure, it is gone, and the gate is as if it had never been opened.
"""

from telegraphone.capture.remembered import Remembered
from telegraphone.media.journal import Gap
from telegraphone.media.timeline import FRAME_NS


class BeforeStart(Remembered):
    """One recording's, until it starts."""

    def open_at(self, origin_ns: int) -> None:
        """From this instant on everything is wanted."""
        for lane in self._lanes:
            lane.pipeline.start_at(origin_ns)
        self._gate.open(0, origin_ns)

    def frames(self, now_ns: int) -> int:
        """How many frames before this instant the recording is to begin: as far as memory reaches back, and has something."""
        if not self._gate.is_open:
            return 0
        self._hand_out()
        due = self._position_at(now_ns)
        first = due if self._memory.first is None else self._memory.first
        return max(0, due - max(first, due - self._memory.reaches))

    def keep(self, origin_ns: int) -> list[Gap]:
        """The recording has begun at this instant, which is over: what is in memory becomes its beginning, on the tracks.
        Answers what is missing in it."""
        moved = (origin_ns - self._lanes[0].pipeline.timeline.origin_ns) // FRAME_NS
        self._hand_out()
        self._gate.begin()
        for lane in self._lanes:
            lane.pipeline.start_at(origin_ns, placed=True)
        self.take()
        return self._on_tracks(0, moved=moved)

    def forget(self) -> None:
        """All of it is gone, and nothing more comes to it."""
        if self._gate.is_open:
            for lane in self._lanes:
                lane.deliver(whole=False)
        self._gate.reset()
        self._clear()
