"""The short way to WebSockets: events are written at the moment they are there, in order, and never into a client that is
behind or gone."""

import asyncio
import json
from typing import Any

from telegraphone.limits import BAYEUX_BODY_BYTES_MAX
from tests.unit.web.cometd.visits import CALLS, connect, site
from tests.unit.web.cometd.wires import Server, Wire, request, until

HANDSHAKE = {"channel": "/meta/handshake", "version": "1.0", "supportedConnectionTypes": ["websocket"]}


def frame(*messages: dict[str, Any]) -> bytes:
    body = json.dumps(messages).encode()
    return bytes([0x81, 0xFE]) + len(body).to_bytes(2, "big") + bytes(4) + body


async def told(wire: Wire) -> Any:
    """The next frame, taken off the wire."""
    await until(lambda: len(wire.pipe.written) > 1)
    data = wire.pipe.written
    size, head = data[1], 2
    if size == 126:
        size, head = int.from_bytes(data[2:4], "big"), 4
    body = bytes(data[head : head + size])
    kind = data[0]
    del data[: head + size]
    return json.loads(body) if kind == 0x81 else (kind, int.from_bytes(body[:2], "big"))


async def socket(server: Server) -> Wire:
    wire = server.connect()
    wire.feed(
        request(
            b"",
            method="GET",
            upgrade="websocket",
            connection="Upgrade",
            sec_websocket_key="dGhlIHNhbXBsZSBub25jZQ==",
            sec_websocket_version="13",
        ).replace(b"content-length: 0\r\n", b"")
    )
    await until(lambda: wire.pipe.written.endswith(b"\r\n\r\n"))
    assert wire.pipe.written.startswith(b"HTTP/1.1 101 ")
    wire.pipe.written.clear()
    return wire


async def started_on(wire: Wire) -> str:
    wire.feed(frame(HANDSHAKE))
    client_id: str = (await told(wire))[0]["clientId"]
    wire.feed(frame({"channel": "/meta/subscribe", "clientId": client_id, "subscription": CALLS}))
    await told(wire)
    wire.feed(frame(connect(client_id)))
    await told(wire)
    wire.feed(frame(connect(client_id)))
    for _ in range(5):
        await asyncio.sleep(0)
    return client_id


async def test_events_are_written_to_a_socket_at_once_and_in_order() -> None:
    async with site() as here:
        wire = await socket(Server(here))
        await started_on(wire)
        for number in range(20):
            here.notifications.publish("kate", CALLS, b"%d" % number)
            if number % 3 == 0:
                await asyncio.sleep(0)
                assert wire.pipe.written
        assert [(await told(wire))[0]["data"] for _ in range(20)] == list(range(20))
        wire.lose()


async def test_a_socket_whose_client_is_behind_gets_its_events_later_and_in_order() -> None:
    async with site() as here:
        wire = await socket(Server(here))
        await started_on(wire)
        here.notifications.publish("kate", CALLS, b"0")
        await asyncio.sleep(0)
        ws: Any = wire.pipe.protocol
        ws.pause_writing()
        for number in range(1, 5):
            here.notifications.publish("kate", CALLS, b"%d" % number)
            await asyncio.sleep(0)
        assert (await told(wire))[0]["data"] == 0
        assert not wire.pipe.written
        ws.resume_writing()
        here.notifications.publish("kate", CALLS, b"5")
        assert [(await told(wire))[0]["data"] for _ in range(5)] == [1, 2, 3, 4, 5]
        wire.lose()


async def test_a_frame_too_large_closes_the_socket() -> None:
    async with site() as here:
        server = Server(here)
        server.config.ws_max_size = BAYEUX_BODY_BYTES_MAX
        wire = await socket(server)
        wire.feed(b"\x81\xff" + (BAYEUX_BODY_BYTES_MAX + 1).to_bytes(8, "big") + bytes(4))
        assert await told(wire) == (0x88, 1009)


async def test_a_newer_connect_on_a_socket_takes_the_place_of_the_older() -> None:
    async with site() as here:
        wire = await socket(Server(here))
        client_id = await started_on(wire)
        wire.feed(frame(connect(client_id, id="8")))
        wire.feed(frame(connect(client_id, id="9", advice={"timeout": 20})))
        assert [(reply["id"], reply["successful"]) for reply in await told(wire)] == [("9", True)]
        wire.lose()


async def test_several_messages_in_one_frame() -> None:
    async with site() as here:
        wire = await socket(Server(here))
        client_id = await started_on(wire)
        subscriptions = [{"channel": "/meta/subscribe", "clientId": client_id, "subscription": name} for name in ("/a", "/b")]
        wire.feed(frame(*subscriptions))
        assert [reply["subscription"] for reply in await told(wire)] == ["/a", "/b"]
        wire.lose()


async def test_log_out_tells_and_closes_a_socket() -> None:
    async with site() as here:
        wire = await socket(Server(here))
        await started_on(wire)
        here.notifications.end_sign_in("kate", "kate-1")
        assert (await told(wire))[0]["advice"]["reconnect"] == "handshake"
        assert await told(wire) == (0x88, 1008)
        wire.lose()


async def test_a_lost_socket_keeps_its_events_for_the_next() -> None:
    async with site() as here:
        server = Server(here)
        wire = await socket(server)
        client_id = await started_on(wire)
        wire.lose()
        here.notifications.publish("kate", CALLS, b"1")
        for _ in range(5):
            await asyncio.sleep(0)
        other = await socket(server)
        other.feed(frame(connect(client_id)))
        assert (await told(other))[0]["data"] == 1
        other.lose()
