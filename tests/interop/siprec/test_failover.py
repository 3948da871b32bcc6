"""F40: a recorder dies in a call, its client goes on at another node, and both halves are one conversation at either."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from telegraphone.demo.desktop import Desktop, DesktopError
from tests.interop.siprec.test_expected_counts import Part, heard, mixed, played, playing, record_tone
from tests.interop.siprec.test_flows import recorded_call_of
from tests.interop.siprec.test_plain_calls import recorder, recordings, until
from tests.interop.system import AGENT, PASSWORD, SUPERVISOR, System, healthy, start
from tests.postgresql import Server

ROW = "transfer target only recorded"
SPOKEN_S = 2.0
LOST_S = 1.0
"""The most that goes with a process that is killed (REC-4)."""


@asynccontextmanager
async def node(folder: Path, name: str, server: Server) -> AsyncIterator[tuple[System, int]]:
    """One of the nodes over this database, with the keys and the place for recordings of all; where its clients call it."""
    own, kept = folder / name, folder / "kept"
    for each in (own, kept):
        each.mkdir(exist_ok=True)
    shared = f'[database]\nurl = "{server.url("failover")}"\n[storage]\nkind = "folder"\nfolder = "{kept}"\n'
    async with recorder(own, trunk=f'{shared}[keys]\nfolder = "{folder / "keys"}"\n') as (system, client):
        yield system, client.server[1]


async def conversation(system: System, resource: dict[str, Any]) -> dict[str, Any]:
    async with Desktop(system.url, SUPERVISOR, PASSWORD) as supervisor:
        found: dict[str, Any] = (await supervisor.get(f"/recordings/{resource['id']}/conversation"))["conversation"]
    for each in found["recordings"]:
        del each["uri"]  # of the node that was asked
    return found


async def recorded_until_it_dies(system: System, port: int, folder: Path) -> datetime:
    """A client's session at a node that is killed in it; when that was."""
    sipp = await playing(port, folder, "first", Part(), ROW)
    await recorded_call_of(system, AGENT)
    await asyncio.sleep(SPOKEN_S)
    killed_at = datetime.now(UTC)
    system.process.kill()
    sipp.kill()
    await asyncio.gather(system.process.wait(), sipp.wait())
    return killed_at


async def recorded_from(system: System) -> datetime:
    """When the session at the other node is seen to be recorded."""
    await recorded_call_of(system, AGENT)
    return datetime.now(UTC)


async def test_f40_another_node_goes_on_and_the_conversation_says_what_neither_has(tmp_path: Path, postgresql: Server) -> None:
    await postgresql.fresh("failover", empty=True)
    record_tone(tmp_path)
    async with node(tmp_path, "one", postgresql) as (first, port), node(tmp_path, "two", postgresql) as (second, other_port):
        killed_at = await recorded_until_it_dies(first, port, tmp_path)
        error, goes_on_at = await asyncio.gather(played(other_port, tmp_path, "second", Part(), ROW), recorded_from(second))
        assert error == ""
        first.process = await start(first.folder)
        await healthy(first)

        async def both() -> list[dict[str, Any]]:
            found = await recordings(second)
            return found if len(found) == 2 else []

        later, earlier = await until(both)

        async def over() -> dict[str, Any] | None:
            told = await conversation(second, later)
            return told if all("stopTime" in each for each in told["recordings"]) else None

        told = await until(over)
        assert [each["id"] for each in told["recordings"]] == [earlier["id"], later["id"]]
        assert await conversation(first, earlier) == told
        [gap] = told["gaps"]
        assert gap["startTime"] == told["recordings"][0]["stopTime"]
        assert killed_at - timedelta(seconds=LOST_S) < datetime.fromisoformat(gap["startTime"])
        assert datetime.fromisoformat(gap["stopTime"]) <= goes_on_at, "nothing is lost but while no node has the call"
        assert told["recordings"][0]["startTime"] < gap["startTime"] < gap["stopTime"] < told["recordings"][1]["stopTime"]

        async def halves() -> list[Any]:
            try:
                return [await mixed(second, each) for each in (earlier, later)]
            except DesktopError:
                # The first node has only just begun to send what it had to where both find it.
                return []

        for half in await until(halves):
            assert all(heard(half))
            assert len(half) > SPOKEN_S / 2 * 8_000
        for each in (first, second):
            assert each.log.count('"level": "error"') == 0, each.log
