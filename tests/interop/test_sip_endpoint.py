"""The SIP endpoint on the loopback: calls by UDP and TCP, broken connections, and nothing left when it closes."""

import asyncio
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from telegraphone.endpoints import sip as endpoint_module
from telegraphone.endpoints.sip import SipEndpoint
from telegraphone.endpoints.sip_sockets import BACKLOG
from telegraphone.wire.sip.commands import OutgoingRequest, Reply
from telegraphone.wire.sip.events import (
    AckArrived,
    DialogEnded,
    RequestArrived,
    ResponseArrived,
    SipEvent,
    TransportFailed,
)
from telegraphone.wire.sip.options import SipOptions
from telegraphone.wire.sip.uri import NameAddr, SipUri

HOST = "127.0.0.1"
TCP_INFO_BYTES = 104
ME = NameAddr(SipUri("example.com", "5000"))


class User:
    """One endpoint, what it saw, and a way to wait for more."""

    def __init__(self) -> None:
        self.seen: list[SipEvent] = []
        self.react: Callable[[SipEvent], None] = lambda _: None
        self._news = asyncio.Event()
        self.sip: SipEndpoint

    def handle(self, event: SipEvent) -> None:
        self.seen.append(event)
        self._news.set()
        self.react(event)

    async def until(self, kind: type, times: int = 1) -> list:
        async with asyncio.timeout(10):
            while len(found := [event for event in self.seen if isinstance(event, kind)]) < times:
                self._news.clear()
                await self._news.wait()
        return found

    def uri(self, transport: str = "udp") -> SipUri:
        return SipUri(HOST, "5001", self.sip.port, params=(("transport", transport),))

    def answer(self, event: SipEvent) -> None:
        if isinstance(event, RequestArrived):
            self.sip.respond(event.transaction, Reply(180 if event.request.method == "INVITE" else 200))
            if event.request.method == "INVITE":
                self.sip.respond(event.transaction, Reply(200, body=b"answer"))


@asynccontextmanager
async def users(number: int = 2) -> AsyncIterator[list[User]]:
    made = [User() for _ in range(number)]
    for user in made:
        user.sip = await SipEndpoint.open(HOST, 0, SipOptions(host=HOST), user.handle)
    try:
        yield made
    finally:
        for user in made:
            await user.sip.close()
        assert len(asyncio.all_tasks()) == 1, "no task outlives its endpoint"


def invite(uri: SipUri) -> OutgoingRequest:
    return OutgoingRequest(method="INVITE", uri=uri, from_=ME, body=b"offer")


@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_a_call(transport):
    async with users() as (a, b):
        b.react = b.answer
        pending = a.sip.request(invite(b.uri(transport)))
        await b.until(AckArrived)
        assert [event.response.status for event in a.seen if isinstance(event, ResponseArrived)] == [180, 200]
        assert pending.confirmed.flow.transport == transport.upper()
        a.sip.hang_up(pending.confirmed)
        await b.until(DialogEnded)
        assert len(b.sip.engine.dialogs) == 0


async def test_many_calls_at_once():
    async with users() as (a, b):
        b.react = b.answer
        asked = [a.sip.request(invite(b.uri("tcp" if number % 2 else "udp"))) for number in range(100)]
        await b.until(AckArrived, 100)
        for pending in asked:
            a.sip.hang_up(pending.confirmed)
        await b.until(DialogEnded, 100)
        assert len(a.sip._connections) == 1, "one connection serves all that goes to one address"


async def test_nobody_listens_on_the_tcp_port():
    with socket.socket() as free:
        free.bind((HOST, 0))
        port = free.getsockname()[1]
    async with users(1) as (a,):
        pending = a.sip.request(invite(SipUri(HOST, "x", port, params=(("transport", "tcp"),))))
        (failed,) = await a.until(TransportFailed)
        assert failed.pending is pending


async def test_a_name_that_leads_nowhere():
    async with users(1) as (a,):
        a.sip.request(OutgoingRequest(method="OPTIONS", uri=SipUri("nowhere.invalid"), from_=ME))
        await a.until(TransportFailed)


async def test_a_connection_that_breaks_fails_what_waits_on_it():
    async with users() as (a, b):
        a.sip.request(invite(b.uri("tcp")))
        await b.until(RequestArrived)
        for connection in list(b.sip._connections.values()):
            connection.abort()
        await a.until(TransportFailed)


async def test_a_stream_that_is_no_sip_is_closed():
    async with users(1) as (a,):
        reader, writer = await asyncio.open_connection(HOST, a.sip.port)
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        async with asyncio.timeout(10):
            await reader.read()
        writer.close()
        await asyncio.sleep(0)
        assert not a.sip._connections


async def test_a_ping_gets_its_pong():
    async with users(1) as (a,):
        reader, writer = await asyncio.open_connection(HOST, a.sip.port)
        writer.write(b"\r\n\r\n")
        async with asyncio.timeout(10):
            assert await reader.readexactly(2) == b"\r\n"
        writer.close()


async def pinged(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
    """What comes back for a word; nothing where the connection was cut off."""
    writer.write(b"\r\n\r\n")
    async with asyncio.timeout(10):
        return await reader.read(2)


async def test_too_many_connections_are_turned_away(monkeypatch):
    monkeypatch.setattr(endpoint_module, "SIP_CONNECTIONS_MAX", 2)
    async with users(1) as (a,):
        opened = [await asyncio.open_connection(HOST, a.sip.port) for _ in range(2)]
        assert [await pinged(*each) for each in opened] == [b"\r\n"] * 2
        opened.append(await asyncio.open_connection(HOST, a.sip.port))
        async with asyncio.timeout(10):
            assert await opened[2][0].read() == b""
        assert len(a.sip._connections) == 2
        for _, writer in opened:
            writer.close()


async def test_who_says_nothing_keeps_nobody_out(monkeypatch):
    """A flood of connections that are silent (F28): the oldest leaves its room to who comes, and nobody who has spoken."""
    monkeypatch.setattr(endpoint_module, "SIP_CONNECTIONS_MAX", 3)
    async with users(1) as (a,):
        known = await asyncio.open_connection(HOST, a.sip.port)
        assert await pinged(*known) == b"\r\n"
        silent = [await asyncio.open_connection(HOST, a.sip.port) for _ in range(4)]
        for reader, _ in silent[:2]:
            async with asyncio.timeout(10):
                assert await reader.read() == b""
        new = await asyncio.open_connection(HOST, a.sip.port)
        assert [await pinged(*each) for each in (new, known, silent[3])] == [b"\r\n"] * 3
        assert len(a.sip._connections) == 3
        for _, writer in (known, new, *silent):
            writer.close()


async def test_a_connection_of_ours_gives_way_to_nobody(monkeypatch):
    monkeypatch.setattr(endpoint_module, "SIP_CONNECTIONS_MAX", 1)
    called = asyncio.Event()

    async def hear(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read(1)
        called.set()

    deaf = await asyncio.start_server(hear, HOST, 0)
    async with deaf, users(1) as (a,):
        uri = SipUri(HOST, "", deaf.sockets[0].getsockname()[1], params=(("transport", "tcp"),))
        a.sip.request(OutgoingRequest(method="OPTIONS", uri=uri, from_=ME))
        async with asyncio.timeout(10):
            await called.wait()
            reader, writer = await asyncio.open_connection(HOST, a.sip.port)
            assert await reader.read() == b""
        assert len(a.sip._connections) == 1
        writer.close()


async def test_a_request_is_repeated_by_the_clock():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as deaf:
        deaf.bind((HOST, 0))
        deaf.setblocking(False)
        async with users(1) as (a,):
            a.sip.request(OutgoingRequest(method="OPTIONS", uri=SipUri(HOST, "", deaf.getsockname()[1]), from_=ME))
            loop = asyncio.get_running_loop()
            async with asyncio.timeout(5):
                first, second = [await loop.sock_recv(deaf, 65536) for _ in range(2)]
            assert first == second


async def test_a_handler_that_fails_loses_no_other_event():
    async with users() as (a, b):
        faults: list[object] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: faults.append(context["exception"]))

        def fail_once(event: SipEvent) -> None:
            if not faults and isinstance(event, RequestArrived):
                raise RuntimeError("a defect")
            b.answer(event)

        b.react = fail_once
        for _ in range(2):
            a.sip.request(OutgoingRequest(method="OPTIONS", uri=b.uri(), from_=ME))
            await asyncio.sleep(0.05)
        await a.until(ResponseArrived)
        assert [str(fault) for fault in faults] == ["a defect"]


async def test_a_taken_port_is_told():
    async with users(1) as (a,):
        with pytest.raises(OSError, match="in use"):
            await SipEndpoint.open(HOST, a.sip.port, SipOptions(host=HOST), lambda _: None)


async def test_closing_twice_is_harmless_and_gives_the_port_back():
    async with users(1) as (a,):
        port = a.sip.port
        await a.sip.close()
        await a.sip.close()
        again = await SipEndpoint.open(HOST, port, SipOptions(host=HOST), lambda _: None)
        await again.close()


async def test_the_receive_buffer_is_enlarged():
    async with users(1) as (a,):
        limit = int(open("/proc/sys/net/core/rmem_max").read())  # noqa: PTH123, SIM115 - one line of the kernel's
        size = a.sip._udp._socket.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)
        assert size >= min(limit, 4 * 1024 * 1024)


async def test_a_crowd_may_wait_to_be_taken_by_tcp() -> None:
    """Every phone of an exchange comes back at once after a restart."""
    async with users(1) as (a,):
        assert a.sip._tcp is not None
        (listening,) = a.sip._tcp.sockets
        figures = listening.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, TCP_INFO_BYTES)
        # Of a socket that listens the kernel tells in this place how many may wait.
        assert int.from_bytes(figures[28:32], sys.byteorder) == BACKLOG
