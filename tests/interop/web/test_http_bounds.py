"""What an HTTP connection may take of the server, on real sockets: slow heads, large heads, bodies nobody waits for."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from starlette.types import Receive, Scope, Send

from telegraphone.web import bounded_http
from telegraphone.web.bounded_http import BoundedHttp
from telegraphone.web.serving import HttpServer, Listening
from tests.interop.system import HOST, free_port

PATIENCE_S = 0.3
LONGER_S = 3.0
"""For what has to come in time."""
SOON_S = 10.0
"""Half of what a client is really given, and long enough for a busy machine."""


async def _application(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers at once, /read after the body."""
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1000})
        return
    if scope["path"] == "/read":
        while (await receive()).get("more_body"):
            pass
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """From then on the server has little patience; before, as much as what must succeed may take on a busy machine."""

    def begin() -> None:
        monkeypatch.setattr(bounded_http, "HTTP_HEAD_S", PATIENCE_S)
        monkeypatch.setattr(bounded_http, "HTTP_BODY_S", PATIENCE_S)

    return begin


@pytest.fixture
async def port() -> AsyncIterator[int]:
    listening = Listening(host=HOST, port=free_port())
    server = HttpServer(_application, listening, http=BoundedHttp)
    task = asyncio.create_task(server.serve())
    await listens(server)
    yield listening.port
    server.close()
    await task


async def listens(server: HttpServer) -> None:
    """Returns when the server takes connections."""
    async with asyncio.timeout(SOON_S):
        while not server._server.started:  # noqa: ASYNC110 -- uvicorn has no event for it
            await asyncio.sleep(0.01)


@asynccontextmanager
async def _connected(port: int) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection(HOST, port)
    try:
        yield reader, writer
    finally:
        writer.close()


async def _rest(reader: asyncio.StreamReader) -> bytes:
    """Everything until the server closes, which it must."""
    async with asyncio.timeout(25):
        try:
            return await reader.read()
        except ConnectionError:
            return b""


@pytest.mark.parametrize("beginning", [b"", b"GET / HT", b"GET / HTTP/1.1\r\nA: ", b"\r\n"])
async def test_a_head_that_does_not_end_is_cut_off(port: int, hasty: Callable[[], None], beginning: bytes) -> None:
    hasty()
    began = time.monotonic()
    async with _connected(port) as (reader, writer):
        writer.write(beginning)
        assert await _rest(reader) == b""
        assert time.monotonic() - began < SOON_S


@pytest.mark.parametrize(("first", "drop"), [(b"GET /", b"x"), (b"", b"\r\n")], ids=["letters", "blank lines"])
async def test_a_head_sent_by_drops_is_cut_off(port: int, hasty: Callable[[], None], first: bytes, drop: bytes) -> None:
    hasty()
    began = time.monotonic()
    async with _connected(port) as (reader, writer):
        writer.write(first)
        ended = asyncio.create_task(_rest(reader))
        while not ended.done():
            writer.write(drop)
            await asyncio.sleep(PATIENCE_S / 10)
        assert PATIENCE_S / 2 < time.monotonic() - began < SOON_S


async def test_a_later_head_that_does_not_end_is_cut_off_too(port: int, hasty: Callable[[], None]) -> None:
    async with _connected(port) as (reader, writer):
        for _ in range(2):
            writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            await reader.readuntil(b"ok")
            hasty()
        await asyncio.sleep(2 * PATIENCE_S)
        began = time.monotonic()
        writer.write(b"GET /")
        assert await _rest(reader) == b""
        assert PATIENCE_S / 2 < time.monotonic() - began < SOON_S


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\n" + b"".join(b"A%d: b\r\n" % n for n in range(120)) + b"\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nCookie: " + b"c" * 40_000 + b"\r\n\r\n",
        b"GET /" + b"p" * 40_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nCookie: " + b"c" * 1_000_000,
        b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: upgrade\r\nCookie: " + b"c" * 40_000 + b"\r\n\r\n",
    ],
    ids=["many fields", "a long field", "a long line", "a field without end", "an upgrade"],
)
async def test_a_head_that_is_too_large_is_refused(port: int, head: bytes) -> None:
    async with _connected(port) as (reader, writer):
        writer.write(head)
        answered = await _rest(reader)
        assert answered == b"" or answered.startswith(b"HTTP/1.1 431 ")


async def test_an_ordinary_connection_is_kept(port: int, hasty: Callable[[], None]) -> None:
    async with _connected(port) as (reader, writer):
        for _ in range(3):
            writer.write(b"POST /read HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody")
            assert (await reader.readuntil(b"ok")).startswith(b"HTTP/1.1 200 ")
            hasty()
            await asyncio.sleep(2 * PATIENCE_S)


async def test_a_body_that_nobody_waits_for_is_cut_off(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounded_http, "HTTP_BODY_S", PATIENCE_S)
    async with _connected(port) as (reader, writer):
        writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n")
        assert (await reader.readuntil(b"ok")).startswith(b"HTTP/1.1 200 ")
        ended = asyncio.create_task(_rest(reader))
        while not ended.done():
            writer.write(b"x")
            await asyncio.sleep(PATIENCE_S / 10)


async def test_a_body_that_comes_after_its_answer_does_no_harm(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounded_http, "HTTP_BODY_S", LONGER_S)
    async with _connected(port) as (reader, writer):
        writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\n")
        assert (await reader.readuntil(b"ok")).startswith(b"HTTP/1.1 200 ")
        writer.write(b"body")
        await asyncio.sleep(1.5 * LONGER_S)
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert (await reader.readuntil(b"ok")).startswith(b"HTTP/1.1 200 ")


async def test_connections_are_bounded(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounded_http, "HTTP_CONNECTIONS_MAX", 2)
    async with _connected(port) as (reader, writer), _connected(port):
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        await reader.readuntil(b"ok")
        async with _connected(port) as (refused, _):
            assert await _rest(refused) == b""
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert (await reader.readuntil(b"ok")).startswith(b"HTTP/1.1 200 ")
