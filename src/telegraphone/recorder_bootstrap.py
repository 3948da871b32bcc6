"""Composes one recorder worker: kept apart from the node's composition so that a lost worker is back in a moment, without
loading a web server, a database or a switch."""

from datetime import UTC, datetime
from pathlib import Path

from telegraphone import __version__
from telegraphone.capture.disk import DiskSink
from telegraphone.capture.files import Workshop
from telegraphone.capture.finishing import Library
from telegraphone.capture.key_pool import KeyPool
from telegraphone.capture.spill import Spill
from telegraphone.capture.worker import Ports
from telegraphone.keystore.settings import key_settings
from telegraphone.storage.local import LocalSource


def worker_ports(audio: str, keys: str, spill: str = "") -> Ports:
    """A worker that writes below the folder `audio` with these keys (the text of `KeySettings`); and, when that disk fails it,
    below the folder `spill` if there is one."""
    store = key_settings(keys).open()
    home = source = LocalSource(Path(audio))
    spilling = None
    if spill:
        spilling = Spill(DiskSink(Path(spill)), LocalSource(Path(spill)), home)
        source = LocalSource(Path(audio), Path(spill))
    sink = DiskSink(Path(audio), spilling.sink if spilling else None)

    def utc() -> datetime:
        return datetime.now(UTC)

    library = Library(source, DiskSink(Path(audio)), store, store, utc, f"telegraphone {__version__}", spilling)
    return Ports(sink, library, Workshop(sink, KeyPool(store), utc))
