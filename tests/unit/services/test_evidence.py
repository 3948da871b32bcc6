"""What is asked of recordings as evidence, and what stops it where."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from telegraphone.database.memory import MemoryAuditTrail, MemoryCatalogue, MemoryStandings
from telegraphone.database.memory_access import MemoryApprovals
from telegraphone.domain.agent import Agent, Directory, Role
from telegraphone.domain.errors import NotFound
from telegraphone.domain.ids import DEFAULT_TENANT, CallUuid, RecordingId
from telegraphone.services.approvals import FourEyes
from telegraphone.services.catalogue import PartQuery, PartRecord
from telegraphone.services.evidence import Evidence
from telegraphone.services.keeping import Tombstone
from telegraphone.services.library import Library
from tests.scenario.archive import SimulatedArchive
from tests.scenario.clock import VirtualClock
from tests.scenario.player import SimulatedPlayer

BEGAN = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
OFFICER = Agent("officer", "4", roles=frozenset({Role.COMPLIANCE}))
OVER_SALES = Agent("over.sales", "3", roles=frozenset({Role.SUPERVISOR}), supervised=frozenset({"sales"}))
A = CallUuid("A" * 32)


class Office:
    """One ended recording and what evidence is made of."""

    def __init__(self) -> None:
        self.clock = VirtualClock(BEGAN)
        self.catalogue, self.trail = MemoryCatalogue(), MemoryAuditTrail(self.clock)
        self.standings = MemoryStandings(self.catalogue)
        library = Library(self.catalogue, Directory((OFFICER,)), self.trail)
        archive, four_eyes = SimulatedArchive(SimulatedPlayer()), FourEyes({}, MemoryApprovals(), library, self.clock)
        self.evidence = Evidence(library, self.standings, archive, self.trail, self.clock, four_eyes=four_eyes)

    def results(self) -> list[str]:
        return [line.deed.result for line in self.trail.lines]


@pytest.fixture
async def office() -> Office:
    office = Office()
    part = PartRecord(RecordingId("1"), A, "", "", "5000", "5001", "5001", "agent.one", BEGAN, BEGAN, 9_000, "sealed")
    await office.catalogue.put(part)
    return office


async def test_what_is_at_its_end_is_found_and_not_held(office: Office) -> None:
    await office.standings.claim(DEFAULT_TENANT, A)
    assert await office.evidence.hold_found(OFFICER, PartQuery("", user_name="*"), "case 7", "") == (1, 0)
    assert office.results() == ["begun", "held"]


async def test_a_search_that_finds_nothing_holds_nothing_and_says_so(office: Office) -> None:
    assert await office.evidence.hold_found(OFFICER, PartQuery("", user_name="nobody"), "case 7", "") == (0, 0)
    assert office.trail.lines[-1].deed.detail == {"user_name": "nobody", "found": "0", "held": "0"}


async def test_who_answers_for_some_teams_finds_no_tombstone(office: Office) -> None:
    await office.standings.bury(Tombstone(DEFAULT_TENANT, A, BEGAN, "{}", "ab" * 64))
    assert (await office.evidence.tombstone(OFFICER, A, "")).call_uuid == A
    for nobody in (OVER_SALES, replace(OFFICER, tenant="elsewhere")):
        with pytest.raises(NotFound):
            await office.evidence.tombstone(nobody, A, "")
