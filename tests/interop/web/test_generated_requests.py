"""Requests made up from the description of the API, sent to a whole server with phones: none of them breaks it, and every
answer is one that was described."""

import asyncio
import json
import sys
from asyncio.subprocess import PIPE, STDOUT
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from telegraphone.phone import Phone, PhoneOptions
from tests.interop.system import HASH, HOST, PASSWORD, System, telegraphone

USER = "agent.and.supervisor"
ROOT = Path(__file__).parents[3]
PATIENCE_S = 200
ACCOUNT = f"""
[[agents]]
user_name = "{USER}"
password_hash = "{HASH}"
phone = "5000"
roles = ["agent", "supervisor"]
"""


@asynccontextmanager
async def _phone(system: System, number: str) -> AsyncIterator[Phone]:
    phone = Phone(number, number, number * 3, (HOST, system.sip_port), HOST, options=PhoneOptions(answers_after_s=0.1))
    await phone.register()
    try:
        yield phone
    finally:
        await phone.close()


async def _known(http: httpx.AsyncClient) -> dict[str, str]:
    """Signs in and makes a call; ids by the part of the URL that stands before them."""
    session = {"operationName": "StartContactCenterSession", "channels": ["voice"]}
    assert (await http.post("/api/v2/me", json=session)).json() == {"statusCode": 0}
    [device] = (await http.get("/api/v2/me/devices?fields=id")).json()["devices"]
    dial = {"operationName": "Dial", "destination": {"phoneNumber": "5001"}}
    assert (await http.post(f"/api/v2/me/devices/{device['id']}/calls", json=dial)).json() == {"statusCode": 0}
    [call] = (await http.get("/api/v2/me/calls?fields=id")).json()["calls"]
    user = (await http.get("/api/v2/me")).json()["user"]
    return {"devices": device["id"], "calls": call["id"], "channels": "voice", "contacts": user["id"]}


async def _tried(url: str, known: dict[str, str]) -> set[tuple[str, str]]:
    asked = json.dumps({"url": url, "user": USER, "password": PASSWORD, "known": known})
    command = (sys.executable, "-m", "tests.interop.web.request_maker", asked)
    process = await asyncio.create_subprocess_exec(*command, stdout=PIPE, stderr=STDOUT, cwd=ROOT)
    try:
        async with asyncio.timeout(PATIENCE_S):
            said, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
    assert process.returncode == 0, said.decode(errors="replace")
    return {(path, method) for path, method in json.loads(said)}


async def test_no_described_request_breaks_the_server(tmp_path: Path) -> None:
    async with telegraphone(tmp_path, more=ACCOUNT) as system, _phone(system, "5000"), _phone(system, "5001"):
        async with httpx.AsyncClient(base_url=system.url, auth=(USER, PASSWORD), trust_env=False) as http:
            tried = await _tried(system.url, await _known(http))
            served = (await http.get("/api/v2/openapi.json")).json()["paths"]
            described = {(path, name) for path, methods in served.items() for name in methods if name != "parameters"}
            assert described - tried == {("/api/v2/openapi.json", "get")}, "which is where the description came from"
            assert (await http.get("/health")).is_success
        assert "request_crashed" not in system.log
        assert "Traceback" not in system.log
