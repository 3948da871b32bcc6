"""A recording that is lost, under a running node or while none ran: the log, the numbers and the supervisors' list say so."""

import asyncio
import re
import shutil
from pathlib import Path

import httpx

from tests.interop.system import AGENT, HOST, PASSWORD, SUPERVISOR, System, free_port, talking, telegraphone

PATIENCE_S = 60.0
"""Within a minute it has to be told (properties REC-1)."""
NOT_RECONCILED, GONE = "calls_not_reconciled", "recordings_gone"


def client(system: System, user_name: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=f"{system.url}/api/v2", auth=(user_name, PASSWORD), trust_env=False)


async def number(port: int, name: str) -> int:
    async with httpx.AsyncClient(trust_env=False) as http:
        page = (await http.get(f"http://{HOST}:{port}/metrics")).text
    found = re.search(rf"^telegraphone_{name} (\S+)$", page, re.MULTILINE)
    assert found, page
    return int(float(found.group(1)))


async def told(port: int, name: str) -> None:
    """Waits until there is one."""
    async with asyncio.timeout(PATIENCE_S):
        while await number(port, name) == 0:  # noqa: ASYNC110 -- another process has no event
            await asyncio.sleep(0.5)


async def test_a_call_whose_files_are_gone_is_called_out_within_a_minute(tmp_path: Path) -> None:
    port = free_port()
    async with (
        telegraphone(tmp_path, more=f"\n[telemetry]\nmetrics_port = {port}\n") as system,
        client(system, AGENT) as agent,
        client(system, SUPERVISOR) as supervisor,
    ):
        async with talking(system):
            call = (await agent.get("/me/calls?fields=*")).json()["calls"][0]
            answer = await agent.post(f"/me/calls/{call['id']}", json={"operationName": "StartCallRecording"})
            assert answer.json()["statusCode"] == 0
            await asyncio.sleep(2.0)  # both parties have been heard, and their files are durable
            [folder] = (system.data / "audio/recordings/live").iterdir()
            shutil.rmtree(folder)
        assert await number(port, NOT_RECONCILED) == 0
        await told(port, NOT_RECONCILED)
        [trouble] = (await supervisor.get("/reconciliation")).json()["troubles"]
        assert trouble["callUuid"] == call["callUuid"]
        assert "call_not_reconciled" in system.log


async def test_a_recording_that_is_deleted_while_no_node_runs_is_missed_when_one_starts(tmp_path: Path) -> None:
    """REC-1, F17: the stocktaking of a whole node."""
    async with telegraphone(tmp_path) as system, client(system, AGENT) as agent, talking(system):
        call = (await agent.get("/me/calls?fields=*")).json()["calls"][0]
        await agent.post(f"/me/calls/{call['id']}", json={"operationName": "StartCallRecording"})
        await asyncio.sleep(1.0)
        await agent.post(f"/me/calls/{call['id']}", json={"operationName": "StopCallRecording"})
    [folder] = (tmp_path / "data/audio/recordings/sealed").glob("*/*")
    shutil.rmtree(folder)
    port = free_port()
    async with (
        telegraphone(tmp_path, more=f"\n[telemetry]\nmetrics_port = {port}\n") as system,
        client(system, SUPERVISOR) as supervisor,
    ):
        await told(port, GONE)
        [trouble] = (await supervisor.get("/reconciliation")).json()["troubles"]
        assert trouble["callUuid"] == call["callUuid"]
        assert "recording_gone" in system.log
