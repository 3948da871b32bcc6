"""Looks for every recording that the list says is there, one after the other and round again, and says which are gone.

Theory. Reconciliation watches a call until a whole recording of it is kept; what becomes of that later it does not see. So all
that is listed is gone through in the order of its ids, a few each minute, so that a round takes a day however much there is:
of each recording the manifest is read and its files are looked for, without touching audio. Where a round stands is kept in
the database, so that a restart goes on. What is gone is told once, looked for again each minute, and told as found when it
came back; what was erased meanwhile was not missing (properties REC-1, fault F17). Where several nodes send what they recorded to
one place, what ended a moment ago may still lie with another node, so it is passed over until the next round.
"""

import math
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice
from typing import Protocol

import structlog

from telegraphone.domain.ids import CallUuid, RecordingId
from telegraphone.limits import (
    STOCKTAKING_AGAIN_MAX,
    STOCKTAKING_BATCH,
    STOCKTAKING_LOOK_MAX,
    STOCKTAKING_PERIOD_S,
    STOCKTAKING_ROUND_S,
    TROUBLES_SHOWN_MAX,
)
from telegraphone.services.ports import Clock, Unavailable
from telegraphone.services.troubles import Problem, Trouble, Troubles

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Listed:
    """A media file that is finished, as the list of recordings has it."""

    recording_id: RecordingId
    tenant: str
    call_uuid: CallUuid


@dataclass(frozen=True, slots=True)
class Round:
    """When it was begun, how many media files there were to look for, and behind which it goes on; None when it is over."""

    begun_at: datetime
    recordings: int
    behind: RecordingId | None = RecordingId("")


class Stock(Protocol):
    """What the list of recordings says is there, of all tenants, and how far it was looked for. All raise
    `Unavailable("database")`."""

    async def count(self) -> int:
        """Finished media files."""

    async def behind(self, recording_id: RecordingId, limit: int, until: datetime) -> tuple[Listed, ...]:
        """Some of those that ended until then, in the order of their ids, from behind this one on."""

    async def has(self, recording_id: RecordingId) -> bool:
        """Whether this one is listed still, and not about to be erased."""

    async def round(self) -> Round | None:
        """The last one that was begun, if there was any."""

    async def set_round(self, reached: Round) -> None:
        """Keeps how far it has come."""


class Shelves(Protocol):
    """Where finished recordings lie."""

    async def missing(self, recording_id: RecordingId) -> Sequence[str]:
        """The files that its manifest names and that are nowhere. Raises `KeyError` for a recording without a manifest, and
        `Unavailable("archive")` when its place is out of reach; not retryable when the manifest is not to be believed."""


class Stocktaking:
    """A task of the node; `run` it. What ended less than `settling_s` ago is not looked for yet."""

    def __init__(self, stock: Stock, shelves: Shelves, troubles: Troubles, clock: Clock, *, settling_s: float = 0.0) -> None:
        self._stock = stock
        self._shelves = shelves
        self._troubles = troubles
        self._clock = clock
        self._settling = timedelta(seconds=settling_s)
        self._gone: dict[RecordingId, Listed] = {}

    async def run(self) -> None:
        """Looks for ever."""
        while True:
            try:
                await self.look()
            except Unavailable as error:
                log.warning("stocktaking_waits", error=str(error))
            await self._clock.sleep_until(self._clock.now() + STOCKTAKING_PERIOD_S)

    async def look(self) -> None:
        """Looks for some recordings more, and again for those that were gone. Raises `Unavailable`."""
        for listed in tuple(islice(self._gone.values(), STOCKTAKING_AGAIN_MAX)):
            # Those looked for last come last.
            del self._gone[listed.recording_id]
            self._gone[listed.recording_id] = listed
            with suppress(Unavailable):
                await self._look_for(listed)
        now = self._clock.utc()
        known = await self._stock.round()
        if known is None or not timedelta(0) <= now - known.begun_at < timedelta(seconds=STOCKTAKING_ROUND_S):
            known = Round(now, await self._stock.count())
        left = min(STOCKTAKING_LOOK_MAX, max(STOCKTAKING_BATCH, _share(known.recordings)))
        while known.behind is not None and known.recordings and left > 0:
            known = await self._go_on(known, min(left, STOCKTAKING_BATCH))
            left -= STOCKTAKING_BATCH

    async def _go_on(self, known: Round, limit: int) -> Round:
        """Raises `Unavailable` when none of the next ones can be looked for; a single one is passed over until the next round."""
        assert known.behind is not None, "a round that is over does not go on"
        found = await self._stock.behind(known.behind, limit, self._clock.utc() - self._settling)
        passed_over = 0
        for listed in found:
            try:
                await self._look_for(listed)
            except Unavailable as error:
                passed_over += 1
                if passed_over == len(found):
                    raise
                log.warning("stocktaking_passes_over", recording=listed.recording_id, error=str(error))
        reached = replace(known, behind=found[-1].recording_id if found else None)
        await self._stock.set_round(reached)
        return reached

    async def _look_for(self, listed: Listed) -> None:
        """Raises `Unavailable` when that cannot be done now."""
        problem, files = await self._problem(listed.recording_id)
        if problem is None or not await self._stock.has(listed.recording_id):
            self._found(listed)
        elif listed.recording_id not in self._gone:
            self._miss(listed, problem, files)

    async def _problem(self, recording_id: RecordingId) -> tuple[Problem | None, Sequence[str]]:
        try:
            files = await self._shelves.missing(recording_id)
        except KeyError:
            return Problem.LOST, ()
        except Unavailable as error:
            if error.retryable:
                raise
            return Problem.DAMAGED, ()
        return (Problem.INCOMPLETE, files) if files else (None, ())

    def _miss(self, listed: Listed, problem: Problem, files: Sequence[str]) -> None:
        log.error(
            "recording_gone",
            tenant=listed.tenant,
            call=listed.call_uuid,
            recording=listed.recording_id,
            problem=problem.value,
            files=list(files),
        )
        self._troubles.tell(Trouble(listed.tenant, listed.call_uuid, problem, self._clock.utc()))
        if len(self._gone) < TROUBLES_SHOWN_MAX:
            self._gone[listed.recording_id] = listed

    def _found(self, listed: Listed) -> None:
        if self._gone.pop(listed.recording_id, None) is None:
            return
        log.warning("recording_found_again", tenant=listed.tenant, call=listed.call_uuid, recording=listed.recording_id)
        if all(each.call_uuid != listed.call_uuid for each in self._gone.values()):
            self._troubles.settle(listed.call_uuid)


def _share(recordings: int) -> int:
    """How many are to be looked for each time, so that a round takes as long as it shall."""
    return math.ceil(recordings * STOCKTAKING_PERIOD_S / STOCKTAKING_ROUND_S)
