"""How long an agent waits: pause and resume over the whole system, request → answer and request → event, by long-polling and
WebSocket, beside a plain GET of the same call in the same run (the reference: what HTTP, sign-in and JSON cost alone). Then
the same by many agents at once, each in a call of their own: how many operations a second, and how long each waits."""

import asyncio
import base64
import json
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import websockets

from telegraphone.demo.desktop import Desktop
from telegraphone.phone import Phone, PhoneOptions
from telegraphone.phone.call import PhoneCall
from tests.interop.system import AGENT, HASH, HOST, PASSWORD, System, talking, telegraphone

PAIRS = 150
CALLS, AT_ONCE, SECONDS = 200, 4, 15
"""Agents in calls; how many of them operate at the same time; for how long."""
REST_S = 0.02
NEVER_VANISHED = "rtp_timeout_s = 0"
"""Phones that send nothing would be hung up in the middle of the measurement."""

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


# --- many agents ----------------------------------------------------------------------------------------------------


class SilentPhone(Phone):
    """A phone of which no packet comes: what audio costs is another benchmark's subject."""

    def _new_call(self) -> PhoneCall:
        call = super()._new_call()
        call.audio.speak_to = lambda *_: None  # type: ignore[method-assign] # no microphone
        return call


def user(number: int) -> str:
    """The login of one of many agents."""
    return f"agent.{number}"


def accounts() -> str:
    """The agents, each with a phone; callers have phones alone."""
    return "".join(
        f'\n[[agents]]\nuser_name = "{user(each)}"\npassword_hash = "{HASH}"\nphone = "{6000 + each}"\n' for each in range(CALLS)
    )


@asynccontextmanager
async def many_calls(system: System) -> AsyncIterator[None]:
    """Everybody is in a call."""
    phones = []
    try:
        for each in range(CALLS):
            pair = []
            for number, options in ((5000 + each, PhoneOptions()), (6000 + each, PhoneOptions(answers_after_s=0.0))):
                name = str(number)
                phone = SilentPhone(name, name, name * 3, (HOST, system.sip_port), HOST, options=options)
                phones.append(phone)
                await phone.register()
                pair.append(phone)
            await pair[0].call(str(6000 + each))
        yield
    finally:
        await asyncio.gather(*(phone.close() for phone in phones))


@dataclass(slots=True)
class Seat:
    """One of many agents, at the desktop."""

    desktop: Desktop
    call: str
    arrival: Arrival


async def in_turns(seats: list[Seat], work: Callable[[Seat], Awaitable[None]]) -> float:
    """Some of the agents at once, again and again; how many turns a second."""
    turns, end = 0, time.perf_counter() + SECONDS

    async def some(mine: list[Seat]) -> None:
        nonlocal turns
        while time.perf_counter() < end:
            for seat in mine:
                await work(seat)
                turns += 1
                if time.perf_counter() >= end:
                    return

    began = time.perf_counter()
    await asyncio.gather(*(some(seats[each::AT_ONCE]) for each in range(AT_ONCE)))
    return turns / (time.perf_counter() - began)


async def crowd() -> list[str]:
    """The lines of many agents."""
    numbers = tuple(str(base + each) for each in range(CALLS) for base in (5000, 6000))
    with tempfile.TemporaryDirectory() as folder:
        async with (
            telegraphone(Path(folder), numbers=numbers, accounts=accounts(), exchange=NEVER_VANISHED) as system,
            many_calls(system),
            AsyncExitStack() as stack,
        ):
            seats = []
            for each in range(CALLS):
                arrival = Arrival()
                desktop = await stack.enter_async_context(Desktop(system.url, user(each), PASSWORD, arrival.take))
                call = (await desktop.get("/me/calls?fields=*"))["calls"][0]["id"]
                await desktop.post(f"/me/calls/{call}", "StartCallRecording")
                await arrival.of("Recording")
                seats.append(Seat(desktop, call, arrival))
            return await many_operate(seats)


async def many_operate(seats: list[Seat]) -> list[str]:
    """Reads, the reference, then pairs of pause and resume."""
    reads: list[float] = []
    answers: list[float] = []
    events: list[float] = []

    async def read(seat: Seat) -> None:
        began = time.perf_counter()
        await seat.desktop.get(f"/me/calls/{seat.call}")
        reads.append((time.perf_counter() - began) * 1e3)

    async def pair(seat: Seat) -> None:
        for operation, state in (("PauseCallRecording", "Paused"), ("ResumeCallRecording", "Recording")):
            began = time.perf_counter()
            await seat.desktop.post(f"/me/calls/{seat.call}", operation)
            answers.append((time.perf_counter() - began) * 1e3)
            events.append((await seat.arrival.of(state) - began) * 1e3)

    rate = await in_turns(seats, read)
    base = statistics.median(reads)
    lines = [row(f"GET of a call (reference): {rate:.0f} a second", reads, base)]
    rate = 2 * await in_turns(seats, pair)
    lines.append(row(f"pause or resume → answer: {rate:.0f} a second", answers, base))
    lines.append(row("pause or resume → event, long-polling", events, base))
    return lines


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
    many = await crowd()
    print(f"\nThe same with {CALLS} agents, each in a recorded call of silent phones, {AT_ONCE} of them operating at a time:\n")
    print("| | p50 ms | p99 ms | max ms | p50 / reference |\n|---|---|---|---|---|")
    print("\n".join(many))


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
