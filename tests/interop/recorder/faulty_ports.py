"""A recorder worker's disk that misbehaves when a test says so, by a file named `fault` beside the data.

The file holds one line: `<what> <part of a path>`; what is `full`, `eio` (appends fail), `sync` (syncs fail), `slow`
(every append takes a second) or `defect` (an append fails as no disk does, once). Only files whose path
holds the part are concerned.
"""

import errno
import time
from pathlib import Path

from telegraphone.capture.disk import DiskSink
from telegraphone.capture.files import Workshop
from telegraphone.capture.finishing import Library
from telegraphone.capture.key_pool import KeyPool
from telegraphone.capture.worker import Ports
from telegraphone.keystore.file import FileKeyStore
from telegraphone.media.ports import PublicFacts, SealedFile
from telegraphone.media.seal import SealedSegment
from telegraphone.storage.local import LocalSource
from tests.interop.recorder.worker_ports import utc


class FaultyFile:
    """A file of the sink below."""

    def __init__(self, sink: "FaultySink", path: str, file: SealedFile) -> None:
        self._sink = sink
        self._path = path
        self._file = file

    def append(self, data: SealedSegment | PublicFacts) -> None:
        self._sink.suffer(self._path, "append")
        self._file.append(data)

    def datasync(self) -> None:
        self._sink.suffer(self._path, "sync")
        self._file.datasync()

    def close(self) -> None:
        self._file.close()


class FaultySink(DiskSink):
    """A disk with moods."""

    def __init__(self, root: Path, fault: Path) -> None:
        super().__init__(root)
        self._fault = fault

    def suffer(self, path: str, operation: str) -> None:
        try:
            what, part = self._fault.read_text().split()
        except (FileNotFoundError, ValueError):
            return
        if part not in path:
            return
        if what == "slow" and operation == "append":
            time.sleep(1.0)
        elif what == "defect" and operation == "append":
            self._fault.unlink()
            raise RuntimeError("a defect, as the test wishes")
        elif what == "full" and operation in ("append", "create"):
            raise OSError(errno.ENOSPC, "no space left")
        elif (what == "eio" and operation == "append") or (what == "sync" and operation == "sync"):
            raise OSError(errno.EIO, "input/output error")

    def create(self, path: str) -> SealedFile:
        self.suffer(path, "create")
        return FaultyFile(self, path, super().create(path))

    def sync_all(self) -> None:
        self.suffer("everything", "sync")
        super().sync_all()


def faulty_ports(data: str, keys: str) -> Ports:
    """Files below `data`, moods in `fault` beside it."""
    sink, sealing = (FaultySink(Path(data), Path(data).with_name("fault")) for _ in range(2))
    store = FileKeyStore(Path(keys))
    library = Library(LocalSource(Path(data)), sealing, store, store, utc, "test")
    return Ports(sink, library, Workshop(sink, KeyPool(store), utc))
