"""Compares every call that was to be recorded with what is kept of it, and says within a minute when something is missing.

Theory. Two witnesses that share nothing: the rules and operations say what *should* be there; the list of recordings and the
archive say what *is* there. A demanded call is looked at again and again until a whole recording of it is kept. What is not
as it should be after a time that it may honestly take is told once, and told again as settled when it comes right after all.
A list that cannot be asked settles nothing: such calls wait (properties REC-1, fault F42).
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Final

import structlog

from telegraphone.domain.ids import CallUuid, RecordingId
from telegraphone.limits import (
    RECONCILED_CALLS_MAX,
    RECONCILING_AFTER_S,
    RECONCILING_ENDS_S,
    RECONCILING_PERIOD_S,
    TROUBLES_SHOWN_MAX,
)
from telegraphone.services.archive_ports import Archive
from telegraphone.services.catalogue import Catalogue, PartRecord
from telegraphone.services.ports import Clock, Unavailable

log = structlog.get_logger()

_ONE_WAY_MS: Final = 5_000
"""Of less sound nobody need have said anything."""
_ROUNDING_MS: Final = 50
"""Spans are kept in whole milliseconds, and each loses some of one."""
_NOBODY_SENT: Final = "no_media"


class Problem(Enum):
    """What can be wrong with the recording of a call."""

    MISSING = "no recording of it is listed"
    UNFINISHED = "its recording has no end, and nobody is making it"
    BROKEN = "its recording broke off"
    LOST = "its recording is listed, but nothing of it is kept"
    SHORT = "much of its recording was lost"
    ONE_WAY = "one party was never heard"


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


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong with the recording of a call, and since when that is told."""

    tenant: str
    call_uuid: CallUuid
    problem: Problem
    told_at: datetime


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
        self._troubles: dict[CallUuid, Trouble] = {}
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

    @property
    def troubled(self) -> int:
        """Calls that were told of and have not come right, those given up among them; the latest since this node was started."""
        return len(self._troubles)

    def waiting(self, tenant: str) -> int:
        """The same of one tenant."""
        return sum(each.tenant == tenant for each in self._demanded.values())

    def troubles(self, tenant: str) -> tuple[Trouble, ...]:
        """What was told of this tenant's calls and has not come right since, the newest first; the latest ones of all since
        this node was started."""
        return tuple(each for each in reversed(self._troubles.values()) if each.tenant == tenant)

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
        """Looks at every call that is not settled once."""
        for demanded in list(self._demanded.values()):
            try:
                problem, over = await self._found(demanded)
            except Unavailable as error:
                log.warning("reconciliation_waits", call=demanded.call_uuid, error=str(error))
                continue
            self._judge(demanded, problem, over=over)

    def _judge(self, demanded: _Demanded, problem: Problem | None, *, over: bool) -> None:
        now = self._clock.now()
        if problem is None:
            demanded.wrong_since = None
            if over:
                del self._demanded[demanded.call_uuid]
                self.settled += 1
                if demanded.told:
                    self._troubles.pop(demanded.call_uuid, None)
                    log.warning("call_reconciled_late", tenant=demanded.tenant, call=demanded.call_uuid)
            return
        demanded.wrong_since = demanded.wrong_since if demanded.wrong_since is not None else now
        waited_s = now - demanded.wrong_since
        if problem not in demanded.told and (over or waited_s >= RECONCILING_AFTER_S):
            demanded.told.add(problem)
            self._keep(Trouble(demanded.tenant, demanded.call_uuid, problem, self._clock.utc()))
            log.error("call_not_reconciled", tenant=demanded.tenant, call=demanded.call_uuid, problem=problem.value)
        if over or waited_s >= RECONCILING_ENDS_S:
            del self._demanded[demanded.call_uuid]
            self.given_up += 1

    def _keep(self, trouble: Trouble) -> None:
        self._troubles.pop(trouble.call_uuid, None)
        self._troubles[trouble.call_uuid] = trouble
        if len(self._troubles) > TROUBLES_SHOWN_MAX:
            del self._troubles[next(iter(self._troubles))]

    async def _found(self, demanded: _Demanded) -> tuple[Problem | None, bool]:
        """What is wrong now, and whether nothing can change that any more."""
        parts = await self._catalogue.parts_of_call(demanded.tenant, demanded.call_uuid)
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
