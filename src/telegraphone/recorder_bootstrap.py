"""Composes one recorder worker: kept apart from the node's composition so that a lost worker is back in a moment, without
loading a web server, a database or a switch."""

from datetime import UTC, datetime
from pathlib import Path

from telegraphone import __version__
from telegraphone.capture.disk import DiskSink
from telegraphone.capture.files import Workshop
from telegraphone.capture.finishing import Library
from telegraphone.capture.key_pool import KeyPool
from telegraphone.capture.worker import Ports
from telegraphone.keystore.file import FileKeyStore
from telegraphone.storage.local import LocalSource


def worker_ports(audio: str, keys: str) -> Ports:
    """A worker that writes below the folder `audio` with the keys in the folder `keys`."""
    store, sink = FileKeyStore(Path(keys)), DiskSink(Path(audio))

    def utc() -> datetime:
        return datetime.now(UTC)

    library = Library(LocalSource(Path(audio)), sink, store, store, utc, f"telegraphone {__version__}")
    return Ports(sink, library, Workshop(sink, KeyPool(store), utc))
