"""Making, finding and ending calls, and which of them an agent means."""

import asyncio

import pytest

from telegraphone.domain.errors import DeviceNotRegistered, FeatureMissing, NotFound, NotInState, ParameterInvalid
from telegraphone.domain.legs import Ability
from telegraphone.domain.operations import Operation
from telegraphone.services.ports import CaptureRestored, Unavailable
from tests.scenario.clock import settle
from tests.unit.services.world import ONE, PAUSE, RESUME, SILENT, START, STOP, TWO, agent, serving


async def test_dial_rings_the_agents_phone_first() -> None:
    async with serving() as world:
        call = await world.calls.dial(ONE, "5002", {"k": 1, "GSIP_RECORD": "ON"})
        assert (call.state.value, call.participants, call.ani, call.dnis) == ("Dialing", ("5002",), "", "5002")
        assert call.user_data == {"k": 1}
        await settle()
        assert {leg.number for leg in world.switch.legs.values()} == {"5001"}
        world.switch.phone("5001").answer()
        await settle()
        assert world.told(TWO) == ["StatusChange Ringing"]
        world.switch.phone("5002").answer()
        await settle()
        assert world.told(ONE) == ["StatusChange Dialing", "StatusChange Established"]
        caller, called = world.switch.legs.values()
        assert world.switch.hears(caller.id) == {called.id}


async def test_each_phone_of_a_dialled_call_has_its_own_time_to_ring() -> None:
    async with serving() as world:
        await world.calls.dial(ONE, "5002", {})
        await world.clock.advance(50)
        world.switch.phone("5001").answer()
        await world.clock.advance(50)
        assert world.only_call(TWO).state.value == "Ringing"
        await world.clock.advance(10)
        assert world.calls.of(TWO) == ()
        assert world.switch.legs == {}


async def test_who_may_not_dial() -> None:
    async with serving() as world:
        world.switch.phone("5002").unregister()
        await settle()
        with pytest.raises(DeviceNotRegistered):
            await world.calls.dial(TWO, "5001", {})
        with pytest.raises(FeatureMissing):
            await world.calls.dial(agent("nobody", "5001", frozenset()), "5002", {})
        with pytest.raises(ParameterInvalid):
            await world.calls.dial(ONE, "5001", {})
        world.switch.reachable = False
        with pytest.raises(Unavailable, match="switch"):
            await world.calls.dial(ONE, "5002", {})
        assert world.calls.of(ONE) == ()
        assert world.told(ONE) == []


@pytest.mark.parametrize("number", ["9999", "5004"])
async def test_a_number_that_cannot_be_called_ends_the_call(number: str) -> None:
    async with serving() as world:
        world.switch.phone("5004").unregister()
        await world.ringing("5001", number)
        assert world.told(ONE) == ["StatusChange Dialing", "StatusChange Released"]
        assert world.switch.legs == {}


async def test_who_calls_the_own_number_finds_it_busy() -> None:
    async with serving() as world:
        await world.ringing("5001", "5001")
        assert world.switch.legs == {}
        assert world.calls.of(ONE) == ()
        assert world.told(ONE) == []


async def test_both_references_find_the_call_and_only_its_agents_do() -> None:
    async with serving() as world:
        reference = await world.talking()
        call = world.calls.find(ONE, reference)
        assert world.calls.find(ONE, reference.upper()) == call
        assert world.calls.find(ONE, call.call_uuid) == call
        for wrong in (call.call_uuid.lower(), "", reference[:-1], "0" * 16):
            with pytest.raises(NotFound):
                world.calls.find(ONE, wrong)
        with pytest.raises(NotFound):
            world.calls.find(TWO, reference)
        with pytest.raises(NotFound):
            await world.calls.operate(TWO, reference, START)


async def test_the_feature_is_looked_at_before_the_call() -> None:
    async with serving() as world:
        with pytest.raises(FeatureMissing, match="api-voice-recording"):
            await world.calls.operate(SILENT, "nothing", START)


@pytest.mark.parametrize("operation", [Operation.HANGUP, Operation.REJECT])
async def test_a_ringing_call_can_be_refused(operation: Operation) -> None:
    async with serving() as world:
        await world.ringing("5002", "5001")
        await world.do(ONE, operation)
        assert world.told(TWO) == ["StatusChange Dialing", "StatusChange Released"]
        assert world.told(ONE) == ["StatusChange Ringing", "StatusChange Released"]
        assert world.switch.legs == {}


async def test_what_the_switch_cannot_do_is_refused() -> None:
    async with serving(abilities=frozenset(Ability) - {Ability.HANG_UP}) as world:
        await world.ringing("5002", "5001")
        with pytest.raises(NotInState):
            await world.do(ONE, Operation.REJECT)


async def test_answer_where_the_phone_can() -> None:
    async with serving() as world:
        await world.ringing("5002", "5001")
        await world.do(ONE, Operation.ANSWER)
        assert world.told(ONE) == ["StatusChange Ringing", "StatusChange Established"]


async def test_user_data_is_everybodys() -> None:
    async with serving() as world:
        await world.talking("5002", "5001")
        await world.do(TWO, Operation.ATTACH_USER_DATA, user_data={"k": {"n": 1}})
        assert world.told(ONE) == world.told(TWO) == ["AttachedDataChanged Established"]
        assert world.only_call(ONE).user_data == {"k": {"n": 1}}
        await world.do(ONE, Operation.DELETE_USER_DATA_PAIR, key="k")
        assert world.only_call(TWO).user_data == {}


class TestOperationsOnTheDevice:
    async def test_without_a_call(self) -> None:
        async with serving() as world:
            await world.ringing("5002", "5001")
            with pytest.raises(NotInState, match="device has no active call"):
                await world.calls.operate_device(ONE, STOP)

    async def test_the_established_call_is_meant_else_the_one_held_last(self) -> None:
        async with serving() as world:
            first = await world.talking("5000", "5001")
            world.switch.phone("5001").hold()
            await world.clock.advance(1)
            await world.ringing("5002", "5001")
            world.switch.phone("5001").answer()
            await settle()
            second = world.calls.of(ONE)[1].conn_id
            await world.calls.operate_device(ONE, START)
            assert world.calls.find(ONE, second).recording_state == "Recording"
            world.switch.phone("5001").hold()
            await world.clock.advance(1)
            await world.calls.operate_device(ONE, PAUSE)
            assert world.calls.find(ONE, second).recording_state == "Paused"
            assert world.calls.find(ONE, first).recording_state == "Stopped"

    async def test_the_history_says_that_it_was_the_device(self) -> None:
        async with serving() as world:
            await world.talking()
            for operation in (START, PAUSE, RESUME, STOP):
                await world.clock.advance(1)
                await world.calls.operate_device(ONE, operation)
            (part,) = await world.parts(world.only_call(ONE).call_uuid)
            assert [
                (each.started_by and each.started_by.source, each.stopped_by and each.stopped_by.source) for each in part.history
            ] == [
                ("device", "device"),
                ("device", "device"),
            ]


async def test_parts_of_one_call() -> None:
    async with serving() as world:
        await world.talking()
        for operation, seconds in ((START, 35), (PAUSE, 447), (RESUME, 25), (STOP, 0), (START, 1), (STOP, 0)):
            await world.do(ONE, operation)
            await world.clock.advance(seconds)
        first, second = await world.parts(world.only_call(ONE).call_uuid)
        assert [(each.type, each.offset_ms, each.duration_ms) for each in first.history] == [
            ("Recording", 0, 507_000),
            ("Paused", 35_000, 447_000),
        ]
        assert {each.started_by.user_name for each in first.history if each.started_by} == {"agent.one"}
        assert (first.duration_ms, first.status, first.recorded_dn, first.ani, first.dnis) == (
            507_000,
            "sealed",
            "5001",
            "5000",
            "5001",
        )
        assert first.name != second.name
        assert second.started_at > first.started_at


async def test_the_end_of_the_call_ends_the_part() -> None:
    async with serving() as world:
        await world.talking()
        await world.do(ONE, START)
        call = world.only_call(ONE).call_uuid
        await world.clock.advance(3)
        await world.do(ONE, Operation.HANGUP)
        (part,) = await world.parts(call)
        assert part.history[0].stopped_by is not None
        assert part.history[0].stopped_by.source == "call"


async def test_two_parts_in_one_second_have_two_names() -> None:
    async with serving() as world:
        await world.talking()
        names = set()
        for _ in range(3):
            await world.do(ONE, START)
            names.add(world.only_call(ONE).recording_name)
            await world.do(ONE, STOP)
        assert len(names) == 3


async def test_close_seals_all_and_takes_no_more() -> None:
    async with serving() as world:
        await world.talking("5002", "5004")
        await world.do(TWO, START)
        await world.talking()
        await world.do(ONE, START)
        await world.ringing("5000", "5003")
        await asyncio.wait_for(world.calls.close(), 25)
        assert world.recorder.tapes == {}
        assert len(world.recorder.sealed) == 2
        assert world.told(ONE)[-1] == world.told(TWO)[-1] == "StatusChange Released"
        await world.ringing("5000", "5001")
        assert world.switch.legs == {}
        with pytest.raises(Unavailable):
            await world.calls.dial(ONE, "5002", {})


async def test_news_of_unknown_recordings_harm_nobody() -> None:
    async with serving() as world:
        from telegraphone.domain.ids import RecordingId

        world.recorder.fails.add("seal")
        world.recorder.tell(CaptureRestored(RecordingId("unknown"), frozenset(), 0))
        await world.talking()
        assert world.only_call(ONE).state.value == "Established"
