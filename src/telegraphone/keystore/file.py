"""Keys in a directory of this machine: one wrapping key made on the first run, one small envelope file per data key.

    kek.key          the wrapping key, 32 bytes in hexadecimal, 0600: losing it loses the recordings, so back it up
    signing.key      the node's Ed25519 key, 32 bytes in hexadecimal, 0600
    signing.pub      its public half, for whoever verifies manifests
    envelopes/<first two characters>/<key id>.json      wrapped data keys; `.erased` marks an id whose key was destroyed

A new file is written under a temporary name, synced, and linked to its final name, which fails if that is taken: so two
processes that start together agree on one key, and a data key is handed out once. Many envelopes at once are made under
their names and share one sync of the whole file system; of those, one torn by a crash belongs to a key that nobody was
given. The directory belongs on another volume, and in another backup, than the audio; erasing reaches only the copies
that are here.
"""

import ctypes
import errno
import os
import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from telegraphone.keystore.envelope import NONCE_BYTES, read_envelope, unwrap, wrap
from telegraphone.media.errors import DamagedEnvelope, KeyExists, KeyMissing
from telegraphone.media.seal import DEK_BYTES

_KEY_BYTES: Final = 32
_DEK_ID = re.compile(r"[0-9a-zA-Z][0-9a-zA-Z_-]{7,127}", re.ASCII)
_libc = ctypes.CDLL(None, use_errno=True)


class FileKeyStore:
    """A `KeyStore` and `Signer` over a directory. Several processes may use one directory at once."""

    def __init__(self, directory: Path, *, entropy: Callable[[int], bytes] = os.urandom) -> None:
        """Makes directory and keys on the first run. Raises OSError, or DamagedEnvelope for a key file that is none."""
        self._directory = directory
        self._entropy = entropy
        _make_private(directory)
        self._kek = self._own_key("kek.key")
        self._signing = Ed25519PrivateKey.from_private_bytes(self._own_key("signing.key"))
        with suppress(FileExistsError):
            _publish(directory / "signing.pub", self.public_key().hex().encode() + b"\n", mode=0o644)

    def create(self, tenant: str, dek_id: str) -> bytes:
        """See `KeyStore.create`."""
        path = self._envelope(dek_id)
        _make_private(path.parent)
        if _tombstone(path).exists():
            raise KeyExists(dek_id)
        dek = self._entropy(DEK_BYTES)
        try:
            _publish(path, wrap(self._kek, tenant, dek_id, dek, nonce=self._entropy(NONCE_BYTES)), mode=0o600)
        except FileExistsError:
            raise KeyExists(dek_id) from None
        return dek

    def create_all(self, tenant: str, dek_ids: Sequence[str]) -> list[bytes]:
        """See `KeyStore.create_all`."""
        deks = []
        _make_private(self._directory / "envelopes")
        for dek_id in dek_ids:
            path = self._envelope(dek_id)
            path.parent.mkdir(mode=0o700, exist_ok=True)
            if _tombstone(path).exists():
                raise KeyExists(dek_id)
            dek = self._entropy(DEK_BYTES)
            try:
                _write(path, wrap(self._kek, tenant, dek_id, dek, nonce=self._entropy(NONCE_BYTES)), mode=0o600)
            except FileExistsError:
                raise KeyExists(dek_id) from None
            deks.append(dek)
        self._sync_all()
        return deks

    def open(self, tenant: str, dek_id: str) -> bytes:
        """See `KeyStore.open`."""
        try:
            envelope = read_envelope(self._envelope(dek_id).read_bytes())
        except FileNotFoundError:
            raise KeyMissing(dek_id) from None
        if envelope.tenant != tenant:
            raise KeyMissing(dek_id)
        return unwrap(self._kek, envelope, tenant, dek_id)

    def erase(self, tenant: str, dek_id: str) -> bool:
        """See `KeyStore.erase`."""
        path = self._envelope(dek_id)
        try:
            if read_envelope(path.read_bytes()).tenant != tenant:
                return False
        except FileNotFoundError:
            return False
        with suppress(FileExistsError):
            _publish(_tombstone(path), b"", mode=0o600)
        path.unlink(missing_ok=True)
        _sync_directory(path.parent)
        return True

    def sign(self, message: bytes) -> bytes:
        """See `Signer.sign`."""
        return self._signing.sign(message)

    def public_key(self) -> bytes:
        """See `Signer.public_key`."""
        return self._signing.public_key().public_bytes_raw()

    def _sync_all(self) -> None:
        """Makes everything durable that was written below the directory. Raises OSError."""
        descriptor = os.open(self._directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            if _libc.syncfs(descriptor) != 0:
                number = ctypes.get_errno()
                raise OSError(number, os.strerror(number))
        finally:
            os.close(descriptor)

    def _envelope(self, dek_id: str) -> Path:
        if not _DEK_ID.fullmatch(dek_id):
            raise KeyMissing(dek_id[:80])
        return self._directory / "envelopes" / dek_id[:2] / f"{dek_id}.json"

    def _own_key(self, name: str) -> bytes:
        path = self._directory / name
        if not path.exists():
            with suppress(FileExistsError):
                _publish(path, self._entropy(_KEY_BYTES).hex().encode() + b"\n", mode=0o600)
        try:
            key = bytes.fromhex(path.read_text(encoding="ascii"))
        except ValueError:
            raise DamagedEnvelope(f"{name} holds no key") from None
        if len(key) != _KEY_BYTES:
            raise DamagedEnvelope(f"{name} holds no key of {_KEY_BYTES} bytes")
        return key


def _tombstone(envelope: Path) -> Path:
    return envelope.with_suffix(".erased")


def _make_private(directory: Path) -> None:
    """Makes the directory and those above it, each durable in its parent."""
    if directory.is_dir():
        return
    _make_private(directory.parent)
    directory.mkdir(mode=0o700, exist_ok=True)
    _sync_directory(directory.parent)


def _publish(path: Path, content: bytes, *, mode: int) -> None:
    """Writes a file that appears under its name complete and durable, or not at all. Raises FileExistsError."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(4).hex()}")
    try:
        _write(temporary, content, mode=mode, sync=True)
        os.link(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    _sync_directory(path.parent)


def _write(path: Path, content: bytes, *, mode: int, sync: bool = False) -> None:
    """Makes a file of a few bytes. Raises FileExistsError."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    try:
        if os.write(descriptor, content) != len(content):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        if sync:
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
