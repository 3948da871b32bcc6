"""Reads sealed files below one directory of this machine, or several that are read as one.

Every part of a path is opened below the one before it without following symbolic links, so that no name, however it was
put there, leads out of the directory.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Final

_DIRECTORY: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK


class LocalSource:
    """A `SealedSource` over a data directory; what is not there is looked for in the others."""

    def __init__(self, root: Path, *others: Path) -> None:
        self._roots = (root, *others)

    def list(self, directory: str) -> Sequence[str]:
        """See `SealedSource.list`."""
        names: set[str] = set()
        found = False
        for root in self._roots:
            with suppress(FileNotFoundError), _opened(root, directory, _DIRECTORY) as descriptor:
                names.update(os.listdir(descriptor))  # noqa: PTH208 - pathlib cannot list a descriptor
                found = True
        if not found:
            raise FileNotFoundError(directory)
        return sorted(names)

    def size(self, path: str) -> int:
        """See `SealedSource.size`."""
        with self._found(path) as descriptor:
            return os.fstat(descriptor).st_size

    def read(self, path: str, offset: int, length: int) -> bytes:
        """See `SealedSource.read`."""
        with self._found(path) as descriptor:
            # Room for all that is asked for is taken before anything is read, and callers ask for the most there may be.
            length = max(0, min(length, os.fstat(descriptor).st_size - offset))
            data = os.pread(descriptor, length, offset)
            while len(data) < length and (more := os.pread(descriptor, length - len(data), offset + len(data))):
                data += more
            return data

    @contextmanager
    def _found(self, path: str) -> Iterator[int]:
        """A descriptor of the file, wherever it is. Raises FileNotFoundError."""
        with ExitStack() as stack:
            for root in self._roots:
                with suppress(FileNotFoundError):
                    descriptor = stack.enter_context(_opened(root, path, _FILE))
                    break
            else:
                raise FileNotFoundError(path)
            yield descriptor


@contextmanager
def _opened(root: Path, path: str, flags: int) -> Iterator[int]:
    """A descriptor of the path, walked part by part. Raises FileNotFoundError for a path that no file can have."""
    parts = path.split("/")
    if any(part in ("", ".", "..") or "\0" in part for part in parts):
        raise FileNotFoundError(path)
    descriptor = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for index, part in enumerate(parts):
            last = index == len(parts) - 1
            below = os.open(part, flags if last else _DIRECTORY, dir_fd=descriptor)
            os.close(descriptor)
            descriptor = below
        yield descriptor
    finally:
        os.close(descriptor)
