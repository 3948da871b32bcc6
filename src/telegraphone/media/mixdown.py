"""Brings a finished recording's streams together on one timeline: stereo frames, stream 0 left, stream 1 right.

Any stretch of frames is rendered at a cost that follows its length alone, because the place of a frame in its file is
arithmetic. Every unit is verified before any of it is decoded. What the manifest marks as holding no audio comes out as
digital zero whatever is stored there, and so does what no file covers and what does not open; that last is reported.
"""

import array
from dataclasses import dataclass
from typing import Final

from telegraphone.media.errors import DamagedHeader, WrongKey
from telegraphone.media.g711 import a_to_linear, mu_to_linear
from telegraphone.media.linear import samples_of
from telegraphone.media.manifest import EpochFact, Manifest, open_epoch
from telegraphone.media.ports import KeyStore, SealedSource
from telegraphone.media.spans import Range, merged, within
from telegraphone.media.unseal import EpochReader

TRACKS: Final = 2
FRAME_BYTES: Final = 4
"""One stereo frame: two little-endian 16-bit samples."""


@dataclass(frozen=True, slots=True)
class DamagedPlace:
    """A unit that did not open where the manifest promised audio; `segment` is None when the whole file is refused."""

    file: str
    segment: int | None


@dataclass(frozen=True, slots=True)
class Rendered:
    """Interleaved stereo frames and what had to be left silent in them."""

    pcm: bytes
    damaged: tuple[DamagedPlace, ...]


class Mixdown:
    """Renders stretches of one recording. For one thread at a time."""

    def __init__(self, manifest: Manifest, source: SealedSource, keys: KeyStore, directory: str) -> None:
        """Opens every audio file, so that a missing key shows at once. Raises KeyMissing, DamagedEnvelope, OSError. A
        file that is not the one the manifest speaks of is refused whole, and reported where it should have sounded."""
        self._manifest = manifest
        streams = []
        for stream in range(TRACKS):
            facts = _facts(manifest, stream)
            epochs = [_Epoch(fact, _opened(manifest, fact, source, keys, directory)) for fact in facts]
            streams.append(_Stream(manifest, stream, epochs))
        self._streams = streams
        self.frames: Final = manifest.frames
        self.rate: Final = manifest.rate

    def render(self, start: int, stop: int) -> Rendered:
        """Frames start ≤ f < stop of the timeline as (stop − start) × 4 bytes. Raises ValueError beyond the recording."""
        if not 0 <= start <= stop <= self._manifest.frames:
            raise ValueError(f"frames {start} to {stop} of {self._manifest.frames}")
        left, left_damage = self._streams[0].linear(start, stop)
        right, right_damage = self._streams[1].linear(start, stop)
        return Rendered(interleave(left, right), (*left_damage, *right_damage))

    def track(self, stream: int, start: int, stop: int) -> tuple[bytes, list[DamagedPlace]]:
        """Frames start ≤ f < stop of one track, 16-bit linear, silence beyond the recording, and what did not open in them."""
        low, high = min(max(start, 0), self.frames), max(min(stop, self.frames), 0)
        if low >= high:
            return bytes(2 * (stop - start)), []
        sound, damage = self._streams[stream].linear(low, high)
        return bytes(2 * (low - start)) + sound + bytes(2 * (stop - high)), damage


class _Epoch:
    """One audio file as the manifest describes it, and a reader if it is that file."""

    def __init__(self, fact: EpochFact, reader: EpochReader | None) -> None:
        self.fact = fact
        self.stop = fact.first_frame + fact.frames
        self.reader = reader

    def linear(self, start: int, stop: int) -> tuple[bytes, list[int | None]]:
        """Frames of the timeline inside this epoch, 16-bit linear, and the numbers of the segments left silent."""
        if not self.reader:
            return bytes(2 * (stop - start)), [None]
        header = self.reader.header
        low, high = start - self.fact.first_frame, stop - self.fact.first_frame
        first, last = low // header.segment_frames, (high - 1) // header.segment_frames
        units = self._units(self.reader, first, last)
        damaged: list[int | None] = [first + n for n, unit in enumerate(units) if unit is None]
        whole = b"".join(bytes(2 * header.segment_frames) if unit is None else decode(header.codec, unit) for unit in units)
        skip = 2 * (low - first * header.segment_frames)
        return whole[skip : skip + 2 * (high - low)].ljust(2 * (high - low), b"\0"), damaged

    def _units(self, reader: EpochReader, first: int, last: int) -> list[bytes | None]:
        full = min(last + 1, self.fact.segments) - first
        units = reader.segments(first, full) if full > 0 else []
        if last >= self.fact.segments:
            units.append(reader.closing())
        return units


class _Stream:
    """One party's epochs on the timeline, and where it is silent."""

    def __init__(self, manifest: Manifest, stream: int, epochs: list[_Epoch]) -> None:
        self._epochs = epochs
        self._silences = manifest.silences(stream)
        spans = (span for span in manifest.spans if span.kind == "corrupt" and span.stream in (None, stream))
        self._known = merged((span.start, span.stop) for span in spans)

    def linear(self, start: int, stop: int) -> tuple[bytes, list[DamagedPlace]]:
        """Frames of the timeline, 16-bit linear, zero where the stream is silent, and what did not open in them."""
        pcm = bytearray(2 * (stop - start))
        damage: list[DamagedPlace] = []
        for epoch in self._epochs:
            low, high = max(start, epoch.fact.first_frame), min(stop, epoch.stop)
            if low >= high:
                continue
            sound, damaged = epoch.linear(low, high)
            pcm[2 * (low - start) : 2 * (high - start)] = sound
            damage += [DamagedPlace(epoch.fact.file, i) for i in damaged if not self._is_known(epoch, i)]
        blank(pcm, start, self._silences)
        return bytes(pcm), damage

    def _is_known(self, epoch: _Epoch, segment: int | None) -> bool:
        """Whether the manifest itself says that this segment is damaged."""
        if segment is None or epoch.reader is None:
            return False
        length = epoch.reader.header.segment_frames
        start = epoch.fact.first_frame + segment * length
        return tuple(within(self._known, start, start + length)) == ((start, start + length),)


def decode(codec: str, stored: bytes) -> bytes:
    """Stored bytes of one stream as 16-bit little-endian linear. Raises ValueError for an unknown codec."""
    match codec:
        case "PCMU":
            return mu_to_linear(stored)
        case "PCMA":
            return a_to_linear(stored)
        case "L16":
            return stored
    raise ValueError(f"unknown codec {codec!r}")


def blank(pcm: bytearray, first_frame: int, silences: tuple[Range, ...]) -> None:
    """Writes digital zero over every marked frame of a mono stretch that begins at `first_frame`."""
    for start, stop in within(silences, first_frame, first_frame + len(pcm) // 2):
        pcm[2 * (start - first_frame) : 2 * (stop - first_frame)] = bytes(2 * (stop - start))


def interleave(left: bytes, right: bytes) -> bytes:
    """Two mono stretches of equal length as stereo frames."""
    # Samples are only moved, never calculated with, so the machine's byte order does not matter.
    frames = array.array("H", bytes(2 * len(left)))
    frames[0::2] = array.array("H", left)
    frames[1::2] = array.array("H", right)
    return frames.tobytes()


def peaks(frames: bytes, columns: int) -> tuple[tuple[Range, Range], ...]:
    """The lowest and highest sample of left and right in each of `columns` equal stretches of stereo frames, for drawing.

    A column narrower than a frame shows the frame it lies in; no frames at all give columns of zeros.
    """
    count = len(frames) // FRAME_BYTES
    if not count:
        return (((0, 0), (0, 0)),) * columns
    samples = samples_of(frames[: count * FRAME_BYTES])
    result = []
    for column in range(columns):
        start = column * count // columns
        stop = max(start + 1, (column + 1) * count // columns)
        left, right = samples[2 * start : 2 * stop : 2], samples[2 * start + 1 : 2 * stop : 2]
        result.append(((min(left), max(left)), (min(right), max(right))))
    return tuple(result)


def _facts(manifest: Manifest, stream: int) -> list[EpochFact]:
    """A stream's epochs in order of time; where two cover a frame, the later file counts."""
    mine = [fact for fact in manifest.epochs if fact.stream == stream and fact.frames]
    return sorted(mine, key=lambda fact: (fact.epoch, fact.first_frame))


def _opened(manifest: Manifest, fact: EpochFact, source: SealedSource, keys: KeyStore, directory: str) -> EpochReader | None:
    """A reader of the file, None when what lies there is not the file the manifest speaks of."""
    try:
        return open_epoch(manifest, fact, source, keys, directory=directory)
    except (DamagedHeader, WrongKey, FileNotFoundError):
        return None
