"""Copies of one call are one call to their agents, as long as they are the same and one of them lives."""

import pytest

from telegraphone.domain.ids import LegId
from telegraphone.domain.legs import CallForked, CopyDescribed, EndCause, Keeping, LegEnded, PartyAt, PartyJoined, PartyNamed
from telegraphone.domain.operations import Operation
from telegraphone.limits import COPIES_PART_S, PAUSE_CARRIED_S
from tests.unit.services.test_copied_calls import AGENT, CALLER, comes, happened, operate, said, states, told
from tests.unit.services.test_switch_router import CopyingSwitch, copying
from tests.unit.services.world import ONE, PAUSE, RESUME, TWO

LINK = "group-of-this-conversation"


async def ends(copied: CopyingSwitch, name: str) -> None:
    """A copy is over for both parties."""
    await copied.happens(CopyDescribed(LegId(f"{name}-caller"), (), over=True))
    for leg in ("caller", "agent"):
        await copied.happens(LegEnded(LegId(f"{name}-{leg}"), EndCause.NORMAL))


async def test_a_call_that_is_copied_twice_is_one_call_to_its_agent_until_its_end() -> None:
    async with copying() as (world, copied):
        await comes(copied, "one", "1")
        assert world.told(ONE) == ["StatusChange Established", "CallRecordingStateChange Recording"]
        await comes(copied, "two", "1")
        await ends(copied, "one")
        await ends(copied, "two")
        await world.clock.advance(COPIES_PART_S + 0.1)
        assert [each for each in world.told(ONE) if each.startswith("Status")] == ["StatusChange Released"]


async def test_the_other_copy_is_seen_when_the_seen_one_ends_alone() -> None:
    async with copying() as (world, copied):
        await comes(copied, "one", "1")
        [first] = world.calls.of(ONE)
        await world.calls.operate(ONE, first.conn_id, Operation.ATTACH_USER_DATA, {"order": "6", "queue": "spring"})
        for name in ("two", "three"):
            await comes(copied, name, "1")
        await world.calls.operate(ONE, first.conn_id, Operation.ATTACH_USER_DATA, {"order": "7"})
        await operate(world, first, PAUSE)
        await ends(copied, "one")
        world.told(ONE)
        await world.clock.advance(COPIES_PART_S - 0.1)
        assert world.calls.of(ONE) == ()
        await world.clock.advance(0.2)
        assert world.told(ONE) == ["StatusChange Established"]
        [second] = world.calls.of(ONE)
        assert (second.recording_state, second.user_data["order"], second.user_data["queue"]) == ("Paused", "7", "spring")
        assert second.call_uuid != first.call_uuid


async def test_copies_whose_parties_part_are_two_calls() -> None:
    async with copying() as (world, copied):
        await comes(copied, "one", "1")
        await comes(copied, "two", "1")
        await copied.happens(CopyDescribed(LegId("two-caller"), said("5002"), frozenset({"1"})))
        await copied.happens(PartyJoined(LegId("two-caller"), PartyAt(LegId("two-second"), "5002")))
        await copied.happens(LegEnded(LegId("two-agent"), EndCause.NORMAL))
        assert world.calls.of(TWO) == ()
        await world.clock.advance(COPIES_PART_S + 0.1)
        [mine], [theirs] = world.calls.of(ONE), world.calls.of(TWO)
        assert mine.call_uuid != theirs.call_uuid
        assert (mine.participants, theirs.participants) == ((CALLER,), (CALLER,))
        assert world.told(TWO) == ["StatusChange Established"]


async def test_two_calls_of_one_agent_in_one_conversation_are_two() -> None:
    async with copying() as (world, copied):
        await comes(copied, "one", "1")
        parties = (PartyAt(LegId("consulting"), AGENT), PartyAt(LegId("consulted"), "5002"))
        await copied.happens(CallForked(parties, Keeping.ALWAYS, client="sbc", links=frozenset({"1"})))
        assert len(world.calls.of(ONE)) == 2


async def test_a_copy_whose_parties_are_named_late_is_no_second_call() -> None:
    async with copying() as (world, copied):
        await comes(copied, "one", "1")
        world.told(ONE)
        parties = (PartyAt(LegId("two-caller"), ""), PartyAt(LegId("two-agent"), ""))
        await copied.happens(CallForked(parties, Keeping.ALWAYS, client="sbc"))
        await copied.happens(CopyDescribed(parties[0].leg, said(), frozenset({"1"})))
        await copied.happens(PartyNamed(LegId("two-caller"), CALLER))
        await copied.happens(PartyNamed(LegId("two-agent"), AGENT))
        await world.clock.advance(COPIES_PART_S + 0.1)
        [call] = world.calls.of(ONE)
        assert world.told(ONE) == []
        await operate(world, call, PAUSE)
        assert await happened(world, call.call_uuid) == [["Recording", "Paused"]] * 2


async def test_a_copy_that_begins_during_a_pause_begins_paused() -> None:
    async with copying() as (world, copied):
        await comes(copied, "one", "1")
        [call] = world.calls.of(ONE)
        await operate(world, call, PAUSE)
        await comes(copied, "two", "1")
        await comes(copied, "other", "2")
        assert states(world) == ["Paused", "Recording"]
        await world.clock.advance(1)
        await operate(world, call, RESUME)
        _, second = [await world.parts(uuid) for uuid in await told(world, call.call_uuid)]
        assert [(entry.type, entry.offset_ms, entry.duration_ms) for entry in second[0].history][1:] == [("Paused", 0, 1_000)]


@pytest.mark.parametrize(
    ("after_s", "link", "agent", "state"),
    [
        (PAUSE_CARRIED_S - 1, LINK, AGENT, "Paused"),
        (1, LINK, "5002", "Paused"),
        (PAUSE_CARRIED_S + 1, LINK, AGENT, "Recording"),
        (1, "group-of-another-call", AGENT, "Recording"),
    ],
)
async def test_the_next_copy_of_a_conversation_goes_on_paused(after_s: float, link: str, agent: str, state: str) -> None:
    async with copying() as (world, copied):
        await comes(copied, "one", LINK)
        [call] = world.calls.of(ONE)
        await operate(world, call, PAUSE)
        await ends(copied, "one")
        await world.clock.advance(after_s)
        await comes(copied, "two", link, agent=agent)
        [later] = world.calls.of(ONE if agent == AGENT else TWO)
        assert later.recording_state == state


async def test_who_resumed_before_the_end_is_recorded_in_the_next_copy() -> None:
    async with copying() as (world, copied):
        await comes(copied, "one", LINK)
        [call] = world.calls.of(ONE)
        await operate(world, call, PAUSE)
        await operate(world, call, RESUME)
        await ends(copied, "one")
        await comes(copied, "two", LINK)
        assert states(world) == ["Recording"]
