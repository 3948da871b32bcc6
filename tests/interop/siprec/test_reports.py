"""What recording clients are told of their audio by a whole server: read by the PJSIP library, and by ourselves (RTCP)."""

import asyncio
import base64
import re
import socket
from collections.abc import Callable
from pathlib import Path
from typing import cast

from pylibsrtp import Policy, Session

from telegraphone.endpoints.media_ports import open_any_pair
from telegraphone.phone.voices import FRAME_S
from telegraphone.wire.rtp.packet import RtpPacket
from telegraphone.wire.sdp import PCMA
from tests import rtcp
from tests.interop.exchange.test_pjsip import Place, tone
from tests.interop.phones import pjsip_phone
from tests.interop.siprec.recording_client import AGENT, CALLER, HOST
from tests.interop.siprec.test_media import CRYPTO, KEY, line
from tests.interop.siprec.test_plain_calls import recorder
from tests.interop.system import System

SPOKEN, LOST = 100, frozenset((40, 41, 90))


class Sender:
    """One line of a client, with a port for audio and one beside it."""

    def __init__(self) -> None:
        self.audio, self.beside = open_any_pair(HOST)
        self.port = self.audio.getsockname()[1]

    async def speak(self, to: tuple[str, int], shield: Session | None) -> None:
        """Two seconds, of which some packets never arrive."""
        loop = asyncio.get_running_loop()
        begun = loop.time()
        for number in range(SPOKEN):
            await asyncio.sleep(max(0.0, begun + number * FRAME_S - loop.time()))
            packet = RtpPacket(8, number, 160 * number, self.port, b"\x55" * 160).to_bytes()
            sent = packet if shield is None else shield.protect(packet)
            if number not in LOST:
                self.audio.sendto(sent, to)

    def close(self) -> None:
        self.audio.close()
        self.beside.close()


async def test_the_last_report_says_what_was_lost_and_takes_leave(tmp_path: Path) -> None:
    async with recorder(tmp_path) as (system, client):
        plain, secret = Sender(), Sender()
        lines = [line(plain.port, CALLER, PCMA), line(secret.port, AGENT, PCMA, CRYPTO, ("rtcp-mux", None), protocol="RTP/SAVP")]
        fork = await client.fork(lines=lines, audio=[plain, secret], silent=True)
        answered = fork.answer.media
        assert [media.attribute("rtcp-mux") for media in answered] == [None, ""]
        places = [(fork.answer.address_of(media), media.port) for media in answered]
        shield = Session(Policy(KEY, Policy.SSRC_ANY_OUTBOUND))
        await asyncio.gather(plain.speak(places[0], None), secret.speak(places[1], shield))
        client.sip.hang_up(fork.dialog)
        text = (answered[1].attribute("crypto") or "").partition("inline:")[2]
        opening = Session(Policy(base64.b64decode(text), Policy.SSRC_ANY_INBOUND))
        async with asyncio.timeout(20):
            first = await _last(plain.beside, bytes)
            second = await _last(secret.audio, opening.unprotect_rtcp)
        for told, sender in ((first, plain), (second, secret)):
            [block] = told.blocks
            assert (block.ssrc, block.highest, block.lost) == (sender.port, SPOKEN - 1, len(LOST))
            assert told.left == [told.reporter] == list(told.names)
            sender.close()
        assert set(first.names.values()) == set(second.names.values())
        assert first.reporter != second.reporter
        assert system.log.count('"level": "error"') == 0, system.log


async def _last(receiving: socket.socket, opened: Callable[[bytes], bytes]) -> rtcp.Compound:
    """The report that takes leave; others may have come before it."""
    while True:
        found = rtcp.read(opened(await asyncio.get_running_loop().sock_recv(receiving, 2_048)))
        if found.left:
            return found


async def test_another_library_understands_our_reports(tmp_path: Path) -> None:
    async with recorder(tmp_path) as (_, client):
        place = cast("System", Place(tmp_path, client.server[1]))
        async with pjsip_phone(place, "5000", tone(tmp_path, "5000"), codecs=["PCMA"], registers=False) as source:
            source.do("call", number="recorder")
            await source.reports("call", state="CONFIRMED")

            def told() -> list[float]:
                """Least round trip in ms, and the share of our packets that is lost, as the library counts them."""
                text = next((fact["text"] for fact in reversed(source.facts) if fact["fact"] == "quality"), "")
                sent = text.partition("TX pt=")[2]
                found = re.search(r"loss=\d+ \(([\d.]+)%\).*RTT msec +: +([\d.]+)", sent, re.DOTALL)
                return [] if found is None else [float(found[2]), float(found[1])]

            # A round trip is known once it has told us of its time and we have told it back; a busy machine takes its time.
            async with asyncio.timeout(60):
                while not any(0 < trip_ms < 500 for trip_ms in told()[:1]):
                    source.do("quality")
                    await asyncio.sleep(0.5)
            assert told()[1] == 0
            await source.hang_up()
