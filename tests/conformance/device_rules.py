"""Devices: what they show, who is not disturbed and whose calls go elsewhere (section 6)."""

from typing import Any, Final

from telegraphone.domain.legs import Ability
from telegraphone.web.settings import Compatibility
from tests.conformance.agent_rules import DONE, start
from tests.conformance.desk import API, Desk
from tests.conformance.rule import Rule, rule
from tests.conformance.stage import COLLEAGUE, CUSTOMER, DN, ONE, TWO, Answer, Json, Stage

ALWAYS: Final = (
    "id deviceState phoneNumber description e164Number telephonyNetwork doNotDisturb voiceEnvironmentUri capabilities "
    "channels type"
)


async def _do(stage: Stage, operation: str, user: str = ONE, **attributes: Any) -> Answer:
    return await Desk(stage, user).operate_device(operation, **attributes)


@rule("6.1", "a device shows these fields always, and dynamicPhoneNumber in 8.5.2 only")
async def fields(stage: Stage) -> None:
    modern = {"dynamicPhoneNumber"} if stage.mode is Compatibility.V8_5_2 else set()
    device = await Desk(stage).device()
    assert set(device) == set(ALWAYS.split()) | modern
    assert (device["deviceState"], device["capabilities"], device["channels"]) == ("Inactive", [], ["voice"])
    assert (device["phoneNumber"], device["doNotDisturb"], device["type"]) == (DN[ONE], "Off", "ACDPosition")
    assert device["voiceEnvironmentUri"].startswith(f"{stage.url}{API}/")
    await start(stage)
    assert set(await Desk(stage).device()) == set(ALWAYS.split()) | modern | {"userState"}


@rule("6.1", "a device is the same in each of its places")
async def places(stage: Stage) -> None:
    await start(stage)
    device = await Desk(stage).device()
    for path in (f"/me/devices/{device['id']}", f"/devices/{device['id']}"):
        assert (await Desk(stage).get(path)).body == {"statusCode": 0, "device": device}
    user = (await Desk(stage).get("/me?subresources=devices")).body["user"]
    assert user["devices"] == [device]
    assert (await Desk(stage).get("/me/devices")).body["uris"] == [f"{stage.url}{API}/devices/{device['id']}"]


@rule("6.1", "somebody else's device and an unknown one look alike: 404/6")
async def foreign(stage: Stage) -> None:
    other = await Desk(stage, TWO).device()
    answers = []
    for device_id in (other["id"], "00000000-0000-4000-8000-999999999999"):
        for root in ("/me/devices", "/devices"):
            for rest in ("", "/calls", "/settings/tserver"):
                answer = await Desk(stage).get(f"{root}/{device_id}{rest}")
                assert answer.pair == (404, 6)
                answers.append(answer.text.replace(device_id, ""))
        answer = await Desk(stage).post(f"/me/devices/{device_id}", {"operationName": "DoNotDisturbOn"})
        assert answer.pair == (404, 6)
    assert len(set(answers)) == 1


def flips(on: str, off: str, field: str, shown: object, **attributes: Any) -> Rule:
    """One operation shows in a field and offers its opposite, which takes it back; each tells once, on the device only."""

    async def play(stage: Stage) -> None:
        await start(stage)
        before = await Desk(stage).device()
        assert on in before["capabilities"]
        for operation, given in ((on, attributes), (off, {})):
            stage.forget()
            assert (await _do(stage, operation, **given)).body == DONE
            device = await Desk(stage).device()
            told = [each["data"]["devices"] for each in stage.told(ONE) if each["channel"] == "/v2/me/devices"]
            assert told == [[device]]
            assert len(stage.told(ONE)) == 1, "the agent's state did not change"
            stage.forget()
            assert (await _do(stage, operation, **given)).body == DONE
            assert stage.told(ONE) == [], "a repeat tells nothing"
            if operation == on:
                assert device[field] == shown
                assert (on in device["capabilities"], off in device["capabilities"]) == (False, True)
        assert device == before

    return Rule("6.2", f"{on} and {off}", play)


FLIPS = (
    flips("DoNotDisturbOn", "DoNotDisturbOff", "doNotDisturb", "On"),
    flips("ForwardCallsOn", "ForwardCallsOff", "forwardTo", COLLEAGUE, destination=COLLEAGUE),
)


def refused(given: Json, pair: tuple[int, int]) -> Rule:
    """Forwarding with these attributes is refused and changes nothing."""

    async def play(stage: Stage) -> None:
        await start(stage)
        before = await Desk(stage).device()
        stage.forget()
        assert (await _do(stage, "ForwardCallsOn", **given)).pair == pair
        assert (await Desk(stage).device(), stage.told(ONE)) == (before, [])

    return Rule("6.2", f"ForwardCallsOn refused: {given}", play)


REFUSED = (
    refused({}, (400, 1)),
    refused({"destination": ""}, (400, 1)),
    refused({"destination": None}, (400, 1)),
    refused({"destination": {"phoneNumber": COLLEAGUE}}, (400, 2)),
    refused({"destination": 5005}, (400, 2)),
    refused({"destination": DN[ONE]}, (400, 2)),
)


@rule("6.2", "another destination takes the place of the first")
async def redirected(stage: Stage) -> None:
    await start(stage)
    for number in (COLLEAGUE, CUSTOMER):
        assert (await _do(stage, "ForwardCallsOn", destination=number)).body == DONE
        assert (await Desk(stage).device())["forwardTo"] == number


@rule("6.2", "an operation no device has: 400/2; none: 400/1")
async def unknown_operation(stage: Stage) -> None:
    await start(stage)
    for name in ("DoNotDisturb", "Hold", "Ready"):
        assert (await _do(stage, name)).pair == (400, 2)
    device = await Desk(stage).device()
    assert (await Desk(stage).post(f"/me/devices/{device['id']}", {})).pair == (400, 1)


@rule("6.2", "where nobody works the device takes no operation")
async def nobody_there(stage: Stage) -> None:
    for operation in ("DoNotDisturbOn", "DoNotDisturbOff", "ForwardCallsOff"):
        assert (await _do(stage, operation)).pair == (500, 4)


@rule("6.2", "who is not to be disturbed is not rung, and can still call")
async def not_disturbed(stage: Stage) -> None:
    await start(stage)
    await _do(stage, "DoNotDisturbOn")
    stage.forget()
    assert (await Desk(stage, TWO).dial(DN[ONE])).body == DONE
    await stage.handset(DN[TWO]).answer()
    await stage.settle()
    assert stage.told(ONE) == []
    assert await Desk(stage).calls() == []
    assert await Desk(stage, TWO).calls() == [], "busy"
    assert (await Desk(stage).dial(CUSTOMER)).body == DONE
    await stage.handset(DN[ONE]).answer()
    await stage.handset(CUSTOMER).answer()
    assert (await Desk(stage).call())["state"] == "Established"


@rule("6.2", "calls go where they are forwarded to, and on from there")
async def forwarded(stage: Stage) -> None:
    await start(stage)
    await start(stage, TWO)
    await _do(stage, "ForwardCallsOn", destination=DN[TWO])
    await stage.handset(CUSTOMER).call(DN[ONE])
    await stage.handset(DN[TWO]).answer()
    assert await Desk(stage).calls() == []
    call = await Desk(stage, TWO).call()
    assert (call["state"], call["ani"], call["dnis"]) == ("Established", CUSTOMER, DN[ONE])
    await stage.clear()
    await _do(stage, "ForwardCallsOn", TWO, destination=COLLEAGUE)
    await stage.handset(CUSTOMER).call(DN[ONE])
    await stage.handset(COLLEAGUE).answer()
    assert await Desk(stage, TWO).calls() == []


@rule("6.2", "calls that are forwarded in a circle find everybody busy")
async def circle(stage: Stage) -> None:
    await start(stage)
    await start(stage, TWO)
    await _do(stage, "ForwardCallsOn", destination=DN[TWO])
    await _do(stage, "ForwardCallsOn", TWO, destination=DN[ONE])
    await stage.handset(CUSTOMER).call(DN[ONE])
    assert await Desk(stage).calls() == await Desk(stage, TWO).calls() == []


@rule("6.2", "a consult call goes where its number is forwarded to", Ability.TRANSFER)
async def forwarded_consult(stage: Stage) -> None:
    await start(stage, TWO)
    await _do(stage, "ForwardCallsOn", TWO, destination=COLLEAGUE)
    await stage.handset(CUSTOMER).call(DN[ONE])
    await stage.handset(DN[ONE]).answer()
    await Desk(stage).do("InitiateTransfer", destination={"phoneNumber": DN[TWO]})
    await stage.handset(COLLEAGUE).answer()
    assert (await Desk(stage).call("Consult"))["state"] == "Established"
    assert await Desk(stage, TWO).calls() == []
