"""Seals audio and journal records before they leave the data plane: the only maker of what a sink may take.

Theory. Each epoch has its own random data key (DEK). From it come the sealing key and a public commitment. Segment i is
sealed by AES-256-GCM with a nonce that holds i and whether it closes the epoch (the STREAM construction, Hoang et al.,
CRYPTO 2015), and authenticates the header's hash and i: units cannot be moved, dropped in between, or taken from another
file, and a missing end shows. GCM forgives no nonce used twice, so a sealer counts by itself, seals each number once,
never goes back, and lives no longer than the epoch: after any failure comes a new epoch under a new key (W3, W4).

    K_seg  = HKDF-SHA256(DEK, info "telegraphone/v1/segment")      commit = the same with "telegraphone/v1/commit"
    nonce  = prefix (7) ‖ u32 i ‖ closing (0 or 1)                 AAD    = SHA-256(header) ‖ u32 i
"""

import hashlib
import struct
from typing import Final, NewType

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from telegraphone.limits import JOURNAL_RECORD_BYTES_MAX
from telegraphone.media.header import JOURNAL_CODEC, EpochHeader

SealedSegment = NewType("SealedSegment", bytes)
"""Bytes that may touch a disk: a sealed unit, or the plain header in front of them. Made in this module only."""

DEK_BYTES: Final = 32
_U32 = struct.Struct(">I")


def sealed_before(data: bytes) -> SealedSegment:
    """Bytes just read from a sealed file, to be copied into another as they are."""
    return SealedSegment(data)


def derive(dek: bytes, label: bytes) -> bytes:
    """One of the 32-byte values that follow from a data key: b"segment" is the sealing key, b"commit" the commitment."""
    if len(dek) != DEK_BYTES:
        raise ValueError(f"a data key has {DEK_BYTES} bytes")
    return HKDF(hashes.SHA256(), 32, None, b"telegraphone/v1/" + label).derive(dek)


def commitment(dek: bytes) -> bytes:
    """What a header states of its data key (`EpochHeader.commit`); it betrays nothing of the key."""
    return derive(dek, b"commit")


class Sealer:
    """Seals the segments of one audio epoch, each exactly once and in order.

    `header_bytes` go to the file first. Not for several threads at once. After `close` or `drop` it seals nothing more.
    """

    __slots__ = ("_aad", "_aead", "_count", "_length", "_prefix", "header", "header_bytes")

    def __init__(self, header: EpochHeader, dek: bytes) -> None:
        """Raises ValueError when the header is a journal's or commits to another key."""
        if header.codec == JOURNAL_CODEC:
            raise ValueError("a journal's header seals no audio")
        self.header: Final = header
        self.header_bytes: Final = SealedSegment(header.to_bytes())
        self._aead = _aead_of(header, dek)
        self._aad = hashlib.sha256(self.header_bytes).digest()
        self._prefix = header.nonce_prefix
        self._length = header.segment_bytes
        self._count = 0

    @property
    def count(self) -> int:
        """Full segments sealed so far; a closing one is not counted."""
        return self._count

    def seal(self, pcm: bytes | bytearray | memoryview) -> SealedSegment:
        """Seals exactly L bytes as the next segment: L + 16 bytes. Raises ValueError for another length, or when ended."""
        if len(pcm) != self._length:
            raise ValueError(f"{len(pcm)} bytes are no segment of {self._length}")
        return self.seal_run(pcm)

    def seal_run(self, pcm: bytes | bytearray | memoryview) -> SealedSegment:
        """Seals a whole number of segments, one behind the other, to be appended in one write. Raises as `seal`."""
        length, first = self._length, self._count
        count, rest = divmod(len(pcm), length)
        if rest or self._aead is None:
            raise ValueError(f"{len(pcm)} bytes are no segments of {length}, or the epoch has ended")
        # Counted before sealing: whatever happens next, these nonces are used up.
        self._count = first + count
        view, encrypt, prefix, aad = memoryview(pcm), self._aead.encrypt, self._prefix, self._aad
        numbers = map(_U32.pack, range(first, self._count))
        starts = range(0, len(view), length)
        pairs = zip(numbers, starts, strict=True)
        return SealedSegment(b"".join([encrypt(prefix + i + b"\0", view[at : at + length], aad + i) for i, at in pairs]))

    def close(self, rest: bytes | bytearray | memoryview) -> SealedSegment:
        """Seals the last 0 … L − 1 bytes as the closing segment and ends the epoch. Raises ValueError as `seal` does."""
        if len(rest) >= self._length or self._aead is None:
            raise ValueError(f"{len(rest)} bytes do not close an epoch of {self._length}, or it has ended")
        aead, number = self._aead, _U32.pack(self._count)
        self._aead = None
        return SealedSegment(aead.encrypt(self._prefix + number + b"\1", rest, self._aad + number))

    def drop(self) -> None:
        """Ends the epoch without closing it (a failed write), and lets the key go. Python cannot promise that no copy of
        the key stays in memory (W8)."""
        self._aead = None


class JournalSealer:
    """Seals the records of one journal file: `u32 length ‖ sealed record`, the record's number as i, never closing."""

    __slots__ = ("_aad", "_aead", "_count", "_prefix", "header", "header_bytes")

    def __init__(self, header: EpochHeader, dek: bytes) -> None:
        """Raises ValueError when the header is not a journal's or commits to another key."""
        if header.codec != JOURNAL_CODEC:
            raise ValueError("an audio header seals no journal")
        self.header: Final = header
        self.header_bytes: Final = SealedSegment(header.to_bytes())
        self._aead = _aead_of(header, dek)
        self._aad = hashlib.sha256(self.header_bytes).digest()
        self._prefix = header.nonce_prefix
        self._count = 0

    def seal(self, record: bytes) -> SealedSegment:
        """Frames and seals one record (`journal.encode`). Raises ValueError for one too long, or after `drop`."""
        if self._aead is None or not 0 < len(record) <= JOURNAL_RECORD_BYTES_MAX:
            raise ValueError(f"a journal record of {len(record)} bytes, or the journal has ended")
        number = _U32.pack(self._count)
        self._count += 1
        sealed = self._aead.encrypt(self._prefix + number + b"\0", record, self._aad + number)
        return SealedSegment(_U32.pack(len(sealed)) + sealed)

    def drop(self) -> None:
        """Ends the journal and lets the key go."""
        self._aead = None


def _aead_of(header: EpochHeader, dek: bytes) -> AESGCM | None:
    if header.commit != commitment(dek):
        raise ValueError("the header commits to another data key")
    return AESGCM(derive(dek, b"segment"))
