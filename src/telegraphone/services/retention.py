"""Ends recordings whose time is over, in the background, and says beforehand which those are (properties CMP-1).

Theory. A recording is kept *from* when it ended, as that was noticed: an end that lies long before now, by a time that can be
believed, was written by a clock that was wrong, and counts from now. What was there before retention was first asked for is
believed as it is. Each look reads on along the order of time where the last one ended, a bounded number at once, and goes back
to the beginning behind the last. A recording ends by the same steps as one that a person erases (`keeping`): claimed, unless
something keeps it, in one moment with looking; its keys destroyed; buried under a signed stone. A crash in between leaves it
claimed, and it is found again.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

import structlog

from telegraphone.domain.errors import RecordingInProgress, RecordingLocked, RecordingProtected
from telegraphone.domain.ids import CallUuid
from telegraphone.domain.retention import KeptFacts, RetentionRule, Term, soonest, term
from telegraphone.domain.trusted_time import Reading, TrustedTime
from telegraphone.limits import RETENTION_BATCH, RETENTION_LOOK_MAX, RETENTION_PERIOD_S
from telegraphone.services.archive_ports import Archive
from telegraphone.services.audit import AuditTrail, Deed
from telegraphone.services.catalogue import Catalogue, PartRecord
from telegraphone.services.keeping import Ending
from telegraphone.services.labels import Labelled
from telegraphone.services.ports import Clock, Unavailable

log = structlog.get_logger()

ACTOR: Final = "retention"
_BELIEVED: Final = timedelta(days=1)
_TOLD_ABOVE: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Aged:
    """A recording that nothing but rules keeps, and from when; `claimed` when its end has begun already."""

    tenant: str
    call_uuid: CallUuid
    kept_from: datetime
    claimed: bool = False

    @property
    def place(self) -> "Place":
        """Where it stands in the order of time."""
        return self.kept_from, self.call_uuid


Place = tuple[datetime, CallUuid]


class Ages(Protocol):
    """From when recordings are kept. All raise `Unavailable("database")`."""

    async def reached(self) -> tuple[datetime | None, datetime | None]:
        """How far time has come, None when that was never written; and the latest end of a recording there is."""

    async def reach(self, at: datetime) -> None:
        """Writes down how far time has come."""

    async def unnoticed(self, limit: int) -> tuple[Aged, ...]:
        """Ended recordings of all tenants that are not kept from anywhere yet, each with its end."""

    async def notice(self, aged: Sequence[Aged]) -> None:
        """They are kept from then on."""

    async def before(self, tenant: str, at: datetime, behind: Place | None, limit: int) -> tuple[Aged, ...]:
        """Recordings that are kept from before this moment, neither protected nor held, in order of time, then by id, from
        behind a place on."""


@dataclass(frozen=True, slots=True)
class Expired:
    """A recording whose time is over."""

    aged: Aged
    term: Term
    parts: tuple[PartRecord, ...]


@dataclass(frozen=True, slots=True)
class Decided:
    """The rules, and what names them as they are now (`policy in force` in the trail)."""

    rules: tuple[RetentionRule, ...]
    version: str


class Overdue:
    """The recordings whose time is over by the rules, looked for and left as they are. All raise `Unavailable("database")`."""

    def __init__(self, ages: Ages, catalogue: Catalogue, labelled: Labelled, decided: Decided) -> None:
        self.ages = ages
        self.decided = decided
        self._catalogue = catalogue
        self._labelled = labelled

    @property
    def tenants(self) -> Sequence[str]:
        """Those of whom recordings go at all."""
        return sorted({rule.tenant for rule in self.decided.rules if rule.days})

    async def expired(self, now: datetime) -> AsyncIterator[Expired]:
        """All of them, at a time."""
        for tenant in self.tenants:
            place: Place | None = None
            while aged := await self.before(tenant, place, now):
                place = aged[-1].place
                for each in await self.among(aged, now):
                    yield each

    async def before(self, tenant: str, place: Place | None, now: datetime) -> tuple[Aged, ...]:
        """Some recordings that the shortest rule does not keep any longer, from behind a place on."""
        youngest = soonest(self.decided.rules, tenant)
        assert youngest is not None, "only tenants with rules are looked at"
        return await self.ages.before(tenant, now - youngest, place, RETENTION_BATCH)

    async def among(self, aged: Sequence[Aged], now: datetime) -> Sequence[Expired]:
        """Those of one tenant whose time is over by all rules."""
        tenant, calls = aged[0].tenant, [each.call_uuid for each in aged]
        of_calls = await self._catalogue.parts_of_calls(tenant, calls)
        labels = await self._labelled.of(tenant, calls)
        over = []
        for each, parts, borne in zip(aged, of_calls, labels, strict=True):
            facts = facts_of(tenant, parts, frozenset(label.name for label in borne))
            until = term(self.decided.rules, facts, each.kept_from)
            if parts and until is not None and until.until <= now:
                over.append(Expired(each, until, parts))
        return over


class Retention:
    """The rules of one installation, at work on its recordings."""

    def __init__(self, overdue: Overdue, archive: Archive, ending: Ending, audit: AuditTrail, clock: Clock) -> None:
        self._overdue = overdue
        self._ages = overdue.ages
        self._archive = archive
        self._ending = ending
        self._audit = audit
        self._clock = clock
        self._time: TrustedTime | None = None
        self._places: dict[str, Place] = {}
        self._told_suspicious = False

    async def run(self) -> None:
        """Looks for ever."""
        while True:
            try:
                await self.look()
            except Unavailable as error:
                log.warning("retention_waits", error=str(error))
            await self._clock.sleep_until(self._clock.now() + RETENTION_PERIOD_S)

    async def look(self) -> int:
        """One look at the recordings: says how many it ended. Raises `Unavailable`."""
        time, reading = await self._read_clock()
        if not reading.suspicious:
            await self._notice(time.at)
        return sum([await self._look_at(tenant, reading.now) for tenant in self._overdue.tenants])

    async def _look_at(self, tenant: str, now: datetime) -> int:
        ended = 0
        for _ in range(RETENTION_LOOK_MAX // RETENTION_BATCH):
            aged = await self._overdue.before(tenant, self._places.get(tenant), now)
            if not aged:
                self._places.pop(tenant, None)
                break
            for each in await self._overdue.among(aged, now):
                ended += await self._end(each, now)
            self._places[tenant] = aged[-1].place
        return ended

    async def _end(self, expired: Expired, now: datetime) -> bool:
        """Ends one; one that cannot be ended now is left for another look, and keeps nobody else waiting."""
        aged, parts = expired.aged, expired.parts
        why = {"rule": f"{expired.term.rule} @{self._overdue.decided.version}", "kept_until": expired.term.until.isoformat()}
        try:
            if not aged.claimed and not await self._is_there(parts):
                log.error("retention_finds_nothing", call=aged.call_uuid)
                return False
            await self._ending.claim(parts)
            await self._note(aged, "begun", why)
            erased = await self._ending.destroy(parts)
            stone = await self._ending.bury(parts, erased, {"by": ACTOR, "rule": why["rule"]}, now)
        except (RecordingInProgress, RecordingProtected, RecordingLocked) as refusal:
            log.info("retention_refused", call=aged.call_uuid, reason=type(refusal).__name__)
            return False
        except Unavailable as error:
            log.warning("retention_left_one", call=aged.call_uuid, error=str(error))
            return False
        destroyed = str(sum(each.keys_destroyed for each in erased))
        await self._note(aged, "done", {"keys_destroyed": destroyed, "tombstone": stone})
        return True

    async def _is_there(self, parts: Sequence[PartRecord]) -> bool:
        """Whether the sound of every part that has some is in reach: what a missing disk hides must not be buried."""
        for part in parts:
            try:
                await self._archive.kept(part.recording_id)
            except KeyError:
                if part.bytes_stored:
                    return False
        return True

    async def _read_clock(self) -> tuple[TrustedTime, Reading]:
        """The time as far as it can be believed; what is remembered of it survives the process."""
        date, counted = self._clock.utc(), self._clock.now()
        written, latest = await self._ages.reached()
        if written is None:
            await self._believe()
            written = min(latest or date, date)
        if self._time is None or written != self._time.at:
            self._time = TrustedTime(written)
        self._time, reading = self._time.read(date, counted)
        await self._ages.reach(self._time.at)
        suspicious = reading.suspicious and date - reading.now > _TOLD_ABOVE
        if suspicious and not self._told_suspicious:
            log.error("clock_ahead", date=date.isoformat(), believed=reading.now.isoformat())
        self._told_suspicious = suspicious
        return self._time, reading

    async def _believe(self) -> None:
        """What was there before anybody asked for retention is kept from its end, whatever that is."""
        while aged := await self._ages.unnoticed(RETENTION_BATCH):
            await self._ages.notice(aged)

    async def _notice(self, reached: datetime) -> None:
        while aged := await self._ages.unnoticed(RETENTION_BATCH):
            await self._ages.notice([_noticed(each, reached) for each in aged])

    async def _note(self, aged: Aged, result: str, detail: Mapping[str, str]) -> None:
        await self._audit.write(Deed(ACTOR, "delete", aged.call_uuid, result, detail, aged.tenant))


def facts_of(tenant: str, parts: Sequence[PartRecord], labels: frozenset[str]) -> KeptFacts:
    """What rules look at."""
    return KeptFacts(
        tenant=tenant,
        anis=frozenset(part.ani for part in parts),
        dnises=frozenset(part.dnis for part in parts),
        numbers=frozenset(part.recorded_dn for part in parts),
        labels=labels,
        user_data=tuple(part.user_data for part in parts),
    )


def _noticed(aged: Aged, reached: datetime) -> Aged:
    """An end that is not of these days was written by a wrong clock: the true one was not later than time has come."""
    believed = abs(aged.kept_from - reached) <= _BELIEVED
    return aged if believed else Aged(aged.tenant, aged.call_uuid, reached)
