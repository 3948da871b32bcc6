"""Finished recordings as whole things, without bytes: what is erased is gone for the player too."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from telegraphone.domain.errors import RecordingLocked
from telegraphone.domain.ids import DEFAULT_TENANT, CallUuid, RecordingId
from telegraphone.services.archive_ports import Erased, ExportOrder, KeptFile, KeptRecording, Redacted, SignedDocument
from telegraphone.services.ports import Unavailable
from tests.scenario.player import SimulatedPlayer

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


@dataclass(slots=True)
class SimulatedArchive:
    """An `Archive` of whatever it is asked for; `away` and `locked` make it refuse."""

    player: SimulatedPlayer
    erased: list[RecordingId] = field(default_factory=list)
    away: bool = False
    locked: bool = False
    redacted: list[tuple[RecordingId, int, int, str]] = field(default_factory=list)
    exported: list[tuple[tuple[ExportOrder, ...], bool]] = field(default_factory=list)

    async def kept(self, recording_id: RecordingId) -> KeptRecording:
        files = (KeptFile("s0-e0.tgs", 1_000, "ab" * 32),)
        return KeptRecording(recording_id, DEFAULT_TENANT, CallUuid("C" * 32), NOON, "cd" * 32, files)

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

    async def export(self, orders: Sequence[ExportOrder], *, sealed_files: bool = False) -> AsyncIterator[bytes]:
        self.exported.append((tuple(orders), sealed_files))
        for order in orders:
            if order.recording_id in self.erased:
                raise KeyError(order.recording_id)
            yield b"PK"
            yield order.metadata
