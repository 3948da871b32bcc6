"""What each operation on a call does: who is told what, in which order (section 7.3)."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from telegraphone.domain.legs import Ability
from tests.conformance import desk
from tests.conformance.desk import Desk, to
from tests.conformance.rule import Rule
from tests.conformance.stage import COLLEAGUE, CUSTOMER, DN, ONE, TWO, Stage

Act = Callable[[Stage], Awaitable[None]]
STATUS, JOINED, DATA = "StatusChange", "ParticipantsUpdated", "AttachedDataChanged"


def does(operation: str, user: str = ONE, kind: str = "", **attributes: Any) -> Act:
    """The user posts the operation, and it is accepted."""

    async def act(stage: Stage) -> None:
        here = Desk(stage, user)
        await here.do(operation, await here.call(kind), **attributes)

    return act


def handset(number: str, verb: str) -> Act:
    async def act(stage: Stage) -> None:
        await getattr(stage.handset(number), verb)()
        await stage.settle()

    return act


def tells(name: str, arrange: Act | None, act: Act, told: Mapping[str, list[str]], *needs: Ability, also: str = "") -> Rule:
    """In this situation the act makes exactly these events, for each agent in this order."""

    async def play(stage: Stage) -> None:
        if arrange is not None:
            await arrange(stage)
        stage.forget()
        await act(stage)
        for user, expected in told.items():
            assert Desk(stage, user).told() == expected, user

    return Rule("7.3", f"{name}{also}", play, frozenset(needs))


async def _agents_held(stage: Stage) -> None:
    await desk.agents_talk(stage)
    await Desk(stage).do("Hold")


async def _consulting_about_an_agent(stage: Stage) -> None:
    """The second agent's call is on hold while the first consults a colleague without a desktop."""
    await desk.agents_talk(stage)
    await Desk(stage).do("InitiateConference", **to(COLLEAGUE))
    await stage.handset(COLLEAGUE).answer()
    await stage.settle()


async def _dials(stage: Stage) -> None:
    assert (await Desk(stage).dial(CUSTOMER)).pair == (200, 0)
    await stage.handset(DN[ONE]).answer()
    await stage.settle()
    await stage.handset(CUSTOMER).answer()
    await stage.settle()


HOLD, TRANSFER, CONFER, MUTE, DIGITS = (
    Ability.HOLD,
    Ability.TRANSFER,
    Ability.CONFERENCE,
    Ability.MUTE,
    Ability.SEND_DTMF,
)
CONSULT = (HOLD, TRANSFER)
_RELEASED = [f"{STATUS} Released"]

EVENTS = (
    tells("Dial: Dialing, then Established", None, _dials, {ONE: [f"{STATUS} Dialing", f"{STATUS} Established"]}),
    tells("Answer: Established", desk.ringing, does("Answer"), {ONE: [f"{STATUS} Established"]}),
    tells("Hangup: Released", desk.talking, does("Hangup"), {ONE: _RELEASED}),
    tells("Hangup: the other agent's view too", desk.agents_talk, does("Hangup"), {ONE: _RELEASED, TWO: _RELEASED}),
    tells("Hangup on a ringing call", desk.ringing, does("Hangup"), {ONE: _RELEASED}),
    tells("Hangup while Dialing", desk.dialing, does("Hangup"), {ONE: _RELEASED}),
    tells("Reject: Released", desk.ringing, does("Reject"), {ONE: _RELEASED}),
    tells("Hold: Held", desk.agents_talk, does("Hold"), {ONE: [f"{STATUS} Held"], TWO: []}, HOLD),
    tells("Retrieve: Established", _agents_held, does("Retrieve"), {ONE: [f"{STATUS} Established"], TWO: []}, HOLD),
    tells("Hold at the phone: Held", desk.talking, handset("5001", "hold"), {ONE: [f"{STATUS} Held"]}),
    tells(
        "SingleStepTransfer: Released; the new agent's call rings",
        desk.talking,
        does("SingleStepTransfer", **to(DN[TWO])),
        {ONE: _RELEASED, TWO: [f"{STATUS} Ringing"]},
        TRANSFER,
    ),
    tells(
        "InitiateTransfer: original Held, then the consult Dialing",
        desk.talking,
        does("InitiateTransfer", **to(DN[TWO])),
        {ONE: [f"{STATUS} Held", f"{STATUS} Dialing Consult"], TWO: [f"{STATUS} Ringing Consult"]},
        *CONSULT,
    ),
    tells(
        "InitiateConference: as InitiateTransfer",
        desk.talking,
        does("InitiateConference", **to(DN[TWO])),
        {ONE: [f"{STATUS} Held", f"{STATUS} Dialing Consult"], TWO: [f"{STATUS} Ringing Consult"]},
        *CONSULT,
        CONFER,
    ),
    tells(
        "InitiateTransfer: the consult's answer",
        desk.consult_rings,
        handset("5002", "answer"),
        {ONE: [f"{STATUS} Established Consult"], TWO: [f"{STATUS} Established Consult"]},
        *CONSULT,
    ),
    tells(
        "InitiateTransfer from a call that is on hold already",
        desk.held,
        does("InitiateTransfer", **to(DN[TWO])),
        {ONE: [f"{STATUS} Dialing Consult"]},
        *CONSULT,
    ),
    *(
        tells(
            "CompleteTransfer: original Released, consult Released; the new agent gets the original Established",
            desk.consulting,
            does("CompleteTransfer", kind=kind),
            {
                ONE: [f"{STATUS} Released", f"{STATUS} Released Consult"],
                TWO: [f"{STATUS} Released Consult", f"{STATUS} Established"],
            },
            *CONSULT,
            also=f", posted on the {kind}",
        )
        for kind in ("original", "Consult")
    ),
    *(
        tells(
            "CompleteConference: consult Released, original Established, ParticipantsUpdated",
            _consulting_about_an_agent,
            does("CompleteConference", kind=kind),
            {
                ONE: [f"{STATUS} Released Consult", f"{STATUS} Established", f"{JOINED} Established"],
                TWO: [f"{JOINED} Established"],
            },
            *CONSULT,
            CONFER,
            also=f", posted on the {kind}",
        )
        for kind in ("original", "Consult")
    ),
    tells(
        "CompleteConference: the agent who joins",
        desk.consulting,
        does("CompleteConference", kind="Consult"),
        {TWO: [f"{STATUS} Released Consult", f"{STATUS} Established"]},
        *CONSULT,
        CONFER,
    ),
    tells(
        "SingleStepConference: ParticipantsUpdated when the party answers",
        desk.agents_talk,
        desk.joined_by(COLLEAGUE),
        {ONE: [f"{JOINED} Established"], TWO: [f"{JOINED} Established"]},
        CONFER,
    ),
    tells(
        "RemoveParticipantFromConference: ParticipantsUpdated; who is removed is Released",
        desk.conference,
        does("RemoveParticipantFromConference", participant=DN[TWO]),
        {ONE: [f"{JOINED} Established"], TWO: _RELEASED},
        CONFER,
    ),
    tells("ClearCall: Released for all", desk.conference, does("ClearCall", TWO), {ONE: _RELEASED, TWO: _RELEASED}, CONFER),
    tells("ClearCall on a ringing call", desk.ringing, does("ClearCall"), {ONE: _RELEASED}),
    tells(
        "Hangup in a conference: Released for one, ParticipantsUpdated for the others",
        desk.conference,
        does("Hangup"),
        {ONE: _RELEASED, TWO: [f"{JOINED} Established"]},
        CONFER,
    ),
    tells(
        "SendDtmf: DtmfSent to the sender",
        desk.agents_talk,
        does("SendDtmf", digits="0123456789"),
        {ONE: ["DtmfSent Established"], TWO: []},
        DIGITS,
    ),
    tells(
        "SendDtmf: letters and signs too",
        desk.talking,
        does("SendDtmf", digits="*#ABCD"),
        {ONE: ["DtmfSent Established"]},
        DIGITS,
    ),
    tells(
        "MuteCall: StatusChange to the agent", desk.agents_talk, does("MuteCall"), {ONE: [f"{STATUS} Established"], TWO: []}, MUTE
    ),
    tells("UnmuteCall: StatusChange to the agent", desk.muted, does("UnmuteCall"), {ONE: [f"{STATUS} Established"]}, MUTE),
    *(
        tells(
            f"{operation}: AttachedDataChanged to every agent",
            desk.agents_talk,
            does(operation, **attributes),
            {ONE: [f"{DATA} Established"], TWO: [f"{DATA} Established"]},
        )
        for operation, attributes in {
            "AttachUserData": {"userData": {"k": "v"}},
            "UpdateUserData": {"userData": {"k": {"a": [1, None, {"b": True}]}}},
            "DeleteUserDataPair": {"key": "k"},
            "DeleteUserData": {},
        }.items()
    ),
    tells("user data while Ringing", desk.ringing, does("UpdateUserData", userData={"k": "v"}), {ONE: [f"{DATA} Ringing"]}),
    tells(
        "user data with a transfer",
        desk.talking,
        does("SingleStepTransfer", userData={"k": "v"}, **to(DN[TWO])),
        {ONE: [f"{DATA} Established", *_RELEASED], TWO: [f"{STATUS} Ringing"]},
        TRANSFER,
    ),
    tells(
        "the consult's target hangs up while talking",
        desk.consulting,
        handset("5002", "hang_up"),
        {ONE: [f"{STATUS} Released Consult"], TWO: [f"{STATUS} Released Consult"]},
        *CONSULT,
    ),
    tells(
        "the consult's target hangs up while ringing",
        desk.consult_rings,
        handset("5002", "hang_up"),
        {ONE: [f"{STATUS} Released Consult"], TWO: [f"{STATUS} Released Consult"]},
        *CONSULT,
    ),
    tells(
        "the caller hangs up while waiting",
        desk.consulting,
        handset("5000", "hang_up"),
        {ONE: [f"{STATUS} Released"], TWO: []},
        *CONSULT,
    ),
    tells(
        "the agent hangs up the consult",
        desk.consulting,
        does("Hangup", kind="Consult"),
        {ONE: [f"{STATUS} Released Consult"], TWO: [f"{STATUS} Released Consult"]},
        *CONSULT,
    ),
)
