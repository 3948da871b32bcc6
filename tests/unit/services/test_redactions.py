"""The order in which a redaction destroys, what may stop it where, and that it reaches every recording of a conversation."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from telegraphone.database.memory import MemoryAuditTrail, MemoryCatalogue, MemoryCopies, MemoryStandings
from telegraphone.domain.agent import Agent, Directory, Role
from telegraphone.domain.copies import Copy
from telegraphone.domain.errors import (
    NotFound,
    ParameterInvalid,
    RecordingHeld,
    RecordingInProgress,
    RecordingLocked,
    RoleMissing,
)
from telegraphone.domain.ids import DEFAULT_TENANT, CallUuid, RecordingId
from telegraphone.services.archive_ports import Redacted
from telegraphone.services.catalogue import PartRecord
from telegraphone.services.library import Library
from telegraphone.services.ports import Unavailable
from telegraphone.services.redactions import Redactions, Share
from tests.scenario.archive import SimulatedArchive
from tests.scenario.clock import VirtualClock
from tests.scenario.player import SimulatedPlayer

BEGAN = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
OFFICER = Agent("officer", "4", roles=frozenset({Role.COMPLIANCE}))
A, B, C, STRANGER = (CallUuid(letter * 32) for letter in "ABCS")
SPAN = (1_000, 2_000)


class Breaking(SimulatedArchive):
    """An archive that does not reach one recording."""

    out_of_reach = ""

    async def redact(self, recording_id: RecordingId, start_ms: int, stop_ms: int, reason: str) -> Redacted:
        if recording_id == self.out_of_reach:
            raise Unavailable("archive")
        return await super().redact(recording_id, start_ms, stop_ms, reason)


class Office:
    """Recordings of three calls that are one conversation, and one that is another."""

    def __init__(self) -> None:
        self.clock, self.copies = VirtualClock(BEGAN), MemoryCopies()
        self.catalogue, self.trail = MemoryCatalogue(), MemoryAuditTrail(self.clock)
        self.standings = MemoryStandings(self.catalogue)
        self.use(Breaking(SimulatedPlayer()))

    def use(self, archive: SimulatedArchive) -> None:
        self.archive = archive
        library = Library(self.catalogue, Directory((OFFICER,)), self.trail)
        self.redactions = Redactions(library, self.standings, archive, self.copies, self.clock)

    async def record(self, name: str, call: CallUuid, begins_s: float, lasts_s: float, *, ended: bool = True) -> None:
        began = BEGAN + timedelta(seconds=begins_s)
        stopped = began + timedelta(seconds=lasts_s) if ended else None
        numbers = ("", "", "5000", "5001", "5001", "agent.one")
        part = PartRecord(RecordingId(name), call, *numbers, began, stopped, int(lasts_s * 1_000), "sealed", bytes_stored=1)
        await self.catalogue.put(part)

    async def linked(self) -> None:
        """Two who record both parties, and what came behind a transfer."""
        await self.record("a1", A, 0, 30)
        await self.record("b1", B, 0.5, 30)
        await self.record("c1", C, 25, 30)
        await self.record("a2", A, 40, 5)
        await self.record("s1", STRANGER, 0, 60)
        links = {A: {"default one"}, B: {"default one", "default two"}, C: {"default two"}, STRANGER: {"default three"}}
        for call, names in links.items():
            await self.copies.put(Copy(call, DEFAULT_TENANT, "sbc", BEGAN, links=frozenset(names)))

    async def redact(self) -> None:
        await self.redactions.redact(OFFICER, A, "a1", SPAN, "asked for", origin="")

    async def redact_all(self, start_s: float, stop_s: float, call: CallUuid = A) -> tuple[Share, ...]:
        span = BEGAN + timedelta(seconds=start_s), BEGAN + timedelta(seconds=stop_s)
        return await self.redactions.redact_conversation(OFFICER, call, span, "began early", origin="192.0.2.9")

    def deeds(self, action: str) -> list[tuple[str, str]]:
        return [(line.deed.subject, line.deed.result) for line in self.trail.lines if line.deed.action == action]


@pytest.fixture
async def office() -> Office:
    office = Office()
    await office.linked()
    return office


async def test_nothing_is_destroyed_before_the_trail_says_so(office: Office) -> None:
    async def away(_: object) -> None:
        raise Unavailable("database")

    office.trail.write = away  # type: ignore[method-assign]  # the trail is out of reach
    for attempt in (office.redact(), office.redact_all(1, 2)):
        with pytest.raises(Unavailable):
            await attempt
    assert office.archive.redacted == []


async def test_a_redaction_that_broke_off_is_finished_by_asking_again(office: Office) -> None:
    office.archive.away = True
    with pytest.raises(Unavailable):
        await office.redact()
    [part, _] = await office.catalogue.parts_of_call(DEFAULT_TENANT, A)
    assert part.status == "sealed"
    office.archive.away = False
    await office.redact()
    [part, _] = await office.catalogue.parts_of_call(DEFAULT_TENANT, A)
    assert part.status == "redacted"
    assert office.deeds("redact") == [(A, "begun"), (A, "begun"), (A, "done")]


async def test_what_is_erased_meanwhile_does_not_come_back_into_the_list(office: Office) -> None:
    class Erasing(SimulatedArchive):
        async def redact(self, recording_id: RecordingId, start_ms: int, stop_ms: int, reason: str) -> Redacted:
            done = await super().redact(recording_id, start_ms, stop_ms, reason)
            office.catalogue.forget(DEFAULT_TENANT, A)
            return done

    office.use(Erasing(SimulatedPlayer()))
    await office.redact()
    assert await office.catalogue.parts_of_call(DEFAULT_TENANT, A) == ()


async def test_what_was_said_then_goes_from_every_recording_of_the_conversation(office: Office) -> None:
    done = await office.redact_all(26.0, 29.2505, B)
    taken = {share.part.recording_id: share.span_ms for share in done}
    assert taken == {"a1": (26_000, 29_251), "b1": (25_500, 28_751), "c1": (1_000, 4_251)}
    assert {each[0]: each[1:3] for each in office.archive.redacted} == taken
    for call in (A, B, C):
        part = (await office.catalogue.parts_of_call(DEFAULT_TENANT, call))[0]
        assert [entry.started_at for entry in part.history] == [BEGAN + timedelta(seconds=26)]
        assert office.deeds("redact").count((call, "done")) == 1, "each recording's own trail says so"
    begun, over = (line.deed for line in office.trail.lines if line.deed.action == "redact conversation")
    assert (begun.subject, begun.result, over.result, over.origin) == (B, "begun", "done", "192.0.2.9")
    assert set(begun.detail["media"].split()) == set(taken)
    assert begun.detail["startTime"] == "2026-11-24T09:00:26+00:00"
    assert office.trail.lines[0].deed == begun, "one act that is known before anything is destroyed"
    await office.redact_all(26.0, 29.2505, A)
    assert len(office.archive.redacted) == 3, "what is done is not repeated"


async def test_nothing_is_taken_out_of_any_where_one_is_held_locked_lost_or_running(office: Office) -> None:
    await office.standings.hold(DEFAULT_TENANT, C, "case 7", ("officer", BEGAN))
    with pytest.raises(RecordingHeld, match=C):
        await office.redact_all(26, 29)
    await office.redact_all(1, 2)
    assert len(office.archive.redacted) == 2, "what was said when the held one was not being made"
    await office.standings.release(DEFAULT_TENANT, C, "case 7")
    office.archive.locked = True
    with pytest.raises(RecordingLocked):
        await office.redact_all(26, 29)
    office.archive.locked = False
    office.archive.lost = {RecordingId("c1")}
    with pytest.raises(NotFound, match="c1"):
        await office.redact_all(26, 29)
    office.archive.lost = set()
    await office.record("b2", B, 28, 0, ended=False)
    with pytest.raises(RecordingInProgress, match=B):
        await office.redact_all(26, 29)
    assert len(office.archive.redacted) == 2
    assert [each for each in office.deeds("redact conversation") if each[1] == "refused"] == [(A, "refused")] * 4
    await office.redact_all(26, 27.9)
    assert len(office.archive.redacted) == 5


async def test_what_fails_in_between_is_named_and_asking_again_does_what_is_left(office: Office) -> None:
    assert isinstance(office.archive, Breaking)
    office.archive.out_of_reach = "b1"
    done = await office.redact_all(26, 29)
    assert [(share.part.recording_id, share.failure is None) for share in done] == [("a1", True), ("b1", False), ("c1", True)]
    assert office.trail.lines[-1].deed.result == "done in part"
    assert office.trail.lines[-1].deed.detail["left"] == "b1"
    office.archive.out_of_reach = ""
    assert all(share.failure is None for share in await office.redact_all(26, 29))
    assert [each[0] for each in office.archive.redacted] == ["a1", "c1", "b1"]


async def test_a_span_that_is_none_or_in_nothing_is_refused(office: Office) -> None:
    for start, stop in ((5, 5), (6, 5), (100, 101), (-5, 0)):
        with pytest.raises(ParameterInvalid):
            await office.redact_all(start, stop)
    span = BEGAN, BEGAN + timedelta(seconds=1)
    with pytest.raises(ParameterInvalid):
        await office.redactions.redact_conversation(OFFICER, A, span, " ", origin="")
    supervisor = replace(OFFICER, roles=frozenset({Role.SUPERVISOR}))
    with pytest.raises(RoleMissing):
        await office.redactions.redact_conversation(supervisor, A, span, "asked for", origin="")
    with pytest.raises(NotFound):
        await office.redactions.redact_conversation(replace(OFFICER, tenant="elsewhere"), A, span, "asked for", origin="")
    assert office.archive.redacted == []
