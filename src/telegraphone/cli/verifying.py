"""Which kind of thing is to be verified, and how it is read: a sealed recording, an export package, or a signed document."""

from collections.abc import Collection
from pathlib import Path

from telegraphone.media.verify import Finding


def findings(path: Path, trusted: Collection[bytes], keys: Path | None) -> tuple[Finding, ...]:
    """Everything that is wrong with what lies there. Raises OSError."""
    from telegraphone.keystore.file import FileKeyStore
    from telegraphone.media import package
    from telegraphone.media.verify import verify
    from telegraphone.storage.local import LocalSource
    from telegraphone.storage.zipped import ZipSource

    store = FileKeyStore(keys) if keys else None
    if path.is_file() and path.suffix == ".json":
        return _document(path, trusted)
    if path.is_file():
        zipped = ZipSource(path)
        return package.verify_package(zipped, zipped.names, trusted, keys=store)
    if (path / package.INDEX).is_file():
        names = [str(each.relative_to(path)) for each in path.rglob("*") if not each.is_dir()]
        return package.verify_package(LocalSource(path), names, trusted, keys=store)
    return verify(LocalSource(path.parent), path.name, trusted, keys=store).findings


def _document(path: Path, trusted: Collection[bytes]) -> tuple[Finding, ...]:
    """A report or tombstone as it was saved, with its signature in a `.sig` file beside it."""
    from telegraphone.media.errors import DamagedManifest
    from telegraphone.media.manifest import check_signature

    try:
        check_signature(path.read_bytes(), path.with_suffix(".sig").read_bytes(), trusted)
    except FileNotFoundError:
        return (Finding(path.with_suffix(".sig").name, "is missing"),)
    except DamagedManifest:
        return (Finding(path.name, "is not what a trusted key has signed"),)
    return ()
