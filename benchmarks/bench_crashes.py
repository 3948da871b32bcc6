"""Everything at once: hundreds of recordings that start, pause and end in one moment; and what a killed recorder loses.

The reference is one recording by itself, in the same run. The second part is the kill test of `tests/interop/recorder`, whose
audio proves itself: what is missing in the finished files was lost. `python -m benchmarks.bench_crashes [calls [seed …]]`.
"""

import asyncio
import os
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.recorder_load import BUILD, NOTE, all_at_once, build, open_recorder, percentiles, reserve_all, start_load
from telegraphone.capture.client import RecorderClient
from telegraphone.capture.sockets import raise_file_limit
from telegraphone.domain.ids import RecordingId
from tests.interop.recorder.conftest import open_bench
from tests.interop.recorder.test_kill import CALLS, kill_again_and_again

SEEDS = ("1898", "7")
LOAD_S = 40


def kill(recorder: RecorderClient) -> None:
    """Kill -9 of the worker."""
    (process,) = recorder.process_ids
    assert process is not None
    os.kill(process, signal.SIGKILL)


async def moments(calls_count: int) -> dict[str, list[float]]:
    """Milliseconds until each of so many calls had its answer, for each thing that happened to all of them at once."""
    async with open_recorder("sealed") as recorder:
        load = await start_load(2 * calls_count, LOAD_S)
        calls, ports = await reserve_all(recorder, load.sources)
        load.go(ports)
        await asyncio.sleep(1.0)

        async def pause(recording: RecordingId) -> None:
            await recorder.shut_gate(recording, "agent", NOTE)

        async def resume(recording: RecordingId) -> None:
            await recorder.open_gate(recording, "agent", NOTE)

        times = {"start": await all_at_once(calls, lambda recording: recorder.open_gate(recording, None, NOTE))}
        await asyncio.sleep(2.0)
        times["pause"] = await all_at_once(calls, pause)
        times["resume"] = await all_at_once(calls, resume)
        await asyncio.sleep(2.0)
        kill(recorder)
        times["pause, asked as the worker is killed"] = await all_at_once(calls, pause)
        times["resume after that"] = await all_at_once(calls, resume)
        await asyncio.sleep(2.0)
        load.process.kill()
        await load.process.wait()
        times["end, until the manifest is signed"] = await all_at_once(calls, lambda recording: recorder.seal(recording, NOTE))
    return times


async def losses(seeds: Sequence[str]) -> list[str]:
    """A line for each seed."""
    lines = []
    for seed in seeds:
        print(f"kills, seed {seed}", file=sys.stderr, flush=True)
        with tempfile.TemporaryDirectory(dir=BUILD) as folder:
            async with open_bench(Path(folder)) as bench:
                lines.append(f"* seed {seed}: {await kill_again_and_again(bench, seed)}")
    return lines


async def main(calls_count: int, seeds: Sequence[str]) -> None:
    """Measures and prints a section of the results."""
    raise_file_limit()
    build("load")
    begun = time.monotonic()
    alone, many = await moments(1), await moments(calls_count)
    print(f"moments took {time.monotonic() - begun:.0f} s", file=sys.stderr, flush=True)
    lost = await losses(seeds)
    print(f"## {calls_count} calls at once, and kill -9\n")
    print("Under the audio of all of them; milliseconds p50 / p99 until answered, which means durable.\n")
    print(f"| | one call | {calls_count} at once | p50 of all / one |\n|---|---|---|---|")
    for what, times in many.items():
        ratio = statistics.median(times) / statistics.median(alone[what])
        print(f"| {what} | {percentiles(alone[what])} | {percentiles(times)} | {ratio:.0f} |")
    print(f"\nkill -9 of the worker at random moments, {CALLS} calls under RTP, paused and resumed at random; every recording")
    print("opens, no acknowledged operation is missing, nothing is stored twice or out of place:\n")
    print("\n".join(lost))


if __name__ == "__main__":
    asyncio.run(main(int((sys.argv[1:] or ["500"])[0]), sys.argv[2:] or SEEDS))
