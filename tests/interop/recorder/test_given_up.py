"""A worker that cannot be kept running is given up loudly, keeps nobody else from recording, and comes back by itself."""

import asyncio
import os
import signal
from pathlib import Path

import pytest

from telegraphone.capture import client, supervisor
from telegraphone.services.ports import CaptureFailed, RecordingRecovered, Unavailable
from tests.interop.recorder.conftest import open_bench

NOTE = {"source": "system"}
PORTS = "tests.interop.recorder.worker_ports:disk_ports_unless_broken"


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "WORKER_RESTARTS_MAX", 2)
    monkeypatch.setattr(supervisor, "WORKER_REST_S", 0.3)
    monkeypatch.setattr(client, "RECORDING_SEAL_RETRY_S", 0.3)


async def test_what_was_recorded_is_finished_when_the_worker_is_back(tmp_path: Path) -> None:
    alarms: list[str] = []
    async with asyncio.timeout(60), open_bench(tmp_path, PORTS, alarms.append) as bench:
        call = await bench.call(1)
        await bench.recorder.open_gate(call.recording, None, NOTE)
        while bench.stored(call) < 0.3 * 8_000:
            for speaker in call.speakers:
                speaker.speak()
            await asyncio.sleep(0.02)
        broken = tmp_path / "data" / "broken"
        broken.touch()
        [process_id] = bench.recorder.process_ids
        assert process_id is not None
        told = bench.recorder.events()
        os.kill(process_id, signal.SIGKILL)
        assert await anext(told) == CaptureFailed(call.recording, "the recorder is lost")
        assert "the recorder's worker cannot be kept running" in alarms
        with pytest.raises(Unavailable):
            await bench.recorder.seal(call.recording, NOTE)
        with pytest.raises(Unavailable):
            await bench.call(2)
        broken.unlink()
        while not isinstance(found := await anext(told), RecordingRecovered):
            pass
        assert found.sealed.recording_id == call.recording
        assert found.sealed.duration_samples >= 0.3 * 8_000
        third = await bench.call(3)
        await bench.recorder.open_gate(third.recording, None, NOTE)
        assert any(bench.read(call).audible(0))
