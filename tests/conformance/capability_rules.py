"""Which operations a call offers in which situation, and in which order (sections 7.4 and 7.5)."""

from typing import Final

from telegraphone.domain.legs import Ability
from telegraphone.web.settings import Compatibility
from tests.conformance import desk
from tests.conformance.desk import Desk
from tests.conformance.rule import Rule, rule
from tests.conformance.stage import COLLEAGUE, CUSTOMER, ONE, SILENT, TWO, Stage

DATA = "DeleteUserDataPair UpdateUserData DeleteUserData AttachUserData"
BRING = "SingleStepTransfer InitiateConference InitiateTransfer SingleStepConference"
MERGE = "SwapCalls CompleteTransfer CompleteConference"
ESTABLISHED = f"{DATA} {BRING} Hold Hangup SendDtmf MuteCall ClearCall"
HELD = f"{DATA} {BRING} Hangup"

_ORDER: Final = (
    "DeleteUserDataPair SingleStepTransfer InitiateConference InitiateTransfer UpdateUserData Hold Hangup DeleteUserData "
    "SingleStepConference SendDtmf AttachUserData Answer Retrieve SwapCalls CompleteTransfer CompleteConference "
    "RemoveParticipantFromConference MuteCall UnmuteCall ClearCall StartCallRecording PauseCallRecording "
    "ResumeCallRecording StopCallRecording"
)
ORDER: Final = _ORDER.split()
ONLY_IN_8_5_2 = {"ClearCall"}

_START, _PAUSE, _RESUME = "StartCallRecording", "PauseCallRecording StopCallRecording", "ResumeCallRecording StopCallRecording"
_EVERY = (Ability.HOLD, Ability.MUTE, Ability.SEND_DTMF, Ability.TRANSFER, Ability.CONFERENCE)


def offers(situation: str, arrange: desk.Situation, expected: str, user: str = ONE, kind: str = "") -> Rule:
    """The call lists exactly this, in the settled order."""

    async def play(stage: Stage) -> None:
        await arrange(stage)
        call = await Desk(stage, user).call(kind)
        hidden = set() if stage.mode is Compatibility.V8_5_2 else ONLY_IN_8_5_2
        assert call["capabilities"] == [each for each in ORDER if each in set(expected.split()) - hidden]

    return Rule("7.4", f"capabilities, {situation}", play, frozenset(_EVERY))


async def _conference_left_by_its_owner(stage: Stage) -> None:
    await desk.crowd(stage)
    await Desk(stage).do("Hangup")


async def _back_from_hold(stage: Stage) -> None:
    await desk.held(stage)
    await Desk(stage).do("Retrieve")


async def _swapped(stage: Stage) -> None:
    await desk.consulting(stage)
    original = await Desk(stage).call("original")
    await Desk(stage).do("SwapCalls", await Desk(stage).call("Consult"), otherCallUri=original["uri"])


async def _consult_gone(stage: Stage) -> None:
    await desk.consulting(stage)
    await stage.handset("5002").hang_up()
    await stage.settle()


async def _silent_talks(stage: Stage) -> None:
    await desk.talking(stage, CUSTOMER, "5003")


async def _two_agents(stage: Stage) -> None:
    await desk.talking(stage, "5002", "5001")


CAPABILITIES = (
    offers("Dialing", desk.dialing, f"{DATA} SendDtmf Hangup"),
    offers("Ringing", desk.ringing, f"{DATA} Answer ClearCall"),
    offers("Established", desk.talking, f"{ESTABLISHED} {_START}"),
    offers("Established at the caller", _two_agents, f"{ESTABLISHED} {_START}", TWO),
    offers("Established and Recording", desk.recording, f"{ESTABLISHED} {_PAUSE}"),
    offers("Established and Paused", desk.paused, f"{ESTABLISHED} {_RESUME}"),
    offers("Established and Stopped again", desk.stopped, f"{ESTABLISHED} {_START}"),
    offers("Established without the recording feature", _silent_talks, ESTABLISHED, SILENT),
    offers("Established and muted", desk.muted, f"{ESTABLISHED.replace('MuteCall', 'UnmuteCall')} {_START}"),
    offers("Established again after hold", _back_from_hold, f"{ESTABLISHED} {_START}"),
    offers("Held", desk.held, f"{HELD} Retrieve {_START}"),
    offers("Held and Paused", desk.held_paused, f"{HELD} Retrieve {_RESUME}"),
    offers("consult answered, the consult", desk.consulting, f"{ESTABLISHED} {MERGE} {_START}", ONE, "Consult"),
    offers("consult answered, the original", desk.consulting, f"{HELD} {MERGE} {_START}", ONE, "original"),
    offers("consult answered, the colleague's view", desk.consulting, f"{ESTABLISHED} {_START}", TWO, "Consult"),
    offers("consult rings, the consult", desk.consult_rings, f"{DATA} SendDtmf Hangup", ONE, "Consult"),
    offers("consult rings, the original", desk.consult_rings, f"{DATA} Hangup {_START}", ONE, "original"),
    offers("consult held after a swap", _swapped, f"{HELD} {MERGE} {_START}", ONE, "Consult"),
    offers("original back after a swap", _swapped, f"{ESTABLISHED} {MERGE} {_START}", ONE, "original"),
    offers("Held after the consult was given up", _consult_gone, f"{HELD} Retrieve {_START}"),
    offers("owner of a conference", desk.conference, f"{ESTABLISHED} RemoveParticipantFromConference {_START}"),
    offers("party of a conference", desk.conference, f"{ESTABLISHED} {_START}", TWO),
    offers("party of a conference its owner left", _conference_left_by_its_owner, f"{ESTABLISHED} {_START}", TWO),
)


@rule("7.4", "capabilities, Released")
async def released_offers_nothing(stage: Stage) -> None:
    await desk.talking(stage)
    call = await Desk(stage).call()
    await stage.handset(CUSTOMER).hang_up()
    await stage.settle()
    assert (await Desk(stage).view(call["id"]))["capabilities"] == []
    assert stage.told(ONE)[-1]["data"]["call"]["capabilities"] == []


@rule("7.4", "no recording operation is offered while Ringing or Dialing")
async def no_recording_before_the_answer(stage: Stage) -> None:
    await desk.ringing(stage, "5002", "5001")
    for user in (ONE, TWO):
        call = await Desk(stage, user).call()
        assert not [each for each in call["capabilities"] if each.endswith("Recording")]
        assert call["recordingState"] == "Stopped"


@rule("7.4", "an operation that is not listed is refused and changes nothing", *_EVERY)
async def unlisted_is_refused(stage: Stage) -> None:
    """The arguments are good, so that only the state can be the reason."""
    attributes = {
        "SingleStepTransfer": desk.to(COLLEAGUE),
        "SingleStepConference": desk.to(COLLEAGUE),
        "InitiateTransfer": desk.to(COLLEAGUE),
        "InitiateConference": desk.to(COLLEAGUE),
        "SendDtmf": {"digits": "1"},
        "AttachUserData": {"userData": {"k": "v"}},
        "UpdateUserData": {"userData": {"k": "v"}},
        "DeleteUserDataPair": {"key": "k"},
        "RemoveParticipantFromConference": {"participant": CUSTOMER},
    }
    tolerated = {"Hangup", "Reject", "StopCallRecording"}
    for arrange in (desk.ringing, desk.dialing, desk.talking, desk.held, desk.paused, desk.consult_rings):
        await arrange(stage)
        for call in await Desk(stage).calls():
            accepted = {*call["capabilities"], *tolerated, *(ONLY_IN_8_5_2 if call["state"] != "Held" else set())}
            accepted |= {"PauseCallRecording"} if call["recordingState"] == "Paused" else set()
            before = {key: value for key, value in call.items() if key != "duration"}
            for operation in sorted({*ORDER, "Reject", "Complete"} - accepted):
                other = {"otherCallUri": call["uri"]} if operation == "SwapCalls" else attributes.get(operation, {})
                answer = await Desk(stage).operate(operation, call, **other)
                assert answer.pair == (400, 2), (arrange.__name__, operation, answer)
                assert answer.text.startswith(f"Operation '{operation}' is not valid in the current state: "), answer
            after = await Desk(stage).view(call["id"])
            assert {key: after[key] for key in before} == before
        await stage.clear()
        await stage.settle()
