"""Keeps whole finished files below a folder: that of the node itself, or one on another machine's disk."""

import hashlib
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from telegraphone.media.ports import FileFacts, SealedSource
from telegraphone.storage.local import LocalSource

_PIECE_BYTES: Final = 1 << 20


class Folder(LocalSource):
    """A `SealedPlace` over a directory. It is not made here: a disk that is not mounted must not look like an empty one."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self._root = root

    def list(self, directory: str) -> Sequence[str]:
        """See `SealedSource.list`; files that are only on their way are not here yet."""
        return [name for name in super().list(directory) if not name.startswith(".")]

    def keep(self, path: str, content: SealedSource, facts: FileFacts) -> None:
        """See `SealedPlace.keep`."""
        self._checked(path)
        if not self._root.is_dir():
            raise FileNotFoundError(str(self._root))
        place = self._root / path
        _make(place.parent, self._root)
        temporary = place.with_name(f".{place.name}.new")
        try:
            with temporary.open("wb") as file:
                digest, size = hashlib.sha256(), 0
                while piece := content.read(path, size, _PIECE_BYTES):
                    file.write(piece)
                    digest.update(piece)
                    size += len(piece)
                file.flush()
                os.fsync(file.fileno())
            if (size, digest.hexdigest()) != facts:
                raise OSError(f"{path} is not what its manifest says")
            temporary.replace(place)
        finally:
            temporary.unlink(missing_ok=True)
        _sync(place.parent)

    def holds(self, path: str, facts: FileFacts) -> bool:
        """See `SealedPlace.holds`: everything is read back."""
        try:
            return self.size(path) == facts.size and self._hash(path) == facts.sha256
        except FileNotFoundError:
            return False

    def remove(self, path: str) -> None:
        """See `SealedPlace.remove`."""
        self._checked(path)
        place = self._root / path
        place.unlink()
        place.with_name(f".{place.name}.new").unlink(missing_ok=True)
        _sync(place.parent)
        with suppress(OSError):
            place.parent.rmdir()

    def _hash(self, path: str) -> str:
        digest, place = hashlib.sha256(), 0
        while piece := self.read(path, place, _PIECE_BYTES):
            digest.update(piece)
            place += len(piece)
        return digest.hexdigest()

    @staticmethod
    def _checked(path: str) -> None:
        if any(part in ("", ".", "..") or "\0" in part for part in path.split("/")):
            raise FileNotFoundError(path)


def _make(directory: Path, root: Path) -> None:
    """Makes the directories below the root, each durable in its parent."""
    if directory == root or directory.is_dir():
        return
    _make(directory.parent, root)
    directory.mkdir(mode=0o700, exist_ok=True)
    _sync(directory.parent)


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
