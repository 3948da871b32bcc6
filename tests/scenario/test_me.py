"""The agent over HTTP: /me and its children, the session, states, and what desktops ask at start (gws-api 5, 6)."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from telegraphone.domain.agent import AGENT_STATES, AgentState
from telegraphone.services.surroundings import Policies
from telegraphone.web.settings import Compatibility, WebSettings
from tests.scenario.clock import settle
from tests.scenario.world import DEVICE_ID, URL, World, contact_centre

OK = (200, {"statusCode": 0})
ME = "/api/v2/me"
NOT_REGISTERED = (500, {"statusCode": 4, "statusMessage": "Device '5001' is not registered."})
INVALID = "Parameter '{}' is invalid: The specified value is not within valid range"


@pytest.fixture
async def http(world: World) -> AsyncIterator[httpx.AsyncClient]:
    async with world.client("agent.one") as client:
        yield client


async def _get(http: httpx.AsyncClient, path: str) -> Any:
    response = await http.get(path)
    assert response.status_code == 200, (path, response.text)
    body = response.json()
    assert body.pop("statusCode") == 0
    return body


async def _post(http: httpx.AsyncClient, path: str, **body: Any) -> tuple[int, Any]:
    response = await http.post(path, json=body)
    return response.status_code, response.json()


async def _start(http: httpx.AsyncClient, *names: str) -> tuple[int, Any]:
    return await _post(http, ME, operationName="StartContactCenterSession", channels=list(names or ("voice",)))


async def test_a_user_without_children(http: httpx.AsyncClient) -> None:
    user = (await _get(http, ME))["user"]
    assert user == {
        "id": f"{1:032x}",
        "userName": "agent.one",
        "firstName": "Agent",
        "lastName": "One",
        "emailAddress": "",
        "roles": ["ROLE_AGENT"],
        "enabled": True,
        "changePasswordOnFirstLogin": False,
        "contactCenterId": user["contactCenterId"],
        "uri": f"{URL}/api/v2/users/{1:032x}",
        "path": f"/users/{1:032x}",
    }


@pytest.mark.parametrize(
    ("asked", "got"),
    [
        ("features,devices,channels", {"features", "devices", "channels"}),
        ("devices,calls,channels,interactions,chats", {"devices", "calls", "channels"}),
        ("features,devices,channels,settings", {"features", "devices", "channels", "settings"}),
        ("nothing,known", set()),
        (
            "*",
            {
                "devices",
                "calls",
                "features",
                "channels",
                "channelStates",
                "skills",
                "settings",
                "groups",
                "interactions",
                "chats",
            },
        ),
    ],
)
async def test_the_children_that_were_asked_for(http: httpx.AsyncClient, asked: str, got: set[str]) -> None:
    bare = (await _get(http, ME))["user"]
    user = (await _get(http, f"{ME}?subresources={asked}"))["user"]
    assert set(user) - set(bare) == got
    if asked == "*":
        assert user["settings"] == {}
        assert user["interactions"] == user["chats"] == user["skills"] == user["groups"] == []


async def test_a_user_without_a_phone(world: World) -> None:
    async with world.client("agent.phoneless") as http:
        user = (await _get(http, f"{ME}?subresources=*"))["user"]
        assert (user["devices"], user["calls"], user["channels"]) == ([], [], [])
        status, body = await _start(http)
        assert (status, body["statusCode"]) == (500, 4)


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        (("voice",), OK),
        (
            ("voice", "chat", "email"),
            (
                200,
                {
                    "statusCode": 7,
                    "failed": [
                        {
                            "statusCode": 4,
                            "statusMessage": "Interaction server connection is not opened",
                            "channel": "multimedia",
                        }
                    ],
                    "succeeded": [{"statusCode": 0, "channel": "voice"}],
                },
            ),
        ),
        (("chat",), (500, {"statusCode": 4, "statusMessage": "Interaction server connection is not opened"})),
    ],
)
async def test_starting_the_session(http: httpx.AsyncClient, asked: tuple[str, ...], answer: object) -> None:
    assert await _start(http, *asked) == answer


async def test_the_session_makes_the_device_active(world: World, http: httpx.AsyncClient) -> None:
    [device] = (await _get(http, "/api/v2/me/devices?fields=*"))["devices"]
    assert device["deviceState"] == "Inactive"
    assert "userState" not in device
    assert await _start(http) == OK
    [device] = (await _get(http, f"{ME}?subresources=devices"))["user"]["devices"]
    assert (device["deviceState"], device["userState"]) == ("Active", {"state": "LoggedIn"})
    assert [message["channel"] for message in world.log.of("agent.one")] == ["/v2/me/devices", "/v2/me/channels"]
    world.log.forget()
    assert await _start(http) == OK
    assert world.log.messages == [], "repeating changes nothing"
    assert await _post(http, ME, operationName="EndContactCenterSession") == OK
    [device] = (await _get(http, "/api/v2/me/devices?fields=*"))["devices"]
    assert device["deviceState"] == "Inactive"


async def test_a_phone_that_is_not_registered(world: World, http: httpx.AsyncClient) -> None:
    world.switch.phone("5001").unregister()
    await settle()
    assert await _start(http) == NOT_REGISTERED
    assert await _start(http, "voice", "chat") == NOT_REGISTERED
    dial = {"operationName": "Dial", "destination": {"phoneNumber": "5000"}}
    assert await _post(http, f"/api/v2/me/devices/{DEVICE_ID}/calls", **dial) == NOT_REGISTERED


@pytest.mark.parametrize(
    ("given", "status_code", "text"),
    [
        ({}, 1, "Required parameter 'channels' is missing."),
        ({"channels": []}, 1, "Required parameter 'channels' is missing."),
        ({"channels": "voice"}, 2, INVALID.format("channels")),
        ({"channels": ["voice", 7]}, 2, INVALID.format("channels")),
        ({"channels": [["voice"]]}, 2, INVALID.format("channels")),
    ],
)
async def test_a_session_that_is_asked_for_wrongly(
    http: httpx.AsyncClient, given: dict[str, Any], status_code: int, text: str
) -> None:
    answer = await _post(http, ME, operationName="StartContactCenterSession", **given)
    assert answer == (400, {"statusCode": status_code, "statusMessage": text})


@pytest.mark.parametrize("path", [ME, "/api/v2/me/channels/voice"])
async def test_states(world: World, http: httpx.AsyncClient, path: str) -> None:
    assert await _post(http, path, operationName="Ready") == NOT_REGISTERED
    assert await _start(http) == OK
    world.log.forget()
    for operation, state in (
        ("Ready", {"displayName": "Ready", "state": "Ready"}),
        ("NotReady", {"displayName": "Not Ready", "state": "NotReady"}),
        ("AuxWork", {"displayName": "AuxWork", "state": "NotReady", "workMode": "AuxWork"}),
        ("AfterCallWork", {"displayName": "AfterCallWork", "state": "NotReady", "workMode": "AfterCallWork"}),
    ):
        world.log.forget()
        assert await _post(http, path, operationName=operation) == OK
        device, voice = (message["data"] for message in world.log.of("agent.one"))
        shown = device["devices"][0]["userState"]
        assert {name: shown[name] for name in shown if name != "id"} == state
        assert voice["channels"] == [{"channel": "voice", "userState": shown}]
        assert (await _get(http, "/api/v2/me/channels/voice"))["channel"]["userState"] == shown
    assert await _post(http, path, operationName="Lunch") == (
        400,
        {"statusCode": 2, "statusMessage": INVALID.format("operationName")},
    )


async def test_other_media_do_not_exist(http: httpx.AsyncClient) -> None:
    status, body = await _post(http, "/api/v2/me/channels/chat", operationName="Ready")
    assert (status, body["statusCode"]) == (404, 6)
    assert (await _get(http, "/api/v2/me/channels"))["uris"] == [f"{URL}/api/v2/me/channels/voice"]
    [voice] = (await _get(http, "/api/v2/me/channels?fields=*"))["channels"]
    assert voice["userState"]["state"] == "LoggedOut"


async def test_devices(http: httpx.AsyncClient) -> None:
    assert await _get(http, "/api/v2/me/devices") == {"uris": [f"{URL}/api/v2/devices/{DEVICE_ID}"]}
    [some] = (await _get(http, "/api/v2/me/devices?fields=id,phoneNumber,colour"))["devices"]
    assert some == {"id": DEVICE_ID, "phoneNumber": "5001"}
    assert (await _get(http, "/api/v2/me/devices?fields=*&limit=0"))["devices"] == []
    assert (await _get(http, "/api/v2/me/devices?fields=*&offset=1"))["devices"] == []
    assert await _get(http, f"/api/v2/me/devices/{DEVICE_ID}/calls?fields=*") == {"calls": []}
    assert (await http.get("/api/v2/me/devices/other/calls")).status_code == 404
    one = await _get(http, f"/api/v2/me/devices/{DEVICE_ID}")
    assert one == await _get(http, f"/api/v2/devices/{DEVICE_ID}")
    assert one["device"]["phoneNumber"] == "5001"
    assert (await http.get("/api/v2/me/devices?fields=*&limit=-1")).json()["statusCode"] == 2


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("/api/v2/me/groups?type=BusinessUnit&fields=*", {"groups": []}),
        ("/api/v2/groups?type=dispositions&fields=*", {"groups": []}),
        ("/api/v2/workbins?fields=*", {"workbins": []}),
        ("/api/v2/users?offset=0", {"uris": []}),
        ("/internal-api/contact-center?subresources=businessAttributes", {"resources": {"businessAttributes": []}}),
        ("/internal-api/business-attributes", {"resources": {"businessAttributes": []}}),
        (f"/api/v2/me/devices/{DEVICE_ID}/settings/tserver", {"settings": [{"name": "record", "value": "false"}], "key": "name"}),
        (f"/api/v2/devices/{DEVICE_ID}/settings/tserver", {"settings": [{"name": "record", "value": "false"}], "key": "name"}),
        ("/api/v2/diagnostics/version", {"version": "8.5.100.00"}),
        (
            "/api/v2/settings/general-settings",
            {"settings": {"countryCode": "", "countryDigits": "", "countryName": ""}},
        ),
    ],
)
async def test_what_desktops_ask_for_at_start(http: httpx.AsyncClient, path: str, answer: object) -> None:
    assert await _get(http, path) == answer


async def test_the_list_of_states(http: httpx.AsyncClient) -> None:
    states = (await _get(http, "/api/v2/settings/agent-states"))["settings"]
    assert [state["operationName"] for state in states] == ["Ready", "NotReady", "AfterCallWork", "AuxWork", "Offline"]
    resources = (await _get(http, "/internal-api/me/settings?fields=*"))["resources"]
    assert resources == {"agentStates": states, "user": {"settings": []}}


async def test_services_and_contacts(http: httpx.AsyncClient) -> None:
    services = (await _get(http, "/api/v2/services?fields=*"))["services"]
    assert [(each["type"], each["state"]) for each in services] == [("Provisioning", "Active"), ("Voice", "Active")]
    contact = (await _get(http, f"/api/v2/contacts/{1:032x}?type=User"))["contact"]
    assert contact == {
        "id": f"{1:032x}",
        "name": "Agent One",
        "type": "User",
        "phoneNumbers": [{"phoneNumber": "5001", "description": "", "switchName": ""}],
        "userName": "agent.one",
        "firstName": "Agent",
        "lastName": "One",
        "employeeId": "agent.one",
        "uri": f"{URL}/api/v2/contacts/{1:032x}",
        "path": f"/contacts/{1:032x}",
    }
    assert contact in (await _get(http, "/api/v2/contacts?fields=*&limit=100"))["contacts"]
    assert (await http.get("/api/v2/contacts/none")).status_code == 404
    assert await _post(http, "/internal-api/operations", operationName="SendUserEvent", deviceId=DEVICE_ID) == OK


async def test_the_later_generation_differs_in_shape_only() -> None:
    async with contact_centre(settings=WebSettings(URL, Compatibility.V8_5_2)) as world, world.client("agent.one") as http:
        assert await _get(http, "/api/v2/diagnostics/version") == {"version": "8.5.202.96"}
        assert await _start(http) == OK
        [device] = (await _get(http, "/api/v2/me/devices?fields=*"))["devices"]
        assert device["dynamicPhoneNumber"] == ""
        for message in world.log.of("agent.one"):
            times = message["data"]["metrics"]["eventProcessing"]
            assert times["serverGenerationTimestamp"] == round(world.clock.utc().timestamp() * 1000)


async def test_the_phone_of_an_agent_who_is_recorded_says_so() -> None:
    policies = Policies(recorded_numbers=frozenset({"5001"}))
    async with contact_centre(policies=policies) as world, world.client("agent.one") as http:
        answer = await _get(http, f"/api/v2/me/devices/{DEVICE_ID}/settings/tserver")
        assert answer == {"settings": [{"name": "record", "value": "true"}], "key": "name"}


async def test_states_of_the_installation() -> None:
    lunch = AgentState("0C1D", "Lunch", "Lunch break", "NotReady", reason="lunch")
    async with contact_centre(states=(*AGENT_STATES, lunch)) as world, world.client("agent.one") as http:
        listed = (await _get(http, "/api/v2/settings/agent-states"))["settings"]
        shown = {"id": "0C1D", "displayName": "Lunch break", "state": "NotReady", "reason": "lunch"}
        assert listed[-1] == {**shown, "operationName": "Lunch"}
        assert await _start(http) == OK
        assert await _post(http, "/api/v2/me/channels/voice", operationName="Lunch") == OK
        [device] = (await _get(http, "/api/v2/me/devices?fields=*"))["devices"]
        assert device["userState"] == shown
