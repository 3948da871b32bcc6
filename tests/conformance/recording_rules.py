"""The four recording operations: what each does in each state, whose state it is, what a pause survives, how recordings are named
and what a transfer makes of them (sections 8.2 to 9.3)."""

import re
from typing import Final

from telegraphone.domain.legs import Ability
from telegraphone.web.settings import Compatibility
from tests.conformance import desk
from tests.conformance.desk import Desk, to
from tests.conformance.rule import Rule, rule
from tests.conformance.stage import CUSTOMER, DN, ONE, TWO, Stage

STATES: Final = {"Stopped": desk.talking, "Recording": desk.recording, "Paused": desk.paused}
GRID: Final = {
    "StartCallRecording": ("Recording", "Recording", None),
    "PauseCallRecording": (None, "Paused", "Paused"),
    "ResumeCallRecording": (None, "Recording", "Recording"),
    "StopCallRecording": ("Stopped", "Stopped", "Stopped"),
}
"""What each operation leads to from Stopped, Recording and Paused; None is refused."""
GSIP: Final = {"Recording": "ON", "Paused": "PAUSED", "Stopped": "OFF"}


def leads(operation: str, before: str, after: str | None) -> Rule:
    """One cell of the grid: the answer, the state, the event and the keys of the user data."""

    async def play(stage: Stage) -> None:
        await STATES[before](stage)
        stage.forget()
        answer = await Desk(stage).operate(operation)
        call = await Desk(stage).call()
        if after is None:
            text = f"Operation '{operation}' is not valid in the current state: recordingState is '{before}'."
            assert (answer.pair, answer.text) == ((400, 2), text)
        else:
            assert answer.body == {"statusCode": 0}
        assert call["recordingState"] == (after or before)
        assert Desk(stage).told() == ([f"CallRecordingStateChange {after}"] if after not in (None, before) else [])
        if "userData" in call:
            assert call["userData"]["GSIP_RECORD"] == GSIP[call["recordingState"]]
            assert call["userData"]["GSIP_REC_FN"].startswith(f"{call['callUuid']}_")

    return Rule("8.3", f"{operation} while {before}", play)


CELLS = tuple(
    leads(operation, before, after) for operation, row in GRID.items() for before, after in zip(STATES, row, strict=True)
)


@rule("8.7", "a pause survives hold, retrieve and a consult", Ability.HOLD, Ability.TRANSFER)
async def pause_survives(stage: Stage) -> None:
    await desk.paused(stage)
    name = (await Desk(stage).call())["userData"]["GSIP_REC_FN"]
    await Desk(stage).do("Hold")
    await Desk(stage).do("Retrieve")
    await Desk(stage).do("InitiateTransfer", **to(DN[TWO]))
    await stage.handset(DN[TWO]).hang_up()
    await stage.settle()
    await Desk(stage).do("Retrieve")
    call = await Desk(stage).call()
    assert (call["recordingState"], call["userData"]["GSIP_REC_FN"]) == ("Paused", name)


@rule("8.7", "a consult that was paused pauses the conference it becomes", Ability.HOLD, Ability.CONFERENCE)
async def paused_consult(stage: Stage) -> None:
    await desk.recording(stage)
    await Desk(stage).do("InitiateConference", **to(DN[TWO]))
    await stage.handset(DN[TWO]).answer()
    await stage.settle()
    consult = await Desk(stage).call("Consult")
    await Desk(stage).do("StartCallRecording", consult)
    await Desk(stage).do("PauseCallRecording", consult)
    await Desk(stage).do("CompleteConference", consult)
    assert (await Desk(stage).call())["recordingState"] == "Paused"
    assert "CallRecordingStateChange Paused" in Desk(stage).told()


@rule("8.2", "a second Start begins another recording, with a name of its own; the first keeps its name until then")
async def second_start(stage: Stage) -> None:
    await desk.recording(stage)
    first = (await Desk(stage).call())["userData"]["GSIP_REC_FN"]
    await Desk(stage).do("StopCallRecording")
    assert (await Desk(stage).call())["userData"] == {"GSIP_RECORD": "OFF", "GSIP_REC_FN": first}
    await Desk(stage).do("StartCallRecording")
    data = (await Desk(stage).call())["userData"]
    assert (data["GSIP_RECORD"], data["GSIP_REC_FN"] == first) == ("ON", False)


@rule("9.1", "a recording's name says its call, its agent, who called whom and when it began; dots of the host by generation")
async def name(stage: Stage) -> None:
    await desk.recording(stage)
    call = await Desk(stage).call()
    pattern = rf"{call['callUuid']}_5001_{CUSTOMER}_5001_\d{{4}}-\d\d-\d\d_\d\d-\d\d-\d\d_(?P<host>[^_]+)__%3Ccont_center_id%3E"
    match = re.fullmatch(pattern, call["userData"]["GSIP_REC_FN"])
    assert match is not None
    assert stage.mode is Compatibility.V8_5_1 or "." not in match["host"]


@rule("8.5", "one state for all agents of the call: each may operate it, and each is told in their own view")
async def one_state(stage: Stage) -> None:
    await desk.agents_talk(stage)
    stage.forget()
    await Desk(stage).do("StartCallRecording")
    await Desk(stage, TWO).do("PauseCallRecording")
    for user in (ONE, TWO):
        told = stage.told(user)
        assert Desk(stage, user).told() == ["CallRecordingStateChange Recording", "CallRecordingStateChange Paused"]
        assert {each["data"]["phoneNumber"] for each in told} == {DN[user]}
        call = await Desk(stage, user).call()
        assert (call["recordingState"], "ResumeCallRecording" in call["capabilities"]) == ("Paused", True)


@rule("8.6", "the same operations on the device act on its call; its capabilities do not list them")
async def on_the_device(stage: Stage) -> None:
    here = Desk(stage)
    text = "Operation 'StartCallRecording' is not valid in the current state: device has no active call."
    answer = await here.operate_device("StartCallRecording")
    assert (answer.pair, answer.text) == ((400, 2), text)
    await desk.talking(stage)
    stage.forget()
    for operation, state in (("Start", "Recording"), ("Pause", "Paused"), ("Resume", "Recording"), ("Stop", "Stopped")):
        assert (await here.operate_device(f"{operation}CallRecording")).body == {"statusCode": 0}
        assert here.told()[-1] == f"CallRecordingStateChange {state}"
    assert len(here.told()) == 4
    answer = await here.operate_device("ResumeCallRecording")
    assert answer.text == "Operation 'ResumeCallRecording' is not valid in the current state: recordingState is 'Stopped'."
    assert not [each for each in (await here.device())["capabilities"] if "Recording" in each]


@rule("9.3", "with its agent the recording leaves the call: the next one sees Stopped, and may Start another", Ability.TRANSFER)
async def transferred(stage: Stage) -> None:
    await desk.recording(stage)
    before = await Desk(stage).call()
    stage.forget()
    await Desk(stage).do("SingleStepTransfer", **to(DN[TWO]))
    await stage.handset(DN[TWO]).answer()
    await stage.settle()
    last = await Desk(stage).view(before["id"])
    assert (last["state"], last["recordingState"], last["userData"]["GSIP_RECORD"]) == ("Released", "Stopped", "OFF")
    assert "CallRecordingStateChange" not in {each["data"]["notificationType"] for each in stage.told(ONE)}
    taken = await Desk(stage, TWO).call()
    assert (taken["callUuid"], taken["recordingState"]) == (before["callUuid"], "Stopped")
    await Desk(stage, TWO).do("StartCallRecording")
    taken = await Desk(stage, TWO).call()
    assert taken["userData"]["GSIP_REC_FN"] != before["userData"]["GSIP_REC_FN"]
    assert taken["userData"]["GSIP_REC_FN"].split("_")[1] == DN[TWO]


@rule(
    "9.3",
    "in a conference the recording goes on while its agent stays, and ends for all when that one leaves",
    Ability.CONFERENCE,
)
async def left_conference(stage: Stage) -> None:
    await desk.recording(stage)
    await desk.joined_by(DN[TWO])(stage)
    name = (await Desk(stage).call())["userData"]["GSIP_REC_FN"]
    joined = await Desk(stage, TWO).call()
    assert (joined["recordingState"], joined["userData"]["GSIP_REC_FN"]) == ("Recording", name)
    stage.forget()
    await Desk(stage).do("Hangup")
    assert "CallRecordingStateChange Stopped" in Desk(stage, TWO).told()
    assert (await Desk(stage, TWO).call())["userData"] == {"GSIP_RECORD": "OFF", "GSIP_REC_FN": name}
