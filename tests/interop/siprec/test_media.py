"""Forked streams that are encrypted, or coded otherwise, to a whole server: the recording has to sound as they did."""

import asyncio
import base64
from pathlib import Path

import pytest
from pylibsrtp import Policy, Session

from telegraphone.phone.voices import FRAME_S
from telegraphone.wire.rtp.packet import RtpPacket
from telegraphone.wire.sdp import PCMA, Codec, Direction, Media
from tests.interop.recorder.test_decoding import coded
from tests.interop.siprec.recording_client import AGENT, CALLER, Fork, Party, tone
from tests.interop.siprec.test_plain_calls import finished, near, pitch, recorder, tracks

KEY = bytes(range(40, 70))
CRYPTO = ("crypto", f"1 AES_CM_128_HMAC_SHA1_80 inline:{base64.b64encode(KEY).decode()}")
SPOKEN_S = 2.0


def line(port: int, party: Party, codec: Codec, *attributes: tuple[str, str | None], protocol: str = "RTP/AVP") -> Media:
    labelled = (("label", party.label), *attributes)
    return Media("audio", port, (codec,), Direction.SENDONLY, protocol=protocol, attributes=labelled)


async def say(fork: Fork, index: int, packets: list[bytes]) -> None:
    """Sends these, one each 20 ms, from the line's own socket."""
    media = fork.answer.media[index]
    to = (fork.answer.address_of(media), media.port)
    loop = asyncio.get_running_loop()
    begun = loop.time()
    for number, packet in enumerate(packets):
        await asyncio.sleep(max(0.0, begun + number * FRAME_S - loop.time()))
        fork.audio[index].send_raw(packet, to)


@pytest.mark.parametrize("protocol", ["RTP/SAVP", "RTP/AVP"])
async def test_an_encrypted_call(tmp_path: Path, protocol: str) -> None:
    async with recorder(tmp_path) as (system, client):
        audio = client.new_audio([tone(CALLER.hertz), tone(AGENT.hertz)])
        lines = [
            line(each.port, party, PCMA, CRYPTO, protocol=protocol) for each, party in zip(audio, (CALLER, AGENT), strict=True)
        ]
        fork = await client.fork(lines=lines, audio=audio, silent=True)
        for media in fork.answer.media:
            assert (media.protocol, (media.attribute("crypto") or "")[:2]) == (protocol, "1 ")
        spoken = []
        for ssrc, party in enumerate((CALLER, AGENT), 1):
            session = Session(Policy(KEY, Policy.SSRC_ANY_OUTBOUND))
            voice = tone(party.hertz)
            frames = [RtpPacket(0, n, 160 * n, ssrc, voice(n)) for n in range(int(SPOKEN_S / FRAME_S))]
            frames = [RtpPacket(8, f.sequence_number, f.timestamp, ssrc, client.a_law(f.payload)) for f in frames]
            packets = [session.protect(frame.to_bytes()) for frame in frames]
            # A stranger's voice between them, in plain and under another key, is to be heard nowhere.
            stranger = Session(Policy(bytes(30), Policy.SSRC_ANY_OUTBOUND))
            foreign = [stranger.protect(RtpPacket(8, n, 160 * n, ssrc, b"\x55" * 160).to_bytes()) for n in range(len(packets))]
            plain = [RtpPacket(8, n, 160 * n, ssrc, b"\x2a" * 160).to_bytes() for n in range(len(packets))]
            spoken.append([each for n in range(len(packets)) for each in (foreign[n], plain[n], packets[n])])
        await asyncio.gather(*(_in_threes(fork, index, packets) for index, packets in enumerate(spoken)))
        await fork.hang_up()
        [resource] = await finished(system)
        left, right = await tracks(system, resource)
        assert near(pitch(left, 0.8), AGENT.hertz)
        assert near(pitch(right, 0.8), CALLER.hertz)
        assert system.log.count('"level": "error"') == 0, system.log
        assert base64.b64encode(KEY).decode() not in system.log


async def _in_threes(fork: Fork, index: int, packets: list[bytes]) -> None:
    media = fork.answer.media[index]
    to = (fork.answer.address_of(media), media.port)
    loop = asyncio.get_running_loop()
    begun = loop.time()
    for number in range(0, len(packets), 3):
        await asyncio.sleep(max(0.0, begun + number // 3 * FRAME_S - loop.time()))
        for packet in packets[number : number + 3]:
            fork.audio[index].send_raw(packet, to)


@pytest.mark.parametrize(("name", "codec"), [("G722", Codec("G722", 8000, 9)), ("opus", Codec("opus", 48000, 96, channels=2))])
async def test_a_call_in_another_coding(tmp_path: Path, name: str, codec: Codec) -> None:
    async with recorder(tmp_path) as (system, client):
        audio = client.new_audio([tone(1), tone(1)])
        lines = [line(each.port, party, codec) for each, party in zip(audio, (CALLER, AGENT), strict=True)]
        fork = await client.fork(lines=lines, audio=audio, silent=True)
        step = codec.clock_rate_hz // 50
        packets = [RtpPacket(codec.payload_type, n, step * n, 7, data).to_bytes() for n, data in enumerate(coded(name))]
        await asyncio.gather(say(fork, 0, packets), say(fork, 1, packets))
        await fork.hang_up()
        [resource] = await finished(system)
        for track in await tracks(system, resource):
            assert near(pitch(track, 1.0), 600)
        assert system.log.count('"level": "error"') == 0, system.log
