"""Messages on the wire: to whom they go, and to whom they never go, whatever a name or a redirect says."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from telegraphone.services.ports import Unavailable
from telegraphone.services.webhooks import Message, Webhook
from telegraphone.webhooks import courier
from telegraphone.webhooks.courier import HttpCourier

MESSAGE = Message({"Content-Type": "application/json", "webhook-id": "evt_1"}, b'{"type":"recording.paused"}')


@dataclass
class Receiver:
    """Answers every request with the same bytes, and keeps what it was sent."""

    answer: bytes
    port: int = 0
    received: list[bytes] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        self.received.append(head + await reader.readexactly(length))
        writer.write(self.answer)
        await writer.drain()
        writer.close()


@asynccontextmanager
async def receiving(status: str, headers: str = "") -> AsyncIterator[Receiver]:
    receiver = Receiver(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n{headers}Connection: close\r\n\r\n".encode())
    async with await asyncio.start_server(receiver.serve, "127.0.0.1", 0) as server:
        receiver.port = server.sockets[0].getsockname()[1]
        yield receiver


def _webhook(url: str, *, inside: bool) -> Webhook:
    return Webhook("hook", "default", url, b"s" * 32, allow_private=inside)


async def test_a_message_arrives_as_it_is() -> None:
    async with receiving("204 No Content") as receiver:
        await HttpCourier().deliver(_webhook(f"http://localhost:{receiver.port}/a?b=c", inside=True), MESSAGE)
    (received,) = receiver.received
    head, _, body = received.partition(b"\r\n\r\n")
    assert head.startswith(b"POST /a?b=c HTTP/1.1\r\n")
    assert f"host: localhost:{receiver.port}".encode() in head.lower()
    assert b"webhook-id: evt_1" in head.lower()
    assert body == MESSAGE.body


@pytest.mark.parametrize("status", ["301 Moved", "307 Elsewhere", "404 Not Found", "503 Away"])
async def test_only_2xx_is_success_and_no_redirect_is_followed(status: str) -> None:
    async with receiving("204 No Content") as elsewhere:
        async with receiving(status, f"Location: http://127.0.0.1:{elsewhere.port}/\r\n") as receiver:
            with pytest.raises(Unavailable, match=f"answered {status[:3]}"):
                await HttpCourier().deliver(_webhook(f"http://127.0.0.1:{receiver.port}/", inside=True), MESSAGE)
        assert elsewhere.received == []


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "2130706433",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "0.0.0.0",
        "10.1.2.3",  # RFC 1918
        "172.16.0.9",  # RFC 1918
        "192.168.1.1",  # RFC 1918
        "169.254.169.254",
        "100.64.0.1",
        "[fd00::1]",
        "[fe80::1]",
        "[2002:7f00:1::]",
        "224.0.0.1",
        "192.0.2.1",
        "[64:ff9b::10.1.2.3]",  # RFC 6052
        "[64:ff9b:1::1]",  # RFC 8215
        "[::192.168.1.1]",  # RFC 4291
        "[fec0::1]",
        "[ff0e::1]",
        "[2001:db8::1]",
    ],
)
async def test_nobody_inside_is_reached(host: str) -> None:
    async with receiving("204 No Content") as receiver:
        with pytest.raises(Unavailable, match="not public"):
            await HttpCourier().deliver(_webhook(f"http://{host}:{receiver.port}/", inside=False), MESSAGE)
        assert receiver.received == []


async def test_a_name_that_changes_is_gone_to_where_it_was_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """DNS says a public address first and an inner one then: the connection goes to the one that was looked at."""
    async with receiving("204 No Content") as receiver:
        answers = ["127.0.0.1", "192.0.2.99"]

        async def look_up(*_: object, **__: object) -> list[tuple[object, ...]]:
            return [(0, 0, 0, "", (answers.pop(0), receiver.port))]

        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", look_up)
        monkeypatch.setattr(courier, "_is_public", lambda text: text == "127.0.0.1")
        await HttpCourier().deliver(_webhook(f"http://hook.example.com:{receiver.port}/", inside=False), MESSAGE)
        assert len(receiver.received) == 1


def test_what_is_outside_may_be_reached() -> None:
    for address in ("198.41.0.4", "2001:503:ba3e::2:30", "64:ff9b::198.41.0.4", "::ffff:198.41.0.4"):
        assert courier._is_public(address), address


async def test_a_name_that_is_none_is_a_failure_and_no_crash() -> None:
    for host in ("a..b", f"{'x' * 64}.example.com"):
        with pytest.raises(Unavailable):
            await HttpCourier().deliver(_webhook(f"https://{host}/", inside=False), MESSAGE)


async def test_who_is_not_there_is_a_failure_with_a_reason() -> None:
    async with receiving("204 No Content") as receiver:
        port = receiver.port
    with pytest.raises(Unavailable, match="ConnectError"):
        await HttpCourier().deliver(_webhook(f"http://127.0.0.1:{port}/", inside=True), MESSAGE)
