"""Notices audio that comes and is not kept although it should be: packets arrive, the gate is open, and none is stored.

The wrong codec was signalled, the far end sends under another SSRC, or its clock has gone astray: each packet is refused for
a good reason, and together they are a recording of nothing. Nobody may learn that from the finished file (properties REC-6).
"""

from dataclasses import dataclass

from telegraphone.limits import UNKEPT_LOOKS, UNKEPT_PACKETS
from telegraphone.media.pipeline import Counts


@dataclass(slots=True)
class Unkept:
    """The looks at one track, about a second apart."""

    seen: int = 0
    kept: int = 0
    looks: int = 0
    told: bool = False

    def look(self, counts: Counts, *, wanted: bool) -> bool:
        """Whether there is something to tell now: that nothing is kept, or, with `told` False again, that it is kept after all.
        `wanted` says that the gate is open and the recording has started."""
        seen = counts.received
        kept = counts.received - counts.foreign - counts.late_or_double - counts.withheld
        news, some_kept = seen - self.seen >= UNKEPT_PACKETS, kept > self.kept
        self.seen, self.kept = seen, kept
        if not wanted or some_kept:
            self.looks = 0
            changed, self.told = self.told and some_kept, self.told and not some_kept
            return changed
        self.looks = self.looks + 1 if news else 0
        if self.looks >= UNKEPT_LOOKS and not self.told:
            self.told = True
            return True
        return False
