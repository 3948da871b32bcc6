"""A bad network between speaker and recorder, repeatable: every packet's fate follows from seed, flow and sequence number.

Delay with jitter, loss in bursts (Gilbert–Elliott), duplicates. Packets leave by a timer wheel of one millisecond, so
jitter larger than the packet interval reorders them by itself.
"""

import asyncio
import heapq
import itertools
import random
import socket
import struct
import time
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Weather:
    """What the network does, in seconds and probabilities."""

    delay: float = 0.02
    jitter: float = 0.03
    loss: float = 0.02
    burst: float = 0.3
    """Chance that a lost packet is followed by another lost one."""
    duplicate: float = 0.01


@dataclass(slots=True)
class Flow:
    """One way through the relay: in by one socket, out by another, both on the loopback."""

    name: int
    to: tuple[str, int]
    entrance: socket.socket
    exit: socket.socket
    lost: set[int] = field(default_factory=set)
    delivered_at: dict[int, list[float]] = field(default_factory=dict)
    losing: bool = False


class Relay:
    """All flows of a test, run by one task."""

    def __init__(self, seed: str, weather: Weather) -> None:
        self._seed = seed
        self._weather = weather
        self._flows: list[Flow] = []
        self._due: list[tuple[float, int, Flow, bytes]] = []
        self._order = itertools.count()

    def flow(self, name: int, to: tuple[str, int]) -> Flow:
        """A new way to an address; packets are sent to its entrance and come from its exit."""
        ends = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2)]
        for end in ends:
            end.bind(("127.0.0.1", 0))
            end.setblocking(False)
        flow = Flow(name, to, ends[0], ends[1])
        self._flows.append(flow)
        asyncio.get_running_loop().add_reader(ends[0].fileno(), self._take, flow)
        return flow

    async def run(self, stop: asyncio.Event) -> None:
        """Delivers until told to stop and nothing is on its way."""
        while not stop.is_set() or self._due:
            now = time.monotonic()
            while self._due and self._due[0][0] <= now:
                _, _, flow, data = heapq.heappop(self._due)
                (sequence,) = struct.unpack_from(">H", data, 2)
                flow.exit.sendto(data, flow.to)
                flow.delivered_at.setdefault(sequence, []).append(time.monotonic())
            await asyncio.sleep(0.001)

    def close(self) -> None:
        for flow in self._flows:
            asyncio.get_running_loop().remove_reader(flow.entrance.fileno())
            flow.entrance.close()
            flow.exit.close()

    def _take(self, flow: Flow) -> None:
        while True:
            try:
                data = flow.entrance.recv(2048)
            except BlockingIOError:
                return
            (sequence,) = struct.unpack_from(">H", data, 2)
            fate = random.Random(f"{self._seed}/{flow.name}/{sequence}")
            weather = self._weather
            flow.losing = fate.random() < (weather.burst if flow.losing else weather.loss)
            if flow.losing:
                flow.lost.add(sequence)
                continue
            for _ in range(2 if fate.random() < weather.duplicate else 1):
                due = time.monotonic() + weather.delay + fate.random() * weather.jitter
                heapq.heappush(self._due, (due, next(self._order), flow, data))
