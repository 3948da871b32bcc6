"""SIP over TLS on the loopback: calls both ways by one connection, proofs asked for and given, and bad peers cut off."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
import uvloop

from telegraphone.endpoints import tls_door
from telegraphone.endpoints.sip import SipEndpoint
from telegraphone.endpoints.sip_tls import SipTls, client_context, server_context
from telegraphone.wire.sip.commands import OutgoingRequest
from telegraphone.wire.sip.events import AckArrived, DialogEnded, RequestArrived, TransportFailed
from telegraphone.wire.sip.options import SipOptions
from telegraphone.wire.sip.uri import SipUri
from tests.interop.certificates import Authority
from tests.interop.test_sip_endpoint import HOST, ME, User, invite

ROOM = 8


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@asynccontextmanager
async def opened(*settings: SipTls) -> AsyncIterator[list[User]]:
    made = [User() for _ in settings]
    for user, tls in zip(made, settings, strict=True):
        user.sip = await SipEndpoint.open(HOST, 0, SipOptions(host=HOST), user.handle, tls=tls)
    try:
        yield made
    finally:
        for user in made:
            await user.sip.close()


def secure_uri(user: User) -> SipUri:
    return SipUri(HOST, "5001", user.sip.tls_port, params=(("transport", "tls"),))


async def test_a_call_and_its_end_by_the_other_side(authority: Authority) -> None:
    taking = SipTls(server=server_context(*authority.sign("exchange")))
    async with opened(SipTls(client=client_context(authority.certificate)), taking) as (a, b):
        b.react = b.answer
        pending = a.sip.request(invite(secure_uri(b)))
        (acknowledged,) = await b.until(AckArrived)
        assert pending.confirmed.flow.transport == "TLS"
        assert "SIP/2.0/TLS" in str(acknowledged.request.headers.get("Via"))
        # B opens no connections: it can only answer by the one A has opened.
        b.sip.hang_up(acknowledged.dialog)
        await a.until(DialogEnded)


async def test_a_peer_without_the_certificate_asked_for_is_not_let_in(authority: Authority) -> None:
    strict = SipTls(server=server_context(*authority.sign("recorder"), client_authorities=authority.certificate))
    without = SipTls(client=client_context(authority.certificate))
    proven = SipTls(client=client_context(authority.certificate, authority.sign("border")))
    async with opened(without, proven, strict) as (a, b, c):
        c.react = c.answer
        a.sip.request(OutgoingRequest(method="OPTIONS", uri=secure_uri(c), from_=ME))
        await a.until(TransportFailed)
        b.sip.request(OutgoingRequest(method="OPTIONS", uri=secure_uri(c), from_=ME))
        (asked,) = await c.until(RequestArrived)
        subject = c.sip.certificate_of(asked.transaction.source)["subject"]
        assert "border" in str(subject)


async def test_a_certificate_of_a_stranger_is_not_believed(authority: Authority) -> None:
    taking = SipTls(server=server_context(*authority.sign("exchange")))
    async with opened(SipTls(client=client_context()), taking) as (a, b):
        a.sip.request(invite(secure_uri(b)))
        await a.until(TransportFailed)
        assert not b.seen


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
async def test_old_versions_are_refused(authority: Authority) -> None:
    async with opened(SipTls(server=server_context(*authority.sign("exchange")))) as (a,):
        old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        old.load_verify_locations(authority.certificate)
        old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
        old.set_ciphers("ALL:@SECLEVEL=0")
        with pytest.raises((ssl.SSLError, ConnectionError)):
            await asyncio.open_connection(HOST, a.sip.tls_port, ssl=old)


async def test_who_speaks_no_tls_reaches_nothing(authority: Authority) -> None:
    async with opened(SipTls(server=server_context(*authority.sign("exchange")))) as (a,):
        reader, writer = await asyncio.open_connection(HOST, a.sip.tls_port)
        writer.write(b"OPTIONS sip:x SIP/2.0\r\n\r\n")
        async with asyncio.timeout(10):
            await reader.read()
        writer.close()
        assert not a.seen


async def test_without_a_certificate_of_the_peer_no_connection_is_opened() -> None:
    async with opened(SipTls()) as (a,):
        assert a.sip.tls_port == 0
        a.sip.request(invite(SipUri(HOST, "5001", 1, params=(("transport", "tls"),))))
        await a.until(TransportFailed)


async def test_a_taken_tls_port_gives_the_others_back(authority: Authority) -> None:
    context = server_context(*authority.sign("exchange"))
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        taken.listen()
        with pytest.raises(OSError, match="in use"):
            await SipEndpoint.open(
                HOST, 0, SipOptions(host=HOST), lambda _: None, tls=SipTls(server=context, port=taken.getsockname()[1])
            )


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
def test_f28_who_never_agrees_on_keys_gives_way_to_who_does(
    authority: Authority, monkeypatch: pytest.MonkeyPatch, run: Callable[[Coroutine[None, None, None]], None]
) -> None:
    """Half-open connections are bounded, by nothing but those that come after them: none is cut off for its age here."""
    monkeypatch.setattr(tls_door, "SIP_HANDSHAKES_MAX", ROOM)
    monkeypatch.setattr(tls_door, "SIP_HANDSHAKE_S", 3_600)
    taking, calling = (
        SipTls(server=server_context(*authority.sign("exchange"))),
        SipTls(client=client_context(authority.certificate)),
    )

    async def flooded() -> None:
        async with opened(calling, taking) as (a, b):
            flood = [await asyncio.open_connection(HOST, b.sip.tls_port) for _ in range(4 * ROOM)]
            async with asyncio.timeout(10):
                for reader, _ in flood[: 3 * ROOM]:
                    assert await reader.read() == b""
            assert not any(reader.at_eof() for reader, _ in flood[3 * ROOM :])
            a.sip.request(OutgoingRequest(method="OPTIONS", uri=secure_uri(b), from_=ME))
            await b.until(RequestArrived)
            # One more has given way to the one who was let in.
            assert await flood[3 * ROOM][0].read() == b""
            assert not any(reader.at_eof() for reader, _ in flood[3 * ROOM + 1 :])
            for _, writer in flood:
                writer.close()

    run(flooded())


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
def test_nothing_is_left_of_those_who_were_half_in_when_it_closes(
    authority: Authority, monkeypatch: pytest.MonkeyPatch, run: Callable[[Coroutine[None, None, None]], None]
) -> None:
    monkeypatch.setattr(tls_door, "SIP_HANDSHAKE_S", 3_600)
    taking = SipTls(server=server_context(*authority.sign("exchange")))

    async def closed() -> None:
        async with asyncio.timeout(10):
            async with opened(taking) as (a,):
                port = a.sip.tls_port
                half = [await asyncio.open_connection(HOST, port) for _ in range(ROOM)]
            for reader, writer in half:
                with suppress(ConnectionError):
                    assert await reader.read() == b""
                writer.close()
        with pytest.raises(OSError, match=r"refused|Connect call failed"):
            await asyncio.open_connection(HOST, port)

    run(closed())
