"""Keys that operate the recording (gws-api 8.6): by RTP and by INFO, from any party, in calls of a real exchange."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import numpy as np
import pytest

from telegraphone.domain.operations import Operation
from telegraphone.domain.recording import Trigger
from telegraphone.media.g711 import A_VALUES, MU_VALUES
from telegraphone.phone import HeardFrame, Phone, PhoneOptions, tone
from tests.interop.exchange.node import AGENTS, Node, node
from tests.interop.exchange.router import HOST, PATIENCE_S, password
from tests.interop.exchange.test_refer import Desk, desk
from tests.interop.exchange.test_sound import check_one_stream
from tests.interop.exchange.test_transfer import phones, talking

CODES = {"*31": Trigger.START, "*32": Trigger.PAUSE, "*33": Trigger.RESUME, "#0#": Trigger.STOP}
_LATER_S = 0.5


VOICES_HZ = {"5000": 1_500, "5001": 2_000, "5002": 2_500}
NOTES_HZ = (330, 660, 880, *VOICES_HZ.values())


def notes(frames: Iterable[HeardFrame]) -> list[int]:
    """The pitches that were heard one after the other; only the clear ones, and none for silence."""
    waves = np.exp(-2j * np.pi * np.outer(NOTES_HZ, np.arange(160) / 8_000))
    found: list[int] = []
    for frame in frames:
        if frame.packet.payload_type not in {0, 8}:
            continue
        values = A_VALUES if frame.packet.payload_type else MU_VALUES
        strengths = np.abs(waves @ np.array([values[code] for code in frame.packet.payload])) / 80
        if strengths.max() > 1_000 and (found[-1:] != [NOTES_HZ[strengths.argmax()]]):
            found.append(NOTES_HZ[strengths.argmax()])
    return found


async def heard(phone: Phone, wanted: tuple[int, ...]) -> None:
    """Waits until the phone was played these one after the other."""
    for _ in range(int(PATIENCE_S / 0.05)):
        if wanted in zip(*(notes(phone.heard)[each:] for each in range(len(wanted))), strict=False):
            return
        await asyncio.sleep(0.05)
    raise AssertionError(notes(phone.heard))


@asynccontextmanager
async def call(here: Node, codec: str = "PCMU", numbers: Iterable[str] = ("5000", "5001")) -> AsyncIterator[list[Phone]]:
    """5000 talks to 5001; each of the numbers has a phone that answers."""
    made = []
    for number in numbers:
        options = PhoneOptions(codecs=(codec,), answers_after_s=0.0)
        address, voice = (HOST, here.exchange.port), tone(VOICES_HZ[number])
        phone = Phone(number, number, password(number), address, HOST, voice=voice, options=options)
        await phone.register()
        made.append(phone)
    try:
        await made[0].call("5001")
        await here.until(lambda: here.told("5001")[-1:] == ["Established"])
        here.notices.clear()
        yield made
    finally:
        for phone in made:
            await phone.close()


async def test_each_code_does_what_it_is_for() -> None:
    async with node(feature_codes=CODES) as here, call(here) as (_, agent):
        for keys, state in (("*31", "Recording"), ("*32", "Paused"), ("*33", "Recording"), ("#0#", "Stopped")):
            await agent.press(keys)
            await here.until(lambda state=state: here.told("5001")[-1:] == [state])  # type: ignore[misc] # mypy: defaults
        assert here.told("5001") == ["Recording", "Paused", "Recording", "Stopped"]


async def test_who_pressed_a_code_hears_what_came_of_it() -> None:
    """Rising notes for recording, falling ones for none, low ones for a refusal; then the voice again, and all of it in one
    stream. The other party hears nothing of this."""
    outcomes = {"*33": [330], "*31": [660, 880], "*32": [880, 660], "*3*33": [660, 880], "#0#": [880, 660]}
    theirs = VOICES_HZ["5000"]
    async with node(feature_codes=CODES) as here, call(here, "PCMA") as (customer, agent):
        for keys, expected in outcomes.items():
            agent.heard.clear()
            await agent.press(keys)
            await heard(agent, (expected[-1], theirs))
            assert notes(agent.heard) == [theirs, *expected, theirs]
        check_one_stream(list(agent.heard))
        assert set(notes(customer.heard)) == {VOICES_HZ["5001"]}


async def test_it_is_heard_on_hold_and_in_a_conference_too() -> None:
    async with node(feature_codes=CODES) as here, call(here, numbers=("5000", "5001", "5002")) as (_, agent, other):
        (view,) = here.calls.of(AGENTS["5001"])
        await here.calls.operate(AGENTS["5001"], view.call_uuid, Operation.SINGLE_STEP_CONFERENCE, number="5002")
        await here.until(lambda: here.told("5002")[-1:] == ["Established"])
        await agent.press("*31")
        await heard(agent, (660, 880))
        await here.calls.operate(AGENTS["5001"], view.call_uuid, Operation.HOLD)
        await agent.press("#0#")
        await heard(agent, (880, 660))
        assert not {660, 880} & set(notes(other.heard))


async def test_only_the_whole_code_counts_and_what_was_before_it_does_not_matter() -> None:
    async with node(feature_codes=CODES) as here, call(here) as (customer, agent):
        for keys in ("*3", "31", "13*"):
            await customer.press(keys)
            await asyncio.sleep(_LATER_S)
        assert not here.recorder.tapes
        await agent.press("55**31")
        await here.until(lambda: here.told("5001") == ["Recording"])
        await agent.press("1")
        await asyncio.sleep(_LATER_S)
        assert here.told("5001") == ["Recording"], "a code is over once it was understood"


async def test_a_refused_code_changes_nothing_and_the_call_goes_on() -> None:
    async with node(feature_codes=CODES) as here, call(here) as (_, agent):
        await agent.press("*32*33")
        here.recorder.full_for_s = 5
        await agent.press("*31")
        await asyncio.sleep(2 * _LATER_S)
        assert here.told("5001") == []
        here.recorder.full_for_s = None
        await agent.press("*31")
        await here.until(lambda: here.told("5001") == ["Recording"])


async def test_codes_are_off_where_none_are_given() -> None:
    async with node() as here, call(here) as (_, agent):
        await agent.press("*31")
        await asyncio.sleep(_LATER_S)
        assert not here.recorder.tapes


async def test_the_keys_reach_the_other_party_too(tmp_path: Path) -> None:
    """As phones of the PJSIP library press them: each key's end said three times over."""
    async with node(feature_codes=CODES) as here, AsyncExitStack() as stack:
        customer, agent = await phones(stack, here, tmp_path, "5000", "5001")
        await talking(customer, agent, "5001")
        agent.do("press", keys="*31")
        for key in "*31":
            await customer.reports("digit", digit=key)
        await here.until(lambda: here.told("5001")[-1:] == ["Recording"])
        agent.do("press", keys="*32*33")
        await here.until(lambda: here.told("5001")[-2:] == ["Paused", "Recording"])
        await agent.hang_up()
        await here.idle()


@pytest.mark.parametrize("relay", [True, False])
async def test_keys_by_info(relay: bool) -> None:
    async with node(feature_codes=CODES) as here, AsyncExitStack() as stack:
        address, options = (HOST, here.exchange.port), PhoneOptions(answers_after_s=0)
        called = Phone("5001", "5001", password("5001"), address, HOST, options=options)
        stack.push_async_callback(called.close)
        await called.register()
        made: Desk = await stack.enter_async_context(desk(here, "5000"))
        dialog = (await made.call("5001")).dialog
        assert dialog is not None
        for key in "*31":
            body, kind = (f"Signal={key}\r\n", "dtmf-relay") if relay else (key, "dtmf")
            assert await made.ask(dialog, "INFO", body=body.encode(), kind=f"application/{kind}") == 200
        await here.until(lambda: here.told("5001")[-1:] == ["Recording"])
