"""Forked streams that are encrypted, or coded otherwise, to a whole server: the recording has to sound as they did."""

import asyncio
import base64
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from pylibsrtp import Policy, Session

from telegraphone.demo.desktop import Desktop
from telegraphone.phone.voices import FRAME_S
from telegraphone.wire.rtp.packet import RtpPacket
from telegraphone.wire.sdp import PCMA, Codec, Direction, Media
from tests.interop.recorder.test_decoding import coded, g729_frames, g729_sound
from tests.interop.siprec.marked_calls import FRAME, RATE
from tests.interop.siprec.recording_client import AGENT, CALLER, Fork, Party, tone
from tests.interop.siprec.test_plain_calls import call_of, finished, near, pitch, recorder, tracks, voice
from tests.interop.system import AGENT as AGENT_NAME
from tests.interop.system import PASSWORD, System
from tests.interop.test_late_start import sealed_files

KEY = bytes(range(40, 70))
CRYPTO = ("crypto", f"1 AES_CM_128_HMAC_SHA1_80 inline:{base64.b64encode(KEY).decode()}")
SPOKEN_S = 2.0
LATE = 32
"""Samples by which decoded sound comes after its time."""


def line(port: int, party: Party, codec: Codec, *attributes: tuple[str, str | None], protocol: str = "RTP/AVP") -> Media:
    labelled = (("label", party.label), *attributes)
    return Media("audio", port, (codec,), Direction.SENDONLY, protocol=protocol, attributes=labelled)


async def say(fork: Fork, index: int, packets: list[bytes], places: Sequence[int] = ()) -> float:
    """Sends these, one each 20 ms or at these places, from the line's own socket; answers by how many seconds one was late."""
    media = fork.answer.media[index]
    to = (fork.answer.address_of(media), media.port)
    loop = asyncio.get_running_loop()
    begun, late = loop.time(), 0.0
    for number, packet in zip(places or range(len(packets)), packets, strict=True):
        await asyncio.sleep(max(0.0, begun + number * FRAME_S - loop.time()))
        late = max(late, loop.time() - begun - number * FRAME_S)
        fork.audio[index].send_raw(packet, to)
    return late


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
            saying = tone(party.hertz)
            frames = [RtpPacket(0, n, 160 * n, ssrc, saying(n)) for n in range(int(SPOKEN_S / FRAME_S))]
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
        assert near(voice(left), AGENT.hertz)
        assert near(voice(right), CALLER.hertz)
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
            assert near(voice(track), 600)
        assert system.log.count('"level": "error"') == 0, system.log


SECONDS_HZ = (450, 600, 750, 900, 1_050, 1_200, 1_350)
"""What is said in each second."""
LAST = len(SECONDS_HZ) - 1
REACH_S = 2
LATE_START = f'recording = "on-demand"\n[[preroll]]\nseconds = {REACH_S}\n'


def beginning(track: NDArray[np.int16], second: int) -> float:
    """Where what is said in this second begins on a track, in seconds: the first 20 ms in which it is louder than the others."""
    frames = track[: len(track) // FRAME * FRAME].reshape(-1, FRAME).astype(np.float64)
    waves = np.exp(2j * np.pi * np.outer(np.arange(FRAME) / RATE, SECONDS_HZ))
    loud = np.abs(frames).max(axis=1) > 50
    return float(np.flatnonzero(loud & (np.abs(frames @ waves).argmax(axis=1) == second))[0] * FRAME_S)


async def started(system: System) -> tuple[float, float]:
    """The agent starts the recording; the loop's time of the asking and of the answer."""
    loop = asyncio.get_running_loop()
    async with Desktop(system.url, AGENT_NAME, PASSWORD) as agent:
        call = await call_of(agent, "Stopped")
        asked = loop.time()
        await agent.post(f"/me/calls/{call['id']}", "StartCallRecording")
    return asked, loop.time()


async def test_a_late_start_begins_with_what_was_said_before_be_it_encrypted(tmp_path: Path) -> None:
    """The caller's line is encrypted, the agent's is not. Before the start nothing is on the disk, and then what was said last;
    of a call that nobody starts, nothing ever is."""
    voices = [tone(hertz) for hertz in SECONDS_HZ]
    async with recorder(tmp_path, trunk=LATE_START) as (system, client):

        def packets(ssrc: int, seconds: int) -> list[bytes]:
            spoken = ((n, client.a_law(voices[n // 50](n))) for n in range(50 * seconds))
            return [RtpPacket(8, n, 160 * n, ssrc, payload).to_bytes() for n, payload in spoken]

        async def forked() -> Fork:
            audio = client.new_audio([tone(1), tone(1)])
            lines = [line(audio[0].port, CALLER, PCMA, CRYPTO, protocol="RTP/SAVP"), line(audio[1].port, AGENT, PCMA)]
            return await client.fork(lines=lines, audio=audio, silent=True)

        async def speak(fork: Fork, seconds: int) -> float:
            session = Session(Policy(KEY, Policy.SSRC_ANY_OUTBOUND))
            secret = [session.protect(each) for each in packets(1, seconds)]
            return max(await asyncio.gather(say(fork, 0, secret), say(fork, 1, packets(2, seconds))))

        fork, loop = await forked(), asyncio.get_running_loop()
        speaking, begun = asyncio.create_task(speak(fork, len(SECONDS_HZ))), loop.time()
        await asyncio.sleep(3.2)
        assert not sealed_files(tmp_path)
        asked_s, started_s = (each - begun for each in await started(system))
        late = await speaking
        await fork.hang_up()
        [resource] = await finished(system)
        [before] = [each for each in resource["eventHistory"] if each["type"] == "PreRoll"]
        assert 1_000 * (REACH_S - 0.1) <= int(before["duration"]) <= 1_000 * REACH_S
        for track in await tracks(system, resource):
            # It was started between the asking and the answer, which a busy machine may keep apart.
            from_s = LAST - beginning(track, LAST)
            assert asked_s - 0.1 - late < from_s + REACH_S < started_s + 0.1 + late
            whole = [second for second in range(LAST) if from_s <= second]
            assert len(whole) >= 2, started_s
            assert all(near(pitch(track, second + 0.3 - from_s, 0.4), SECONDS_HZ[second]) for second in whole), from_s
            assert not near(pitch(track, 0.0, 0.2), SECONDS_HZ[0])
            # What came from memory lies where it was said beside what came after it.
            begins = {second: beginning(track, second) for second in (*whole, LAST)}
            shifts = [begin_s - second for second, begin_s in begins.items()]
            assert max(shifts) - min(shifts) < 0.06 + late, begins

        kept, fork = set(sealed_files(tmp_path)), await forked()
        await speak(fork, 1)
        await fork.hang_up()
        assert kept
        assert set(sealed_files(tmp_path)) == kept
        assert system.log.count('"level": "error"') == 0, system.log


NOISE, AGAIN = 40, 70
"""Packets: where the sender says that it falls silent, and where it speaks again."""
ALIGNED = 160


async def test_a_g729_call_that_falls_silent_and_goes_on(tmp_path: Path) -> None:
    """Every sample is that of FFmpeg's own decoder, in its place, and where nothing was said there is nothing."""
    codec, frames = Codec("G729", 8000, 18), g729_frames(120)
    packets = {n: b"".join(frames[2 * n : 2 * n + 2]) for n in range(NOISE)} | {NOISE: b"\x12\x34"}
    packets |= {AGAIN + n: b"".join(frames[2 * (NOISE + n) : 2 * (NOISE + n + 1)]) for n in range(20)}
    async with recorder(tmp_path) as (system, client):
        audio = client.new_audio([tone(1), tone(1)])
        lines = [line(each.port, party, codec) for each, party in zip(audio, (CALLER, AGENT), strict=True)]
        fork = await client.fork(lines=lines, audio=audio, silent=True)
        sent = [RtpPacket(18, n, 160 * place, 7, data).to_bytes() for n, (place, data) in enumerate(packets.items())]
        late = await asyncio.gather(*(say(fork, index, sent, list(packets)) for index in (0, 1)))
        await fork.hang_up()
        [resource] = await finished(system)
        # Decoded sound comes a moment late, always the same; that of each packet is looked for by itself.
        sound = bytes(2 * LATE) + g729_sound(frames)
        spoken = [place for place in packets if place != NOISE]
        for track in await tracks(system, resource):
            heard = track.tobytes()
            found = {place: heard.find(sound[320 * n : 320 * (n + 1)]) // 2 - 160 * place for n, place in enumerate(spoken)}
            # The recorder follows a sender that is late, which this one may be, in steps of 10 ms.
            assert max(found.values()) - min(found.values()) < max(ALIGNED, 8_000 * max(late)), (found, late)
            assert min(found.values()) > -ALIGNED, found
            assert not track[found[NOISE - 1] + 160 * NOISE : found[AGAIN] + 160 * AGAIN].any()
        assert not any(entry["type"] == "Gap" and entry["reason"] != "no_media" for entry in resource["eventHistory"])
        assert system.log.count('"level": "error"') == 0, system.log
