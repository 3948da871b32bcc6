"""Two Asterisks of one configuration at once: agents at each, a trunk between them; the end of one leaves the other alone."""

import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from telegraphone.demo.desktop import Desktop
from tests.interop.asterisk.server import Asterisk, asterisk
from tests.interop.office import CUSTOMER, ONE, OTHER, TONES, TWO, Desk, Office, asterisk_table, nothing_is_left, recorded, voice
from tests.interop.phones import pjsip_phone
from tests.interop.system import AGENT, HOST, OTHER_AGENT, PASSWORD, telegraphone

LINE = """
[line]
type = endpoint
transport = udp
context = from-trunk
disallow = all
allow = ulaw
direct_media = no
from_user = line
send_pai = yes
trust_id_inbound = yes
trust_id_outbound = yes
"""
"""A trunk that is known by the name its other end gives itself, since here all have one address."""


@asynccontextmanager
async def two_servers(folder: Path) -> AsyncIterator[tuple[Office, Asterisk]]:
    """An office whose first agent and customer are at one Asterisk, and all others at another; with that other."""
    async with AsyncExitStack() as stack:
        north = await stack.enter_async_context(
            asterisk(folder / "north", agents=(ONE,), customers=(CUSTOMER,), more={"pjsip.conf": LINE})
        )
        south = await stack.enter_async_context(
            asterisk(folder / "south", agents=(TWO,), customers=(OTHER,), more={"pjsip.conf": LINE})
        )
        for server in (north, south):
            stack.push_async_callback(nothing_is_left, server)
        tables = asterisk_table(north, name="north", outbound=f"PJSIP/line/sip:{{number}}@{HOST}:{south.sip_port}")
        tables += asterisk_table(south, name="south")
        system = await stack.enter_async_context(telegraphone(folder, numbers=(), more=tables))
        phones = {}
        for number, server in ((CUSTOMER, north), (ONE, north), (TWO, south), (OTHER, south)):
            how = {"again": True, "tones": dict(TONES), "codecs": ["PCMU"], "answers": True}
            phones[number] = await stack.enter_async_context(pjsip_phone(server, number, voice(folder, number), **how))
        desks = [Desk(AGENT, ONE), Desk(OTHER_AGENT, TWO)]
        for desk in desks:
            desk.api = await stack.enter_async_context(Desktop(system.url, desk.user, PASSWORD, desk.events.append))
            await desk.api.post("/me", "StartContactCenterSession", channels=["voice"])
        yield Office(system, phones, *desks, north), south


@pytest.mark.alone
async def test_two_servers_at_once(tmp_path: Path) -> None:
    async with two_servers(tmp_path) as (here, south):
        # A call out, by the trunk, to a phone of the other server: two calls, of which the desktop shows its own.
        assert here.one.api is not None
        [device] = (await here.one.api.get("/me/devices?fields=*"))["devices"]
        await here.one.api.post(f"/me/devices/{device['id']}/calls", "Dial", destination={"phoneNumber": OTHER})
        out = await here.one.call()
        assert out["callType"] == "Outbound"
        assert len(await here.one.calls()) == 1, "who calls the other server from outside is not its agent"
        await here.one.do(out, "StartCallRecording")
        talk = await here.hear(p5001=[OTHER], p5003=[ONE])
        await here.one.do(out, "Hangup")
        [part] = await recorded(here, out["callUuid"])
        part.holds(talk, agent=[ONE], other=[OTHER])

        # A recorded call at each; then one server is gone.
        here.phones[CUSTOMER].do("call", number=ONE)
        here.phones[OTHER].do("call", number=TWO)
        first, second = await here.one.call(), await here.two.call()
        assert (first["callType"], second["callType"]) == ("Inbound", "Inbound")
        for desk, call in ((here.one, first), (here.two, second)):
            await desk.do(call, "StartCallRecording")
        both = await here.hear(p5000=[ONE], p5001=[CUSTOMER], p5002=[OTHER], p5003=[TWO])
        south.signal(signal.SIGKILL)
        await south.ends()
        [lost] = await recorded(here, second["callUuid"])
        lost.holds(both, agent=[TWO], other=[OTHER])
        assert await here.two.calls() == []
        after = await here.hear(p5000=[ONE], p5001=[CUSTOMER])
        await here.one.do(first, "Hangup")
        [kept] = await recorded(here, first["callUuid"])
        for moment in (both, after):
            kept.holds(moment, agent=[ONE], other=[CUSTOMER])
