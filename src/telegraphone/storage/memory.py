"""Sealed files that live as long as the process, both sides of the store in one; passes the same contract as a disk."""

import errno
import hashlib
from collections.abc import Sequence

from telegraphone.media.ports import FileFacts, PublicFacts, SealedSource
from telegraphone.media.seal import SealedSegment


class MemoryFile:
    """A `SealedFile` over a byte array."""

    def __init__(self, content: bytearray) -> None:
        self._content: bytearray | None = content

    def append(self, data: SealedSegment | PublicFacts) -> None:
        """See `SealedFile.append`."""
        if self._content is None:
            raise OSError(errno.EBADF, "closed")
        self._content += data

    def datasync(self) -> None:
        """See `SealedFile.datasync`: memory is as durable as it gets."""
        if self._content is None:
            raise OSError(errno.EBADF, "closed")

    def close(self) -> None:
        """See `SealedFile.close`."""
        self._content = None


class MemoryStore:
    """A `SealedSink`, `SealedSource` and `SealedPlace` over a dictionary of paths."""

    def __init__(self) -> None:
        self.files: dict[str, bytearray] = {}
        self._directories: set[str] = set()

    def create(self, path: str) -> MemoryFile:
        """See `SealedSink.create`."""
        if path in self.files:
            raise FileExistsError(errno.EEXIST, "exists", path)
        if path.rpartition("/")[0] not in self._directories:
            raise FileNotFoundError(errno.ENOENT, "no directory", path)
        self.files[path] = bytearray()
        return MemoryFile(self.files[path])

    def makedir(self, path: str) -> None:
        """See `SealedSink.makedir`."""
        parts = path.split("/")
        self._directories.update("/".join(parts[:count]) for count in range(1, len(parts) + 1))

    def rename(self, old: str, new: str) -> None:
        """See `SealedSink.rename`."""
        if old in self.files:
            self.files[new] = self.files.pop(old)
            return
        if old not in self._directories:
            raise FileNotFoundError(errno.ENOENT, "no such file", old)
        if new in self._directories:
            raise FileExistsError(errno.ENOTEMPTY, "exists", new)
        moved = {path: new + path[len(old) :] for path in self.files if path.startswith(old + "/")}
        for path, place in moved.items():
            self.files[place] = self.files.pop(path)
        self._directories = {
            new + path[len(old) :] if path == old or path.startswith(old + "/") else path for path in self._directories
        }

    def unlink(self, path: str) -> None:
        """See `SealedSink.unlink`."""
        if self.files.pop(path, None) is None:
            raise FileNotFoundError(errno.ENOENT, "no such file", path)

    def syncdir(self, path: str) -> None:
        """See `SealedSink.syncdir`."""
        if path not in self._directories:
            raise FileNotFoundError(errno.ENOENT, "no such directory", path)

    def list(self, directory: str) -> Sequence[str]:
        """See `SealedSource.list`."""
        if directory not in self._directories:
            raise FileNotFoundError(errno.ENOENT, "no such directory", directory)
        below = [path[len(directory) + 1 :] for path in (*self.files, *self._directories) if path.startswith(directory + "/")]
        return sorted({name.split("/")[0] for name in below})

    def size(self, path: str) -> int:
        """See `SealedSource.size`."""
        return len(self._content(path))

    def read(self, path: str, offset: int, length: int) -> bytes:
        """See `SealedSource.read`."""
        return bytes(self._content(path)[offset : offset + length])

    def keep(self, path: str, content: SealedSource, facts: FileFacts) -> None:
        """See `SealedPlace.keep`."""
        data = content.read(path, 0, content.size(path))
        if FileFacts(len(data), hashlib.sha256(data).hexdigest()) != facts:
            raise OSError(errno.EIO, "not what its manifest says", path)
        self.makedir(path.rpartition("/")[0])
        self.files[path] = bytearray(data)

    def holds(self, path: str, facts: FileFacts) -> bool:
        """See `SealedPlace.holds`."""
        data = self.files.get(path)
        return data is not None and FileFacts(len(data), hashlib.sha256(data).hexdigest()) == facts

    def remove(self, path: str) -> None:
        """See `SealedPlace.remove`."""
        self.unlink(path)
        directory = path.rpartition("/")[0]
        if not self.list(directory):
            self._directories.discard(directory)

    def _content(self, path: str) -> bytearray:
        try:
            return self.files[path]
        except KeyError:
            raise FileNotFoundError(errno.ENOENT, "no such file", path) from None
