"""`telegraphone phone`, as its user runs it: a process of its own, typed at or left alone."""

import asyncio
import sys
from pathlib import Path

from tests.interop.system import HOST, System, telegraphone


async def phone(system: System, number: str, *more: str, password: str = "", stdin: bytes | None = None) -> tuple[int, str]:
    """Runs the command to its end; its status and what it said."""
    secret = system.folder / f"{number}.password"
    await asyncio.to_thread(secret.write_text, (password or number * 3) + "\n")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "telegraphone", "phone", number, "--password-file", str(secret)),
        *("--server", f"{HOST}:{system.sip_port}", *more),
        stdin=asyncio.subprocess.DEVNULL if stdin is None else asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await asyncio.wait_for(process.communicate(stdin), 60)
    assert process.returncode is not None
    return process.returncode, " ".join(said.decode().split())


async def test_two_phones_talk(tmp_path: Path) -> None:
    async with telegraphone(tmp_path) as system:
        agent = asyncio.create_task(phone(system, "5001", "--answer-after", "0.2", "--for", "8"))
        caller = await phone(system, "5000", "--call", "5001", "--for", "6")
        assert caller[0] == 0
        assert "5000: talking" in caller[1]
        status, said = await agent
        assert status == 0
        assert "5001: ringing, 5000 calls" in said
        assert "5001: talking" in said


async def test_it_is_typed_at(tmp_path: Path) -> None:
    async with telegraphone(tmp_path) as system:
        status, said = await phone(system, "5000", stdin=b"sing\nhold\ncall 999\n\nquit\n")
        assert status == 0
        assert "I know: call NUMBER" in said
        assert "not now: the phone has no call" in said
        assert "5000: calling" in said


async def test_a_wrong_password_is_told(tmp_path: Path) -> None:
    async with telegraphone(tmp_path) as system:
        status, said = await phone(system, "5000", "--for", "1", password="something else")
        assert status == 1
        assert "The phone cannot be used" in said
