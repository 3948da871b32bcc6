"""What is said arrives, at the other phone and at the recorder, bit for bit; and nobody else can speak into a call."""

import asyncio
import socket
from collections.abc import AsyncIterator, Sized
from contextlib import asynccontextmanager

import pytest

from telegraphone.domain.ids import LegId
from telegraphone.domain.legs import LegArrived, LegEnded, LegHeld, LegRetrieved
from telegraphone.endpoints.clock import SystemClock
from telegraphone.media.g711 import MU_TO_A
from telegraphone.phone import CallFailed, Phone, PhoneOptions, PhoneState, speech
from telegraphone.services.ports import MediaAddress, TapMoved
from telegraphone.switches.exchange import Account, Exchange
from telegraphone.wire.rtp.dtmf import read_event
from telegraphone.wire.rtp.packet import RtpPacket, read_packet
from telegraphone.wire.sdp import PCMA, TELEPHONE_EVENT
from tests.interop.exchange.router import HOST, Router, grown, password, until

_TALK_S = 0.6
_SETTLE_S, _TURNS = 0.1, 5


class Voice:
    """Somebody who remembers every frame they said."""

    def __init__(self, pitch_hz: float) -> None:
        self._speech = speech(pitch_hz)
        self.said: list[bytes] = []

    def __call__(self, frame: int) -> bytes:
        self.said.append(self._speech(frame))
        return self.said[-1]


class Recorder:
    """Two sockets, as a recorder's tracks."""

    def __init__(self) -> None:
        self.packets: list[RtpPacket] = []
        self.senders: set[tuple[str, int]] = set()
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((HOST, 0))
        self._socket.setblocking(False)
        self.address = MediaAddress(HOST, self._socket.getsockname()[1])
        asyncio.get_running_loop().add_reader(self._socket, self._read)

    def _read(self) -> None:
        data, sender = self._socket.recvfrom(2048)
        self.packets.append(read_packet(data))
        self.senders.add(sender)

    def close(self) -> None:
        asyncio.get_running_loop().remove_reader(self._socket)
        self._socket.close()


@asynccontextmanager
async def two_phones(
    router: Router, caller: PhoneOptions, called: PhoneOptions
) -> AsyncIterator[tuple[Phone, Phone, Voice, Voice]]:
    voices = (Voice(120), Voice(210))
    phones = [
        Phone(number, number, password(number), (HOST, router.exchange.port), HOST, voice=voice, options=options)
        for number, voice, options in (("5000", voices[0], caller), ("5001", voices[1], called))
    ]
    try:
        for phone in phones:
            await phone.register()
        yield phones[0], phones[1], *voices
    finally:
        for phone in phones:
            await phone.close()


AT_ONCE = PhoneOptions(answers_after_s=0.0)
ORDINARY = PhoneOptions()


def legs(router: Router) -> tuple[LegId, LegId]:
    arrived = router.of(LegArrived)[-1].leg
    return arrived, LegId(f"to {arrived}")


async def settled(*heard: Sized) -> None:
    """Waits until what was on its way has come, in many turns of the loop: after a standstill a single one is too soon."""
    before: list[int] = []
    while before != [len(each) for each in heard]:
        before = [len(each) for each in heard]
        for _ in range(_TURNS):
            await asyncio.sleep(_SETTLE_S / _TURNS)


def is_run_of(part: list[bytes], whole: list[bytes]) -> bool:
    """Whether the frames are consecutive ones of the whole."""
    start = whole.index(part[0])
    return whole[start : start + len(part)] == part


async def test_each_hears_exactly_what_the_other_says(router: Router) -> None:
    async with two_phones(router, ORDINARY, AT_ONCE) as (caller, called, first, second):
        await caller.call("5001")
        await grown(caller.heard, called.heard)
        for phone, said in ((caller, second.said), (called, first.said)):
            assert is_run_of([each.packet.payload for each in phone.heard], said)


async def test_the_copies_hold_exactly_what_each_leg_sent(router: Router) -> None:
    recorders = (Recorder(), Recorder())
    async with two_phones(router, ORDINARY, AT_ONCE) as (caller, _, first, second):
        await caller.call("5001")
        await router.exchange.fork(legs(router)[0], MediaAddress(HOST, 9))
        sources = [await router.exchange.fork(leg, each.address) for leg, each in zip(legs(router), recorders, strict=True)]
        assert router.exchange.counts.taps == 2
        await grown(*(each.packets for each in recorders))
        for recorder, source, said in zip(recorders, sources, (first.said, second.said), strict=True):
            assert recorder.senders == {(source.host, source.port)}
            assert {each.payload_type for each in recorder.packets} <= set(source.codecs)
            assert is_run_of([each.payload for each in recorder.packets], said)
            numbers = [each.sequence_number for each in recorder.packets]
            assert numbers == [(numbers[0] + step) & 0xFFFF for step in range(len(numbers))]
    for recorder in recorders:
        recorder.close()


async def test_phones_without_a_common_codec_understand_each_other(router: Router) -> None:
    mu, a = PhoneOptions(codecs=("PCMU",)), PhoneOptions(codecs=("PCMA",), answers_after_s=0.0)
    async with two_phones(router, mu, a) as (caller, called, first, _):
        await caller.call("5001")
        await grown(caller.heard, called.heard)
        heard = [each.packet for each in called.heard]
        assert {each.payload_type for each in heard} == {8}
        assert is_run_of([each.payload for each in heard], [each.translate(MU_TO_A) for each in first.said])
        assert {each.packet.payload_type for each in caller.heard} == {0}


async def test_keys_pass(router: Router) -> None:
    async with two_phones(router, ORDINARY, AT_ONCE) as (caller, called, *_):
        await caller.call("5001")
        await grown(called.heard, by=1)
        await caller.press("5#")

        def ends() -> list[int]:
            events = [read_event(each.packet.payload) for each in called.heard if each.packet.payload_type == 101]
            return [each.code for each in events if each.end]

        await until(lambda: len(ends()) >= 6)
        await grown(called.heard)
        assert ends() == [5, 5, 5, 11, 11, 11]


async def test_a_held_party_hears_nothing_from_who_holds(router: Router) -> None:
    async with two_phones(router, ORDINARY, AT_ONCE) as (caller, called, *_):
        await caller.call("5001")
        await caller.hold()
        await caller.until(PhoneState.HOLDING)
        await router.until(lambda: len(router.of(LegHeld)) == 1)
        await settled(caller.heard, called.heard)
        heard = len(caller.heard), len(called.heard)
        await asyncio.sleep(_TALK_S)
        assert (len(caller.heard), len(called.heard)) == heard
        await caller.retrieve()
        await caller.until(PhoneState.TALKING)
        await router.until(lambda: len(router.of(LegRetrieved)) == 1)
        await grown(caller.heard, called.heard)


async def test_a_stranger_cannot_speak_into_a_call(router: Router) -> None:
    recorder = Recorder()
    stranger = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    foreign = RtpPacket(0, 1, 160, 0x0BADCAFE, b"\x55" * 160).to_bytes()
    async with two_phones(router, ORDINARY, AT_ONCE) as (caller, called, first, second):
        await caller.call("5001")
        await router.exchange.fork(legs(router)[1], recorder.address)
        for _ in range(20):
            for port in range(31_200, 31_210):
                stranger.sendto(foreign, (HOST, port))
            await asyncio.sleep(0.02)
        await grown(caller.heard, called.heard, recorder.packets, by=1)
        for phone, said in ((caller, second.said), (called, first.said)):
            assert is_run_of([each.packet.payload for each in phone.heard], said)
        assert is_run_of([each.payload for each in recorder.packets], second.said)
    stranger.close()
    recorder.close()


async def test_a_stranger_cannot_speak_before_the_phone_does() -> None:
    """With latching the first packet may move the address, but only from the phone's own host."""
    exchange = Exchange(
        host=HOST,
        port=0,
        rtp_ports=(30_000, 30_020),
        accounts=[Account(number, number, password(number)) for number in ("5000", "5001")],
        realm="example.com",
        latching=True,
        clock=SystemClock(),
    )
    await exchange.start()
    router = Router(exchange)
    running = asyncio.create_task(router.run())
    stranger = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    stranger.bind(("127.0.0.2", 0))
    async with two_phones(router, ORDINARY, PhoneOptions()) as (caller, called, first, second):
        calling = asyncio.create_task(caller.call("5001"))
        await called.until(PhoneState.RINGING)
        for port in range(30_000, 30_020):
            stranger.sendto(RtpPacket(0, 1, 160, 0x0BADCAFE, b"\x55" * 160).to_bytes(), (HOST, port))
        await called.answer()
        await calling
        await grown(caller.heard, called.heard)
        for phone, said in ((caller, second.said), (called, first.said)):
            assert is_run_of([each.packet.payload for each in phone.heard], said)
    await exchange.close()
    await running
    stranger.close()


async def test_a_copy_tells_when_its_form_changes(router: Router) -> None:
    recorder = Recorder()
    async with two_phones(router, ORDINARY, AT_ONCE) as (caller, *_):
        await caller.call("5001")
        leg = legs(router)[0]
        before = await router.exchange.fork(leg, recorder.address)
        assert before.codecs == {0: "PCMU", 8: "PCMA", 101: "telephone-event"}
        assert caller._call is not None
        caller._call.codecs = (PCMA, TELEPHONE_EVENT)
        await caller.hold()
        await caller.until(PhoneState.HOLDING)
        await router.until(lambda: len(router.of(TapMoved)) == 1)
        moved = router.of(TapMoved)[0]
        assert moved.leg == leg
        assert moved.source.codecs == {8: "PCMA", 101: "telephone-event"}
        assert (moved.source.host, moved.source.port) == (before.host, before.port)
    recorder.close()


async def test_without_a_port_a_call_is_refused_and_nothing_leaks() -> None:
    exchange = Exchange(
        host=HOST,
        port=0,
        rtp_ports=(30_100, 30_101),
        accounts=[Account(number, number, password(number)) for number in ("5000", "5001")],
        realm="example.com",
        clock=SystemClock(),
    )
    await exchange.start()
    router = Router(exchange)
    running = asyncio.create_task(router.run())
    async with two_phones(router, ORDINARY, AT_ONCE) as (caller, *_):
        with pytest.raises(CallFailed) as failed:
            await caller.call("5001")
        assert failed.value.status == 500
        await router.idle()
        with pytest.raises(CallFailed) as failed:
            await caller.call("5001")
        assert failed.value.status == 503
        assert exchange.counts.media_ports == 0
        assert len(router.of(LegEnded)) == 2
    await exchange.close()
    await running
