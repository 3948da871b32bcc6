"""The signed facts about a finished recording: which files with which hashes, what they hold, and where silence is meant.

A manifest is canonical JSON (RFC 8785) under an Ed25519 signature of the node (RFC 8032), written when a recording is
finished and never changed; a redaction writes a new one that names its predecessor's hash. It holds ids, numbers, hashes
and reasons; who pressed a button stays in the sealed journal.

The spans say where no audio is, in frames of the timeline, start included and stop not (an empty one at the end: what was
shut there has kept nothing out yet): `paused` and `held` were kept
out on purpose (the stored bytes are filler, on every stream), `redacted` was taken out afterwards (filler as well), `gap`
was lost, `corrupt` was damaged on the disk. All of them play as digital zero.
"""

import hashlib
from collections.abc import Collection
from datetime import datetime
from typing import Final, Literal

import msgspec
import rfc8785
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from telegraphone.limits import MANIFEST_BYTES_MAX
from telegraphone.media import layout
from telegraphone.media.canonical import canonical
from telegraphone.media.errors import DamagedHeader, DamagedManifest
from telegraphone.media.journal import TrackFact
from telegraphone.media.ports import FileFacts, KeyStore, PublicFacts, SealedSource, Signer
from telegraphone.media.spans import Range, merged
from telegraphone.media.unseal import EpochReader

FORMAT: Final = "telegraphone-manifest-1"
SIGNATURE_ALGORITHM: Final = "Ed25519"
_PIECE_BYTES: Final = 1 << 20


class EpochFact(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One audio file. `segments` counts full slots, `damaged` those of them that do not open; `frames` runs from the
    first slot to the end, damaged ones included. `unreadable`: its header or key is not this file's, `frames` is 0."""

    file: str
    size: int
    sha256: str
    stream: int
    epoch: int
    codec: str
    first_frame: int
    frames: int
    segments: int
    damaged: int
    state: Literal["closed", "recovered", "unreadable"]
    dek_id: str


class JournalFact(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One journal file; `dropped_bytes` lie behind the last record that opens."""

    file: str
    size: int
    sha256: str
    life: int
    records: int
    dropped_bytes: int
    dek_id: str


class Span(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A stretch without audio; `stream` is None when it concerns every stream."""

    kind: Literal["paused", "held", "redacted", "gap", "corrupt"]
    reason: str
    start: int
    stop: int
    stream: int | None = None
    started_at: datetime | None = None
    stopped_at: datetime | None = None


class ReplacedFact(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An audio file that a redaction replaced; its key is destroyed."""

    file: str
    sha256: str
    dek_id: str


class KeptFact(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A stretch that was kept in memory until it was known to be wanted; `reason`: `start`, it came before the start;
    `consent`, before consent."""

    start: int
    stop: int
    reason: str


class ConsentFact(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Evidence of consent, by reference and hash."""

    at: datetime
    reference: str
    digest: str


class ClockFact(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was known of our clock at a moment."""

    at: datetime
    source: str
    offset_ms: float | None
    step_ms: float | None


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything a reader needs to play and to check one recording."""

    tenant: str
    recording: str
    call: str
    status: Literal["sealed", "recovered", "redacted"]
    rate: int
    frames: int
    started_at: datetime
    ended_at: datetime | None
    end_reason: str
    tracks: tuple[TrackFact, ...]
    epochs: tuple[EpochFact, ...]
    journals: tuple[JournalFact, ...]
    spans: tuple[Span, ...]
    clock: tuple[ClockFact, ...]
    consent: tuple[ConsentFact, ...]
    software: str
    sealed_at: datetime
    previous: str | None = None
    format: str = FORMAT
    replaced: tuple[ReplacedFact, ...] | msgspec.UnsetType = msgspec.UNSET
    """Absent where nothing was redacted."""
    kept: tuple[KeptFact, ...] | msgspec.UnsetType = msgspec.UNSET
    """Absent where nothing had to wait in memory."""

    def to_bytes(self) -> PublicFacts:
        """The canonical form, which is what is stored, hashed and signed. Raises ValueError when it grows too long."""
        # Only what is known of the clock has fractions.
        data = rfc8785.dumps(msgspec.to_builtins(self)) if self.clock else canonical(self)
        if len(data) > MANIFEST_BYTES_MAX:
            raise ValueError(f"a manifest of {len(data)} bytes")
        return PublicFacts(data)

    def silences(self, stream: int) -> tuple[Range, ...]:
        """The frames of one stream that are marked as holding no audio, merged."""
        return merged((span.start, span.stop) for span in self.spans if span.stream in (None, stream))

    @property
    def dek_ids(self) -> tuple[str, ...]:
        """The data keys of all its files: destroyed, nothing of the recording opens again."""
        ids = [fact.dek_id for fact in self.epochs] + [fact.dek_id for fact in self.journals]
        return tuple(dek_id for dek_id in ids if dek_id)

    @property
    def replaced_facts(self) -> tuple[ReplacedFact, ...]:
        """The audio files that redactions replaced."""
        return () if isinstance(self.replaced, msgspec.UnsetType) else self.replaced

    @property
    def files(self) -> dict[str, FileFacts]:
        """All its sealed files and what must be in them."""
        found: tuple[EpochFact | JournalFact, ...] = (*self.epochs, *self.journals)
        return {fact.file: FileFacts(fact.size, fact.sha256) for fact in found}

    @property
    def bytes_stored(self) -> int:
        """Bytes of all sealed files."""
        return sum(fact.size for fact in self.epochs) + sum(fact.size for fact in self.journals)


class Signature(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What `manifest.sig` holds; keys and signature in hexadecimal."""

    alg: str
    public_key: str
    signature: str


def signed(manifest: PublicFacts, signer: Signer) -> PublicFacts:
    """The signature file that belongs to a manifest's bytes."""
    facts = Signature(SIGNATURE_ALGORITHM, signer.public_key().hex(), signer.sign(manifest).hex())
    return PublicFacts(canonical(facts))


def read_manifest(data: bytes, signature: bytes, trusted: Collection[bytes]) -> Manifest:
    """The manifest, once its signature has been verified by one of the trusted raw public keys.

    Raises DamagedManifest: signed by a stranger, changed, or not of this format.
    """
    check_signature(data, signature, trusted)
    try:
        manifest = msgspec.json.decode(data, type=Manifest)
        exact = manifest.to_bytes() == data
    except (msgspec.MsgspecError, ValueError) as error:
        raise DamagedManifest(f"manifest: {error}") from None
    if manifest.format != FORMAT or not exact:
        raise DamagedManifest("the manifest is not in canonical form")
    return manifest


def check_signature(data: bytes, signature: bytes, trusted: Collection[bytes]) -> None:
    """Raises DamagedManifest unless a trusted key has signed exactly these bytes."""
    try:
        stated = msgspec.json.decode(signature, type=Signature)
        key, mark = bytes.fromhex(stated.public_key), bytes.fromhex(stated.signature)
        exact = canonical(Signature(SIGNATURE_ALGORITHM, key.hex(), mark.hex()))
        if exact != signature:
            raise DamagedManifest("the manifest's signature is not in canonical form")
        if key not in trusted:
            raise DamagedManifest("the manifest is not signed by a trusted key")
        Ed25519PublicKey.from_public_bytes(key).verify(mark, data)
    except (msgspec.MsgspecError, ValueError, InvalidSignature):
        raise DamagedManifest("the manifest's signature does not verify") from None


def load_manifest(source: SealedSource, directory: str, trusted: Collection[bytes]) -> Manifest:
    """The verified manifest of the recording in a directory. Raises FileNotFoundError, DamagedManifest, OSError."""
    data = source.read(f"{directory}/{layout.MANIFEST}", 0, MANIFEST_BYTES_MAX + 1)
    signature = source.read(f"{directory}/{layout.SIGNATURE}", 0, MANIFEST_BYTES_MAX)
    try:
        return read_manifest(data, signature, trusted)
    except DamagedManifest as error:
        try:
            signature = source.read(f"{directory}/{layout.NEXT_SIGNATURE}", 0, MANIFEST_BYTES_MAX)
        except FileNotFoundError:
            raise error from None
        return read_manifest(data, signature, trusted)


def file_hash(source: SealedSource, path: str) -> str:
    """The SHA-256 of a file in hexadecimal, read in bounded pieces."""
    digest = hashlib.sha256()
    place = 0
    while piece := source.read(path, place, _PIECE_BYTES):
        digest.update(piece)
        place += len(piece)
    return digest.hexdigest()


def open_epoch(manifest: Manifest, fact: EpochFact, source: SealedSource, keys: KeyStore, *, directory: str) -> EpochReader:
    """A reader of the file a manifest speaks of. Raises DamagedHeader or WrongKey when it is another file, and what
    `EpochReader` raises."""
    reader = EpochReader(source, f"{directory}/{fact.file}", keys)
    header = reader.header
    if (header.tenant, header.recording, header.dek_id) != (manifest.tenant, manifest.recording, fact.dek_id):
        raise DamagedHeader(f"{fact.file} belongs to another recording")
    stated = (header.stream, header.epoch, header.codec, header.rate, header.first_frame)
    if stated != (fact.stream, fact.epoch, fact.codec, manifest.rate, fact.first_frame):
        raise DamagedHeader(f"{fact.file} belongs to another place")
    return reader
