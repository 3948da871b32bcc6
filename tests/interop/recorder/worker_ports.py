"""What a recorder worker is given in these tests: a real disk below a directory, keys in files."""

from datetime import UTC, datetime
from pathlib import Path

from telegraphone.capture.disk import DiskSink
from telegraphone.capture.files import Workshop
from telegraphone.capture.finishing import Library
from telegraphone.capture.key_pool import KeyPool
from telegraphone.capture.worker import Ports
from telegraphone.keystore.file import FileKeyStore
from telegraphone.storage.local import LocalSource


def utc() -> datetime:
    return datetime.now(UTC)


def disk_ports(data: str, keys: str) -> Ports:
    """Files below `data`, keys below `keys`."""
    sink = DiskSink(Path(data))
    store = FileKeyStore(Path(keys))
    library = Library(LocalSource(Path(data)), DiskSink(Path(data)), store, store, utc, "test")
    return Ports(sink, library, Workshop(sink, KeyPool(store), utc))


def disk_ports_unless_broken(data: str, keys: str) -> Ports:
    """The same, but the worker dies of it while a file named `broken` is in `data`."""
    if (Path(data) / "broken").exists():
        raise RuntimeError("broken, as the test wishes")
    return disk_ports(data, keys)
