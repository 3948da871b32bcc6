"""Streams whose keys are agreed on over their own path: DTLS-SRTP, to a whole server, heard in the recording (F23)."""

import asyncio
import socket
from pathlib import Path

from pylibsrtp import Policy, Session

from telegraphone.capture.dtls import AgreedKeys, Handshake, Identity
from telegraphone.capture.srtp import SUITES
from telegraphone.phone.voices import FRAME_S
from telegraphone.services.ports import NOBODY, TapMoved
from telegraphone.wire.rtp.packet import RtpPacket
from telegraphone.wire.rtp.rtcp import is_control
from telegraphone.wire.sdp import PCMA
from tests import rtcp
from tests.interop.siprec.laboratory import Ports, described, laboratory, message, quiet
from tests.interop.siprec.recording_client import AGENT, CALLER, HOST, Party, tone
from tests.interop.siprec.test_media import line
from tests.interop.siprec.test_plain_calls import finished, near, recorder, tracks, voice

PROTOCOL = "UDP/TLS/RTP/SAVP"
SPOKEN_S = 2.0


class Line:
    """The client's end of one encrypted stream."""

    def __init__(self, party: Party) -> None:
        self.party = party
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((HOST, 0))
        self.socket.setblocking(False)
        self.port = self.socket.getsockname()[1]
        self.keys: AgreedKeys | None = None

    async def agree(self, to: tuple[str, int], fingerprint: str, identity: Identity) -> Session:
        """Begins the handshake; answers what this end encrypts with."""
        handshake = Handshake(identity, (fingerprint,), active=True)
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(20):
            while handshake.keys is None:
                for datagram in handshake.data_to_send():
                    self.socket.sendto(datagram, to)
                try:
                    async with asyncio.timeout(handshake.seconds_to_repeat()):
                        handshake.receive(await loop.sock_recv(self.socket, 2_048))
                except TimeoutError:
                    handshake.repeat()
        self.keys = handshake.keys
        return Session(Policy(self.keys.own, Policy.SSRC_ANY_OUTBOUND, srtp_profile=SUITES[self.keys.suite][0]))

    async def told(self) -> rtcp.Compound:
        """What comes in the end of our own audio, encrypted by the other half of the keys."""
        assert self.keys is not None
        opening = Session(Policy(self.keys.master, Policy.SSRC_ANY_INBOUND, srtp_profile=SUITES[self.keys.suite][0]))
        async with asyncio.timeout(20):
            while True:
                datagram = await asyncio.get_running_loop().sock_recv(self.socket, 2_048)
                if is_control(datagram) and (found := rtcp.read(opening.unprotect_rtcp(datagram))).left:
                    return found

    async def speak(self, to: tuple[str, int], session: Session, a_law: "object") -> None:
        voice, loop = tone(self.party.hertz), asyncio.get_running_loop()
        begun = loop.time()
        for n in range(int(SPOKEN_S / FRAME_S)):
            await asyncio.sleep(max(0.0, begun + n * FRAME_S - loop.time()))
            self.socket.sendto(session.protect(RtpPacket(8, n, 160 * n, self.port, a_law(voice(n))).to_bytes()), to)

    def close(self) -> None:
        self.socket.close()


async def test_a_call_whose_keys_are_agreed_on_by_handshake(tmp_path: Path) -> None:
    identity = Identity()
    async with recorder(tmp_path) as (system, client):
        audio = [Line(CALLER), Line(AGENT)]
        proof = (("setup", "actpass"), ("fingerprint", identity.fingerprint), ("rtcp-mux", None))
        lines = [line(each.port, each.party, PCMA, *proof, protocol=PROTOCOL) for each in audio]
        fork = await client.fork(lines=lines, audio=audio, silent=True)
        assert [media.attribute("setup") for media in fork.answer.media] == ["passive", "passive"]
        assert [media.attribute("rtcp-mux") for media in fork.answer.media] == ["", ""]
        stranger = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)

        async def whole(end: Line, index: int) -> None:
            media = fork.answer.media[index]
            to = (fork.answer.address_of(media), media.port)
            # A hello from elsewhere, and plain audio from the right place: neither is to count.
            for datagram in Handshake(Identity(), (identity.fingerprint,), active=True).data_to_send():
                stranger.sendto(datagram, to)
            end.socket.sendto(RtpPacket(8, 1, 160, end.port, b"\x2a" * 160).to_bytes(), to)
            session = await end.agree(to, media.attribute("fingerprint") or "", identity)
            await end.speak(to, session, client.a_law)

        await asyncio.gather(*(whole(end, index) for index, end in enumerate(audio)))
        stranger.close()
        client.sip.hang_up(fork.dialog)
        for end in audio:
            last = await end.told()
            assert ([block.ssrc for block in last.blocks], last.left) == ([end.port], [last.reporter])
            end.close()
        [resource] = await finished(system)
        left, right = await tracks(system, resource)
        assert near(voice(left), AGENT.hertz)
        assert near(voice(right), CALLER.hertz)
        assert system.log.count('"level": "error"') == 0, system.log


def offer(setup: str) -> bytes:
    """The plain call, its lines encrypted by keys that are agreed on later."""
    text = message("plain").replace(b"RTP/AVP", PROTOCOL.encode())
    head, _, body = text.partition(b"\r\n\r\n")
    proof = b"t=0 0\r\na=fingerprint:SHA-256 " + b":".join([b"CD"] * 32) + b"\r\na=setup:" + setup.encode()
    body = body.replace(b"t=0 0", proof)
    lines = [each for each in head.split(b"\r\n") if not each.startswith(b"Content-Length")]
    return b"\r\n".join([*lines, b"Content-Length: %d" % len(body), b"", b""]) + body


async def test_who_begins_is_who_was_offered_to_and_nobody_sends_before_there_are_keys() -> None:
    for setup, answered, we_begin in (("actpass", "passive", False), ("active", "passive", False), ("passive", "active", True)):
        async with laboratory() as lab:
            response = await lab.say(offer(setup))
            for media in described(response).media:
                assert (media.attribute("setup"), media.attribute("fingerprint")) == (answered, Ports.fingerprint)
            assert [each[3] for each in lab.ports.shaken] == [we_begin] * 2
            assert [each[1].port for each in lab.ports.shaken] == [4000, 4002]
            assert [source.keys is not None for source in await lab.sources()] == [True, True]


async def test_without_agreement_nothing_is_recorded_and_the_call_lives() -> None:
    ports = Ports()
    ports.agrees = False
    async with laboratory(ports=ports) as lab:
        assert (await lab.say(offer("actpass"))).status == 200
        await quiet()
        assert await lab.sources() == [NOBODY, NOBODY]
        assert lab.server.counts.recordings == 1
        assert [event.source for event in lab.of(TapMoved)] == []


async def test_lines_without_any_way_to_keys_are_refused() -> None:
    async with laboratory() as lab:
        assert (await lab.say(offer("actpass").replace(b"a=fingerprint:", b"a=x-fingerpri:"))).status == 488
