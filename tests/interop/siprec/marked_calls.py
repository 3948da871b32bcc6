"""Forked calls whose senders are played by hand, frame by frame, and what is in their recordings.

Each frame says whose it is and which, so what is found in a finished recording, and where, is compared
sample by sample with what was sent.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from telegraphone.keystore.file import FileKeyStore
from telegraphone.media import layout
from telegraphone.media.g711 import A_VALUES, MU_VALUES
from telegraphone.media.journal import CodecChanged, Record, SourceChanged
from telegraphone.media.manifest import load_manifest
from telegraphone.media.verify import journal_records
from telegraphone.storage.local import LocalSource
from telegraphone.wire.rtp.packet import RtpPacket
from telegraphone.wire.sdp import PCMU, Codec, Direction, Media, SessionDescription
from telegraphone.wire.sip.commands import OutgoingRequest
from telegraphone.wire.sip.transport import Flow
from telegraphone.wire.sip.uri import NameAddr, SipUri
from tests.interop.recorder.signal import payload
from tests.interop.siprec.recording_client import AGENT, HOST, Fork, Mouth, Party, RecordingClient, metadata
from tests.interop.siprec.test_plain_calls import recordings, tracks, until
from tests.interop.system import System

SEED = b"media faults"
FRAME = 160
FRAME_S = 0.02
SPOKEN = 180
"""Frames: 3.6 s."""
RATE = 8_000
ALIGNED = RATE // 50
"""20 ms."""
MU = np.array(MU_VALUES, dtype=np.int16)
A = np.array(A_VALUES, dtype=np.int16)


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


def parties_of(number: int) -> tuple[tuple[Party, Party], bytes]:
    """Who talks in a call, and what its metadata says."""
    parties = (Party(f"sip:1555012{number}@example.com", 500, "1"), AGENT)
    snapshot = metadata(parties, cs=f"session-of-media-fault-{number}")
    return parties, snapshot.replace(b"group-1", b"group-of-fault-%d" % number)


def lines_of(audio: Sequence[Mouth], parties: Sequence[Party], *codecs: Codec) -> list[Media]:
    return [
        Media("audio", each.port, codecs or (PCMU,), Direction.SENDONLY, attributes=(("label", party.label),))
        for each, party in zip(audio, parties, strict=True)
    ]


async def call(client: RecordingClient, number: int, *codecs: Codec) -> Call:
    audio = client.new_audio([lambda _: b""] * 2)
    parties, snapshot = parties_of(number)
    lines = lines_of(audio, parties, *codecs)
    return Call(number, await client.fork(parties, snapshot=snapshot, lines=lines, audio=audio, silent=True))


async def offered_call(client: RecordingClient, number: int) -> Call:
    """A call whose client lets the recorder make the offer, and has not answered it."""
    audio = client.new_audio([lambda _: b""] * 2)
    event = await client.final(
        OutgoingRequest(
            method="INVITE",
            uri=SipUri(client.server[0], "recorder", client.server[1]),
            from_=NameAddr(SipUri(HOST, "src")),
            headers=(("Require", "siprec"),),
            flow=Flow(client.transport, *client.server),
        )
    )
    assert event.dialog is not None
    ours = SessionDescription(HOST, tuple(lines_of(audio, parties_of(number)[0])), number)
    fork = Fork(client, event.dialog, SessionDescription.parse(event.response.body), list(audio), ours, silent=True)
    client.forks.append(fork)
    return Call(number, fork)


async def paced(step: int, send: Callable[[int], None], count: int = SPOKEN) -> float:
    """Calls `send` for each `step` of so many frames, when they are due or later; answers when the first of them began."""
    loop = asyncio.get_running_loop()
    begun = loop.time()
    for number in range(0, count, step):
        await asyncio.sleep(max(0.0, begun + (number + step) * FRAME_S - loop.time()))
        send(number)
    return begun


async def track_of(system: System, each: Call) -> tuple[dict[str, Any], NDArray[np.int16]]:
    """The recording of a call and its caller's side."""
    [resource] = await until(lambda: recordings(system, callerPhoneNumber=each.caller))
    _, right = await tracks(system, resource)
    return resource, right


def journal(system: System, resource: dict[str, Any]) -> list[Record]:
    """What the recorder has noted of a recording."""
    part = resource["mediaFiles"][0]["mediaUri"].rpartition("/")[2].partition(".")[0]
    source, keys = LocalSource(system.data / "audio"), FileKeyStore(system.data / "keys")
    directory = layout.sealed_directory(part)
    return journal_records(source, keys, directory, load_manifest(source, directory, (keys.public_key(),)))


def notes(records: list[Record], stream: int) -> list[str]:
    """What changed about a sender, in order."""
    of_it = (each for each in records if isinstance(each, CodecChanged | SourceChanged) and each.stream == stream)
    return [each.codec if isinstance(each, CodecChanged) else each.detail for each in of_it]


def lost(resource: dict[str, Any]) -> list[dict[str, Any]]:
    """What was sent and is missing."""
    return [entry for entry in resource["eventHistory"] if entry["type"] == "Gap" and entry["reason"] != "no_media"]


def lies_exactly(found: dict[int, int]) -> bool:
    """Whether every frame is where the first says it must be."""
    first = min(found)
    return all(place == found[first] + (number - first) * FRAME for number, place in found.items())


def aligned(one: Call, found: dict[int, int], begun: dict[int, float], parts: dict[int, range]) -> None:
    """Each part lies on one line, and all of them where they were said, within 20 ms."""
    assert all(lies_exactly({number: found[number] for number in part}) for part in parts.values())
    places, late = [], []
    for first, part in parts.items():
        due_s = {number: begun[first] + (number + 1 - first) * FRAME_S for number in part}
        places.append(found[part[0]] - due_s[part[0]] * RATE)
        # This program may be late itself, and nobody can know of that what its packets do not tell.
        late += [(one.sent[number] - due) * RATE for number, due in due_s.items()]
    assert max(places) - min(places) < max(ALIGNED, *late), (places, max(late))
