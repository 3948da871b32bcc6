"""Many calls forked at once over TCP, with audio: each has its recording, and none is left behind anywhere.

`SIPREC_CALLS` and `SIPREC_AT_ONCE` say how many; a soak run takes 3,000 and 500.
"""

import asyncio
import os
from pathlib import Path

from tests.interop.siprec.recording_client import RecordingClient
from tests.interop.siprec.test_plain_calls import recorder
from tests.interop.system import HOST, System

CALLS = int(os.environ.get("SIPREC_CALLS", "60"))
AT_ONCE = int(os.environ.get("SIPREC_AT_ONCE", "20"))
TALK_S = 2.0


async def one_call(client: RecordingClient, room: asyncio.Semaphore) -> None:
    async with room:
        fork = await client.fork()
        await asyncio.sleep(TALK_S)
        await fork.hang_up()


def sealed(system: System) -> int:
    """Recordings that are finished, by their manifests."""
    return sum(1 for _ in (system.data / "audio" / "recordings" / "sealed").glob("*/*/manifest.json"))


async def test_no_recording_is_missing(tmp_path: Path) -> None:
    async with recorder(tmp_path, transport="TCP") as (system, client):
        assert client.server[0] == HOST
        room = asyncio.Semaphore(AT_ONCE)
        async with asyncio.TaskGroup() as tasks:
            for _ in range(CALLS):
                tasks.create_task(one_call(client, room))
        for _ in range(300):
            if sealed(system) >= CALLS:
                break
            await asyncio.sleep(0.1)
        assert sealed(system) == CALLS
        assert system.log.count('"level": "error"') == 0, system.log
