"""Requests that are no calls, and calls that may not be: each is answered as it should be, and nothing remains of it."""

import asyncio
import socket

import pytest

from telegraphone.domain.legs import LegArrived, LegEnded
from telegraphone.phone import Phone, PhoneOptions, PhoneState
from telegraphone.wire.sip.message import Response, parse_message
from tests.interop.exchange.router import HOST, PATIENCE_S, Router, password


async def ask(router: Router, method: str, *more: str, body: str = "") -> Response:
    """Sends one request by UDP and gives the first final answer."""
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.bind((HOST, 0))
        sender.setblocking(False)
        port = sender.getsockname()[1]
        lines = [
            f"{method} sip:5001@{HOST} SIP/2.0",
            f"Via: SIP/2.0/UDP {HOST}:{port};branch=z9hG4bK{method}{port}",
            "Max-Forwards: 70",
            "From: <sip:5000@example.com>;tag=a",
            "To: <sip:5001@example.com>",
            f"Call-ID: {method}-{port}",
            f"CSeq: 1 {method}",
            f"Contact: <sip:5000@{HOST}:{port}>",
            *more,
            f"Content-Length: {len(body)}",
        ]
        await loop.sock_sendto(sender, ("\r\n".join(lines) + "\r\n\r\n" + body).encode(), (HOST, router.exchange.port))
        async with asyncio.timeout(PATIENCE_S):
            answer = parse_message(await loop.sock_recv(sender, 65_535))
            while isinstance(answer, Response) and answer.provisional:
                answer = parse_message(await loop.sock_recv(sender, 65_535))
    assert isinstance(answer, Response)
    return answer


@pytest.mark.parametrize(
    ("method", "status"),
    [
        ("OPTIONS", 200),
        ("REFER", 481),
        ("SUBSCRIBE", 405),
        ("MESSAGE", 405),
        ("PUBLISH", 405),
        ("NONSENSE", 501),
        ("INFO", 481),
        ("NOTIFY", 481),
        ("BYE", 481),
    ],
)
async def test_a_request_that_is_no_call(router: Router, method: str, status: int) -> None:
    more = (f"Refer-To: <sip:5002@{HOST}>",) if method == "REFER" else ()
    assert (await ask(router, method, *more)).status == status


@pytest.mark.parametrize("method", ["INVITE", "REGISTER"])
async def test_nobody_is_believed_without_a_proof(router: Router, method: str) -> None:
    answer = await ask(router, method)
    assert answer.status == 401
    assert (answer.headers.get("WWW-Authenticate") or "").startswith("Digest ")
    assert router.facts == []
    assert router.exchange.counts.legs == 0


async def test_all_phones_of_a_number_ring_and_the_first_has_the_call(router: Router) -> None:
    exchange = (HOST, router.exchange.port)
    caller = Phone("5000", "5000", password("5000"), exchange, HOST)
    desk = Phone("5001", "5001", password("5001"), exchange, HOST)
    pocket = Phone("5001", "5001", password("5001"), exchange, HOST, options=PhoneOptions(transport="TCP"))
    for phone in (caller, desk, pocket):
        await phone.register()
    calling = asyncio.create_task(caller.call("5001"))
    await desk.until(PhoneState.RINGING)
    await pocket.until(PhoneState.RINGING)
    await pocket.answer()
    await calling
    await desk.until(PhoneState.IDLE)
    await pocket.until(PhoneState.TALKING)
    await caller.hang_up()
    await pocket.until(PhoneState.IDLE)
    await router.idle()
    assert (len(router.of(LegArrived)), len(router.of(LegEnded))) == (1, 2)
    for phone in (caller, desk, pocket):
        await phone.close()


async def test_one_of_two_phones_refuses_and_the_other_rings_on(router: Router) -> None:
    exchange = (HOST, router.exchange.port)
    caller = Phone("5000", "5000", password("5000"), exchange, HOST)
    called = [Phone("5001", "5001", password("5001"), exchange, HOST) for _ in range(2)]
    for phone in (caller, *called):
        await phone.register()
    calling = asyncio.create_task(caller.call("5001"))
    for phone in called:
        await phone.until(PhoneState.RINGING)
    await caller.until(PhoneState.HEARS_RINGING)
    await called[0].refuse(486)
    await asyncio.sleep(0.1)
    assert caller.state is PhoneState.HEARS_RINGING
    await called[1].answer()
    await calling
    for phone in (caller, *called):
        await phone.close()
