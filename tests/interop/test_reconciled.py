"""A call whose recording is lost under a running node: the log, the numbers and the supervisors' list say so."""

import asyncio
import re
import shutil
from pathlib import Path

import httpx

from tests.interop.system import AGENT, HOST, PASSWORD, SUPERVISOR, System, free_port, talking, telegraphone

PATIENCE_S = 60.0
"""Within a minute it has to be told (properties REC-1)."""


def client(system: System, user_name: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=f"{system.url}/api/v2", auth=(user_name, PASSWORD), trust_env=False)


async def not_reconciled(port: int) -> int:
    async with httpx.AsyncClient(trust_env=False) as http:
        page = (await http.get(f"http://{HOST}:{port}/metrics")).text
    found = re.search(r"^telegraphone_calls_not_reconciled (\S+)$", page, re.MULTILINE)
    assert found, page
    return int(float(found.group(1)))


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
        assert await not_reconciled(port) == 0
        async with asyncio.timeout(PATIENCE_S):
            while await not_reconciled(port) == 0:  # noqa: ASYNC110 -- another process has no event
                await asyncio.sleep(1.0)
        [trouble] = (await supervisor.get("/reconciliation")).json()["troubles"]
        assert trouble["callUuid"] == call["callUuid"]
        assert "call_not_reconciled" in system.log
