"""A recorder with real processes, sockets and files for each test."""

import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from telegraphone.capture.client import RecorderClient
from telegraphone.domain.ids import CallUuid, LegId, RecordingId
from telegraphone.services.ports import MediaSource, TapOrder, TrackOrder
from tests.interop.recorder.senders import Speaker
from tests.interop.recorder.signal import Found, read_recording

SEED = b"the wire that remembers"


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

    async def call(self, number: int) -> Call:
        """Reserves a recording and aims it at two new speakers."""
        recording = RecordingId(str(uuid.uuid4()))
        order = TapOrder(
            recording,
            CallUuid(f"CALL{number:08d}"),
            "tenant",
            (TrackOrder("agent", LegId(f"leg-{number}-a")), TrackOrder("other", LegId(f"leg-{number}-b"))),
        )
        reservation = await self.recorder.reserve(order)
        speakers = tuple(
            Speaker(SEED, 2 * number + side, (address.host, address.port)) for side, address in enumerate(reservation.addresses)
        )
        sources = tuple(MediaSource(*speaker.address, {0: "PCMU", 101: "telephone-event"}) for speaker in speakers)
        await self.recorder.aim(recording, sources)
        return Call(recording, speakers)

    def read(self, call: Call) -> Found:
        return read_recording(self.data, self.keys, str(call.recording))


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    data, keys = tmp_path / "data", tmp_path / "keys"
    arguments = (str(data), str(keys))
    async with RecorderClient(
        "tests.interop.recorder.worker_ports:disk_ports", arguments, host="127.0.0.1", first_port=42_000, last_port=44_000
    ) as recorder:
        yield Bench(recorder, data, keys)
