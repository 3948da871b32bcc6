"""F12: the database stops, hangs or is not there yet; calls, recordings, pauses and resumes do not notice, and it catches up.

A real PostgreSQL server is stopped and started under a real node that records a real call.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from telegraphone.demo.desktop import Desktop
from telegraphone.demo.play import finished
from tests.interop.system import AGENT, PASSWORD, SUPERVISOR, System, talking, telegraphone
from tests.postgresql import Server, running_server


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    with running_server() as own:
        await own.fresh("node", empty=True)
        yield own


@asynccontextmanager
async def node(folder: Path, server: Server, health: str = "/health") -> AsyncIterator[System]:
    async with telegraphone(folder, more=f'\n[database]\nurl = "{server.url("node")}"\n', health=health) as system:
        yield system


async def _operate(desktop: Desktop, *operations: str) -> str:
    """Carries the operations out on the agent's call; its UUID."""
    call = (await desktop.get("/me/calls?fields=*"))["calls"][0]
    for operation in operations:
        async with asyncio.timeout(5.0):
            await desktop.post(f"/me/calls/{call['id']}", f"{operation}CallRecording")
        await asyncio.sleep(0.3)
    return str(call["callUuid"])


async def _status_of_search(system: System) -> int:
    async with httpx.AsyncClient(base_url=system.url, auth=(SUPERVISOR, PASSWORD), trust_env=False, timeout=60.0) as http:
        return (await http.get("/api/v2/recordings?userName=*")).status_code


async def _answering(system: System) -> None:
    """Returns when the list of recordings is there again."""
    for _ in range(300):
        if await _status_of_search(system) == 200:
            return
        await asyncio.sleep(0.2)
    raise AssertionError(system.log)


async def _the_only_recording(system: System, uuid: str) -> dict[str, Any]:
    async with Desktop(system.url, SUPERVISOR, PASSWORD) as listener:
        async with asyncio.timeout(60.0):
            await _answering(system)
            await finished(listener, uuid)
        found = (await listener.get("/recordings?userName=*"))["uris"]
        assert [uri.rpartition("/")[2] for uri in found] == [uuid]
        return dict((await listener.get(f"/recordings/{uuid}"))["recording"])


def _spans(recording: dict[str, Any]) -> list[str]:
    """What its one part consists of, but for packets that a busy machine was late to send."""
    assert len(recording["mediaFiles"]) == 1
    return [entry["type"] for entry in recording["eventHistory"] if entry["type"] != "Gap"]


@pytest.mark.parametrize("how", ["stopped", "frozen"])
async def test_the_recorder_never_waits_for_the_database(tmp_path: Path, server: Server, how: str) -> None:
    async with node(tmp_path, server) as system, talking(system), Desktop(system.url, AGENT, PASSWORD) as desktop:
        await _operate(desktop, "Start")
        if how == "stopped":
            server.stop()
            assert await _status_of_search(system) == 503
        else:
            server.freeze(frozen=True)
        uuid = await _operate(desktop, "Pause", "Resume", "Stop")
        if how == "stopped":
            server.start()
        else:
            server.freeze(frozen=False)
        recording = await _the_only_recording(system, uuid)
        assert _spans(recording) == ["Recording", "Paused"]
        assert [each["startedBy"]["userName"] for each in recording["eventHistory"] if each["type"] == "Paused"] == [AGENT]


async def test_a_node_starts_and_records_before_its_database_does(tmp_path: Path, server: Server) -> None:
    server.stop()
    lives = node(tmp_path, server, "/health/live")
    async with lives as system, talking(system), Desktop(system.url, AGENT, PASSWORD) as desktop:
        uuid = await _operate(desktop, "Start", "Pause", "Resume", "Stop")
        assert await _status_of_search(system) == 503
        server.start()
        assert _spans(await _the_only_recording(system, uuid)) == ["Recording", "Paused"]
