"""Which recordings may mend another, for whom, and whether beyond its ends."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from telegraphone.database.memory import MemoryAuditTrail, MemoryCatalogue, MemoryCopies
from telegraphone.domain.agent import Agent, Directory, Role
from telegraphone.domain.copies import Copy, Party
from telegraphone.domain.errors import RoleMissing
from telegraphone.domain.ids import DEFAULT_TENANT, CallUuid, RecordingId
from telegraphone.limits import DOUBLES_MAX
from telegraphone.services.catalogue import By, HistoryEntry, PartRecord
from telegraphone.services.library import Library
from telegraphone.services.mending import Menders
from telegraphone.services.player_ports import Mending
from tests.scenario.clock import VirtualClock

BEGAN = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
ONE, TWO = Agent("agent.one", "1", team="north"), Agent("agent.two", "2", team="south")
OFFICER = Agent("officer", "4", roles=frozenset({Role.COMPLIANCE}))
LEADER = Agent("leader", "5", roles=frozenset({Role.SUPERVISOR}), supervised=frozenset({"north"}))
A, B, C = (CallUuid(letter * 32) for letter in "ABC")
TALKING = (Party("sip:15550100@example.com", "15550100"), Party("sip:5001@example.com", "5001"))
CONSULTING = (*TALKING[1:], Party("sip:5002@example.com", "5002"))
POLICY, CALL, AGENT = By("policy"), By("call"), By("agent", "agent.one", "5001")


class Office:
    """Copies of one conversation, the recordings of them, and who wants to hear one with the others."""

    def __init__(self) -> None:
        self.catalogue, self.copies = MemoryCatalogue(), MemoryCopies()
        clock = VirtualClock(BEGAN)
        library = Library(self.catalogue, Directory((ONE, TWO, OFFICER, LEADER)), MemoryAuditTrail(clock))
        self.menders = Menders(library, self.copies)

    async def copied(self, call: CallUuid, parties: tuple[Party, ...] = TALKING, link: str = "default one") -> None:
        copy = Copy(call, DEFAULT_TENANT, "sbc", BEGAN, links=frozenset({link}))
        await self.copies.put(copy.described(parties, BEGAN).over(BEGAN + timedelta(seconds=60)))

    async def recorded(
        self,
        name: str,
        call: CallUuid,
        span_s: tuple[float, float] = (0, 60),
        by: tuple[By | None, By] = (POLICY, CALL),
        user_name: str = "agent.one",
    ) -> PartRecord:
        start, stop = (BEGAN + timedelta(seconds=each) for each in span_s)
        ms = int(1_000 * (span_s[1] - span_s[0]))
        whole = HistoryEntry("Recording", start, stop, 0, ms, *by)
        numbers = ("", "", "15550100", "5001", "5001", user_name)
        part = PartRecord(RecordingId(name), call, *numbers, start, stop, ms, "sealed", (whole,))
        await self.catalogue.put(part)
        return part


async def test_another_recording_of_the_same_call_may_mend_it() -> None:
    office = Office()
    for call in (A, B):
        await office.copied(call)
    part = await office.recorded("a", A)
    await office.recorded("b", B, (2, 70))
    await office.recorded("b-later", B, (80, 90))
    assert await office.menders.of(OFFICER, part) == Mending(
        {RecordingId("b"): B, RecordingId("b-later"): B}, before=True, after=True
    )


async def test_nothing_else_may() -> None:
    office = Office()
    await office.copied(A)
    await office.copied(B, CONSULTING)
    await office.copied(C, link="default another")
    part = await office.recorded("a", A)
    for name, call in (("b", B), ("c", C), ("a2", A)):
        await office.recorded(name, call)
    assert await office.menders.of(OFFICER, part) is None
    assert await office.menders.of(OFFICER, await office.recorded("s", CallUuid("S" * 32))) is None


async def test_where_there_was_one_of_which_nothing_is_known_any_more_nothing_is_mended() -> None:
    office = Office()
    for call in (A, B):
        await office.copied(call)
    part = await office.recorded("a", A)
    await office.recorded("b", B)
    assert await office.menders.of(OFFICER, part) is not None
    await office.copied(C, ())
    assert await office.menders.of(OFFICER, part) is None


async def test_of_whom_nobody_is_known_nothing_is_known() -> None:
    office = Office()
    for call in (A, B):
        await office.copied(call, ())
    part = await office.recorded("a", A)
    await office.recorded("b", B)
    assert await office.menders.of(OFFICER, part) is None


@pytest.mark.parametrize("wholly", [True, False])
async def test_while_one_still_runs_nothing_is_mended(wholly: bool) -> None:
    office = Office()
    for call in (A, B, C):
        await office.copied(call)
    part = await office.recorded("a", A)
    if not wholly:
        await office.recorded("b", B)
    await office.recorded("c", C)
    assert await office.menders.of(OFFICER, part) is not None
    await office.catalogue.put(replace(await office.recorded("b2", B), stopped_at=None))
    assert await office.menders.of(OFFICER, part) is None


async def test_where_the_listener_may_not_hear_one_nothing_is_mended() -> None:
    office = Office()
    for call in (A, B, C):
        await office.copied(call)
    part = await office.recorded("a", A)
    await office.recorded("b", B, user_name="agent.two")
    await office.recorded("c", C)
    assert await office.menders.of(LEADER, part) is None
    assert await office.menders.of(OFFICER, part) is not None
    with pytest.raises(RoleMissing):
        await office.menders.of(ONE, part)


@pytest.mark.parametrize(
    ("by", "before", "after"),
    [
        ((POLICY, CALL), True, True),
        ((By("system"), By("system")), True, True),
        ((AGENT, CALL), False, True),
        ((POLICY, AGENT), True, False),
        ((POLICY, By("call", rule="announcement not heard")), True, False),
        ((POLICY, By("system", rule="broken off")), True, False),
        ((None, By("system")), False, False),
    ],
)
async def test_where_a_wish_began_or_ended_it_nothing_beyond_is_its_own(
    by: tuple[By | None, By], before: bool, after: bool
) -> None:
    office = Office()
    for call in (A, B):
        await office.copied(call)
    part = await office.recorded("a", A, by=by)
    await office.recorded("b", B)
    assert await office.menders.of(OFFICER, part) == Mending({RecordingId("b"): B}, before, after)


async def test_of_several_parts_only_the_first_and_the_last_reach_beyond_their_ends() -> None:
    office = Office()
    for call in (A, B):
        await office.copied(call)
    parts = [await office.recorded(name, A, span_s) for name, span_s in (("a1", (5, 20)), ("a2", (21, 40)), ("a3", (41, 60)))]
    await office.recorded("b", B)
    found = [await office.menders.of(OFFICER, part) for part in parts]
    assert [(each.before, each.after) for each in found if each] == [(True, False), (False, False), (False, True)]


async def test_where_there_are_too_many_to_look_at_none_is_mended() -> None:
    office = Office()
    calls = [CallUuid(f"{number:032}") for number in range(DOUBLES_MAX)]
    for call in calls:
        await office.copied(call)
    parts = [await office.recorded(call[-4:], call) for call in calls]
    await office.recorded("begun anew", calls[1], (70, 80))
    mending = await office.menders.of(OFFICER, parts[0])
    assert mending is not None
    assert len(mending.doubles) == DOUBLES_MAX
    await office.recorded("and anew", calls[1], (80, 90))
    assert await office.menders.of(OFFICER, parts[0]) is None
