"""Serves a finished recording as a stereo WAV that exists nowhere: each requested byte is rendered when it is asked for.

The size is known before any audio is read, and a stretch in the middle costs what a stretch at the beginning costs. A
unit is verified before a byte of it leaves; one that does not open sounds as silence and is reported to the alarm, or,
for a strict rendition (an export), ends the reading with an error. Keys are fetched for each request and kept no longer,
so that what is erased cannot be played. Disk and cipher work in worker threads, a bounded number at once.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Collection
from dataclasses import dataclass
from typing import Final

import structlog

from telegraphone.domain.ids import RecordingId
from telegraphone.limits import PLAYBACK_PIECE_FRAMES, PLAYBACK_READS_MAX
from telegraphone.media import layout, wav
from telegraphone.media.errors import DamagedEnvelope, DamagedManifest, KeyMissing
from telegraphone.media.manifest import Manifest, load_manifest
from telegraphone.media.mixdown import FRAME_BYTES, TRACKS, DamagedPlace, Mixdown
from telegraphone.media.ports import KeyStore, SealedSource
from telegraphone.services.ports import Rendition, Unavailable

CONTENT_TYPE: Final = "audio/wav"
_RENDITION: Final = b"wav-s16le-stereo-1"

_log = structlog.get_logger(__name__)

Alarm = Callable[[str, DamagedPlace], None]
"""Told the recording id and the place of each unit that did not open."""


class CorruptAudio(Unavailable):
    """A strict rendition met audio that does not open; no byte of that stretch was given out."""

    def __init__(self, place: DamagedPlace) -> None:
        super().__init__("playback", f"{place.file}, segment {place.segment} is damaged", retryable=False)
        self.place = place


@dataclass(frozen=True, slots=True)
class OpenRendition(Rendition):
    """A rendition and the manifest it follows: a recording replaced meanwhile does not change under a listener."""

    manifest: Manifest
    strict: bool = False


def log_damage(recording_id: str, place: DamagedPlace) -> None:
    """The alarm where nothing else is asked for: one line in the log for each damaged unit met."""
    _log.error("audio_corrupt", recording=recording_id, file=place.file, segment=place.segment)


class SealedPlayer:
    """A `Player` over a store of sealed recordings."""

    def __init__(self, source: SealedSource, keys: KeyStore, trusted: Collection[bytes], *, alarm: Alarm = log_damage) -> None:
        """`trusted` are the raw public keys of the nodes whose manifests are believed."""
        self._source = source
        self._keys = keys
        self._trusted = frozenset(trusted)
        self._alarm = alarm
        self._room = asyncio.Semaphore(PLAYBACK_READS_MAX)

    async def open(self, recording_id: str, *, strict: bool = False) -> OpenRendition:
        """See `Player.open`; an erased recording is as if it had never been. Raises KeyError or Unavailable."""
        async with self._room:
            return await asyncio.to_thread(self._open, recording_id, strict)

    async def read(self, rendition: Rendition, start: int, end: int) -> AsyncIterator[bytes]:
        """See `Player.read`; `rendition` comes from `open`. Raises Unavailable, CorruptAudio when strict, and KeyError
        when the recording was erased since; ValueError for bytes that the rendition does not have."""
        if not isinstance(rendition, OpenRendition) or not 0 <= start <= end <= rendition.size:
            raise ValueError(f"bytes {start} to {end} of {rendition.size}")
        manifest = rendition.manifest
        if start < wav.HEADER_BYTES < end or end <= wav.HEADER_BYTES:
            yield wav.header(manifest.frames, TRACKS, manifest.rate)[start:end]
        place, stop = max(start, wav.HEADER_BYTES) - wav.HEADER_BYTES, end - wav.HEADER_BYTES
        if place >= stop:
            return
        async with self._room:
            mixdown = await asyncio.to_thread(self._mixdown, manifest)
        while place < stop:
            # Pieces end at fixed places of the timeline, so that no segment is opened for two of them.
            border = (place // FRAME_BYTES // PLAYBACK_PIECE_FRAMES + 1) * PLAYBACK_PIECE_FRAMES * FRAME_BYTES
            async with self._room:
                piece = await asyncio.to_thread(self._piece, rendition, mixdown, place, min(stop, border))
            yield piece
            place += len(piece)

    def _open(self, recording_id: str, strict: bool) -> OpenRendition:
        try:
            manifest = load_manifest(self._source, layout.sealed_directory(recording_id), self._trusted)
        except (FileNotFoundError, ValueError):
            raise KeyError(recording_id) from None
        except (DamagedManifest, OSError) as error:
            raise Unavailable("playback", str(error), retryable=isinstance(error, OSError)) from error
        if manifest.recording != recording_id:
            raise Unavailable("playback", "the manifest is another recording's", retryable=False)
        self._mixdown(manifest)
        try:
            size = wav.size(manifest.frames, TRACKS)
        except wav.TooLongForWav as error:
            raise Unavailable("playback", str(error), retryable=False) from error
        return OpenRendition(
            recording_id=RecordingId(manifest.recording),
            content_type=CONTENT_TYPE,
            size=size,
            etag=f'"{hashlib.sha256(_RENDITION + manifest.to_bytes()).hexdigest()[:32]}"',
            last_modified=manifest.sealed_at,
            manifest=manifest,
            strict=strict,
        )

    def _mixdown(self, manifest: Manifest) -> Mixdown:
        try:
            return Mixdown(manifest, self._source, self._keys, layout.sealed_directory(manifest.recording))
        except KeyMissing:
            raise KeyError(manifest.recording) from None
        except (DamagedEnvelope, OSError) as error:
            raise Unavailable("playback", str(error), retryable=isinstance(error, OSError)) from error

    def _piece(self, rendition: OpenRendition, mixdown: Mixdown, place: int, stop: int) -> bytes:
        """Audio bytes place ≤ b < stop, counted behind the WAV header."""
        first, last = place // FRAME_BYTES, -(-stop // FRAME_BYTES)
        try:
            rendered = mixdown.render(first, last)
        except OSError as error:
            raise Unavailable("playback", str(error)) from error
        for damaged in rendered.damaged:
            self._alarm(rendition.recording_id, damaged)
            if rendition.strict:
                raise CorruptAudio(damaged)
        return rendered.pcm[place - first * FRAME_BYTES : stop - first * FRAME_BYTES]
