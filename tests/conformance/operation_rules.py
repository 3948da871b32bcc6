"""What each operation on a call does: who is told what, in which order (section 7.3)."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from telegraphone.domain.legs import Ability
from telegraphone.web.settings import Compatibility
from tests.conformance import desk
from tests.conformance.desk import Desk, to
from tests.conformance.rule import Rule, rule
from tests.conformance.stage import COLLEAGUE, CUSTOMER, DN, NOBODY, ONE, TWO, Json, Stage

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


async def _agents_talk(stage: Stage) -> None:
    """The second agent calls the first."""
    await desk.talking(stage, DN[TWO], DN[ONE])


async def _agents_held(stage: Stage) -> None:
    await _agents_talk(stage)
    await Desk(stage).do("Hold")


async def _consulting_about_an_agent(stage: Stage) -> None:
    """The second agent's call is on hold while the first consults a colleague without a desktop."""
    await _agents_talk(stage)
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
    tells("Hangup: the other agent's view too", _agents_talk, does("Hangup"), {ONE: _RELEASED, TWO: _RELEASED}),
    tells("Hangup on a ringing call", desk.ringing, does("Hangup"), {ONE: _RELEASED}),
    tells("Hangup while Dialing", desk.dialing, does("Hangup"), {ONE: _RELEASED}),
    tells("Reject: Released", desk.ringing, does("Reject"), {ONE: _RELEASED}),
    tells("Hold: Held", _agents_talk, does("Hold"), {ONE: [f"{STATUS} Held"], TWO: []}, HOLD),
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
        _agents_talk,
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
        _agents_talk,
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
    tells("MuteCall: StatusChange to the agent", _agents_talk, does("MuteCall"), {ONE: [f"{STATUS} Established"], TWO: []}, MUTE),
    tells("UnmuteCall: StatusChange to the agent", desk.muted, does("UnmuteCall"), {ONE: [f"{STATUS} Established"]}, MUTE),
    *(
        tells(
            f"{operation}: AttachedDataChanged to every agent",
            _agents_talk,
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


@rule("7.3", "SwapCalls: one Established, one Held, to and fro", *CONSULT)
async def swap(stage: Stage) -> None:
    await desk.consulting(stage)
    here = Desk(stage)
    consult, original = await here.call("Consult"), await here.call("original")
    for active, other in ((consult, original), (original, consult)):
        stage.forget()
        await here.do("SwapCalls", active, otherCallUri=other["uri"])
        told = {each["data"]["call"]["id"]: each["data"]["call"]["state"] for each in stage.told(ONE)}
        assert told == {active["id"]: "Held", other["id"]: "Established"}
        assert len(here.told()) == 2


@rule("7.3", "SwapCalls may be posted on the held call as well", *CONSULT)
async def swap_from_the_other_side(stage: Stage) -> None:
    await desk.consulting(stage)
    here = Desk(stage)
    consult, original = await here.call("Consult"), await here.call("original")
    await here.do("SwapCalls", original, otherCallUri=consult["uri"])
    assert ((await here.call("original"))["state"], (await here.call("Consult"))["state"]) == ("Established", "Held")


@rule("7.3", "a consult call is linked to its original in every view and event, until it is released", *CONSULT)
async def parent_links(stage: Stage) -> None:
    await desk.consult_rings(stage)
    here = Desk(stage)
    original = await here.call("original")
    consult = await here.call("Consult")
    modern = stage.mode is Compatibility.V8_5_2
    links = {"parentCallUri": original["uri"]} | ({"parentCallPath": original["path"]} if modern else {})
    assert {key: consult[key] for key in consult if key.startswith("parent")} == links
    assert not [key for key in original if key.startswith("parent")]
    await stage.handset(DN[TWO]).answer()
    await stage.settle()
    stage.forget()
    await here.do("CompleteConference", original)
    first = stage.told(ONE)[0]["data"]["call"]
    assert (first["state"], first["capabilities"]) == ("Released", [])
    assert {key: first[key] for key in first if key.startswith("parent")} == links


@rule("7.3", "after SingleStepTransfer the new agent's call has the original's ids and data", Ability.TRANSFER)
async def transferred_call_is_the_same(stage: Stage) -> None:
    await desk.talking(stage)
    await Desk(stage).do("AttachUserData", userData={"case": {"id": 7}})
    original = await Desk(stage).call()
    await Desk(stage).do("SingleStepTransfer", **to(DN[TWO]))
    await stage.handset(DN[TWO]).answer()
    await stage.settle()
    theirs = await Desk(stage, TWO).call()
    assert theirs["state"] == "Established"
    assert _same(original, theirs, "id", "callUuid", "connId", "userData")
    assert _numbers(theirs) == [CUSTOMER]


@rule("7.3", "after CompleteTransfer the new agent's call has the original's ids and data", *CONSULT)
async def completed_call_is_the_same(stage: Stage) -> None:
    await desk.talking(stage)
    await Desk(stage).do("AttachUserData", userData={"case": "7"})
    original = await Desk(stage).call()
    await Desk(stage).do("InitiateTransfer", **to(DN[TWO]))
    await stage.handset(DN[TWO]).answer()
    await stage.settle()
    await Desk(stage).do("CompleteTransfer", original)
    theirs = await Desk(stage, TWO).call()
    assert _same(original, theirs, "id", "callUuid", "connId", "userData")
    assert (_numbers(theirs), theirs["state"], theirs["callType"]) == ([CUSTOMER], "Established", original["callType"])
    assert await Desk(stage).calls() == []


@rule("7.3", "consultCallUri names the other call, in either form of link; another call is refused", *CONSULT)
async def consult_call_uri(stage: Stage) -> None:
    await desk.consulting(stage)
    here = Desk(stage)
    consult, original = await here.call("Consult"), await here.call("original")
    for operation in ("CompleteTransfer", "CompleteConference"):
        answer = await here.operate(operation, original, consultCallUri=f"{stage.url}/api/v2/me/calls/{'Z' * 32}")
        assert answer.pair == (400, 2)
        assert answer.text.startswith("Parameter 'consultCallUri' is invalid")
    await here.do("CompleteTransfer", original, consultCallUri=f"/me/calls/{consult['callUuid']}")


@rule("7.3", "a conference lists its parties to each; who left is gone from it", Ability.CONFERENCE)
async def conference_parties(stage: Stage) -> None:
    await desk.conference(stage)
    assert _numbers(await Desk(stage).call()) == [CUSTOMER, DN[TWO]]
    assert _numbers(await Desk(stage, TWO).call()) == [CUSTOMER, DN[ONE]]
    await stage.handset(CUSTOMER).hang_up()
    await stage.settle()
    assert _numbers(await Desk(stage).call()) == [DN[TWO]]


@rule("7.3", "only the owner of a conference may remove a party", Ability.CONFERENCE)
async def only_the_owner_removes(stage: Stage) -> None:
    await desk.conference(stage)
    answer = await Desk(stage, TWO).operate("RemoveParticipantFromConference", participant=CUSTOMER)
    assert answer.pair == (400, 2)
    assert (await Desk(stage).operate("RemoveParticipantFromConference", participant=NOBODY)).pair == (400, 2)
    assert _numbers(await Desk(stage).call()) == [CUSTOMER, DN[TWO]]


@rule("7.3", "mute is shown to the agent who muted, and the capability flips", Ability.MUTE)
async def mute_flips(stage: Stage) -> None:
    await _agents_talk(stage)
    for operation, shown, offered in (("MuteCall", "On", "UnmuteCall"), ("UnmuteCall", "Off", "MuteCall")):
        stage.forget()
        await Desk(stage).do(operation)
        [event] = stage.told(ONE)
        assert event["data"]["call"]["mute"] == shown
        assert offered in event["data"]["call"]["capabilities"]
        assert operation not in event["data"]["call"]["capabilities"]
        assert (await Desk(stage, TWO).call())["mute"] == "Off"


@rule("7.3", "DtmfSent carries the whole call and nowhere the digits", Ability.SEND_DTMF)
async def digits_are_not_told(stage: Stage) -> None:
    await desk.talking(stage)
    stage.forget()
    await Desk(stage).do("SendDtmf", digits="49378")
    [message] = stage.told(ONE)
    assert message["data"]["call"] == (await Desk(stage).call()) | {"duration": message["data"]["call"]["duration"]}
    assert "49378" not in str(message)


@rule("7.3", "Accept and Decline belong to Preview, which we never show")
async def no_preview(stage: Stage) -> None:
    await desk.ringing(stage)
    for operation in ("Accept", "Decline"):
        assert (await Desk(stage).operate(operation)).pair == (400, 2)


@rule("7.3", "Dial works at both URLs, and takes location, userData and outboundCallerId")
async def dial_urls(stage: Stage) -> None:
    here = Desk(stage)
    device = await here.device()
    for prefix in ("/me", ""):
        body = {"operationName": "Dial", **to(CUSTOMER), "userData": {"a": {"b": 1}}, "location": "x", "outboundCallerId": "5"}
        assert (await here.post(f"{prefix}/devices/{device['id']}/calls", body)).pair == (200, 0)
        call = await here.call()
        assert (call["state"], call["userData"], call["dnis"], "ani" in call) == ("Dialing", {"a": {"b": 1}}, CUSTOMER, False)
        await stage.clear()
        await stage.settle()


@rule("7.3", "Dial to a number nobody has: the call is Released")
async def dial_nobody(stage: Stage) -> None:
    assert (await Desk(stage).dial(NOBODY)).pair == (200, 0)
    await stage.handset(DN[ONE]).answer()
    await stage.settle()
    assert Desk(stage).told() == [f"{STATUS} Dialing", f"{STATUS} Released"]


def _same(first: Json, second: Json, *keys: str) -> bool:
    return all(first.get(key) == second.get(key) for key in keys)


def _numbers(call: Json) -> list[str]:
    return [each if isinstance(each, str) else each["phoneNumber"] for each in call["participants"]]
