"""Which keys an installation uses, as text that a recorder worker is given on its command line: names of files, no secrets."""

from pathlib import Path

import msgspec

from telegraphone.keystore.file import FileKeyStore, Recipients
from telegraphone.keystore.recipients import read_recipient
from telegraphone.keystore.transit import Transit


class VaultSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the Transit engine is that wraps data keys."""

    address: str
    mount: str
    key: str
    token_file: str
    authorities: str = ""


class RecipientSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A tenant's own public key, in a file."""

    tenant: str
    public_key: str
    only: bool = False


class KeySettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything a key store is made of."""

    folder: str
    vault: VaultSettings | None = None
    recipients: tuple[RecipientSettings, ...] = ()

    def to_text(self) -> str:
        """For a command line."""
        return msgspec.json.encode(self).decode()

    def open(self) -> FileKeyStore:
        """The key store. Raises OSError, UnusableKey, DamagedEnvelope."""
        by_tenant: dict[str, list[RecipientSettings]] = {}
        for each in self.recipients:
            by_tenant.setdefault(each.tenant, []).append(each)
        recipients = {
            tenant: Recipients(
                tuple(read_recipient(Path(each.public_key)) for each in entries), any(each.only for each in entries)
            )
            for tenant, entries in by_tenant.items()
        }
        transit = None
        if vault := self.vault:
            transit = Transit(vault.address, vault.mount, vault.key, Path(vault.token_file), authorities=vault.authorities)
        return FileKeyStore(Path(self.folder), transit=transit, recipients=recipients)


def key_settings(text: str) -> KeySettings:
    """What `to_text` wrote. Raises msgspec.ValidationError."""
    return msgspec.json.decode(text, type=KeySettings)
