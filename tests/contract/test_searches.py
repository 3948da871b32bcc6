"""Every search in a database finds what one in memory finds, in the same order, whichever way it takes: bounds are so low here
that each way is taken, and given up, within a few dozen recordings."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from telegraphone.database import searching, walking
from telegraphone.database.catalogue import SqlCatalogue
from telegraphone.database.memory import MemoryCatalogue
from telegraphone.domain.ids import DEFAULT_TENANT, CallUuid, RecordingId
from telegraphone.services.catalogue import Catalogue, HistoryEntry, PartQuery, PartRecord
from tests.contract.databases import KINDS, database
from tests.postgresql import Server
from tests.seeds import chance

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
AGENTS = ("agent.one", "agent.two", "agent.three", "o'neill \\ ~", "")
WORDS = ("order", "orders", "case", "lemon", "zoë", "1", "17", "175")
SAID = ("order", "ord", "case", "lemon", "zo", "1", "17", "agent", "%", "nothing")
TEAM = frozenset({"agent.one", "o'neill \\ ~", "nobody"})

ALWAYS: tuple[dict[str, Any], ...] = (
    *({"among": TEAM, "paused": paused} for paused in (True, False)),
    *({"among": TEAM, "state": state} for state in ("sealed", "broken")),
    *({"text": text} for text in ("order lemon", "agent case 1", "order", "1")),
    *({"text": "order", "among": among} for among in (frozenset({"agent.one", "nobody"}), TEAM, frozenset(AGENTS[:-1]))),
    *({"text": "order", "paused": True, "started_before": NOON - timedelta(days=days)} for days in (0, 9, 31)),
)
"""What the ways of teams and of common words are tried with, whatever chance brings besides: words that are rarer than what
else is asked for, or not, and of all times, or of what is far down."""


@pytest.fixture(params=KINDS)
async def catalogue(
    request: pytest.FixtureRequest, tmp_path: Path, postgresql: Server, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Catalogue]:
    monkeypatch.setattr(walking, "SEARCH_WALKED_MAX", 6)
    monkeypatch.setattr(searching, "SEARCH_SAMPLE", 8)
    monkeypatch.setattr(searching, "SEARCH_SAMPLE_COMMON", 2)
    monkeypatch.setattr(searching, "SEARCH_SAMPLE_RARE", 1)
    async with database(request.param, tmp_path, postgresql) as engine:
        yield SqlCatalogue(engine)


def _part(luck: Random, number: int, tenant: str = DEFAULT_TENANT) -> PartRecord:
    """Of the last two months, as spans are of days; some begin at the same moment, some have not ended."""
    began = NOON - timedelta(days=luck.choice((0, 1, 2, 9, 10, 30, 31, 60)), seconds=luck.randrange(3))
    ended = luck.random() < 0.9
    return PartRecord(
        RecordingId(f"{tenant}-{number}-{luck.randrange(10**6)}"),
        CallUuid(f"C{number:02}"),
        "0071022ec8ac8056",
        "name",
        luck.choice(("15550100", "15550142", "")),
        "5001",
        "5001",
        luck.choice(AGENTS),
        began,
        began + timedelta(seconds=90) if ended else None,
        luck.randrange(60) * 1_000,
        luck.choice(("sealed", "broken")) if ended else "recording",
        (HistoryEntry("Paused", began, began, 1, 1),) if luck.random() < 0.3 else (),
        tenant,
        {"kind": luck.choice(WORDS), "note": " ".join(luck.sample(WORDS, 3))},
    )


def _criteria(luck: Random) -> dict[str, Any]:
    """Some of all criteria together."""
    everything: dict[str, Any] = {
        "text": " ".join(luck.sample(SAID, luck.choice((1, 2)))),
        "among": luck.choice((TEAM, frozenset({"agent.two"}), frozenset(AGENTS[:-1]), frozenset())),
        "user_name": luck.choice(("agent.one", "o'neill \\ ~", "agent.t*")),
        "user_data": ("kind", luck.choice(WORDS)),
        "ani": luck.choice(("15550100", "*42")),
        "paused": luck.random() < 0.5,
        "state": luck.choice(("sealed", "broken")),
        "duration_ms_min": 20_000,
        "duration_ms_max": 50_000,
        "started_from": NOON - timedelta(days=40),
        "started_before": NOON - timedelta(days=luck.choice((0, 9))),
    }
    # What has ways of its own is asked for more often than the others.
    weighted = luck.sample(list(everything), 2) + [each for each in ("text", "among") if luck.random() < 0.5]
    return {name: everything[name] for name in weighted[luck.randrange(2) :]}


async def _paged(catalogue: Catalogue, query: PartQuery, limit: int, *, added: list[PartRecord] | None = None) -> list[str]:
    """All pages one behind the other; after each a recording is added while there are any."""
    found: list[str] = []
    while page := await catalogue.find_calls(query, limit, 0):
        found += page
        assert len(found) < 1_000, "pages come again"
        first = (await catalogue.parts_of_call(query.tenant, page[-1]))[0]
        query = replace(query, after=(first.started_at, first.call_uuid))
        if added:
            await catalogue.put(added.pop())
    return found


async def test_all_combinations_find_what_the_plain_comparison_finds(catalogue: Catalogue) -> None:
    luck, reference = chance("combinations"), MemoryCatalogue()
    parts = [_part(luck, luck.randrange(40)) for _ in range(60)] + [_part(luck, number, "other") for number in range(10)]
    for each in (catalogue, reference):
        await each.put(*parts)
    met = 0
    for criteria in (*ALWAYS, *(_criteria(luck) for _ in range(40))):
        query, limit = PartQuery(DEFAULT_TENANT, **criteria), luck.choice((1, 2, 3, 7))
        expected = list(await reference.find_calls(query, 100, 0))
        assert await _paged(catalogue, query, limit) == expected, query
        offset = luck.randrange(5)
        assert list(await catalogue.find_calls(query, limit, offset)) == expected[offset : offset + limit], query
        met += len(expected)
    assert met > 60, "hardly anything was found: the criteria exclude each other"


async def test_nothing_is_lost_or_found_twice_while_recordings_are_added(catalogue: Catalogue) -> None:
    luck = chance("added")
    later = [_part(luck, 100 + number) for number in range(300)]
    reference = MemoryCatalogue()
    parts = [_part(luck, number) for number in range(40)]
    await catalogue.put(*parts)
    await reference.put(*parts)
    for criteria in ({"text": "order"}, {"text": "order 1", "among": TEAM}, {"among": TEAM}, {"paused": True, "text": "ord"}):
        query = PartQuery(DEFAULT_TENANT, **criteria)
        there = set(await reference.find_calls(query, 1_000, 0))
        added = [later.pop() for _ in range(12)]
        await reference.put(*added)
        found = await _paged(catalogue, query, 2, added=added[:])
        assert len(found) == len(set(found))
        assert there <= set(found) <= set(await reference.find_calls(query, 1_000, 0))
        await catalogue.put(*added)
