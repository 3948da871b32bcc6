"""What recording costs: CPU per packet beside a C program that only receives, calls per core, encryption, pauses.

The same load goes to `sink.c` (epoll and recvmmsg, nothing else), to the recorder as it is, encrypted and synced, and to the
recorder without encryption, in turns; each round gives ratios of its own, because a shared machine wanders from minute to
minute. Load on one core, receiver on another. On loopback the kernel charges most of receiving to the sender, in all three
cases; writing back dirty pages is charged to nobody: ratios hold, absolute calls per core are optimistic.
`python -m benchmarks.bench_recorder [streams [seconds [rounds]]]`.
"""

import asyncio
import os
import statistics
import sys
from dataclasses import dataclass

from benchmarks.recorder_load import (
    BUILD,
    NOTE,
    RECEIVER_CORE,
    Pause,
    all_at_once,
    build,
    open_recorder,
    pause_some,
    percentiles,
    reserve_all,
    start_load,
)
from telegraphone.capture.sockets import raise_file_limit
from telegraphone.limits import DRAIN_PERIOD_S

WARM_UP_S = 3
STARTED_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Measured:
    """One run: what was sent and received in all, and the receiver's CPU time for the packets of the measured stretch."""

    sent: int
    received: int
    packets: int
    cpu_s: float
    drain_ms_max: float = 0.0
    dropped: int = 0
    starts: tuple[float, ...] = ()
    pauses: tuple[Pause, ...] = ()

    @property
    def us(self) -> float:
        """CPU microseconds per packet."""
        return 1e6 * self.cpu_s / max(1, self.packets)

    @property
    def lost(self) -> str:
        """What was lost, in words."""
        if self.sent == self.received and not self.dropped:
            return "none"
        return f"{self.sent - self.received} packets, {self.dropped} frames"


async def measure_sink(streams: int, seconds: int) -> Measured:
    """The reference."""
    pipe = asyncio.subprocess.PIPE
    sink = await asyncio.create_subprocess_exec(str(BUILD / "sink"), str(streams), stdin=pipe, stdout=pipe)
    os.sched_setaffinity(sink.pid, {RECEIVER_CORE})
    output, commands = sink.stdout, sink.stdin
    assert output is not None
    assert commands is not None
    ports = [int(await output.readline()) for _ in range(streams)]
    load = await start_load(streams, WARM_UP_S + seconds + 1)

    async def state() -> tuple[int, float]:
        commands.write(b"\n")
        packets, cpu_s = (await output.readline()).split()
        return int(packets), float(cpu_s)

    load.go(ports)
    await asyncio.sleep(WARM_UP_S)
    before = await state()
    await asyncio.sleep(seconds)
    after = await state()
    sent = await load.sent()
    await asyncio.sleep(0.3)
    last = await state()
    commands.close()
    await sink.wait()
    return Measured(sent, last[0], after[0] - before[0], after[1] - before[1])


async def measure_recorder(maker: str, streams: int, seconds: int, *, pausing: bool = False) -> Measured:
    """The recorder, on as many calls as make these streams. The calls speak first, then are started, 500 at once."""
    async with open_recorder(maker) as recorder:
        load = await start_load(streams, WARM_UP_S + seconds + 8)
        calls, ports = await reserve_all(recorder, load.sources)
        load.go(ports)
        await asyncio.sleep(1.0)
        starts: list[float] = []
        for first in range(0, len(calls), STARTED_AT_ONCE):
            some = calls[first : first + STARTED_AT_ONCE]
            starts += await all_at_once(some, lambda recording: recorder.open_gate(recording, None, NOTE))
        await asyncio.sleep(WARM_UP_S)
        (before,) = await recorder.figures()
        pausings = asyncio.create_task(pause_some(recorder, calls, seconds if pausing else 0))
        await asyncio.sleep(seconds)
        (after,) = await recorder.figures()
        pauses = await pausings
        sent = await load.sent()
        await asyncio.sleep(2 * DRAIN_PERIOD_S)  # what came last waits in the kernel until its stream's turn
        (last,) = await recorder.figures()
    lost = after.dropped_segments + after.lost_frames - before.dropped_segments - before.lost_frames
    packets, cpu_s = after.received - before.received, after.cpu_s - before.cpu_s
    dropped = 0 if pausing else lost
    return Measured(sent, last.received, packets, cpu_s, last.drain_ms_max, dropped, tuple(starts), tuple(pauses))


async def one_round(streams: int, seconds: int, *, backwards: bool) -> tuple[Measured, Measured, Measured]:
    """Sink, recorder and recorder without encryption, in this order or the other way round."""
    measures = {
        0: lambda: measure_sink(streams, seconds),
        1: lambda: measure_recorder("sealed", streams, seconds),
        2: lambda: measure_recorder("unsealed", streams, seconds),
    }
    done = {}
    for which in sorted(measures, reverse=backwards):
        done[which] = await measures[which]()
        print(f"  {('sink', 'sealed', 'unsealed')[which]} {done[which].us:.2f} µs", file=sys.stderr, flush=True)
    return done[0], done[1], done[2]


def spread(values: list[float]) -> str:
    """The median, and how far the runs went."""
    return f"{statistics.median(values):.2f} ({min(values):.2f} … {max(values):.2f})"


async def main(streams: int, seconds: int, rounds: int) -> None:
    """Measures and prints a section of the results."""
    raise_file_limit()
    for name in ("load", "sink"):
        build(name)
    runs = []
    for turn in range(rounds):
        print(f"round {turn + 1} of {rounds}", file=sys.stderr, flush=True)
        runs.append(await one_round(streams, seconds, backwards=turn % 2 == 1))
    print("pauses", file=sys.stderr, flush=True)
    idle = await measure_recorder("sealed", 2, seconds, pausing=True)
    busy = await measure_recorder("sealed", streams, seconds, pausing=True)
    print("capacity", file=sys.stderr, flush=True)
    capacity = {times: await measure_recorder("sealed", times * streams, seconds) for times in (2, 3, 4)}
    print("## Recorder\n")
    print(f"{streams} streams ({streams // 2} calls) of G.711 at 20 ms, {seconds} s, {rounds} rounds: median (least … most).\n")
    print("| receiver | CPU µs per packet | against the sink of its round | lost |\n|---|---|---|---|")
    names = ("C sink (epoll, recvmmsg, nothing else)", "recorder, encrypted and synced", "recorder, without encryption")
    for column, name in enumerate(names):
        ratios = spread([run[column].us / run[0].us for run in runs]) if column else "1"
        lost = ", ".join(sorted({run[column].lost for run in runs}))
        print(f"| {name} | {spread([run[column].us for run in runs])} | {ratios} | {lost} |")
    print(f"\nRecorder against sink: **{statistics.median(run[1].us / run[0].us for run in runs):.2f}** (goal ≤ 1.0).", end=" ")
    print(f"Encryption on against off: {spread([run[1].us / run[2].us for run in runs])} (goal ≤ 1.10).\n")
    print("| pauses, milliseconds p50 / p99 | request → effective | request → answered | of |\n|---|---|---|---|")
    for name, run in (("one call", idle), (f"{streams // 2} calls", busy)):
        effective, answered = [pause.effective for pause in run.pauses], [pause.answered for pause in run.pauses]
        print(f"| {name} | {percentiles(effective)} | {percentiles(answered)} | {len(run.pauses)} pauses |")
    print("\n| calls recorded at once, one worker | CPU of one core | lost | longest drain | 500 started at once, ms p50 / p99 |")
    print("|---|---|---|---|---|")
    for times, run in ((1, runs[-1][1]), *capacity.items()):
        share = 100 * run.us * 1e-6 * 50 * streams * times
        calls = streams * times // 2
        print(f"| {calls} | {share:.0f} % | {run.lost} | {run.drain_ms_max:.0f} ms | {percentiles(run.starts)} |")


if __name__ == "__main__":
    asyncio.run(main(*(int(word) for word in [*sys.argv[1:], *("1000", "6", "9")[len(sys.argv) - 1 :]])))
