"""A disk that fails on command: every operation is counted, and the n-th one fails, or the world ends there.

After the end a *crash image* is what a real disk might hold: synced bytes for certain; of bytes that were written and not
synced a random choice of 512-byte sectors; names whose directory was not synced perhaps not at all.
"""

import errno
import random
from collections.abc import Callable
from dataclasses import dataclass, field

from telegraphone.media.ports import PublicFacts
from telegraphone.media.seal import SealedSegment
from telegraphone.storage.memory import MemoryStore

SECTOR = 512


class WorldEnds(BaseException):
    """The process was killed or the power went: nothing after this happens."""


@dataclass(slots=True)
class Fault:
    """What happens at which operation, counted from 1; `lasting` means at every later one as well."""

    at: int = 0
    kind: str = "none"
    lasting: bool = False
    only: str = ""
    """Restricts an error to operations of this name."""


@dataclass(slots=True)
class _File:
    name: str
    data: bytearray = field(default_factory=bytearray)
    synced: int = 0
    named: bool = False
    broken: bool = False


class FaultyDisk:
    """A `GroupSink` whose operations are numbered; `names` lists them for a sweep."""

    def __init__(self, fault: Fault | None = None) -> None:
        self.fault = fault or Fault()
        self.names: list[str] = []
        self._files: dict[str, _File] = {}
        self._directories: set[str] = set()
        self.retried_syncs = 0
        self.written_after_failure = 0
        self.before_durable_header = 0
        """Segments in a file whose header or name was not durable yet (W2)."""

    def step(self, name: str) -> None:
        """Counts an operation, and lets the fault happen when its number is up."""
        self.names.append(name)
        fault, number = self.fault, len(self.names)
        due = fault.at and (number >= fault.at if fault.lasting else number == fault.at)
        if not due or (fault.only and fault.only != name):
            return
        if fault.kind == "kill":
            raise WorldEnds
        raise OSError(errno.ENOSPC if fault.kind == "full" else errno.EIO, "injected")

    def create(self, path: str) -> "FaultyFile":
        """See `SealedSink.create`."""
        self.step("create")
        if path in self._files:
            raise FileExistsError(path)
        self._files[path] = _File(path)
        return FaultyFile(self, self._files[path])

    @property
    def elsewhere(self) -> "FaultyDisk":
        """See `GroupSink.elsewhere`: there is no other place."""
        return self

    def begindir(self, path: str) -> None:
        """See `GroupSink.begindir`."""
        self.step("begindir")
        self._directories.add(path)

    def makedir(self, path: str) -> None:
        """See `SealedSink.makedir`."""
        self.step("makedir")
        self._directories.add(path)

    def rename(self, old: str, new: str) -> None:
        """See `SealedSink.rename`: not part of what is swept here."""
        raise NotImplementedError

    def unlink(self, path: str) -> None:
        """See `SealedSink.unlink`: not part of what is swept here."""
        raise NotImplementedError

    def syncdir(self, path: str) -> None:
        """See `SealedSink.syncdir`."""
        self.step("syncdir")
        for name, file in self._files.items():
            if name.rpartition("/")[0] == path:
                file.named = True

    def sync_all(self) -> None:
        """See `GroupSink.sync_all`."""
        self.step("sync_all")
        for file in self._files.values():
            if not file.broken:
                file.synced, file.named = len(file.data), True

    def image(self, chance: random.Random, *, power: bool) -> MemoryStore:
        """What is left: everything written after a kill, after a power loss only what was synced, and perhaps more."""
        store = MemoryStore()
        for directory in self._directories:
            store.makedir(directory)
        for name, file in self._files.items():
            if not power:
                store.files[name] = bytearray(file.data)
            elif file.named or chance.random() < 0.5:
                store.files[name] = self._torn(file, chance)
        return store

    def _torn(self, file: _File, chance: random.Random) -> bytearray:
        kept = bytearray(file.data[: file.synced])
        rest = bytearray(file.data[file.synced : file.synced + chance.randint(0, len(file.data) - file.synced)])
        for start in range(0, len(rest), SECTOR):
            if chance.random() < 0.5:
                rest[start : start + SECTOR] = bytes(len(rest[start : start + SECTOR]))
        return kept + rest


class FaultyFile:
    """A `SealedFile` of the disk above. What is used after it failed is counted: it must never be."""

    def __init__(self, disk: FaultyDisk, file: _File) -> None:
        self._disk = disk
        self._file = file

    def append(self, data: SealedSegment | PublicFacts) -> None:
        """See `SealedFile.append`; a failing one leaves a part behind."""
        self._disk.written_after_failure += self._file.broken
        unsafe = bool(self._file.data) and not (self._file.synced and self._file.named)
        self._disk.before_durable_header += unsafe and self._file.name.endswith(".tgs")
        self._attempt("append", lambda: self._file.data.extend(data[: len(data) // 3]))
        self._file.data.extend(data)

    def datasync(self) -> None:
        """See `SealedFile.datasync`."""
        self._disk.retried_syncs += self._file.broken
        self._attempt("datasync", lambda: None)
        self._file.synced = len(self._file.data)

    def close(self) -> None:
        """See `SealedFile.close`."""

    def _attempt(self, name: str, partly: Callable[[], None]) -> None:
        try:
            self._disk.step(name)
        except BaseException:
            self._file.broken = True
            partly()
            raise
