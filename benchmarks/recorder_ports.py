"""What a recorder worker is given while it is measured: a real disk and file keys, and for one figure no encryption."""

from datetime import UTC, datetime
from pathlib import Path

from telegraphone.capture.disk import DiskSink
from telegraphone.capture.files import Workshop
from telegraphone.capture.finishing import Library
from telegraphone.capture.key_pool import KeyPool
from telegraphone.capture.worker import Ports
from telegraphone.keystore.file import FileKeyStore
from telegraphone.media.seal import SealedSegment, Sealer
from telegraphone.storage.local import LocalSource


class Unsealed(Sealer):
    """Writes as many bytes as a sealer, in the clear: what encryption costs is the difference. Exists only here."""

    def seal_run(self, pcm: bytes | bytearray | memoryview) -> SealedSegment:
        """Each segment and sixteen zeros."""
        view, length = memoryview(pcm), self.header.segment_bytes
        return SealedSegment(b"".join([bytes(view[at : at + length]) + bytes(16) for at in range(0, len(view), length)]))


def sealed(root: str) -> Ports:
    """As in production."""
    return _ports(root, Sealer)


def unsealed(root: str) -> Ports:
    """The same without encryption."""
    return _ports(root, Unsealed)


def _ports(root: str, sealer: type[Sealer]) -> Ports:
    data, keys = Path(root) / "data", FileKeyStore(Path(root) / "keys")
    sink = DiskSink(data)
    library = Library(LocalSource(data), DiskSink(data), keys, keys, _utc, "benchmark")
    return Ports(sink, library, Workshop(sink, KeyPool(keys), _utc, sealer))


def _utc() -> datetime:
    return datetime.now(UTC)
