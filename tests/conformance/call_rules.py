"""What a call looks like, in both generations, and how calls are read (sections 2, 7.1 and 7.2)."""

import re
from typing import Final

from telegraphone.domain.legs import Ability
from telegraphone.web.settings import Compatibility
from tests.conformance import desk
from tests.conformance.desk import API, Desk, to
from tests.conformance.in_process import simulated
from tests.conformance.rule import Rule, rule
from tests.conformance.stage import CUSTOMER, DN, ONE, SILENT, TWO, Json, Stage

BOTH: Final = {
    "id",
    "state",
    "callUuid",
    "deviceUri",
    "uri",
    "participants",
    "dnis",
    "callType",
    "capabilities",
    "duration",
    "mute",
}
OLD: Final = BOTH | {"participantsInfo"}
NEW: Final = BOTH | {"connId", "path", "supervisorListeningIn", "monitoredUserMuted", "monitoring"}
LONG_AGO_S: Final = 61.0


def shows(situation: str, arrange: desk.Situation, more: set[str], user: str = ONE, kind: str = "") -> Rule:
    """The call has exactly these keys besides those it always has; `case` belongs to Established calls of 8.5.2."""

    async def play(stage: Stage) -> None:
        await arrange(stage)
        call = await Desk(stage, user).call(kind)
        modern = stage.mode is Compatibility.V8_5_2
        extra = more - (set() if modern else {"parentCallPath"})
        if modern and call["state"] == "Established":
            extra = extra | {"case"}
        assert set(call) == (NEW if modern else OLD) | extra

    return Rule("7.1", f"keys of a call, {situation}", play)


async def _consulted(stage: Stage) -> None:
    await desk.talking(stage)
    await Desk(stage).do("InitiateTransfer", **to(DN[TWO]))


async def _silent(stage: Stage) -> None:
    await desk.talking(stage, CUSTOMER, DN[SILENT])


async def _with_data(stage: Stage) -> None:
    await desk.ringing(stage)
    await Desk(stage).do("AttachUserData", userData={"k": "v"})


KEYS = (
    shows("Ringing", desk.ringing, {"ani", "recordingState"}),
    shows("Dialing", desk.dialing, {"recordingState"}),
    shows("Established", desk.talking, {"ani", "recordingState"}),
    shows("with user data", _with_data, {"ani", "recordingState", "userData"}),
    shows("once recorded", desk.recording, {"ani", "recordingState", "userData"}),
    shows("without the recording feature", _silent, {"ani"}, SILENT),
    shows("Held", desk.held, {"ani", "recordingState"}),
    shows("a consult", _consulted, {"recordingState", "parentCallUri", "parentCallPath"}, ONE, "Consult"),
)


@rule("2", "both forms of id resolve in both generations, connection ids in any case")
async def both_ids(stage: Stage) -> None:
    await desk.talking(stage)
    call = await Desk(stage).call()
    view = simulated_ids(stage, call)
    assert call["id"] == (view[1] if stage.mode is Compatibility.V8_5_1 else view[0])
    for reference in (*view, view[1].upper()):
        assert (await Desk(stage).view(reference))["callUuid"] == call["callUuid"]
    assert (await Desk(stage).get(f"/me/calls/{view[0].lower()}")).pair == (404, 6)


def simulated_ids(stage: Stage, call: Json) -> tuple[str, str]:
    """The call's UUID and connection id; one of them is in `id`."""
    if stage.mode is Compatibility.V8_5_2:
        return call["callUuid"], call["connId"]
    return call["callUuid"], call["id"]


@rule("2", "a callUuid has 32 characters out of 0-9A-Z, a connId 16 lower-case hex digits")
async def forms_of_ids(stage: Stage) -> None:
    await desk.talking(stage)
    uuid, conn_id = simulated_ids(stage, await Desk(stage).call())
    assert re.fullmatch(r"[0-9A-Z]{32}", uuid)
    assert re.fullmatch(r"[0-9a-f]{16}", conn_id)


@rule("7", "two agents in a call each have their own view of one call")
async def own_views(stage: Stage) -> None:
    await desk.talking(stage, DN[TWO], DN[ONE])
    await Desk(stage).do("AttachUserData", userData={"k": "v"})
    mine, theirs = await Desk(stage).call(), await Desk(stage, TWO).call()
    for key in ("id", "callUuid", "userData", "recordingState", "dnis", "callType"):
        assert mine[key] == theirs[key], key
    for key in ("deviceUri", "participants"):
        assert mine[key] != theirs[key], key
    assert ("ani" in mine, "ani" in theirs) == (True, False)


@rule("7.1", "participants and their details, by generation")
async def participants(stage: Stage) -> None:
    await desk.talking(stage)
    call = await Desk(stage).call()
    if stage.mode is Compatibility.V8_5_2:
        number = {"e164Number": "", "formattedPhoneNumber": CUSTOMER, "phoneNumber": CUSTOMER, "digits": CUSTOMER}
        assert call["participants"] == [number]
        return
    assert call["participants"] == [CUSTOMER]
    info = {"formattedPhoneNumber": CUSTOMER, "location": None, "E164digits": CUSTOMER, "isValidNumber": False}
    assert call["participantsInfo"] == [info | {"country": {"name": "", "code": "", "callingCode": ""}}]


@rule("7.1", "links are absolute, from the configured URL; path is without the prefix and without /me")
async def links(stage: Stage) -> None:
    await desk.talking(stage)
    call = await Desk(stage).call()
    device = await Desk(stage).device()
    assert call["uri"] == f"{stage.url}{API}/me/calls/{call['id']}"
    assert call["deviceUri"] == f"{stage.url}{API}/devices/{device['id']}"
    if stage.mode is Compatibility.V8_5_2:
        assert call["path"] == f"/calls/{call['id']}"


@rule("7.1", "ani is the caller's number, and absent on calls the agent made")
async def ani(stage: Stage) -> None:
    await desk.talking(stage)
    assert (await Desk(stage).call())["ani"] == CUSTOMER
    await stage.clear()
    await stage.settle()
    await desk.dialing(stage)
    call = await Desk(stage).call()
    assert ("ani" in call, call["dnis"]) == (False, CUSTOMER)


@rule("7.1", "duration is whole seconds since the call appeared, through ringing, hold and pause", simulated=True)
async def duration(stage: Stage) -> None:
    clock = simulated(stage).world.clock
    await desk.ringing(stage)
    await clock.advance(2.9)
    await stage.handset(DN[ONE]).answer()
    assert (await Desk(stage).call())["duration"] == "2"
    await Desk(stage).do("Hold")
    await Desk(stage).do("StartCallRecording")
    await Desk(stage).do("PauseCallRecording")
    await clock.advance(60)
    call = await Desk(stage).call()
    assert (call["duration"], call["state"], call["recordingState"]) == ("62", "Held", "Paused")


@rule("7.1", "recordingState is Stopped before the first Start, and there is no GSIP key")
async def before_the_first_start(stage: Stage) -> None:
    await desk.talking(stage)
    call = await Desk(stage).call()
    assert (call["recordingState"], "userData" in call) == ("Stopped", False)


@rule("7.1", "user data is any JSON, and comes back as it was sent")
async def nested_user_data(stage: Stage) -> None:
    await desk.ringing(stage)
    given = {
        "WWE_PARTY_5001": {"username": "one", "path": "/users/1", "deep": [[], {}, {"x": [None, True, 1.5, -7, "ä€"]}]},
        "DispositionCode": "done",
        "": "empty name",
        "number": 12345678901234567890,
    }
    await Desk(stage).do("UpdateUserData", userData=given)
    assert (await Desk(stage).call())["userData"] == given
    await Desk(stage).do("AttachUserData", userData={"DispositionCode": {"code": 1}})
    assert (await Desk(stage).call())["userData"] == {**given, "DispositionCode": {"code": 1}}, "top-level keys are replaced"
    await Desk(stage).do("DeleteUserDataPair", key="WWE_PARTY_5001")
    await Desk(stage).do("DeleteUserDataPair", key="nobody set this")
    assert set((await Desk(stage).call())["userData"]) == {"DispositionCode", "", "number"}
    stage.forget()
    await Desk(stage).do("DeleteUserData")
    [event] = stage.told(ONE)
    assert "userData" not in event["data"]["call"]


@rule("7.1", "GSIP_RECORD and GSIP_REC_FN belong to the server")
async def reserved_keys(stage: Stage) -> None:
    await desk.recording(stage)
    before = (await Desk(stage).call())["userData"]
    await Desk(stage).do("UpdateUserData", userData={"GSIP_RECORD": "OFF", "GSIP_REC_FN": "mine", "k": "v"})
    assert (await Desk(stage).call())["userData"] == before | {"k": "v"}
    await Desk(stage).do("DeleteUserDataPair", key="GSIP_REC_FN")
    await Desk(stage).do("DeleteUserData")
    assert (await Desk(stage).call())["userData"] == before


# --- reading --------------------------------------------------------------------------------------------------------


@rule("7.2", "the lists, one call, and the calls of /me show the same")
async def reading(stage: Stage) -> None:
    await desk.talking(stage)
    here = Desk(stage)
    call = await here.call()
    assert (await here.get("/me/calls")).body == {"statusCode": 0, "uris": [call["uri"]]}
    assert (await here.get("/me/calls/?fields=*&_=17")).body["calls"][0]["id"] == call["id"]
    assert (await here.get("/me/calls?fields=state,id,nonsense")).body["calls"] == [{"id": call["id"], "state": "Established"}]
    assert (await here.get(f"/me/calls/{call['id']}")).body["call"]["id"] == call["id"]
    for subresources in ("calls", "*"):
        assert [each["id"] for each in (await here.get(f"/me?subresources={subresources}")).body["user"]["calls"]] == [call["id"]]
    assert (await Desk(stage, TWO).get("/me/calls")).body == {"statusCode": 0, "uris": []}


@rule("7.2", "the call of an event is the call that GET shows")
async def events_show_the_call(stage: Stage) -> None:
    await desk.talking(stage)
    event, call = stage.told(ONE)[-1]["data"]["call"], await Desk(stage).call()
    assert event | {"duration": ""} == call | {"duration": ""}


@rule("7.2", "a Released call leaves the lists and is still known by its id, where only Complete is accepted")
async def released_call(stage: Stage) -> None:
    await desk.recording(stage)
    here = Desk(stage)
    call = await here.call()
    await stage.handset(CUSTOMER).hang_up()
    await stage.settle()
    assert await here.calls() == []
    view = await here.view(call["id"])
    assert (view["state"], view["capabilities"], view["recordingState"]) == ("Released", [], "Stopped")
    assert view["userData"]["GSIP_RECORD"] == "OFF"
    assert (await here.operate("Complete", call)).body == {"statusCode": 0}
    for operation in ("Hangup", "Hold", "StartCallRecording", "StopCallRecording", "Reject", "ClearCall", "DeleteUserData"):
        answer = await here.operate(operation, call)
        text = f"Operation '{operation}' is not valid in the current state: call state is 'Released'."
        assert (answer.pair, answer.text) == ((400, 2), text)


@rule("7.2", "after 60 seconds a Released call is unknown", simulated=True)
async def forgotten_call(stage: Stage) -> None:
    await desk.talking(stage)
    call = await Desk(stage).call()
    await stage.handset(CUSTOMER).hang_up()
    await simulated(stage).world.clock.advance(LONG_AGO_S - 2)
    assert (await Desk(stage).operate("Complete", call)).pair == (200, 0)
    await simulated(stage).world.clock.advance(2)
    assert (await Desk(stage).operate("Complete", call)).pair == (404, 6)
    assert (await Desk(stage).get(f"/me/calls/{call['id']}")).pair == (404, 6)


@rule("7.2", "who left a conference sees a Released call while it goes on for the others", Ability.CONFERENCE)
async def released_for_one(stage: Stage) -> None:
    await desk.conference(stage)
    await Desk(stage).do("StartCallRecording")
    call = await Desk(stage).call()
    await Desk(stage, TWO).do("Hangup")
    assert (await Desk(stage, TWO).view(call["id"]))["recordingState"] == "Stopped"
    assert (await Desk(stage).call())["recordingState"] == "Recording"
