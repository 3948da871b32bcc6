"""ZIP packages from both sides: written as a stream that is never whole in memory, and read like a folder."""

import hashlib
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from telegraphone.media.ports import FileFacts


class ZipStream:
    """Makes a package piece by piece; files are stored as they are, for sound and sealed bytes do not shrink."""

    def __init__(self) -> None:
        self._out = _Pieces()
        self._zip = zipfile.ZipFile(self._out, "w", zipfile.ZIP_STORED)  # type: ignore[call-overload]  # needs to be written to only
        self.files: dict[str, FileFacts] = {}
        """What was put in so far."""

    def put(self, name: str, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """Adds a file; yields what is ready to be sent."""
        digest, size = hashlib.sha256(), 0
        with self._zip.open(zipfile.ZipInfo(name), "w", force_zip64=True) as file:
            for piece in pieces:
                file.write(piece)
                digest.update(piece)
                size += len(piece)
                yield from self._out.taken()
        self.files[name] = FileFacts(size, digest.hexdigest())
        yield from self._out.taken()

    def end(self) -> Iterator[bytes]:
        """Ends the package."""
        self._zip.close()
        yield from self._out.taken()


class ZipSource:
    """A `SealedSource` over a package. Raises OSError for a file that is none."""

    def __init__(self, path: Path) -> None:
        try:
            self._zip = zipfile.ZipFile(path)
        except zipfile.BadZipFile as error:
            raise OSError(f"{path}: {error}") from None
        self.names = tuple(self._zip.namelist())

    def list(self, directory: str) -> Sequence[str]:
        """See `SealedSource.list`."""
        below = [name[len(directory) + 1 :] for name in self.names if name.startswith(f"{directory}/")]
        if not below:
            raise FileNotFoundError(directory)
        return sorted({name.split("/", maxsplit=1)[0] for name in below})

    def size(self, path: str) -> int:
        """See `SealedSource.size`."""
        return self._info(path).file_size

    def read(self, path: str, offset: int, length: int) -> bytes:
        """See `SealedSource.read`. The package's own checksums are not asked: ours are better, and say more."""
        info = self._info(path)
        try:
            with self._zip.open(info) as file:
                file._expected_crc = None  # type: ignore[attr-defined]  # noqa: SLF001 - a part of a file has another checksum
                file.seek(min(offset, info.file_size))
                return file.read(max(0, min(length, info.file_size - offset)))
        except (zipfile.BadZipFile, NotImplementedError) as error:
            raise OSError(f"{path}: {error}") from None

    def _info(self, path: str) -> zipfile.ZipInfo:
        try:
            return self._zip.getinfo(path)
        except KeyError:
            raise FileNotFoundError(path) from None


class _Pieces:
    """What `zipfile` writes to: it cannot go back, so nothing that was taken changes any more."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._pieces.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Everything is there at once."""

    def taken(self) -> Iterator[bytes]:
        pieces, self._pieces = self._pieces, []
        yield from (piece for piece in pieces if piece)
