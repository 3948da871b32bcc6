"""Ports at which a recording client sends all the time: one recording has them after the other, and none is made elsewhere."""

import asyncio
import os
import signal
import socket
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from telegraphone.capture.control import SOCKETS
from telegraphone.capture.lane import new_lanes
from telegraphone.domain.ids import LegId, RecordingId
from telegraphone.media.gate import Gate
from tests.interop.recorder.conftest import SEED, Bench, Call, open_bench
from tests.interop.recorder.senders import Speaker, have_said
from tests.interop.recorder.signal import FRAME
from tests.interop.recorder.test_faults import Speaking, whole

NOTE = {"source": "policy"}
A_YEAR_NS = 365 * 24 * 3_600 * 10**9
FOLLOWING = pytest.mark.parametrize("number", [1, 2], ids=["of the same call", "of the next call"])


@pytest.fixture
async def waiting(tmp_path: Path) -> AsyncIterator[Bench]:
    """A recorder that finishes nothing before it is told to."""
    async with open_bench(tmp_path, "tests.interop.recorder.worker_ports:disk_ports_that_finish_when_told") as opened:
        yield opened
        (tmp_path / "finish").touch()


def session(bench: Bench, *numbers: int) -> list[tuple[str, int]]:
    """The ports of a session that carries these calls, one after the other."""
    doors = [bench.recorder.open_intake(side) for side in "ab"]
    for call, side in ((call, side) for call in numbers for side in "ab"):
        bench.recorder.assign_intake(LegId(f"leg-{call}-{side}"), side)
    return [(door.host, door.port) for door in doors]


async def begun(bench: Bench, number: int, speakers: tuple[Speaker, Speaker]) -> Call:
    """A recording of these two, whose gate is open."""
    recording, _ = await bench.reserved(number)
    await bench.aimed(recording, [speaker.address for speaker in speakers])
    await bench.recorder.open_gate(recording, None, NOTE)
    return Call(recording, speakers)


def kept_or_listed(bench: Bench, call: Call, asked: float) -> None:
    """Whatever was sent since this instant is in the recording, or in one of its gaps."""
    found = bench.read(call)
    for stream, speaker in enumerate(call.speakers):
        places = found.frames(stream, SEED, speaker.name, speaker.number)
        offset = places[max(places)][0] - max(places) * FRAME
        spans = [(span.start, span.stop) for span in found.manifest.spans if span.stream == stream and span.kind == "gap"]
        sent = [n for n, at in enumerate(speaker.sent_at) if at > asked + 0.04 and n < max(places)]
        absent = [n * FRAME + offset for n in sent if n not in places]
        assert len(absent) < len(sent)
        assert [middle for middle in absent if not any(start <= middle + FRAME // 2 < stop for start, stop in spans)] == []


@FOLLOWING
async def test_a_recording_waits_until_the_one_before_gives_the_ports_back(bench: Bench, number: int) -> None:
    """The recorder stands still when the one before is to end."""
    recorder, doors = bench.recorder, session(bench, 1, number)
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
    assert [speaker.to for speaker in after.speakers] == doors
    await recorder.seal(after.recording, NOTE)


@FOLLOWING
async def test_the_next_is_made_while_the_one_before_is_being_finished(waiting: Bench, tmp_path: Path, number: int) -> None:
    recorder, doors = waiting.recorder, session(waiting, 1, number)
    speakers = (Speaker(SEED, 1, doors[0]), Speaker(SEED, 2, doors[1]))
    async with Speaking(Call(RecordingId(""), speakers)):
        before = await begun(waiting, 1, speakers)
        started = time.monotonic()
        await have_said(1, *speakers)
        [worker] = recorder.process_ids
        assert worker is not None
        os.kill(worker, signal.SIGSTOP)
        asked = time.monotonic()
        sealing = asyncio.create_task(recorder.seal(before.recording, NOTE))
        await asyncio.sleep(0)
        following = asyncio.create_task(begun(waiting, number, speakers))
        await asyncio.sleep(0.3)
        os.kill(worker, signal.SIGCONT)
        async with asyncio.timeout(15):  # what is not told to finish does so after twenty
            after = await following
        followed = time.monotonic()
        assert not sealing.done()
        await have_said(1, *speakers)
        (tmp_path / "finish").touch()
        await sealing
        await have_said(0.5, *speakers)
        ended = time.monotonic()
        await recorder.seal(after.recording, NOTE)
    whole(waiting, before, started, asked)
    whole(waiting, after, followed, ended)
    kept_or_listed(waiting, after, asked)


def test_what_is_closed_is_never_read_again() -> None:
    """The number of its socket may be another's by then."""
    opened = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(SOCKETS)]
    lane, other = new_lanes(opened, Gate(), lambda _: datetime.now(UTC))
    lane.close()
    other.close()
    assert min(lane.due_ns, other.due_ns) > time.monotonic_ns() + A_YEAR_NS


async def test_a_worker_that_is_lost_while_it_finishes_one_goes_on_with_the_next(waiting: Bench, tmp_path: Path) -> None:
    recorder, doors = waiting.recorder, session(waiting, 1, 2)
    speakers = (Speaker(SEED, 1, doors[0]), Speaker(SEED, 2, doors[1]))
    async with Speaking(Call(RecordingId(""), speakers)):
        before = await begun(waiting, 1, speakers)
        started = time.monotonic()
        await have_said(1, *speakers)
        asked = time.monotonic()
        sealing = asyncio.create_task(recorder.seal(before.recording, NOTE))
        await asyncio.sleep(0)
        after = await begun(waiting, 2, speakers)
        await have_said(1, *speakers)
        [worker] = recorder.process_ids
        assert worker is not None
        os.kill(worker, signal.SIGKILL)
        (tmp_path / "finish").touch()
        sealed = await sealing
        await have_said(1, *speakers)
        await recorder.seal(after.recording, NOTE)
    assert sealed.recording_id == before.recording
    kept_or_listed(waiting, before, started)
    kept_or_listed(waiting, after, asked)
