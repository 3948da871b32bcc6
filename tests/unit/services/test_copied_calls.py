"""Copies of one conversation are paused, resumed and stopped together, and what clients say of calls is kept."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import pytest

from telegraphone.domain.copies import Party
from telegraphone.domain.ids import DEFAULT_TENANT, CallUuid, LegId, RecordingId
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
from telegraphone.domain.operations import Operation
from telegraphone.domain.recording import Trigger
from telegraphone.domain.views import CallView
from telegraphone.limits import RECORDER_ANSWER_S, RELEASED_CALL_S, SNAPSHOTS_KEPT_MAX
from telegraphone.services import calls
from telegraphone.services.copies import Copies
from telegraphone.services.ports import Cut, Unavailable
from telegraphone.services.surroundings import Policies
from tests.scenario.clock import settle
from tests.unit.services.test_switch_router import CopyingSwitch, copying
from tests.unit.services.world import ONE, PAUSE, RESUME, START, STOP, World, serving

CALLER, AGENT = "15550100", ONE.device.dn if ONE.device else ""


async def comes(copied: CopyingSwitch, name: str, *links: str, keeping: Keeping = Keeping.ALWAYS, agent: str = AGENT) -> None:
    """A copy of a call with these ids."""
    parties = (PartyAt(LegId(f"{name}-caller"), CALLER), PartyAt(LegId(f"{name}-agent"), agent))
    await copied.happens(CallForked(parties, keeping, client="sbc", links=frozenset(links)))
    await copied.happens(CopyDescribed(parties[0].leg, said(agent), frozenset(links)))


def said(agent: str = AGENT) -> tuple[Party, ...]:
    """The parties by their client's words."""
    return (Party("sip:15550100@example.com", CALLER), Party("sip:agent@example.com", agent))


async def operate(world: World, call: CallView, operation: Operation) -> None:
    """The agent does this and talks on for a second."""
    await world.calls.operate(ONE, call.conn_id, operation)
    await world.clock.advance(1)


async def happened(world: World, call: CallUuid) -> list[list[str]]:
    """What each copy of the conversation of this call has in its recording, the first copy's first."""
    return [[entry.type for part in await world.parts(uuid) for entry in part.history] for uuid in await told(world, call)]


def states(world: World) -> list[str | None]:
    return [call.recording_state for call in world.calls.of(ONE)]


async def test_all_copies_of_a_conversation_are_paused_before_one_says_so() -> None:
    async with copying() as (world, copied):
        await comes(copied, "one", "1")
        await comes(copied, "two", "1")
        await comes(copied, "other", "2")
        first, other = world.calls.of(ONE)
        for operation, expected in ((PAUSE, "Paused"), (RESUME, "Recording"), (STOP, "Stopped"), (START, "Recording")):
            await operate(world, first, operation)
            assert states(world) == [expected, "Recording"]
        both = await happened(world, first.call_uuid)
        assert both == [["Recording", "Paused", "Recording"]] * 2
        assert await happened(world, other.call_uuid) == [["Recording"]]


@pytest.mark.parametrize(("operation", "method"), [(PAUSE, "shut_gate"), (STOP, "seal")])
async def test_nobody_hears_of_a_pause_or_an_end_before_the_last_copy(
    operation: Operation, method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with copying() as (world, copied):
        await comes(copied, "one", "1")
        await comes(copied, "two", "1")
        [first] = world.calls.of(ONE)
        second, done, done_by_recorder = world.recorder.tape.order.recording_id, asyncio.Event(), getattr(world.recorder, method)

        async def slowly(recording_id: RecordingId, *arguments: object) -> object:
            if recording_id == second:
                await done.wait()
            return await done_by_recorder(recording_id, *arguments)

        monkeypatch.setattr(world.recorder, method, slowly)
        world.told(ONE)
        asking = asyncio.create_task(world.calls.operate(ONE, first.conn_id, operation))
        await settle()
        assert (asking.done(), states(world), world.told(ONE)) == (False, ["Recording"], [])
        done.set()
        await asking
        await settle()
        assert world.told(ONE) == [f"CallRecordingStateChange {states(world)[0]}"]


@pytest.mark.parametrize("operation", [PAUSE, STOP])
@pytest.mark.parametrize("answers", [True, False], ids=["refuses", "is silent"])
async def test_a_copy_that_cannot_be_paused_keeps_no_other_from_it(
    operation: Operation, *, answers: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with copying() as (world, copied):
        await comes(copied, "one", "1")
        await comes(copied, "two", "1")
        [first] = world.calls.of(ONE)
        mine, other = world.recorder.tapes.values()
        spoil(world, other.order.recording_id, monkeypatch, answers=answers)
        asking = asyncio.create_task(world.calls.operate(ONE, first.conn_id, operation))
        await world.clock.advance(RECORDER_ANSWER_S)
        with pytest.raises(Unavailable):
            await asking
        assert states(world) == ["Paused" if operation is PAUSE else "Stopped"]
        assert mine.shut_for == {"agent"} if operation is PAUSE else mine.order.recording_id in world.recorder.sealed


async def test_a_copy_that_cannot_be_resumed_keeps_the_others_paused(monkeypatch: pytest.MonkeyPatch) -> None:
    async with copying() as (world, copied):
        await comes(copied, "one", "1")
        await comes(copied, "two", "1")
        [first] = world.calls.of(ONE)
        await operate(world, first, PAUSE)
        spoil(world, world.recorder.tape.order.recording_id, monkeypatch, answers=True)
        with pytest.raises(Unavailable):
            await world.calls.operate(ONE, first.conn_id, RESUME)
        await settle()
        assert states(world) == ["Paused"]


def spoil(world: World, spoiled: RecordingId, monkeypatch: pytest.MonkeyPatch, *, answers: bool) -> None:
    """From now on the recorder does nothing with this recording, and says so or not."""

    def failing(well: Callable[..., Awaitable[object]]) -> Callable[..., Awaitable[object]]:
        async def asked(recording_id: RecordingId, *arguments: object) -> object:
            if recording_id != spoiled:
                return await well(recording_id, *arguments)
            if not answers:
                await asyncio.Event().wait()
            raise Unavailable("recorder", "no such recording")

        return asked

    for method in ("shut_gate", "open_gate", "seal"):
        monkeypatch.setattr(world.recorder, method, failing(getattr(world.recorder, method)))


async def test_a_copy_that_begins_while_a_pause_is_being_made_is_paused_too(monkeypatch: pytest.MonkeyPatch) -> None:
    async with copying() as (world, copied):
        await comes(copied, "one", "1")
        [call] = world.calls.of(ONE)
        shutting, shut = asyncio.Event(), world.recorder.shut_gate

        async def slowly(recording_id: RecordingId, reason: str, by: Mapping[str, str]) -> Cut:
            await shutting.wait()
            return await shut(recording_id, reason, by)

        monkeypatch.setattr(world.recorder, "shut_gate", slowly)
        pausing = asyncio.create_task(operate(world, call, PAUSE))
        await comes(copied, "two", "1")
        shutting.set()
        await pausing
        assert await happened(world, call.call_uuid) == [["Recording", "Paused"]] * 2


@pytest.mark.parametrize(("bound", "recorded"), [("CALLS_MAX", 2), ("CALLS_KNOWN_MAX", 1)])
async def test_calls_that_are_over_take_no_room_from_those_that_begin(
    bound: str, recorded: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For a minute they can still be asked for: at the busiest hour those are many, and bounded too."""
    monkeypatch.setattr(calls, bound, 2)
    async with copying() as (world, copied):
        for name in ("one", "two", "refused"):
            await comes(copied, name, name)
        assert states(world) == ["Recording"] * 2
        for party in ("caller", "agent"):
            await copied.happens(LegEnded(LegId(f"one-{party}"), EndCause.NORMAL))
        await comes(copied, "next", "next")
        assert len(world.recorder.tapes) == recorded
        await world.clock.advance(RELEASED_CALL_S)
        await comes(copied, "last", "last")
        assert states(world) == ["Recording"] * 2


async def test_a_call_that_a_rule_has_recorded_and_that_cannot_be_is_not_taken() -> None:
    copied = CopyingSwitch()
    async with serving(policies=Policies(recorded_numbers=frozenset({AGENT})), beside=copied) as world:
        world.recorder.fails.add("reserve")
        await comes(copied, "one", "1", keeping=Keeping.BY_RULE)
        await comes(copied, "other", "2", keeping=Keeping.BY_RULE, agent="5002")
        assert (copied.answered, copied.ended) == ([LegId("other-caller")], [(LegId("one-caller"), EndCause.FAILED)])


@pytest.mark.parametrize("required", [True, False])
async def test_a_session_whose_recording_breaks_off_ends_where_that_is_required(*, required: bool) -> None:
    async with copying() as (world, copied):
        parties = (PartyAt(LegId("caller"), CALLER), PartyAt(LegId("agent"), AGENT))
        await copied.happens(CallForked(parties, Keeping.ALWAYS, client="sbc", required=required))
        [call] = world.calls.of(ONE)
        await operate(world, call, STOP)
        await operate(world, call, START)
        assert copied.ended == []
        world.recorder.break_off()
        await settle()
        assert {leg for leg, _ in copied.ended} == ({LegId("caller"), LegId("agent")} if required else set())
        assert "ErrorMessage" in world.told(ONE)


async def test_a_copy_that_is_not_recorded_stays_so() -> None:
    async with copying() as (world, copied):
        await comes(copied, "one", "1")
        await world.clock.advance(1)
        await comes(copied, "two", "1", keeping=Keeping.ON_DEMAND)
        [first] = world.calls.of(ONE)
        for operation in (PAUSE, RESUME, STOP, START):
            await operate(world, first, operation)
        assert states(world) == ["Recording"]
        assert await happened(world, first.call_uuid) == [["Recording", "Paused", "Recording"], []]


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
