"""Notices audio that comes and is not kept although it should be: packets arrive, the gate is open, and none is stored.

The wrong codec was signalled, the far end sends under another SSRC, or its clock has gone astray: each packet is refused for
a good reason, and together they are a recording of nothing. Nobody may learn that from the finished file (properties REC-6).
And audio that comes between a resume and the opening of the gate.
"""

from dataclasses import dataclass

from telegraphone.limits import UNKEPT_LOOKS, UNKEPT_PACKETS
from telegraphone.media.pipeline import Counts, Pipeline


def opened_late(pipeline: Pipeline, position: int, now_ns: int, *, unseen: bool) -> None:
    """The gate that lets audio in from this frame on was opened only now. What a source sent meanwhile is missing; `unseen`
    when not even headers were delivered by which one could tell whether it did."""
    timeline = pipeline.timeline
    if unseen or pipeline.source.heard_ns > timeline.due_ns(position):
        pipeline.outage.between(position, timeline.position_at(now_ns))


@dataclass(slots=True)
class Unkept:
    """The looks at one track, about a second apart."""

    seen: int = 0
    kept: int = 0
    looks: int = 0
    told: bool = False
    since_ns: int = 0
    """What is kept no more is missing from this instant on at the earliest."""
    before: tuple[int, int] = (0, 0)
    """When the last two looks were taken."""

    def look(self, counts: Counts, now_ns: int, *, wanted: bool) -> bool:
        """Whether there is something to tell now: that nothing is kept, or, with `told` False again, that it is kept after all.
        `wanted` says that the gate is open and the recording has started."""
        seen = counts.received
        kept = counts.received - counts.foreign - counts.late_or_double - counts.withheld
        news, some_kept = seen - self.seen >= UNKEPT_PACKETS, kept > self.kept
        self.seen, self.kept = seen, kept
        if not self.looks:
            self.since_ns = self.before[0]
        self.before = self.before[1], now_ns
        if not wanted or some_kept:
            self.looks = 0
            changed, self.told = self.told and some_kept, self.told and not some_kept
            return changed
        self.looks = self.looks + 1 if news else 0
        if self.looks >= UNKEPT_LOOKS and not self.told:
            self.told = True
            return True
        return False
