"""Operations that cross a phone's BYE, in both orders, over SIP: the call ends once and nothing of it is left at the exchange."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest

from telegraphone.domain.errors import Refusal
from telegraphone.domain.operations import Operation
from telegraphone.phone import Phone, PhoneOptions
from tests.interop.exchange.node import AGENTS, Node, node
from tests.interop.exchange.router import HOST, NUMBERS, password

AGENT = AGENTS["5001"]
Situation = Callable[[Node, dict[str, Phone]], Awaitable[None]]


@asynccontextmanager
async def phones(here: Node) -> AsyncIterator[dict[str, Phone]]:
    made = {}
    try:
        for number in NUMBERS:
            options = PhoneOptions(answers_after_s=0.0)
            phone = Phone(number, number, password(number), (HOST, here.exchange.port), HOST, options=options)
            await phone.register()
            made[number] = phone
        yield made
    finally:
        for phone in made.values():
            await phone.close()


async def talking(here: Node, phones: dict[str, Phone]) -> None:
    await phones["5000"].call("5001")
    await here.until(lambda: here.told("5001")[-1:] == ["Established"])


async def recording(here: Node, phones: dict[str, Phone]) -> None:
    await talking(here, phones)
    await here.calls.operate(AGENT, here.calls.of(AGENT)[0].call_uuid, Operation.START_RECORDING)


async def consulting(here: Node, phones: dict[str, Phone]) -> None:
    await recording(here, phones)
    number = {"number": "5002"}
    await here.calls.operate(AGENT, here.calls.of(AGENT)[0].call_uuid, Operation.INITIATE_TRANSFER, **number)
    await here.until(lambda: here.told("5002")[-1:] == ["Established"])


ASKED: list[tuple[Situation, Operation, dict[str, Any]]] = [
    (talking, Operation.START_RECORDING, {}),
    (talking, Operation.HOLD, {}),
    (talking, Operation.SEND_DTMF, {"digits": "12"}),
    (talking, Operation.SINGLE_STEP_TRANSFER, {"number": "5002"}),
    (talking, Operation.SINGLE_STEP_CONFERENCE, {"number": "5002"}),
    (talking, Operation.INITIATE_TRANSFER, {"number": "5002"}),
    (talking, Operation.HANGUP, {}),
    (recording, Operation.PAUSE_RECORDING, {}),
    (recording, Operation.STOP_RECORDING, {}),
    (consulting, Operation.COMPLETE_TRANSFER, {}),
    (consulting, Operation.COMPLETE_CONFERENCE, {}),
    (consulting, Operation.CLEAR_CALL, {}),
]


async def operation(here: Node, call: str, asked: Operation, attributes: dict[str, Any]) -> None:
    with suppress(Refusal):
        await here.calls.operate(AGENT, call, asked, **attributes)


def left(here: Node) -> tuple[int, int, int, int]:
    counts = here.exchange.counts
    return counts.calls_out, counts.media_ports, counts.taps, len(here.recorder.tapes)


def ends(here: Node) -> tuple[Counter[tuple[str, str]], set[tuple[str, str]]]:
    """How often each agent was told of the end of each call, and of which calls they were told at all."""
    told = [(each.agent.user_name, each.call.call_uuid, each.call.state.value) for each in here.notices]
    return Counter((who, call) for who, call, state in told if state == "Released"), {(who, call) for who, call, _ in told}


@pytest.mark.parametrize("bye_first", [True, False])
async def test_an_operation_and_a_bye(bye_first: bool) -> None:
    """The BYE has reached the exchange when the operation is asked for, or comes while it is under way."""
    async with node() as here, phones(here) as all_phones:
        for situation, asked, attributes in ASKED:
            for number in ("5000", "5001"):
                await situation(here, all_phones)
                call = here.calls.of(AGENT)[0].call_uuid
                if bye_first:
                    legs = here.exchange.counts.legs
                    await all_phones[number].hang_up()
                    while here.exchange.counts.legs == legs:  # noqa: ASYNC110 - in the very turn in which it has come
                        await asyncio.sleep(0)
                    await operation(here, call, asked, attributes)
                else:
                    under_way = asyncio.ensure_future(operation(here, call, asked, attributes))
                    await asyncio.sleep(0)
                    await all_phones[number].hang_up()
                    await under_way
                for phone in all_phones.values():
                    await phone.hang_up()
                await here.idle()
                await here.until(lambda: set(ends(here)[0]) == ends(here)[1])
                assert set(ends(here)[0].values()) == {1}, asked
                assert left(here) == (0, 0, 0, 0), asked
                here.notices.clear()
