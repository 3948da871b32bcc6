"""What every keeper of labels promises: definitions of a tenant's own, labels of recordings, and searches that follow them."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from telegraphone.database.catalogue import SqlCatalogue
from telegraphone.database.labels import SqlLabels
from telegraphone.database.memory import MemoryCatalogue, MemoryStandings
from telegraphone.database.memory_labels import MemoryLabels
from telegraphone.database.standings import SqlStandings
from telegraphone.domain.ids import DEFAULT_TENANT, CallUuid, RecordingId
from telegraphone.domain.labels import Label, LabelDefinition
from telegraphone.services.catalogue import Catalogue, PartQuery, PartRecord
from telegraphone.services.keeping import Tombstone
from tests.contract.databases import KINDS, database
from tests.postgresql import Server

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
A, B, ABSENT = CallUuid("A" * 32), CallUuid("B" * 32), CallUuid("C" * 32)
COMPLAINT = LabelDefinition("complaint", "Complaint", "somebody complained")
ON_A = Label("complaint", "case 17", "agent.one", NOON)


@dataclass(frozen=True, slots=True)
class Kept:
    catalogue: Catalogue
    standings: SqlStandings | MemoryStandings
    labels: SqlLabels | MemoryLabels


@pytest.fixture(params=["memory", *KINDS])
async def kept(request: pytest.FixtureRequest, tmp_path: Path, postgresql: Server) -> AsyncIterator[Kept]:
    if request.param == "memory":
        catalogue = MemoryCatalogue()
        there = Kept(catalogue, MemoryStandings(catalogue), MemoryLabels(catalogue))
        await _filled(there)
        yield there
        return
    async with database(request.param, tmp_path, postgresql) as engine:
        there = Kept(SqlCatalogue(engine), SqlStandings(engine), SqlLabels(engine))
        await _filled(there)
        yield there


async def _filled(kept: Kept) -> None:
    """A is a call of two tenants, B one of ours."""
    for name, call, tenant in (("1", A, DEFAULT_TENANT), ("2", A, "other"), ("3", B, DEFAULT_TENANT)):
        numbers = ("c", "n", "5000", "5001", "5001", "agent.one")
        await kept.catalogue.put(PartRecord(RecordingId(name), call, *numbers, NOON, NOON, 1, "sealed", tenant=tenant))


async def _found(kept: Kept, *, label: str | None = None, text: str | None = None) -> list[str]:
    return list(await kept.catalogue.find_calls(PartQuery(DEFAULT_TENANT, label=label, text=text), 10, 0))


async def test_definitions_are_each_tenants_own(kept: Kept) -> None:
    assert not await kept.labels.redefine(DEFAULT_TENANT, COMPLAINT)
    assert await kept.labels.define(DEFAULT_TENANT, COMPLAINT)
    assert not await kept.labels.define(DEFAULT_TENANT, replace(COMPLAINT, display_name="another"))
    upper = LabelDefinition("VIP", "VIP")
    assert await kept.labels.define(DEFAULT_TENANT, upper)
    assert await kept.labels.define("other", replace(COMPLAINT, display_name="theirs"))
    assert await kept.labels.definitions(DEFAULT_TENANT) == (upper, COMPLAINT)
    assert await kept.labels.redefine(DEFAULT_TENANT, replace(COMPLAINT, description=""))
    assert await kept.labels.definitions(DEFAULT_TENANT) == (upper, replace(COMPLAINT, description=""))
    assert [await kept.labels.undefine(DEFAULT_TENANT, "complaint") for _ in range(2)] == [True, False]
    assert (await kept.labels.definitions("other"))[0].display_name == "theirs"


async def test_of_two_who_define_the_same_at_once_one_comes_in(kept: Kept) -> None:
    done = await asyncio.gather(*(kept.labels.define(DEFAULT_TENANT, COMPLAINT) for _ in range(2)), return_exceptions=True)
    assert done.count(True) == 1
    assert await kept.labels.definitions(DEFAULT_TENANT) == (COMPLAINT,)


async def test_a_label_is_found_by_from_the_moment_it_is_put_on(kept: Kept) -> None:
    assert await kept.labels.of(DEFAULT_TENANT, (A, B)) == ((), ())
    assert await kept.labels.add(DEFAULT_TENANT, A, ON_A)
    assert not await kept.labels.add(DEFAULT_TENANT, A, replace(ON_A, value="another"))
    other = replace(ON_A, name="VIP", value="")
    assert await kept.labels.add(DEFAULT_TENANT, A, other)
    assert await kept.labels.of(DEFAULT_TENANT, (B, A, ABSENT)) == ((), (other, ON_A), ())
    assert await kept.labels.of("other", (A,)) == ((),)
    assert await _found(kept, label="complaint") == await _found(kept, text="case 17") == [A]
    [part] = await kept.catalogue.parts_of_call(DEFAULT_TENANT, A)
    await kept.catalogue.put(part)
    assert await _found(kept, label="complaint") == [A], "what is learnt later takes no label off"
    assert await kept.labels.change(DEFAULT_TENANT, A, replace(ON_A, value="case 18"))
    assert not await kept.labels.change(DEFAULT_TENANT, B, ON_A)
    assert (await _found(kept, text="17"), await _found(kept, text="18")) == ([], [A])
    assert [await kept.labels.remove(DEFAULT_TENANT, A, "complaint") for _ in range(2)] == [True, False]
    assert await _found(kept, label="complaint") == []


async def test_what_is_not_there_or_at_its_end_bears_no_label(kept: Kept) -> None:
    await kept.labels.add(DEFAULT_TENANT, A, ON_A)
    await kept.standings.claim(DEFAULT_TENANT, A)
    await kept.standings.bury(Tombstone(DEFAULT_TENANT, A, NOON, "{}", "ab" * 64))
    for call in (A, ABSENT):
        with pytest.raises(KeyError):
            await kept.labels.add(DEFAULT_TENANT, call, ON_A)
        with pytest.raises(KeyError):
            await kept.labels.change(DEFAULT_TENANT, call, ON_A)
        with pytest.raises(KeyError):
            await kept.labels.remove(DEFAULT_TENANT, call, "complaint")
    assert await kept.labels.of(DEFAULT_TENANT, (A,)) == ((),)
