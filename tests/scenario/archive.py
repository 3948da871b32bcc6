"""Finished recordings as whole things, without bytes: what is erased is gone for the player too."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from telegraphone.domain.errors import RecordingLocked
from telegraphone.domain.ids import DEFAULT_TENANT, CallUuid, RecordingId
from telegraphone.services.archive_ports import (
    Documents,
    Erased,
    ExportOrder,
    KeptFile,
    KeptRecording,
    Order,
    PackedFile,
    Prepared,
    Redacted,
    SignedDocument,
    StoneOrder,
)
from telegraphone.services.ports import Unavailable
from tests.scenario.player import SimulatedPlayer

_SOUND = 1_000
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


@dataclass(slots=True)
class SimulatedArchive:
    """An `Archive` of whatever it is asked for; `away` and `locked` make it refuse."""

    player: SimulatedPlayer
    erased: list[RecordingId] = field(default_factory=list)
    away: bool = False
    locked: bool = False
    lost: set[RecordingId] = field(default_factory=set)
    redacted: list[tuple[RecordingId, int, int, str]] = field(default_factory=list)
    exported: list[tuple[tuple[Order, ...], bool]] = field(default_factory=list)

    async def kept(self, recording_id: RecordingId) -> KeptRecording:
        if recording_id in self.lost:
            raise KeyError(recording_id)
        files = (KeptFile("s0-e0.tgs", 1_000, "ab" * 32),)
        until = NOON if self.locked else None
        return KeptRecording(recording_id, DEFAULT_TENANT, CallUuid("C" * 32), NOON, "cd" * 32, files, until)

    async def erase(self, recording_id: RecordingId) -> Erased:
        if self.away:
            raise Unavailable("archive")
        if self.locked:
            raise RecordingLocked(recording_id, NOON)
        self.player.files.pop(recording_id, None)
        self.erased.append(recording_id)
        return Erased(await self.kept(recording_id), 3, ())

    async def redact(self, recording_id: RecordingId, start_ms: int, stop_ms: int, reason: str) -> Redacted:
        if self.away:
            raise Unavailable("archive")
        if self.locked:
            raise RecordingLocked(recording_id, NOON)
        if recording_id in self.erased:
            raise KeyError(recording_id)
        self.redacted.append((recording_id, start_ms, stop_ms, reason))
        kept = await self.kept(recording_id)
        return Redacted(kept, replace(kept, manifest_sha256="ef" * 32), start_ms, stop_ms)

    async def report(self, recording_id: RecordingId, kind: str) -> SignedDocument:
        if recording_id in self.erased:
            raise KeyError(recording_id)
        return SignedDocument(f'{{"format":"telegraphone-{kind}-1"}}'.encode(), b'{"public_key":"00","signature":"00"}')

    async def export(self, orders: Sequence[Order], *, sealed_files: bool = False) -> AsyncIterator[bytes]:
        self.exported.append((tuple(orders), sealed_files))
        for order in orders:
            if isinstance(order, StoneOrder):
                yield order.stone.content
                continue
            if order.recording_id in self.erased:
                raise KeyError(order.recording_id)
            yield b"PK"
            yield order.metadata


class SimulatedPackages:
    """`Packages` of small files, one after the other, of whatever the archive has."""

    def __init__(self, archive: SimulatedArchive) -> None:
        self._archive = archive
        self.waits = asyncio.Event()
        """Unset, the next recording is looked through only when it is set."""
        self.waits.set()
        self.stops_after = 1_000_000
        """After so many recordings it waits."""
        self.prepared: list[tuple[Order, ...]] = []
        self.away: set[str] = set()
        """Recordings that are out of reach."""

    async def prepare(self, orders: Sequence[Order], *, sealed_files: bool) -> Prepared:
        if len(self.prepared) >= self.stops_after:
            self.waits.clear()
        await self.waits.wait()
        self.prepared.append(tuple(orders))
        stones = [order for order in orders if isinstance(order, StoneOrder)]
        recordings = [order for order in orders if isinstance(order, ExportOrder)]
        if self._archive.away or any(order.recording_id in self.away for order in recordings):
            raise Unavailable("archive")
        files: list[PackedFile] = []
        documents = {f"{stone.call_uuid}/tombstone.json": stone.stone.content for stone in stones}
        files += [PackedFile(name, len(content), 0, "") for name, content in documents.items()]
        for order in recordings:
            if order.recording_id in self._archive.erased:
                raise KeyError(order.recording_id)
            documents[f"{order.recording_id}/metadata.json"] = order.metadata
            files.append(PackedFile(f"{order.recording_id}/metadata.json", len(order.metadata), 0, ""))
            files.append(PackedFile(f"{order.recording_id}/audio.wav", _SOUND, int(sealed_files), ""))
        return Prepared(tuple(files), documents)

    async def closed(self, files: Sequence[PackedFile]) -> Prepared:
        return Prepared((PackedFile("export.json", len(files), 0, ""),), {"export.json": b"." * len(files)})

    def size(self, files: Sequence[PackedFile]) -> int:
        return sum(each.size for each in files)

    async def read(self, files: Sequence[PackedFile], start: int, stop: int, documents: Documents) -> AsyncIterator[bytes]:
        place = 0
        for each in files:
            low, high = max(start - place, 0), min(stop - place, each.size)
            if low < high:
                content = await documents(each.name)
                recording = each.name.split("/")[0]
                if recording in [redacted for redacted, *_ in self._archive.redacted]:
                    raise Unavailable("archive", f"recording {recording} was changed", retryable=False)
                yield (content if content is not None else b"~" * each.size)[low:high]
            place += each.size
