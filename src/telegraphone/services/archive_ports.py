"""What use cases need of finished recordings as things that are kept, proved and destroyed, wherever their bytes lie."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from telegraphone.domain.ids import CallUuid, RecordingId


@dataclass(frozen=True, slots=True)
class KeptFile:
    """One sealed file of a recording; `sha256` in hexadecimal."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class KeptRecording:
    """What a signed manifest says is kept of one recording; `manifest_sha256` names exactly this version of it. Until
    `locked_until` nothing of it can be destroyed."""

    recording_id: RecordingId
    tenant: str
    call_uuid: CallUuid
    started_at: datetime
    manifest_sha256: str
    files: tuple[KeptFile, ...]
    locked_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Erased:
    """An erasure, for its tombstone: what was there, how many keys were destroyed now, and which files could not be removed
    (locked by the store, or out of reach): they open no more."""

    recording: KeptRecording
    keys_destroyed: int
    files_left: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Redacted:
    """A redaction, for its line in the audit trail: the recording before and after it."""

    before: KeptRecording
    after: KeptRecording
    start_ms: int
    stop_ms: int


@dataclass(frozen=True, slots=True)
class SignedDocument:
    """A document that stands by itself: canonical JSON and the node's signature of exactly these bytes, as of a manifest."""

    content: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class ExportOrder:
    """A recording to be put into a package: what the list of recordings and the trail say of it, as JSON made by the caller."""

    recording_id: RecordingId
    metadata: bytes
    trail: bytes = b"[]"


@dataclass(frozen=True, slots=True)
class StoneOrder:
    """An erased recording to be put into a package as what is left of it: its stone, and what the trail says of it as JSON."""

    call_uuid: CallUuid
    stone: SignedDocument
    trail: bytes


Order = ExportOrder | StoneOrder


@dataclass(frozen=True, slots=True)
class PackedFile:
    """One file of a package: its path in it, in ASCII, its size, and what it proves itself by; `sha256` in hexadecimal."""

    name: str
    size: int
    crc32: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Prepared:
    """What a package will hold of a recording: its files in order, and those of them that are kept until then, by name. The
    others are sound or sealed, and made when they are read: nothing of them lies anywhere meanwhile (properties SEC-2)."""

    files: tuple[PackedFile, ...]
    documents: Mapping[str, bytes]


Documents = Callable[[str], Awaitable[bytes | None]]
"""The document of this name that a package keeps; None for a file that is made when it is read."""


class Packages(Protocol):
    """Packages (ZIP) of many recordings, that exist nowhere: looked through once, and then any stretch of their bytes is made
    when it is asked for. All raise `KeyError` for a recording that is not there, and `Unavailable("archive")`, not retryable
    for one that cannot be put in whole."""

    async def prepare(self, orders: Sequence[Order], *, sealed_files: bool) -> Prepared:
        """Looks the recordings through: every byte of them is made once and none is kept."""

    async def closed(self, files: Sequence[PackedFile]) -> Prepared:
        """What comes last in a package of these files: the signed list of them, and the certificate."""

    def size(self, files: Sequence[PackedFile]) -> int:
        """Bytes of a package of these files."""

    def read(self, files: Sequence[PackedFile], start: int, stop: int, documents: Documents) -> AsyncIterator[bytes]:
        """Bytes start ≤ b < stop of it in bounded pieces. Raises `Unavailable`, not retryable, at a recording that is another
        than it was when it was prepared."""


class Archive(Protocol):
    """Finished recordings. All raise `KeyError` for one that is not there, and `Unavailable("archive")` when its place is out
    of reach or its manifest is not to be believed. Whether the caller may is decided before: no hold, no role is known here."""

    async def kept(self, recording_id: RecordingId) -> KeptRecording:
        """What is kept of a recording."""

    async def erase(self, recording_id: RecordingId) -> Erased:
        """Destroys every key of the recording, durably on return, and then removes its files where that is possible. After a
        crash or `Unavailable` it may be repeated. Raises `RecordingLocked`."""

    async def redact(self, recording_id: RecordingId, start_ms: int, stop_ms: int, reason: str) -> Redacted:
        """Replaces a span by silence for ever and destroys the keys of what it replaced, durably on return. After a crash or
        `Unavailable` it may be repeated. Raises `RecordingLocked`, and ValueError for a span that the recording does not have."""

    async def report(self, recording_id: RecordingId, kind: Literal["pauses", "completeness"]) -> SignedDocument:
        """The signed document about a recording's pauses (PCI-11), or about what is missing of it."""

    async def check(self, recording_id: RecordingId) -> tuple[str, ...]:
        """Everything that is wrong with a recording, each with its place; nothing when it is what was sealed."""

    def export(self, orders: Sequence[Order], *, sealed_files: bool = False) -> AsyncIterator[bytes]:
        """A package (ZIP) of these recordings in bounded pieces, made while it is read: sound, metadata, trail, reports, hashes,
        signature and certificate; with `sealed_files` also what was sealed. A recording that cannot be put in whole breaks it
        off."""
