"""Hundreds of recordings start, pause and end in the same moment, and their worker dies under them: all are answered in time.

What an operation may take is what its caller waits, RECORDER_ANSWER_S; with one round of syncs for each recording by itself
it would not be kept (W5). REC-3, PCI-6.
"""

import asyncio
import os
import signal
import time
from collections.abc import Awaitable, Callable

import pytest

from telegraphone.services.ports import CaptureRestored, RecorderEvent
from tests.interop.recorder.conftest import SEED, Bench, Call
from tests.interop.recorder.senders import PTIME_S, have_said, speak_all

CALLS = 150
NOTE = {"source": "agent"}


async def _all(calls: list[Call], ask: Callable[[Call], Awaitable[object]]) -> float:
    """Asks for all at once; seconds until the last was answered."""
    begun = time.monotonic()
    await asyncio.gather(*(ask(call) for call in calls))
    return time.monotonic() - begun


@pytest.mark.alone
async def test_many_at_once_are_answered(bench: Bench) -> None:
    recorder = bench.recorder
    calls = [await bench.call(number) for number in range(CALLS)]
    events: list[RecorderEvent] = []

    async def listen() -> None:
        async for event in recorder.events():
            events.append(event)  # noqa: PERF401 - kept as they come: the listener never ends by itself

    listening = asyncio.create_task(listen())
    stop = asyncio.Event()
    speaking = asyncio.create_task(speak_all([speaker for call in calls[:10] for speaker in call.speakers], stop))
    times = {"start": await _all(calls, lambda call: recorder.open_gate(call.recording, None, NOTE))}
    await have_said(1.0, *(speaker for call in calls[:10] for speaker in call.speakers))
    times["pause"] = await _all(calls[75:], lambda call: recorder.shut_gate(call.recording, "agent", NOTE))
    await asyncio.sleep(0.5)
    (process,) = recorder.process_ids
    assert process
    os.kill(process, signal.SIGKILL)
    times["pause after a kill"] = await _all(calls[:75], lambda call: recorder.shut_gate(call.recording, "agent", NOTE))
    paused = time.monotonic()
    await asyncio.sleep(0.3)
    resuming = time.monotonic()
    times["resume"] = await _all(calls, lambda call: recorder.open_gate(call.recording, "agent", NOTE))
    resumed = time.monotonic()
    await have_said(1.0, *(speaker for call in calls[:10] for speaker in call.speakers))
    stop.set()
    await speaking
    ended = time.monotonic() - 2 * PTIME_S
    times["seal"] = await _all(calls, lambda call: recorder.seal(call.recording, NOTE))
    listening.cancel()
    print(", ".join(f"{what} {1000 * took:.0f} ms" for what, took in times.items()))
    restored = {event.recording_id: event.shut_for for event in events if isinstance(event, CaptureRestored)}
    assert restored == {call.recording: frozenset({"agent"} if index >= 75 else ()) for index, call in enumerate(calls)}
    for call in calls[:10]:
        found = bench.read(call)
        for stream, speaker in enumerate(call.speakers):
            kept = found.frames(stream, SEED, speaker.name, speaker.number)
            due = [n for n, sent in enumerate(speaker.sent_at) if resumed + 0.1 < sent < ended]
            assert due
            assert not [n for n in due if n not in kept]
            assert not [n for n in kept if paused < speaker.sent_at[n] < resuming]
