"""What every keeper of protections, holds and tombstones promises."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from telegraphone.database.catalogue import SqlCatalogue
from telegraphone.database.memory import MemoryCatalogue, MemoryStandings
from telegraphone.database.outbox import SqlOutbox
from telegraphone.database.standings import SqlStandings
from telegraphone.domain.ids import DEFAULT_TENANT, CallUuid, RecordingId
from telegraphone.services.catalogue import Catalogue, PartQuery, PartRecord
from telegraphone.services.happenings import Kind, Outbox
from telegraphone.services.keeping import Standing, Tombstone
from tests.contract.databases import KINDS, database
from tests.postgresql import Server

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
BY = ("compliance.one", NOON)
A, B = CallUuid("A" * 32), CallUuid("B" * 32)


@dataclass(frozen=True, slots=True)
class Kept:
    catalogue: Catalogue
    standings: SqlStandings | MemoryStandings
    outbox: Outbox


@pytest.fixture(params=["memory", *KINDS])
async def kept(request: pytest.FixtureRequest, tmp_path: Path, postgresql: Server) -> AsyncIterator[Kept]:
    if request.param == "memory":
        catalogue = MemoryCatalogue(sent_on=True)
        there = Kept(catalogue, MemoryStandings(catalogue), catalogue.outbox)
        await _filled(there)
        yield there
        return
    async with database(request.param, tmp_path, postgresql) as engine:
        there = Kept(SqlCatalogue(engine, sent_on=True), SqlStandings(engine), SqlOutbox(engine))
        await _filled(there)
        yield there


async def _filled(kept: Kept) -> None:
    """A is a call of two tenants, of two parts here; B one of ours."""
    for name, call, tenant in (("1", A, DEFAULT_TENANT), ("2", A, DEFAULT_TENANT), ("3", A, "other"), ("4", B, DEFAULT_TENANT)):
        numbers = ("c", "n", "5000", "5001", "5001", "agent.one")
        await kept.catalogue.put(PartRecord(RecordingId(name), call, *numbers, NOON, NOON, 1, "sealed", tenant=tenant))


async def _standing(kept: Kept, tenant: str = DEFAULT_TENANT) -> Standing:
    [standing] = await kept.standings.of(tenant, (A,))
    return standing


async def _listed(kept: Kept, tenant: str = DEFAULT_TENANT) -> list[str]:
    return list(await kept.catalogue.find_calls(PartQuery(tenant), 10, 0))


async def test_protection_is_put_on_and_taken_off_and_survives_what_is_learnt(kept: Kept) -> None:
    assert await _standing(kept) == Standing()
    for on in (True, True, False, False, True):
        await kept.standings.protect(DEFAULT_TENANT, A, on=on)
        assert await _standing(kept) == Standing(non_delete=on)
    [part, _] = await kept.catalogue.parts_of_call(DEFAULT_TENANT, A)
    await kept.catalogue.put(part)
    assert (await _standing(kept)).non_delete
    assert not (await _standing(kept, "other")).non_delete, "another tenant's call of that name is another"


async def test_holds_are_as_many_as_there_are_matters(kept: Kept) -> None:
    matters = ["one", "three", "two"]
    for matter in (*matters[:3], matters[0]):
        assert await kept.standings.hold(DEFAULT_TENANT, A, matter, BY)
    assert (await _standing(kept)).matters == tuple(matters[:3])
    await kept.standings.release(DEFAULT_TENANT, A, matters[1])
    await kept.standings.release(DEFAULT_TENANT, A, "never held")
    assert (await _standing(kept)).matters == (matters[0], matters[2])
    assert (await _standing(kept, "other")).matters == ()


async def test_only_what_nothing_keeps_is_claimed(kept: Kept) -> None:
    await kept.standings.protect(DEFAULT_TENANT, A, on=True)
    assert not await kept.standings.claim(DEFAULT_TENANT, A)
    await kept.standings.protect(DEFAULT_TENANT, A, on=False)
    await kept.standings.hold(DEFAULT_TENANT, A, "one", BY)
    await kept.standings.hold(DEFAULT_TENANT, A, "two", BY)
    for matter in ("one", "two"):
        assert not await kept.standings.claim(DEFAULT_TENANT, A)
        await kept.standings.release(DEFAULT_TENANT, A, matter)
    assert await kept.standings.claim(DEFAULT_TENANT, A)
    assert await kept.standings.claim(DEFAULT_TENANT, A), "asking again goes on where a crash stopped"
    assert not await kept.standings.hold(DEFAULT_TENANT, A, "late", BY), "it is too late for a hold"
    assert not await kept.standings.claim(DEFAULT_TENANT, CallUuid("absent"))
    assert not await kept.standings.hold(DEFAULT_TENANT, CallUuid("absent"), "one", BY)


async def test_what_could_not_be_destroyed_is_held_again_and_found_as_before(kept: Kept) -> None:
    [part, _] = await kept.catalogue.parts_of_call(DEFAULT_TENANT, A)
    before = await _listed(kept)
    assert await kept.standings.claim(DEFAULT_TENANT, A)
    await kept.catalogue.put(part)
    assert not await kept.standings.hold(DEFAULT_TENANT, A, "one", BY), "what is learnt of it later does not undo the claim"
    await kept.standings.renounce(DEFAULT_TENANT, A)
    assert await kept.standings.hold(DEFAULT_TENANT, A, "one", BY)
    assert await _listed(kept) == before
    await kept.standings.renounce(DEFAULT_TENANT, CallUuid("absent"))


async def test_a_hold_and_an_end_never_both_come_in(kept: Kept) -> None:
    for _ in range(5):
        held, claimed = await asyncio.gather(
            kept.standings.hold(DEFAULT_TENANT, B, "one", BY), kept.standings.claim(DEFAULT_TENANT, B)
        )
        assert held != claimed
        if claimed:
            return
        await kept.standings.release(DEFAULT_TENANT, B, "one")


async def test_what_is_buried_is_forgotten_but_for_its_stone(kept: Kept) -> None:
    await kept.standings.claim(DEFAULT_TENANT, A)
    stone = Tombstone(DEFAULT_TENANT, A, NOON, '{"recording":"A"}', "ab" * 64)
    for _ in range(2):
        await kept.standings.bury(stone)
    assert await kept.catalogue.parts_of_call(DEFAULT_TENANT, A) == ()
    assert await _listed(kept) == [B]
    assert await _listed(kept, "other") == [A]
    assert await kept.standings.tombstone(DEFAULT_TENANT, A) == stone
    assert await kept.standings.tombstone("other", A) is None


async def test_many_are_held_for_a_matter_at_once_and_released_with_it(kept: Kept) -> None:
    await kept.standings.hold(DEFAULT_TENANT, A, "one", BY)
    await kept.standings.hold("other", A, "one", BY)
    assert await kept.standings.hold_all(DEFAULT_TENANT, (A, B, CallUuid("absent")), "one", BY) == 2
    assert await kept.standings.hold_all(DEFAULT_TENANT, (B,), "two", BY) == 1
    standings = await kept.standings.of(DEFAULT_TENANT, (B, CallUuid("absent"), A))
    assert [each.matters for each in standings] == [("one", "two"), (), ("one",)]
    assert not await kept.standings.claim(DEFAULT_TENANT, A)
    assert await kept.standings.release_all(DEFAULT_TENANT, "one") == 2
    assert await kept.standings.release_all(DEFAULT_TENANT, "one") == 0
    assert (await _standing(kept, "other")).matters == ("one",), "another tenant's matter of that name is another"
    assert await kept.standings.claim(DEFAULT_TENANT, A)
    assert await kept.standings.hold_all(DEFAULT_TENANT, (A, B), "late", BY) == 1, "it is too late for one of them"


async def test_who_is_told_from_outside_hears_of_an_end(kept: Kept) -> None:
    await kept.standings.claim(DEFAULT_TENANT, A)
    before = (await kept.outbox.after(0, DEFAULT_TENANT, 100))[-1].number
    await kept.standings.bury(Tombstone(DEFAULT_TENANT, A, NOON, '{"by":"compliance.one"}', "ab" * 64))
    [told] = await kept.outbox.after(before, DEFAULT_TENANT, 100)
    assert (told.happening.kind, told.happening.call_uuid, told.happening.at) == (Kind.ERASED, A, NOON)
    assert told.happening.detail == {"by": {"source": "admin", "userName": "compliance.one"}}


async def test_what_is_erased_before_it_has_arrived_was_never_stored(kept: Kept) -> None:
    [part, _] = await kept.catalogue.parts_of_call(DEFAULT_TENANT, A)
    await kept.catalogue.put(replace(part, recording_id=RecordingId("5"), bytes_stored=9))
    await kept.standings.claim(DEFAULT_TENANT, A)
    await kept.standings.bury(Tombstone(DEFAULT_TENANT, A, NOON, "{}", "ab" * 64))
    await kept.outbox.stored(RecordingId("5"), NOON)
    kinds = [each.happening.kind for each in await kept.outbox.after(0, DEFAULT_TENANT, 100)]
    assert kinds[-1] is Kind.ERASED
    assert Kind.STORED not in kinds


async def test_what_is_known_of_a_part_is_changed_only_while_it_is_there(kept: Kept) -> None:
    [part, other] = await kept.catalogue.parts_of_call(DEFAULT_TENANT, A)
    for each in (part, other):
        assert await kept.catalogue.change(replace(each, status="redacted"))
    assert await kept.catalogue.find_calls(PartQuery(DEFAULT_TENANT, state="redacted"), 10, 0) == (A,)
    await kept.standings.claim(DEFAULT_TENANT, A)
    await kept.standings.bury(Tombstone(DEFAULT_TENANT, A, NOON, "{}", "ab" * 64))
    assert not await kept.catalogue.change(part)
    assert await kept.catalogue.parts_of_call(DEFAULT_TENANT, A) == ()
