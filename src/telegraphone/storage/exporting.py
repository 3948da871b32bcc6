"""Makes export packages of finished recordings, in bounded memory and while they are read."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from telegraphone.limits import MANIFEST_BYTES_MAX, PLAYBACK_PIECE_FRAMES
from telegraphone.media import layout, package, reports, wav
from telegraphone.media.manifest import Manifest, signed
from telegraphone.media.mixdown import FRAME_BYTES, Mixdown
from telegraphone.media.ports import KeyStore, PublicFacts, SealedSource, Signer
from telegraphone.media.verify import journal_records
from telegraphone.services.archive_ports import ExportOrder, StoneOrder
from telegraphone.services.ports import Unavailable
from telegraphone.storage.zipped import ZipStream

Found = tuple[ExportOrder, Manifest] | StoneOrder
"""What a package is made of: recordings with their manifests, and what is left of those that were erased."""

_TRACKS: Final = 2
_PIECE_BYTES: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Made:
    """A file that is made when it is read: its size, and its pieces from a place on."""

    size: int
    pieces: Callable[[int], Iterator[bytes]]


@dataclass(frozen=True, slots=True)
class Exporter:
    """Everything a package is made from."""

    source: SealedSource
    keys: KeyStore
    signer: Signer
    software: str

    def pieces(self, found: Sequence[Found], *, sealed_files: bool, now: datetime) -> Iterator[bytes]:
        """The package. Raises Unavailable for sound that does not open, KeyMissing, DamagedEnvelope, OSError."""
        stream = ZipStream()
        for each in found:
            for name, content in self.contents(each, sealed_files=sealed_files):
                yield from stream.put(name, [content] if isinstance(content, bytes) else content.pieces(0))
        yield from stream.put(package.CERTIFICATE, [self.signer.certificate()])
        recordings = tuple(each[1].recording for each in found if not isinstance(each, StoneOrder))
        index = package.PackageIndex(now, self.software, recordings, dict(stream.files))
        data = index.to_bytes()
        yield from stream.put(package.INDEX, [data])
        yield from stream.put(package.INDEX_SIGNATURE, [signed(data, self.signer)])
        yield from stream.end()

    def contents(self, found: Found, *, sealed_files: bool) -> Iterator[tuple[str, bytes | Made]]:
        """The files of one recording by their paths in the package: documents, and what is made of its audio."""
        if isinstance(found, StoneOrder):
            yield f"{found.call_uuid}/{package.STONE}", found.stone.content
            yield f"{found.call_uuid}/{package.STONE_SIGNATURE}", found.stone.signature
            yield f"{found.call_uuid}/{package.TRAIL}", found.trail
        else:
            yield from self._recording(*found, sealed_files=sealed_files)

    def _recording(self, order: ExportOrder, manifest: Manifest, *, sealed_files: bool) -> Iterator[tuple[str, bytes | Made]]:
        name, directory = manifest.recording, layout.sealed_directory(manifest.recording)
        yield f"{name}/{package.SOUND}", self.sound(manifest)
        yield f"{name}/{package.METADATA}", order.metadata
        yield f"{name}/{package.TRAIL}", order.trail
        records = journal_records(self.source, self.keys, directory, manifest)
        for kind, document in (
            ("pauses", reports.pauses(manifest, records)),
            ("completeness", reports.completeness(manifest, records)),
        ):
            yield f"{name}/{kind}.json", document
            yield f"{name}/{kind}.sig", signed(document, self.signer)
        facts = manifest.to_bytes()
        signature = self._signature(directory, facts)
        for place in (name, f"{name}/{package.SEALED}") if sealed_files else (name,):
            yield f"{place}/{layout.MANIFEST}", facts
            yield f"{place}/{layout.SIGNATURE}", signature
        for file in manifest.files if sealed_files else ():
            yield f"{name}/{package.SEALED}/{file}", self.sealed(manifest, file)

    def sound(self, manifest: Manifest) -> Made:
        """The sound of a recording as WAV."""
        head = wav.header(manifest.frames, _TRACKS, manifest.rate)
        return Made(len(head) + manifest.frames * FRAME_BYTES, lambda start: self._sound(manifest, head, start))

    def sealed(self, manifest: Manifest, file: str) -> Made:
        """One of its sealed files."""
        path = f"{layout.sealed_directory(manifest.recording)}/{file}"
        return Made(manifest.files[file].size, lambda start: self._from(path, start))

    def _signature(self, directory: str, facts: PublicFacts) -> bytes:
        """As it lies there; made again where another is just being put in its place."""
        if layout.NEXT_SIGNATURE in self.source.list(directory):
            return signed(facts, self.signer)
        return self.source.read(f"{directory}/{layout.SIGNATURE}", 0, MANIFEST_BYTES_MAX)

    def _sound(self, manifest: Manifest, head: bytes, start: int) -> Iterator[bytes]:
        if start < len(head):
            yield head[start:]
        first, skipped = divmod(max(0, start - len(head)), FRAME_BYTES)
        mixdown = Mixdown(manifest, self.source, self.keys, layout.sealed_directory(manifest.recording))
        for frame in range(first, manifest.frames, PLAYBACK_PIECE_FRAMES):
            rendered = mixdown.render(frame, min(frame + PLAYBACK_PIECE_FRAMES, manifest.frames))
            if rendered.damaged:
                place = rendered.damaged[0]
                raise Unavailable("archive", f"{place.file}, segment {place.segment} is damaged", retryable=False)
            yield rendered.pcm[skipped:] if frame == first else rendered.pcm

    def _from(self, path: str, start: int) -> Iterator[bytes]:
        while piece := self.source.read(path, start, _PIECE_BYTES):
            yield piece
            start += len(piece)
