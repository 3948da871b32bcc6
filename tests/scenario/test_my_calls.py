"""The agent's calls over HTTP: reading, dialling, answering, hanging up, user data, and the events that follow (gws-api 7)."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from telegraphone.web.gws import requests
from telegraphone.web.settings import Compatibility, WebSettings
from tests.scenario.clock import settle
from tests.scenario.world import DEVICE_ID, URL, World, contact_centre

OK = (200, {"statusCode": 0})
CALLS = "/api/v2/me/calls"
DIAL = f"/api/v2/me/devices/{DEVICE_ID}/calls"


@pytest.fixture(params=list(Compatibility), ids=lambda mode: mode.value)
async def world(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    async with contact_centre(settings=WebSettings(URL, request.param)) as centre:
        yield centre


@pytest.fixture
async def http(world: World) -> AsyncIterator[httpx.AsyncClient]:
    async with world.client("agent.one") as client:
        yield client


async def _post(http: httpx.AsyncClient, path: str, operation: str, **body: Any) -> tuple[int, Any]:
    response = await http.post(path, json={"operationName": operation, **body})
    await settle()
    return response.status_code, response.json()


async def _only_call(http: httpx.AsyncClient) -> dict[str, Any]:
    [call] = (await http.get(f"{CALLS}?fields=*")).json()["calls"]
    assert isinstance(call, dict)
    return call


async def test_without_calls(http: httpx.AsyncClient) -> None:
    assert (await http.get(CALLS)).json() == {"statusCode": 0, "uris": []}
    assert (await http.get(f"{CALLS}?fields=*")).json() == {"statusCode": 0, "calls": []}


async def test_both_ids_name_the_call(world: World, http: httpx.AsyncClient) -> None:
    await world.answered_call("5000", "5001")
    call = await _only_call(http)
    view = world.calls.of(world.agent("agent.one"))[0]
    assert call["id"] in {view.conn_id, view.call_uuid}
    for reference in (view.conn_id, view.conn_id.upper(), view.call_uuid):
        assert (await http.get(f"{CALLS}/{reference}")).json() == {"statusCode": 0, "call": call}
    assert (await http.get(f"{CALLS}/{view.call_uuid.lower()}")).status_code == 404
    assert (await http.get(CALLS)).json()["uris"] == [call["uri"]]
    assert (await http.get("/api/v2/me?subresources=calls")).json()["user"]["calls"] == [call]
    assert (await http.get(f"{CALLS}?fields=id,state")).json()["calls"] == [{"id": call["id"], "state": "Established"}]


async def test_an_incoming_call_from_ring_to_end(world: World, http: httpx.AsyncClient) -> None:
    await world.ringing_call("5000", "5001")
    path = (await _only_call(http))["uri"].removeprefix(URL)
    assert "Answer" in (await _only_call(http))["capabilities"]
    await world.clock.advance(2.9)
    assert (await _only_call(http))["duration"] == "2"
    assert await _post(http, path, "Answer") == OK
    assert (await _only_call(http))["state"] == "Established"
    assert await _post(http, path, "Hangup") == OK
    assert (await http.get(CALLS)).json()["uris"] == []
    assert world.log.told("agent.one") == [("StatusChange", state) for state in ("Ringing", "Established", "Released")]


@pytest.mark.parametrize("operation", ["Reject", "Hangup"])
async def test_a_ringing_call_is_refused(world: World, http: httpx.AsyncClient, operation: str) -> None:
    await world.ringing_call("5000", "5001")
    call = await _only_call(http)
    assert operation not in call["capabilities"]
    assert await _post(http, call["uri"].removeprefix(URL), operation) == OK
    assert world.log.told("agent.one")[-1] == ("StatusChange", "Released")


async def test_dialling(world: World, http: httpx.AsyncClient) -> None:
    data = {"account": {"id": 42, "tags": ["a", None]}}
    assert await _post(http, DIAL, "Dial", destination={"phoneNumber": "5000"}, userData=data) == OK
    call = await _only_call(http)
    assert (call["state"], call["dnis"], call["userData"]) == ("Dialing", "5000", data)
    assert "ani" not in call
    world.switch.phone("5001").answer()
    await settle()
    world.switch.phone("5000").answer()
    await settle()
    assert world.log.told("agent.one") == [("StatusChange", "Dialing"), ("StatusChange", "Established")]


@pytest.mark.parametrize(
    ("body", "status_code", "text"),
    [
        ({"operationName": "Hold"}, 2, "Parameter 'operationName' is invalid"),
        ({"operationName": "Dial"}, 1, "Required parameter 'destination' is missing."),
        ({"operationName": "Dial", "destination": "5000"}, 2, "Parameter 'destination' is invalid"),
        ({"operationName": "Dial", "destination": {}}, 1, "Required parameter 'destination.phoneNumber' is missing."),
        ({"operationName": "Dial", "destination": {"phoneNumber": 5}}, 2, "Parameter 'destination.phoneNumber' is invalid"),
        ({"operationName": "Dial", "destination": {"phoneNumber": "5\n6"}}, 2, "Parameter 'destination.phoneNumber' is invalid"),
        (
            {"operationName": "Dial", "destination": {"phoneNumber": "5000"}, "userData": []},
            2,
            "Parameter 'userData' is invalid",
        ),
    ],
)
async def test_dialling_wrongly(world: World, http: httpx.AsyncClient, body: dict[str, Any], status_code: int, text: str) -> None:
    response = await http.post(DIAL, json=body)
    assert (response.status_code, response.json()["statusCode"]) == (400, status_code)
    assert response.json()["statusMessage"].startswith(text)
    assert world.log.messages == []


async def test_dialling_from_somebody_elses_device(http: httpx.AsyncClient) -> None:
    status, body = await _post(http, "/api/v2/me/devices/other/calls", "Dial", destination={"phoneNumber": "5000"})
    assert (status, body["statusCode"]) == (404, 6)


async def test_user_data(world: World, http: httpx.AsyncClient) -> None:
    await world.answered_call("5002", "5001")
    path = (await _only_call(http))["uri"].removeprefix(URL)
    world.log.forget()
    nested = {"WWE_PARTY_5001": {"username": "agent.one", "path": "/users/1"}, "n": 1.5}
    assert await _post(http, path, "AttachUserData", userData=nested) == OK
    assert await _post(http, path, "UpdateUserData", userData={"n": [1, {"b": None}], "GSIP_RECORD": "ON"}) == OK
    assert (await _only_call(http))["userData"] == {**nested, "n": [1, {"b": None}]}
    assert await _post(http, path, "DeleteUserDataPair", key="n") == OK
    assert await _post(http, path, "DeleteUserDataPair", key="GSIP_REC_FN") == OK
    assert (await _only_call(http))["userData"] == {"WWE_PARTY_5001": nested["WWE_PARTY_5001"]}
    assert await _post(http, path, "DeleteUserData") == OK
    assert "userData" not in await _only_call(http)
    for agent in ("agent.one", "agent.two"):
        assert world.log.told(agent) == [("AttachedDataChanged", "Established")] * 5
        assert all("extensions" not in message["data"] for message in world.log.of(agent))


@pytest.mark.parametrize(
    ("operation", "body", "status_code"),
    [
        ("AttachUserData", {}, 1),
        ("UpdateUserData", {"userData": "x"}, 2),
        ("AttachUserData", {"userData": [1]}, 2),
        ("DeleteUserDataPair", {}, 1),
        ("DeleteUserDataPair", {"key": 5}, 2),
    ],
)
async def test_user_data_given_wrongly(
    world: World, http: httpx.AsyncClient, operation: str, body: dict[str, Any], status_code: int
) -> None:
    await world.answered_call("5000", "5001")
    path = (await _only_call(http))["uri"].removeprefix(URL)
    status, answer = await _post(http, path, operation, **body)
    assert (status, answer["statusCode"]) == (400, status_code)


async def test_a_released_call_can_be_read_for_a_minute(world: World, http: httpx.AsyncClient) -> None:
    await world.answered_call("5000", "5001")
    path = (await _only_call(http))["uri"].removeprefix(URL)
    assert await _post(http, path, "Hangup") == OK
    await world.clock.advance(59)
    call = (await http.get(path)).json()["call"]
    assert (call["state"], call["capabilities"], call["recordingState"]) == ("Released", [], "Stopped")
    assert await _post(http, path, "Complete") == OK
    status, body = await _post(http, path, "Hangup")
    text = "Operation 'Hangup' is not valid in the current state: call state is 'Released'."
    assert (status, body) == (400, {"statusCode": 2, "statusMessage": text})
    await world.clock.advance(2)
    assert (await http.get(path)).status_code == 404
    assert (await _post(http, path, "Complete"))[0] == 404


async def test_the_end_of_the_session_leaves_the_call_alone(world: World, http: httpx.AsyncClient) -> None:
    await world.answered_call("5000", "5001")
    path = (await _only_call(http))["uri"].removeprefix(URL)
    assert await _post(http, path, "StartCallRecording") == OK
    assert await _post(http, "/api/v2/me", "EndContactCenterSession") == OK
    call = (await http.get(path)).json()["call"]
    assert (call["state"], call["recordingState"]) == ("Established", "Recording")


async def test_events_reach_a_cometd_client(world: World, http: httpx.AsyncClient) -> None:
    async def say(path: str = "/api/v2/notifications", **message: Any) -> list[dict[str, Any]]:
        answer: list[dict[str, Any]] = (await http.post(path, json=[message])).json()
        return answer

    [hello] = await say(channel="/meta/handshake", version="1.0", supportedConnectionTypes=["long-polling"])
    me = {"clientId": hello["clientId"]}
    await say(channel="/meta/subscribe", subscription="/v2/me/*", **me)
    await say(channel="/meta/connect", connectionType="long-polling", **me)
    held = asyncio.ensure_future(say("/genesys/cometd/connect", channel="/meta/connect", connectionType="long-polling", **me))
    await settle()
    assert not held.done()
    await world.ringing_call("5000", "5001")
    event, reply = await held
    assert event["channel"] == "/v2/me/calls"
    assert event["data"]["call"]["state"] == "Ringing"
    assert reply["successful"] is True
    held = asyncio.ensure_future(say(channel="/meta/connect", connectionType="long-polling", **me))
    await settle()
    assert await _post(http, "/api/v2/me", "EndContactCenterSession") == OK
    *_, last = await held
    assert (last["successful"], last["error"]) == (False, "402::Unknown client"), "it ends with its sign-in"


async def test_a_body_that_does_not_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requests, "HTTP_BODY_S", 0.05)

    async def endless() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.Event().wait()

    async with contact_centre() as world, world.client("agent.one") as http:
        answer = await http.post("/api/v2/me", content=endless())
    assert answer.status_code == 408
    assert answer.json() == {"statusCode": 2, "statusMessage": "Request body did not arrive in time."}
