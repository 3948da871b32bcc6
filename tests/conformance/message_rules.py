"""What the messages on CometD carry (sections 10.1 and 11)."""

from telegraphone.domain.legs import Ability
from telegraphone.web.settings import Compatibility
from tests.conformance import desk
from tests.conformance.desk import Desk, to
from tests.conformance.in_process import simulated
from tests.conformance.rule import rule
from tests.conformance.stage import CUSTOMER, DN, ONE, TWO, Json, Stage

CALLS = "/v2/me/calls"


def _modern(stage: Stage) -> bool:
    return stage.mode is Compatibility.V8_5_2


@rule("11.1", "a CallStateChangeMessage has exactly its keys, on /v2/me/calls")
async def envelope(stage: Stage) -> None:
    await desk.ringing(stage)
    await Desk(stage).do("AttachUserData", userData={"k": 1})
    status, data = stage.told(ONE)
    assert {status["channel"], data["channel"]} == {CALLS}
    keys = {"messageType", "notificationType", "call", "phoneNumber"} | ({"metrics"} if _modern(stage) else set())
    assert set(data["data"]) == keys
    assert set(status["data"]) == keys | ({"extensions"} if _modern(stage) else set())
    assert (status["data"]["messageType"], status["data"]["phoneNumber"]) == ("CallStateChangeMessage", DN[ONE])


@rule("11.1", "extensions come with changes of status alone, and only in 8.5.2")
async def extensions(stage: Stage) -> None:
    await desk.ringing(stage)
    await stage.handset(DN[ONE]).answer()
    await stage.settle()
    await Desk(stage).do("StartCallRecording")
    await Desk(stage).do("UpdateUserData", userData={"k": 1})
    await Desk(stage).do("Hangup")
    found = [message["data"].get("extensions") for message in stage.told(ONE)]
    first = {"BusinessCall": int(stage.told(ONE)[0]["data"]["call"]["callType"] == "Inbound")}
    whole = first | {"WrapUpTime": 0}
    assert found == ([first, whole, None, None, whole] if _modern(stage) else [None] * 5)


@rule("11.1", "metrics are whole numbers under eventProcessing, on every event of 8.5.2")
async def metrics(stage: Stage) -> None:
    await desk.talking(stage)
    for message in stage.told(ONE):
        if not _modern(stage):
            assert "metrics" not in message["data"]
            continue
        measured: Json = message["data"]["metrics"]["eventProcessing"]
        assert set(measured) == {"nodeProcessingTimeNanos", "serverGenerationTimestamp", "serverProcessingTimeTotalMs"}
        assert all(type(value) is int for value in measured.values())
        assert measured["serverGenerationTimestamp"] > 1_376_082_682_000


@rule("11.1", "an internal call: Ringing, user data from the desktop, Answer, Established")
async def answered_internal_call(stage: Stage) -> None:
    await desk.ringing(stage, DN[TWO], DN[ONE])
    await Desk(stage).do("UpdateUserData", userData={"WWE_PARTY_5001": {"username": "one", "path": "/users/1"}})
    await Desk(stage).do("Answer")
    assert Desk(stage).told() == ["StatusChange Ringing", "AttachedDataChanged Ringing", "StatusChange Established"]
    assert Desk(stage, TWO).told() == ["StatusChange Dialing", "AttachedDataChanged Dialing", "StatusChange Established"]


@rule("11.1", "AttachedDataChanged carries no extensions, and the whole user data")
async def user_data_event(stage: Stage) -> None:
    await desk.talking(stage)
    await Desk(stage).do("AttachUserData", userData={"a": 1})
    await Desk(stage).do("AttachUserData", userData={"b": 2})
    event = Desk(stage).messages("AttachedDataChanged")[-1]["data"]
    assert ("extensions" in event, event["call"]["userData"]) == (False, {"a": 1, "b": 2})


@rule("11.4", "a recording that breaks off is told by its new state and then an ErrorMessage", simulated=True)
async def broken_recording(stage: Stage) -> None:
    await desk.recording(stage)
    stage.forget()
    simulated(stage).world.recorder.break_off()
    await stage.settle()
    assert Desk(stage).told() == ["CallRecordingStateChange Stopped", "ErrorMessage"]
    message = stage.told(ONE)[-1]
    call = await Desk(stage).call()
    expected = {
        "messageType": "ErrorMessage",
        "errorMessage": "Call recording has stopped unexpectedly.",
        "errorCode": 4,
        "callUri": call["uri"],
        "phoneNumber": DN[ONE],
    }
    expected |= {"callPath": call["path"]} if _modern(stage) else {}
    assert {key: value for key, value in message["data"].items() if key != "metrics"} == expected
    assert message["channel"] == CALLS


@rule("11.4", "an operation that fails is told in its answer alone", simulated=True)
async def failed_operation(stage: Stage) -> None:
    await desk.talking(stage)
    stage.forget()
    simulated(stage).world.recorder.fails = {"reserve"}
    answer = await Desk(stage).operate("StartCallRecording")
    assert (answer.pair, answer.text) == ((500, 4), "Call recorder is not available.")
    assert stage.told(ONE) == []


@rule("10.1", "messages about one call come in the order of its changes, each with the call as it was then", Ability.HOLD)
async def order_of_changes(stage: Stage) -> None:
    await desk.talking(stage)
    stage.forget()
    for operation in ("StartCallRecording", "Hold", "PauseCallRecording", "Retrieve", "ResumeCallRecording", "StopCallRecording"):
        await Desk(stage).do(operation)
    seen = [(each["data"]["call"]["state"], each["data"]["call"]["recordingState"]) for each in stage.told(ONE)]
    assert seen == [
        ("Established", "Recording"),
        ("Held", "Recording"),
        ("Held", "Paused"),
        ("Established", "Paused"),
        ("Established", "Recording"),
        ("Established", "Stopped"),
    ]


@rule("10.1", "nobody is told of another agent's calls")
async def strangers_hear_nothing(stage: Stage) -> None:
    await desk.talking(stage)
    await Desk(stage).do("SendDtmf", digits="1") if "SendDtmf" in (await Desk(stage).call())["capabilities"] else None
    await stage.handset(CUSTOMER).hang_up()
    await stage.settle()
    assert Desk(stage, TWO).told() == []


@rule("11.1", "ParticipantsUpdated when a party joined and when one left, for those who stay", Ability.CONFERENCE)
async def participants_updated(stage: Stage) -> None:
    await desk.conference(stage)
    stage.forget()
    await Desk(stage).do("SingleStepConference", **to("5005"))
    assert Desk(stage).told() == [], "a phone that rings is no party yet"
    await stage.handset("5005").answer()
    await stage.settle()
    await stage.handset("5005").hang_up()
    await stage.settle()
    for user in (ONE, TWO):
        assert Desk(stage, user).told() == ["ParticipantsUpdated Established"] * 2
    counts = [len(each["data"]["call"]["participants"]) for each in stage.told(ONE)]
    assert counts == [3, 2]
