"""How long an agent waits: pause and resume over the whole system, request → answer and request → event, by long-polling and
WebSocket, beside a plain GET of the same call in the same run (the reference: what HTTP, sign-in and JSON cost alone)."""

import asyncio
import base64
import json
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import websockets

from telegraphone.demo.desktop import Desktop
from tests.interop.system import AGENT, HOST, PASSWORD, System, talking, telegraphone

PAIRS = 150
REST_S = 0.02

Listener = Callable[[Mapping[str, Any]], None]


class Arrival:
    """When the event of an operation came."""

    def __init__(self) -> None:
        self._states: asyncio.Queue[tuple[str, float]] = asyncio.Queue()

    def take(self, data: Mapping[str, Any]) -> None:
        """One event."""
        if data.get("notificationType") == "CallRecordingStateChange":
            self._states.put_nowait((data["call"]["recordingState"], time.perf_counter()))

    async def of(self, state: str) -> float:
        """The time of the next event, which must show this state."""
        shown, at = await asyncio.wait_for(self._states.get(), 10)
        if shown != state:
            raise RuntimeError(f"{shown} came where {state} was due")
        return at


@asynccontextmanager
async def by_websocket(system: System, listener: Listener) -> AsyncIterator[None]:
    """The agent's events over a WebSocket."""
    token = f"{AGENT}:{PASSWORD}".encode()
    headers = {"Authorization": "Basic " + base64.b64encode(token).decode()}
    url = f"ws://{HOST}:{system.http_port}/api/v2/notifications"
    async with websockets.connect(url, additional_headers=headers) as socket:

        async def ask(message: dict[str, object]) -> dict[str, Any]:
            await socket.send(json.dumps([message]))
            replies: list[dict[str, Any]] = json.loads(await socket.recv())
            return replies[0]

        hello = {"channel": "/meta/handshake", "version": "1.0", "supportedConnectionTypes": ["websocket"]}
        client = (await ask(hello))["clientId"]
        await ask({"channel": "/meta/subscribe", "clientId": client, "subscription": "/v2/me/calls"})
        connect = {"channel": "/meta/connect", "clientId": client, "connectionType": "websocket"}
        await ask(connect)

        async def listen() -> None:
            await socket.send(json.dumps([connect]))
            async for frame in socket:
                for message in json.loads(frame):
                    if "data" in message:
                        listener(message["data"])
                    elif message["channel"] == "/meta/connect":
                        await socket.send(json.dumps([connect]))

        async with asyncio.TaskGroup() as tasks:
            listening = tasks.create_task(listen())
            yield
            listening.cancel()


async def measure(desktop: Desktop, call: str, arrival: Arrival) -> tuple[list[float], list[float]]:
    """Milliseconds from request to answer and from request to event, pauses and resumes alike."""
    answers, events = [], []
    path = f"/me/calls/{call}"
    for _ in range(PAIRS):
        for operation, state in (("PauseCallRecording", "Paused"), ("ResumeCallRecording", "Recording")):
            began = time.perf_counter()
            await desktop.post(path, operation)
            answers.append((time.perf_counter() - began) * 1e3)
            events.append((await arrival.of(state) - began) * 1e3)
            await asyncio.sleep(REST_S)
    return answers, events


async def reference(desktop: Desktop, call: str) -> list[float]:
    """Milliseconds of a plain GET of the call."""
    times = []
    for _ in range(2 * PAIRS):
        began = time.perf_counter()
        await desktop.get(f"/me/calls/{call}")
        times.append((time.perf_counter() - began) * 1e3)
        await asyncio.sleep(REST_S)
    return times


def row(name: str, times: list[float], base: float) -> str:
    """One line of the table."""
    p50, p99 = statistics.median(times), statistics.quantiles(times, n=100)[98]
    return f"| {name} | {p50:.2f} | {p99:.2f} | {max(times):.2f} | {p50 / base:.1f} |"


async def with_a_call(system: System, work: Callable[[str], Awaitable[None]]) -> None:
    """Does the work while two phones of our own talk."""
    async with talking(system), Desktop(system.url, AGENT, PASSWORD) as desktop:
        calls = (await desktop.get("/me/calls?fields=*"))["calls"]
        await desktop.post(f"/me/calls/{calls[0]['id']}", "StartCallRecording")
        await work(str(calls[0]["id"]))


async def main() -> None:
    """Prints the section."""
    lines = []
    with tempfile.TemporaryDirectory() as folder:
        async with telegraphone(Path(folder)) as system:

            async def work(call: str) -> None:
                polled, pushed = Arrival(), Arrival()
                async with Desktop(system.url, AGENT, PASSWORD, polled.take) as desktop:
                    gets = await reference(desktop, call)
                    base = statistics.median(gets)
                    lines.append(row("GET of the call (reference)", gets, base))
                    answers, events = await measure(desktop, call, polled)
                lines.append(row("pause or resume → answer", answers, base))
                lines.append(row("pause or resume → event, long-polling", events, base))
                async with by_websocket(system, pushed.take), Desktop(system.url, AGENT, PASSWORD) as desktop:
                    _, events = await measure(desktop, call, pushed)
                lines.append(row("pause or resume → event, WebSocket", events, base))

            await with_a_call(system, work)
    print("## Operations of an agent, over HTTP and CometD, one recorded call\n")
    print(f"{PAIRS} pauses and {PAIRS} resumes each; the answer means: cut, drained, journal on disk.\n")
    print("| | p50 ms | p99 ms | max ms | p50 / reference |\n|---|---|---|---|---|")
    print("\n".join(lines))


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
