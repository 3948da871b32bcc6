"""What an event costs on its way to a desktop: server CPU per event and latency with 2,000 CometD clients of one event a second
each, by long-polling and WebSocket; beside the `faye` server in node and beside the floor, the least that asyncio can do.

One load generator (`cometd_load.c`) drives all three in turn, on the last core; the server is alone on the first. CPU is the
server process's own, from /proc. Sign-in, handshake and subscriptions lie before the measured stretch.
`python -m benchmarks.bench_cometd [clients [seconds [server …]]]`.
"""

import asyncio
import json
import os
import statistics
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.bench_recorder import build
from tests.interop.system import free_port

HERE = Path(__file__).resolve().parent
CLIENTS, SECONDS, WARM_UP_S, ROUNDS = 2000, 10, 3, 3
TRANSPORTS = ("long-polling", "websocket")
SERVERS = ("telegraphone", "faye", "floor")
PATIENCE_S = 120
PIPE = asyncio.subprocess.PIPE
EXAMPLE = HERE.parent / "tests" / "fixtures" / "gws" / "pause.event.json"


@dataclass(frozen=True, slots=True)
class Measured:
    """One server with one transport."""

    server: str
    transport: str
    events: int
    wrong: int
    failures: int
    cpu_s: float
    p50_us: int
    p99_us: int
    memory_kb: int

    @property
    def cpu_us(self) -> float:
        """CPU microseconds per event."""
        return 1e6 * self.cpu_s / max(1, self.events)


def call_resource() -> dict[str, Any]:
    """A call as events carry it: the size matters."""
    call: dict[str, Any] = json.loads(EXAMPLE.read_text())["data"]["call"]
    return call


@asynccontextmanager
async def running(server: str, port: int, clients: int) -> AsyncIterator[asyncio.subprocess.Process]:
    """A server of this kind, alone on the first core."""
    arguments = [str(port), str(clients), json.dumps(call_resource())]
    if server == "faye":
        command = ["node", str(HERE / "faye_server.cjs"), *arguments]
    else:
        command = [sys.executable, "-m", "benchmarks.cometd_servers", server, *arguments]
    process = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE, cwd=HERE.parent, limit=2**20)
    os.sched_setaffinity(process.pid, {0})
    try:
        assert process.stdout is not None
        if await process.stdout.readline() != b"listening\n":
            raise RuntimeError(f"{server} did not start")
        yield process
    finally:
        process.kill()
        await process.wait()


def cpu_s(pid: int) -> float:
    """CPU time the process has used, in seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_kb(pid: int) -> int:
    """Resident memory."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0])


def load_arguments(server: str, port: int, transport: str, clients: int) -> list[str]:
    """The load generator's words for this server."""
    if server == "telegraphone":
        where = ["/api/v2/notifications", transport, str(clients), "/v2/me/calls", "agent.%d", "secret"]
    elif server == "faye":
        where = ["/faye", transport, str(clients), "/events/%d"]
    else:
        where = ["/", transport, str(clients), "/events/%d"]
    return [str(port), *where]


async def measure(server: str, transport: str, clients: int, seconds: int) -> Measured:
    """Sets everything up, then watches for so many seconds."""
    port = free_port()
    async with running(server, port, clients) as process:
        load = await asyncio.create_subprocess_exec(
            str(HERE / "build" / "cometd_load"), *load_arguments(server, port, transport, clients), stdin=PIPE, stdout=PIPE
        )
        os.sched_setaffinity(load.pid, {(os.cpu_count() or 1) - 1})
        assert process.stdin is not None
        assert load.stdin is not None
        assert load.stdout is not None
        try:
            async with asyncio.timeout(PATIENCE_S):
                if await load.stdout.readline() != b"ready\n":
                    raise RuntimeError(f"the load on {server} by {transport} failed")
            process.stdin.write(b"publish\n")
            await asyncio.sleep(WARM_UP_S)
            before = cpu_s(process.pid)
            load.stdin.write(b"go\n")
            await asyncio.sleep(seconds)
            used = cpu_s(process.pid) - before
            load.stdin.write(b"stop\n")
            words = (await load.stdout.readline()).split()
        finally:
            if load.returncode is None:
                load.stdin.close()
                await load.wait()
        events, wrong, failures, _, p50, p99, _ = map(int, words)
        return Measured(server, transport, events, wrong, failures, used, p50, p99, memory_kb(process.pid))


def table(results: dict[tuple[str, str], list[Measured]]) -> str:
    """One line for each server and transport: medians of the rounds, CPU also as a ratio to faye's in the same rounds."""
    lines = [
        "| transport | server | CPU µs / event | / faye | p50 ms | p99 ms | memory MB | events |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for (server, transport), rounds in results.items():
        ratio = "-"
        if ("faye", transport) in results:
            pairs = zip(rounds, results["faye", transport], strict=True)
            ratio = f"{statistics.median(mine.cpu_us / fayes.cpu_us for mine, fayes in pairs):.2f}"
        cpu = statistics.median(each.cpu_us for each in rounds)
        p50, p99 = (
            statistics.median(values) / 1e3 for values in zip(*((each.p50_us, each.p99_us) for each in rounds), strict=True)
        )
        memory = max(each.memory_kb for each in rounds) / 1024
        events = sum(each.events for each in rounds)
        lines.append(f"| {transport} | {server} | {cpu:.0f} | {ratio} | {p50:.2f} | {p99:.1f} | {memory:.0f} | {events} |")
    return "\n".join(lines)


async def main(clients: int = CLIENTS, seconds: int = SECONDS, *chosen: str) -> None:
    """Prints the section."""
    build("cometd_load")
    servers = chosen or SERVERS
    results: dict[tuple[str, str], list[Measured]] = {(server, kind): [] for kind in TRANSPORTS for server in servers}
    for number in range(ROUNDS):
        for (server, transport), rounds in results.items():
            measured = await measure(server, transport, clients, seconds)
            if measured.wrong or measured.failures:
                raise RuntimeError(f"events were lost or refused: {measured}")
            rounds.append(measured)
            print(f"round {number + 1}: {measured}", file=sys.stderr, flush=True)
    print("## Events to desktops, by long-polling and WebSocket\n")
    size = len(json.dumps(call_resource()))
    print(
        f"{clients} clients, one event a second each, a call of {size} bytes in each event; {ROUNDS} rounds of {seconds} s each, "
        "in turn; server on one core, load on the other; its own CPU time, publishing included. Telegraphone: its web "
        "application with sign-ins, no calls. Floor: one asyncio protocol without routes, sign-ins, limits, expiry or tasks. "
        "Events are checked for order and loss.\n"
    )
    print(table(results))


if __name__ == "__main__":
    asyncio.run(main(*[int(word) for word in sys.argv[1:3]], *sys.argv[3:]))
