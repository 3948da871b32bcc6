"""Which kind of thing is to be verified, and how it is read: a sealed recording, an export package, or a signed document."""

from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from telegraphone.media.verify import Finding

if TYPE_CHECKING:
    from telegraphone.media.tombstone import TombstoneFact
    from telegraphone.services.audit import AuditLine


@dataclass(frozen=True, slots=True)
class Verified:
    """Everything that is wrong with what lies there, and the tombstones that are part of it, each with its hash."""

    findings: tuple[Finding, ...]
    stones: "tuple[tuple[TombstoneFact, str], ...]" = ()


def verified(path: Path, trusted: Collection[bytes], keys: Path | None) -> Verified:
    """What is to be said of what lies there. Raises OSError."""
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
        found = package.verify_package(zipped, zipped.names, trusted, keys=store)
        return Verified(found, tuple(package.stones(zipped, zipped.names, trusted)))
    if (path / package.INDEX).is_file():
        folder, names = LocalSource(path), [str(each.relative_to(path)) for each in path.rglob("*") if not each.is_dir()]
        found = package.verify_package(folder, names, trusted, keys=store)
        return Verified(found, tuple(package.stones(folder, names, trusted)))
    return Verified(verify(LocalSource(path.parent), path.name, trusted, keys=store).findings)


def _document(path: Path, trusted: Collection[bytes]) -> Verified:
    """A report or tombstone as it was saved, with its signature in a `.sig` file beside it."""
    from telegraphone.media import tombstone
    from telegraphone.media.errors import DamagedManifest
    from telegraphone.media.manifest import check_signature

    data = path.read_bytes()
    try:
        signature = path.with_suffix(".sig").read_bytes()
        if tombstone.is_one(data):
            return Verified((), ((tombstone.read_tombstone(data, signature, trusted), tombstone.digest(data)),))
        check_signature(data, signature, trusted)
    except FileNotFoundError:
        return Verified((Finding(path.with_suffix(".sig").name, "is missing"),))
    except DamagedManifest as error:
        said = str(error) if tombstone.is_one(data) else "is not what a trusted key has signed"
        return Verified((Finding(path.name, said),))
    return Verified(())


async def chained(stones: "Collection[tuple[TombstoneFact, str]]", file: Path) -> tuple[Finding, ...]:
    """What is wrong between these tombstones and an exported audit trail, and with the trail itself: each must name a line of it
    by its hash, and a line behind that one must name the stone. Raises OSError, msgspec.MsgspecError."""
    from telegraphone.cli.audit import exported
    from telegraphone.services.checkpoints import flaws

    written: dict[int, str] = {}
    buried: dict[tuple[str, str, str], int] = {}

    async def noted(lines: "AsyncIterator[AuditLine]") -> "AsyncIterator[AuditLine]":
        async for line in lines:
            deed = line.deed
            written[line.number] = line.hash
            if (deed.action, deed.result) == ("delete", "done"):
                buried[deed.tenant, deed.subject, deed.detail.get("tombstone", "")] = line.number
            yield line

    found = [Finding(file.name, str(flaw)) async for flaw in flaws(noted(exported(file)), None, ())]
    for stone, digest in stones:
        place = stone.trail
        if place is None or written.get(place.number) != place.hash:
            named = "no line" if place is None else f"line {place.number}"
            found.append(Finding(file.name, f"{named} is the one behind which the tombstone of {stone.recording} was written"))
        if buried.get((stone.tenant, stone.recording, digest), 0) <= (place.number if place else 0):
            found.append(Finding(file.name, f"no line says that {stone.recording} was erased under this tombstone"))
    return tuple(found)
