"""Ports at which a recording client sends all the time: one recording has them after the other, and none is made elsewhere."""

import asyncio
import os
import signal

import pytest

from telegraphone.domain.ids import LegId
from tests.interop.recorder.conftest import Bench

NOTE = {"source": "policy"}


@pytest.mark.parametrize("number", [1, 2], ids=["of the same call", "of the next call"])
async def test_a_recording_waits_until_the_one_before_gives_the_ports_back(bench: Bench, number: int) -> None:
    """The recorder stands still while the one before is to be finished."""
    recorder = bench.recorder
    doors = [recorder.open_intake(side) for side in "ab"]
    for call, side in ((call, side) for call in (1, number) for side in "ab"):
        recorder.assign_intake(LegId(f"leg-{call}-{side}"), side)
    before = await bench.call(1)
    await recorder.open_gate(before.recording, None, NOTE)
    [worker] = recorder.process_ids
    assert worker is not None
    os.kill(worker, signal.SIGSTOP)
    try:
        sealing = asyncio.create_task(recorder.seal(before.recording, NOTE))
        await asyncio.sleep(0)
        following = asyncio.create_task(bench.call(number))
        done, _ = await asyncio.wait({following}, timeout=0.3)
        assert not done
    finally:
        os.kill(worker, signal.SIGCONT)
    await sealing
    after = await following
    assert [speaker.to for speaker in after.speakers] == [(door.host, door.port) for door in doors]
    await recorder.seal(after.recording, NOTE)
