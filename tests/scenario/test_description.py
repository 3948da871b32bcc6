"""The description of the API: complete, well-formed, and true of what the server really answers, in both generations."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import jsonschema_rs
import pytest

from telegraphone.domain.permissions import Action
from telegraphone.services.webhooks import Webhook
from telegraphone.web.gws.links import API
from telegraphone.web.settings import Compatibility, WebSettings
from tests.scenario.clock import settle
from tests.scenario.world import DEVICE_ID, URL, Asks, World, contact_centre

Json = dict[str, Any]


@pytest.fixture(params=list(Compatibility), ids=lambda mode: mode.value)
async def world(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    async with contact_centre(settings=WebSettings(URL, request.param)) as centre:
        yield centre


async def _description(world: World) -> Json:
    async with world.client("agent.one") as http:
        response = await http.get(f"{API}/openapi.json")
        assert response.status_code == 200
        described: Json = response.json()
        return described


def _check(description: Json, schema: Json, instance: object) -> None:
    jsonschema_rs.validator_for({**schema, "components": description["components"]}).validate(instance)


def _answer_to(description: Json, method: str, template: str) -> Json:
    answers: Json = description["paths"][template][method.lower()]["responses"]
    schema: Json = answers["201" if "201" in answers else "200"]["content"]["application/json"]["schema"]
    return schema


async def test_every_url_is_described(world: World) -> None:
    description = await _description(world)
    served = {(route.template, method.lower()) for route in world.app.table.routes for method in route.handlers}
    described = {(path, method) for path, methods in description["paths"].items() for method in methods if method != "parameters"}
    assert described == served
    operations = [
        operation for methods in description["paths"].values() for name, operation in methods.items() if name != "parameters"
    ]
    names = [operation["operationId"] for operation in operations]
    assert len(set(names)) == len(names)
    assert all(operation["summary"] for operation in operations)


async def test_every_schema_is_one(world: World) -> None:
    for schema in (await _description(world))["components"]["schemas"].values():
        jsonschema_rs.meta.validate({"$schema": "https://json-schema.org/draft/2020-12/schema", **schema})


async def test_the_description_is_for_users_only(world: World) -> None:
    async with world.client() as http:
        assert (await http.get(f"{API}/openapi.json")).status_code == 403
        page = await http.get(f"{API}/docs")
        assert page.headers["content-type"].startswith("text/html")
        for name, media_type in (("docs.js", "text/javascript"), ("docs.css", "text/css")):
            assert f"{API}/docs/{name}" in page.text
            file = await http.get(f"{API}/docs/{name}")
            assert (file.status_code, file.headers["content-type"]) == (200, f"{media_type}; charset=utf-8")


async def _busy(world: World, http: httpx.AsyncClient) -> str:
    """The agent at work with a recorded call and a consult about it; the id of the call."""
    await http.post(f"{API}/me", json={"operationName": "StartContactCenterSession", "channels": ["voice"]})
    await http.post(f"{API}/me/channels/voice", json={"operationName": "AuxWork"})
    await http.post(f"{API}/me/devices/{DEVICE_ID}", json={"operationName": "ForwardCallsOn", "destination": "5003"})
    await http.post(f"{API}/me/devices/{DEVICE_ID}", json={"operationName": "ForwardCallsOff"})
    await world.answered_call("5000", "5001")
    [link] = (await http.get(f"{API}/me/calls")).json()["uris"]
    for operation in ("StartCallRecording", "PauseCallRecording"):
        assert (await http.post(link, json={"operationName": operation})).json() == {"statusCode": 0}
    await http.post(link, json={"operationName": "UpdateUserData", "userData": {"a": {"b": [1, None]}}})
    consult = {"operationName": "InitiateTransfer", "destination": {"phoneNumber": "5002"}}
    assert (await http.post(link, json=consult)).json() == {"statusCode": 0}
    await settle()
    return str(link.rpartition("/")[2])


@pytest.mark.parametrize("query", ["", "?fields=*", "?fields=id,state", "?subresources=*", "?fields=*&limit=1&offset=1"])
async def test_answers_are_as_described(world: World, query: str) -> None:
    description = await _description(world)
    async with world.client("agent.one") as http:
        call_id = await _busy(world, http)
        await http.post(f"{API}/recording-label-definitions", json={"name": "complaint"})
        for template, methods in description["paths"].items():
            if "get" not in methods or any(
                f"/{each}" in template for each in ("recordings", "webhooks", "exports", "approvals", "reconciliation")
            ):
                continue
            known = {"devices": DEVICE_ID, "calls": call_id, "contacts": f"{1:032x}"}
            path = (
                template.replace("{channel}", "voice")
                .replace("{name}", "complaint")
                .replace("{id}", known.get(template.split("{id}")[0].split("/")[-2], ""))
            )
            response = await http.get(path + query)
            assert response.status_code == 200, path
            _check(description, _answer_to(description, "GET", template), response.json())


async def test_what_administrators_see_is_as_described() -> None:
    webhook = Webhook("crm", "default", "https://crm.example.com/hook", b"s" * 32)
    asks = Asks(four_eyes={"default": frozenset({Action.HOLD})})
    async with contact_centre(webhooks=(webhook,), asks=asks) as office, office.client("admin.one") as http:
        description = await _description(office)
        async with office.client("compliance.one") as officer:
            wish = {"operationName": "releaseHold", "matter": "case 7"}
            assert (await officer.post(f"{API}/recordings", json=wish)).status_code == 403
        for method, template, body in (
            ("GET", "/api/v2/approvals", None),
            ("GET", "/api/v2/webhooks", None),
            ("POST", "/api/v2/webhooks/{name}", {"operationName": "Replay", "after": 0}),
        ):
            answer = await http.request(method, template.replace("{name}", "crm"), json=body)
            assert answer.status_code == 200
            _check(description, _answer_to(description, method, template), answer.json())


async def test_events_are_as_described(world: World) -> None:
    description = await _description(world)
    async with world.client("agent.one") as http:
        await _busy(world, http)
    kinds = set()
    for message in world.log.of("agent.one") + world.log.of("agent.two"):
        kind = message["data"]["messageType"]
        kinds.add(kind)
        _check(description, description["components"]["schemas"][kind], message["data"])
    assert kinds == {"CallStateChangeMessage", "DeviceStateChangeMessage", "ChannelStateChangeMessageV2"}


async def test_refusals_are_as_described(world: World) -> None:
    description = await _description(world)
    refusal = description["components"]["schemas"]["Refusal"]
    async with world.client("agent.one") as http, world.client() as nobody:
        for response in (
            await nobody.get(f"{API}/me"),
            await http.get(f"{API}/none"),
            await http.put(f"{API}/me", json={}),
            await http.post(f"{API}/me", json={}),
            await http.post(f"{API}/me", content=b"x" * 70_000),
            await http.post(f"{API}/me", json={"operationName": "Ready"}),
            await http.get(f"{API}/recordings?userName=x"),
        ):
            assert response.status_code >= 400
            _check(description, refusal, response.json())


async def _recorded(world: World) -> None:
    """Two calls with a paused recording each."""
    for _ in range(2):
        await world.answered_call("5000", "5001")
        async with world.client("agent.one") as http:
            [link] = (await http.get(f"{API}/me/calls")).json()["uris"]
            for operation in ("Start", "Pause", "Resume"):
                await http.post(link, json={"operationName": f"{operation}CallRecording"})
                await world.clock.advance(10)
        world.switch.phone("5000").hang_up()
        await settle()


SPAN = {"startTime": "2026-11-24T09:00:31Z", "endTime": "2026-11-24T09:00:32Z"}
"""In the second call."""


async def test_recordings_are_as_described(world: World) -> None:
    description = await _description(world)
    await _recorded(world)
    async with world.client("compliance.one") as http:
        for query in ("?userName=*", "?userName=*&fields=*&limit=1", "?userName=*&fields=*&subresources=labels&offset=1"):
            response = await http.get(f"{API}/recordings{query}")
            _check(description, _answer_to(description, "GET", f"{API}/recordings"), response.json())
        [link, *_] = (await http.get(f"{API}/recordings?userName=*")).json()["uris"]
        for method, template, body in (
            ("GET", "", None),
            ("POST", "/recordings", {"operationName": "placeHold", "matter": "case 7", "criteria": {"userName": "*"}}),
            ("POST", "/recordings", {"operationName": "releaseHold", "matter": "case 7"}),
            ("POST", "/recording-label-definitions", {"name": "complaint"}),
            ("GET", "/recording-label-definitions?fields=*", None),
            ("POST", "/labels", {"name": "complaint"}),
            ("GET", "/labels?fields=*", None),
            ("GET", "/labels/{name}", None),
            ("GET", "/pauses", None),
            ("GET", "/completeness", None),
            ("POST", "/exports", {"criteria": {"userName": "*"}}),
            ("GET", "/exports", None),
            ("GET", "/reconciliation", None),
            ("POST", "", {"operationName": "redactConversation", "reason": "asked for", **SPAN}),
            ("DELETE", "", None),
            ("GET", "/tombstone", None),
        ):
            whole = (
                f"{API}{template}"
                if template.startswith(("/recording", "/exports", "/reconciliation"))
                else f"{API}/recordings/{{id}}{template}"
            )
            url = whole.replace("{id}", link.rpartition("/")[2]).replace("{name}", "complaint")
            response = await http.request(method, url, json=body)
            assert response.status_code < 300, whole
            _check(description, _answer_to(description, method, whole.partition("?")[0]), response.json())
