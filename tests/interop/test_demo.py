"""The demonstration as its reader runs it: it proves its recording, runs again, serves until Ctrl-C what it says it serves, and
says so by its status when something is wrong."""

import asyncio
import json
import os
import re
import signal
import sys
from pathlib import Path

import httpx
import pytest

from telegraphone.phone import Phone
from tests.interop.system import HOST

PATIENCE_S = 90.0
PROVED = "The recording proves itself."


class Demonstration:
    """One run of `telegraphone demo`, and what it has shown so far."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.folder = folder
        self._options = options
        self.shown = ""

    async def begin(self) -> asyncio.subprocess.Process:
        """Starts it, in the folder above its own."""
        self.process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "telegraphone", "demo", "--dir", str(self.folder), *self._options),
            env={**os.environ, "NO_COLOR": "1", "COLUMNS": "200"},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        return self.process

    async def until(self, text: str | None) -> None:
        """Reads until it has shown this; with None, to its end."""
        assert self.process.stdout is not None
        async with asyncio.timeout(PATIENCE_S):
            while text is None or text not in self.shown:
                line = await self.process.stdout.readline()
                if not line:
                    assert text is None, self.shown
                    return
                self.shown += line.decode()

    async def end(self) -> int:
        """Its status, once it has ended by itself."""
        await self.until(None)
        return await asyncio.wait_for(self.process.wait(), PATIENCE_S)


async def test_it_proves_itself_and_then_serves_until_ctrl_c(tmp_path: Path) -> None:
    first = Demonstration(tmp_path / "demo", "--once")
    await first.begin()
    assert await first.end() == 0, first.shown
    for state in ("Ringing", "Established, recording Recording", "Established, recording Paused", "Released"):
        assert f"call {state}" in first.shown
    assert PROVED in first.shown
    assert "✗" not in first.shown
    [wav], [png] = (list(first.folder.glob(f"*.{kind}")) for kind in ("wav", "png"))
    assert (wav.read_bytes()[:4], png.read_bytes()[:8]) == (b"RIFF", b"\x89PNG\r\n\x1a\n")
    assert {str(wav), str(png)} <= set(first.shown.split())

    second = Demonstration(first.folder)
    process = await second.begin()
    try:
        await second.until("Ctrl-C ends it.")
        assert PROVED in second.shown
        await a_phone_of_the_reader(second.shown)
        calls, start, recordings = [await answered(line) for line in second.shown.splitlines() if line.startswith("  curl ")]
        assert calls == {"statusCode": 0, "calls": []}
        assert (start["statusCode"], start["statusMessage"]) == (6, "Requested call [CALL_ID] cannot be found.")
        assert len(recordings["recordings"]) == 2, "of both runs"
    finally:
        process.send_signal(signal.SIGINT)
    assert await second.end() == 0, second.shown
    url = re.search(r"http://[\d.:]+", second.shown)
    assert url is not None
    async with httpx.AsyncClient(trust_env=False) as http:
        with pytest.raises(httpx.TransportError):
            await http.get(url[0])


async def a_phone_of_the_reader(shown: str) -> None:
    """The spare phone registers with what the page of accounts says."""
    account = re.search(r"│ (5002) +│ (5002) +│ (\S+) +│ ([\d.]+):(\d+) ", shown)
    assert account is not None, shown
    phone = Phone(account[1], account[2], account[3], (account[4], int(account[5])), HOST)
    try:
        await phone.register()
    finally:
        await phone.close()


async def answered(line: str) -> dict[str, object]:
    """What is answered to a line that the reader may copy."""
    shell = await asyncio.create_subprocess_exec(
        "sh", "-c", line, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    output, _ = await shell.communicate()
    body: dict[str, object] = json.loads(output)
    return body


async def test_it_says_by_its_status_that_it_failed(tmp_path: Path) -> None:
    """Where the server's folder should be there is a file."""
    folder = tmp_path / "demo"
    folder.mkdir()
    (folder / "data").write_text("")
    run = Demonstration(folder, "--once")
    await run.begin()
    assert await run.end() == 1
    assert "The demonstration failed: the server did not start; its log is" in run.shown
