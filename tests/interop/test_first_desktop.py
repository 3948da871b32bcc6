"""The guide to a first desktop holds: its lines by curl do what the page says, and so does its program in node."""

import asyncio
import json
import os
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from telegraphone.demo.desktop import Desktop
from tests.interop.system import AGENT, PASSWORD, System, talking, telegraphone
from tests.tidy.rule import ROOT

GUIDE = (ROOT / "docs/guides/first-desktop.md").read_text(encoding="utf-8")
DOCUMENTED = "http://127.0.0.1:8080"


@asynccontextmanager
async def in_a_call(folder: Path) -> AsyncIterator[System]:
    """A server with the guide's two telephones talking, and the agent's password in the file the guide names."""
    (folder / f"{AGENT}.password").write_text(PASSWORD + "\n")
    async with telegraphone(folder) as system, talking(system):
        yield system


async def test_the_lines_by_curl(tmp_path: Path) -> None:
    lines = [line for block in re.findall(r"```sh\n(.*?)```", GUIDE, re.DOTALL) for line in block.splitlines() if "curl" in line]
    assert len(lines) == 6
    async with in_a_call(tmp_path) as system:
        script = "\n".join(f"{line}; echo" for line in lines).replace(DOCUMENTED, system.url)
        shell = await asyncio.create_subprocess_exec("sh", "-ec", script, cwd=tmp_path, stdout=asyncio.subprocess.PIPE)
        output, _ = await shell.communicate()
        answers = [json.loads(line) for line in output.decode().splitlines() if line]
        assert answers[0]["user"]["calls"][0]["state"] == "Established"
        assert [answer["statusCode"] for answer in answers] == [0] * 5
        async with Desktop(system.url, AGENT, PASSWORD) as desktop:
            assert (await desktop.get("/me/calls?fields=*"))["calls"] == []


async def test_the_program(tmp_path: Path) -> None:
    modules = ROOT / "tests/interop/node_modules"
    async with in_a_call(tmp_path) as system:
        program = await asyncio.create_subprocess_exec(
            *("node", str(ROOT / "examples/desktop.cjs"), system.url, AGENT, f"{AGENT}.password"),
            cwd=tmp_path,
            env={**os.environ, "NODE_PATH": str(modules)},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        assert program.stdin is not None
        assert program.stdout is not None
        said: list[str] = []

        async def until(*texts: str) -> None:
            while not {*texts} <= {*said}:
                line = await program.stdout.readline()
                assert line, said
                said.append(line.decode().rstrip())

        async with asyncio.timeout(30):
            await until("listening", f"{AGENT} has 1 calls")
            for key, operation in (("s", "Start"), ("p", "Pause"), ("r", "Resume"), ("t", "Stop")):
                program.stdin.write(f"{key}\n".encode())
                await until(f"{operation}CallRecording done")
            program.stdin.write(b"p\nq\n")
            output, _ = await program.communicate()
        told = [line for line in (*said, *output.decode().splitlines()) if line.startswith("CallRecordingStateChange")]
        assert [line.rpartition(" ")[2] for line in told] == ["Recording", "Paused", "Recording", "Stopped"]
        assert "400/2" in output.decode(), "a Pause of a stopped recording is refused in words"
        assert program.returncode == 0
