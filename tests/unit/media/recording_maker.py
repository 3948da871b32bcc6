"""Makes sealed recordings in memory for the tests of everything that reads them: as a recorder would, file by file."""

import hashlib
import struct
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from telegraphone.keystore.file import FileKeyStore
from telegraphone.keystore.memory import MemoryKeyStore
from telegraphone.media import layout
from telegraphone.media.header import FRAME_BYTES, JOURNAL_CODEC, EpochHeader
from telegraphone.media.journal import Ended, GateOpened, GateShut, Record, Started, TrackFact, encode
from telegraphone.media.manifest import Manifest
from telegraphone.media.recovery import finish, recover
from telegraphone.media.seal import JournalSealer, Sealer, commitment
from telegraphone.storage.memory import MemoryStore

RECORDING = "0d3f9f3e-7a52-4d07-9a5e-3c6d3e1f8a11"
OTHER_RECORDING = "9b1c6a52-1c1e-4c35-8f44-2a7d5b0c6e22"
START = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
SOFTWARE = "telegraphone test"
NOTE = {"source": "agent", "userName": "agent.one"}


class Chance:
    """Repeatable bytes that look random: SHA-256 of a seed and a counter."""

    def __init__(self, seed: str) -> None:
        self._seed = seed
        self._count = 0

    def __call__(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            data += hashlib.sha256(f"{self._seed}/{self._count}".encode()).digest()
            self._count += 1
        return data[:count]


def speech(stream: int, frames: int, start: int = 0) -> bytes:
    """Stored bytes that name their stream and place: no two blocks of 8 are equal, none is filler."""
    blocks = range(start // 8, (start + frames) // 8 + 1)
    data = b"".join(struct.pack(">BxxxI", 0x40 + stream, block) for block in blocks)
    return data[start % 8 : start % 8 + frames].replace(b"\xff", b"\xfe").replace(b"\xd5", b"\xd4")


def at(frame: int, rate: int = 8000) -> datetime:
    """The moment of a frame."""
    return START + timedelta(seconds=frame / rate)


def started(**changes: object) -> Started:
    """The first record of a journal."""
    tracks = (TrackFact(0, "agent", "leg-a"), TrackFact(1, "other", "leg-b"))
    facts: dict[str, object] = {"at": START, "call": "CALL0001", "rate": 8000, "tracks": tracks, "note": NOTE}
    return Started(**{**facts, **changes})  # type: ignore[arg-type]  # a test's shorthand over typed fields


def pause(start: int, stop: int | None, reason: str = "agent") -> list[Record]:
    """The records of a pause; not lifted when `stop` is None."""
    records: list[Record] = [GateShut(reason, at(start), start, NOTE)]
    if stop is not None:
        records.append(GateOpened(reason, at(stop), stop, NOTE))
    return records


def ended(frames: int) -> Ended:
    """The last record of a journal."""
    return Ended(at(frames), frames, "stopped", NOTE)


@dataclass
class Maker:
    """One recording in the making; `store` and `keys` may be shared by several."""

    store: MemoryStore = field(default_factory=MemoryStore)
    keys: FileKeyStore | MemoryKeyStore = field(default_factory=lambda: MemoryKeyStore(Chance("keys")))
    recording: str = RECORDING
    tenant: str = "tenant-one"
    segment_bytes: int = 160
    chance: Chance = field(init=False)

    def __post_init__(self) -> None:
        self.chance = Chance(self.recording)
        self.store.makedir(self.live)

    @property
    def live(self) -> str:
        return layout.live_directory(self.recording)

    @property
    def sealed(self) -> str:
        return layout.sealed_directory(self.recording)

    def header(self, codec: str, dek_id: str, dek: bytes, **numbers: int) -> EpochHeader:
        width = FRAME_BYTES.get(codec, 0)
        rate = numbers.get("rate", 8000 if width else 0)
        return EpochHeader(
            tenant=self.tenant,
            recording=self.recording,
            stream=numbers.get("stream", 0),
            epoch=numbers.get("epoch", 0),
            codec=codec,
            rate=rate,
            bytes_per_second=rate * width,
            segment_bytes=self.segment_bytes if width else 0,
            first_frame=numbers.get("first_frame", 0),
            dek_id=dek_id,
            nonce_prefix=self.chance(7),
            commit=commitment(dek),
            created=START,
        )

    def new_key(self) -> tuple[str, bytes]:
        dek_id = self.chance(16).hex()
        return dek_id, self.keys.create(self.tenant, dek_id)

    def audio(self, stored: bytes, *, codec: str = "PCMU", close: bool = True, **numbers: int) -> str:
        """Writes one epoch of stored bytes; returns its path. Not closed, the bytes behind the last full segment are lost."""
        dek_id, dek = self.new_key()
        sealer = Sealer(self.header(codec, dek_id, dek, **numbers), dek)
        path = f"{self.live}/{layout.segment_file(sealer.header.stream, sealer.header.epoch)}"
        file = self.store.create(path)
        file.append(sealer.header_bytes)
        length = self.segment_bytes
        full = len(stored) // length * length
        for place in range(0, full, length):
            file.append(sealer.seal(stored[place : place + length]))
        if close:
            file.append(sealer.close(stored[full:]))
        file.close()
        return path

    def journal(self, records: Iterable[Record], life: int = 0) -> str:
        """Writes one journal; returns its path."""
        dek_id, dek = self.new_key()
        sealer = JournalSealer(self.header(JOURNAL_CODEC, dek_id, dek, epoch=life), dek)
        path = f"{self.live}/{layout.journal_file(life)}"
        file = self.store.create(path)
        file.append(sealer.header_bytes)
        for record in records:
            file.append(sealer.seal(encode(record)))
        file.close()
        return path

    def recovered(self, *, every_slot: bool = True) -> Manifest:
        """What recovery says of the live directory."""
        return recover(self.store, self.keys, self.recording, now=at(80_000), software=SOFTWARE, every_slot=every_slot)

    def finished(self) -> Manifest:
        """Recovers and finishes."""
        manifest = self.recovered()
        finish(self.store, self.store, self.keys, manifest)
        return manifest

    @property
    def trusted(self) -> set[bytes]:
        return {self.keys.public_key()}


def conversation(maker: Maker, frames: int = 1_000, *, codec: str = "PCMU", paused: tuple[int, int] = (400, 650)) -> None:
    """Two streams of `frames` self-naming frames with one pause, properly ended; files written, not finished."""
    filler = b"\xff" if codec == "PCMU" else b"\xd5"
    for stream in (0, 1):
        stored = bytearray(speech(stream, frames))
        stored[paused[0] : paused[1]] = filler * (paused[1] - paused[0])
        maker.audio(bytes(stored), codec=codec, stream=stream)
    maker.journal([started(), *pause(*paused), ended(frames)])
