"""Operations that cross somebody's hanging up, in every situation and in both orders: each is answered clearly, a call ends once
for each agent, and nothing is left of it."""

import asyncio
from collections import Counter

import pytest

from telegraphone.services.surroundings import Policies
from telegraphone.web.settings import Compatibility
from tests.conformance import desk
from tests.conformance.desk import Desk, Situation, to
from tests.conformance.in_process import InProcess, in_process
from tests.conformance.stage import COLLEAGUE, CUSTOMER, DN, ONE, TWO, Answer, Json
from tests.scenario.clock import settle

FIRST, TOGETHER, LATER = -1, 0, 3
"""When the phone hangs up: before the operation is asked for, in the same turn of the loop, or when it is under way."""
BRING_IN = {"SingleStepTransfer", "SingleStepConference", "InitiateTransfer", "InitiateConference"}
ATTRIBUTES: dict[str, Json] = {
    "SendDtmf": {"digits": "1"},
    "AttachUserData": {"userData": {"a": 1}},
    "UpdateUserData": {"userData": {"a": 1}},
    "DeleteUserDataPair": {"key": "a"},
    "RemoveParticipantFromConference": {"participant": CUSTOMER},
    **dict.fromkeys(BRING_IN, to(COLLEAGUE)),
}


async def race(stage: InProcess, call: Json, other: Json | None, operation: str, number: str, moment: int) -> Answer:
    """Agent one's operation, and the hanging up of this phone."""
    attributes = ATTRIBUTES.get(operation, {})
    if operation == "SwapCalls" and other is not None:
        attributes = {"otherCallUri": other["uri"]}
    phone = stage.world.switch.phone(number)
    if moment == FIRST:
        phone.hang_up()
    body = {"operationName": operation, **attributes}
    asked = asyncio.create_task(stage.ask(ONE, "POST", f"/api/v2/me/calls/{call['id']}", body))
    for _ in range(max(0, moment)):
        await asyncio.sleep(0)
    if moment != FIRST and phone.leg is not None:
        phone.hang_up()
    await settle()
    assert asked.done(), "an answer is due, whatever happens to the call"
    return await asked


def check_answer(operation: str, answer: Answer) -> None:
    if answer.pair != (200, 0):
        assert answer.pair == (400, 2), (operation, answer)
        assert answer.text.startswith(f"Operation '{operation}' is not valid in the current state: "), answer


def check_nothing_is_left(stage: InProcess) -> None:
    assert (stage.world.switch.legs, stage.world.recorder.tapes, stage.world.calls.count) == ({}, {}, 0)
    for user in (ONE, TWO):
        calls = [each["data"]["call"] for each in stage.told(user) if "call" in each["data"]]
        ended = Counter(call["id"] for call in calls if call["state"] == "Released")
        assert ended == dict.fromkeys({call["id"] for call in calls}, 1), (user, ended)
        last = {call["id"]: call for call in calls}
        assert all(call["state"] == "Released" and call["capabilities"] == [] for call in last.values())
        assert all(call.get("recordingState") == "Stopped" for call in last.values())


async def offered(stage: InProcess) -> list[tuple[Json, Json | None, str]]:
    """Each operation that agent one may ask for now, with its call and the other call."""
    calls = await Desk(stage).calls()
    unlisted = {"Ringing": {"Hangup", "Reject"}, "Established": {"ClearCall"}}
    return [
        (call, next((each for each in calls if each is not call), None), operation)
        for call in calls
        for operation in sorted({*call["capabilities"], *unlisted.get(call["state"], ())})
    ]


@pytest.mark.parametrize("moment", [FIRST, TOGETHER, LATER])
@pytest.mark.parametrize(
    "situation",
    [desk.ringing, desk.talking, desk.recording, desk.held_paused, desk.consult_rings, desk.consulting, desk.conference],
    ids=lambda situation: situation.__name__,
)
async def test_an_operation_and_a_hangup(situation: Situation, moment: int) -> None:
    async with in_process(Compatibility.V8_5_1) as stage:
        await situation(stage)
        count = len(await offered(stage))
        numbers = [number for number in (CUSTOMER, DN[ONE], DN[TWO]) if stage.world.switch.phone(number).leg is not None]
        await stage.clear()
        for place in range(count):
            for number in numbers:
                stage.forget()
                await situation(stage)
                call, other, operation = (await offered(stage))[place]
                answer = await race(stage, call, other, operation, number, moment)
                check_answer(operation, answer)
                await stage.clear()
                check_nothing_is_left(stage)


@pytest.mark.parametrize("turns", range(8))
async def test_a_call_that_ends_as_it_is_answered(turns: int) -> None:
    """Recording by policy comes too late: nobody is told of a failure, since there was none."""
    async with in_process(Compatibility.V8_5_1, Policies(recorded_numbers=frozenset({"5001"}))) as stage:
        await desk.ringing(stage)
        stage.world.switch.phone("5001").answer()
        for _ in range(turns):
            await asyncio.sleep(0)
        stage.world.switch.phone(CUSTOMER).hang_up()
        await settle()
        assert not [each for each in stage.told(ONE) if each["data"]["messageType"] == "ErrorMessage"]
        check_nothing_is_left(stage)


async def test_the_next_agent_leaves_too_and_the_one_after_is_recorded() -> None:
    recorded = Policies(recorded_numbers=frozenset({"5001", "5002", "5003"}))
    async with in_process(Compatibility.V8_5_1, recorded) as stage:
        await desk.conference(stage)
        await desk.joined_by("5003")(stage)
        for number in ("5001", "5002"):
            stage.world.switch.phone(number).hang_up()
        await settle()
        assert stage.world.recorder.tape.order.tracks[0].leg == stage.world.switch.phone("5003").leg
        await stage.clear()
        check_nothing_is_left(stage)
