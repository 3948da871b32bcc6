"""The list of recordings, copied calls, the audit trail and agents' desks in memory: for trying things out, and gone when
the program ends."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import count, islice

from telegraphone.database.matching import compared_pattern, matches
from telegraphone.database.summary import DATA, LABEL, Summary, kept_words, pair, summary
from telegraphone.domain.copies import Copy
from telegraphone.domain.ids import CallUuid, RecordingId
from telegraphone.domain.labels import Label
from telegraphone.domain.tokens import ApiToken
from telegraphone.services.audit import AuditLine, Deed, Head
from telegraphone.services.catalogue import PartQuery, PartRecord
from telegraphone.services.copies import KeptSnapshot
from telegraphone.services.desks import KeptDesk
from telegraphone.services.happenings import Happening, Kind, Numbered, happened
from telegraphone.services.keeping import Standing, Tombstone, erasure_of
from telegraphone.services.ports import Clock, Unavailable


class MemoryCatalogue:
    """A `Catalogue` in a dictionary."""

    def __init__(self, *, sent_on: bool = False) -> None:
        """See `SqlCatalogue`."""
        self._sent_on = sent_on
        self._parts: dict[RecordingId, PartRecord] = {}
        self.labels: dict[tuple[str, CallUuid], dict[str, Label]] = {}
        """By recording and name."""
        self.outbox = MemoryOutbox()

    async def put(self, *parts: PartRecord) -> None:
        """See `Catalogue.put`."""
        for part in parts:
            for each in happened(self._parts.get(part.recording_id), part):
                if self._sent_on and each.kind is Kind.STORED:
                    self.outbox.unstored[each.recording_id] = each
                else:
                    await self.outbox.add(each)
            self._parts[part.recording_id] = part

    async def change(self, part: PartRecord) -> bool:
        """See `Catalogue.change`."""
        if part.recording_id not in self._parts:
            return False
        self._parts[part.recording_id] = part
        return True

    async def parts_of_call(self, tenant: str, call_uuid: CallUuid) -> tuple[PartRecord, ...]:
        """See `Catalogue.parts_of_call`."""
        return _in_order(part for part in self._of(tenant) if part.call_uuid == call_uuid)

    async def parts_of_calls(self, tenant: str, call_uuids: Sequence[CallUuid]) -> tuple[tuple[PartRecord, ...], ...]:
        """See `Catalogue.parts_of_calls`."""
        return tuple([await self.parts_of_call(tenant, each) for each in call_uuids])

    async def find_calls(self, query: PartQuery, limit: int, offset: int) -> tuple[CallUuid, ...]:
        """See `Catalogue.find_calls`."""
        uuids = dict.fromkeys(part.call_uuid for part in self._of(query.tenant))
        calls = [_in_order(each for each in self._of(query.tenant) if each.call_uuid == uuid) for uuid in uuids]
        found = [call for call in calls if any(part.stopped_at for part in call) and _holds(query, call, self._values(call[0]))]
        found.sort(key=lambda call: call[0].call_uuid)
        found.sort(key=lambda call: call[0].started_at, reverse=True)
        return tuple(call[0].call_uuid for call in found[offset : offset + limit])

    def everything(self) -> tuple[PartRecord, ...]:
        """All parts of all tenants."""
        return tuple(self._parts.values())

    def forget(self, tenant: str, call_uuid: CallUuid) -> None:
        """What was said of the call is said no more."""
        gone = [part.recording_id for part in self._of(tenant) if part.call_uuid == call_uuid]
        for recording_id in gone:
            del self._parts[recording_id]
            self.outbox.unstored.pop(recording_id, None)
        self.labels.pop((tenant, call_uuid), None)

    def _values(self, part: PartRecord) -> dict[str, str]:
        return {name: label.value for name, label in self.labels.get((part.tenant, part.call_uuid), {}).items()}

    async def unfinished(self) -> tuple[PartRecord, ...]:
        """See `Catalogue.unfinished`."""
        return _in_order(part for part in self._parts.values() if part.stopped_at is None)

    def _of(self, tenant: str) -> Iterator[PartRecord]:
        return (part for part in self._parts.values() if part.tenant == tenant)


class MemoryOutbox:
    """An `Outbox` in a list."""

    def __init__(self) -> None:
        self._happened: list[Numbered] = []
        self.unstored: dict[RecordingId, Happening] = {}
        """What is to be told when it is so."""
        self._told: dict[str, int] = {}
        self._numbers = count(1)

    async def add(self, happening: Happening) -> None:
        """See `Outbox.add`."""
        self._happened.append(Numbered(next(self._numbers), happening))

    async def stored(self, recording_id: RecordingId, at: datetime) -> None:
        """See `Outbox.stored`."""
        if told := self.unstored.pop(recording_id, None):
            await self.add(replace(told, at=at))

    async def after(self, number: int, tenant: str, limit: int) -> tuple[Numbered, ...]:
        """See `Outbox.after`."""
        found = (each for each in self._happened if each.number > number and each.happening.tenant == tenant)
        return tuple(islice(found, limit))

    async def told(self, webhook: str) -> int:
        """See `Outbox.told`."""
        return self._told.setdefault(webhook, self._happened[-1].number if self._happened else 0)

    async def set_told(self, webhook: str, number: int) -> None:
        """See `Outbox.set_told`."""
        self._told[webhook] = number

    async def forget(self, before: datetime) -> int:
        """See `Outbox.forget`."""
        kept = [each for each in self._happened if each.happening.at >= before]
        gone, self._happened = len(self._happened) - len(kept), kept
        return gone


class MemoryStandings:
    """`Standings` of the recordings of a list in memory."""

    def __init__(self, catalogue: MemoryCatalogue) -> None:
        self._catalogue = catalogue
        self._protected: set[tuple[str, CallUuid]] = set()
        self._claimed: set[tuple[str, CallUuid]] = set()
        self._held: dict[tuple[str, CallUuid], set[str]] = {}
        self.tombstones: dict[tuple[str, CallUuid], Tombstone] = {}

    async def of(self, tenant: str, call_uuids: Sequence[CallUuid]) -> tuple[Standing, ...]:
        """See `Standings.of`."""
        keys = [(tenant, each) for each in call_uuids]
        return tuple(Standing(key in self._protected, tuple(sorted(self._held.get(key, ())))) for key in keys)

    async def protect(self, tenant: str, call_uuid: CallUuid, *, on: bool) -> None:
        """See `Standings.protect`."""
        if on and await self._catalogue.parts_of_call(tenant, call_uuid):
            self._protected.add((tenant, call_uuid))
        elif not on:
            self._protected.discard((tenant, call_uuid))

    async def hold(self, tenant: str, call_uuid: CallUuid, matter: str, by: tuple[str, datetime]) -> bool:
        """See `Standings.hold`."""
        key = (tenant, call_uuid)
        if key in self._claimed or not await self._catalogue.parts_of_call(tenant, call_uuid):
            return False
        self._held.setdefault(key, set()).add(matter)
        return True

    async def release(self, tenant: str, call_uuid: CallUuid, matter: str) -> None:
        """See `Standings.release`."""
        self._held.get((tenant, call_uuid), set()).discard(matter)

    async def claim(self, tenant: str, call_uuid: CallUuid) -> bool:
        """See `Standings.claim`."""
        [standing] = await self.of(tenant, (call_uuid,))
        if standing != Standing() or not await self._catalogue.parts_of_call(tenant, call_uuid):
            return False
        self._claimed.add((tenant, call_uuid))
        return True

    async def renounce(self, tenant: str, call_uuid: CallUuid) -> None:
        """See `Standings.renounce`."""
        self._claimed.discard((tenant, call_uuid))

    def is_claimed(self, tenant: str, call_uuid: CallUuid) -> bool:
        """Whether its end has begun."""
        return (tenant, call_uuid) in self._claimed

    async def bury(self, tombstone: Tombstone) -> None:
        """See `Standings.bury`."""
        self._catalogue.forget(tombstone.tenant, tombstone.call_uuid)
        self.tombstones[tombstone.tenant, tombstone.call_uuid] = tombstone
        await self._catalogue.outbox.add(erasure_of(tombstone))

    async def hold_all(self, tenant: str, call_uuids: Sequence[CallUuid], matter: str, by: tuple[str, datetime]) -> int:
        """See `Matters.hold_all`."""
        return sum([await self.hold(tenant, each, matter, by) for each in call_uuids])

    async def release_all(self, tenant: str, matter: str) -> int:
        """See `Matters.release_all`."""
        held = [matters for (whose, _), matters in self._held.items() if whose == tenant and matter in matters]
        for matters in held:
            matters.remove(matter)
        return len(held)

    async def tombstone(self, tenant: str, call_uuid: CallUuid) -> Tombstone | None:
        """See `Matters.tombstone`."""
        return self.tombstones.get((tenant, call_uuid))


class MemoryDesks:
    """`Desks` in a dictionary."""

    def __init__(self) -> None:
        self._desks: dict[tuple[str, str], KeptDesk] = {}

    async def put(self, desk: KeptDesk) -> None:
        """See `Desks.put`."""
        self._desks[desk.tenant, desk.user_name] = desk

    async def all(self) -> tuple[KeptDesk, ...]:
        """See `Desks.all`."""
        return tuple(sorted(self._desks.values(), key=lambda desk: (desk.tenant, desk.user_name)))


class MemoryTokens:
    """A `TokenStore` in a dictionary; while `away` it cannot be asked."""

    def __init__(self) -> None:
        self._tokens: dict[str, ApiToken] = {}
        self.away = False

    async def put(self, token: ApiToken) -> None:
        """See `TokenStore.put`."""
        self._there()[token.id] = token

    async def find(self, token_id: str) -> ApiToken | None:
        """See `TokenStore.find`."""
        return self._there().get(token_id)

    async def of(self, tenant: str, user_name: str | None = None) -> tuple[ApiToken, ...]:
        """See `TokenStore.of`."""
        mine = [each for each in self._there().values() if each.tenant == tenant and user_name in (None, each.user_name)]
        return tuple(sorted(sorted(mine, key=lambda each: each.id), key=lambda each: each.created_at, reverse=True))

    async def used(self, token: ApiToken) -> None:
        """See `TokenStore.used`."""
        if token.id in self._there():
            self._tokens[token.id] = replace(self._tokens[token.id], used_at=token.used_at)

    async def end(self, token_id: str) -> None:
        """See `TokenStore.end`."""
        self._there().pop(token_id, None)

    def _there(self) -> dict[str, ApiToken]:
        if self.away:
            raise Unavailable("database")
        return self._tokens


class MemoryCopies:
    """A `CopyStore` in dictionaries."""

    def __init__(self) -> None:
        self._copies: dict[tuple[str, CallUuid], Copy] = {}
        self._documents: dict[tuple[str, CallUuid, int], KeptSnapshot] = {}

    async def put(self, *copies: Copy) -> None:
        """See `CopyStore.put`."""
        self._copies.update({(each.tenant, each.call_uuid): each for each in copies})

    async def add(self, *snapshots: KeptSnapshot) -> None:
        """See `CopyStore.add`."""
        self._documents.update({(each.tenant, each.call_uuid, each.number): each for each in snapshots})

    async def conversation(self, tenant: str, call_uuid: CallUuid) -> tuple[Copy, ...]:
        """See `CopyStore.conversation`."""
        found = {(tenant, call_uuid)} & self._copies.keys()
        while True:
            links = {link for key in found for link in self._copies[key].links}
            wider = found | {key for key, each in self._copies.items() if key[0] == tenant and each.links & links}
            if wider == found:
                return tuple(sorted((self._copies[key] for key in found), key=lambda each: (each.began_at, each.call_uuid)))
            found = wider

    async def snapshots(self, tenant: str, call_uuid: CallUuid) -> tuple[KeptSnapshot, ...]:
        """See `CopyStore.snapshots`."""
        return tuple(each for key, each in sorted(self._documents.items()) if key[:2] == (tenant, call_uuid))

    async def forget(self, tenant: str, call_uuid: CallUuid) -> None:
        """See `CopyStore.forget`."""
        self._copies.pop((tenant, call_uuid), None)
        for key in [key for key in self._documents if key[:2] == (tenant, call_uuid)]:
            del self._documents[key]


class MemoryAuditTrail:
    """An `AuditTrail` in a list."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.lines: list[AuditLine] = []

    async def write(self, deed: Deed) -> None:
        """See `AuditTrail.write`."""
        self.lines.append(AuditLine.behind(await self.head(), self._clock.utc(), deed))

    async def about(self, tenant: str, subjects: Sequence[str], limit: int) -> tuple[AuditLine, ...]:
        """See `AuditTrail.about`."""
        found = [line for line in reversed(self.lines) if line.deed.tenant == tenant and line.deed.subject in subjects]
        return tuple(found[:limit])

    async def head(self) -> Head:
        """See `AuditTrail.head`."""
        return Head(self.lines[-1].number, self.lines[-1].hash) if self.lines else Head()

    async def after(self, number: int, limit: int) -> tuple[AuditLine, ...]:
        """See `AuditTrail.after`."""
        return tuple([line for line in self.lines if line.number > number][:limit])


def _in_order(parts: Iterable[PartRecord]) -> tuple[PartRecord, ...]:
    return tuple(sorted(parts, key=lambda part: (part.started_at, part.recording_id)))


def _holds(query: PartQuery, call: tuple[PartRecord, ...], labels: dict[str, str]) -> bool:
    first, found = call[0], summary(call, labels)
    return (
        query.call_uuid in (None, first.call_uuid)
        and (query.ani is None or matches(compared_pattern(query.ani), found.ani_compared))
        and (query.dnis is None or matches(compared_pattern(query.dnis), found.dnis_compared))
        and (query.started_from is None or first.started_at >= query.started_from)
        and (query.started_before is None or first.started_at < query.started_before)
        and (query.after is None or _comes_after(query.after, first))
        and (query.user_name is None or any(matches(query.user_name, part.user_name) for part in call))
        and (query.among is None or any(part.user_name in query.among for part in call))
        and _fits(query, found)
    )


def _fits(query: PartQuery, found: Summary) -> bool:
    return (
        (query.label is None or (LABEL, query.label) in found.traits)
        and (query.user_data is None or (DATA, pair(*query.user_data)) in found.traits)
        and query.paused in (None, found.paused)
        and query.state in (None, found.state)
        and (query.duration_ms_min is None or found.duration_ms >= query.duration_ms_min)
        and (query.duration_ms_max is None or found.duration_ms <= query.duration_ms_max)
        and (query.text is None or all(f" {word}" in found.words for word in kept_words(query.text)))
    )


def _comes_after(seen: tuple[datetime, CallUuid], first: PartRecord) -> bool:
    began_at, call_uuid = seen
    return first.started_at < began_at or (first.started_at == began_at and first.call_uuid > call_uuid)
