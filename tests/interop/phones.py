"""Real phones for tests: starts a PJSIP phone's process, tells it what to do and waits for what it reports."""

import asyncio
import json
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from itertools import pairwise
from pathlib import Path
from typing import Any, Protocol

from tests.interop.system import HOST

PATIENCE_S = 25.0
PROGRAM = Path(__file__).parent / "pjsip_phone.py"
FRAME_S = 0.02
_PAUSE_S = 1.0

Fact = dict[str, Any]


class Registrar(Protocol):
    """Where phones register: a Telegraphone, an Asterisk."""

    folder: Path
    sip_port: int


class PjsipPhone:
    """One phone; `facts` is all it has reported, in order, and `spoken` the wall clock at each frame of its voice."""

    def __init__(self, process: Process, heard: Path) -> None:
        self._process = process
        self._changed = asyncio.Event()
        self.heard = heard
        self.facts: list[Fact] = []
        self.spoken: list[float] = []

    async def listen(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            fact = json.loads(line)
            if fact["fact"] == "said":
                assert fact["frame"] == len(self.spoken)
                self.spoken += fact["at"]
            else:
                self.facts.append(fact)
            self._changed.set()

    def do(self, verb: str, **fields: Any) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"do": verb, **fields}).encode() + b"\n")

    async def until(self, condition: Callable[[], bool]) -> None:
        """Waits until what was reported meets the condition."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                while not condition():
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            raise AssertionError(f"not in time: {self.facts[-20:]}, {len(self.spoken)} frames spoken") from None

    async def reports(self, fact: str, times: int = 1, **fields: Any) -> None:
        """Waits until this has been reported so many times."""
        wanted = {"fact": fact, **fields}
        await self.until(lambda: sum(wanted.items() <= each.items() for each in self.facts) >= times)

    async def speaks(self, seconds: float) -> None:
        """Waits until so much more of the voice has been spoken."""
        goal = len(self.spoken) + round(seconds / FRAME_S)
        await self.until(lambda: len(self.spoken) >= goal)

    def lag_s(self, frames: int | None = None) -> float:
        """How far the voice has fallen behind the wall clock since it began, or since it last paused for a second, by now or by
        the end of so many frames."""
        lag, least = 0.0, None
        for number, (earlier, at) in enumerate(pairwise(self.spoken[:frames]), 1):
            least = None if at - earlier > _PAUSE_S else least
            late = at - number * FRAME_S
            least = late if least is None else min(least, late)
            lag = late - least
        return lag

    async def register(self) -> None:
        self.do("register")
        await self.reports("registration", status=200)

    async def hang_up(self) -> None:
        self.do("hang up")
        await self.reports("call", state="DISCONNECTED")


@asynccontextmanager
async def pjsip_phone(system: Registrar, number: str, voice: Path, **options: Any) -> AsyncIterator[PjsipPhone]:
    """A phone with this voice, registered unless `registers` is False; its process ends with the block."""
    heard = system.folder / f"heard-{number}.wav"
    options = {
        "registrar": f"{HOST}:{system.sip_port}",
        "number": number,
        "password": number * 3,
        "voice": str(voice),
        "heard": str(heard),
        **options,
    }
    process = await asyncio.create_subprocess_exec(sys.executable, str(PROGRAM), json.dumps(options), stdin=PIPE, stdout=PIPE)
    phone = PjsipPhone(process, heard)
    listener = asyncio.create_task(phone.listen())
    try:
        await phone.reports("ready")
        if options.get("registers", True):
            await phone.register()
        else:
            phone.do("register")
        yield phone
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        await listener
