"""The recorder without memory."""

import time
from pathlib import Path

from telegraphone.services.ports import CaptureRestored
from tests.interop.recorder.conftest import SEED, Bench, open_bench
from tests.interop.recorder.senders import have_said
from tests.interop.recorder.test_faults import NOTE, Speaking, next_event, whole
from tests.interop.recorder.worker_ports import leave_little_memory


async def test_finishing_a_recording_takes_no_more_memory_than_its_files(tmp_path: Path) -> None:
    """F6: a worker that has little from its start finishes a recording instead of dying of each attempt."""
    async with open_bench(tmp_path, "tests.interop.recorder.worker_ports:disk_ports_with_little_memory") as bench:
        call = await bench.call(1)
        async with Speaking(call):
            await bench.recorder.open_gate(call.recording, None, NOTE)
            await have_said(0.5, *call.speakers)
            first = bench.recorder.process_ids
            assert (await bench.recorder.seal(call.recording, NOTE)).status == "sealed"
        assert bench.recorder.process_ids == first


async def test_a_recorder_whose_memory_ends_is_replaced_and_every_recording_goes_on(bench: Bench) -> None:
    """F6: the kernel gives the worker hardly any more, until it dies of it in the middle of many new recordings."""
    old, running = await bench.call(1), await bench.call(2)
    async with Speaking(old, running):
        for call in (old, running):
            await bench.recorder.open_gate(call.recording, None, NOTE)
        started = time.monotonic()
        await have_said(1.0, *old.speakers, *running.speakers)
        stopped = time.monotonic()
        assert (await bench.recorder.seal(old.recording, NOTE)).status == "sealed"
        (process,) = bench.recorder.process_ids
        assert process
        leave_little_memory(process, 1 << 20)
        for number in range(3, 303):
            last = await bench.call(number)
            if bench.recorder.process_ids != (process,):
                break
        else:
            raise AssertionError("its memory lasted")
        await next_event(bench, CaptureRestored)
        back = time.monotonic()
        await bench.recorder.open_gate(last.recording, None, NOTE)
        await have_said(0.6, *running.speakers)
        ended = time.monotonic()
        assert (await bench.recorder.seal(last.recording, NOTE)).status == "sealed"
        assert (await bench.recorder.seal(running.recording, NOTE)).status == "recovered"
    whole(bench, old, started, stopped)
    whole(bench, running, back, ended)
    kept = bench.read(running).frames(0, SEED, running.speakers[0].name, running.speakers[0].number)
    assert [n for n in kept if running.speakers[0].sent_at[n] < stopped], "and what was kept before"
