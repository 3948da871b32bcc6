"""Keys in a directory of this machine: the wrapping keys, and one small envelope file for each data key.

    kek.key, keks/   the wrapping keys (`KekRing`): losing them loses the recordings, so back them up
    signing.key      the node's Ed25519 key, 32 bytes in hexadecimal, 0600
    signing.pub      its public half, for whoever verifies manifests
    envelopes/<first two characters>/<key id>.json      wrapped data keys; `.erased` marks an id whose key was destroyed
                                     <key id>.to-<kek id>.json   the same key for a tenant's recipient; `.given` marks an id
                                                                 that only recipients open

Where a key service wraps (`Transit`), the wrapping keys of the folder open older envelopes only.

A new file is written under a temporary name, synced, and linked to its final name, which fails if that is taken: so two
processes that start together agree on one key, and a data key is handed out once. Many envelopes at once are made under
their names and share one sync of the whole file system; of those, one torn by a crash belongs to a key that nobody was
given. The directory belongs on another volume, and in another backup, than the audio; erasing reaches only the copies
that are here.
"""

import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from telegraphone.keystore.certificate import self_signed
from telegraphone.keystore.disk import alone, make_private, publish, replace, sync_all, sync_directory, write
from telegraphone.keystore.envelope import NONCE_BYTES, WRAPPER, Envelope, kek_id_of, read_envelope, unwrap, wrap
from telegraphone.keystore.recipients import Recipient
from telegraphone.keystore.ring import KekRing, own_key
from telegraphone.keystore.transit import TRANSIT, Transit, is_version
from telegraphone.media.errors import DamagedEnvelope, KeyExists, KeyGivenAway, KeyMissing
from telegraphone.media.seal import DEK_BYTES

_DEK_ID = re.compile(r"[0-9a-zA-Z][0-9a-zA-Z_-]{7,127}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Recipients:
    """Who outside can open a tenant's recordings; with `only` we ourselves cannot, once a recording is finished."""

    keys: tuple[Recipient, ...]
    only: bool = False


NOBODY_ELSE: Final = Recipients(())


class FileKeyStore:
    """A `KeyStore` and `Signer` over a directory. Several processes may use one directory at once."""

    def __init__(
        self,
        directory: Path,
        *,
        entropy: Callable[[int], bytes] = os.urandom,
        transit: Transit | None = None,
        recipients: Mapping[str, Recipients] | None = None,
    ) -> None:
        """Makes directory and keys on the first run. `recipients` by tenant. Raises OSError, or DamagedEnvelope for a key file
        that is none."""
        self._directory = directory
        self._entropy = entropy
        make_private(directory)
        self.ring = KekRing(directory, entropy)
        self._transit = transit
        self._recipients = dict(recipients or {})
        self._signing = Ed25519PrivateKey.from_private_bytes(own_key(directory / "signing.key", entropy))
        with suppress(FileExistsError):
            publish(directory / "signing.pub", self.public_key().hex().encode() + b"\n", mode=0o644)

    def create(self, tenant: str, dek_id: str) -> bytes:
        """See `KeyStore.create`."""
        make_private(self._envelope(dek_id).parent)
        [dek] = self._create(tenant, [dek_id], lambda path, envelope: publish(path, envelope, mode=0o600))
        return dek

    def create_all(self, tenant: str, dek_ids: Sequence[str]) -> list[bytes]:
        """See `KeyStore.create_all`."""
        make_private(self._directory / "envelopes")
        for dek_id in dek_ids:
            # Not made durable one by one, as the files in them are not.
            self._envelope(dek_id).parent.mkdir(mode=0o700, exist_ok=True)
        deks = self._create(tenant, dek_ids, lambda path, envelope: write(path, envelope, mode=0o600))
        sync_all(self._directory)
        return deks

    def open(self, tenant: str, dek_id: str) -> bytes:
        """See `KeyStore.open`. A key service that is away raises OSError."""
        path = self._envelope(dek_id)
        try:
            envelope = read_envelope(path.read_bytes())
        except FileNotFoundError:
            raise (KeyGivenAway if _given(path).exists() else KeyMissing)(dek_id) from None
        if envelope.tenant != tenant:
            raise KeyMissing(dek_id)
        if envelope.dek_id != dek_id:
            raise DamagedEnvelope(f"the envelope of {dek_id} was made for another place")
        return self._unwrap(envelope)

    def erase(self, tenant: str, dek_id: str) -> bool:
        """See `KeyStore.erase`. Copies that recipients took of their envelopes are out of our reach."""
        path = self._envelope(dek_id)
        with alone(self._directory):
            owned = [each for each in (path, *_for_recipients(path)) if each.exists() and _is_or_was(each, tenant)]
            if not owned:
                return False
            with suppress(FileExistsError):
                publish(_tombstone(path), b"", mode=0o600)
            for each in owned:
                each.unlink(missing_ok=True)
            sync_directory(path.parent)
        return True

    def release(self, tenant: str, dek_id: str) -> None:
        """See `KeyStore.release`."""
        path = self._envelope(dek_id)
        if not self._recipients.get(tenant, NOBODY_ELSE).only:
            return
        with alone(self._directory):
            if not _for_recipients(path) or _tenant_of(path) != tenant:
                return
            with suppress(FileExistsError):
                publish(_given(path), b"", mode=0o600)
            path.unlink(missing_ok=True)
            sync_directory(path.parent)

    def sign(self, message: bytes) -> bytes:
        """See `Signer.sign`."""
        return self._signing.sign(message)

    def public_key(self) -> bytes:
        """See `Signer.public_key`."""
        return self._signing.public_key().public_bytes_raw()

    def certificate(self) -> bytes:
        """See `Signer.certificate`."""
        return self_signed(self._signing)

    def renew(self, tenant: str) -> str:
        """Makes a new key, or version of it, that wraps this tenant's new data keys; its id. Raises OSError."""
        if self._transit:
            self._transit.renew(tenant)
            return f"{self._transit.kek_id(tenant)}, version {self._transit.version(tenant)}"
        return self.ring.renew(tenant)

    def rewrap(self, tenant: str) -> Iterator[tuple[str, str]]:
        """Wraps every data key of this tenant under what wraps its new ones, one after the other. Yields the ids of those that
        were changed, and of those that could not be, with the reason. No audio is touched. May be broken off anywhere, and
        begun again. Raises OSError."""
        version = self._transit.version(tenant) if self._transit else 0
        for path in sorted((self._directory / "envelopes").glob("*/*.json")):
            if ".to-" in path.name:
                continue
            try:
                with alone(self._directory):
                    # Erased meanwhile: there is nothing to wrap, and nothing may come back.
                    if _tenant_of(path) != tenant or self._is_current(envelope := read_envelope(path.read_bytes()), version):
                        continue
                    replace(path, self._rewrapped(envelope), mode=0o600)
            except DamagedEnvelope as error:
                yield path.stem, str(error)
            else:
                yield path.stem, ""

    def _create(self, tenant: str, dek_ids: Sequence[str], keep: Callable[[Path, bytes], None]) -> list[bytes]:
        deks = [self._entropy(DEK_BYTES) for _ in dek_ids]
        paths = [self._envelope(dek_id) for dek_id in dek_ids]
        for path, dek_id in zip(paths, dek_ids, strict=True):
            if _tombstone(path).exists() or _given(path).exists():
                raise KeyExists(dek_id)
        named = list(zip(dek_ids, deks, strict=True))
        for path, envelope, (dek_id, dek) in zip(paths, self._wrapped(tenant, named), named, strict=True):
            try:
                keep(path, envelope)
                for each in self._recipients.get(tenant, NOBODY_ELSE).keys:
                    keep(path.with_name(f"{dek_id}.to-{each.kek_id}.json"), each.wrap(tenant, dek_id, dek))
            except FileExistsError:
                raise KeyExists(dek_id) from None
        return deks

    def _wrapped(self, tenant: str, deks: Sequence[tuple[str, bytes]]) -> list[bytes]:
        if self._transit:
            return self._transit.wrap(tenant, deks)
        kek = self.ring.current(tenant)
        return [wrap(kek, tenant, dek_id, dek, nonce=self._entropy(NONCE_BYTES)) for dek_id, dek in deks]

    def _unwrap(self, envelope: Envelope) -> bytes:
        if envelope.wrapper == WRAPPER:
            return unwrap(self.ring.by_id(envelope.kek_id), envelope, envelope.tenant, envelope.dek_id)
        if envelope.wrapper == TRANSIT and self._transit and envelope.kek_id == self._transit.kek_id(envelope.tenant):
            return self._transit.unwrap(envelope)
        raise DamagedEnvelope(f"the envelope of {envelope.dek_id} is of kind {envelope.wrapper}, which nobody here opens")

    def _is_current(self, envelope: Envelope, version: int) -> bool:
        if self._transit:
            is_ours = envelope.wrapper == TRANSIT and envelope.kek_id == self._transit.kek_id(envelope.tenant)
            return is_ours and is_version(envelope, version)
        return envelope.wrapper == WRAPPER and envelope.kek_id == kek_id_of(self.ring.current(envelope.tenant))

    def _rewrapped(self, envelope: Envelope) -> bytes:
        """The same data key under what wraps new ones, proved by opening it."""
        dek = self._unwrap(envelope)
        [changed] = self._wrapped(envelope.tenant, [(envelope.dek_id, dek)])
        if self._unwrap(read_envelope(changed)) != dek:
            raise DamagedEnvelope(f"the new envelope of {envelope.dek_id} holds another key")
        return changed

    def _envelope(self, dek_id: str) -> Path:
        if not _DEK_ID.fullmatch(dek_id):
            raise KeyMissing(dek_id[:80])
        return self._directory / "envelopes" / dek_id[:2] / f"{dek_id}.json"


def _tombstone(envelope: Path) -> Path:
    return envelope.with_suffix(".erased")


def _given(envelope: Path) -> Path:
    return envelope.with_suffix(".given")


def _for_recipients(envelope: Path) -> list[Path]:
    return sorted(envelope.parent.glob(f"{envelope.stem}.to-*.json"))


def _is_or_was(path: Path, tenant: str) -> bool:
    """Whether an envelope is this tenant's; one that nobody can read any more counts as that of who asks."""
    try:
        return _tenant_of(path) == tenant
    except DamagedEnvelope:
        return True


def _tenant_of(path: Path) -> str | None:
    """Whose key an envelope holds; None for one that is not there. Raises DamagedEnvelope."""
    try:
        return read_envelope(path.read_bytes()).tenant
    except FileNotFoundError:
        return None
