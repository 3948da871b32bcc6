"""The sample configuration of deploy/asterisk, on a real Asterisk: phones register, and calls are handed to the application."""

import asyncio
import json
import wave
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from websockets.asyncio.client import connect

from tests.interop.asterisk.server import APPLICATION, PASSWORD, USER, Asterisk, asterisk
from tests.interop.phones import pjsip_phone

Event = dict[str, Any]


def silence(folder: Path) -> Path:
    path = folder / "silence.wav"
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 8_000, 0, "NONE", ""))
        file.writeframes(bytes(2 * 8_000))
    return path


class Events:
    """What ARI tells the application."""

    def __init__(self, messages: AsyncIterator[str | bytes]) -> None:
        self._messages = messages

    async def next(self, kind: str) -> Event:
        async with asyncio.timeout(10):
            async for message in self._messages:
                event: Event = json.loads(message)
                if event["type"] == kind:
                    return event
        raise AssertionError("the events ended")


@asynccontextmanager
async def events_of(server: Asterisk) -> AsyncIterator[Events]:
    """The application, connected."""
    url = f"ws{server.url.removeprefix('http')}/events?app={APPLICATION}&api_key={USER}:{quote(PASSWORD)}"
    async with connect(url) as messages:
        yield Events(aiter(messages))


async def test_phones_register_and_their_calls_reach_the_application(tmp_path: Path) -> None:
    async with (
        asterisk(tmp_path / "asterisk") as server,
        pjsip_phone(server, "5001", silence(tmp_path)) as agent,
        pjsip_phone(server, "5000", silence(tmp_path)) as customer,
        events_of(server) as events,
    ):
        contacts = (await server.ari("GET", "/endpoints/PJSIP")).json()
        assert {each["resource"] for each in contacts if each["state"] == "online"} >= {"5000", "5001"}
        for phone, number, origin in ((agent, "5002", "agent"), (customer, "8005550100", "trunk")):
            phone.do("call", number=number)
            assert (await events.next("StasisStart"))["args"] == [origin, number]
            await phone.hang_up()


async def test_a_phone_s_record_key_arrives_as_a_and_b(tmp_path: Path) -> None:
    async with (
        asterisk(tmp_path / "asterisk") as server,
        pjsip_phone(server, "5001", silence(tmp_path)) as agent,
        events_of(server) as events,
    ):
        agent.do("call", number="5002")
        arrived = await events.next("StasisStart")
        await server.ari("POST", f"/channels/{arrived['channel']['id']}/answer")
        await agent.reports("call", state="CONFIRMED")
        for wish, key in (("on", "A"), ("off", "B")):
            agent.do("record", wish=wish)
            assert (await events.next("ChannelDtmfReceived"))["digit"] == key
        await agent.reports("info", status=200, times=2)


async def test_a_call_is_refused_while_nobody_is_connected(tmp_path: Path) -> None:
    async with asterisk(tmp_path / "asterisk") as server, pjsip_phone(server, "5000", silence(tmp_path)) as customer:
        customer.do("call", number="8005550100")
        await customer.reports("call", state="DISCONNECTED", status=503)
        assert "Telegraphone is not connected: refusing a call to 8005550100" in server.log
