"""Where one node's finished recordings lie, and their keys, made from its configuration."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from telegraphone.config import Config, Secret, Storage
from telegraphone.domain.ids import CallUuid
from telegraphone.endpoints.clock import SystemClock
from telegraphone.keystore.file import FileKeyStore
from telegraphone.media.manifest import Manifest
from telegraphone.media.ports import SealedPlace, SealedSource
from telegraphone.services.catalogue import Catalogue
from telegraphone.services.ports import Unavailable
from telegraphone.storage.archive import SealedArchive
from telegraphone.storage.folder import Folder
from telegraphone.storage.layered import Layered
from telegraphone.storage.shipping import Shipping
from telegraphone.storage.turns import Turns


@dataclass(frozen=True, slots=True)
class Vault:
    """The keys, what reads recordings wherever they lie, what does something to whole ones, and what sends them away."""

    keys: FileKeyStore
    source: SealedSource
    archive: SealedArchive
    shipping: Shipping | None


def make_vault(config: Config, audio: Path, keys: Path, catalogue: Catalogue, clock: SystemClock) -> Vault:
    """The vault of a node that records below the folder `audio`; nothing is reached yet. Raises OSError, DamagedEnvelope."""
    store, turns = FileKeyStore(keys), Turns()
    trusted = {store.public_key()}
    audio.mkdir(mode=0o700, parents=True, exist_ok=True)
    home, place = Folder(audio), _place(config.storage, clock)
    places: list[SealedPlace] = [home, place] if place else [home]
    source = Layered(*places) if place else home
    shipping = None
    if place:
        keep = timedelta(hours=config.storage.keep_local_hours)
        shipping = Shipping(home, place, trusted, turns=turns, listed=_listed(catalogue), utc=clock.utc, keep=keep)
    locked = timedelta(days=config.storage.object_lock_days if config.storage.object_lock == "compliance" else 0)
    archive = SealedArchive(source, places, store, trusted, turns=turns, utc=clock.utc, locked=locked)
    return Vault(store, source, archive, shipping)


def _listed(catalogue: Catalogue) -> Callable[[Manifest], Awaitable[bool]]:
    async def listed(manifest: Manifest) -> bool:
        try:
            parts = await catalogue.parts_of_call(manifest.tenant, CallUuid(manifest.call))
        except Unavailable:
            return False
        return any(part.recording_id == manifest.recording and part.stopped_at for part in parts)

    return listed


def _place(settings: Storage, clock: SystemClock) -> SealedPlace | None:
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
