"""Requests made up from the description of the API, sent to a whole server with phones: none of them breaks it, and every
answer is one that was described."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import CheckContext
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from telegraphone.phone import Phone, PhoneOptions
from tests.interop.system import HASH, HOST, PASSWORD, System, telegraphone

USER = "agent.and.supervisor"
EXAMPLES = 7
ACCOUNT = f"""
[[agents]]
user_name = "{USER}"
password_hash = "{HASH}"
phone = "5000"
roles = ["agent", "supervisor"]
"""


def honest(_: CheckContext, response: schemathesis.Response, case: schemathesis.Case) -> None:
    """No answer says that the server is broken. That a phone is not there, or that nobody is signed in at it, the API says
    by a 500 with a text of its own (gws-api 5.2)."""
    if response.status_code < 500:
        return
    said = response.json()["statusMessage"]
    assert said.endswith("is not registered.") or "Interaction server" in said, (case.method, case.path, case.body, said)


CHECKS = [
    honest,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
]


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


def _try_everything(url: str, known: dict[str, str]) -> set[tuple[str, str]]:
    schema = schemathesis.openapi.from_url(f"{url}/api/v2/openapi.json", auth=(USER, PASSWORD))
    tried = set()
    for found in schema.get_all_operations():
        operation = found.ok()
        _try(operation, url, known)
        tried.add((operation.path, operation.method.lower()))
    return tried


def _try(operation: Any, url: str, known: dict[str, str]) -> None:
    pairs = itertools.pairwise(operation.path.split("/"))
    ids = {part[1:-1]: known[before] for before, part in pairs if part.startswith("{") and before in known}

    @settings(
        max_examples=EXAMPLES, deadline=None, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
    )
    @given(case=operation.as_strategy(), real=st.booleans())
    def play(case: schemathesis.Case, real: bool) -> None:
        if real:
            case.path_parameters = {**(case.path_parameters or {}), **ids}
        case.call_and_validate(base_url=url, checks=CHECKS, auth=(USER, PASSWORD), timeout=10)

    play()


async def test_no_described_request_breaks_the_server(tmp_path: Path) -> None:
    async with telegraphone(tmp_path, more=ACCOUNT) as system, _phone(system, "5000"), _phone(system, "5001"):
        async with httpx.AsyncClient(base_url=system.url, auth=(USER, PASSWORD), trust_env=False) as http:
            known = await _known(http)
            tried = await asyncio.to_thread(_try_everything, system.url, known)
            served = (await http.get("/api/v2/openapi.json")).json()["paths"]
            described = {(path, name) for path, methods in served.items() for name in methods if name != "parameters"}
            assert described - tried == {("/api/v2/openapi.json", "get")}, "which is where the description came from"
            assert (await http.get("/health")).is_success
        assert "request_crashed" not in system.log
        assert "Traceback" not in system.log
