"""Where one node's finished recordings lie, and their keys, made from its configuration."""

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import structlog

from telegraphone import __version__
from telegraphone.config import Config, Secret, Storage
from telegraphone.domain.ids import CallUuid, RecordingId
from telegraphone.endpoints.clock import SystemClock
from telegraphone.keystore.file import FileKeyStore
from telegraphone.keystore.settings import KeySettings, RecipientSettings, VaultSettings
from telegraphone.media.manifest import Manifest
from telegraphone.media.ports import SealedPlace, SealedSource
from telegraphone.services.arrivals import Arrivals
from telegraphone.services.ports import Unavailable
from telegraphone.storage.archive import Hand, SealedArchive
from telegraphone.storage.folder import Folder
from telegraphone.storage.layered import Layered
from telegraphone.storage.packaging import SealedPackages
from telegraphone.storage.shipping import Shipping
from telegraphone.storage.turns import Turns

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Vault:
    """The keys, what reads recordings wherever they lie, what does something to whole ones, and what sends them to which other
    place; None where they stay."""

    keys: FileKeyStore
    source: SealedSource
    archive: SealedArchive
    packages: SealedPackages
    shipping: Shipping | None
    place: SealedPlace | None


def make_vault(config: Config, audio: Path, arrivals: Arrivals, clock: SystemClock) -> Vault:
    """The vault of a node that records below the folder `audio`; nothing is reached yet. Raises OSError, DamagedEnvelope,
    UnusableKey, and `Unavailable` for wrapping keys without a back-up where that is required."""
    store, turns = keys_used(config).open(), Turns()
    for tenant in config.tenants:
        store.ring.ensure(tenant.name)
    _look_for_backups(config, store)
    trusted = {store.public_key()}
    audio.mkdir(mode=0o700, parents=True, exist_ok=True)
    home, place = Folder(audio), place_of(config.storage, clock)
    places: list[SealedPlace] = [home, place] if place else [home]
    source = Layered(*places) if place else home
    shipping = None
    if place:
        keep = timedelta(hours=config.storage.keep_local_hours)
        shipping = Shipping(home, place, trusted, turns=turns, arrived=_arrived(arrivals), utc=clock.utc, keep=keep)
    locked = timedelta(days=config.storage.object_lock_days if config.storage.object_lock == "compliance" else 0)
    hand = Hand(store, f"telegraphone {__version__}", clock.utc, clock.entropy)
    archive = SealedArchive(source, places, store, hand, turns=turns, locked=locked)
    return Vault(store, source, archive, SealedPackages(source, store, hand), shipping, place)


def keys_used(config: Config) -> KeySettings:
    """What the key store is made of, here and in the recorder's workers."""
    keys, vault = config.keys, None
    if keys.kind == "vault":
        vault = VaultSettings(keys.vault_address, keys.vault_mount, keys.vault_key, keys.vault_token_file, keys.vault_authorities)
    recipients = tuple(RecipientSettings(each.tenant, each.public_key, each.only) for each in keys.recipients)
    return KeySettings(keys.folder, vault, recipients)


def renew_key(config: Config, tenant: str) -> str:
    """Has new data keys of this tenant wrapped under a new key; what it is called. Raises OSError, DamagedEnvelope."""
    return keys_used(config).open().renew(tenant)


def rewrap_keys(config: Config, tenant: str) -> Iterator[tuple[str, str]]:
    """See `FileKeyStore.rewrap`."""
    return keys_used(config).open().rewrap(tenant)


def _look_for_backups(config: Config, store: FileKeyStore) -> None:
    """Losing a wrapping key loses every recording under it, so somebody must have read a back-up of it."""
    missing = store.ring.unconfirmed() if config.keys.kind == "file" else ()
    if missing and config.keys.backup == "require":
        raise Unavailable("keys", f"no confirmed back-up of {', '.join(missing)}: say `telegraphone key backup`, then `confirm`")
    if missing:
        log.warning("keys_without_backup", keys=missing)


def _arrived(arrivals: Arrivals) -> Callable[[Manifest], Awaitable[bool]]:
    return lambda each: arrivals.arrived(each.tenant, CallUuid(each.call), RecordingId(each.recording))


def place_of(settings: Storage, clock: SystemClock) -> SealedPlace | None:
    """Where recordings are sent; None when they stay."""
    match settings.kind:
        case "folder":
            return Folder(Path(settings.folder))
        case "s3":
            # Imported here: nobody else pays for loading it.
            from telegraphone.storage.s3 import Bucket, ObjectLock, S3Place

            secret = settings.secret_access_key
            bucket = Bucket(
                name=settings.bucket,
                prefix=settings.prefix,
                endpoint_url=settings.endpoint_url,
                region=settings.region,
                access_key_id=settings.access_key_id,
                secret_access_key=secret.reveal() if isinstance(secret, Secret) else "",
                path_style=settings.path_style,
                authorities=settings.authorities,
            )
            modes = {"governance": ObjectLock("GOVERNANCE", settings.object_lock_days)}
            modes["compliance"] = ObjectLock("COMPLIANCE", settings.object_lock_days)
            return S3Place(bucket, clock.utc, modes.get(settings.object_lock))
    return None
