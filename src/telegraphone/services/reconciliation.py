"""Compares every call that was to be recorded with what is kept of it, and says within a minute when something is missing.

Theory. Two witnesses that share nothing: the rules and operations say what *should* be there; the list of recordings and the
archive say what *is* there. A demanded call is looked at again and again until a whole recording of it is kept. What is not
as it should be after a time that it may honestly take is told once, and told again as settled when it comes right after all.
A list that cannot be asked settles nothing: such calls wait (properties REC-1, fault F42).
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import groupby, islice
from operator import attrgetter
from typing import Final

import structlog

from telegraphone.domain.ids import CallUuid, RecordingId
from telegraphone.limits import (
    RECONCILED_AT_ONCE,
    RECONCILED_CALLS_MAX,
    RECONCILING_AFTER_S,
    RECONCILING_ENDS_S,
    RECONCILING_PERIOD_S,
)
from telegraphone.services.archive_ports import Archive
from telegraphone.services.catalogue import Catalogue, PartRecord
from telegraphone.services.ports import Clock, Unavailable
from telegraphone.services.troubles import Problem, Trouble, Troubles

log = structlog.get_logger()

_ONE_WAY_MS: Final = 5_000
"""Of less sound nobody need have said anything."""
_ROUNDING_MS: Final = 50
"""Spans are kept in whole milliseconds, and each loses some of one."""
_NOBODY_SENT: Final = "no_media"


@dataclass(slots=True)
class _Demanded:
    """A call that was to be recorded; since when, whether on one track, since when something is wrong, and what was told of
    it."""

    tenant: str
    call_uuid: CallUuid
    since: float
    mixed: bool = False
    wrong_since: float | None = None
    told: set[Problem] = field(default_factory=set)


class Reconciliation:
    """Takes demands from the calls, and looks after them in a task of its own."""

    def __init__(
        self,
        catalogue: Catalogue,
        archive: Archive,
        clock: Clock,
        is_waiting: Callable[[CallUuid], bool] = lambda _: False,
    ) -> None:
        """`is_waiting`: whether something about this call still waits for the list, which then knows too little of it."""
        self._catalogue = catalogue
        self._archive = archive
        self._clock = clock
        self._is_waiting = is_waiting
        self._demanded: dict[CallUuid, _Demanded] = {}
        self.troubles = Troubles()
        """What was told and has not come right, calls given up among it."""
        self.is_being_made: Callable[[RecordingId], bool] = lambda _: False
        """Whether a call is recording into this media file now; to be set by whoever knows the calls."""
        self.settled = 0
        """Calls of which a whole recording is kept."""
        self.given_up = 0
        """Calls that were told of and never came right."""

    @property
    def open(self) -> int:
        """Calls that are not settled yet."""
        return len(self._demanded)

    def waiting(self, tenant: str) -> int:
        """The same of one tenant."""
        return sum(each.tenant == tenant for each in self._demanded.values())

    def demand(self, tenant: str, call_uuid: CallUuid, *, mixed: bool = False) -> None:
        """See `Demands.demand`."""
        if len(self._demanded) >= RECONCILED_CALLS_MAX:
            log.error("reconciliation_full", call=call_uuid)
            return
        self._demanded.setdefault(call_uuid, _Demanded(tenant, call_uuid, self._clock.now(), mixed))

    async def run(self) -> None:
        """Looks for ever."""
        while True:
            await self.look()
            await self._clock.sleep_until(self._clock.now() + RECONCILING_PERIOD_S)

    async def look(self) -> None:
        """Looks at every call that is not settled once. The list is asked for many at a time: hundreds of calls that are being
        recorded are all in it, again and again."""
        waiting = sorted(self._demanded.values(), key=attrgetter("tenant"))
        for tenant, of_tenant in groupby(waiting, key=attrgetter("tenant")):
            while some := list(islice(of_tenant, RECONCILED_AT_ONCE)):
                try:
                    listed = await self._catalogue.parts_of_calls(tenant, [each.call_uuid for each in some])
                except Unavailable as error:
                    log.warning("reconciliation_waits", calls=len(some), error=str(error))
                    continue
                for demanded, parts in zip(some, listed, strict=True):
                    await self._look_at(demanded, parts)

    async def _look_at(self, demanded: _Demanded, parts: Sequence[PartRecord]) -> None:
        try:
            problem, over = await self._found(demanded, parts)
        except Unavailable as error:
            log.warning("reconciliation_waits", calls=1, error=str(error))
        else:
            self._judge(demanded, problem, over=over)

    def _judge(self, demanded: _Demanded, problem: Problem | None, *, over: bool) -> None:
        now = self._clock.now()
        if problem is None:
            demanded.wrong_since = None
            if over:
                del self._demanded[demanded.call_uuid]
                self.settled += 1
                if demanded.told:
                    self.troubles.settle(demanded.call_uuid)
                    log.warning("call_reconciled_late", tenant=demanded.tenant, call=demanded.call_uuid)
            return
        demanded.wrong_since = demanded.wrong_since if demanded.wrong_since is not None else now
        waited_s = now - demanded.wrong_since
        if problem not in demanded.told and (over or waited_s >= RECONCILING_AFTER_S):
            demanded.told.add(problem)
            self.troubles.tell(Trouble(demanded.tenant, demanded.call_uuid, problem, self._clock.utc()))
            log.error("call_not_reconciled", tenant=demanded.tenant, call=demanded.call_uuid, problem=problem.value)
        if over or waited_s >= RECONCILING_ENDS_S:
            del self._demanded[demanded.call_uuid]
            self.given_up += 1

    async def _found(self, demanded: _Demanded, parts: Sequence[PartRecord]) -> tuple[Problem | None, bool]:
        """What is wrong now with a call of which these parts are listed, and whether nothing can change that any more."""
        if not parts:
            return (None if self._is_waiting(demanded.call_uuid) else Problem.MISSING), False
        running = [part for part in parts if part.stopped_at is None]
        if any(part.status == "broken" for part in running):
            return Problem.BROKEN, False
        if running:
            alive = self._is_waiting(demanded.call_uuid) or all(self.is_being_made(part.recording_id) for part in running)
            return (None if alive else Problem.UNFINISHED), False
        for part in parts:
            if not await self._is_kept(part):
                return Problem.LOST, False
        return next((problem for part in parts if (problem := lost_much(part, mixed=demanded.mixed))), None), True

    async def _is_kept(self, part: PartRecord) -> bool:
        try:
            await self._archive.kept(part.recording_id)
        except KeyError:
            return False
        return True


def lost_much(part: PartRecord, *, mixed: bool = False) -> Problem | None:
    """Whether more was lost of an ended part than a listener may miss: 250 ms or 1 % (properties REC-2), or one party was not
    heard at all while sound was kept. Who says nothing for long, as before the other answers, has lost nothing; of a call
    whose voices come mixed one track is always silent."""
    gaps = [entry for entry in part.history if entry.type == "Gap"]
    unheard_ms: Counter[int | None] = Counter()
    for entry in gaps:
        if entry.reason == _NOBODY_SENT:
            unheard_ms[entry.stream] += entry.duration_ms
    lost_ms = sum(entry.duration_ms for entry in gaps if entry.reason != _NOBODY_SENT)
    if lost_ms > max(250, part.duration_ms // 100):
        return Problem.SHORT
    shut_ms = sum(entry.duration_ms for entry in part.history if entry.type in ("Paused", "Held"))
    kept_ms = part.duration_ms - shut_ms
    never = sum(ms >= kept_ms - _ROUNDING_MS for stream, ms in unheard_ms.items() if stream is not None)
    return Problem.ONE_WAY if kept_ms > _ONE_WAY_MS and never > mixed else None
