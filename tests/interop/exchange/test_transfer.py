"""Transfers by the phone, with phones of the PJSIP library: to a number, of two calls, and those that come to nothing."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path
from typing import cast

import pytest

from telegraphone.domain.ids import DEFAULT_TENANT
from telegraphone.services.surroundings import Policies
from tests.interop.exchange.node import AGENTS, Node, node
from tests.interop.exchange.sippers import Sipp
from tests.interop.exchange.test_pjsip import Place, strengths, tone
from tests.interop.phones import PjsipPhone, pjsip_phone
from tests.interop.system import System

RECORDED = Policies(recorded_numbers=frozenset({"5001", "5002"}))


async def phones(stack: AsyncExitStack, place: Node, folder: Path, *numbers: str) -> list[PjsipPhone]:
    system = cast("System", Place(folder, place.exchange.port))
    return [await stack.enter_async_context(pjsip_phone(system, each, tone(folder, each))) for each in numbers]


async def talking(caller: PjsipPhone, called: PjsipPhone, number: str, times: int = 1) -> None:
    caller.do("call", number=number)
    await caller.reports("media", state="active", times=times)
    await called.reports("media", state="active")


async def test_to_a_number(tmp_path: Path) -> None:
    async with node() as here, AsyncExitStack() as stack:
        customer, agent, colleague = await phones(stack, here, tmp_path, "5000", "5001", "5002")
        await talking(customer, agent, "5001")
        agent.do("transfer", number="5002")
        await agent.reports("transfer", status=100, final=False)
        await agent.reports("transfer", status=200, final=True)
        await agent.reports("call", state="DISCONNECTED")
        await colleague.reports("media", state="active")
        await colleague.speaks(1.5)
        assert here.told("5001") == ["Ringing", "Established", "Released"]
        assert here.calls.of(AGENTS["5002"])[0].participants == ("5000",)
        await customer.hang_up()
        await colleague.reports("call", state="DISCONNECTED")
        await here.idle()
    assert strengths(colleague.heard)[440.0] > 0.9


@pytest.mark.parametrize(("number", "status"), [("5999", 404), ("5000", 603)])
async def test_to_nowhere_leaves_the_call_as_it_was(tmp_path: Path, number: str, status: int) -> None:
    async with node() as here, AsyncExitStack() as stack:
        customer, agent = await phones(stack, here, tmp_path, "5000", "5001")
        await talking(customer, agent, "5001")
        agent.do("transfer", number=number)
        await agent.reports("transfer", status=status, final=True)
        await agent.speaks(0.5)
        assert here.calls.of(AGENTS["5001"])[0].state.value == "Established"
        await agent.hang_up()
        await customer.reports("call", state="DISCONNECTED")
        await here.idle()


async def test_of_two_calls(tmp_path: Path) -> None:
    async with node(policies=RECORDED) as here, AsyncExitStack() as stack:
        customer, agent, colleague = await phones(stack, here, tmp_path, "5000", "5001", "5002")
        await talking(customer, agent, "5001")
        (view,) = here.calls.of(AGENTS["5001"])
        await here.until(lambda: "Recording" in here.told("5001"))
        agent.do("hold")
        await agent.reports("media", state="held here")
        await talking(agent, colleague, "5002", times=2)
        await here.until(lambda: here.told("5002")[-1:] == ["Recording"])
        here.notices.clear()
        agent.do("connect")
        await agent.reports("transfer", status=200, final=True)
        await agent.reports("call", state="DISCONNECTED", times=2)
        await here.until(lambda: "Recording" in here.told("5002"))
        assert here.told("5001") == ["Released", "Released"]
        assert here.told("5002") == ["Released", "Established", "Stopped", "Recording"]
        assert here.calls.of(AGENTS["5002"])[0].call_uuid == view.call_uuid
        await colleague.speaks(1.5)
        await customer.hang_up()
        await colleague.reports("call", state="DISCONNECTED")
        await here.idle()
        await here.calls.close()
        await here.writer.flush()
        parts = await here.catalogue.parts_of_call(DEFAULT_TENANT, view.call_uuid)
    assert {part.recorded_dn for part in parts} == {"5001", "5002"}
    assert all(part.status == "sealed" for part in parts)
    assert strengths(colleague.heard)[440.0] > 0.9


async def test_recording_by_info(tmp_path: Path) -> None:
    async with node() as here, AsyncExitStack() as stack:
        customer, agent = await phones(stack, here, tmp_path, "5000", "5001")
        await talking(customer, agent, "5001")
        agent.do("record", wish="on")
        await agent.reports("info", status=200)
        assert here.recorder.tape.keeps_audio
        agent.do("record", wish="off")
        await agent.reports("info", status=200, times=2)
        assert not here.recorder.tapes
        await here.until(lambda: here.told("5001")[-2:] == ["Recording", "Stopped"])
        agent.do("record", wish="perhaps")
        await agent.reports("info", status=400)
        here.recorder.full_for_s = 5
        agent.do("record", wish="on")
        await agent.reports("info", status=503)
        await asyncio.sleep(0)
        await agent.hang_up()
        await here.idle()


async def test_recording_by_info_can_be_switched_off(tmp_path: Path) -> None:
    async with node(sip_info=False) as here, AsyncExitStack() as stack:
        customer, agent = await phones(stack, here, tmp_path, "5000", "5001")
        await talking(customer, agent, "5001")
        agent.do("record", wish="on")
        await agent.reports("info", status=403)
        assert not here.recorder.tapes
        await agent.hang_up()
        await here.idle()


@pytest.mark.parametrize(("number", "status"), [("5002", 200), ("5999", 404)])
async def test_the_reports_of_a_transfer_on_the_wire(tmp_path: Path, number: str, status: int) -> None:
    """SIPp sends the caller on, and checks each report; then the exchange ends its call, or it does."""
    async with node(digest_algorithms=("MD5",)) as here, AsyncExitStack() as stack:
        customer, colleague = await phones(stack, here, tmp_path, "5000", "5002")
        agent = Sipp("5001", here.exchange.port, tmp_path)
        await agent.register()
        transferring = await agent.start("transfers", "-m", "1", "-s", number, status=status)
        customer.do("call", number="5001")
        if status == 200:
            await colleague.reports("media", state="active")
        else:
            while not any(leg.referrals and not leg.asked for leg in here.exchange._board.legs.values()):
                await customer.speaks(0.1)
            await customer.hang_up()
        await agent.end(transferring)
        if status == 200:
            await here.until(lambda: here.told("5002") == ["Ringing", "Established"])
            assert here.calls.of(AGENTS["5002"])[0].participants == ("5000",)
            await customer.hang_up()
        await here.idle()
