"""Keys that operate the recording (gws-api 8.6): by RTP and by INFO, from any party, in calls of a real exchange."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from telegraphone.domain.recording import Trigger
from telegraphone.phone import Phone, PhoneOptions
from tests.interop.exchange.node import Node, node
from tests.interop.exchange.router import HOST, password
from tests.interop.exchange.test_refer import Desk, desk
from tests.interop.exchange.test_transfer import phones, talking

CODES = {"*31": Trigger.START, "*32": Trigger.PAUSE, "*33": Trigger.RESUME, "#0#": Trigger.STOP}
_LATER_S = 0.5


@asynccontextmanager
async def call(here: Node) -> AsyncIterator[tuple[Phone, Phone]]:
    """5000 talks to 5001."""
    made = []
    for number in ("5000", "5001"):
        options = PhoneOptions(answers_after_s=0.0)
        phone = Phone(number, number, password(number), (HOST, here.exchange.port), HOST, options=options)
        await phone.register()
        made.append(phone)
    customer, agent = made
    try:
        await customer.call("5001")
        await here.until(lambda: here.told("5001")[-1:] == ["Established"])
        here.notices.clear()
        yield customer, agent
    finally:
        for phone in made:
            await phone.close()


async def test_each_code_does_what_it_is_for() -> None:
    async with node(feature_codes=CODES) as here, call(here) as (_, agent):
        for keys, state in (("*31", "Recording"), ("*32", "Paused"), ("*33", "Recording"), ("#0#", "Stopped")):
            await agent.press(keys)
            await here.until(lambda state=state: here.told("5001")[-1:] == [state])  # type: ignore[misc] # mypy: defaults
        assert here.told("5001") == ["Recording", "Paused", "Recording", "Stopped"]


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
