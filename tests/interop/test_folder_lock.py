"""One node has a data folder at a time, and a lost node's recorder keeps it until it has finished."""

import asyncio
import os
import socket
import sys
from pathlib import Path

import pytest

from telegraphone.storage.folder_lock import FolderInUse, lock
from tests.interop.system import HOST, START_S, free_port, start, telegraphone

HOLDER = "import sys; print('held', flush=True); sys.stdin.read()"


def test_a_second_lock_is_refused_at_once(tmp_path: Path) -> None:
    held = lock(tmp_path / "a.lock")
    with pytest.raises(FolderInUse, match="in use"):
        lock(tmp_path / "a.lock")
    os.close(held)
    os.close(lock(tmp_path / "a.lock"))


async def test_a_lent_lock_lasts_as_long_as_the_borrower(tmp_path: Path) -> None:
    held = lock(tmp_path / "a.lock")
    borrower = await asyncio.create_subprocess_exec(
        sys.executable, "-c", HOLDER, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, pass_fds=(held,)
    )
    assert borrower.stdout is not None
    await borrower.stdout.readline()
    os.close(held)
    with pytest.raises(FolderInUse):
        lock(tmp_path / "a.lock")
    waiting = asyncio.create_task(asyncio.to_thread(lock, tmp_path / "a.lock", 20.0))
    await borrower.communicate(b"")
    os.close(await waiting)


async def test_a_second_node_is_told_that_the_folder_is_in_use(tmp_path: Path) -> None:
    async with telegraphone(tmp_path):
        second = await start(tmp_path)
        async with asyncio.timeout(START_S):
            assert await second.wait() == 1
        assert "is in use by another Telegraphone" in (tmp_path / "server.log").read_text()


async def test_a_port_that_is_taken_is_said_in_one_line(tmp_path: Path) -> None:
    """What fails among parts that run together is as plain as what fails alone."""
    with socket.create_server((HOST, 0)) as taken:
        (tmp_path / "telegraphone.toml").write_text(
            f'[server]\nexternal_url = "http://{HOST}"\nlisten_port = {free_port()}\n'
            f'[exchange]\nsip_host = "{HOST}"\nsip_port = {taken.getsockname()[1]}\n'
        )
        process = await start(tmp_path)
        assert await asyncio.wait_for(process.wait(), START_S) == 1
    said = (tmp_path / "server.log").read_text()
    assert "Telegraphone cannot run: switch: " in said
    assert "Traceback" not in said
