"""Serves a finished recording as a file that exists nowhere: each requested byte is rendered when it is asked for.

The size is known before any audio is read, and a stretch in the middle costs what a stretch at the beginning costs. A unit
is verified before a byte of it leaves; one that does not open sounds as silence and is reported to the alarm, or, for a
strict rendition (an export), ends the reading with an error. Keys are fetched for each request and kept no longer, so that
what is erased cannot be played. All of that holds for each recording that mends another (`media.mended`). Disk and cipher
work in worker threads, a bounded number at once.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import structlog

from telegraphone.domain.ids import RecordingId
from telegraphone.limits import PLAYBACK_READS_MAX
from telegraphone.media import layout, wav
from telegraphone.media.errors import DamagedEnvelope, DamagedManifest, KeyMissing
from telegraphone.media.manifest import Manifest, load_manifest
from telegraphone.media.mended import MendedMixdown, Plan, planned
from telegraphone.media.mixdown import FRAME_BYTES, DamagedPlace, Mixdown, peaks
from telegraphone.media.ports import KeyStore, SealedSource
from telegraphone.media.spans import merged
from telegraphone.playback.coding import Coding, Sound
from telegraphone.playback.mp3_coding import Mp3Coding
from telegraphone.playback.opus_coding import OpusCoding
from telegraphone.playback.wav_coding import WavCoding
from telegraphone.services.player_ports import Borrowed, Form, Mended, Mending, Rendition, Stretch
from telegraphone.services.ports import Unavailable

_CODINGS: Final[Mapping[str, Callable[[Form, int, int], Coding]]] = {"wav": WavCoding, "mp3": Mp3Coding, "ogg": OpusCoding}
WAV: Final = Form()
_TRACKS: Final[tuple[Literal["agent", "other"], ...]] = ("agent", "other")
_NEAR_S: Final = 1
"""Pieces of one double that are nearer to each other are told as one: a bad network leaves ten thousand in an hour."""
_PEAK_SHIFT: Final = 8
_PEAK_COLUMNS: Final = 250
"""Columns made at once, so that a long stretch does not hold one of the few places for long."""

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
    coding: Coding
    strict: bool = False
    plan: Plan | None = None

    @property
    def frames(self) -> int:
        """How many frames it has."""
        return _frames(self.manifest, self.plan)


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

    async def open(
        self, recording_id: str, form: Form = WAV, *, strict: bool = False, mending: Mending | None = None
    ) -> OpenRendition:
        """See `Player.open`; an erased recording is as if it had never been. Raises KeyError or Unavailable."""
        async with self._room:
            return await asyncio.to_thread(self._open, recording_id, form, strict, mending)

    async def read(self, rendition: Rendition, start: int, end: int) -> AsyncIterator[bytes]:
        """See `Player.read`; `rendition` comes from `open`. Raises Unavailable, CorruptAudio when strict, and KeyError
        when the recording was erased since; ValueError for bytes that the rendition does not have."""
        if not isinstance(rendition, OpenRendition) or not 0 <= start <= end <= rendition.size:
            raise ValueError(f"bytes {start} to {end} of {rendition.size}")
        head, coding = len(rendition.coding.head), rendition.coding
        if start < head:
            yield coding.head[start:end]
        place, stop = max(start, head) - head, end - head
        if place >= stop:
            return
        async with self._room:
            mixdown = await asyncio.to_thread(self._sounding, rendition)
        sound = _Sound(rendition, mixdown, self._alarm)
        while place < stop:
            # Pieces end at fixed places of the timeline, so that no segment is opened for two of them.
            border = (place // coding.piece_bytes + 1) * coding.piece_bytes
            async with self._room:
                piece = await asyncio.to_thread(coding.part, place, min(stop, border), sound)
            yield piece
            place += len(piece)

    async def peaks(
        self, recording_id: str, stretch: Stretch, columns: int, mending: Mending | None = None
    ) -> Sequence[Sequence[int]]:
        """See `Player.peaks`; raises ValueError for no columns or a stretch that is none."""
        if columns < 1 or not 0 <= stretch.start_ms < stretch.stop_ms:
            raise ValueError(f"{columns} columns of {stretch}")
        rendition = await self.open(recording_id, mending=mending)
        async with self._room:
            mixdown = await asyncio.to_thread(self._sounding, rendition)
        sound = _Sound(rendition, mixdown, self._alarm)
        rate = rendition.manifest.rate
        first, last = stretch.start_ms * rate // 1000, stretch.stop_ms * rate // 1000
        rows: tuple[list[int], list[int]] = ([], [])
        for begin in range(0, columns, _PEAK_COLUMNS):
            count = min(_PEAK_COLUMNS, columns - begin)
            low, high = (first + (last - first) * column // columns for column in (begin, begin + count))
            async with self._room:
                made = await asyncio.to_thread(_peaks, sound, low, high, count)
            for row, each in zip(rows, made, strict=True):
                row.extend(each)
        return rows

    def _open(self, recording_id: str, form: Form, strict: bool, mending: Mending | None) -> OpenRendition:
        manifest = self._manifest(recording_id)
        mixdown = self._mixdown(manifest)
        plan = self._plan(manifest, mixdown, mending) if mending is not None else None
        try:
            coding = _CODINGS[form.format](form, _frames(manifest, plan), manifest.rate)
        except wav.TooLongForWav as error:
            raise Unavailable("playback", str(error), retryable=False) from error
        manifests = (manifest, *(plan.doubles if plan else ()))
        told = _told(form, plan) + b"".join(each.to_bytes() for each in manifests)
        return OpenRendition(
            recording_id=RecordingId(manifest.recording),
            content_type=coding.content_type,
            size=len(coding.head) + coding.body_bytes,
            etag=f'"{hashlib.sha256(told).hexdigest()[:32]}"',
            last_modified=max(each.sealed_at for each in manifests),
            mended=_mended(plan, manifest.rate) if plan else None,
            manifest=manifest,
            coding=coding,
            strict=strict,
            plan=plan,
        )

    def _manifest(self, recording_id: str) -> Manifest:
        try:
            manifest = load_manifest(self._source, layout.sealed_directory(recording_id), self._trusted)
        except (FileNotFoundError, ValueError):
            raise KeyError(recording_id) from None
        except (DamagedManifest, OSError) as error:
            raise Unavailable("playback", str(error), retryable=isinstance(error, OSError)) from error
        if manifest.recording != recording_id:
            raise Unavailable("playback", "the manifest is another recording's", retryable=False)
        return manifest

    def _plan(self, manifest: Manifest, mixdown: Mixdown, mending: Mending) -> Plan | None:
        """How the recording is mended by the others; of one that cannot be read nobody knows what it kept out."""
        try:
            others = [(double, self._mixdown(double)) for double in map(self._manifest, mending.doubles)]
        except (KeyError, Unavailable):
            return None
        try:
            return planned((manifest, mixdown), others, before=mending.before, after=mending.after)
        except OSError as error:
            raise Unavailable("playback", str(error)) from error

    def _sounding(self, rendition: OpenRendition) -> Mixdown | MendedMixdown:
        ours, plan = self._mixdown(rendition.manifest), rendition.plan
        return ours if plan is None else MendedMixdown(plan, ours, [self._mixdown(each) for each in plan.doubles])

    def _mixdown(self, manifest: Manifest) -> Mixdown:
        try:
            return Mixdown(manifest, self._source, self._keys, layout.sealed_directory(manifest.recording))
        except KeyMissing:
            raise KeyError(manifest.recording) from None
        except (DamagedEnvelope, OSError) as error:
            raise Unavailable("playback", str(error), retryable=isinstance(error, OSError)) from error


class _Sound:
    """The sound of a rendition; in a strict one damage ends the reading."""

    def __init__(self, rendition: OpenRendition, mixdown: Mixdown | MendedMixdown, alarm: Alarm) -> None:
        self._rendition = rendition
        self._mixdown = mixdown
        self._alarm = alarm

    def __call__(self, start: int, stop: int) -> bytes:
        """See `Sound`. Raises Unavailable, and CorruptAudio when strict."""
        frames = self._rendition.frames
        low, high = min(max(start, 0), frames), max(min(stop, frames), 0)
        if low >= high:
            return bytes(FRAME_BYTES * (stop - start))
        try:
            rendered = self._mixdown.render(low, high)
        except OSError as error:
            raise Unavailable("playback", str(error)) from error
        for damaged in rendered.damaged:
            self._alarm(self._rendition.recording_id, damaged)
            if self._rendition.strict:
                raise CorruptAudio(damaged)
        return bytes(FRAME_BYTES * (low - start)) + rendered.pcm + bytes(FRAME_BYTES * (stop - high))


def _frames(manifest: Manifest, plan: Plan | None) -> int:
    return manifest.frames if plan is None else plan.last - plan.first


def _mended(plan: Plan, rate: int) -> Mended:
    """What a plan does, for people."""

    def ms(frames: int) -> int:
        return frames * 1_000 // rate

    names = [RecordingId(each.recording) for each in plan.doubles]
    near = _NEAR_S * rate
    borrowed = [
        Borrowed(ms(start - plan.first), ms(stop - near - plan.first), track, name)
        for track, pieces in zip(_TRACKS, plan.pieces, strict=True)
        for double, name in enumerate(names)
        for start, stop in merged((piece.start, piece.stop + near) for piece in pieces if piece.double == double)
    ]
    ordered = sorted(borrowed, key=lambda each: (each.start_ms, each.track))
    silent = tuple(Stretch(ms(start - plan.first), ms(stop - plan.first)) for start, stop in plan.kept_out)
    return Mended(ms(-plan.first), ms(plan.last - plan.first), tuple(names), tuple(ordered), silent)


def _told(form: Form, plan: Plan | None) -> bytes:
    """What makes the bytes of one form others than those of another, for the tag."""
    mended = f" {plan.first} {plan.last}" if plan else ""
    return f"{form.format} {form.tracks} 2{mended} ".encode()


def _peaks(sound: Sound, start: int, stop: int, columns: int) -> tuple[list[int], list[int]]:
    rows: tuple[list[int], list[int]] = ([], [])
    for column in peaks(sound(start, max(stop, start + 1)), columns):
        for row, (low, high) in zip(rows, column, strict=True):
            row.extend((low >> _PEAK_SHIFT, high >> _PEAK_SHIFT))
    return rows
