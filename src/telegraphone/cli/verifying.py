"""Which kind of thing is to be verified, and how it is read: a sealed recording, or an export package."""

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
    if path.is_file():
        zipped = ZipSource(path)
        return package.verify_package(zipped, zipped.names, trusted, keys=store)
    if (path / package.INDEX).is_file():
        names = [str(each.relative_to(path)) for each in path.rglob("*") if not each.is_dir()]
        return package.verify_package(LocalSource(path), names, trusted, keys=store)
    return verify(LocalSource(path.parent), path.name, trusted, keys=store).findings
