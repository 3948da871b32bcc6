"""What operations on a call do beyond telling of it: links, ids, parties, mute, digits and dialling (section 7.3)."""

from telegraphone.domain.legs import Ability
from telegraphone.web.settings import Compatibility
from tests.conformance import desk
from tests.conformance.desk import Desk, to
from tests.conformance.rule import rule
from tests.conformance.stage import CUSTOMER, DN, NOBODY, ONE, TWO, Json, Stage

CONSULT = (Ability.HOLD, Ability.TRANSFER)
STATUS = "StatusChange"


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
    await desk.agents_talk(stage)
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
