"""Reads sealed files below one directory of this machine.

Every part of a path is opened below the one before it without following symbolic links, so that no name, however it was
put there, leads out of the directory.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_DIRECTORY: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK


class LocalSource:
    """A `SealedSource` over a data directory."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def list(self, directory: str) -> Sequence[str]:
        """See `SealedSource.list`."""
        with self._opened(directory, _DIRECTORY) as descriptor:
            return sorted(os.listdir(descriptor))  # noqa: PTH208 - pathlib cannot list a descriptor

    def size(self, path: str) -> int:
        """See `SealedSource.size`."""
        with self._opened(path, _FILE) as descriptor:
            return os.fstat(descriptor).st_size

    def read(self, path: str, offset: int, length: int) -> bytes:
        """See `SealedSource.read`."""
        with self._opened(path, _FILE) as descriptor:
            data = os.pread(descriptor, length, offset)
            while len(data) < length and (more := os.pread(descriptor, length - len(data), offset + len(data))):
                data += more
            return data

    @contextmanager
    def _opened(self, path: str, flags: int) -> Iterator[int]:
        """A descriptor of the path, walked part by part. Raises FileNotFoundError for a path that no file can have."""
        parts = path.split("/")
        if any(part in ("", ".", "..") or "\0" in part for part in parts):
            raise FileNotFoundError(path)
        descriptor = os.open(self._root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            for index, part in enumerate(parts):
                last = index == len(parts) - 1
                below = os.open(part, flags if last else _DIRECTORY, dir_fd=descriptor)
                os.close(descriptor)
                descriptor = below
            yield descriptor
        finally:
            os.close(descriptor)
