"""A time that no wrong clock brings forward: for what cannot be taken back, such as the end of a recording.

Theory. A machine has two clocks. One says the date and may be set to anything; the other only counts, and nobody can set it.
So the date is believed as far as it moves no faster than the count does. While the machine is off nothing counts: then the
date is believed for a few days, and beyond that only when an operator says so. A date that goes back is believed at once,
because that only keeps things longer; how far time had come is remembered for when it returns (fault F18).

```text
date is ...                    time is                      remembered
within what was counted        the date                     the date
ahead of it                    what was counted: suspicious what was counted
behind what is remembered      the date                     what was counted
```
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

ABSENCE: Final = timedelta(days=3)
"""How long a machine may have been off without anybody saying so: a long weekend."""

_SLACK: Final = timedelta(seconds=1)
_DRIFT: Final = 0.001


@dataclass(frozen=True, slots=True)
class Reading:
    """What time it is, as far as it can be believed, and whether the date was ahead of that."""

    now: datetime
    suspicious: bool


@dataclass(frozen=True, slots=True)
class TrustedTime:
    """How far time had come when the counter showed `counted`, monotonic seconds; None when it was another counter."""

    at: datetime
    counted: float | None = None

    def read(self, date: datetime, counted: float) -> tuple["TrustedTime", Reading]:
        """The time now, and what to remember."""
        passed = timedelta(seconds=0.0 if self.counted is None else counted - self.counted)
        slack = ABSENCE if self.counted is None else _SLACK + passed * _DRIFT
        reached = self.at + passed
        if date > reached + slack:
            return TrustedTime(reached, counted), Reading(reached, suspicious=True)
        return TrustedTime(max(reached, date), counted), Reading(date, suspicious=False)
