"""A recorder with real processes, sockets and files for each test."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from telegraphone.capture.client import RecorderClient
from telegraphone.capture.packet_group import PacketGroup
from telegraphone.domain.ids import CallUuid, LegId, RecordingId
from telegraphone.media import layout
from telegraphone.services.ports import MediaAddress, MediaSource, TapOrder, TrackOrder
from tests import seeds
from tests.interop.recorder.senders import PATIENCE_S, Speaker
from tests.interop.recorder.signal import Found, read_recording
from tests.interop.recorder.udp_relay import Flow, Relay

PORTS = (5_000, 8_000)
"""Above those of the phones and below those of the servers that others start meanwhile."""
SEED = f"the wire that remembers {seeds.SEED}".encode()


@dataclass(slots=True)
class Call:
    """One call being recorded: its id and its two speakers."""

    recording: RecordingId
    speakers: tuple[Speaker, Speaker]


@dataclass(slots=True)
class Bench:
    """A running recorder and where its files are."""

    recorder: RecorderClient
    data: Path
    keys: Path

    async def call(self, number: int, before_s: float = 0.0, consent_s: float = 0.0) -> Call:
        """Reserves a recording, which may remember what comes before its start and before consent, and aims it at two new
        speakers."""
        recording, addresses = await self.reserved(number, before_s, consent_s)
        speakers = tuple(Speaker(SEED, 2 * number + side, address) for side, address in enumerate(addresses))
        await self.aimed(recording, [speaker.address for speaker in speakers])
        return Call(recording, (speakers[0], speakers[1]))

    async def call_through(self, number: int, relay: Relay) -> tuple[Call, tuple[Flow, Flow]]:
        """The same with a bad network between them."""
        recording, addresses = await self.reserved(number)
        flows = [relay.flow(2 * number + side, address) for side, address in enumerate(addresses)]
        speakers = [Speaker(SEED, flow.name, flow.entrance.getsockname()) for flow in flows]
        await self.aimed(recording, [flow.exit.getsockname() for flow in flows])
        return Call(recording, (speakers[0], speakers[1])), (flows[0], flows[1])

    async def call_to_pbx(self, number: int, pbx: tuple[str, int]) -> Call:
        """A call whose speakers send to somebody else on this machine: to a PBX's port and the one two above."""
        recording, _ = await self.reserved(number)
        doors = [MediaAddress(pbx[0], pbx[1] + 2 * side) for side in (0, 1)]
        speakers = [Speaker(SEED, 2 * number + side, (door.host, door.port)) for side, door in enumerate(doors)]
        await self.aim_at_pbx(recording, (speakers[0], speakers[1]))
        return Call(recording, (speakers[0], speakers[1]))

    async def aim_at_pbx(self, recording: RecordingId, speakers: tuple[Speaker, Speaker]) -> None:
        """From now on these two are heard, each where it sends to."""
        codecs = {0: "PCMU", 101: "telephone-event"}
        first, second = (MediaSource(*each.address, codecs, arrives_at=MediaAddress(*each.to)) for each in speakers)
        await self.recorder.aim(recording, (first, second))

    async def reserved(
        self, number: int, before_s: float = 0.0, consent_s: float = 0.0
    ) -> tuple[RecordingId, list[tuple[str, int]]]:
        recording = RecordingId(str(uuid.uuid4()))
        tracks = (TrackOrder("agent", LegId(f"leg-{number}-a")), TrackOrder("other", LegId(f"leg-{number}-b")))
        order = TapOrder(recording, CallUuid(f"CALL{number:08d}"), "tenant", tracks, before_s, consent_s)
        reservation = await self.recorder.reserve(order)
        return recording, [(address.host, address.port) for address in reservation.addresses]

    async def aimed(self, recording: RecordingId, addresses: list[tuple[str, int]]) -> None:
        sources = [MediaSource(*address, {0: "PCMU", 101: "telephone-event"}) for address in addresses]
        await self.recorder.aim(recording, (sources[0], sources[1]))

    def stored(self, call: Call) -> int:
        """How much of each party is in its first file at least, in frames of G.711; what seals them counts as well."""
        live = self.data / layout.live_directory(str(call.recording))
        files = [live / layout.segment_file(stream, 0) for stream in (0, 1)]
        return min(file.stat().st_size if file.exists() else 0 for file in files)

    async def has_stored(self, call: Call, frames: int) -> None:
        """Returns when so much of both parties is in their first files."""
        async with asyncio.timeout(PATIENCE_S):
            while self.stored(call) < frames:  # noqa: ASYNC110 - files of another process have no event
                await asyncio.sleep(0.02)

    def read(self, call: Call) -> Found:
        return read_recording(self.data, self.keys, str(call.recording))


@asynccontextmanager
async def open_bench(
    place: Path,
    ports: str = "tests.interop.recorder.worker_ports:disk_ports",
    alarm: Callable[[str], None] = lambda _: None,
    packets: PacketGroup | None = None,
) -> AsyncIterator[Bench]:
    """A recorder with its files below a directory."""
    data, keys = place / "data", place / "keys"
    arguments = (str(data), str(keys))
    recorder = RecorderClient(
        ports, arguments, host="127.0.0.1", first_port=PORTS[0], last_port=PORTS[1], packets=packets, alarm=alarm
    )
    async with recorder:
        yield Bench(recorder, data, keys)


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    async with open_bench(tmp_path) as opened:
        yield opened
