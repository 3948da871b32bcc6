"""Makes packages of many recordings that exist nowhere: looked through once, then made again where they are read.

What was looked through must still be the same when it is read. Each recording's manifest stands in the package and names its
version; a recording that was redacted or erased since ends the reading at its place, and nothing else is put there.
"""

import hashlib
import zlib
from collections.abc import AsyncIterator, Iterator, Sequence

from telegraphone.media import layout, package
from telegraphone.media.manifest import Manifest, signed
from telegraphone.media.package import PackageIndex
from telegraphone.media.ports import FileFacts, KeyStore, SealedSource
from telegraphone.services.archive_ports import Documents, Order, PackedFile, Prepared, StoneOrder
from telegraphone.services.ports import Unavailable
from telegraphone.storage.archive import Hand
from telegraphone.storage.exporting import Exporter, Made
from telegraphone.storage.finished import PORT, in_thread, manifest_of
from telegraphone.storage.zip_layout import Stretch, ZipLayout


class SealedPackages:
    """`Packages` over the places where sealed recordings lie."""

    def __init__(self, source: SealedSource, keys: KeyStore, hand: Hand) -> None:
        self._source = source
        self._hand = hand
        self._trusted = frozenset({hand.signer.public_key()})
        self._exporter = Exporter(source, keys, hand.signer, hand.software)

    async def prepare(self, orders: Sequence[Order], *, sealed_files: bool) -> Prepared:
        """See `Packages.prepare`."""
        return await in_thread(lambda: self._prepared(orders, sealed_files=sealed_files))

    async def closed(self, files: Sequence[PackedFile]) -> Prepared:
        """See `Packages.closed`."""
        certificate = self._hand.signer.certificate()
        listed = [*files, _looked_through(package.CERTIFICATE, iter([certificate]))]
        recordings = dict.fromkeys(each.name.split("/")[0] for each in files if each.name.endswith(f"/{layout.MANIFEST}"))
        facts = {each.name: FileFacts(each.size, each.sha256) for each in listed}
        data = PackageIndex(self._hand.utc(), self._hand.software, tuple(recordings), facts).to_bytes()
        documents: dict[str, bytes] = {
            package.CERTIFICATE: certificate,
            package.INDEX: data,
            package.INDEX_SIGNATURE: signed(data, self._hand.signer),
        }
        return Prepared(tuple(_looked_through(name, iter([content])) for name, content in documents.items()), documents)

    def size(self, files: Sequence[PackedFile]) -> int:
        """See `Packages.size`."""
        return ZipLayout(files).size

    async def read(self, files: Sequence[PackedFile], start: int, stop: int, documents: Documents) -> AsyncIterator[bytes]:
        """See `Packages.read`."""
        versions = {each.name: each.sha256 for each in files if each.name.endswith(f"/{layout.MANIFEST}")}
        for each in ZipLayout(files).stretches(start, stop):
            if isinstance(each, bytes):
                yield each
                continue
            document = await documents(each.file.name)
            if document is not None:
                yield document[each.start : each.stop]
                continue
            recording = each.file.name.split("/")[0]
            async for piece in self._made(each, versions[f"{recording}/{layout.MANIFEST}"]):
                yield piece

    def _prepared(self, orders: Sequence[Order], *, sealed_files: bool) -> Prepared:
        files: list[PackedFile] = []
        documents: dict[str, bytes] = {}
        for order in orders:
            found = order if isinstance(order, StoneOrder) else (order, self._manifest(order.recording_id))
            for name, content in self._exporter.contents(found, sealed_files=sealed_files):
                files.append(_looked_through(name, content.pieces(0) if isinstance(content, Made) else iter([content])))
                if isinstance(content, bytes):
                    documents[name] = content
        return Prepared(tuple(files), documents)

    async def _made(self, stretch: Stretch, version: str) -> AsyncIterator[bytes]:
        """Bytes of a file that is made when it is read."""
        recording, _, path = stretch.file.name.partition("/")
        manifest = await in_thread(lambda: self._manifest(recording))
        if hashlib.sha256(manifest.to_bytes()).hexdigest() != version:
            raise Unavailable(PORT, f"recording {recording} was changed since the package was prepared", retryable=False)
        sealed = path.removeprefix(f"{package.SEALED}/")
        made = self._exporter.sound(manifest) if path == package.SOUND else self._exporter.sealed(manifest, sealed)
        pieces, left = made.pieces(stretch.start), stretch.stop - stretch.start
        while left:
            piece = await in_thread(lambda: next(pieces, b""))
            if not piece:
                raise Unavailable(PORT, f"{stretch.file.name} is shorter than it was", retryable=False)
            yield piece[:left]
            left -= len(piece[:left])

    def _manifest(self, recording: str) -> Manifest:
        return manifest_of(self._source, recording, self._trusted)


def _looked_through(name: str, pieces: Iterator[bytes]) -> PackedFile:
    digest, crc, size = hashlib.sha256(), 0, 0
    for piece in pieces:
        digest.update(piece)
        crc = zlib.crc32(piece, crc)
        size += len(piece)
    return PackedFile(name, size, crc, digest.hexdigest())
