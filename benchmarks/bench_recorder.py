"""What recording costs: CPU per packet beside a C program that only receives, calls per core, encryption, pauses.

The same load goes first to `sink.c` (epoll and recvmmsg, nothing else), then to the recorder as it is, encrypted and
synced, then to the recorder without encryption. Load on one core, receiver on the other. On loopback the kernel charges most
of receiving to the sender, in all three cases; writing back dirty pages is charged to nobody: ratios hold, absolute calls
per core are optimistic. `python -m benchmarks.bench_recorder [streams [seconds]]`.
"""

import asyncio
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from dataclasses import dataclass
from pathlib import Path

from telegraphone.capture.client import RecorderClient
from telegraphone.capture.worker import raise_file_limit
from telegraphone.domain.ids import CallUuid, LegId, RecordingId
from telegraphone.services.ports import MediaSource, TapOrder, TrackOrder

HERE = Path(__file__).resolve().parent
BUILD = HERE / "build"
NOTE = {"source": "system"}


@dataclass(frozen=True, slots=True)
class Measured:
    """One run: what was sent and received, and the receiver's CPU time for the packets of the measured stretch."""

    sent: int
    received: int
    packets: int
    cpu_s: float
    drain_ms_max: float = 0.0
    dropped: int = 0
    pauses: tuple[tuple[float, float], ...] = ()

    @property
    def us(self) -> float:
        """CPU microseconds per packet."""
        return 1e6 * self.cpu_s / max(1, self.packets)

    @property
    def whole(self) -> bool:
        """Whether nothing was lost."""
        return self.sent == self.received and not self.dropped


def build(name: str) -> str:
    """Compiles one of the C programs beside this file."""
    BUILD.mkdir(exist_ok=True)
    program = BUILD / name
    subprocess.run(["cc", "-O2", "-Wall", "-o", program, HERE / f"{name}.c"], check=True)
    return str(program)


async def start_load(streams: int, seconds: int) -> tuple[asyncio.subprocess.Process, list[int]]:
    """The load, waiting for ports; and the ports it sends from."""
    pipe = asyncio.subprocess.PIPE
    load = await asyncio.create_subprocess_exec(str(BUILD / "load"), str(streams), str(seconds), stdin=pipe, stdout=pipe)
    os.sched_setaffinity(load.pid, {os.cpu_count() - 1})
    assert load.stdout is not None
    return load, [int(await load.stdout.readline()) for _ in range(streams)]


def go(load: asyncio.subprocess.Process, ports: list[int]) -> None:
    """Says where to send, and begins."""
    assert load.stdin is not None
    load.stdin.write("".join(f"{port}\n" for port in [*ports]).encode() + b"go\n")


async def sent_by(load: asyncio.subprocess.Process) -> int:
    """Packets sent, when the load has ended."""
    assert load.stdout is not None
    return int((await load.stdout.readline()).split()[0])


async def measure_sink(streams: int, seconds: int) -> Measured:
    """The reference."""
    pipe = asyncio.subprocess.PIPE
    sink = await asyncio.create_subprocess_exec(str(BUILD / "sink"), str(streams), stdin=pipe, stdout=pipe)
    os.sched_setaffinity(sink.pid, {0})
    assert sink.stdout is not None
    assert sink.stdin is not None
    ports = [int(await sink.stdout.readline()) for _ in range(streams)]
    load, _ = await start_load(streams, seconds)
    go(load, ports)
    sent = await sent_by(load)
    await asyncio.sleep(0.3)
    sink.stdin.write(b"stop\n")
    received, cpu_s = (await sink.stdout.readline()).split()
    await asyncio.gather(load.wait(), sink.wait())
    return Measured(sent, int(received), int(received), float(cpu_s))


async def measure_recorder(maker: str, streams: int, seconds: int, *, pausing: bool = False) -> Measured:
    """The recorder, on as many calls as make these streams. The calls speak before they are started, one after the other,
    as calls do; what is measured are so many seconds after the last has started."""
    root = Path(tempfile.mkdtemp(prefix="telegraphone-bench-", dir=BUILD))
    starting_s = 5 + streams // 60
    try:
        recorder = RecorderClient(
            f"benchmarks.recorder_ports:{maker}", (str(root),), host="127.0.0.1", first_port=12_000, last_port=31_999
        )
        async with recorder:
            (process,) = recorder.process_ids
            assert process is not None
            os.sched_setaffinity(process, {0})
            load, sources = await start_load(streams, starting_s + seconds + 2)
            calls, ports = [], []
            for index in range(0, streams, 2):
                recording, addresses = await reserve(recorder, sources[index : index + 2])
                calls.append(recording)
                ports += addresses
            go(load, ports)
            begun = time.monotonic()
            for recording in calls:
                await recorder.open_gate(recording, None, NOTE)
            await asyncio.sleep(max(2.0, begun + starting_s - time.monotonic()))
            (before,) = await recorder.figures()
            pausings = asyncio.create_task(pause_some(recorder, calls, seconds if pausing else 0))
            await asyncio.sleep(seconds)
            (after,) = await recorder.figures()
            pauses = await pausings
            sent = await sent_by(load)
            await asyncio.sleep(0.5)
            (last,) = await recorder.figures()
            await load.wait()
            for recording in calls:
                await recorder.seal(recording, NOTE)
    finally:
        shutil.rmtree(root)
    lost = after.dropped_segments + after.lost_frames - before.dropped_segments - before.lost_frames
    packets, cpu_s = after.received - before.received, after.cpu_s - before.cpu_s
    return Measured(sent, last.received, packets, cpu_s, last.drain_ms_max, 0 if pausing else lost, tuple(pauses))


async def reserve(recorder: RecorderClient, sources: list[int]) -> tuple[RecordingId, list[int]]:
    """A recording, aimed and not started."""
    recording = RecordingId(str(uuid.uuid4()))
    tracks = (TrackOrder("agent", LegId("a")), TrackOrder("other", LegId("b")))
    reservation = await recorder.reserve(TapOrder(recording, CallUuid("BENCH"), "tenant", tracks))
    aims = [MediaSource("127.0.0.1", port, {0: "PCMU"}) for port in sources]
    await recorder.aim(recording, (aims[0], aims[1]))
    return recording, [address.port for address in reservation.addresses]


async def pause_some(recorder: RecorderClient, calls: list[RecordingId], seconds: float) -> list[tuple[float, float]]:
    """Pauses and resumes random calls; milliseconds from each request until it was effective, and until answered."""
    chance = random.Random(1898)
    times = []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        recording = chance.choice(calls)
        asked, asked_utc = time.monotonic(), time.time()
        cut = await recorder.shut_gate(recording, "agent", NOTE)
        times.append((1000 * (cut.at.timestamp() - asked_utc), 1000 * (time.monotonic() - asked)))
        await recorder.open_gate(recording, "agent", NOTE)
        await asyncio.sleep(chance.uniform(0.0, 0.1))
    return times


def percentiles(values: list[float]) -> str:
    """The median and the 99th of a hundred."""
    ordered = sorted(values)
    return f"{statistics.median(ordered):.1f} / {ordered[int(0.99 * len(ordered))]:.1f} ms"


async def main(streams: int, seconds: int, rounds: int) -> None:
    """Measures and prints a section of the results."""
    raise_file_limit()
    for name in ("load", "sink"):
        build(name)
    sinks, sealed, unsealed = [], [], []
    for turn in range(rounds):
        print(f"round {turn + 1} of {rounds}", file=sys.stderr, flush=True)
        sinks.append(await measure_sink(streams, seconds))
        sealed.append(await measure_recorder("sealed", streams, seconds))
        unsealed.append(await measure_recorder("unsealed", streams, seconds))
        print([round(each[-1].us, 2) for each in (sinks, sealed, unsealed)], file=sys.stderr, flush=True)
    print("pauses and capacity", file=sys.stderr, flush=True)
    paused = await measure_recorder("sealed", streams, seconds, pausing=True)
    capacity = [await measure_recorder("sealed", 2 * streams, seconds), await measure_recorder("sealed", 4 * streams, seconds)]
    rows = {
        "C sink (epoll, recvmmsg, nothing else)": sinks,
        "recorder, encrypted and synced": sealed,
        "recorder, without encryption": unsealed,
    }
    print("## Recorder\n")
    print(f"{streams} streams ({streams // 2} calls) of G.711 at 20 ms, {seconds} s, median of {rounds} runs.\n")
    print("| receiver | CPU µs per packet | lost |\n|---|---|---|")
    for name, runs in rows.items():
        print(f"| {name} | {statistics.median(run.us for run in runs):.2f} | {sum(run.sent - run.received for run in runs)} |")
    reference, ours, plain = (statistics.median(run.us for run in runs) for runs in rows.values())
    print(f"\nRecorder against sink: **{ours / reference:.2f}** (goal ≤ 1.0). Encryption on against off: {ours / plain:.2f}.")
    print(f"Pause request → effective p50 / p99: {percentiles([pause[0] for pause in paused.pauses])};", end=" ")
    print(f"→ answered: {percentiles([pause[1] for pause in paused.pauses])}, of {len(paused.pauses)} pauses under that load.\n")
    print("| calls recorded at once, one worker | CPU of one core | lost | longest drain |\n|---|---|---|---|")
    for run, times in ((sealed[-1], 1), *zip(capacity, (2, 4), strict=True)):
        share = 100 * run.us * 1e-6 * 50 * streams * times
        lost = "none" if run.whole else f"{run.sent - run.received} packets, {run.dropped} frames"
        print(f"| {streams * times // 2} | {share:.0f} % | {lost} | {run.drain_ms_max:.0f} ms |")


if __name__ == "__main__":
    asyncio.run(main(*(int(word) for word in [*sys.argv[1:], *("1000", "10", "3")[len(sys.argv) - 1 :]])))
