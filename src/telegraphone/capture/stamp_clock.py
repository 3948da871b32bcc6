"""What the system clock, by which the kernel stamps packets, is ahead of the monotonic one; and when somebody sets it.

Theory. The timeline of a recording goes by the monotonic clock and never moves. Packets are stamped by the system clock,
which may be set at any time: then the stamps of what waits in the kernel are of another time, and only the moment of their
reading is known. A clock that is merely disciplined is slewed by half a millisecond a second; more is a step.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

STEP_NS: Final = 20_000_000
"""20 ms between two looks, which are less than seconds apart, is no slew."""
_STEADY_NS: Final = 100_000
"""Two readings of clocks that lie further apart than this were interrupted, and are taken again."""
_READINGS: Final = 10


class StampClock:
    """The two clocks of one worker. All times in nanoseconds."""

    def __init__(self, utc_ns: Callable[[], int] = time.time_ns, monotonic_ns: Callable[[], int] = time.monotonic_ns) -> None:
        self._utc_ns = utc_ns
        self._monotonic_ns = monotonic_ns
        self.offset_ns = self._measured()
        """What the system clock is ahead."""
        self.steps = 0
        """How often it was seen to be set."""

    def look(self) -> int:
        """Measures anew; answers by how much the system clock was set since the last look, 0 when it was not."""
        before, self.offset_ns = self.offset_ns, self._measured()
        step_ns = self.offset_ns - before
        if abs(step_ns) <= STEP_NS:
            return 0
        self.steps += 1
        return step_ns

    def moment(self, at_ns: int) -> datetime:
        """UTC of a monotonic instant."""
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=(at_ns + self.offset_ns) // 1000)

    def _measured(self) -> int:
        offset_ns = 0
        for _ in range(_READINGS):
            before_ns = self._monotonic_ns()
            utc_ns = self._utc_ns()
            after_ns = self._monotonic_ns()
            offset_ns = utc_ns - after_ns
            if after_ns - before_ns < _STEADY_NS:
                break
        return offset_ns
