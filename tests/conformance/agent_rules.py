"""The agent: the user resource, the contact-centre session and states (sections 5.1 to 5.3)."""

from typing import Any, Final

from tests.conformance import desk
from tests.conformance.desk import API, Desk
from tests.conformance.in_process import simulated
from tests.conformance.rule import Rule, rule
from tests.conformance.stage import DN, ONE, SILENT, SUPERVISOR, TWO, Answer, Json, Stage

DONE: Final = {"statusCode": 0}
STATES: Final[tuple[Json, ...]] = (
    {"id": "9430250E-0A1B-421F-B372-F29E69366DED", "operationName": "Ready", "displayName": "Ready", "state": "Ready"},
    {"id": "900D55CC-2BB0-431F-8BF9-D3525B383BE6", "operationName": "NotReady", "displayName": "Not Ready", "state": "NotReady"},
    {
        "id": "D3663509-3D82-4DD3-A82E-2EA8EFA02AEF",
        "operationName": "AfterCallWork",
        "displayName": "AfterCallWork",
        "state": "NotReady",
        "workMode": "AfterCallWork",
    },
    {
        "id": "2B36138D-C564-4562-A8CB-3C32D564F296",
        "operationName": "AuxWork",
        "displayName": "AuxWork",
        "state": "NotReady",
        "workMode": "AuxWork",
    },
    {"id": "0F7F5003-EF26-4D13-A6Ef-D0C7EC819BEB", "operationName": "Offline", "displayName": "Offline", "state": "Logout"},
)
ALL_CHILDREN: Final = "devices calls features channels channelStates skills settings groups interactions chats"
NO_SESSION: Final = {"statusCode": 4, "statusMessage": f"Device '{DN[ONE]}' is not registered."}
_NO_MEDIA: Final = {"statusCode": 4, "statusMessage": "Interaction server connection is not opened"}


async def start(stage: Stage, user: str = ONE, *channels: str, **more: Any) -> Answer:
    """A contact-centre session, by voice unless something else is asked."""
    body = {"operationName": "StartContactCenterSession", "channels": list(channels or ("voice",)), **more}
    return await Desk(stage, user).post("/me", body)


async def operate(stage: Stage, path: str, operation: str) -> Answer:
    return await Desk(stage).post(path, {"operationName": operation})


async def the_user_of(stage: Stage, query: str = "", user: str = ONE) -> Json:
    answer = await Desk(stage, user).get(f"/me{query}")
    assert answer.pair == (200, 0)
    found: Json = answer.body["user"]
    return found


# --- 5.1 the user --------------------------------------------------------------------------------------------------


@rule("5.1", "the user: members, and links that lead to users")
async def members_of_the_user(stage: Stage) -> None:
    user = await the_user_of(stage)
    assert set(user) == {
        "id",
        "userName",
        "firstName",
        "lastName",
        "emailAddress",
        "roles",
        "enabled",
        "changePasswordOnFirstLogin",
        "contactCenterId",
        "uri",
        "path",
    }
    assert len(user["id"]) == 32
    assert set(user["id"]) <= set("0123456789abcdef")
    assert (user["userName"], user["enabled"], user["changePasswordOnFirstLogin"]) == (ONE, True, False)
    assert (user["uri"], user["path"]) == (f"{stage.url}{API}/users/{user['id']}", f"/users/{user['id']}")


def children(asked: str, got: str) -> Rule:
    """`subresources` of this gives these members besides those of the user."""

    async def play(stage: Stage) -> None:
        bare = await the_user_of(stage)
        full = await the_user_of(stage, f"?subresources={asked}")
        assert set(full) - set(bare) == set(got.split())
        assert {name: full[name] for name in bare} == bare

    return Rule("5.1", f"subresources={asked}", play)


CHILDREN = (
    children("*", ALL_CHILDREN),
    children("features,devices,channels", "features devices channels"),
    children("devices,calls,channels,interactions,chats", "devices calls channels"),
    children("features,devices,channels,settings", "features devices channels settings"),
    children("channelStates,skills,groups", "channelStates skills groups"),
    children("loginCodes,nonsense", ""),
    children("devices,nonsense", "devices"),
    children("", ""),
)


@rule("5.1", "settings is an object, and what we have nothing of is an empty list")
async def empty_children(stage: Stage) -> None:
    user = await the_user_of(stage, "?subresources=*")
    assert user["settings"] == {}
    assert [user[name] for name in ("skills", "groups", "interactions", "chats")] == [[], [], [], []]


@rule("5.1", "features: those the administrator gave, and no other")
async def features(stage: Stage) -> None:
    for user, expected in (
        (ONE, ["api-voice", "api-voice-recording"]),
        (SILENT, ["api-voice"]),
        (SUPERVISOR, ["api-voice", "api-voice-recording", "api-supervisor-monitoring"]),
    ):
        found = (await the_user_of(stage, "?subresources=features", user))["features"]
        assert [each["id"] for each in found] == expected
        for each in found:
            assert set(each) == {"id", "displayName", "description", "autoAssignOnContactCenterCreate", "uri", "path"}
            assert (each["uri"], each["path"]) == (f"{stage.url}{API}/features/{each['id']}", f"/features/{each['id']}")


@rule("5.1", "roles are those of the account")
async def roles(stage: Stage) -> None:
    assert (await the_user_of(stage))["roles"] == ["ROLE_AGENT"]
    assert (await the_user_of(stage, user=SUPERVISOR))["roles"] == ["ROLE_SUPERVISOR"]


@rule("5.1", "calls of the user are those of /me/calls")
async def calls_of_the_user(stage: Stage) -> None:
    await desk.talking(stage)
    [mine] = (await the_user_of(stage, "?subresources=calls"))["calls"]
    assert mine | {"duration": ""} == (await Desk(stage).call()) | {"duration": ""}


# --- 5.2 the session -----------------------------------------------------------------------------------------------


def session(name: str, channels: object, status: int, body: Json) -> Rule:
    """Asking for these channels is answered like this."""

    async def play(stage: Stage) -> None:
        asked = {"operationName": "StartContactCenterSession", "channels": channels}
        answer = await Desk(stage).post("/me", asked)
        assert (answer.status, answer.body) == (status, body)
        device = await Desk(stage).device()
        assert device["deviceState"] == ("Active" if status == 200 else "Inactive")

    return Rule("5.2", f"session: {name}", play)


_IN_PART: Final = {
    "statusCode": 7,
    "failed": [{**_NO_MEDIA, "channel": "multimedia"}],
    "succeeded": [{"statusCode": 0, "channel": "voice"}],
}
_WRONG: Final = {
    "statusCode": 2,
    "statusMessage": "Parameter 'channels' is invalid: The specified value is not within valid range",
}
_ABSENT: Final = {"statusCode": 1, "statusMessage": "Required parameter 'channels' is missing."}
SESSIONS = (
    session("voice", ["voice"], 200, DONE),
    session("voice twice", ["voice", "voice"], 200, DONE),
    session("voice and chat", ["voice", "chat"], 200, _IN_PART),
    session("everything", ["email", "voice", "workitem", "chat"], 200, _IN_PART),
    session("no voice", ["chat", "email"], 500, _NO_MEDIA),
    session("nothing", [], 400, _ABSENT),
    session("no list", "voice", 400, _WRONG),
    session("a number among them", ["voice", 7], 400, _WRONG),
    session("null", None, 400, _ABSENT),
)


@rule("5.2", "extra attributes of the session are accepted and ignored")
async def session_extras(stage: Stage) -> None:
    more = {"place": "P1", "devicePath": "/devices/x", "loginCode": "7", "queue": "q", "isForceLogin": "1"}
    mobile = {"mobileDeviceId": "m", "mobilePushType": "apple", "debug": False}
    assert (await start(stage, ONE, "voice", **more, mobileSession=mobile)).body == DONE


@rule("5.2", "the session makes the device Active and is told on both of its channels")
async def session_told(stage: Stage) -> None:
    stage.forget()
    await start(stage)
    assert [message["channel"] for message in stage.told(ONE)] == ["/v2/me/devices", "/v2/me/channels"]
    device = await Desk(stage).device()
    assert (device["deviceState"], device["userState"]) == ("Active", {"state": "LoggedIn"})


@rule("5.2", "a second start in a running session answers 0 and changes nothing")
async def session_again(stage: Stage) -> None:
    await start(stage)
    await operate(stage, "/me", "Ready")
    before = await Desk(stage).device()
    stage.forget()
    assert (await start(stage)).body == DONE
    assert (stage.told(ONE), await Desk(stage).device()) == ([], before)


@rule("5.2", "a phone that is not registered: 500/4 with its number, alone and among others", simulated=True)
async def session_without_phone(stage: Stage) -> None:
    simulated(stage).world.switch.phone(DN[ONE]).unregister()
    await stage.settle()
    for channels in (("voice",), ("voice", "chat")):
        answer = await start(stage, ONE, *channels)
        assert (answer.status, answer.body) == (500, NO_SESSION)


@rule("5.2", "a phone that comes and goes makes the device Active and Inactive, and tells it", simulated=True)
async def phone_comes_and_goes(stage: Stage) -> None:
    await start(stage)
    await operate(stage, "/me", "Ready")
    phone = simulated(stage).world.switch.phone(DN[ONE])
    for act, state in ((phone.unregister, "Inactive"), (phone.register, "Active")):
        stage.forget()
        act()
        await stage.settle()
        [message] = [each for each in stage.told(ONE) if each["channel"] == "/v2/me/devices"]
        assert [each["deviceState"] for each in message["data"]["devices"]] == [state]
    assert (await Desk(stage).device())["userState"]["state"] == "Ready", "the agent was there all the time"


@rule("5.2", "ending the session during a call leaves the call and its recording alone")
async def session_ends_in_a_call(stage: Stage) -> None:
    await start(stage)
    await desk.talking(stage)
    await Desk(stage).do("StartCallRecording")
    before = await Desk(stage).call()
    assert (await operate(stage, "/me", "EndContactCenterSession")).body == DONE
    after = await Desk(stage).call()
    assert after | {"duration": ""} == before | {"duration": ""}
    assert after["recordingState"] == "Recording"


@rule("5.2", "ending the session makes the device Inactive, also when there was none")
async def session_ends(stage: Stage) -> None:
    await start(stage)
    for _ in range(2):
        assert (await operate(stage, "/me", "EndContactCenterSession")).body == DONE
        device = await Desk(stage).device()
        assert device["deviceState"] == "Inactive"
        assert "userState" not in device


@rule("5.2", "a session of one agent is nobody else's")
async def sessions_are_apart(stage: Stage) -> None:
    stage.forget()
    await start(stage)
    assert stage.told(TWO) == []
    assert (await Desk(stage, TWO).device())["deviceState"] == "Inactive"


# --- 5.3 states ----------------------------------------------------------------------------------------------------


def state(operation: str, path: str) -> Rule:
    """The operation sets this state, whichever URL it is posted to."""
    shown = next(each for each in STATES if each["operationName"] == operation)
    expected = {name: value for name, value in shown.items() if name != "operationName"}

    async def play(stage: Stage) -> None:
        await start(stage)
        stage.forget()
        assert (await operate(stage, path, operation)).body == DONE
        device = await Desk(stage).device()
        assert device["userState"] == expected
        devices, media = stage.told(ONE)
        assert (devices["channel"], media["channel"]) == ("/v2/me/devices", "/v2/me/channels")
        assert devices["data"] | {"metrics": 0} == {
            "messageType": "DeviceStateChangeMessage",
            "devices": [device],
            "metrics": 0,
        }
        assert media["data"]["messageType"] == "ChannelStateChangeMessageV2"
        assert media["data"]["channels"] == [{"channel": "voice", "userState": expected}]
        stage.forget()
        assert (await operate(stage, path, operation)).body == DONE
        assert stage.told(ONE) == [], "a repeat tells nothing"

    return Rule("5.3", f"{operation} posted to {path}", play)


STATE_RULES = tuple(
    state(operation, path)
    for operation in ("Ready", "NotReady", "AfterCallWork", "AuxWork")
    for path in ("/me", "/me/channels/voice")
)


@rule("5.3", "Offline signs out: LoggedOut in the channel, no userState at the Inactive device")
async def offline(stage: Stage) -> None:
    await start(stage)
    await operate(stage, "/me", "Ready")
    stage.forget()
    assert (await operate(stage, "/me/channels/voice", "Offline")).body == DONE
    device = await Desk(stage).device()
    assert device["deviceState"] == "Inactive"
    assert "userState" not in device
    [medium] = (await Desk(stage).get("/me/channels?fields=*")).body["channels"]
    assert medium["userState"] == {"id": STATES[-1]["id"], "displayName": "Offline", "state": "LoggedOut"}


def stateless(operation: str) -> Rule:
    """Without a session there is no state to set."""

    async def play(stage: Stage) -> None:
        for path in ("/me", "/me/channels/voice"):
            answer = await operate(stage, path, operation)
            assert (answer.status, answer.body) == (500, NO_SESSION)

    return Rule("5.2", f"{operation} without a session: 500/4", play)


STATELESS = tuple(stateless(each["operationName"]) for each in STATES)


@rule("5.3", "a state nobody has defined: 400/2; no such channel: 404/6")
async def unknown_state(stage: Stage) -> None:
    await start(stage)
    for path in ("/me", "/me/channels/voice"):
        for name in ("ready", "Lunch", "LoggedIn", ""):
            assert (await operate(stage, path, name)).pair == ((400, 2) if name else (400, 1))
    assert (await operate(stage, "/me/channels/chat", "Ready")).pair == (404, 6)
    assert (await Desk(stage).get("/me/channels/chat")).pair == (404, 6)


@rule("5.3", "the list of states, in both of its places")
async def list_of_states(stage: Stage) -> None:
    listed = await Desk(stage).get("/settings/agent-states")
    assert listed.body == {"statusCode": 0, "settings": list(STATES)}
    answer = await stage.ask(ONE, "GET", "/internal-api/me/settings?fields=*")
    assert answer.body == {"statusCode": 0, "resources": {"agentStates": list(STATES), "user": {"settings": []}}}
