"""The four recording operations: what each does in each state, and what a pause survives (sections 8.2, 8.3 and 8.7)."""

from typing import Final

from telegraphone.domain.legs import Ability
from tests.conformance import desk
from tests.conformance.desk import Desk, to
from tests.conformance.rule import Rule, rule
from tests.conformance.stage import DN, TWO, Stage

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
