"""Load for the recorder's benchmarks: streams from a C program, recordings to take them, and how long answers took."""

import asyncio
import os
import random
import shutil
import signal
import statistics
import subprocess
import tempfile
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from telegraphone.capture.client import RecorderClient
from telegraphone.capture.packet_group import PacketGroup
from telegraphone.domain.ids import CallUuid, LegId, RecordingId
from telegraphone.services.ports import MediaSource, TapOrder, TrackOrder, Unavailable

HERE = Path(__file__).resolve().parent
BUILD = HERE / "build"
NOTE = {"source": "system"}
PATIENCE_S = 60
RECEIVER_CORE = 0
LOAD_CORE = (os.cpu_count() or 1) - 1


def build(name: str) -> str:
    """Compiles one of the C programs beside this file."""
    BUILD.mkdir(exist_ok=True)
    program = BUILD / name
    subprocess.run(["cc", "-O2", "-Wall", "-o", program, HERE / f"{name}.c"], check=True)
    return str(program)


@dataclass(frozen=True, slots=True)
class Load:
    """The program that speaks, and the ports it speaks from."""

    process: asyncio.subprocess.Process
    sources: list[int]

    def go(self, ports: Sequence[int]) -> None:
        """Says where to send, and begins."""
        assert self.process.stdin is not None
        self.process.stdin.write("".join(f"{port}\n" for port in ports).encode() + b"go\n")

    def begin(self, stream: int, port: int) -> None:
        """Begins one stream, where the load was started with "each"; `go` without ports then says that all have begun."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{stream} {port}\n".encode())

    async def sent(self) -> int:
        """Packets sent, when it has ended."""
        assert self.process.stdout is not None
        sent = int((await self.process.stdout.readline()).split()[0])
        await self.process.wait()
        return sent


async def start_load(streams: int, seconds: int, *options: str) -> Load:
    """The load, waiting for ports; see `load.c` for options."""
    pipe = asyncio.subprocess.PIPE
    words = (str(BUILD / "load"), str(streams), str(seconds), *options)
    process = await asyncio.create_subprocess_exec(*words, stdin=pipe, stdout=pipe)
    os.sched_setaffinity(process.pid, {LOAD_CORE})
    assert process.stdout is not None
    return Load(process, [int(await process.stdout.readline()) for _ in range(streams)])


@asynccontextmanager
async def open_recorder(maker: str, packets: PacketGroup | None = None) -> AsyncIterator[RecorderClient]:
    """A recorder with one worker on the receiver's core, its files on this disk. What it still records at the end is thrown
    away, so nobody waits until it is finished."""
    BUILD.mkdir(exist_ok=True)
    root = Path(tempfile.mkdtemp(prefix="telegraphone-bench-", dir=BUILD))
    try:
        recorder = RecorderClient(
            f"benchmarks.recorder_ports:{maker}",
            (str(root),),
            host="127.0.0.1",
            first_port=12_000,
            last_port=31_999,
            packets=packets,
        )
        async with recorder:
            (process,) = recorder.process_ids
            assert process is not None
            os.sched_setaffinity(process, {RECEIVER_CORE})
            yield recorder
            for process in recorder.process_ids:
                if process is not None:
                    os.kill(process, signal.SIGKILL)
    finally:
        shutil.rmtree(root)


async def reserve_all(recorder: RecorderClient, sources: Sequence[int]) -> tuple[list[RecordingId], list[int]]:
    """A recording for every two sources, aimed and not started; and the port for each source."""
    calls, ports = [], []
    for index in range(0, len(sources), 2):
        recording = RecordingId(str(uuid.uuid4()))
        tracks = (TrackOrder("agent", LegId("a")), TrackOrder("other", LegId("b")))
        reservation = await recorder.reserve(TapOrder(recording, CallUuid("BENCH"), "tenant", tracks))
        aims = [MediaSource("127.0.0.1", port, {0: "PCMU"}) for port in sources[index : index + 2]]
        await recorder.aim(recording, (aims[0], aims[1]))
        calls.append(recording)
        ports += [address.port for address in reservation.addresses]
    return calls, ports


async def all_at_once(calls: Sequence[RecordingId], ask: Callable[[RecordingId], Awaitable[object]]) -> list[float]:
    """Asks for all in the same moment; milliseconds until each was answered. Whoever is not answered in time asks again, so
    that a busy machine shows in the figures and does not end the benchmark."""

    async def timed(recording: RecordingId) -> float:
        asked = time.monotonic()
        while True:
            try:
                await ask(recording)
            except Unavailable:
                if time.monotonic() - asked > PATIENCE_S:
                    raise
            else:
                return 1000 * (time.monotonic() - asked)

    return list(await asyncio.gather(*(timed(recording) for recording in calls)))


@dataclass(frozen=True, slots=True)
class Pause:
    """Milliseconds from a pause's request until it was effective, and until it was answered."""

    effective: float
    answered: float


async def pause_some(recorder: RecorderClient, calls: Sequence[RecordingId], seconds: float) -> list[Pause]:
    """Pauses and resumes random calls, one at a time."""
    chance = random.Random(1898)
    pauses = []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        recording = chance.choice(calls)
        asked, asked_utc = time.monotonic(), time.time()
        cut = await recorder.shut_gate(recording, "agent", NOTE)
        pauses.append(Pause(1000 * (cut.at.timestamp() - asked_utc), 1000 * (time.monotonic() - asked)))
        await asyncio.sleep(chance.uniform(0.0, 0.1))
        await recorder.open_gate(recording, "agent", NOTE)
        await asyncio.sleep(chance.uniform(0.0, 0.1))
    return pauses


def percentiles(values: Sequence[float]) -> str:
    """The median and the 99th of a hundred."""
    ordered = sorted(values)
    return f"{statistics.median(ordered):.1f} / {ordered[int(0.99 * len(ordered))]:.1f}"
