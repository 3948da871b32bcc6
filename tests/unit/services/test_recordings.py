"""What the recorder says by itself, and what becomes of a recording whose recorder was lost."""

from typing import Any

import pytest

from telegraphone.domain.operations import Operation
from telegraphone.services.catalogue import By
from telegraphone.services.ports import CaptureFailed, CaptureRestored, CaptureSilent, RecordingRecovered, Unavailable
from tests.scenario.clock import settle
from tests.unit.services.world import ONE, PAUSE, RESUME, SILENT, START, STOP, World, answered, recording, serving

BROKEN_OFF = By("system", rule="broken off")


class TestTheRecordersOwnNews:
    async def test_capture_failed(self) -> None:
        async with serving() as world:
            await recording(world)
            world.recorder.break_off()
            await settle()
            assert world.told(ONE) == ["CallRecordingStateChange Stopped", "ErrorMessage"]
            assert world.only_call(ONE).recording_name, "the name stays"

    async def test_a_tap_that_fell_silent_is_called_out_and_recording_goes_on(self) -> None:
        async with serving() as world:
            await recording(world)
            world.recorder.tell(CaptureSilent(world.recorder.tape.order.recording_id, 1.3))
            await settle()
            assert world.told(ONE) == ["ErrorMessage"]
            assert world.recorder.tape.keeps_audio
            await world.do(ONE, PAUSE)
            world.ears.notices.clear()
            world.recorder.tell(CaptureSilent(world.recorder.tape.order.recording_id, 1.3))
            await settle()
            assert world.told(ONE) == [], "in a pause nothing is missed"

    async def test_agents_without_the_feature_hear_nothing_of_recordings(self) -> None:
        async with serving() as world:
            await world.talking("5003", "5001")
            await world.do(ONE, START)
            world.recorder.break_off()
            await settle()
            assert world.told(SILENT) == []

    async def test_stale_news_does_not_touch_the_next_part(self) -> None:
        async with serving() as world:
            await recording(world)
            old = world.recorder.tape.order.recording_id
            await world.do(ONE, STOP)
            await world.do(ONE, START)
            world.ears.notices.clear()
            world.recorder.tell(CaptureFailed(old, "late"))
            world.recorder.tell(CaptureRestored(old, frozenset({"agent"}), 5))
            await settle()
            assert world.told(ONE) == []
            assert world.recorder.tape.keeps_audio

    async def test_a_lost_pause_is_carried_out_again(self) -> None:
        async with serving() as world:
            await recording(world, RESUME)
            tape = world.recorder.tape
            tape.shut_for = frozenset()
            world.recorder.tell(CaptureRestored(tape.order.recording_id, frozenset(), 100))
            await settle()
            assert tape.shut_for == {"agent"}
            assert world.told(ONE) == []
            assert world.only_call(ONE).recording_state == "Paused"

    async def test_a_pause_only_the_journal_knows_is_told(self) -> None:
        async with serving() as world:
            await recording(world)
            tape = world.recorder.tape
            tape.shut_for = frozenset({"agent"})
            world.recorder.tell(CaptureRestored(tape.order.recording_id, frozenset({"agent"}), 100))
            await settle()
            assert world.told(ONE) == ["CallRecordingStateChange Paused"]
            await world.do(ONE, RESUME)
            assert tape.keeps_audio

    async def test_a_failed_pause_does_not_come_back_to_life(self) -> None:
        async with serving() as world:
            await recording(world)
            world.recorder.fails |= {"shut_gate", "seal"}
            with pytest.raises(Unavailable):
                await world.do(ONE, PAUSE)
            await settle()
            world.recorder.fails.clear()
            lost = world.recorder.tape.order.recording_id
            world.recorder.tell(CaptureRestored(lost, frozenset(), 100))
            await settle()
            assert lost in world.recorder.sealed, "a restored recording that no call knows is ended"
            assert world.only_call(ONE).recording_state == "Stopped"
            (part,) = await world.parts(world.only_call(ONE).call_uuid)
            assert (part.status, part.user_name, part.stopped_at is not None) == ("sealed", "agent.one", True)
            assert part.history[0].stopped_by == BROKEN_OFF, "who finds it finds no end of its own"

    @pytest.mark.parametrize("fails", ["shut_gate", "open_gate"])
    async def test_what_a_failed_pause_or_resume_ends_was_broken_off(self, fails: str) -> None:
        async with serving() as world:
            await recording(world, RESUME if fails == "open_gate" else PAUSE)
            world.recorder.fails |= {"shut_gate", fails}
            with pytest.raises(Unavailable):
                await world.do(ONE, RESUME if fails == "open_gate" else PAUSE)
            await settle()
            (part,) = await world.parts(world.only_call(ONE).call_uuid)
            assert part.history[0].stopped_by == BROKEN_OFF

    async def test_a_stop_that_is_not_answered_was_the_agents(self) -> None:
        async with serving() as world:
            await recording(world)
            world.recorder.fails.add("seal")
            with pytest.raises(Unavailable):
                await world.do(ONE, STOP)
            await settle()
            world.recorder.fails.clear()
            world.recorder.tell(CaptureRestored(world.recorder.tape.order.recording_id, frozenset(), 100))
            await settle()
            (part,) = await world.parts(world.only_call(ONE).call_uuid)
            assert part.stopped_at is not None
            assert part.history[0].stopped_by == By("agent", "agent.one", "5001")

    async def test_a_restored_recorder_is_aimed_again(self) -> None:
        async with serving() as world:
            await recording(world)
            world.recorder.fails.add("aim")
            world.switch.phone("5001").change_codec({9: "G722"})
            await settle()
            world.recorder.fails.clear()
            tape = world.recorder.tape
            world.recorder.tell(CaptureRestored(tape.order.recording_id, frozenset(), 100))
            await settle()
            assert tape.sources is not None
            assert tape.sources[0].codecs == {9: "G722"}

    async def test_a_running_part_that_recovery_closed(self) -> None:
        async with serving() as world:
            await recording(world)
            sealed = await world.recorder.seal(world.recorder.tape.order.recording_id, {})
            world.recorder.tell(RecordingRecovered(sealed))
            await settle()
            assert world.told(ONE) == ["CallRecordingStateChange Stopped", "ErrorMessage"]
            (part,) = await world.parts(world.only_call(ONE).call_uuid)
            assert part.history[0].started_by is not None
            assert part.stopped_at is not None


def muted(world: World) -> set[tuple[str, bool]]:
    """Of whom no copy is sent, and whether it is of what they hear."""
    return {(world.switch.legs[leg].number, heard) for leg, heard in world.switch.sound.muted_taps}


class TestTheSecondLock:
    async def test_it_is_turned_behind_the_gate_and_back_before_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        async with serving() as world:
            await recording(world)
            order: list[str] = []
            for owner, name in ((world.recorder, "shut_gate"), (world.recorder, "open_gate"), (world.switch.sound, "mute_tap")):
                done = getattr(owner, name)

                async def noted(*given: object, name: str = name, done: Any = done, **more: object) -> object:
                    found = await done(*given, **more)
                    order.append(f"{name} {given[1]}" if name == "mute_tap" else name)
                    return found

                monkeypatch.setattr(owner, name, noted)
            await world.do(ONE, PAUSE)
            assert muted(world) == {("5000", False), ("5001", False)}
            await world.do(ONE, RESUME)
            both = [[f"mute_tap {on}"] * 2 for on in (True, False)]
            assert order == ["shut_gate", *both[0], *both[1], "open_gate"]
            assert muted(world) == set()

    async def test_it_stays_until_the_last_reason_is_lifted(self) -> None:
        async with serving() as world:
            await recording(world, RESUME)
            await world.do(ONE, Operation.HOLD)
            await world.do(ONE, Operation.RETRIEVE)
            assert muted(world) == {("5000", False), ("5001", False)}
            await world.do(ONE, RESUME)
            assert muted(world) == set()

    async def test_copies_that_begin_in_a_pause_are_mute(self) -> None:
        async with serving() as world:
            await recording(world, RESUME)
            await world.do(ONE, Operation.SINGLE_STEP_CONFERENCE, number="5002")
            await answered(world, "5002")
            assert ("5001", True) in muted(world)
            await world.do(ONE, RESUME)
            assert muted(world) == set()

    async def test_a_resume_that_fails_leaves_it_turned(self) -> None:
        async with serving() as world:
            await recording(world, RESUME)
            world.recorder.fails.add("open_gate")
            with pytest.raises(Unavailable):
                await world.do(ONE, RESUME)
            await settle()
            assert muted(world) == {("5000", False), ("5001", False)}
            assert world.only_call(ONE).recording_state == "Paused"
