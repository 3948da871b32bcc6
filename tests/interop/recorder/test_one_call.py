"""The whole path once: reserve, aim, start, pause, resume, seal, and every frame where it belongs."""

import asyncio
import time

from tests.interop.recorder.conftest import SEED, Bench
from tests.interop.recorder.senders import have_said, speak_all
from tests.interop.recorder.signal import payload

NOTE = {"source": "agent", "user_name": "test"}


async def test_a_call_is_recorded_as_the_gate_says(bench: Bench) -> None:
    call = await bench.call(1)
    stop = asyncio.Event()
    speaking = asyncio.create_task(speak_all(list(call.speakers), stop))
    recorder, recording = bench.recorder, call.recording
    await have_said(0.5, *call.speakers)
    asked = time.monotonic()
    started = await recorder.open_gate(recording, None, NOTE)
    begun, begun_number = time.monotonic(), call.speakers[0].number
    assert (started.position_samples, started.shut_for) == (0, frozenset())
    await have_said(1.0, *call.speakers)
    pausing, pausing_number = time.monotonic(), call.speakers[0].number
    paused = await recorder.shut_gate(recording, "agent", NOTE)
    paused_number = call.speakers[0].number
    assert paused.shut_for == {"agent"}
    assert await recorder.shut_gate(recording, "agent", NOTE) == paused
    await have_said(0.7, *call.speakers)
    resume_number = call.speakers[0].number
    resumed = await recorder.open_gate(recording, "agent", NOTE)
    resumed_number = call.speakers[0].number
    await have_said(1.0, *call.speakers)
    stop.set()
    await speaking
    ended, ended_number = time.monotonic(), call.speakers[0].number
    sealed = await recorder.seal(recording, NOTE)

    assert sealed.status == "sealed"
    # It began between the asking and the answer, which a busy machine may keep apart.
    assert ended - begun - 0.1 < sealed.duration_samples / 8_000 < ended - asked + 0.1
    assert [(span.kind, span.reason) for span in sealed.spans if span.kind != "gap"] == [("paused", "agent")]
    pause = next(span for span in sealed.spans if span.kind == "paused")
    assert (pause.start_samples, pause.end_samples) == (paused.position_samples, resumed.position_samples)
    assert pausing - begun - 0.05 < pause.start_samples / 8_000 < pausing - asked + 0.05
    found = bench.read(call)
    for stream, speaker in enumerate(call.speakers):
        assert set(found.streams[stream][pause.start_samples : pause.end_samples]) == {0xFF}
        places = found.frames(stream, SEED, speaker.name, speaker.number)
        assert not [number for number in places if paused_number <= number < resume_number]
        assert all(len(each) == 1 for each in places.values())
        numbers = sorted(places)
        before = [n for n in numbers if n < paused_number]
        after = [n for n in numbers if n >= resume_number]
        assert set(range(begun_number + 1, pausing_number - 1)) <= set(before)
        assert set(range(resumed_number + 5, ended_number)) <= set(after)
        origin = places[before[0]][0] - before[0] * 160
        assert all(places[n][0] - n * 160 == origin for n in numbers), "one mapping from start to end"
        whole = payload(SEED, speaker.name, before[5])
        place = places[before[5]][0]
        assert bytes(found.streams[stream][place : place + 160]) == whole
