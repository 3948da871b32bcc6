"""The order in which evidence is made and destroyed, and what may stop it where."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from telegraphone.database.memory import MemoryAuditTrail, MemoryCatalogue, MemoryStandings
from telegraphone.domain.agent import Agent, Directory, Role
from telegraphone.domain.errors import NotFound
from telegraphone.domain.ids import DEFAULT_TENANT, CallUuid, RecordingId
from telegraphone.services.archive_ports import Redacted
from telegraphone.services.catalogue import PartQuery, PartRecord
from telegraphone.services.evidence import Evidence
from telegraphone.services.keeping import Tombstone
from telegraphone.services.library import Library
from telegraphone.services.ports import Unavailable
from tests.scenario.archive import SimulatedArchive
from tests.scenario.clock import VirtualClock
from tests.scenario.player import SimulatedPlayer

BEGAN = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
OFFICER = Agent("officer", "4", roles=frozenset({Role.COMPLIANCE}))
OVER_SALES = Agent("over.sales", "3", roles=frozenset({Role.SUPERVISOR}), supervised=frozenset({"sales"}))
A = CallUuid("A" * 32)
SPAN = (1_000, 2_000)


class Office:
    """One ended recording and what evidence is made of."""

    def __init__(self) -> None:
        self.clock = VirtualClock(BEGAN)
        self.catalogue, self.trail = MemoryCatalogue(), MemoryAuditTrail(self.clock)
        self.standings = MemoryStandings(self.catalogue)
        self.use(SimulatedArchive(SimulatedPlayer()))

    def use(self, archive: SimulatedArchive) -> None:
        self.archive = archive
        library = Library(self.catalogue, Directory((OFFICER,)), self.trail)
        self.evidence = Evidence(library, self.standings, archive, self.trail, self.clock)

    def results(self) -> list[str]:
        return [line.deed.result for line in self.trail.lines]

    async def redact(self) -> None:
        await self.evidence.redact(OFFICER, A, "1", SPAN, "asked for", origin="")


@pytest.fixture
async def office() -> Office:
    office = Office()
    part = PartRecord(RecordingId("1"), A, "", "", "5000", "5001", "5001", "agent.one", BEGAN, BEGAN, 9_000, "sealed")
    await office.catalogue.put(part)
    return office


async def test_nothing_is_destroyed_before_the_trail_says_so(office: Office) -> None:
    async def away(_: object) -> None:
        raise Unavailable("database")

    office.trail.write = away  # type: ignore[method-assign]  # the trail is out of reach
    with pytest.raises(Unavailable):
        await office.redact()
    assert office.archive.redacted == []


async def test_a_redaction_that_broke_off_is_finished_by_asking_again(office: Office) -> None:
    office.archive.away = True
    with pytest.raises(Unavailable):
        await office.redact()
    [part] = await office.catalogue.parts_of_call(DEFAULT_TENANT, A)
    assert part.status == "sealed"
    office.archive.away = False
    await office.redact()
    [part] = await office.catalogue.parts_of_call(DEFAULT_TENANT, A)
    assert part.status == "redacted"
    assert office.results() == ["begun", "begun", "done"]


async def test_what_is_erased_meanwhile_does_not_come_back_into_the_list(office: Office) -> None:
    class Erasing(SimulatedArchive):
        async def redact(self, recording_id: RecordingId, start_ms: int, stop_ms: int, reason: str) -> Redacted:
            done = await super().redact(recording_id, start_ms, stop_ms, reason)
            office.catalogue.forget(DEFAULT_TENANT, A)
            return done

    office.use(Erasing(SimulatedPlayer()))
    await office.redact()
    assert await office.catalogue.parts_of_call(DEFAULT_TENANT, A) == ()


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
