"""What is known of calls that are only copied to us beyond their sound: who took part when, which of them are one
conversation, and whose recordings hold the same.

Theory. A recording client opens one recording session for each party it records, and a new one after a transfer, a parking
or a failover (siprec.md, section 7). All of these name the conversation they belong to by ids: group, communication session,
Session-ID, a vendor's call id. An id that is long enough to be unique links for ever; a short one, a number that a client
counts up, only as long as a call lives that has it, and only for the same client. The clock is ours: clients' own times are
kept in their snapshots and order nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from telegraphone.domain.ids import CallUuid

UNIQUE_CHARS: Final = 16
"""An id at least this long was made to be unique; a shorter one was counted."""
START_APART: Final = timedelta(seconds=5)
LENGTH_APART: Final = timedelta(seconds=3)
SOUND_APART: Final = timedelta(seconds=4)
"""200 packets of 20 ms (siprec.md, section 7)."""


@dataclass(frozen=True, slots=True)
class Party:
    """A participant as the recording client describes it: its address of record, its number here, its name."""

    address: str
    number: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Presence:
    """A participant and the time it took part, by our clock; `left_at` is None while it does."""

    party: Party
    joined_at: datetime
    left_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Copy:
    """One copied call. `client` is the recording client's name here, `links` the ids by which others are known to be the
    same conversation, `facts` what was noticed, by name, `snapshots` how many metadata documents came."""

    call_uuid: CallUuid
    tenant: str
    client: str
    began_at: datetime
    ended_at: datetime | None = None
    links: frozenset[str] = frozenset()
    parties: tuple[Presence, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)
    snapshots: int = 0

    @property
    def voices(self) -> frozenset[str]:
        """Who took part at any time, as far as that was said."""
        return frozenset(each.party.address or each.party.number for each in self.parties) - {""}

    def described(self, parties: Iterable[Party], now: datetime) -> "Copy":
        """The call after these are said to take part now. Nobody is forgotten: who is missing has left."""
        there = tuple(dict.fromkeys(parties))
        kept = tuple(
            each if each.left_at is not None or each.party in there else replace(each, left_at=now) for each in self.parties
        )
        present = {each.party for each in kept if each.left_at is None}
        return replace(self, parties=(*kept, *(Presence(party, now) for party in there if party not in present)))

    def over(self, now: datetime) -> "Copy":
        """The call after its end."""
        return replace(self.described((), now), ended_at=now)


@dataclass(frozen=True, slots=True)
class Take:
    """The recording of one copied call, as far as it tells whether another holds the same: who took part, when it began,
    how long it is, and how much of that is sound."""

    call_uuid: CallUuid
    parties: frozenset[str]
    started_at: datetime
    length: timedelta
    sound: timedelta


def duplicates(takes: Sequence[Take]) -> dict[CallUuid, CallUuid]:
    """Of the recordings of one conversation, those that hold what an earlier one holds, and which that is."""
    found: dict[CallUuid, CallUuid] = {}
    for index, take in enumerate(takes):
        first = next((each for each in takes[:index] if each.call_uuid not in found and _same(each, take)), None)
        if first is not None:
            found[take.call_uuid] = first.call_uuid
    return found


@dataclass(frozen=True, slots=True)
class Stretch:
    """A time from one moment to a later one."""

    start: datetime
    stop: datetime


def gaps(recorded: Iterable[Stretch]) -> tuple[Stretch, ...]:
    """The times between the first and the last of these that are in none of them."""
    found: list[Stretch] = []
    until: datetime | None = None
    for each in sorted(recorded, key=lambda each: each.start):
        if until is not None and each.start > until:
            found.append(Stretch(until, each.start))
        until = each.stop if until is None else max(until, each.stop)
    return tuple(found)


def _same(first: Take, second: Take) -> bool:
    """Who speaks again a moment later, for as long, is heard in both; only who is heard at the same time is heard twice."""
    return (
        bool(first.parties)
        and abs(first.started_at - second.started_at) < min(first.length, second.length)
        and first.parties == second.parties
        and abs(first.started_at - second.started_at) <= START_APART
        and abs(first.length - second.length) <= LENGTH_APART
        and abs(first.sound - second.sound) <= SOUND_APART
    )


class LinkNames:
    """Makes names of the ids by which clients call conversations: the same name means the same conversation."""

    def __init__(self) -> None:
        self._short: dict[tuple[str, str, str], set[CallUuid]] = {}
        self._names: dict[tuple[str, str, str], str] = {}

    def names(self, tenant: str, client: str, ids: Iterable[str], call_uuid: CallUuid) -> frozenset[str]:
        """The names of the ids that this call has."""
        return frozenset(self._name(tenant, client, each, call_uuid) for each in ids)

    def known(self, tenant: str, client: str, ids: Iterable[str]) -> frozenset[str]:
        """The names of those of the ids that a living call may have."""
        long = (f"{tenant} {each}" for each in ids if len(each) >= UNIQUE_CHARS)
        short = (self._names.get((tenant, client, each), "") for each in ids if len(each) < UNIQUE_CHARS)
        return frozenset((*long, *short)) - {""}

    def over(self, call_uuid: CallUuid) -> None:
        """The call has ended: its short ids mean nothing any more, once nobody else has them."""
        for key, calls in tuple(self._short.items()):
            calls.discard(call_uuid)
            if not calls:
                del self._short[key], self._names[key]

    def _name(self, tenant: str, client: str, link: str, call_uuid: CallUuid) -> str:
        if len(link) >= UNIQUE_CHARS:
            return f"{tenant} {link}"
        key = (tenant, client, link)
        self._short.setdefault(key, set()).add(call_uuid)
        return self._names.setdefault(key, f"{tenant} {client} {link} {call_uuid}")
