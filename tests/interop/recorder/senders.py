"""Speaks RTP at twenty milliseconds a packet for many streams from one task, with no drift of its own."""

import asyncio
import socket
import time
from dataclasses import dataclass, field
from itertools import pairwise

from telegraphone.media.timeline import DRIFT_STEP, DRIFT_TOLERANCE, RATE
from telegraphone.wire.rtp.packet import RtpPacket
from tests.interop.recorder.signal import FRAME, payload

PTIME_S = 0.02
PATIENCE_S = 25.0


@dataclass(slots=True)
class Speaker:
    """One stream: sends frame 0, 1, 2 … of its signal to an address and remembers when each went."""

    seed: bytes
    name: int
    to: tuple[str, int]
    ssrc: int = 0
    first_sequence: int = 65_500
    first_timestamp: int = 4_294_960_000
    number: int = 0
    sent_at: list[float] = field(default_factory=list)
    outlet: socket.socket = field(init=False)

    def __post_init__(self) -> None:
        self.outlet = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.outlet.bind(("127.0.0.1", 0))
        self.outlet.setblocking(False)
        self.ssrc = self.ssrc or 0x1000_0000 + self.name

    @property
    def address(self) -> tuple[str, int]:
        return self.outlet.getsockname()

    @property
    def late_s(self) -> float:
        """By how much more than at other times it was late at worst."""
        delays = [at - number * PTIME_S for number, at in enumerate(self.sent_at)]
        return max(delays) - min(delays)

    def packet(self, number: int) -> RtpPacket:
        return RtpPacket(
            0,
            (self.first_sequence + number) & 0xFFFF,
            (self.first_timestamp + number * FRAME) & 0xFFFFFFFF,
            self.ssrc,
            payload(self.seed, self.name, number),
        )

    def speak(self) -> None:
        data = self.packet(self.number).to_bytes()
        self.sent_at.append(time.monotonic())
        self.number += 1
        self.outlet.sendto(data, self.to)


async def have_said(seconds: float, *speakers: Speaker) -> None:
    """Returns when each has said so much more, and a moment after: a machine that stood still sends at once what was due."""
    goals = [(each, each.number + round(seconds / PTIME_S)) for each in speakers]
    async with asyncio.timeout(seconds + PATIENCE_S):
        while any(each.number < goal for each, goal in goals):  # noqa: ASYNC110 - a number has no event
            await asyncio.sleep(PTIME_S)
    await asyncio.sleep(0.1)


async def speak_all(speakers: list[Speaker], stop: asyncio.Event) -> None:
    """All of them, each 20 ms, spread over the interval, until told to stop."""
    begun = time.monotonic()
    turn = 0
    while not stop.is_set():
        for speaker in speakers:
            speaker.speak()
        turn += 1
        await asyncio.sleep(max(0.0, begun + turn * PTIME_S - time.monotonic()))


def straight(speaker: Speaker, offsets: list[int], windows: float) -> None:
    """One who sends in time bends no line. One whom a busy machine held up, all packets of a fifth of a second, is followed as a
    clock that runs otherwise is: once in each window, a step at a time, and no further than the delay."""
    delays = [sent - number * PTIME_S for number, sent in enumerate(speaker.sent_at)]
    least = [min(delays[first : first + 10]) for first in range(0, len(delays), 10)]
    delay = (max(least) - min(least)) * RATE
    bends = [abs(after - before) for before, after in pairwise(offsets) if after != before]
    assert not bends or delay > DRIFT_TOLERANCE
    assert max(offsets) - min(offsets) <= delay + DRIFT_TOLERANCE
    assert max(bends, default=0) <= DRIFT_STEP
    assert len(bends) <= windows
