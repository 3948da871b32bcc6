"""REFER, INFO and Replaces as messages: what is refused and with what, and a call that goes on at another phone."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from telegraphone.domain.legs import EndCause, LegAnswered, LegEnded
from telegraphone.domain.phone_requests import RecordingAsked, TransferAsked, TransferOfLegs
from telegraphone.endpoints.sip import SipEndpoint
from telegraphone.phone import Phone, PhoneOptions
from telegraphone.wire.sdp import PCMU, Direction, offer
from telegraphone.wire.sip.commands import InDialogRequest, OutgoingRequest, Reply
from telegraphone.wire.sip.dialog import Dialog
from telegraphone.wire.sip.digest import Credentials
from telegraphone.wire.sip.events import DialogEnded, RequestArrived, ResponseArrived, SipEvent
from telegraphone.wire.sip.message import Request
from telegraphone.wire.sip.options import SipOptions
from telegraphone.wire.sip.uri import NameAddr, SipUri
from tests.interop.exchange.node import Node
from tests.interop.exchange.router import HOST, PATIENCE_S, Router, password

SDP = offer((PCMU,), Direction.SENDRECV, HOST, 40_000, session_id=1).serialize()


class Desk:
    """A phone of which a test sees every message; it says 200 to all it is asked."""

    def __init__(self, router: Router | Node, number: str) -> None:
        self.number = number
        self._exchange = SipUri(HOST, "", router.exchange.port)
        self._seen: asyncio.Queue[SipEvent] = asyncio.Queue()
        self._news = asyncio.Event()
        self.asked: list[Request] = []
        self.ended: list[Dialog] = []
        self.sip: SipEndpoint

    def handle(self, event: SipEvent) -> None:
        self._news.set()
        match event:
            case RequestArrived(transaction, request, _):
                self.asked.append(request)
                self.sip.respond(transaction, Reply(200))
            case DialogEnded(dialog):
                self.ended.append(dialog)
            case ResponseArrived(_, response, _) if not response.provisional:
                self._seen.put_nowait(event)
            case _:
                pass

    async def answered(self) -> ResponseArrived:
        async with asyncio.timeout(PATIENCE_S):
            event = await self._seen.get()
        assert isinstance(event, ResponseArrived)
        return event

    async def call(self, number: str, *fields: tuple[str, str]) -> ResponseArrived:
        me = NameAddr(SipUri("example.com", self.number))
        uri = SipUri(HOST, number, self._exchange.port)
        self.sip.request(
            OutgoingRequest(
                method="INVITE",
                uri=uri,
                from_=me,
                body=SDP,
                headers=fields,
                credentials=Credentials(self.number, password(self.number)),
            )
        )
        return await self.answered()

    async def ask(self, dialog: Dialog, method: str, *fields: tuple[str, str], body: bytes = b"", kind: str = "") -> int:
        self.sip.request(InDialogRequest(dialog=dialog, method=method, headers=fields, body=body, content_type=kind))
        return (await self.answered()).response.status

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not condition():
                self._news.clear()
                await self._news.wait()

    async def reports(self, number: int) -> list[str]:
        """The bodies of the NOTIFYs, once there are so many."""
        await self.until(lambda: len(self.asked) >= number)
        return [each.body.decode().strip() for each in self.asked if each.method == "NOTIFY"]


@asynccontextmanager
async def desk(router: Router | Node, number: str) -> AsyncIterator[Desk]:
    made = Desk(router, number)
    made.sip = await SipEndpoint.open(HOST, 0, SipOptions(host=HOST), made.handle)
    try:
        yield made
    finally:
        await made.sip.close()


@asynccontextmanager
async def call(router: Router) -> AsyncIterator[tuple[Desk, Dialog]]:
    """5000 at a desk in a call with 5001, which answers by itself."""
    called = Phone(
        "5001", "5001", password("5001"), (HOST, router.exchange.port), HOST, options=PhoneOptions(answers_after_s=0.0)
    )
    await called.register()
    async with desk(router, "5000") as made:
        dialog = (await made.call("5001")).dialog
        assert dialog is not None
        await router.until(lambda: len(router.of(LegAnswered)) == 1)
        yield made, dialog
    await called.close()


def replaces(dialog: Dialog, more: str = "") -> str:
    call_id, ours, theirs = dialog.id
    return f"{call_id};to-tag={theirs};from-tag={ours}{more}"


def refer_to(dialog: Dialog, more: str = "") -> tuple[str, str]:
    escaped = replaces(dialog, more).replace(";", "%3B").replace("=", "%3D").replace("@", "%40")
    return "Refer-To", f"<sip:5001@{HOST}?Replaces={escaped}>"


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ([], 400),
        ([("Refer-To", "<sip:5002@x>"), ("Refer-To", "<sip:5001@x>")], 400),
        ([("Refer-To", "<http://example.com>")], 416),
        ([("Refer-To", f"<sip:{HOST}>")], 484),
        ([("Refer-To", "<sip:5002@x?Replaces=nothing>")], 400),
        ([("Refer-To", "<sip:5002@x?Replaces=1%3Bto-tag%3D2%3Bfrom-tag%3D3>")], 404),
        ([("Refer-To", "<sip:5002@x>"), ("Require", "unheard-of")], 420),
    ],
)
async def test_a_transfer_that_cannot_be_meant(router: Router, fields: list[tuple[str, str]], status: int) -> None:
    async with call(router) as (made, dialog):
        assert await made.ask(dialog, "REFER", *fields) == status
        assert router.of(TransferAsked) == []
        assert router.exchange.counts.legs == 2


async def test_one_transfer_at_a_time_with_its_own_reports(router: Router) -> None:
    async with call(router) as (made, dialog):
        target = ("Refer-To", "<sip:5002@example.com>")
        assert await made.ask(dialog, "REFER", target) == 202
        assert await made.ask(dialog, "REFER", target) == 500
        (asked,) = router.of(TransferAsked)
        assert asked.number == "5002"
        await router.exchange.requests.settle(asked.request, EndCause.BUSY)
        await router.exchange.requests.settle(asked.request, None)
        assert await made.reports(2) == ["SIP/2.0 100 Trying", "SIP/2.0 486 Busy Here"]
        assert await made.ask(dialog, "REFER", target) == 202
        await made.reports(3)
        first, last = (next(each.headers.get("Event") for each in order) for order in (made.asked, reversed(made.asked)))
        assert (first, last) == ("refer", "refer;id=5")


async def test_a_phone_that_wants_no_reports_gets_none(router: Router) -> None:
    async with call(router) as (made, dialog):
        fields = (("Refer-To", "<sip:5002@example.com>"), ("Refer-Sub", "false"), ("Require", "norefersub"))
        assert await made.ask(dialog, "REFER", *fields) == 202
        (asked,) = router.of(TransferAsked)
        await router.exchange.requests.settle(asked.request, None)
        await asyncio.sleep(0.1)
        assert made.asked == []


async def test_only_own_calls_are_connected(router: Router) -> None:
    async with call(router) as (made, dialog), desk(router, "5002") as other:
        foreign = (await other.call("5001")).dialog
        assert foreign is None, "5001 is busy"
        assert await made.ask(dialog, "REFER", refer_to(dialog)) == 404
        assert await made.ask(dialog, "REFER", refer_to(dialog, ";early-only")) == 404
        assert router.of(TransferOfLegs) == []


async def test_what_waits_ends_with_its_call(router: Router) -> None:
    async with call(router) as (made, dialog):
        made.sip.request(InDialogRequest(dialog=dialog, method="INFO", headers=(("Record", "on"),)))
        await router.until(lambda: len(router.of(RecordingAsked)) == 1)
        assert await made.ask(dialog, "INFO", ("Record", "off")) == 500
        made.sip.hang_up(dialog)
        assert (await made.answered()).response.status == 481
        await router.until(lambda: len(router.of(LegEnded)) == 2)


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        ("application/dtmf-relay", b"Signal=5\r\nDuration=160\r\n", 200),
        ("application/dtmf-relay", b"signal = #", 200),
        ("application/dtmf", b"7", 200),
        ("application/dtmf-relay", b"Duration=160", 415),
        ("application/dtmf", b"77", 415),
        ("application/media_control+xml", b"<x/>", 415),
    ],
)
async def test_keys_by_info(router: Router, kind: str, body: bytes, status: int) -> None:
    async with call(router) as (made, dialog):
        assert await made.ask(dialog, "INFO", body=body, kind=kind) == status


async def test_an_info_without_anything_is_taken(router: Router) -> None:
    async with call(router) as (made, dialog):
        assert await made.ask(dialog, "INFO") == 200


async def test_a_call_goes_on_at_another_phone_of_the_number(router: Router) -> None:
    async with call(router) as (made, dialog), desk(router, "5000") as pocket:
        taken = await pocket.call("5001", ("Replaces", replaces(dialog)), ("Require", "replaces"))
        assert taken.response.status == 200
        assert taken.dialog is not None
        await made.until(lambda: made.ended == [dialog])
        assert (router.exchange.counts.legs, router.of(LegEnded)) == (2, [])
        pocket.sip.hang_up(taken.dialog)
        await router.until(lambda: [each.cause for each in router.of(LegEnded)] == [EndCause.NORMAL] * 2)


@pytest.mark.parametrize(("number", "more", "status"), [("5002", "", 403), ("5000", ";early-only", 486), ("5000", "x", 481)])
async def test_whose_call_it_is_not_may_not_take_it_over(router: Router, number: str, more: str, status: int) -> None:
    async with call(router) as (_, dialog), desk(router, number) as stranger:
        assert (await stranger.call("5001", ("Replaces", replaces(dialog, more)))).response.status == status
        assert router.exchange.counts.legs == 2


async def test_a_replacement_that_cannot_be_read(router: Router) -> None:
    async with desk(router, "5000") as made:
        assert (await made.call("5001", ("Replaces", "no dialog"))).response.status == 400
        assert router.exchange.counts.legs == 0
