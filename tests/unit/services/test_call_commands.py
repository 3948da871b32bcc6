"""Hold, transfer, consult and conference: who hears whom, who is told what in which order, and what the recording does."""

import json
from pathlib import Path

import pytest

from telegraphone.domain.errors import DestinationUnreachable, NotInState, ParameterInvalid, ParameterMissing, Refusal
from telegraphone.domain.legs import Ability
from telegraphone.domain.operations import Operation
from telegraphone.services.surroundings import Policies
from tests.scenario.clock import settle
from tests.unit.services.world import FOUR, ONE, PAUSE, RESUME, START, STOP, TWO, answered, hears, music, serving

FIXTURES = Path(__file__).parents[2] / "fixtures" / "gws"
HOLD, RETRIEVE = Operation.HOLD, Operation.RETRIEVE
TRANSFER, CONFER = Operation.SINGLE_STEP_TRANSFER, Operation.SINGLE_STEP_CONFERENCE
CONSULT = Operation.INITIATE_TRANSFER
SWAP, COMPLETE_TRANSFER, COMPLETE_CONFERENCE = Operation.SWAP_CALLS, Operation.COMPLETE_TRANSFER, Operation.COMPLETE_CONFERENCE


@pytest.mark.parametrize(
    ("name", "operations"),
    [("start", (START,)), ("pause", (START, PAUSE)), ("resume", (START, PAUSE, RESUME)), ("stop", (START, STOP))],
)
async def test_an_established_call_lists_exactly_the_documented_capabilities(
    name: str, operations: tuple[Operation, ...]
) -> None:
    printed = json.loads((FIXTURES / f"{name}.event.json").read_text())["data"]["call"]["capabilities"]
    async with serving(abilities=frozenset(Ability) - {Ability.MUTE}) as world:
        await world.talking()
        for operation in operations:
            await world.do(ONE, operation)
        listed = [each.value for each in world.only_call(ONE).capabilities]
        assert [each for each in listed if each != "ClearCall"] == printed


class TestHold:
    async def test_there_and_back(self) -> None:
        async with serving() as world:
            await world.talking("5002", "5001")
            await world.do(ONE, HOLD)
            assert world.told(ONE) == ["StatusChange Held"]
            assert world.told(TWO) == []
            assert (hears(world, "5001"), hears(world, "5002"), music(world)) == (set(), set(), {"5002"})
            held = {each.value for each in world.only_call(ONE).capabilities}
            assert {"Retrieve", "Hangup", "SingleStepTransfer", "InitiateTransfer"} <= held
            assert not {"Hold", "SendDtmf", "MuteCall", "SwapCalls"} & held
            await world.do(ONE, RETRIEVE)
            assert world.told(ONE) == ["StatusChange Established"]
            assert (hears(world, "5001"), hears(world, "5002"), music(world)) == ({"5002"}, {"5001"}, set())

    async def test_the_recording_is_held_and_a_pause_stays(self) -> None:
        async with serving() as world:
            await world.talking()
            await world.do(ONE, START)
            await world.do(ONE, HOLD)
            assert world.recorder.tape.shut_for == {"hold"}
            await world.do(ONE, PAUSE)
            await world.do(ONE, RETRIEVE)
            assert world.recorder.tape.shut_for == {"agent"}

    async def test_a_voice_that_is_not_meant_for_the_call_is_not_kept(self) -> None:
        async with serving() as world:
            await world.talking("5002", "5001")
            await world.do(TWO, START)
            await world.do(ONE, HOLD)
            assert world.recorder.tape.shut_for == {"hold"}
            await world.do(ONE, RETRIEVE)
            assert world.recorder.tape.keeps_audio

    async def test_both_hold(self) -> None:
        async with serving() as world:
            await world.talking("5002", "5001")
            await world.do(ONE, HOLD)
            await world.do(TWO, HOLD)
            assert music(world) == set()
            await world.do(ONE, RETRIEVE)
            assert music(world) == {"5001"}
            await world.do(TWO, RETRIEVE)
            assert hears(world, "5001") == {"5002"}

    async def test_the_phones_own_hold_is_not_lifted_by_ours(self) -> None:
        async with serving() as world:
            await world.talking()
            world.switch.phone("5001").hold()
            await settle()
            with pytest.raises(NotInState):
                await world.do(ONE, RETRIEVE)


class TestMuteAndDigits:
    async def test_mute(self) -> None:
        async with serving() as world:
            await world.talking("5002", "5001")
            await world.do(ONE, Operation.MUTE)
            assert world.told(ONE) == ["StatusChange Established"]
            assert world.only_call(ONE).mute
            assert (hears(world, "5001"), hears(world, "5002")) == ({"5002"}, set())
            await world.do(ONE, Operation.UNMUTE)
            assert hears(world, "5002") == {"5001"}

    async def test_digits_go_to_the_other_party(self) -> None:
        async with serving() as world:
            await world.talking("5002", "5001")
            await world.do(ONE, Operation.SEND_DTMF, digits="12*#A")
            assert world.told(ONE) == ["DtmfSent Established"]
            assert world.told(TWO) == []
            assert {leg.number: leg.digits for leg in world.switch.legs.values()} == {"5001": "", "5002": "12*#A"}

    @pytest.mark.parametrize("digits", ["", "12 3", "x", "1" * 65])
    async def test_what_is_no_digit(self, digits: str) -> None:
        async with serving() as world:
            await world.talking()
            with pytest.raises(ParameterInvalid):
                await world.do(ONE, Operation.SEND_DTMF, digits=digits)


class TestSingleStepTransfer:
    async def test_the_call_goes_on_with_the_new_party(self) -> None:
        async with serving() as world:
            reference = await world.talking("5004", "5001")
            await world.do(ONE, TRANSFER, number="5002", user_data={"why": "card"})
            assert world.told(ONE) == ["AttachedDataChanged Established", "StatusChange Released"]
            call = world.only_call(TWO)
            assert (call.conn_id, call.state.value, call.user_data) == (reference, "Ringing", {"why": "card"})
            assert music(world) == {"5004"}
            await answered(world, "5002")
            assert (hears(world, "5004"), music(world)) == ({"5002"}, set())
            assert world.only_call(FOUR).participants == ("5002",)
            assert world.told(FOUR)[-1] == "ParticipantsUpdated Established"
            assert {leg.number for leg in world.switch.legs.values()} == {"5002", "5004"}

    @pytest.mark.parametrize(("number", "refusal"), [("9999", ParameterInvalid), ("5003", DestinationUnreachable)])
    async def test_a_destination_that_cannot_be_called_costs_nothing(self, number: str, refusal: type[Refusal]) -> None:
        async with serving() as world:
            world.switch.phone("5003").unregister()
            await world.talking()
            with pytest.raises(refusal):
                await world.do(ONE, TRANSFER, number=number)
            assert world.only_call(ONE).state.value == "Established"
            assert (hears(world, "5000"), world.told(ONE)) == ({"5001"}, [])

    async def test_nobody_answers_and_the_agent_is_called_back(self) -> None:
        async with serving() as world:
            await world.talking()
            await world.do(ONE, TRANSFER, number="5002")
            await world.clock.advance(61)
            assert world.only_call(ONE).state.value == "Ringing"
            assert world.calls.of(TWO) == ()
            await answered(world, "5001")
            assert hears(world, "5000") == {"5001"}

    async def test_who_is_there_cannot_be_brought_in(self) -> None:
        async with serving() as world:
            await world.talking()
            for number in ("5000", "5001"):
                with pytest.raises(ParameterInvalid):
                    await world.do(ONE, TRANSFER, number=number)
            with pytest.raises(ParameterMissing):
                await world.do(ONE, TRANSFER)

    async def test_the_recording_ends_with_its_agent_and_policy_begins_the_next_part_paused(self) -> None:
        async with serving(policies=Policies(recorded_numbers=frozenset({"5002"}))) as world:
            await world.talking()
            await world.do(ONE, START)
            await world.do(ONE, PAUSE)
            name = world.only_call(ONE).recording_name
            await world.do(ONE, TRANSFER, number="5002")
            assert world.recorder.tapes == {}
            await answered(world, "5002")
            call = world.only_call(TWO)
            assert (call.recording_state, call.recording_name != name) == ("Paused", True)
            assert world.told(TWO) == [
                "StatusChange Ringing",
                "CallRecordingStateChange Stopped",
                "StatusChange Established",
                "CallRecordingStateChange Paused",
            ]
            assert not world.recorder.tape.keeps_audio
            await world.do(TWO, RESUME)
            assert world.recorder.tape.keeps_audio

    async def test_without_a_policy_the_next_agent_may_start(self) -> None:
        async with serving() as world:
            await world.talking()
            await world.do(ONE, START)
            await world.do(ONE, TRANSFER, number="5002")
            await answered(world, "5002")
            assert world.only_call(TWO).recording_state == "Stopped"
            await world.do(TWO, START)
            assert world.recorder.tape.keeps_audio


async def test_policy_records_from_the_start_after_the_call_was_told() -> None:
    async with serving(policies=Policies(recorded_numbers=frozenset({"5001"}))) as world:
        await world.ringing("5000", "5001")
        await answered(world, "5001")
        assert world.told(ONE) == ["StatusChange Ringing", "StatusChange Established", "CallRecordingStateChange Recording"]
        await world.do(ONE, STOP)
        await world.do(ONE, HOLD)
        await world.do(ONE, RETRIEVE)
        assert world.only_call(ONE).recording_state == "Stopped", "what an agent stopped stays stopped"


class TestConference:
    async def test_a_third_party_joins_when_it_answers(self) -> None:
        async with serving() as world:
            await world.talking()
            await world.do(ONE, START)
            world.ears.notices.clear()
            await world.do(ONE, CONFER, number="5002")
            assert (world.told(ONE), hears(world, "5000")) == ([], {"5001"})
            await answered(world, "5002")
            assert world.told(ONE) == ["ParticipantsUpdated Established"]
            assert hears(world, "5000") == {"5001", "5002"}
            assert world.only_call(TWO).recording_state == "Recording"
            await world.do(TWO, Operation.HANGUP)
            assert (world.told(ONE), world.told(TWO)[-1]) == (["ParticipantsUpdated Established"], "StatusChange Released")
            assert hears(world, "5000") == {"5001"}
            assert world.recorder.tape.keeps_audio
            assert world.switch.sound.mixes == {}

    async def test_the_recorded_agent_leaves_and_who_joined_first_is_recorded_next(self) -> None:
        """Whoever was invited first: the other phone was slower."""
        async with serving(policies=Policies(recorded_numbers=frozenset({"5002", "5004"}))) as world:
            await world.talking()
            await world.do(ONE, START)
            for number in ("5002", "5004"):
                await world.do(ONE, CONFER, number=number)
            for number in ("5004", "5002"):
                await answered(world, number)
            await world.do(ONE, Operation.HANGUP)
            call = world.only_call(TWO)
            assert (call.recording_state, call.recording_name.split("_")[1]) == ("Recording", "5004")

    async def test_the_recorded_agent_leaves_and_the_call_goes_on_unrecorded(self) -> None:
        async with serving() as world:
            await world.talking()
            await world.do(ONE, START)
            await world.do(ONE, CONFER, number="5002")
            await answered(world, "5002")
            world.ears.notices.clear()
            await world.do(ONE, Operation.HANGUP)
            assert world.told(ONE) == ["StatusChange Released"]
            assert world.told(TWO) == ["ParticipantsUpdated Established", "CallRecordingStateChange Stopped"]
            assert (world.recorder.tapes, hears(world, "5000")) == ({}, {"5002"})

    async def test_clearing_ends_it_for_all(self) -> None:
        async with serving() as world:
            await world.talking()
            await world.do(ONE, CONFER, number="5002")
            await answered(world, "5002")
            await world.do(TWO, Operation.CLEAR_CALL)
            assert world.switch.legs == {}
            assert world.told(ONE)[-1] == world.told(TWO)[-1] == "StatusChange Released"

    async def test_it_is_not_offered_where_the_switch_cannot(self) -> None:
        async with serving(abilities=frozenset({Ability.DIAL, Ability.HANG_UP})) as world:
            await world.talking()
            assert {each.value for each in world.only_call(ONE).capabilities} == {
                "DeleteUserDataPair",
                "UpdateUserData",
                "Hangup",
                "DeleteUserData",
                "AttachUserData",
                "ClearCall",
                "StartCallRecording",
            }
            for operation in (HOLD, TRANSFER, CONFER, CONSULT, Operation.SEND_DTMF, Operation.MUTE):
                with pytest.raises(NotInState):
                    await world.do(ONE, operation, number="5002", digits="1")
