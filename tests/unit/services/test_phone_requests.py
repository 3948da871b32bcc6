"""What people ask for by their phones: transfers to a number and of two calls, recording, and what they are told."""

import pytest

from telegraphone.domain.legs import EndCause
from telegraphone.domain.operations import Operation
from telegraphone.domain.recording import Trigger
from telegraphone.services.surroundings import Policies
from telegraphone.switches.simulated.phone import Script
from tests.scenario.clock import settle
from tests.unit.services.world import ONE, PAUSE, SILENT, START, TWO, World, answered, hears, music, serving


async def two_calls(world: World, *, paused: bool = False) -> str:
    """5000 has called agent one, who holds that call at the phone and has called agent two by the same phone: the uuid of
    the first."""
    await world.talking()
    if paused:
        await world.do(ONE, START)
        await world.do(ONE, PAUSE)
    uuid = world.only_call(ONE).call_uuid
    world.switch.phone("5001").hold()
    await settle()
    world.switch.phone("5001").call("5002")
    await settle()
    await answered(world, "5002")
    world.ears.notices.clear()
    return uuid


class TestToANumber:
    async def test_the_agent_is_free_when_it_rings(self) -> None:
        async with serving() as world:
            await world.talking()
            request = world.switch.requests.transfer("5001", "5002")
            await settle()
            assert world.told(ONE) == ["StatusChange Released"]
            assert world.switch.requests.settled == {request: None}
            await answered(world, "5002")
            assert hears(world, "5000") == {"5002"}
            assert {leg.number for leg in world.switch.legs.values()} == {"5000", "5002"}

    @pytest.mark.parametrize(("number", "cause"), [("5999", EndCause.UNKNOWN_NUMBER), ("5002", EndCause.BUSY)])
    async def test_a_number_that_cannot_be_had_leaves_the_call_as_it_was(self, number: str, cause: EndCause) -> None:
        async with serving() as world:
            await world.talking()
            world.switch.phone("5002").script = Script(rings_after_s=5.0, refuses_after_s=1.0)
            request = world.switch.requests.transfer("5001", number)
            await settle()
            await world.clock.advance(2.0)
            assert world.switch.requests.settled == {request: cause}
            assert (hears(world, "5000"), world.only_call(ONE).state.value) == ({"5001"}, "Established")

    @pytest.mark.parametrize("number", ["5000", ""])
    async def test_what_makes_no_sense_is_refused(self, number: str) -> None:
        async with serving() as world:
            await world.talking()
            request = world.switch.requests.transfer("5001", number)
            await settle()
            assert world.switch.requests.settled == {request: EndCause.DECLINED}
            assert hears(world, "5000") == {"5001"}

    async def test_a_phone_that_hangs_up_at_once_is_not_overtaken(self) -> None:
        async with serving() as world:
            await world.talking()
            world.switch.requests.transfer("5001", "5002")
            world.switch.phone("5001").hang_up()
            await settle()
            await answered(world, "5002")
            assert hears(world, "5000") == {"5002"}


class TestOfTwoCalls:
    async def test_the_others_are_connected_and_told_as_by_the_api(self) -> None:
        async with serving() as world:
            uuid = await two_calls(world)
            request = world.switch.requests.connect("5001")
            await settle()
            assert world.switch.requests.settled == {request: None}
            assert world.told(ONE) == ["StatusChange Released", "StatusChange Released"]
            assert world.told(TWO) == ["StatusChange Released", "StatusChange Established"]
            assert (hears(world, "5000"), music(world)) == ({"5002"}, set())
            assert {leg.number for leg in world.switch.legs.values()} == {"5000", "5002"}
            assert world.only_call(TWO).call_uuid == uuid
            world.switch.phone("5000").hang_up()
            await settle()
            assert (world.switch.legs, world.calls.of(TWO)) == ({}, ())

    async def test_the_pause_goes_on_with_the_next_agent_and_the_parts_are_linked(self) -> None:
        policies = Policies(recorded_numbers=frozenset({"5002"}))
        async with serving(policies=policies) as world:
            uuid = await two_calls(world, paused=True)
            world.switch.requests.connect("5001")
            await settle()
            call = world.only_call(TWO)
            assert (call.call_uuid, call.recording_state) == (uuid, "Paused")
            first, second = sorted(await world.parts(uuid), key=lambda part: part.recorded_dn)
            assert (first.recorded_dn, second.recorded_dn, first.status, second.status) == ("5001", "5002", "sealed", "recording")
            assert first.name != second.name

    async def test_afterwards_each_call_is_operated_and_ended_as_before(self) -> None:
        async with serving() as world:
            await two_calls(world)
            world.switch.requests.connect("5001")
            await settle()
            await world.do(TWO, START)
            await world.do(TWO, Operation.HOLD)
            assert music(world) == {"5000"}
            await world.do(TWO, Operation.HANGUP)
            await world.clock.advance(61.0)
            assert (world.calls.of(TWO), world.switch.legs) == ((), {})

    async def test_a_colleague_who_has_gone_leaves_the_first_call_as_it_was(self) -> None:
        async with serving() as world:
            uuid = await two_calls(world)
            request = world.switch.requests.connect("5001")
            world.switch.phone("5002").hang_up()
            await settle()
            # Either the two were connected first and 5000 lost its new party, or the call with agent one goes on.
            if world.switch.requests.settled[request] is not None:
                assert world.only_call(ONE).call_uuid == uuid
            else:
                assert world.switch.legs == {}

    async def test_a_colleague_who_has_not_answered_cannot_be_had(self) -> None:
        async with serving() as world:
            await world.talking()
            world.switch.phone("5001").hold()
            world.switch.phone("5001").call("5002")
            await settle()
            request = world.switch.requests.connect("5001")
            await settle()
            assert world.switch.requests.settled == {request: EndCause.DECLINED}
            assert len(world.calls.of(ONE)) == 2

    async def test_two_calls_with_the_same_party_cannot_be_connected(self) -> None:
        async with serving() as world:
            await world.talking()
            world.switch.phone("5001").hold()
            world.switch.phone("5001").call("5000")
            await settle()
            await answered(world, "5000")
            request = world.switch.requests.connect("5001")
            await settle()
            assert world.switch.requests.settled == {request: EndCause.DECLINED}
            assert len(world.calls.of(ONE)) == 2

    async def test_two_wishes_at_once_do_not_wait_for_each_other(self) -> None:
        async with serving() as world:
            await two_calls(world)
            first = world.switch.requests.connect("5001")
            second = world.switch.requests.connect("5001")
            await settle()
            assert (world.switch.requests.settled[first], world.switch.requests.settled[second]) == (None, EndCause.DECLINED)
            assert hears(world, "5000") == {"5002"}

    async def test_a_switch_that_does_not_answer_does_not_mix_the_calls_up(self) -> None:
        async with serving() as world:
            await two_calls(world)
            world.switch.requests.connect("5001")
            world.switch.reachable = False
            await settle()
            world.switch.reachable = True
            assert all(call.state.value == "Released" for call in world.calls.of(ONE))
            await world.clock.advance(61.0)
            assert world.calls.of(TWO) == ()


class TestRecording:
    async def test_it_is_begun_and_stopped_with_the_events_of_the_api(self) -> None:
        async with serving() as world:
            await world.talking()
            requests = [world.switch.requests.record("5001", each) for each in (Trigger.START, Trigger.PAUSE, Trigger.RESUME)]
            await settle()
            assert world.told(ONE) == [f"CallRecordingStateChange {each}" for each in ("Recording", "Paused", "Recording")]
            assert world.switch.requests.settled == dict.fromkeys(requests)
            request = world.switch.requests.record("5001", Trigger.STOP)
            await settle()
            assert world.switch.requests.settled[request] is None
            (part,) = await world.parts(world.only_call(ONE).call_uuid)
            assert {each.started_by.source for each in part.history if each.started_by is not None} == {"phone"}

    async def test_what_the_state_does_not_allow_is_refused(self) -> None:
        async with serving() as world:
            await world.talking()
            request = world.switch.requests.record("5001", Trigger.PAUSE)
            await settle()
            assert world.switch.requests.settled == {request: EndCause.DECLINED}

    async def test_the_feature_counts_where_somebody_is_signed_in(self) -> None:
        async with serving() as world:
            await world.talking("5000", "5003")
            allowed = world.switch.requests.record("5003", Trigger.START)
            await settle()
            await world.agents.sign_in(SILENT)
            refused = world.switch.requests.record("5003", Trigger.STOP)
            await settle()
            assert world.switch.requests.settled == {allowed: None, refused: EndCause.DECLINED}

    async def test_a_recorder_that_fails_is_told(self) -> None:
        async with serving() as world:
            await world.talking()
            world.recorder.full_for_s = 5
            request = world.switch.requests.record("5001", Trigger.START)
            await settle()
            assert world.switch.requests.settled == {request: EndCause.FAILED}
