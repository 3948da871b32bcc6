"""What every keeper of wishes for a second person and of stated purposes promises, to one node after another and to several."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from telegraphone.database.approvals import SqlApprovals
from telegraphone.database.memory import MemoryAuditTrail, MemoryCatalogue
from telegraphone.database.memory_access import MemoryApprovals, MemoryPurposes
from telegraphone.database.purposes import SqlPurposes
from telegraphone.database.standings import SqlStandings
from telegraphone.domain.agent import Agent, Directory, Role
from telegraphone.domain.errors import SecondPersonMissing
from telegraphone.domain.ids import DEFAULT_TENANT, CallUuid
from telegraphone.domain.permissions import Action
from telegraphone.services.approvals import Approval, Approvals, FourEyes
from telegraphone.services.keeping import Tombstone
from telegraphone.services.library import Library
from telegraphone.services.purposes import Purpose, StatedPurposes
from tests.contract.databases import KINDS, database
from tests.postgresql import Server
from tests.scenario.clock import VirtualClock

NINE = datetime(2026, 11, 24, 9, tzinfo=UTC)
TEN, ELEVEN = NINE + timedelta(hours=1), NINE + timedelta(hours=2)
FIRST = Approval("a" * 24, DEFAULT_TENANT, Action.DELETE, "CALL", "officer", NINE, TEN)
SECOND = replace(FIRST, id="b" * 24, user_name="other", asked_at=NINE + timedelta(seconds=1), until=ELEVEN)
ELSEWHERE = replace(FIRST, id="c" * 24, tenant="other")
OFFICER = Agent("officer", "4", roles=frozenset({Role.COMPLIANCE}))
OTHER = replace(OFFICER, user_name="other", id="5")
SAID = Purpose(DEFAULT_TENANT, "officer", CallUuid("CALL"), "complaint 17", TEN)


@dataclass(frozen=True, slots=True)
class Kept:
    approvals: Approvals
    purposes: StatedPurposes
    engine: AsyncEngine | None = None


@pytest.fixture(params=["memory", *KINDS])
async def kept(request: pytest.FixtureRequest, tmp_path: Path, postgresql: Server) -> AsyncIterator[Kept]:
    if request.param == "memory":
        yield Kept(MemoryApprovals(), MemoryPurposes())
        return
    async with database(request.param, tmp_path, postgresql) as engine:
        yield Kept(SqlApprovals(engine), SqlPurposes(engine), engine)


async def test_wishes_are_listed_as_long_as_they_hold(kept: Kept) -> None:
    for each in (SECOND, ELSEWHERE, FIRST):
        await kept.approvals.add(each)
    assert await kept.approvals.of(DEFAULT_TENANT, NINE) == (FIRST, SECOND)
    assert await kept.approvals.of(DEFAULT_TENANT, TEN) == (SECOND,)
    await kept.approvals.add(replace(SECOND, id="d" * 24, asked_at=TEN))
    assert not await kept.approvals.take(FIRST.id), "who adds one forgets those that are over"


async def test_a_wish_that_is_gone_is_not_approved_and_one_of_two_takes_it(kept: Kept) -> None:
    await kept.approvals.add(FIRST)
    assert await kept.approvals.approve(FIRST.id, "other", ELEVEN)
    assert await kept.approvals.of(DEFAULT_TENANT, TEN) == (replace(FIRST, approved_by="other", until=ELEVEN),)
    assert sorted(await asyncio.gather(*(kept.approvals.take(FIRST.id) for _ in range(2)))) == [False, True]
    assert not await kept.approvals.approve(FIRST.id, "other", ELEVEN)
    assert await kept.approvals.of(DEFAULT_TENANT, NINE) == ()


async def test_a_purpose_is_found_until_it_ends_or_another_is_said(kept: Kept) -> None:
    for each in (SAID, replace(SAID, tenant="other", words="else"), replace(SAID, words="case 7")):
        await kept.purposes.put(each, NINE)
    assert await kept.purposes.find(DEFAULT_TENANT, "officer", SAID.call_uuid, NINE) == "case 7"
    assert await kept.purposes.find(DEFAULT_TENANT, "officer", SAID.call_uuid, TEN) == ""
    assert await kept.purposes.find(DEFAULT_TENANT, "other", SAID.call_uuid, NINE) == ""
    if kept.engine is not None:
        await SqlStandings(kept.engine).bury(Tombstone(DEFAULT_TENANT, SAID.call_uuid, NINE, "{}", ""))
        assert await kept.purposes.find(DEFAULT_TENANT, "officer", SAID.call_uuid, NINE) == "", "erased with the recording"


@pytest.mark.parametrize("kind", KINDS)
async def test_a_wish_outlives_its_node_and_is_approved_and_done_at_others(kind: str, tmp_path: Path, postgresql: Server) -> None:
    async with database(kind, tmp_path, postgresql) as engine:

        def node() -> FourEyes:
            clock = VirtualClock(NINE)
            library = Library(MemoryCatalogue(), Directory((OFFICER, OTHER)), MemoryAuditTrail(clock))
            return FourEyes({DEFAULT_TENANT: frozenset({Action.EXPORT})}, SqlApprovals(engine), library, clock)

        with pytest.raises(SecondPersonMissing):
            await node().passed(OFFICER, Action.EXPORT, "many", "")
        [wish] = await node().waiting(OTHER, "")
        await node().approve(OTHER, wish.id, "")
        assert await node().passed(OFFICER, Action.EXPORT, "many", "") == {"approved_by": "other"}
        with pytest.raises(SecondPersonMissing):
            await node().passed(OFFICER, Action.EXPORT, "many", "")
