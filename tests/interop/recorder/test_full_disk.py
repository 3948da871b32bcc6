"""A real disk that is really full: a file system of a few megabytes in memory, filled while calls are being recorded.

F9, F10, REC-6. Mounting needs root or `sudo`, as installing the tests' packages does; without it these tests fail.
"""

import asyncio
import os
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from telegraphone.capture.client import RecorderClient
from telegraphone.keystore.settings import KeySettings
from telegraphone.limits import SEGMENT_FRAMES
from telegraphone.media import layout
from telegraphone.services.ports import CaptureFailed, RecordingRecovered, Unavailable
from tests.interop.recorder.conftest import PORTS, SEED, Bench, Call
from tests.interop.recorder.senders import have_said
from tests.interop.recorder.signal import FRAME
from tests.interop.recorder.test_faults import Speaking, next_event

NOTE = {"source": "agent"}
SIZE_BYTES = 3 * 1024 * 1024
ROOT = [] if os.geteuid() == 0 else ["sudo", "-n"]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "small"
    place.mkdir()
    owner = f"uid={os.getuid()},gid={os.getgid()},mode=0700"
    subprocess.run([*ROOT, "mount", "-t", "tmpfs", "-o", f"size={SIZE_BYTES},{owner}", "tmpfs", place], check=True)
    yield place
    subprocess.run([*ROOT, "umount", "-l", place], check=True)


def fill(place: Path) -> Path:
    """Leaves no byte free."""
    ballast = place / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4_096))
        except OSError:
            return ballast


@asynccontextmanager
async def open_bench(
    small_disk: Path, keys: Path, spill: str = "", alarm: Callable[[str], None] = lambda _: None
) -> AsyncIterator[Bench]:
    """A recorder as it is delivered, its files on the small disk, its keys elsewhere."""
    data = small_disk / "audio"
    ports, arguments = "telegraphone.recorder_bootstrap:worker_ports", (str(data), KeySettings(str(keys)).to_text(), spill)
    recorder = RecorderClient(ports, arguments, host="127.0.0.1", first_port=PORTS[0], last_port=PORTS[1], alarm=alarm)
    async with recorder:
        yield Bench(recorder, data, keys)


def heard(bench: Bench, call: Call, since: float, until: float) -> list[int]:
    """The frames of the first speaker sent between two instants that are not in the finished recording."""
    speaker = call.speakers[0]
    found = bench.read(call).frames(0, SEED, speaker.name, speaker.number)
    due = [number for number, sent in enumerate(speaker.sent_at) if since + 0.1 < sent < until - 0.1]
    assert due
    return [number for number in due if number not in found]


async def written(bench: Bench, call: Call) -> float:
    """Has both say something; until when all of it is on the disk."""
    await have_said(1.2, *call.speakers)
    said, frames = time.monotonic(), call.speakers[0].number * FRAME
    await bench.has_stored(call, frames + SEGMENT_FRAMES)
    return said


async def test_without_another_place_a_full_disk_ends_recordings_loudly_and_new_ones_start_when_there_is_room(
    small_disk: Path, tmp_path: Path
) -> None:
    async with open_bench(small_disk, tmp_path / "keys") as bench:
        call = await bench.call(1)
        async with Speaking(call):
            await bench.recorder.open_gate(call.recording, None, NOTE)
            started = time.monotonic()
            said = await written(bench, call)
            ballast = fill(small_disk)
            event = await next_event(bench, CaptureFailed)
            assert isinstance(event, CaptureFailed)
            assert event.recording_id == call.recording
            with pytest.raises(Unavailable):
                await bench.recorder.shut_gate(call.recording, "agent", NOTE)
            refused = await bench.call(2)
            with pytest.raises(Unavailable):
                await bench.recorder.open_gate(refused.recording, None, NOTE)
            ballast.unlink()
            after = await bench.call(3)
            async with Speaking(after):
                await bench.recorder.open_gate(after.recording, None, NOTE)
                fresh = time.monotonic()
                await have_said(1.0, *after.speakers)
                again = time.monotonic()
                assert (await bench.recorder.seal(after.recording, NOTE)).status == "sealed"
        assert (await bench.recorder.seal(call.recording, NOTE)).status == "recovered"
        assert not heard(bench, after, fresh, again)
        assert not heard(bench, call, started, said), "what was on the disk before it was full stays readable"


async def test_with_another_place_recordings_go_on_there_and_come_home_when_there_is_room(
    small_disk: Path, tmp_path: Path
) -> None:
    spill, alarms = tmp_path / "spill", []
    async with open_bench(small_disk, tmp_path / "keys", str(spill), alarms.append) as bench:
        calls = [await bench.call(number) for number in (1, 2)]
        async with Speaking(*calls):
            await bench.recorder.open_gate(calls[0].recording, None, NOTE)
            started = time.monotonic()
            said = await written(bench, calls[0])
            ballast = fill(small_disk)
            await bench.recorder.open_gate(calls[1].recording, None, NOTE)
            begun = time.monotonic()
            await have_said(4.0, *calls[0].speakers)
            pausing = time.monotonic()
            paused = await bench.recorder.shut_gate(calls[0].recording, "agent", NOTE)
            await asyncio.sleep(0.3)
            resumed = await bench.recorder.open_gate(calls[0].recording, "agent", NOTE)
            back = time.monotonic()
            await have_said(1.0, *calls[0].speakers, *calls[1].speakers)
            ended = time.monotonic()
            assert alarms
            assert all("another file" in each for each in alarms)
            with pytest.raises(Unavailable):
                await bench.recorder.seal(calls[1].recording, NOTE)
            assert (spill / layout.live_directory(str(calls[1].recording))).is_dir()
            ballast.unlink()
            sealed = await bench.recorder.seal(calls[0].recording, NOTE)
        assert sealed.status == "recovered"
        spans = [(span.start_samples, span.end_samples) for span in sealed.spans if span.kind == "paused"]
        assert spans == [(paused.position_samples, resumed.position_samples)]
        recovered = await next_event(bench, RecordingRecovered)
        assert isinstance(recovered, RecordingRecovered)
        assert recovered.sealed.recording_id == calls[1].recording
        assert not heard(bench, calls[1], begun, ended), "what was begun on the other disk is whole"
        assert not heard(bench, calls[0], back, ended)
        assert not heard(bench, calls[0], started, said)
        lost = heard(bench, calls[0], said, pausing)
        assert 0.02 * len(lost) < 2.5, "only what was not yet on the full disk, and a busy machine writes late"
    assert not list((spill / layout.LIVE).iterdir())
