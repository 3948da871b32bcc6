"""Exports over time: going on after a crash, waiting for what is away, and forgotten in the end."""

import asyncio
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from telegraphone.database.memory import MemoryAuditTrail, MemoryCatalogue, MemoryStandings
from telegraphone.database.memory_access import MemoryApprovals
from telegraphone.database.memory_exports import MemoryExports
from telegraphone.database.memory_labels import MemoryLabels
from telegraphone.domain.agent import Agent, Directory, Role
from telegraphone.domain.errors import NotInState, ParameterInvalid
from telegraphone.domain.ids import CallUuid, RecordingId
from telegraphone.limits import EXPORT_JOBS_MAX, EXPORT_KEPT_S, EXPORT_LOOK_S, EXPORT_RECORDINGS_MAX
from telegraphone.services.approvals import FourEyes
from telegraphone.services.archive_ports import PackedFile
from telegraphone.services.catalogue import PartQuery, PartRecord
from telegraphone.services.export_jobs import BulkExports, State
from telegraphone.services.export_orders import ExportOrders
from telegraphone.services.labels import Labels
from telegraphone.services.library import Library
from telegraphone.web.gws.links import Links
from telegraphone.web.gws.recording_shapes import RecordingShapes
from telegraphone.web.gws.wording import ApiWording
from tests.scenario.archive import SimulatedArchive, SimulatedPackages
from tests.scenario.clock import VirtualClock, settle
from tests.scenario.player import SimulatedPlayer

BEGAN = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
OFFICER = Agent("officer", "4", roles=frozenset({Role.COMPLIANCE}))
EVERYTHING = PartQuery("", user_name="*")


class Losing(MemoryExports):
    """What is kept of some recordings goes with them."""

    def __init__(self) -> None:
        super().__init__()
        self.lost: set[int] = set()

    async def files(self, job_id: str) -> tuple[tuple[int, tuple[PackedFile, ...]], ...]:
        return tuple(each for each in await super().files(job_id) if each[0] not in self.lost)


class Office:
    """Some recordings, and a node that may crash."""

    def __init__(self) -> None:
        self.clock, self.catalogue, self.jobs = VirtualClock(BEGAN), MemoryCatalogue(), Losing()
        self.archive = SimulatedArchive(SimulatedPlayer())
        self.packages = SimulatedPackages(self.archive)
        self.running: asyncio.Task[None] | None = None
        self.start()

    def start(self) -> None:
        trail = MemoryAuditTrail(self.clock)
        library, labels = Library(self.catalogue, Directory((OFFICER,)), trail), MemoryLabels(self.catalogue)
        wording = ApiWording(RecordingShapes(Links("http://x")))
        orders = ExportOrders(MemoryStandings(self.catalogue), Labels(library, labels, labels, trail, self.clock), trail, wording)
        four_eyes, kept = FourEyes({}, MemoryApprovals(), library, self.clock), (self.jobs, self.jobs)
        self.exports = BulkExports(library, orders, kept, self.packages, self.clock, four_eyes=four_eyes)
        self.running = asyncio.create_task(self.exports.run())

    async def crash(self) -> None:
        assert self.running is not None
        self.running.cancel()
        with suppress(asyncio.CancelledError):
            await self.running

    async def record(self, number: int) -> None:
        numbers = ("", "", "5000", "5001", "5001", "agent.one")
        part = PartRecord(RecordingId(f"r{number}"), CallUuid(f"{number:032}"), *numbers, BEGAN, BEGAN)
        await self.catalogue.put(part)

    async def state(self) -> tuple[State, int]:
        [job] = await self.exports.all(OFFICER, "")
        return job.state, job.done


@pytest.fixture
async def office() -> Office:
    office = Office()
    for number in range(3):
        await office.record(number)
    return office


async def test_what_a_crash_interrupts_goes_on_where_it_was(office: Office) -> None:
    office.packages.stops_after = 2
    await office.exports.begin(OFFICER, EVERYTHING, sealed=False, origin="")
    await settle()
    assert await office.state() == (State.PREPARING, 2)
    await office.crash()
    office.packages.waits.set()
    office.packages.prepared.clear()
    office.start()
    await settle()
    assert await office.state() == (State.READY, 3)
    assert len(office.packages.prepared) == 1, "what was looked through is not looked through again"
    await office.crash()


async def test_what_is_away_is_waited_for(office: Office) -> None:
    office.archive.away = True
    await office.exports.begin(OFFICER, EVERYTHING, sealed=False, origin="")
    await settle()
    assert await office.state() == (State.PREPARING, 0)
    office.archive.away = False
    await office.clock.advance(EXPORT_LOOK_S + 1)
    assert await office.state() == (State.READY, 3)
    await office.crash()


async def test_one_that_waits_keeps_no_other_from_going_on(office: Office) -> None:
    office.packages.away.add("r0")
    await office.exports.begin(OFFICER, EVERYTHING, sealed=False, origin="")
    other = await office.exports.begin(OFFICER, [f"{1:032}"], sealed=False, origin="")
    await settle()
    assert (await office.exports.one(OFFICER, other.id, "")).state is State.READY
    await office.crash()


async def test_a_package_is_forgotten_in_the_end(office: Office) -> None:
    for kept_s, left in ((EXPORT_KEPT_S - EXPORT_LOOK_S - 2, 1), (EXPORT_KEPT_S, 0)):
        job = await office.exports.begin(OFFICER, EVERYTHING, sealed=False, origin="")
        await settle()
        begun_at = office.clock.utc() - timedelta(seconds=kept_s)
        await office.jobs.change(replace(job, created_at=begun_at, state=State.READY))
        await office.clock.advance(EXPORT_LOOK_S + 1)
        assert len(await office.exports.all(OFFICER, "")) == left
    await office.crash()


async def test_a_recording_that_was_erased_before_its_turn_is_left_out(office: Office) -> None:
    office.packages.waits.clear()
    job = await office.exports.begin(OFFICER, EVERYTHING, sealed=False, origin="")
    await settle()
    office.catalogue.forget("default", CallUuid(f"{2:032}"))
    office.packages.waits.set()
    await settle()
    package = await office.exports.package(OFFICER, job.id, "")
    assert [name for name in (file.name for file in package.files) if name.endswith(".wav")] == ["r0/audio.wav", "r1/audio.wav"]
    span = (0, package.size)
    whole = b"".join([piece async for piece in await office.exports.fetched(OFFICER, package, span, "")])
    assert len(whole) == package.size
    await office.crash()


async def test_a_package_of_which_something_is_gone_is_none(office: Office) -> None:
    job = await office.exports.begin(OFFICER, EVERYTHING, sealed=False, origin="")
    await settle()
    office.jobs.lost.add(1)
    with pytest.raises(NotInState):
        await office.exports.package(OFFICER, job.id, "")
    assert await office.state() == (State.FAILED, 3)
    await office.crash()


async def test_there_is_an_end_to_exports(office: Office) -> None:
    for _ in range(EXPORT_JOBS_MAX):
        await office.exports.begin(OFFICER, EVERYTHING, sealed=False, origin="")
    with pytest.raises(ParameterInvalid):
        await office.exports.begin(OFFICER, EVERYTHING, sealed=False, origin="")
    await office.crash()
    assert EXPORT_RECORDINGS_MAX >= 1_000
