"""Runs SIPp, the SIP traffic generator, with scenarios of our own."""

import asyncio
import itertools
import os
import socket
from pathlib import Path

from tests.interop.exchange.router import HOST, password

SCENARIOS = Path(__file__).parent / "sipp"
_END_S = 60.0


_STEP = 10
_WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
_ports = itertools.cycle(range(22_000 + 600 * (_WORKER % 10), 22_600 + 600 * (_WORKER % 10), _STEP))
"""Below what the system gives out by itself: SIPp takes several ports at and above the one it is given. Those who test
side by side take from shares of their own, because SIPp binds its ports only a while after they were found free."""


def ten_free_ports() -> int:
    """The first of ten ports that are free."""
    return next(each for each in _ports if all(_is_free(each + offset) for offset in range(_STEP)))


def _is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


class Sipp:
    """One phone at one port, played by one SIPp process after the other."""

    def __init__(self, number: str, exchange_port: int, folder: Path, *, transport: str = "UDP") -> None:
        self.number = number
        self.port = ten_free_ports()
        self._exchange_port = exchange_port
        self._folder = folder
        self._transport = transport
        self._media_port = ten_free_ports()

    async def start(self, scenario: str, *more: str, status: int = 0, secret: str = "") -> asyncio.subprocess.Process:
        """Begins a scenario; `status` is what the scenario of refusal waits for."""
        path = SCENARIOS / f"{scenario}.xml"
        if status:
            text = path.read_text().replace("STATUS", str(status))
            path = self._folder / f"{scenario}-{status}.xml"
            path.write_text(text)
        arguments = [
            *("-sf", str(path), "-i", HOST, "-mi", HOST, "-p", str(self.port), "-mp", str(self._media_port)),
            *("-key", "caller", self.number, "-au", self.number, "-ap", secret or password(self.number)),
            *("-t", "u1" if self._transport == "UDP" else "t1", "-nostdin", "-timeout", "50s", "-timeout_error"),
            *("-trace_err", "-error_file", str(self._folder / f"{self.number}-{scenario}.log")),
        ]
        return await asyncio.create_subprocess_exec(
            "sipp",
            *arguments,
            *more,
            f"{HOST}:{self._exchange_port}",
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            stdin=asyncio.subprocess.DEVNULL,
        )

    async def end(self, process: asyncio.subprocess.Process) -> None:
        """Waits for the scenario and fails with SIPp's own words if it did not go as written."""
        try:
            async with asyncio.timeout(_END_S):
                code = await process.wait()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if code != 0:
            logs = "\n".join(each.read_text(errors="replace")[:4000] for each in self._folder.glob(f"{self.number}-*.log"))
            raise AssertionError(f"SIPp ended with {code}\n{logs}")

    async def play(self, scenario: str, *more: str, calls: int = 1, status: int = 0, secret: str = "") -> None:
        """Plays a scenario to its end."""
        process = await self.start(scenario, "-m", str(calls), *more, status=status, secret=secret)
        await self.end(process)

    async def register(self) -> None:
        await self.play("register")
