"""Keeps the audit trail from being rewritten unseen: its end is signed every few minutes, and kept where who could rewrite the
trail cannot reach (properties CMP-3, fault F41).

Theory. A chain alone proves that its lines belong together, not that they are all, nor that they are the first ones: who owns the
database can cut the end off, put an older copy back, or write everything anew with hashes that fit. A *checkpoint* says in the
node's name which hash the line of a number has. Up to the last checkpoint that is in other hands nothing can be changed unseen.
"""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

import msgspec
import structlog

from telegraphone.limits import AUDIT_LINES_READ
from telegraphone.services.audit import AuditLine, AuditTrail, Head
from telegraphone.services.keeping import Notary
from telegraphone.services.ports import Clock, Unavailable

log = structlog.get_logger()

FORMAT: Final = "telegraphone-audit-checkpoint-1"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A signed end of the trail: `statement` is canonical JSON, `signature` the node's under it, in hexadecimal."""

    head: Head
    at: datetime
    statement: str
    signature: str

    def document(self) -> bytes:
        """The file it is kept as."""
        return msgspec.json.encode({"statement": self.statement, "signature": self.signature})


class CheckpointPlace(Protocol):
    """Where checkpoints are kept."""

    async def keep(self, checkpoint: Checkpoint) -> None:
        """Keeps it, durable on return. Raises `Unavailable("checkpoints")`."""


class Checkpoints:
    """Signs the end of the trail while a node runs, and looks whether what it signed before is still there."""

    def __init__(self, trail: AuditTrail, notary: Notary, places: Sequence[CheckpointPlace], clock: Clock) -> None:
        self._trail = trail
        self._notary = notary
        self._clock = clock
        self._waiting: dict[CheckpointPlace, Checkpoint | None] = dict.fromkeys(places)
        self._last = Head()

    async def run(self, period_s: float) -> None:
        """Makes them for ever."""
        while True:
            await self._clock.sleep_until(self._clock.now() + period_s)
            await self.make()

    async def make(self) -> None:
        """Signs the end of the trail if it has moved, and hands it to every place; what a place could not take it gets next
        time, or a newer one, which says more. Never raises: it is tried again."""
        try:
            head = await self._trail.head()
            if head != self._last:
                await self._look_back(head)
                self._sign(head)
        except Unavailable as error:
            log.error("audit_checkpoint_waits", error=str(error))
        for place, checkpoint in self._waiting.items():
            if checkpoint is not None:
                await self._hand(place, checkpoint)

    async def _look_back(self, head: Head) -> None:
        """Says loudly when the line that was signed last is no longer what it was: the trail was cut, put back or rewritten."""
        last = self._last
        if not last.number:
            return
        found = await self._trail.after(last.number - 1, 1)
        if head.number < last.number or not found or (found[0].number, found[0].hash) != (last.number, last.hash):
            log.error("audit_trail_altered", signed_line=last.number, last_line=head.number)

    def _sign(self, head: Head) -> None:
        now = self._clock.utc()
        statement, signature = self._notary.sign(
            {"format": FORMAT, "number": head.number, "hash": head.hash, "at": now.isoformat(timespec="microseconds")}
        )
        # Whoever collects the log has a copy too.
        log.info("audit_checkpoint", statement=statement, signature=signature)
        self._last = head
        self._waiting = dict.fromkeys(self._waiting, Checkpoint(head, now, statement, signature))

    async def _hand(self, place: CheckpointPlace, checkpoint: Checkpoint) -> None:
        try:
            await place.keep(checkpoint)
        except Unavailable as error:
            log.error("audit_checkpoint_not_kept", number=checkpoint.head.number, error=str(error))
        else:
            self._waiting[place] = None


@dataclass(frozen=True, slots=True)
class Flaw:
    """What is wrong with a trail, and from which line to which it lies."""

    first: int
    last: int
    what: str

    def __str__(self) -> str:
        where = f"line {self.first}" if self.first == self.last else f"lines {self.first} to {self.last}"
        return f"{where}: {self.what}"


async def flaws(lines: AsyncIterator[AuditLine], head: Head | None, signed: Iterable[Head]) -> AsyncIterator[Flaw]:
    """Everything that is wrong with a whole trail, read in order from its first line: against itself, against where it says that
    it ended a moment before (`head`; None for a copy without that), and against the ends that checkpoints signed."""
    expected: Mapping[int, str] = {each.number: each.hash for each in signed}
    last, proved = Head(), 0
    ends = {head.number: head.hash} if head is not None else {}
    async for line in lines:
        if line.number > last.number + 1:
            yield Flaw(last.number + 1, line.number - 1, "missing")
        elif line.number <= last.number:
            yield Flaw(line.number, line.number, f"comes behind line {last.number}")
        elif line.before != last.hash:
            yield Flaw(max(1, last.number), line.number, "do not belong together: one was changed or moved")
        if not line.is_as_written:
            yield Flaw(line.number, line.number, "is not what was written")
        if line.number in expected:
            if expected[line.number] != line.hash:
                yield Flaw(proved + 1, line.number, "were rewritten: a checkpoint signed another trail")
            proved = line.number
        if ends.get(line.number, line.hash) != line.hash:
            yield Flaw(line.number, line.number, "is not what the trail names as its end")
        last = Head(line.number, line.hash)
    end = max(expected, default=0)
    if end > last.number:
        yield Flaw(last.number + 1, end, "are missing: the end was cut off, or an older copy put back")
    elif head is not None and head.number > last.number:
        yield Flaw(last.number + 1, head.number, "missing at the end")


async def everything(trail: AuditTrail) -> AsyncIterator[AuditLine]:
    """All lines of a trail, read a piece at a time. Raises `Unavailable`."""
    place = 0
    while lines := await trail.after(place, AUDIT_LINES_READ):
        for line in lines:
            yield line
        place = lines[-1].number
