"""Copies of one conversation are paused, resumed and stopped together, and what clients say of calls is kept."""

import pytest

from telegraphone.domain.copies import Party
from telegraphone.domain.ids import DEFAULT_TENANT, CallUuid, LegId
from telegraphone.domain.legs import (
    CallForked,
    CopyDescribed,
    Document,
    EndCause,
    Keeping,
    LegEnded,
    PartyAt,
    RecordingOrdered,
)
from telegraphone.domain.recording import Trigger
from telegraphone.limits import SNAPSHOTS_KEPT_MAX
from telegraphone.services.copies import Copies
from tests.unit.services.test_switch_router import CopyingSwitch, copying
from tests.unit.services.world import ONE, PAUSE, RESUME, START, STOP, World

CALLER, AGENT = "15550100", ONE.device.dn if ONE.device else ""


async def comes(copied: CopyingSwitch, name: str, *links: str, keeping: Keeping = Keeping.ALWAYS, agent: str = AGENT) -> None:
    """A copy of a call with these ids."""
    parties = (PartyAt(LegId(f"{name}-caller"), CALLER), PartyAt(LegId(f"{name}-agent"), agent))
    await copied.happens(CallForked(parties, keeping, client="sbc"))
    described = (Party("sip:15550100@example.com", CALLER), Party("sip:agent@example.com", agent))
    await copied.happens(CopyDescribed(parties[0].leg, described, frozenset(links)))


def states(world: World) -> list[str | None]:
    return [call.recording_state for call in world.calls.of(ONE)]


async def test_all_copies_of_a_conversation_are_paused_before_one_says_so() -> None:
    async with copying() as (world, copied):
        await comes(copied, "one", "1")
        await comes(copied, "two", "1")
        await comes(copied, "other", "2")
        first, *_ = world.calls.of(ONE)
        for operation, expected in ((PAUSE, "Paused"), (RESUME, "Recording"), (STOP, "Stopped"), (START, "Recording")):
            await world.calls.operate(ONE, first.conn_id, operation)
            assert states(world) == [expected, expected, "Recording"]


async def test_a_copy_that_is_not_recorded_stays_so() -> None:
    async with copying() as (world, copied):
        await comes(copied, "one", "1")
        await comes(copied, "two", "1", keeping=Keeping.ON_DEMAND)
        first, second = world.calls.of(ONE)
        await world.calls.operate(ONE, first.conn_id, PAUSE)
        assert states(world) == ["Paused", "Stopped"]
        await world.calls.operate(ONE, first.conn_id, RESUME)
        await world.calls.operate(ONE, second.conn_id, START)
        assert states(world) == ["Recording", "Recording"]


async def test_calls_of_one_conversation_with_nobody_in_common_are_left_alone() -> None:
    async with copying() as (world, copied):
        await comes(copied, "one", "1")
        parties = (PartyAt(LegId("a"), "15550111"), PartyAt(LegId("b"), "15550112"))
        await copied.happens(CallForked(parties, Keeping.ALWAYS, client="sbc"))
        await copied.happens(CopyDescribed(LegId("a"), (), frozenset({"1"})))
        [mine] = world.calls.of(ONE)
        await world.calls.operate(ONE, mine.conn_id, PAUSE)
        both = {call: await world.parts(call) for call in await told(world, mine.call_uuid)}
        [other] = (part for call, parts in both.items() for part in parts if call != mine.call_uuid)
        assert len(both) == 2
        assert [entry.type for entry in other.history] == ["Recording"]


async def told(world: World, call_uuid: CallUuid) -> list[CallUuid]:
    """The calls of the conversation of this one."""
    copies = world.surroundings.copies
    await copies.flush()
    return [copy.call_uuid for copy in await copies.store.conversation(DEFAULT_TENANT, call_uuid)]


@pytest.mark.parametrize(("trigger", "state"), [(Trigger.PAUSE, "Paused"), (Trigger.STOP, "Stopped")])
async def test_a_client_that_may_orders_the_agent_s_recording(trigger: Trigger, state: str) -> None:
    async with copying() as (world, copied):
        await comes(copied, "one", "1")
        await copied.happens(RecordingOrdered(LegId("one-caller"), trigger))
        assert states(world) == [state]
        [part] = await world.parts(world.calls.of(ONE)[0].call_uuid)
        assert part.recorded_dn == AGENT


async def test_what_is_said_of_a_call_is_kept_until_its_end_and_then_no_more() -> None:
    async with copying() as (world, copied):
        await comes(copied, "one", "1")
        [call] = world.calls.of(ONE)
        leg = LegId("one-caller")
        await copied.happens(CopyDescribed(leg, (), facts={"recordpref": "off"}, documents=(Document("t", b"first"),)))
        await copied.happens(CopyDescribed(leg, (), documents=(Document("t", b"second", "why"),), over=True))
        await copied.happens(LegEnded(leg, EndCause.NORMAL))
        copies: Copies = world.surroundings.copies
        await copies.flush()
        [copy] = await copies.store.conversation(DEFAULT_TENANT, call.call_uuid)
        assert (copy.client, dict(copy.facts), copy.snapshots) == ("sbc", {"recordpref": "off"}, 2)
        assert copy.ended_at is not None
        assert all(each.left_at is not None for each in copy.parties)
        kept = await copies.store.snapshots(DEFAULT_TENANT, call.call_uuid)
        assert [(each.number, each.document, each.error) for each in kept] == [(1, b"first", ""), (2, b"second", "why")]
        assert copies.companions(call.call_uuid) == ()


async def test_of_endless_descriptions_every_tenth_is_kept_and_the_last() -> None:
    async with copying() as (world, copied):
        await comes(copied, "one", "1")
        [call] = world.calls.of(ONE)
        more = tuple(Document("t", b"%d" % number) for number in range(1, SNAPSHOTS_KEPT_MAX + 26))
        world.surroundings.copies.told(call.call_uuid, CopyDescribed(LegId("one-caller"), (), documents=more))
        await world.surroundings.copies.flush()
        kept = await world.surroundings.copies.store.snapshots(DEFAULT_TENANT, call.call_uuid)
        assert len(kept) == SNAPSHOTS_KEPT_MAX + 3
        assert [each.document for each in kept[-4:]] == [b"1000", b"1010", b"1020", b"1025"]
