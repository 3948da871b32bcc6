"""How requests about calls are answered: attributes, order of checks, status codes and texts (sections 3.4, 7.3, 8.4, 12)."""

from typing import Any, Final

from telegraphone.domain.legs import Ability, EndCause
from tests.conformance import desk
from tests.conformance.desk import Desk, to
from tests.conformance.rule import Rule, rule
from tests.conformance.stage import COLLEAGUE, CUSTOMER, DN, NOBODY, ONE, SILENT, TWO, Answer, Stage

MISSING, WRONG = (400, 1), (400, 2)
OUT_OF_RANGE: Final = "Parameter '{}' is invalid: The specified value is not within valid range"
ABSENT: Final = "Required parameter '{}' is missing."
_TO: Final = ("SingleStepTransfer", "SingleStepConference", "InitiateTransfer", "InitiateConference")


def refuses(name: str, body: object, pair: tuple[int, int], text: str) -> Rule:
    """On an Established call, and just so on an unknown one: attributes are looked at first. Nothing changes."""

    async def play(stage: Stage) -> None:
        await desk.talking(stage)
        here = Desk(stage)
        call = await here.call()
        stage.forget()
        for reference in (call["id"], "0123456789abcdef"):
            answer = await here.post(f"/me/calls/{reference}", body)
            assert (answer.pair, answer.body) == (pair, {"statusCode": pair[1], "statusMessage": text})
        assert stage.told(ONE) == []
        assert (await here.call()) | {"duration": ""} == call | {"duration": ""}

    return Rule("7.3", f"refused: {name}", play)


def _bodies() -> tuple[Rule, ...]:
    unreadable = "Request body is not valid JSON."
    made = [
        refuses(f"a body that is {kind}", body, WRONG, unreadable)
        for kind, body in {
            "cut off": "{",
            "empty": "",
            "an array": "[]",
            "a text": '"Hold"',
            "null": "null",
            "deep": "[" * 30_000,
        }.items()
    ]
    made.append(refuses("no operationName", {}, MISSING, ABSENT.format("operationName")))
    made.append(refuses("an empty operationName", {"operationName": ""}, MISSING, ABSENT.format("operationName")))
    out_of_range = OUT_OF_RANGE.format("operationName")
    names = ("hold", "Hold ", "Nonsense", "Dial", "Ready", 7, ["Hold"], {})
    return (*made, *(refuses(f"operationName {name!r}", {"operationName": name}, WRONG, out_of_range) for name in names))


def _attributes() -> tuple[Rule, ...]:
    made: list[Rule] = []

    def add(operation: str, given: dict[str, Any], pair: tuple[int, int], name: str) -> None:
        text = (ABSENT if pair is MISSING else OUT_OF_RANGE).format(name)
        made.append(refuses(f"{operation} {str(given)[:60]}", {"operationName": operation, **given}, pair, text))

    for operation in _TO:
        add(operation, {}, MISSING, "destination")
        add(operation, {"destination": {}}, MISSING, "destination.phoneNumber")
        add(operation, {"destination": {"phoneNumber": ""}}, MISSING, "destination.phoneNumber")
        for wrong in ("5002", 5002, ["5002"], True):
            add(operation, {"destination": wrong}, WRONG, "destination")
        for wrong in (5002, {}, ["5002"], "x" * 129, "50\n02", " "):
            add(operation, {"destination": {"phoneNumber": wrong}}, WRONG, "destination.phoneNumber")
        add(operation, to(DN[TWO]) | {"userData": "text"}, WRONG, "userData")
        add(operation, to(DN[TWO]) | {"userData": []}, WRONG, "userData")
    add("SendDtmf", {}, MISSING, "digits")
    add("SendDtmf", {"digits": ""}, MISSING, "digits")
    for wrong in (12, ["1"], "1 2", "12x", "1e", "0" * 65, "\u0661"):
        add("SendDtmf", {"digits": wrong}, WRONG, "digits")
    for operation in ("AttachUserData", "UpdateUserData"):
        add(operation, {}, MISSING, "userData")
        add(operation, {"userData": None}, MISSING, "userData")
        for wrong in ("text", [], 1, True):
            add(operation, {"userData": wrong}, WRONG, "userData")
    add("DeleteUserDataPair", {}, MISSING, "key")
    add("DeleteUserDataPair", {"key": {}}, WRONG, "key")
    add("RemoveParticipantFromConference", {}, MISSING, "participant")
    add("RemoveParticipantFromConference", {"participant": 5002}, WRONG, "participant")
    add("SwapCalls", {}, MISSING, "otherCallUri")
    add("SwapCalls", {"otherCallUri": 1}, WRONG, "otherCallUri")
    add("SwapCalls", {"otherCallUri": "/"}, WRONG, "otherCallUri")
    for operation in ("CompleteTransfer", "CompleteConference"):
        add(operation, {"consultCallUri": []}, WRONG, "consultCallUri")
    return tuple(made)


BODIES = _bodies()
ATTRIBUTES = _attributes()


@rule("3.1", "a body over 64 KiB is refused whole: 413/2")
async def large_body(stage: Stage) -> None:
    await desk.talking(stage)
    assert (await Desk(stage).operate("AttachUserData", userData={"k": "x" * 65_536})).pair == (413, 2)


@rule("7.1", "user data that would grow beyond 64 KiB in all is refused, and what there was stays")
async def oversized_user_data(stage: Stage) -> None:
    await desk.talking(stage)
    await Desk(stage).do("AttachUserData", userData={"a": "x" * 40_000})
    answer = await Desk(stage).operate("AttachUserData", userData={"b": "x" * 40_000})
    assert (answer.pair, answer.text) == (WRONG, "Parameter 'userData' is invalid: A call holds at most 65536 bytes of user data")
    assert set((await Desk(stage).call())["userData"]) == {"a"}


@rule("7.1", "user data as deep as a body can be is kept or refused, and the call goes on")
async def deep_user_data(stage: Stage) -> None:
    await desk.talking(stage)
    call = await Desk(stage).call()
    for depth in (50, 900, 5_000):
        nested = '{"a":' * depth + "1" + "}" * depth
        answer = await Desk(stage).post(f"/me/calls/{call['id']}", f'{{"operationName":"AttachUserData","userData":{nested}}}')
        assert answer.pair in ((200, 0), WRONG), depth
    await Desk(stage).do("DeleteUserData")


@rule("3.4", "the feature is looked at before the call is looked for")
async def feature_first(stage: Stage) -> None:
    for operation in ("StartCallRecording", "StopCallRecording", "PauseCallRecording", "ResumeCallRecording"):
        answer = await Desk(stage, SILENT).operate(operation, "unknown")
        assert (answer.pair, answer.text) == ((403, 5), "Feature 'api-voice-recording' is not assigned to the user.")


@rule("8.4", "an unknown call and somebody else's look alike: 404/6")
async def unknown_calls(stage: Stage) -> None:
    await desk.talking(stage)
    call = await Desk(stage).call()
    for user, reference in ((TWO, call["id"]), (ONE, "0123456789abcdef"), (ONE, "Z" * 32), (ONE, "x")):
        answer = await Desk(stage, user).operate("Hold", reference)
        assert (answer.pair, answer.text) == ((404, 6), f"Requested call [{reference}] cannot be found.")


@rule("8.4", "nobody without credentials: 403/20")
async def no_credentials(stage: Stage) -> None:
    for method, body in (("GET", None), ("POST", {"operationName": "Hangup"})):
        answer = await stage.ask("", method, "/api/v2/me/calls/0123456789abcdef", body)
        assert (answer.pair, answer.body) == ((403, 20), {"statusCode": 20, "statusMessage": "Access denied"})


@rule("3.1", "unknown URL 404/6; known URL with another method 405/2")
async def urls_and_methods(stage: Stage) -> None:
    unknown = await Desk(stage).get("/me/nonsense")
    assert (unknown.pair, unknown.text) == ((404, 6), "Requested resource cannot be found.")
    other = await stage.ask(ONE, "PUT", "/api/v2/me/calls/0123456789abcdef", {})
    assert (other.pair, other.text) == ((405, 2), "Method is not allowed.")
    assert (await stage.ask(ONE, "GET", "/api/v1/me")).pair == (404, 6)


# --- destinations ---------------------------------------------------------------------------------------------------


def cannot_reach(operation: str, why: str, cause: EndCause | None, number: str, expected: tuple[tuple[int, int], str]) -> Rule:
    """The destination of a single step cannot be called: the answer says so, and the call goes on as it was."""

    async def play(stage: Stage) -> None:
        await desk.talking(stage)
        stage.forget()
        if cause is not None:
            await stage.busy(number)
        answer = await Desk(stage).operate(operation, **to(number))
        assert (answer.pair, answer.text) == expected
        call = await Desk(stage).call()
        assert (call["state"], len(call["participants"])) == ("Established", 1)
        assert Desk(stage).told() == []
        await Desk(stage).do("AttachUserData", userData={"still": "there"})

    return Rule("7.3", f"{operation} to a number that {why}", play, frozenset({Ability.TRANSFER, Ability.CONFERENCE}))


UNREACHABLE = tuple(
    cannot_reach(operation, why, cause, number, expected)
    for operation in ("SingleStepTransfer", "SingleStepConference")
    for why, cause, number, expected in (
        ("nobody has", None, NOBODY, (WRONG, f"Parameter 'destination' is invalid: Nobody has the number {NOBODY}")),
        ("is busy", EndCause.BUSY, COLLEAGUE, ((500, 4), f"Destination '{COLLEAGUE}' cannot be reached: busy.")),
    )
)


@rule("7.3", "who is in the call already cannot be brought in", Ability.TRANSFER, Ability.CONFERENCE)
async def already_there(stage: Stage) -> None:
    await desk.talking(stage)
    for operation in _TO:
        for number in (CUSTOMER, DN[ONE]):
            answer = await Desk(stage).operate(operation, **to(number))
            assert (answer.pair, answer.text) == (WRONG, OUT_OF_RANGE.format("destination"))


def consult_fails(operation: str, number: str, why: str) -> Rule:
    """Nobody is asked beforehand: the consult is over at once, and the caller can be taken back."""

    async def play(stage: Stage) -> None:
        await desk.talking(stage)
        stage.forget()
        if number == COLLEAGUE:
            await stage.busy(number)
        await Desk(stage).do(operation, **to(number))
        assert Desk(stage).told() == ["StatusChange Held", "StatusChange Dialing Consult", "StatusChange Released Consult"]
        assert (await Desk(stage).call())["state"] == "Held"
        await Desk(stage).do("Retrieve")
        await Desk(stage).do("AttachUserData", userData={"still": "there"})

    needed = frozenset({Ability.TRANSFER, Ability.CONFERENCE})
    return Rule("7.3", f"{operation} to a number that {why}: the consult is Released, the original stays Held", play, needed)


CONSULTS = tuple(
    consult_fails(operation, number, why)
    for operation in ("InitiateTransfer", "InitiateConference")
    for number, why in ((NOBODY, "nobody has"), (COLLEAGUE, "is busy"))
)


@rule("12", "every answer is an object with an integer statusCode, and statusMessage on errors alone")
async def shape_of_answers(stage: Stage) -> None:
    await desk.talking(stage)
    answers: list[Answer] = [
        await Desk(stage).operate("Nonsense"),
        await Desk(stage).operate("Retrieve"),
        await Desk(stage).operate("StartCallRecording"),
        await Desk(stage).operate("SendDtmf"),
        await Desk(stage, TWO).operate("Hold", "unknown"),
    ]
    for answer in answers:
        assert type(answer.body["statusCode"]) is int
        assert set(answer.body) == ({"statusCode"} if answer.status == 200 else {"statusCode", "statusMessage"})
