"""The order in which a recording ends: claimed, written down, its keys destroyed, forgotten; and what may stop it where."""

from datetime import UTC, datetime

import pytest

from telegraphone.database.memory import MemoryAuditTrail, MemoryCatalogue, MemoryStandings
from telegraphone.database.memory_access import MemoryApprovals
from telegraphone.domain.agent import Agent, Directory, Role
from telegraphone.domain.errors import NotFound, ParameterInvalid, RecordingLocked, RecordingProtected
from telegraphone.domain.ids import DEFAULT_TENANT, CallUuid, RecordingId
from telegraphone.keystore.memory import MemoryKeyStore
from telegraphone.services.approvals import FourEyes
from telegraphone.services.archive_ports import Erased
from telegraphone.services.catalogue import PartRecord
from telegraphone.services.keeping import Keeping, Standing
from telegraphone.services.library import Library
from telegraphone.services.ports import Unavailable
from telegraphone.storage.notary import SignedStatements
from tests.scenario.archive import SimulatedArchive
from tests.scenario.clock import VirtualClock
from tests.scenario.player import SimulatedPlayer

BEGAN = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
OFFICER = Agent("officer", "4", roles=frozenset({Role.COMPLIANCE}))
A = CallUuid("A" * 32)


class Office:
    """One ended recording and everything that keeps it."""

    def __init__(self, archive: SimulatedArchive | None = None) -> None:
        self.clock = VirtualClock(BEGAN)
        self.catalogue, self.trail = MemoryCatalogue(), MemoryAuditTrail(self.clock)
        self.standings = MemoryStandings(self.catalogue)
        self.archive = archive or SimulatedArchive(SimulatedPlayer())
        library = Library(self.catalogue, Directory((OFFICER,)), self.trail)
        notary = SignedStatements(MemoryKeyStore(self.clock.entropy))
        four_eyes = FourEyes({}, MemoryApprovals(), library, self.clock)
        self.keeping = Keeping(library, self.standings, self.archive, notary, self.trail, four_eyes=four_eyes)

    def results(self) -> list[str]:
        return [line.deed.result for line in self.trail.lines]


@pytest.fixture
async def office() -> Office:
    office = Office()
    await office.catalogue.put(PartRecord(RecordingId("1"), A, "", "", "5000", "5001", "5001", "agent.one", BEGAN, BEGAN))
    return office


async def test_nothing_is_destroyed_before_the_trail_says_so(office: Office) -> None:
    async def away(_: object) -> None:
        raise Unavailable("database")

    office.trail.write = away  # type: ignore[method-assign]  # the trail is out of reach
    with pytest.raises(Unavailable):
        await office.keeping.erase(OFFICER, A, "", office.clock)
    assert office.archive.erased == []
    assert await office.standings.tombstone(DEFAULT_TENANT, A) is None


async def test_an_archive_out_of_reach_leaves_the_recording_claimed(office: Office) -> None:
    office.archive.away = True
    with pytest.raises(Unavailable):
        await office.keeping.erase(OFFICER, A, "", office.clock)
    assert await office.standings.tombstone(DEFAULT_TENANT, A) is None
    office.archive.away = False
    await office.keeping.erase(OFFICER, A, "", office.clock)
    assert office.results() == ["begun", "begun", "done"]
    assert await office.catalogue.parts_of_call(DEFAULT_TENANT, A) == ()


async def test_what_a_store_has_locked_can_still_be_held(office: Office) -> None:
    office.archive.locked = True
    with pytest.raises(RecordingLocked):
        await office.keeping.erase(OFFICER, A, "", office.clock)
    await office.keeping.hold(OFFICER, A, "one", "", office.clock)
    office.archive.locked = False
    with pytest.raises(RecordingProtected):
        await office.keeping.erase(OFFICER, A, "", office.clock)


class LocksTheSecond(SimulatedArchive):
    """An archive whose store has locked all parts but the first."""

    async def erase(self, recording_id: RecordingId) -> Erased:
        self.locked = bool(self.erased)
        return await super().erase(recording_id)


async def test_what_is_half_destroyed_cannot_be_held_any_more() -> None:
    office = Office(LocksTheSecond(SimulatedPlayer()))
    for part in "12":
        record = PartRecord(RecordingId(part), A, "", "", "5000", "5001", "5001", "agent.one", BEGAN, BEGAN)
        await office.catalogue.put(record)
    with pytest.raises(RecordingLocked):
        await office.keeping.erase(OFFICER, A, "", office.clock)
    assert len(office.archive.erased) == 1
    with pytest.raises(NotFound):
        await office.keeping.hold(OFFICER, A, "one", "", office.clock)


async def test_each_matter_keeps_it_by_itself(office: Office) -> None:
    for matter in ("one", "two"):
        await office.keeping.hold(OFFICER, A, matter, "", office.clock)
    await office.keeping.release(OFFICER, A, "one", "")
    with pytest.raises(RecordingProtected):
        await office.keeping.erase(OFFICER, A, "", office.clock)
    assert await office.keeping.standings(DEFAULT_TENANT, (A,)) == (Standing(matters=("two",)),)
    assert office.results() == ["held", "held", "released", "refused"]
    for wrong in ("", " ", "\n", "x" * 129):
        with pytest.raises(ParameterInvalid):
            await office.keeping.hold(OFFICER, A, wrong, "", office.clock)
