"""What a phone is sent through hold, keys, other parties and mixes: one stream whose numbers run on; keys also without RTP."""

import asyncio
import cmath
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import asynccontextmanager, suppress
from itertools import pairwise
from math import pi, sin
from statistics import median

import pytest

from telegraphone.domain.ids import LegId
from telegraphone.domain.legs import EndCause, LegAnswered, LegArrived
from telegraphone.media.g711 import A_VALUES, MU_VALUES
from telegraphone.phone import HeardFrame, Phone, PhoneOptions, tone
from telegraphone.services.ports import Caller, MediaAddress, Unavailable
from telegraphone.services.switch_ports import Announcement
from telegraphone.switches.exchange.exchange import Exchange
from telegraphone.wire.rtp.packet import RtpPacket, read_packet
from telegraphone.wire.sdp import PCMU
from telegraphone.wire.sip.events import RequestArrived
from tests.interop.exchange.router import HOST, PATIENCE_S, Router, grown, password, until

_TALK_S = 0.4
_LATE_S = 0.08
"""How far audio's timestamps may stray from the clock, for as long as _SOME packets."""
_SOME = 20


class Noting(Phone):
    """A phone that notes the keys it is told by request."""

    keys: list[bytes]

    def _request(self, event: RequestArrived) -> None:
        if event.request.method == "INFO":
            assert event.request.headers.get("Content-Type") == "application/dtmf-relay"
            self.keys.append(event.request.body)
        super()._request(event)


@asynccontextmanager
async def phones(router: Router, *codecs: str) -> AsyncIterator[list[Noting]]:
    """A phone for each number, of these codecs, answering at once."""
    made = []
    try:
        for place, codec in enumerate(codecs):
            number = str(5000 + place)
            options = PhoneOptions(codecs=(codec,), answers_after_s=0.0)
            address = (HOST, router.exchange.port)
            phone = Noting(number, number, password(number), address, HOST, voice=tone(500 + 300 * place), options=options)
            phone.keys = []
            await phone.register()
            made.append(phone)
        yield made
    finally:
        for phone in made:
            await phone.close()


def legs(router: Router) -> tuple[LegId, LegId]:
    arrived = router.of(LegArrived)[-1].leg
    return arrived, LegId(f"to {arrived}")


def standstills(heard: Iterable[HeardFrame]) -> list[tuple[float, float]]:
    """When nothing came at all."""
    return [(earlier.at, later.at) for earlier, later in pairwise(heard) if later.at - earlier.at > _LATE_S]


def check_one_stream(heard: list[HeardFrame]) -> None:
    """One SSRC, every sequence number once and in order, audio's timestamps by the clock and never twice."""
    packets = [each.packet for each in heard]
    assert len({each.ssrc for each in packets}) == 1
    first = packets[0].sequence_number
    assert [each.sequence_number for each in packets] == [(first + step) & 0xFFFF for step in range(len(packets))]
    audio = [each for each in heard if each.packet.payload_type != 101]
    since = [(each.packet.timestamp - audio[0].packet.timestamp) & 0xFFFFFFFF for each in audio]
    assert all(later > earlier for earlier, later in pairwise(since))
    # A busy machine may hold up some packets; a timeline that has slipped holds up all that follow.
    delays = [each.at - samples / 8_000 for each, samples in zip(audio, since, strict=True)]
    usual = median(delays)
    # What was due while nothing came at all, since the machine stood still, comes when it can.
    stood = standstills(heard)
    due = [usual + samples / 8_000 for samples in since]
    delays = [late for late, at in zip(delays, due, strict=True) if not any(begin < at < end for begin, end in stood)]
    for first in range(0, len(delays), _SOME):
        assert abs(median(delays[first : first + _SOME]) - usual) < _LATE_S


@pytest.mark.parametrize("codec", ["PCMU", "PCMA"])
async def test_one_stream_through_everything(router: Router, codec: str) -> None:
    async with phones(router, codec, "PCMU", "PCMU") as (customer, _agent, _other):
        await customer.call("5001")
        mine, theirs = legs(router)
        exchange = router.exchange
        await asyncio.sleep(_TALK_S)
        await exchange.join((theirs,))
        await exchange.sound.hold_music(mine, True)
        await asyncio.sleep(_TALK_S)
        await exchange.sound.hold_music(mine, False)
        await exchange.join((mine, theirs))
        await asyncio.sleep(_TALK_S)
        await exchange.sound.send_dtmf(mine, "5")
        await asyncio.sleep(_TALK_S)
        third = LegId("third")
        await exchange.originate(third, "5002", Caller("5001"))
        await router.until(lambda: LegAnswered(third) in router.facts)
        await asyncio.sleep(_TALK_S)
        await exchange.join((mine, theirs, third))
        await asyncio.sleep(_TALK_S)
        await exchange.sound.send_dtmf(mine, "6")
        await asyncio.sleep(_TALK_S)
        await exchange.join((mine, third))
        await asyncio.sleep(_TALK_S)
        heard = list(customer.heard)
        assert {each.packet.payload_type for each in heard} == {8 if codec == "PCMA" else 0, 101}
        check_one_stream(heard)
        await exchange.hang_up(third, EndCause.NORMAL)


async def test_audio_is_left_out_while_a_key_is_down(router: Router) -> None:
    async with phones(router, "PCMU", "PCMU") as (customer, _):
        await customer.call("5001")
        await grown(customer.heard)
        await router.exchange.sound.send_dtmf(legs(router)[0], "19")
        await until(lambda: sum(each.packet.payload_type == 101 for each in customer.heard) >= 18)
        await grown(customer.heard)
        heard = [each.packet for each in customer.heard]
        check_one_stream(list(customer.heard))
        reports = [place for place, each in enumerate(heard) if each.payload_type == 101]
        assert len(reports) == 18
        for key in (reports[:9], reports[9:]):
            assert key == list(range(key[0], key[0] + 9)), "nothing else between the reports of a key"
            assert [heard[place].marker for place in key] == [True] + [False] * 8
            assert len({heard[place].timestamp for place in key}) == 1
            before, after = heard[key[0] - 1], heard[key[-1] + 1]
            assert before.timestamp < heard[key[0]].timestamp < after.timestamp - 960
        assert reports[9] - reports[8] > 2, "audio between the keys"


async def test_a_conference_clips_instead_of_wrapping(router: Router) -> None:
    async with phones(router, "PCMU", "PCMU", "PCMU") as (customer, agent, other):
        for phone in (agent, other):
            phone._voice = tone(800, 32_000)
        await customer.call("5001")
        mine, theirs = legs(router)
        await router.exchange.originate(LegId("third"), "5002", Caller("5001"))
        await router.until(lambda: LegAnswered(LegId("third")) in router.facts)
        await router.exchange.join((mine, theirs, LegId("third")))
        await grown(customer.heard, by=40)
        assert peak([each.packet for each in list(customer.heard)[-20:]]) == max(MU_VALUES)


def peak(packets: list[RtpPacket]) -> int:
    return max(MU_VALUES[code] for packet in packets for code in packet.payload)


async def test_keys_go_by_request_to_a_phone_without_telephone_events(router: Router) -> None:
    async with phones(router, "PCMU", "PCMU") as (customer, agent):
        customer._codecs = (PCMU,)
        await customer.call("5001")
        mine, theirs = legs(router)
        await router.exchange.sound.send_dtmf(mine, "1")
        await router.exchange.sound.send_dtmf(mine, "2#")
        await until(lambda: len(customer.keys) >= 3)
        await asyncio.sleep(_TALK_S)
        assert customer.keys == [f"Signal={key}\r\nDuration=160\r\n".encode() for key in "12#"]
        assert agent.keys == []
        with pytest.raises(Unavailable):
            await router.exchange.sound.send_dtmf(theirs, "1" * 65)
        with pytest.raises(Unavailable):
            await router.exchange.sound.send_dtmf(mine, "1" * 65)
        await router.exchange.sound.send_dtmf(mine, "34")
        await customer.hang_up()
        await router.idle()
        await asyncio.sleep(_TALK_S)
        assert len(customer.keys) == 3, "what waits ends with its leg"


def strength(heard: list[HeardFrame], hertz: int) -> list[float]:
    """How loud a pitch is in each packet's audio, of 32,768."""
    turn = -2j * cmath.pi * hertz / 8_000
    found = []
    for each in heard:
        values = A_VALUES if each.packet.payload_type == 8 else MU_VALUES
        samples = [values[code] for code in each.packet.payload]
        found.append(abs(sum(sample * cmath.exp(turn * at) for at, sample in enumerate(samples))) * 2 / len(samples))
    return found


async def together(router: Router, count: int) -> list[LegId]:
    """The legs of the call that two talk in by now, or of the conference that a third has joined."""
    exchange, everybody = router.exchange, list(legs(router))
    if count == 3:
        third = LegId("third")
        await exchange.originate(third, "5002", Caller("5001"))
        await router.until(lambda: LegAnswered(third) in router.facts)
        everybody.append(third)
        await exchange.join(tuple(everybody))
    return everybody


def assert_spoken(copied: list[HeardFrame]) -> None:
    """The agent is in it all along, but for the silence that a mix begins with and single frames that a busy phone sent late."""
    loud = [each > 1_000 for each in strength(copied, 800)][10:]
    assert len(loud) > 25
    assert sum(loud) >= 0.9 * len(loud), loud


@asynccontextmanager
async def copied_from(exchange: Exchange, everybody: list[LegId]) -> AsyncIterator[socket.socket]:
    """Where the copy comes of what the agent says, or of a conference of what the customer hears: either is what a recording is
    made of."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as copy:
        copy.bind((HOST, 0))
        copy.setblocking(False)
        to = MediaAddress(HOST, copy.getsockname()[1])
        await (exchange.fork(everybody[1], to) if len(everybody) == 2 else exchange.sound.fork_heard(everybody[0], to))
        yield copy


async def undisturbed(
    play: Callable[[], Awaitable[None]], customer: Phone, agent: Phone, copy: socket.socket
) -> list[HeardFrame]:
    """The copy of what is played while the machine does not stand still, which would be missing in the mixes: both phones have
    heard this alone."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            for phone in (customer, agent):
                phone.heard.clear()
            for _ in drained(copy):
                pass
            await play()
            if not any(standstills(phone.heard) for phone in (customer, agent)):
                return [HeardFrame(0.0, read_packet(data)) for data in drained(copy)]


@pytest.mark.parametrize("codecs", [("PCMU", "PCMU"), ("PCMA", "PCMU"), ("PCMA", "PCMU", "PCMU")])
async def test_the_warning_tone_is_mixed_in_and_not_in_the_copy(router: Router, codecs: tuple[str, ...]) -> None:
    """Each hears 0.2 s of it besides the other's voice, in the stream that went before; the copy for the recorder has none."""
    async with phones(router, *codecs) as made:
        customer, agent = made[:2]
        await customer.call("5001")
        exchange, everybody = router.exchange, await together(router, len(codecs))
        async with copied_from(exchange, everybody) as copy:

            async def warned() -> None:
                await grown(customer.heard, agent.heard)
                for leg in everybody:
                    await exchange.sound.warn(leg)
                await grown(customer.heard, agent.heard, by=40)

            copied = await undisturbed(warned, customer, agent, copy)
        assert max(strength(copied, 1_400)) < 300
        assert_spoken(copied)
        for phone, pitch in ((customer, 800), (agent, 500)):
            audio = [each for each in phone.heard if each.packet.payload_type != 101]
            check_one_stream(audio)
            toned = [loud > 1_000 for loud in strength(audio, 1_400)]
            first = toned.index(True)
            # The first and the last packet rise and fade.
            assert 8 <= sum(toned) <= 11
            assert all(toned[first : first + 8])
            assert min(strength(audio[first : first + 10], pitch)) > 1_000


@pytest.mark.parametrize("codecs", [("PCMU", "PCMU"), ("PCMA", "PCMU", "PCMU")])
async def test_an_announcement_is_heard_whole_in_place_of_the_others_and_is_not_in_the_copy(
    router: Router, codecs: tuple[str, ...]
) -> None:
    """All 0.5 s of it, around a key that is pressed meanwhile, in the stream that went before; then the other's voice again."""
    pitch = [round(9_000 * sin(2 * pi * 1_900 * at / 8_000)) for at in range(4_000)]
    announcement = Announcement("line.wav", "0" * 64, b"".join(each.to_bytes(2, "little", signed=True) for each in pitch))
    async with phones(router, *codecs) as made:
        customer, agent = made[:2]
        await customer.call("5001")
        exchange, everybody = router.exchange, await together(router, len(codecs))
        async with copied_from(exchange, everybody) as copy:

            async def announced() -> None:
                await grown(customer.heard, agent.heard)
                playing = asyncio.gather(*(exchange.sound.announce(leg, announcement) for leg in everybody))
                await asyncio.sleep(0.1)
                await exchange.sound.send_dtmf(everybody[0], "5")
                assert await playing == [True] * len(codecs)
                await grown(customer.heard, agent.heard)

            copied = await undisturbed(announced, customer, agent, copy)
        assert max(strength(copied, 1_900)) < 300
        assert_spoken(copied)
        for phone, other in ((customer, 800), (agent, 500)):
            check_one_stream(list(phone.heard))
            audio = [each for each in phone.heard if each.packet.payload_type != 101]
            heard = [loud > 4_000 for loud in strength(audio, 1_900)]
            first = heard.index(True)
            assert heard == [False] * first + [True] * 25 + [False] * (len(heard) - first - 25)
            assert max(strength(audio[first : first + 25], other)) < 300
            assert min(strength(audio[-10:], other)) > 1_000


def drained(copy: socket.socket) -> Iterator[bytes]:
    """Everything that has come."""
    with suppress(BlockingIOError):
        while True:
            yield copy.recv(2_048)
