"""Settings of where finished recordings are kept, and their keys."""

from collections.abc import Iterator
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct, UnsetType

from telegraphone.config.secret import Secret
from telegraphone.config.tenants import Tenant


class Storage(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`[storage]`: where finished recordings are kept."""

    kind: Annotated[
        Literal["local", "folder", "s3"],
        Meta(description="`local`: in `data_dir`. `folder`: sent to another folder. `s3`: sent to an S3-compatible store."),
    ] = "local"
    keep_local_hours: Annotated[
        int, Meta(ge=0, le=87_600, description="How long what was sent stays in `data_dir` besides, for quick playing.")
    ] = 0
    folder: Annotated[str, Meta(description="The folder, on another disk or machine; it must be there already.")] = ""
    bucket: Annotated[str, Meta(description="The bucket; it must be there already.")] = ""
    prefix: Annotated[str, Meta(description="What the names of all objects begin with; empty: nothing.")] = ""
    endpoint_url: Annotated[str, Meta(description="The URL of the store; empty: that of Amazon for the region.")] = ""
    region: Annotated[str, Meta(description="The region, which is signed with each request.")] = "us-east-1"
    path_style: Annotated[
        bool, Meta(description="Whether the bucket stands in the path of URLs, as most stores want it, or in their host.")
    ] = True
    authorities: Annotated[
        str, Meta(description="The file of certificates (PEM) by which the store's own is checked; empty: the system's.")
    ] = ""
    access_key_id: Annotated[str, Meta(description="Whose key it is; empty: the machine's own credentials are used.")] = ""
    secret_access_key: Annotated[
        Secret | UnsetType, Meta(description="The secret key, as text; or give `secret_access_key_file`.")
    ] = msgspec.UNSET
    secret_access_key_file: Annotated[str, Meta(description="The file the secret key is in.")] = ""
    object_lock: Annotated[
        Literal["none", "governance", "compliance"],
        Meta(description="Whether the store itself keeps recordings from being removed; the bucket must have Object Lock."),
    ] = "none"
    object_lock_days: Annotated[int, Meta(ge=0, le=36_500, description="For how many days it does, from being sent on.")] = 0


class RecipientEntry(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`[[keys.recipients]]`: a public key of a tenant's own, by which its recordings can be opened without us."""

    public_key: Annotated[
        str, Meta(min_length=1, description="The file of an X25519 or RSA public key, or of a certificate (PEM).")
    ]
    tenant: Tenant = "default"
    only: Annotated[
        bool, Meta(description="Whether finished recordings can be opened by this key only: we can play them no more.")
    ] = False


class Keys(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`[keys]`: what the keys of recordings are wrapped under."""

    kind: Annotated[
        Literal["file", "vault"],
        Meta(description="`file`: wrapping keys in the key folder. `vault`: HashiCorp Vault's or OpenBao's Transit engine."),
    ] = "file"
    folder: Annotated[
        str, Meta(description="The key folder, better on another disk than the audio; empty: `keys` in `data_dir`.")
    ] = ""
    backup: Annotated[
        Literal["warn", "require"],
        Meta(description="Whether a wrapping key without a confirmed back-up is named in the log, or refuses to start."),
    ] = "warn"
    vault_address: Annotated[str, Meta(description="The URL of Vault.")] = ""
    vault_mount: Annotated[str, Meta(description="Where its Transit engine is mounted.")] = "transit"
    vault_key: Annotated[str, Meta(description="The name of the wrapping key there; `{tenant}` in it stands for the tenant.")] = (
        "telegraphone-{tenant}"
    )
    vault_token_file: Annotated[str, Meta(description="The file of the token, read for each request.")] = ""
    vault_authorities: Annotated[
        str, Meta(description="The file of certificates (PEM) by which Vault's own is checked; empty: the system's.")
    ] = ""
    recipients: tuple[RecipientEntry, ...] = ()


def about_keys(keys: Keys) -> Iterator[str]:
    """What is right by itself but not together."""
    has_vault = bool(keys.vault_address), bool(keys.vault_token_file)
    if any(has_vault) != (keys.kind == "vault") or len(set(has_vault)) > 1:
        yield "keys.vault_address: needs kind = 'vault' and vault_token_file, and is needed there"
    if not keys.vault_key or not keys.vault_mount:
        yield "keys.vault_key: must not be empty, nor vault_mount"


def about_storage(storage: Storage) -> Iterator[str]:
    """What is right by itself but not together."""
    if (storage.kind == "folder") != bool(storage.folder):
        yield "storage.folder: belongs to kind = 'folder', and is needed there"
    if (storage.kind == "s3") != bool(storage.bucket):
        yield "storage.bucket: belongs to kind = 's3', and is needed there"
    if storage.secret_access_key is not msgspec.UNSET and storage.secret_access_key_file:
        yield "storage.secret_access_key: give either secret_access_key or secret_access_key_file"
    has_secret = storage.secret_access_key is not msgspec.UNSET or bool(storage.secret_access_key_file)
    if bool(storage.access_key_id) != has_secret:
        yield "storage.access_key_id: give it together with its secret, or neither"
    if (storage.object_lock != "none") != bool(storage.object_lock_days):
        yield "storage.object_lock_days: give both object_lock and object_lock_days, or neither"
    if storage.object_lock != "none" and storage.kind != "s3":
        yield "storage.object_lock: needs kind = 's3'"
