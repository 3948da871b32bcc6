"""Effects before announcement, one thing after the other, and every way in which the recorder can fail."""

import asyncio

import pytest

from telegraphone.domain.errors import NotInState
from telegraphone.domain.ids import ConnId
from telegraphone.domain.operations import Operation
from telegraphone.services.ports import RecorderFull, Unavailable
from tests.scenario.clock import settle
from tests.unit.services.world import ONE, PAUSE, RESUME, START, STOP, TWO, recording, serving

STATES = {START: "Recording", PAUSE: "Paused", RESUME: "Recording", STOP: "Stopped"}


@pytest.mark.parametrize(
    ("operation", "method"), [(START, "open_gate"), (PAUSE, "shut_gate"), (RESUME, "open_gate"), (STOP, "seal")]
)
async def test_nobody_hears_or_reads_of_it_before_it_is_true(operation: Operation, method: str) -> None:
    async with serving() as world:
        await recording(world, operation)
        before = world.only_call(ONE)
        world.recorder.stalls.add(method)
        asked = asyncio.create_task(world.calls.operate(ONE, before.conn_id, operation))
        await settle()
        await world.clock.advance(2.9)
        assert not asked.done()
        assert world.told(ONE) == []
        now = world.only_call(ONE)
        assert (now.recording_state, now.capabilities, now.recording_name) == (
            before.recording_state,
            before.capabilities,
            before.recording_name,
        )
        asked.cancel()


@pytest.mark.parametrize("operation", [START, PAUSE, RESUME, STOP])
async def test_the_answer_comes_before_the_event(operation: Operation) -> None:
    async with serving() as world:
        await recording(world, operation)
        await world.calls.operate(ONE, world.only_call(ONE).conn_id, operation)
        assert world.told(ONE) == []
        assert world.only_call(ONE).recording_state == STATES[operation]
        await settle()
        assert world.told(ONE) == [f"CallRecordingStateChange {STATES[operation]}"]


@pytest.mark.parametrize(
    ("operation", "method", "state", "told"),
    [
        (START, "reserve", "Stopped", []),
        (START, "aim", "Stopped", []),
        (START, "open_gate", "Stopped", []),
        (PAUSE, "shut_gate", "Stopped", ["CallRecordingStateChange Stopped", "ErrorMessage"]),
        (RESUME, "open_gate", "Paused", []),
        (STOP, "seal", "Stopped", ["CallRecordingStateChange Stopped", "ErrorMessage"]),
    ],
)
@pytest.mark.parametrize("how", ["fails", "stalls"])
async def test_an_operation_that_fails(how: str, operation: Operation, method: str, state: str, told: list[str]) -> None:
    async with serving() as world:
        await recording(world, operation)
        getattr(world.recorder, how).add(method)
        asked = asyncio.create_task(world.calls.operate(ONE, world.only_call(ONE).conn_id, operation))
        await world.clock.advance(3.0)
        assert asked.done(), "the answer comes within three seconds"
        with pytest.raises(Unavailable, match="recorder"):
            await asked
        await world.clock.advance(60.0)
        assert world.only_call(ONE).recording_state == state
        assert world.told(ONE) == told
        if method != "seal":
            assert not any(tape.keeps_audio for tape in world.recorder.tapes.values())
        if operation in {START, PAUSE}:
            assert world.recorder.tapes == {}, "what was begun is sealed"
        if operation is not RESUME:
            assert world.switch.forks == {}


async def test_after_a_failure_it_can_be_started_again() -> None:
    async with serving() as world:
        await recording(world, PAUSE)
        world.recorder.fails.add("shut_gate")
        with pytest.raises(Unavailable):
            await world.do(ONE, PAUSE)
        world.recorder.fails.clear()
        await settle()
        assert [each.value for each in world.only_call(ONE).capabilities][-1] == "StartCallRecording"
        await world.do(ONE, STOP)
        await world.do(ONE, START)
        assert world.only_call(ONE).recording_state == "Recording"


async def test_a_full_recorder() -> None:
    async with serving() as world:
        await recording(world, START)
        world.recorder.full_for_s = 7
        with pytest.raises(RecorderFull) as refused:
            await world.do(ONE, START)
        assert refused.value.retry_after_s == 7
        world.recorder.full_for_s = None
        await world.do(ONE, START)


async def test_a_resume_that_cannot_even_be_shut_again_ends_the_recording() -> None:
    async with serving() as world:
        await recording(world, RESUME)
        world.recorder.fails |= {"open_gate", "shut_gate"}
        with pytest.raises(Unavailable):
            await world.do(ONE, RESUME)
        await settle()
        assert world.told(ONE) == ["CallRecordingStateChange Stopped", "ErrorMessage"]
        assert world.recorder.tapes == {}


async def test_a_resume_that_failed_was_shut_again() -> None:
    async with serving() as world:
        await recording(world, RESUME)
        world.recorder.fails.add("open_gate")
        with pytest.raises(Unavailable):
            await world.do(ONE, RESUME)
        await settle()
        assert world.recorder.tape.notes[-1][0] == "shut agent"
        world.recorder.fails.clear()
        await world.do(ONE, RESUME)
        assert world.recorder.tape.keeps_audio


async def test_a_seal_that_takes_long_is_told_when_it_is_done() -> None:
    async with serving() as world:
        await recording(world, STOP)
        world.recorder.stalls.add("seal")
        asked = asyncio.create_task(world.calls.operate(ONE, world.only_call(ONE).conn_id, STOP))
        await world.clock.advance(3.0)
        assert asked.done()
        assert world.told(ONE) == []
        await world.clock.advance(30.0)
        assert world.told(ONE) == ["CallRecordingStateChange Stopped", "ErrorMessage"]
        with pytest.raises(Unavailable):
            await asked


class TestHold:
    async def test_the_recorded_agents_hold_keeps_audio_out_and_shows_nothing(self) -> None:
        async with serving() as world:
            await recording(world)
            world.switch.phone("5001").hold()
            await settle()
            assert world.recorder.tape.shut_for == {"hold"}
            assert world.only_call(ONE).recording_state == "Recording"
            assert world.told(ONE) == ["StatusChange Held"]
            world.switch.phone("5001").retrieve()
            await settle()
            assert world.recorder.tape.keeps_audio

    async def test_the_other_partys_hold_does_not(self) -> None:
        async with serving() as world:
            await recording(world)
            world.switch.phone("5000").hold()
            await settle()
            assert world.recorder.tape.keeps_audio

    async def test_start_while_held_keeps_not_one_sample(self) -> None:
        async with serving() as world:
            await world.talking()
            world.switch.phone("5001").hold()
            await settle()
            await world.do(ONE, START)
            tape = world.recorder.tape
            assert [what for what, _ in tape.notes] == ["shut hold", "open"]
            assert not tape.keeps_audio
            world.switch.phone("5001").retrieve()
            await settle()
            assert tape.keeps_audio

    async def test_start_while_the_other_party_holds_keeps_audio(self) -> None:
        async with serving() as world:
            await world.talking()
            world.switch.phone("5000").hold()
            await settle()
            await world.do(ONE, START)
            assert world.recorder.tape.keeps_audio

    async def test_the_next_part_does_not_inherit_the_last_ones_hold(self) -> None:
        async with serving() as world:
            await recording(world)
            world.switch.phone("5001").hold()
            await settle()
            await world.do(ONE, STOP)
            world.switch.phone("5001").retrieve()
            await settle()
            await world.do(ONE, START)
            assert world.recorder.tape.keeps_audio

    async def test_pause_and_hold_end_each_by_its_own(self) -> None:
        async with serving() as world:
            await recording(world)
            world.switch.phone("5001").hold()
            await settle()
            await world.do(ONE, PAUSE)
            world.switch.phone("5001").retrieve()
            await settle()
            assert world.recorder.tape.shut_for == {"agent"}
            world.switch.phone("5001").hold()
            await settle()
            await world.do(ONE, RESUME)
            assert world.recorder.tape.shut_for == {"hold"}

    @pytest.mark.parametrize("method", ["shut_gate", "open_gate"])
    async def test_a_gate_that_does_not_follow_a_hold_ends_the_recording_loudly(self, method: str) -> None:
        async with serving() as world:
            await recording(world)
            if method == "open_gate":
                world.switch.phone("5001").hold()
                await settle()
                world.ears.notices.clear()
            world.recorder.fails.add(method)
            (world.switch.phone("5001").hold if method == "shut_gate" else world.switch.phone("5001").retrieve)()
            await settle()
            status = "Held" if method == "shut_gate" else "Established"
            assert world.told(ONE) == [f"StatusChange {status}", "CallRecordingStateChange Stopped", "ErrorMessage"]
            assert world.recorder.tapes == {}


class TestTheEndOfACall:
    async def test_the_recording_is_sealed_and_everybody_told_once(self) -> None:
        async with serving() as world:
            await world.talking("5001", "5002")
            await world.do(ONE, START)
            world.ears.notices.clear()
            world.switch.phone("5002").hang_up()
            await settle()
            assert world.told(ONE) == ["StatusChange Released"]
            assert world.told(TWO) == ["StatusChange Released"]
            assert world.recorder.tapes == {}
            assert world.switch.legs == {}

    async def test_both_hang_up_at_once(self) -> None:
        async with serving() as world:
            await recording(world)
            world.switch.phone("5000").hang_up()
            world.switch.phone("5001").hang_up()
            await settle()
            assert world.told(ONE) == ["StatusChange Released"]
            assert len(world.recorder.sealed) == 1

    async def test_a_released_call_is_known_for_a_minute(self) -> None:
        async with serving() as world:
            reference = await world.talking()
            await world.clock.advance(5)
            await world.do(ONE, Operation.HANGUP)
            await world.clock.advance(59)
            found = world.calls.find(ONE, reference)
            assert (found.state.value, found.capabilities, found.duration_s) == ("Released", (), 5)
            await world.do(ONE, Operation.COMPLETE, call=reference)
            with pytest.raises(NotInState, match="call state is 'Released'"):
                await world.do(ONE, START, call=reference)
            await world.clock.advance(1)
            with pytest.raises(Exception, match="cannot be found"):
                world.calls.find(ONE, reference)

    async def test_a_hangup_that_races_with_commands_answers_all(self) -> None:
        async with serving() as world:
            reference = await world.talking()
            asked = [
                asyncio.create_task(world.calls.operate(ONE, reference, each))
                for each in (START, PAUSE, Operation.HANGUP, RESUME)
            ]
            world.switch.phone("5000").hang_up()
            await settle()
            assert all(each.done() for each in asked)
            results = await asyncio.gather(*asked, return_exceptions=True)
            assert {type(each) for each in results} <= {type(None), NotInState, Unavailable}
            assert isinstance(results[-1], NotInState)
            assert world.recorder.tapes == {}


class TestRinging:
    async def test_nobody_answers(self) -> None:
        async with serving() as world:
            await world.ringing("5000", "5001")
            await world.clock.advance(59.9)
            assert world.told(ONE) == ["StatusChange Ringing"]
            await world.clock.advance(0.2)
            assert world.told(ONE) == ["StatusChange Released"]
            assert world.switch.legs == {}

    async def test_an_answered_call_is_not_ended_by_the_ring_limit(self) -> None:
        async with serving() as world:
            await world.talking()
            await world.clock.advance(600)
            assert world.only_call(ONE).duration_s == 600

    @pytest.mark.parametrize("turns", range(12))
    async def test_the_caller_gives_up_at_any_moment(self, turns: int) -> None:
        async with serving() as world:
            world.switch.phone("5000").call("5001")
            for _ in range(turns):
                await asyncio.sleep(0)
            world.switch.phone("5000").hang_up()
            await settle()
            assert world.switch.legs == {}
            assert world.calls.of(ONE) == ()
            assert world.told(ONE) in ([], ["StatusChange Ringing", "StatusChange Released"])


async def test_a_storm_of_facts_ends_one_call_only() -> None:
    async with serving() as world:
        await world.talking("5002", "5004")
        reference = await world.talking()
        await world.do(ONE, START)
        world.recorder.stalls.add("shut_gate")
        for _ in range(100):
            world.switch.phone("5001").hold()
            world.switch.phone("5001").retrieve()
        await world.clock.advance(40)
        with pytest.raises(Exception, match="cannot be found"):
            world.calls.find(ONE, reference)
        assert world.recorder.tapes == {}
        assert {leg.number for leg in world.switch.legs.values()} == {"5002", "5004"}
        assert world.only_call(TWO).state.value == "Established"


async def test_a_crash_ends_one_call_only() -> None:
    async with serving() as world:
        await world.talking("5002", "5004")
        reference = await world.talking()
        await world.do(ONE, START)
        actor, _ = world.calls._by_conn_id[ConnId(reference)]
        actor._effects.re_aim = None  # type: ignore[method-assign, assignment]  # a bug, at the next change of media
        waiting = asyncio.create_task(world.calls.operate(ONE, reference, PAUSE))
        world.switch.phone("5001").change_codec({9: "G722"})
        await settle()
        assert waiting.done()
        assert world.recorder.tapes == {}
        assert {leg.number for leg in world.switch.legs.values()} == {"5002", "5004"}
        assert world.told(ONE)[-1] == "StatusChange Released"
        await asyncio.gather(waiting, return_exceptions=True)


async def test_commands_are_bounded() -> None:
    async with serving() as world:
        reference = await world.talking()
        world.recorder.stalls.add("reserve")
        asked = [asyncio.create_task(world.calls.operate(ONE, reference, START)) for _ in range(60)]
        await settle()
        refused = [each for each in asked if each.done()]
        assert 0 < len(refused) < 60
        for each in asked:
            each.cancel()
        for each in refused:
            with pytest.raises(Unavailable):
                await each
