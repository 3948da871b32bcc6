"""Writes sealed files below one directory of this machine: the recorder's `SealedSink`."""

import ctypes
import os
from pathlib import Path
from typing import Protocol

from telegraphone.media.ports import PublicFacts, SealedFile, SealedSink
from telegraphone.media.seal import SealedSegment

_libc = ctypes.CDLL(None, use_errno=True)


class GroupSink(SealedSink, Protocol):
    """A sink that can make many files durable at once, for a recorder with thousands of them."""

    @property
    def elsewhere(self) -> "GroupSink":
        """Where to go on when a file here has failed: another place, or this one when there is no other."""

    def begindir(self, path: str) -> None:
        """Makes a directory, or finds it there; durable after `syncdir` of the one above. Raises OSError."""

    def sync_all(self) -> None:
        """Makes everything appended to any file so far durable, or raises OSError: then each file's own `datasync` says
        whether it was concerned."""


class DiskFile:
    """A `SealedFile`: a descriptor that is only ever appended to."""

    __slots__ = ("_descriptor",)

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def append(self, data: SealedSegment | PublicFacts) -> None:
        """See `SealedFile.append`."""
        written = os.write(self._descriptor, data)
        while written < len(data):
            written += os.write(self._descriptor, data[written:])

    def datasync(self) -> None:
        """See `SealedFile.datasync`."""
        os.fdatasync(self._descriptor)

    def close(self) -> None:
        """See `SealedFile.close`."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


class DiskSink:
    """A `GroupSink` over a data directory."""

    def __init__(self, root: Path, elsewhere: GroupSink | None = None) -> None:
        """Makes the directory if it is missing; `elsewhere` is what to go on with when a file here fails. Raises OSError."""
        self._elsewhere = elsewhere
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._root = root
        self._descriptor = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)

    def create(self, path: str) -> SealedFile:
        """See `SealedSink.create`."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
        return DiskFile(os.open(self._root / path, flags, 0o600))

    @property
    def elsewhere(self) -> "GroupSink":
        """See `GroupSink.elsewhere`."""
        return self._elsewhere or self

    def begindir(self, path: str) -> None:
        """See `GroupSink.begindir`."""
        try:
            (self._root / path).mkdir(mode=0o700, exist_ok=True)
        except FileNotFoundError:
            self.makedir(path)

    def makedir(self, path: str) -> None:
        """See `SealedSink.makedir`."""
        place = self._root
        for part in path.split("/"):
            above, place = place, place / part
            if not place.is_dir():
                place.mkdir(mode=0o700, exist_ok=True)
                _sync(above)

    def rename(self, old: str, new: str) -> None:
        """See `SealedSink.rename`."""
        (self._root / old).rename(self._root / new)

    def unlink(self, path: str) -> None:
        """See `SealedSink.unlink`."""
        (self._root / path).unlink()

    def removedir(self, path: str) -> None:
        """Removes an empty directory. Raises OSError."""
        (self._root / path).rmdir()

    def syncdir(self, path: str) -> None:
        """See `SealedSink.syncdir`."""
        _sync(self._root / path)

    def sync_all(self) -> None:
        """See `GroupSink.sync_all`. Since Linux 5.8 `syncfs` reports what failed since the directory was opened; once, so
        that each thread needs a sink of its own."""
        if self._elsewhere:
            self._elsewhere.sync_all()
        if _libc.syncfs(self._descriptor) != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
