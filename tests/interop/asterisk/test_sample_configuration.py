"""The sample configuration of deploy/asterisk, on a real Asterisk: phones register, and calls are handed to the application."""

import asyncio
import json
import wave
from pathlib import Path

from websockets.asyncio.client import connect

from tests.interop.asterisk.server import APPLICATION, PASSWORD, USER, Asterisk, asterisk
from tests.interop.phones import pjsip_phone


def silence(folder: Path) -> Path:
    path = folder / "silence.wav"
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 8_000, 0, "NONE", ""))
        file.writeframes(bytes(2 * 8_000))
    return path


async def start_of_stasis(server: Asterisk, ready: asyncio.Event) -> dict[str, object]:
    """The next call that is handed to the application."""
    url = f"ws://127.0.0.1:{server.ari_port}/ari/events?app={APPLICATION}&api_key={USER}:{PASSWORD.replace(' ', '%20')}"
    async with connect(url) as events:
        ready.set()
        async for text in events:
            event: dict[str, object] = json.loads(text)
            if event["type"] == "StasisStart":
                return event
    raise AssertionError("the events ended")


async def test_phones_register_and_their_calls_reach_the_application(tmp_path: Path) -> None:
    async with (
        asterisk(tmp_path / "asterisk") as server,
        pjsip_phone(server, "5001", silence(tmp_path)) as agent,
        pjsip_phone(server, "5000", silence(tmp_path)) as customer,
    ):
        contacts = (await server.ari("GET", "/endpoints/PJSIP")).json()
        assert {each["resource"] for each in contacts if each["state"] == "online"} >= {"5000", "5001"}
        for phone, number, origin in ((agent, "5002", "agent"), (customer, "8005550100", "trunk")):
            ready = asyncio.Event()
            arrival = asyncio.create_task(start_of_stasis(server, ready))
            await ready.wait()
            phone.do("call", number=number)
            event = await asyncio.wait_for(arrival, 10)
            assert event["args"] == [origin, number]
            phone.do("hang up")
            await phone.reports("call", state="DISCONNECTED")


async def test_a_call_is_refused_while_nobody_is_connected(tmp_path: Path) -> None:
    async with asterisk(tmp_path / "asterisk") as server, pjsip_phone(server, "5000", silence(tmp_path)) as customer:
        customer.do("call", number="8005550100")
        await customer.reports("call", state="DISCONNECTED", status=503)
        assert "Telegraphone is not connected: refusing a call to 8005550100" in server.log
