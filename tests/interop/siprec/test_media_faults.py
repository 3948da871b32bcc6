"""Forked audio on a bad network and under attack, to a whole server: faults F19, F20, F21 and F24, heard in the recordings.

Each frame says whose it is and which (fault-matrix 2.1), so what is found in a finished recording, and where, is compared
sample by sample with what was sent. All faults are played at once, each to a call of its own: none may disturb another.
"""

import asyncio
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray

from telegraphone.media.g711 import A_VALUES, MU_VALUES
from telegraphone.wire.rtp.packet import RtpPacket
from telegraphone.wire.sdp import PCMA, PCMU, Codec, Direction, Media
from tests.interop.recorder.signal import payload
from tests.interop.siprec.recording_client import AGENT, Fork, Mouth, Party, RecordingClient, metadata
from tests.interop.siprec.test_plain_calls import recorder, recordings, tracks, until
from tests.interop.system import System

SEED = b"media faults"
FRAME = 160
FRAME_S = 0.02
SPOKEN = 180
"""Frames: 3.6 s."""
RATE = 8_000
ALIGNED = RATE // 50
"""20 ms."""
FIRST = 20
"""The frames of a part that may have told where it begins."""
MU = np.array(MU_VALUES, dtype=np.int16)
A = np.array(A_VALUES, dtype=np.int16)
FLOOD = """
import socket, sys, time
targets = [("127.0.0.1", int(each)) for each in sys.argv[1:]]
sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
packet, sent, ends = bytes([128, 0]) + bytes(170), 0, time.monotonic() + 2.5
while time.monotonic() < ends:
    for target in targets:
        sender.sendto(packet, target)
        sent += 1
print(sent)
"""


@dataclass(slots=True)
class Call:
    """A forked call whose caller's line is played by hand; the agent says nothing."""

    number: int
    fork: Fork
    sent: dict[int, float] = field(default_factory=dict)
    """The monotonic second at which each frame of the caller left."""

    @property
    def caller(self) -> str:
        return f"1555012{self.number}"

    @property
    def mouth(self) -> Mouth:
        audio = self.fork.audio[0]
        assert isinstance(audio, Mouth)
        return audio

    @property
    def to(self) -> tuple[str, int]:
        media = self.fork.answer.media[0]
        return self.fork.answer.address_of(media), media.port

    def frame(self, number: int) -> bytes:
        return payload(SEED, self.number, number)

    def send(self, packet: RtpPacket, *frames: int) -> None:
        """Sends a packet that holds these frames."""
        now = asyncio.get_running_loop().time()
        self.sent |= {frame: now + place * FRAME_S for place, frame in enumerate(frames)}
        self.mouth.send_raw(packet.to_bytes(), self.to)

    def heard(self, track: NDArray[np.int16], *tables: NDArray[np.int16]) -> dict[int, int]:
        """Where each frame begins, of those that are on the track whole."""
        sound = track.astype("<i2").tobytes()
        found = {}
        for number in range(SPOKEN):
            frame = np.frombuffer(self.frame(number), np.uint8)
            places = [sound.find(table[frame].astype("<i2").tobytes()) for table in tables or (MU,)]
            if max(places) >= 0:
                found[number] = max(places) // 2
        return found


async def call(client: RecordingClient, number: int, *codecs: Codec) -> Call:
    caller = Party(f"sip:1555012{number}@example.com", 500, "1")
    audio = client.new_audio([lambda _: b""] * 2)
    lines = [
        Media("audio", each.port, codecs or (PCMU,), Direction.SENDONLY, attributes=(("label", party.label),))
        for each, party in zip(audio, (caller, AGENT), strict=True)
    ]
    snapshot = metadata((caller, AGENT), cs=f"session-of-media-fault-{number}").replace(b"group-1", b"group-of-fault-%d" % number)
    return Call(number, await client.fork((caller, AGENT), snapshot=snapshot, lines=lines, audio=audio, silent=True))


async def paced(step: int, send: Callable[[int], None], count: int = SPOKEN) -> None:
    """Calls `send` for each `step` of so many frames, when they are due or later."""
    loop = asyncio.get_running_loop()
    begun = loop.time()
    for number in range(0, count, step):
        await asyncio.sleep(max(0.0, begun + (number + step) * FRAME_S - loop.time()))
        send(number)


async def f19_loss_reordering_and_doubles(bad: Call) -> None:
    """Groups of three frames leave together in any order, one packet in ten is lost and one in ten comes twice."""
    chance = Random(19)

    def send(first: int) -> None:
        group = [number for number in range(first, first + 3) if chance.random() > 0.1]
        group += [number for number in group if chance.random() < 0.1]
        for number in chance.sample(group, len(group)):
            bad.send(RtpPacket(0, 65_500 + number & 0xFFFF, FRAME * number, 19, bad.frame(number)), number)

    await paced(3, send)


async def f20_everything_changes(changing: Call) -> None:
    """Sequence number and timestamp wrap; then another SSRC after a new description, longer packets, another of the codings
    that were offered, and a timestamp that jumps: 36 frames each."""

    def steady(ssrc: int, kind: int, first: int, sequence: int, timestamp: int) -> Callable[[int], None]:
        def send(n: int) -> None:
            at = timestamp + n * FRAME & 0xFFFFFFFF
            changing.send(RtpPacket(kind, sequence + n & 0xFFFF, at, ssrc, changing.frame(first + n)), first + n)

        return send

    def longer(n: int) -> None:
        frames = range(72 + n, 72 + n + 3)
        data = b"".join(changing.frame(each) for each in frames)
        changing.send(RtpPacket(8, 36 + n // 3, 777 + (36 + n) * FRAME, 2, data), *frames)

    await paced(1, steady(1, 8, 0, 65_520, (1 << 32) - 20 * FRAME), 36)
    await changing.fork.change(media=changing.fork.with_direction(Direction.SENDONLY))
    await paced(1, steady(2, 8, 36, 0, 777), 36)
    await paced(3, longer, 36)
    await paced(1, steady(2, 0, 108, 48, 777 + 72 * FRAME), 36)
    await paced(1, steady(2, 0, 144, 84, 777 + 5_000_000), 36)


async def f21_strangers(attacked: Call) -> None:
    """Beside each frame come some of a stranger's: from another port, and from the right one under another SSRC."""
    stranger = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    foreign = payload(b"a stranger", 0, 0)

    def send(number: int) -> None:
        for _ in range(3):
            stranger.sendto(RtpPacket(0, number, FRAME * number, 21, foreign).to_bytes(), attacked.to)
        attacked.send(RtpPacket(0, number, FRAME * number, 21, attacked.frame(number)), number)
        for ssrc in (22, 23):
            attacked.mouth.send_raw(RtpPacket(0, number, FRAME * number, ssrc, foreign).to_bytes(), attacked.to)

    with stranger:
        await paced(1, send)


async def f24_a_flood(flooded: Call) -> int:
    """As many packets as one process can send to a port that records and to one that waits; how many those were."""
    ports = [media.port for media in flooded.fork.answer.media]
    flood = await asyncio.create_subprocess_exec(sys.executable, "-c", FLOOD, *map(str, ports), stdout=asyncio.subprocess.PIPE)
    await paced(1, lambda n: flooded.send(RtpPacket(0, n, FRAME * n, 24, flooded.frame(n)), n))
    output, _ = await flood.communicate()
    return int(output)


async def track_of(system: System, each: Call) -> tuple[dict[str, Any], NDArray[np.int16]]:
    """The recording of a call and its caller's side."""
    [resource] = await until(lambda: recordings(system, callerPhoneNumber=each.caller))
    _, right = await tracks(system, resource)
    return resource, right


def lies_exactly(found: dict[int, int]) -> bool:
    """Whether every frame is where the first says it must be."""
    first = min(found)
    return all(place == found[first] + (number - first) * FRAME for number, place in found.items())


def check_f19(bad: Call, track: NDArray[np.int16]) -> None:
    """What arrived is kept once and in its place; a loss is silence of its own length."""
    found = bad.heard(track)
    assert found.keys() == bad.sent.keys()
    assert 0 < SPOKEN - len(found) < SPOKEN // 4
    assert lies_exactly(found)
    for number in set(range(min(found), max(found))) - found.keys():
        begin = found[min(found)] + (number - min(found)) * FRAME
        assert not track[begin : begin + FRAME].any()


def check_f20(changing: Call, track: NDArray[np.int16]) -> None:
    """Nothing is lost at any change, and every part lies where it was said."""
    found = changing.heard(track, MU, A)
    # A new SSRC is believed when the recorder knows of the new description, which takes it a moment.
    believed = next(number for number in range(36, 72) if number in found)
    assert found.keys() == changing.sent.keys() - range(36, believed)
    parts = [range(36), range(believed, 144), range(144, SPOKEN)]
    assert all(lies_exactly({number: found[number] for number in part}) for part in parts)
    # This program may be late with a packet itself; one of those that begin a part tells where the part has to be.
    anchors = [[found[number] - changing.sent[number] * RATE for number in part[:FIRST]] for part in parts]
    for later in anchors[1:]:
        assert min(abs(one - other) for one in anchors[0] for other in later) < ALIGNED


def check_f21(attacked: Call, track: NDArray[np.int16]) -> None:
    """Every true frame, and no other."""
    found = attacked.heard(track)
    assert found.keys() == attacked.sent.keys()
    assert lies_exactly(found)
    foreign = MU[np.frombuffer(payload(b"a stranger", 0, 0)[:32], np.uint8)].astype("<i2").tobytes()
    assert foreign not in track.astype("<i2").tobytes()


def check_f24(flooded: Call, resource: dict[str, Any], track: NDArray[np.int16]) -> None:
    """Not even the flooded call loses anything."""
    found = flooded.heard(track)
    assert found.keys() == flooded.sent.keys()
    assert lies_exactly(found)
    assert not any(entry["type"] == "Gap" and entry["reason"] != "no_media" for entry in resource["eventHistory"])


async def test_f19_f20_f21_and_f24(tmp_path: Path) -> None:
    async with recorder(tmp_path) as (system, client):
        bad, attacked, flooded = [await call(client, number) for number in range(3)]
        changing = await call(client, 3, PCMA, PCMU)
        await asyncio.sleep(0.5)
        *_, flood = await asyncio.gather(
            f19_loss_reordering_and_doubles(bad),
            f20_everything_changes(changing),
            f21_strangers(attacked),
            f24_a_flood(flooded),
        )
        await asyncio.sleep(0.3)
        for each in (bad, attacked, flooded, changing):
            await each.fork.hang_up()
        assert flood > 20_000
        check_f19(bad, (await track_of(system, bad))[1])
        check_f20(changing, (await track_of(system, changing))[1])
        check_f21(attacked, (await track_of(system, attacked))[1])
        check_f24(flooded, *await track_of(system, flooded))
        assert system.log.count('"level": "error"') == 0, system.log
