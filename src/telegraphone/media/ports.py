"""What the data plane needs from the world: a place to write, a place to read, and a keeper of keys.

All methods block, and are called where blocking is allowed: in the recorder's writer thread or in a worker thread of the
player. Paths are relative, built by `media.layout`. Where nothing else is said, `OSError` comes as the operating system
gave it (FileNotFoundError, FileExistsError, ENOSPC, EIO …): the writer decides by it.
"""

from collections.abc import Sequence
from typing import NamedTuple, NewType, Protocol

from telegraphone.media.seal import SealedSegment

PublicFacts = NewType("PublicFacts", bytes)
"""Bytes that are no secret: a manifest and its signature. Made in media/manifest.py only."""


class SealedFile(Protocol):
    """One file open for its only writer."""

    def append(self, data: SealedSegment | PublicFacts) -> None:
        """Adds all of the bytes at the end, or raises OSError: then an unknown part of them is there. Not durable yet."""

    def datasync(self) -> None:
        """Makes everything appended so far durable. After an OSError the file is lost to its writer: never synced
        again, never appended to (W6)."""

    def close(self) -> None:
        """Gives the file back without syncing it. Closing twice does nothing."""


class SealedSink(Protocol):
    """The writing side: the one small port that all writes of recorder, journal and manifest go through."""

    def create(self, path: str) -> SealedFile:
        """Makes a new, empty file, exclusively (W1): FileExistsError when the name is taken. Its name is durable after
        `syncdir` of its directory, its content after `datasync`."""

    def makedir(self, path: str) -> None:
        """Makes the directory and those above it, durably; one that is there already is no error."""

    def rename(self, old: str, new: str) -> None:
        """Renames a file or a directory. A file that bears the new name is replaced; a directory is not (OSError).
        Durable after `syncdir` of both parents."""

    def unlink(self, path: str) -> None:
        """Removes a file; FileNotFoundError when there is none. Durable after `syncdir`."""

    def syncdir(self, path: str) -> None:
        """Makes names made, renamed and removed in the directory durable."""


class SealedSource(Protocol):
    """The reading side. It sees what was written, changes nothing, and follows no symbolic link."""

    def list(self, directory: str) -> Sequence[str]:
        """The names in a directory in ascending order. Raises FileNotFoundError."""

    def size(self, path: str) -> int:
        """Bytes in a file. Raises FileNotFoundError."""

    def read(self, path: str, offset: int, length: int) -> bytes:
        """Up to `length` bytes from `offset`; fewer only where the file ends. Raises FileNotFoundError."""


class SealedPlace(SealedSource, Protocol):
    """A place that keeps whole finished files: another folder, or an object store. What is there is only read and removed."""

    def keep(self, path: str, content: SealedSource, facts: "FileFacts") -> None:
        """Copies the file of this path here, replacing one that is there; returns when the place says that it has it. Raises
        OSError: the place is out of reach, or what arrived is not what `facts` say; then nothing of it may be relied on."""

    def holds(self, path: str, facts: "FileFacts") -> bool:
        """Whether exactly this content is here, by the place's own checksum or by reading it back. Raises OSError."""

    def remove(self, path: str) -> None:
        """Removes a file, and a directory left empty by that. Raises FileNotFoundError, PermissionError where the place keeps
        it from being removed, OSError."""


class FileFacts(NamedTuple):
    """Which bytes are meant: how many, and their SHA-256 in hexadecimal."""

    size: int
    sha256: str


class KeyStore(Protocol):
    """Keeps data keys wrapped, apart from the audio. A key id belongs to one tenant."""

    def create(self, tenant: str, dek_id: str) -> bytes:
        """A new data key of 32 random bytes, handed out when its envelope is durable (W2). Raises KeyExists when the id
        was used before: a data key is handed out for writing once (W3)."""

    def create_all(self, tenant: str, dek_ids: Sequence[str]) -> list[bytes]:
        """As `create` for many ids, for little more than the price of one: all are durable on return. After an error
        none of the keys is to be used."""

    def open(self, tenant: str, dek_id: str) -> bytes:
        """The data key, for reading. Raises KeyMissing (unknown, erased and another tenant's look the same) or
        DamagedEnvelope."""

    def erase(self, tenant: str, dek_id: str) -> bool:
        """Destroys the key, durably on return, so that nothing sealed under it opens again. False when there was none.
        An erased id stays used: `create` raises KeyExists."""

    def release(self, tenant: str, dek_id: str) -> None:
        """What was sealed under the key is finished. Where only the tenant's own recipients shall open recordings, our way to
        the key is destroyed: `open` raises KeyGivenAway. Elsewhere nothing happens."""


class Signer(Protocol):
    """The node's hand under a manifest; the signing key never leaves it."""

    def sign(self, message: bytes) -> bytes:
        """The 64-byte Ed25519 signature."""

    def public_key(self) -> bytes:
        """The 32 raw bytes that verify it."""

    def certificate(self) -> bytes:
        """The same key as an X.509 certificate (PEM)."""
