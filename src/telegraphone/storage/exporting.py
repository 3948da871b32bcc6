"""Makes export packages of finished recordings, in bounded memory and while they are read."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from telegraphone.limits import MANIFEST_BYTES_MAX, PLAYBACK_PIECE_FRAMES
from telegraphone.media import layout, package, reports, wav
from telegraphone.media.manifest import Manifest, signed
from telegraphone.media.mixdown import Mixdown
from telegraphone.media.ports import KeyStore, PublicFacts, SealedSource, Signer
from telegraphone.media.verify import journal_records
from telegraphone.services.archive_ports import ExportOrder
from telegraphone.services.ports import Unavailable
from telegraphone.storage.zipped import ZipStream

_TRACKS: Final = 2
_PIECE_BYTES: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Exporter:
    """Everything a package is made from."""

    source: SealedSource
    keys: KeyStore
    signer: Signer
    software: str

    def pieces(self, found: Sequence[tuple[ExportOrder, Manifest]], *, sealed_files: bool, now: datetime) -> Iterator[bytes]:
        """The package. Raises Unavailable for sound that does not open, KeyMissing, DamagedEnvelope, OSError."""
        stream = ZipStream()
        for order, manifest in found:
            yield from self._recording(stream, order, manifest, sealed_files=sealed_files)
        yield from stream.put(package.CERTIFICATE, [self.signer.certificate()])
        index = package.PackageIndex(now, self.software, tuple(manifest.recording for _, manifest in found), dict(stream.files))
        data = index.to_bytes()
        yield from stream.put(package.INDEX, [data])
        yield from stream.put(package.INDEX_SIGNATURE, [signed(data, self.signer)])
        yield from stream.end()

    def _recording(self, stream: ZipStream, order: ExportOrder, manifest: Manifest, *, sealed_files: bool) -> Iterator[bytes]:
        name, directory = manifest.recording, layout.sealed_directory(manifest.recording)
        yield from stream.put(f"{name}/{package.SOUND}", self._sound(manifest, directory))
        yield from stream.put(f"{name}/{package.METADATA}", [order.metadata])
        yield from stream.put(f"{name}/{package.TRAIL}", [order.trail])
        records = journal_records(self.source, self.keys, directory, manifest)
        for kind, document in (
            ("pauses", reports.pauses(manifest, records)),
            ("completeness", reports.completeness(manifest, records)),
        ):
            yield from stream.put(f"{name}/{kind}.json", [document])
            yield from stream.put(f"{name}/{kind}.sig", [signed(document, self.signer)])
        facts = manifest.to_bytes()
        signature = self._signature(directory, facts)
        for place in (name, f"{name}/{package.SEALED}") if sealed_files else (name,):
            yield from stream.put(f"{place}/{layout.MANIFEST}", [facts])
            yield from stream.put(f"{place}/{layout.SIGNATURE}", [signature])
        for file in manifest.files if sealed_files else ():
            yield from stream.put(f"{name}/{package.SEALED}/{file}", self._whole(f"{directory}/{file}"))

    def _signature(self, directory: str, facts: PublicFacts) -> bytes:
        """As it lies there; made again where another is just being put in its place."""
        if layout.NEXT_SIGNATURE in self.source.list(directory):
            return signed(facts, self.signer)
        return self.source.read(f"{directory}/{layout.SIGNATURE}", 0, MANIFEST_BYTES_MAX)

    def _sound(self, manifest: Manifest, directory: str) -> Iterator[bytes]:
        yield wav.header(manifest.frames, _TRACKS, manifest.rate)
        mixdown = Mixdown(manifest, self.source, self.keys, directory)
        for start in range(0, manifest.frames, PLAYBACK_PIECE_FRAMES):
            rendered = mixdown.render(start, min(start + PLAYBACK_PIECE_FRAMES, manifest.frames))
            if rendered.damaged:
                place = rendered.damaged[0]
                raise Unavailable("archive", f"{place.file}, segment {place.segment} is damaged", retryable=False)
            yield rendered.pcm

    def _whole(self, path: str) -> Iterator[bytes]:
        place = 0
        while piece := self.source.read(path, place, _PIECE_BYTES):
            yield piece
            place += len(piece)
