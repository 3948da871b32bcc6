"""`telegraphone phone`, as its user runs it: a process of its own, typed at or left alone."""

import asyncio
import os
import sys
from pathlib import Path

from tests.interop.system import HOST, System, telegraphone


async def started(system: System, number: str, *more: str, password: str = "", typed: bool = False) -> asyncio.subprocess.Process:
    """The command as a process, just begun."""
    secret = system.folder / f"{number}.password"
    await asyncio.to_thread(secret.write_text, (password or number * 3) + "\n")
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "telegraphone", "phone", number, "--password-file", str(secret)),
        *("--server", f"{HOST}:{system.sip_port}", *more),
        stdin=asyncio.subprocess.PIPE if typed else asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={**os.environ, "COLUMNS": "200", "PYTHONUNBUFFERED": "1"},
    )


async def ended(process: asyncio.subprocess.Process, stdin: bytes | None = None) -> tuple[int, str]:
    """Its status and what it said from here on, once it has ended."""
    said, _ = await asyncio.wait_for(process.communicate(stdin), 60)
    assert process.returncode is not None
    return process.returncode, " ".join(said.decode().split())


async def heard(process: asyncio.subprocess.Process, words: str) -> None:
    """Returns when it has said this."""
    assert process.stdout is not None
    async with asyncio.timeout(60):
        while words not in (line := (await process.stdout.readline()).decode()):
            assert line, f"it ended before it said {words!r}"


async def test_two_phones_talk(tmp_path: Path) -> None:
    async with telegraphone(tmp_path) as system:
        agent = await started(system, "5001", "--answer-after", "0.2", typed=True)
        await heard(agent, "5001 is registered")
        caller = await started(system, "5000", typed=True)
        await heard(caller, "5000 is registered")
        assert caller.stdin is not None
        caller.stdin.write(b"call 5001\n")
        await heard(agent, "5001: ringing, 5000 calls")
        await heard(agent, "5001: talking")
        await heard(caller, "5000: talking")
        caller.stdin.write(b"hang up\n")
        await heard(agent, "5001: idle")
        assert (await ended(caller, b"quit\n"))[0] == 0
        assert (await ended(agent, b"quit\n"))[0] == 0


async def test_it_ends_by_itself(tmp_path: Path) -> None:
    async with telegraphone(tmp_path) as system:
        status, said = await ended(await started(system, "5000", "--call", "5002", "--for", "1"))
        assert status == 0
        assert "5000: calling" in said


async def test_it_is_typed_at(tmp_path: Path) -> None:
    async with telegraphone(tmp_path) as system:
        status, said = await ended(await started(system, "5000", typed=True), b"sing\nhold\ncall 999\n\nquit\n")
        assert status == 0
        assert "I know: call NUMBER" in said
        assert "not now: the phone has no call" in said
        assert "5000: calling" in said


async def test_a_wrong_password_is_told(tmp_path: Path) -> None:
    async with telegraphone(tmp_path) as system:
        status, said = await ended(await started(system, "5000", "--for", "1", password="something else"))
        assert status == 1
        assert "The phone cannot be used" in said
