"""The wrapping keys (KEKs) of a key folder: the installation's own, and one or several of each tenant, of which one is current.

    kek.key                     the first wrapping key, of every tenant that has none of its own
    keks/<kek id>.key           further ones, 32 bytes in hexadecimal, 0600
    keks/<tenant>.current       the id of the one that wraps this tenant's new data keys
    keks/<kek id>.backed-up     when a back-up of this key was last read back and found right

Old keys stay: envelopes in a back-up may need them.
"""

import os
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Final

from telegraphone.keystore.disk import make_private, publish, replace
from telegraphone.keystore.envelope import kek_id_of
from telegraphone.media.errors import DamagedEnvelope

KEY_BYTES: Final = 32


class KekRing:
    """Reads from the disk whatever another process may have changed."""

    def __init__(self, directory: Path, entropy: Callable[[int], bytes] = os.urandom) -> None:
        """Makes the first key on the first run. Raises OSError, DamagedEnvelope."""
        self._directory = directory
        self._keks = directory / "keks"
        self._entropy = entropy
        self._first = own_key(directory / "kek.key", entropy)
        self._known = {kek_id_of(self._first): self._first}

    def current(self, tenant: str) -> bytes:
        """The key that wraps new data keys of this tenant. Raises DamagedEnvelope when it is not there."""
        try:
            kek_id = (self._keks / f"{tenant}.current").read_text(encoding="ascii").strip()
        except FileNotFoundError:
            return self._first
        return self.by_id(kek_id)

    def by_id(self, kek_id: str) -> bytes:
        """A key by its name. Raises DamagedEnvelope."""
        if kek_id not in self._known:
            try:
                kek = bytes.fromhex((self._keks / f"{kek_id}.key").read_text(encoding="ascii"))
            except (FileNotFoundError, ValueError):
                raise DamagedEnvelope(f"the wrapping key {kek_id} is not in the key folder") from None
            if kek_id_of(kek) != kek_id:
                raise DamagedEnvelope(f"the file of the wrapping key {kek_id} holds another")
            self._known[kek_id] = kek
        return self._known[kek_id]

    def ensure(self, tenant: str) -> None:
        """Gives a tenant a key of its own, if it has none."""
        if not (self._keks / f"{tenant}.current").exists():
            self.renew(tenant)

    def renew(self, tenant: str) -> str:
        """Makes a new key and has it wrap this tenant's data keys from now on; its id."""
        return self.adopt(self._entropy(KEY_BYTES), tenant)

    def adopt(self, kek: bytes, tenant: str | None = None) -> str:
        """Takes a key in, durably, and for a tenant makes it the current one; its id."""
        kek_id = kek_id_of(kek)
        make_private(self._keks)
        if kek != self._first:
            with suppress(FileExistsError):
                publish(self._keks / f"{kek_id}.key", kek.hex().encode() + b"\n", mode=0o600)
        if tenant is not None:
            replace(self._keks / f"{tenant}.current", kek_id.encode() + b"\n", mode=0o600)
        return kek_id

    def all(self) -> dict[str, bytes]:
        """Every key by its id."""
        for path in self._keks.glob("*.key"):
            self.by_id(path.stem)
        return dict(self._known)

    def tenants(self) -> dict[str, str]:
        """The id of the current key of each tenant that has one of its own."""
        return {path.stem: path.read_text(encoding="ascii").strip() for path in self._keks.glob("*.current")}

    def confirm(self, kek_id: str, at: datetime) -> None:
        """Notes that a back-up of this key was read back and is right."""
        make_private(self._keks)
        replace(self._keks / f"{kek_id}.backed-up", at.isoformat().encode() + b"\n", mode=0o600)

    def unconfirmed(self) -> tuple[str, ...]:
        """Keys of which nobody has proved a back-up."""
        return tuple(sorted(kek_id for kek_id in self.all() if not (self._keks / f"{kek_id}.backed-up").exists()))


def own_key(path: Path, entropy: Callable[[int], bytes]) -> bytes:
    """The key in a file, which is made on the first run. Raises DamagedEnvelope for a file that holds none."""
    if not path.exists():
        with suppress(FileExistsError):
            publish(path, entropy(KEY_BYTES).hex().encode() + b"\n", mode=0o600)
    try:
        key = bytes.fromhex(path.read_text(encoding="ascii"))
    except ValueError:
        raise DamagedEnvelope(f"{path.name} holds no key") from None
    if len(key) != KEY_BYTES:
        raise DamagedEnvelope(f"{path.name} holds no key of {KEY_BYTES} bytes")
    return key
