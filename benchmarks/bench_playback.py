"""How long a listener waits who seeks in a recording of an hour: from the request for a second somewhere to the last byte of
the two seconds behind it, in each form, beside the recording's own resource in the same run (the reference: HTTP, sign-in, the
list of recordings and JSON alone). And how long the whole waveform takes."""

import asyncio
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import httpx

from tests.interop.desk import vault
from tests.interop.system import PASSWORD, SUPERVISOR, telegraphone

SEEKS = 60
TOGETHER = 2
"""Seconds asked for at once: what a browser wants before it plays."""
STRETCH_MS = 300_000
COLUMNS = 2_400

Ask = Callable[[int], Awaitable[None]]


async def timed(ask: Ask, seconds: list[int]) -> list[float]:
    """Milliseconds of each."""
    took = []
    for second in seconds:
        began = time.perf_counter()
        await ask(second)
        took.append((time.perf_counter() - began) * 1000)
    return sorted(took)


async def seeking(http: httpx.AsyncClient, path: str) -> Ask:
    """Asks for what lies at a second, as its share of the file."""
    size = int((await http.head(path)).headers["content-length"])

    async def ask(second: int) -> None:
        first, last = (size * place // vault.HOUR_S for place in (second, second + TOGETHER))
        response = await http.get(path, headers={"Range": f"bytes={first}-{min(last, size) - 1}"})
        if response.status_code != httpx.codes.PARTIAL_CONTENT:
            raise RuntimeError(response.text)

    return ask


async def waveform(http: httpx.AsyncClient, path: str) -> float:
    """Seconds until all of it is there, asked for as the console asks."""
    began = time.perf_counter()
    for start in range(0, vault.HOUR_S * 1000, STRETCH_MS):
        query = {"start": start, "stop": start + STRETCH_MS, "columns": COLUMNS * STRETCH_MS // (vault.HOUR_S * 1000)}
        (await http.get(path, params=query)).raise_for_status()
    return time.perf_counter() - began


async def main() -> None:
    """One server, one listener."""
    seconds = random.Random(1898).sample(range(vault.HOUR_S - TOGETHER), SEEKS)
    with tempfile.TemporaryDirectory() as folder:
        async with telegraphone(Path(folder)) as system:
            print("an hour is made", file=sys.stderr)
            part = await asyncio.to_thread(vault.long_recording, system.data, vault.now() - timedelta(hours=2))
            await vault.put(system.data, [part])
            client = httpx.AsyncClient(base_url=f"{system.url}/api/v2/", auth=(SUPERVISOR, PASSWORD), trust_env=False, timeout=60)
            async with client as http:
                whole = f"recordings/{part.call_uuid}"

                async def reference(_: int) -> None:
                    (await http.get(whole)).raise_for_status()

                asks = {f"`GET /{whole[:10]}/…` (reference)": reference}
                for form in ("wav", "mp3", "ogg"):
                    asks[f"seek, {form.upper()}"] = await seeking(http, f"{whole}/play/{part.recording_id}.{form}")
                rows = {name: await timed(ask, seconds) for name, ask in asks.items()}
                drawn = await waveform(http, f"{whole}/peaks/{part.recording_id}")
    report(rows, drawn)


def report(rows: dict[str, list[float]], drawn: float) -> None:
    """The section."""
    base = statistics.median(next(iter(rows.values())))
    print("## Seeking in a recording of one hour, over HTTP\n")
    print(f"{SEEKS} seeks to random seconds, {TOGETHER} s of stereo each, unsealed and coded when asked for; nothing is kept.\n")
    print("| | p50 ms | p99 ms | max ms | p50 / reference |\n|---|---|---|---|---|")
    for name, took in rows.items():
        p50, p99 = statistics.median(took), took[min(len(took) - 1, int(len(took) * 0.99))]
        print(f"| {name} | {p50:.1f} | {p99:.1f} | {took[-1]:.1f} | {p50 / base:.1f} |")
    print(f"\nThe waveform of the whole hour, both parties: {drawn:.1f} s in {vault.HOUR_S * 1000 // STRETCH_MS} answers.")


if __name__ == "__main__":
    asyncio.run(main())
