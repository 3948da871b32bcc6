"""What the recorder says by itself, and what becomes of a recording whose recorder was lost."""

import pytest

from telegraphone.services.ports import CaptureFailed, CaptureRestored, CaptureSilent, RecordingRecovered, Unavailable
from tests.scenario.clock import settle
from tests.unit.services.world import ONE, PAUSE, RESUME, SILENT, START, STOP, recording, serving


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
            world.recorder.tell(CaptureSilent(world.recorder.tape.order.recording_id))
            await settle()
            assert world.told(ONE) == ["ErrorMessage"]
            assert world.recorder.tape.keeps_audio
            await world.do(ONE, PAUSE)
            world.ears.notices.clear()
            world.recorder.tell(CaptureSilent(world.recorder.tape.order.recording_id))
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
