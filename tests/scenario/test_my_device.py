"""The agent's device over HTTP: who is not to be disturbed, whose calls go elsewhere, and what others notice of it."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from telegraphone.web.settings import Compatibility, WebSettings
from tests.scenario.clock import settle
from tests.scenario.world import DEVICE_ID, URL, World, contact_centre

OK = (200, {"statusCode": 0})
DEVICE = f"/api/v2/me/devices/{DEVICE_ID}"
INVALID = "Parameter 'destination' is invalid: The specified value is not within valid range"


@pytest.fixture(params=list(Compatibility), ids=lambda mode: mode.value)
async def world(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    async with contact_centre(settings=WebSettings(URL, request.param)) as centre:
        yield centre


@pytest.fixture
async def http(world: World) -> AsyncIterator[httpx.AsyncClient]:
    async with world.client("agent.one") as client:
        await client.post("/api/v2/me", json={"operationName": "StartContactCenterSession", "channels": ["voice"]})
        world.log.forget()
        yield client


async def _post(http: httpx.AsyncClient, operation: str, **more: object) -> tuple[int, Any]:
    response = await http.post(DEVICE, json={"operationName": operation, **more})
    return response.status_code, response.json()


async def _device(http: httpx.AsyncClient) -> dict[str, Any]:
    device: dict[str, Any] = (await http.get(DEVICE)).json()["device"]
    return device


def _rings(world: World, number: str) -> bool:
    return world.switch.phone(number).leg is not None


async def test_do_not_disturb(world: World, http: httpx.AsyncClient) -> None:
    assert (await _device(http))["capabilities"] == ["DoNotDisturbOn", "ForwardCallsOn"]
    assert await _post(http, "DoNotDisturbOn") == OK
    device = await _device(http)
    assert (device["doNotDisturb"], device["capabilities"]) == ("On", ["DoNotDisturbOff", "ForwardCallsOn"])
    [message] = world.log.of("agent.one")
    assert message["channel"] == "/v2/me/devices"
    assert message["data"]["messageType"] == "DeviceStateChangeMessage"
    assert message["data"]["devices"] == [device]
    world.log.forget()
    assert await _post(http, "DoNotDisturbOn") == OK
    assert world.log.messages == [], "repeating changes nothing"
    await world.ringing_call("5000", "5001")
    assert not _rings(world, "5001")
    assert world.log.messages == [], "the agent does not notice the call"
    assert await _post(http, "DoNotDisturbOff") == OK
    await world.ringing_call("5000", "5001")
    assert _rings(world, "5001")


async def test_a_colleague_finds_a_disturbed_device_busy(world: World, http: httpx.AsyncClient) -> None:
    assert await _post(http, "DoNotDisturbOn") == OK
    await world.ringing_call("5002", "5001")
    assert world.log.told("agent.two") == [("StatusChange", "Dialing"), ("StatusChange", "Released")]


async def test_an_agent_who_is_not_to_be_disturbed_can_dial(world: World, http: httpx.AsyncClient) -> None:
    assert await _post(http, "DoNotDisturbOn") == OK
    dial = {"operationName": "Dial", "destination": {"phoneNumber": "5000"}}
    assert (await http.post(f"{DEVICE}/calls", json=dial)).json() == {"statusCode": 0}
    assert _rings(world, "5001")


async def test_forwarded_calls_ring_elsewhere(world: World, http: httpx.AsyncClient) -> None:
    assert await _post(http, "ForwardCallsOn", destination="5002") == OK
    device = await _device(http)
    assert (device["forwardTo"], device["capabilities"]) == ("5002", ["DoNotDisturbOn", "ForwardCallsOff"])
    await world.ringing_call("5000", "5001")
    world.switch.phone("5002").answer()
    await settle()
    assert world.log.told("agent.two") == [("StatusChange", "Ringing"), ("StatusChange", "Established")]
    async with world.client("agent.two") as other:
        [call] = (await other.get("/api/v2/me/calls?fields=*")).json()["calls"]
        assert (call["ani"], call["dnis"]) == ("5000", "5001"), "what was dialled is still seen"
    assert world.log.told("agent.one") == [("DeviceStateChangeMessage", "")]
    assert await _post(http, "ForwardCallsOff") == OK
    assert "forwardTo" not in await _device(http)


async def test_forwarding_goes_on_after_work(world: World, http: httpx.AsyncClient) -> None:
    assert await _post(http, "ForwardCallsOn", destination="5002") == OK
    await http.post("/api/v2/me", json={"operationName": "EndContactCenterSession"})
    await world.ringing_call("5000", "5001")
    assert _rings(world, "5002")


async def test_a_transfer_follows_the_forwarding(world: World, http: httpx.AsyncClient) -> None:
    assert await _post(http, "ForwardCallsOn", destination="5003") == OK
    await world.answered_call("5000", "5002")
    async with world.client("agent.two") as other:
        [link] = (await other.get("/api/v2/me/calls")).json()["uris"]
        transfer = {"operationName": "SingleStepTransfer", "destination": {"phoneNumber": "5001"}}
        assert (await other.post(link, json=transfer)).json() == {"statusCode": 0}
    await settle()
    assert _rings(world, "5003")


@pytest.mark.parametrize(
    ("given", "status_code", "text"),
    [
        ({}, 1, "Required parameter 'destination' is missing."),
        ({"destination": ""}, 1, "Required parameter 'destination' is missing."),
        ({"destination": {"phoneNumber": "5002"}}, 2, INVALID),
        ({"destination": "5001"}, 2, INVALID),
        ({"destination": "50\n02"}, 2, INVALID),
        ({"destination": "5" * 200}, 2, INVALID),
    ],
    ids=["absent", "empty", "an object", "itself", "two lines", "too long"],
)
async def test_a_destination_that_is_none(http: httpx.AsyncClient, given: dict[str, object], status_code: int, text: str) -> None:
    assert await _post(http, "ForwardCallsOn", **given) == (400, {"statusCode": status_code, "statusMessage": text})
    assert "forwardTo" not in await _device(http)


async def test_a_device_where_nobody_works_refuses(world: World) -> None:
    async with world.client("agent.one") as http:
        assert (await _device(http))["capabilities"] == []
        refused = (500, {"statusCode": 4, "statusMessage": "Device '5001' is not registered."})
        assert await _post(http, "DoNotDisturbOn") == refused
    async with world.client("agent.two") as other:
        status, body = await _post(other, "DoNotDisturbOn")
        assert (status, body["statusCode"]) == (404, 6), "somebody else's"
