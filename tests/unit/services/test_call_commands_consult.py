"""Asking a colleague while the caller waits: to and fro, transfer, conference, and every way in which it can fail."""

import pytest

from telegraphone.domain.errors import ParameterInvalid
from telegraphone.domain.ids import CallUuid
from telegraphone.domain.operations import Operation
from telegraphone.services.ports import NOBODY
from tests.scenario.clock import settle
from tests.unit.services.world import ONE, PAUSE, RESUME, START, TWO, World, answered, hears, music, ringing, serving

HOLD, RETRIEVE = Operation.HOLD, Operation.RETRIEVE
TRANSFER, CONFER = Operation.SINGLE_STEP_TRANSFER, Operation.SINGLE_STEP_CONFERENCE
CONSULT = Operation.INITIATE_TRANSFER
SWAP, COMPLETE_TRANSFER, COMPLETE_CONFERENCE = Operation.SWAP_CALLS, Operation.COMPLETE_TRANSFER, Operation.COMPLETE_CONFERENCE


async def consulting(world: World, colleague: str = "5002") -> tuple[str, str]:
    """Agent one, called by 5000, consults a colleague who answered: the two calls."""
    original = await world.talking()
    await world.do(ONE, CONSULT, call=original, number=colleague)
    await answered(world, colleague)
    consult = world.calls.of(ONE)[1].conn_id
    world.ears.notices.clear()
    return original, consult


class TestConsult:
    async def test_the_caller_waits_and_the_colleague_is_asked(self) -> None:
        async with serving() as world:
            original = await world.talking()
            await world.do(ONE, CONSULT, call=original, number="5002", user_data={"q": 1})
            assert world.told(ONE) == ["StatusChange Held", "StatusChange Dialing"]
            assert (hears(world, "5000"), hears(world, "5001"), music(world)) == (set(), set(), {"5000"})
            assert ringing(world) == {"5001"}
            consult = world.only_call(TWO)
            assert (consult.state.value, consult.type.value, consult.ani) == ("Ringing", "Consult", "5001")
            assert consult.conn_id != original
            assert consult.parent is not None
            assert consult.parent[1] == original
            assert not {"SwapCalls", "Retrieve"} & {each.value for each in world.calls.find(ONE, original).capabilities}
            await answered(world, "5002")
            assert world.told(ONE) == ["StatusChange Established"]
            assert (hears(world, "5001"), hears(world, "5000"), music(world)) == ({"5002"}, set(), {"5000"})
            assert ringing(world) == set()
            for reference in (original, consult.conn_id):
                offered = {each.value for each in world.calls.find(ONE, reference).capabilities}
                assert {"SwapCalls", "CompleteTransfer", "CompleteConference"} <= offered
                assert "Retrieve" not in offered
            assert "CompleteTransfer" not in {each.value for each in world.only_call(TWO).capabilities}

    async def test_to_and_fro(self) -> None:
        async with serving() as world:
            original, consult = await consulting(world)
            await world.do(ONE, SWAP, call=consult, other=original)
            assert world.told(ONE) == ["StatusChange Held", "StatusChange Established"]
            assert (hears(world, "5000"), music(world)) == ({"5001"}, {"5002"})
            await world.do(ONE, SWAP, call=consult)
            assert (hears(world, "5002"), music(world)) == ({"5001"}, {"5000"})
            with pytest.raises(ParameterInvalid):
                await world.do(ONE, SWAP, call=consult, other="0" * 16)

    @pytest.mark.parametrize("which", [0, 1])
    async def test_transfer(self, which: int) -> None:
        async with serving() as world:
            calls = await consulting(world)
            uuid = world.calls.find(ONE, calls[0]).call_uuid
            await world.do(ONE, COMPLETE_TRANSFER, call=calls[which])
            assert world.told(ONE) == ["StatusChange Released", "StatusChange Released"]
            assert world.told(TWO) == ["StatusChange Released", "StatusChange Established"]
            assert (hears(world, "5000"), music(world)) == ({"5002"}, set())
            assert {leg.number for leg in world.switch.legs.values()} == {"5000", "5002"}
            call = world.only_call(TWO)
            assert (call.call_uuid, call.conn_id, call.ani, call.participants) == (uuid, calls[0], "5000", ("5000",))
            world.switch.phone("5000").hang_up()
            await settle()
            assert world.switch.legs == {}
            assert world.told(TWO) == ["StatusChange Released"]

    async def test_conference(self) -> None:
        async with serving() as world:
            original, consult = await consulting(world)
            await world.do(ONE, COMPLETE_CONFERENCE, call=original, other=consult)
            assert world.told(ONE) == ["StatusChange Released", "StatusChange Established", "ParticipantsUpdated Established"]
            assert world.told(TWO) == ["StatusChange Released", "StatusChange Established"]
            assert (hears(world, "5000"), music(world)) == ({"5001", "5002"}, set())
            assert world.only_call(ONE).participants == ("5000", "5002")
            assert Operation.REMOVE_PARTICIPANT in world.only_call(ONE).capabilities
            assert Operation.REMOVE_PARTICIPANT not in world.only_call(TWO).capabilities
            await world.do(ONE, Operation.REMOVE_PARTICIPANT, number="5002")
            assert (world.told(ONE), world.told(TWO)) == (["ParticipantsUpdated Established"], ["StatusChange Released"])
            assert hears(world, "5000") == {"5001"}

    @pytest.mark.parametrize("how", ["refuses", "hangs up", "unknown"])
    async def test_a_colleague_who_is_gone_leaves_the_caller_on_hold(self, how: str) -> None:
        async with serving() as world:
            if how == "hangs up":
                original, _ = await consulting(world)
                world.switch.phone("5002").hang_up()
            else:
                original = await world.talking()
                await world.do(ONE, CONSULT, call=original, number="9999" if how == "unknown" else "5002")
                if how == "refuses":
                    world.switch.phone("5002").refuse()
            await settle()
            assert world.told(ONE)[-1] == "StatusChange Released"
            assert world.only_call(ONE).state.value == "Held"
            await world.do(ONE, RETRIEVE, call=original)
            assert hears(world, "5000") == {"5001"}

    async def test_the_caller_hangs_up_while_the_colleague_is_asked(self) -> None:
        async with serving() as world:
            _, consult = await consulting(world)
            world.switch.phone("5000").hang_up()
            await settle()
            assert world.told(ONE) == ["StatusChange Released"]
            call = world.only_call(ONE)
            assert (call.conn_id, call.state.value) == (consult, "Established")
            assert Operation.COMPLETE_TRANSFER not in call.capabilities
            assert hears(world, "5002") == {"5001"}

    async def test_hanging_the_consult_up_keeps_the_agents_phone(self) -> None:
        async with serving() as world:
            original, consult = await consulting(world)
            await world.do(ONE, Operation.HANGUP, call=consult)
            assert {leg.number for leg in world.switch.legs.values()} == {"5000", "5001"}
            await world.do(ONE, RETRIEVE, call=original)

    async def test_the_agents_phone_hangs_up(self) -> None:
        async with serving() as world:
            await consulting(world)
            world.switch.phone("5001").hang_up()
            await settle()
            assert world.switch.legs == {}
            assert world.told(ONE) == ["StatusChange Released", "StatusChange Released"]

    async def test_a_consult_has_a_recording_of_its_own_and_the_tap_comes_back(self) -> None:
        async with serving() as world:
            original = await world.talking()
            await world.do(ONE, START)
            await world.do(ONE, CONSULT, call=original, number="5002")
            await answered(world, "5002")
            consult = world.calls.of(ONE)[1]
            first = next(iter(world.recorder.tapes.values()))
            assert first.shut_for == {"hold"}
            assert consult.recording_state == "Stopped"
            address = dict(world.switch.forks)[world.switch.phone("5001").leg or ""]  # type: ignore[index]  # a leg id
            await world.do(ONE, START, call=consult.conn_id)
            assert world.switch.forks[world.switch.phone("5001").leg] != address  # type: ignore[index]  # as above
            world.switch.phone("5000").change_codec({8: "PCMA"})
            await settle()
            assert first.sources is not None
            assert first.sources[0] == NOBODY, "who is aimed at twice may be heard by the one that waits"
            await world.do(ONE, SWAP, call=original)
            assert first.keeps_audio
            assert first.sources[0] != NOBODY
            assert world.switch.forks[world.switch.phone("5001").leg] == address  # type: ignore[index]  # as above
            assert world.recorder.tape.shut_for == {"hold"}
            world.switch.phone("5002").change_codec({8: "PCMA"})
            await settle()
            assert world.recorder.tape.sources is not None
            assert world.recorder.tape.sources[0] == NOBODY

    async def test_a_paused_consult_pauses_the_conference(self) -> None:
        async with serving() as world:
            original = await world.talking()
            await world.do(ONE, START)
            await world.do(ONE, CONSULT, call=original, number="5002")
            await answered(world, "5002")
            consult = world.calls.of(ONE)[1].conn_id
            await world.do(ONE, START, call=consult)
            await world.do(ONE, PAUSE, call=consult)
            world.ears.notices.clear()
            await world.do(ONE, COMPLETE_CONFERENCE, call=consult)
            assert world.only_call(ONE).recording_state == "Paused"
            assert world.told(ONE)[-1] == "CallRecordingStateChange Paused"
            assert world.recorder.tape.shut_for == {"agent"}
            assert [what for what, _ in world.recorder.tape.notes][-2:] == ["shut agent", "open hold"]
            assert len(world.switch.sound.mixes) == 1, "the recording hears everybody the agent hears"

    async def test_a_pause_survives_consult_and_transfer_of_the_others(self) -> None:
        async with serving() as world:
            reference = await world.talking("5001", "5002")
            await world.do(ONE, START)
            await world.do(ONE, PAUSE)
            await world.do(TWO, CONSULT, call=reference, number="5004")
            await answered(world, "5004")
            await world.do(TWO, COMPLETE_TRANSFER, call=reference)
            call = world.only_call(ONE)
            assert (call.recording_state, call.participants) == ("Paused", ("5004",))
            assert world.recorder.tape.shut_for == {"agent"}
            await world.do(ONE, RESUME)
            assert world.recorder.tape.keeps_audio
            assert {world.switch.legs[leg].number for leg in world.switch.forks} == {"5001", "5004"}

    async def test_each_call_is_forgotten_after_its_own_minute(self) -> None:
        async with serving() as world:
            original, consult = await consulting(world)
            await world.do(ONE, Operation.HANGUP, call=consult)
            await world.clock.advance(61)
            with pytest.raises(Exception, match="cannot be found"):
                world.calls.find(ONE, consult)
            assert world.calls.find(ONE, original).state.value == "Held"


async def test_user_data_of_a_consult_is_that_of_the_call_and_its_own() -> None:
    async with serving() as world:
        original = await world.talking()
        await world.do(ONE, Operation.ATTACH_USER_DATA, user_data={"a": 1})
        await world.do(ONE, CONSULT, call=original, number="5002", user_data={"b": 2})
        assert world.only_call(TWO).user_data == {"a": 1, "b": 2}
        assert world.calls.find(ONE, original).user_data == {"a": 1}
        assert world.calls.find(ONE, CallUuid(world.only_call(TWO).call_uuid)).state.value == "Dialing"
