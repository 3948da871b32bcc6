"""What Asterisk's own recorders keep of a pause: pauses of some calls, and what is in the files of what was said meanwhile.

The first phone of each call says when it speaks: every 20 ms another loudness (`load.c`, marks), so each bit of a file tells when
it was sent. Marks come again after 480 ms; pauses are shorter.
"""

import asyncio
import random
import struct
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from tests.interop.asterisk.server import HOST

Each = TypeVar("Each")

AMI_SECRET = "test-only"
PAUSE_S = 0.3
FRAME_MS, STEP_MS, MARKS = 20, 5, 24
_STEP = 8 * STEP_MS
_LOUDEST, _NEAR = 32_124, 200


def _loudness(mark: int) -> int:
    """Of the G.711 \u00b5-law byte 0x80 + mark, as 16 bit."""
    return _LOUDEST - 1_024 * mark if mark < 16 else 15_996 - 512 * (mark - 16)


@dataclass(frozen=True, slots=True)
class Kept:
    """Of one pause, milliseconds of what was said in it and is in the file: after it was asked for, and after that was answered;
    and what is missing of what was said in the 200 ms after the resume was asked for."""

    asked: float
    answered: float
    missing: float


@dataclass(frozen=True, slots=True)
class Paused:
    """Milliseconds since the load began: when a pause was asked for and answered, and when the resume was asked for."""

    asked: float
    answered: float
    resumed: float


async def pause_all(
    calls: Sequence[Each], began: float, within_s: float, pause: Callable[[Each, bool], Awaitable[None]]
) -> list[Paused]:
    """Pauses each of them once, at a time of its own."""
    chance = random.Random(1877)

    async def one(call: Each) -> Paused:
        await asyncio.sleep(chance.uniform(0.0, within_s))
        times = [time.monotonic()]
        await pause(call, True)
        times.append(time.monotonic())
        await asyncio.sleep(PAUSE_S)
        times.append(time.monotonic())
        await pause(call, False)
        return Paused(*(1_000 * (each - began) for each in times))

    return list(await asyncio.gather(*map(one, calls)))


def kept_of(path: Path, pause: Paused, offset_ms: float) -> Kept:
    """What a WAV file of 16 bit at 8 kHz holds of a pause; its load's frames begin `offset_ms` after whole frames."""
    kept = _frames(path)

    def held(first_ms: float, last_ms: float) -> tuple[int, int]:
        frames = [each for each in range(int(last_ms / FRAME_MS) + 1) if first_ms <= each * FRAME_MS + offset_ms < last_ms]
        return sum(min(FRAME_MS, kept.get(each, 0)) for each in frames), FRAME_MS * len(frames)

    there, all_of_it = held(pause.resumed, pause.resumed + 200)
    return Kept(held(pause.asked, pause.resumed)[0], held(pause.answered, pause.resumed)[0], all_of_it - there)


def _frames(path: Path) -> dict[int, int]:
    """Milliseconds in the file by the number of the frame they were sent in."""
    data = path.read_bytes()[44:]
    samples = struct.unpack(f"<{len(data) // 2}h", data[: len(data) // 2 * 2])
    found: dict[int, int] = {}
    frame, before = 0, -1
    for at in range(0, len(samples) - _STEP + 1, _STEP):
        loud = sorted(samples[at : at + _STEP])[_STEP // 2]
        mark = min(range(MARKS), key=lambda each: abs(_loudness(each) - loud))
        if abs(_loudness(mark) - loud) > _NEAR:
            mark = -1
        elif mark == before:  # heard twice, so it is no seam of two
            ahead = (mark - frame) % MARKS
            found[frame + ahead] = found.get(frame + ahead, STEP_MS) + STEP_MS
            frame += ahead
        before = mark
    return found


class AmiLink:
    """One connection of AMI, which is how MixMonitor is paused."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    @staticmethod
    async def open(port: int) -> "AmiLink":
        """Signed in."""
        made = AmiLink(*await asyncio.open_connection(HOST, port))
        await made._reader.readline()
        await made.do("Login", Username="bench", Secret=AMI_SECRET, Events="off")
        return made

    async def do(self, action: str, **fields: str) -> None:
        """An action that must succeed."""
        lines = [f"Action: {action}", *(f"{name}: {value}" for name, value in fields.items())]
        self._writer.write("".join(f"{line}\r\n" for line in [*lines, ""]).encode())
        answer = (await self._reader.readuntil(b"\r\n\r\n")).decode()
        assert "Response: Success" in answer, answer


def ami_settings(port: int) -> str:
    """Asterisk's file for it."""
    return (
        f"[general]\nenabled = yes\nbindaddr = {HOST}\nport = {port}\n[bench]\nsecret = {AMI_SECRET}\nread = all\nwrite = all\n"
    )
