"""What desktops ask for when they start, answered with the least that lets them go on (section 5.4)."""

from telegraphone.web.settings import Compatibility
from tests.conformance.agent_rules import DONE, operate, start, the_user_of
from tests.conformance.desk import API, Desk
from tests.conformance.rule import Rule, rule
from tests.conformance.stage import DN, ONE, Json, Stage


def least(path: str, members: Json) -> Rule:
    """The least answer to a request of section 5.4."""

    async def play(stage: Stage) -> None:
        answer = await stage.ask(ONE, "GET", path)
        assert (answer.status, answer.body) == (200, {"statusCode": 0, **members})

    return Rule("5.4", f"GET {path}", play)


LEAST = (
    least(f"{API}/me/groups?type=BusinessUnit&fields=*", {"groups": []}),
    least("/internal-api/contact-center?subresources=businessAttributes", {"resources": {"businessAttributes": []}}),
    least("/internal-api/business-attributes", {"resources": {"businessAttributes": []}}),
    least(f"{API}/groups?type=dispositions&fields=*", {"groups": []}),
    least(f"{API}/workbins?fields=*", {"workbins": []}),
    least(f"{API}/users?offset=0", {"uris": []}),
    least(f"{API}/settings/general-settings", {"settings": {"countryCode": "", "countryDigits": "", "countryName": ""}}),
)


@rule("5.4", "diagnostics/version is that of the generation")
async def version(stage: Stage) -> None:
    expected = {Compatibility.V8_5_1: "8.5.100.00", Compatibility.V8_5_2: "8.5.202.96"}[stage.mode]
    assert (await Desk(stage).get("/diagnostics/version")).body == {"statusCode": 0, "version": expected}


@rule("5.4", "services: one of each kind with its state")
async def services(stage: Stage) -> None:
    found = (await Desk(stage).get("/services?fields=*")).body["services"]
    assert [(each["type"], each["state"]) for each in found] == [("Provisioning", "Active"), ("Voice", "Active")]
    assert all(set(each) == {"id", "name", "type", "state", "uri", "path"} for each in found)


@rule("5.4", "settings/tserver of a phone: whether it is recorded from the start")
async def phone_settings(stage: Stage) -> None:
    device = await Desk(stage).device()
    for root in ("/me/devices", "/devices"):
        answer = await Desk(stage).get(f"{root}/{device['id']}/settings/tserver")
        assert answer.body == {"statusCode": 0, "settings": [{"name": "record", "value": "false"}], "key": "name"}


@rule("5.4", "the agent as a contact, alone and among all agents")
async def contacts(stage: Stage) -> None:
    user = await the_user_of(stage)
    contact = (await Desk(stage).get(f"/contacts/{user['id']}?type=User")).body["contact"]
    assert contact["phoneNumbers"] == [{"phoneNumber": DN[ONE], "description": "", "switchName": ""}]
    assert (contact["type"], contact["userName"], contact["employeeId"]) == ("User", ONE, ONE)
    everybody = (await Desk(stage).get("/contacts?fields=*&limit=100")).body["contacts"]
    assert contact in everybody
    assert {each["userName"] for each in everybody} == set(DN)
    assert (await Desk(stage).get("/contacts/nobody")).pair == (404, 6)


@rule("5.4", "user events of desktops are taken and ignored")
async def user_events(stage: Stage) -> None:
    stage.forget()
    body = {"operationName": "SendUserEvent", "deviceId": "x", "userData": {"a": {"b": 1}}}
    answer = await stage.ask(ONE, "POST", "/internal-api/operations", body)
    assert (answer.status, answer.body, stage.told(ONE)) == (200, DONE, [])


@rule("5.4", "what belongs to other products is 404/6")
async def other_products(stage: Stage) -> None:
    for path in ("/api/v1/stats/x", f"{API}/platform/configuration/x", "/api/v1/me", f"{API}/settings/screen-recording"):
        assert (await stage.ask(ONE, "GET", path)).pair == (404, 6)


@rule("5.4", "the whole start of Workspace Web Edition, in its order")
async def whole_start(stage: Stage) -> None:
    assert (await stage.ask("", "GET", f"{API}/me?subresources=features,devices,channels")).pair == (403, 20)
    user = await the_user_of(stage, "?subresources=features,devices,channels")
    [device] = user["devices"]
    for path in (
        "/internal-api/me/settings?fields=*",
        f"{API}/services?fields=*",
        f"{API}/me/groups?type=BusinessUnit&fields=*",
        "/internal-api/contact-center?subresources=businessAttributes",
        f"{API}/groups?type=dispositions&fields=*",
        f"{API}/me/devices/{device['id']}/settings/tserver",
    ):
        assert (await stage.ask(ONE, "GET", path)).pair == (200, 0), path
    assert (await start(stage, ONE, "voice", "chat", "email")).pair == (200, 7)
    for path in (f"/contacts/{user['id']}?type=User", "/diagnostics/version", "/workbins?fields=*"):
        assert (await Desk(stage).get(path)).pair == (200, 0), path
    await the_user_of(stage, "/?subresources=devices,calls,channels,interactions,chats")
    for operation in ("NotReady", "Ready"):
        assert (await operate(stage, "/me/channels/voice", operation)).pair == (200, 0)
