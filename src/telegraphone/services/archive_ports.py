"""What use cases need of finished recordings as things that are kept, proved and destroyed, wherever their bytes lie."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from telegraphone.domain.ids import CallUuid, RecordingId


@dataclass(frozen=True, slots=True)
class KeptFile:
    """One sealed file of a recording; `sha256` in hexadecimal."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class KeptRecording:
    """What a signed manifest says is kept of one recording; `manifest_sha256` names exactly this version of it."""

    recording_id: RecordingId
    tenant: str
    call_uuid: CallUuid
    started_at: datetime
    manifest_sha256: str
    files: tuple[KeptFile, ...]


@dataclass(frozen=True, slots=True)
class Erased:
    """An erasure, for its tombstone: what was there, how many keys were destroyed now, and which files could not be removed
    (locked by the store, or out of reach): they open no more."""

    recording: KeptRecording
    keys_destroyed: int
    files_left: tuple[str, ...]


class Archive(Protocol):
    """Finished recordings. All raise `KeyError` for one that is not there, and `Unavailable("archive")` when its place is out
    of reach or its manifest is not to be believed. Whether the caller may is decided before: no hold, no role is known here."""

    async def kept(self, recording_id: RecordingId) -> KeptRecording:
        """What is kept of a recording."""

    async def erase(self, recording_id: RecordingId) -> Erased:
        """Destroys every key of the recording, durably on return, and then removes its files where that is possible. After a
        crash or `Unavailable` it may be repeated. Raises `RecordingLocked`."""
