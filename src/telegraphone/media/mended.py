"""One recording of a call with what others of the same call have where it has none: the best of all, and nothing that one of them
kept out.

Theory. A *hole* of a recording is what it lost (`gap`, `corrupt`) and, where nobody wanted it so, what lies before its
beginning and behind its end. A hole is *mended* by a *double*, another recording of the same sound (`alignment`), as far as that
has it. What one of them kept out or had taken out of it (`paused`, `held`, `redacted`) is digital zero on both tracks whatever
another holds there: a pause of one recorder need not have reached the other. A recording is bound by its own pauses to the
frame, and by those of others GUARD_MS wider, because their distance changes by less than that. One that was kept out at its very
end (or beginning) says nothing of how long: beyond it nothing is added. Each piece is put where the sound in front of it, or
behind it, says. Nothing of it is stored: the plan is made of the manifests when the recording is opened, and the sealed files
stay as they are.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from telegraphone.limits import MENDED_PIECES_MAX
from telegraphone.media.alignment import GUARD_MS, PIECE_FRAMES, Alignment, aligned, nearest
from telegraphone.media.manifest import Manifest
from telegraphone.media.mixdown import TRACKS, DamagedPlace, Mixdown, Rendered, blank, interleave
from telegraphone.media.spans import Range, merged, within, without

Recording = tuple[Manifest, Mixdown]
"""What is known of a recording, and its sound."""

_KEPT_OUT: Final = ("paused", "held", "redacted")
_MICROSECOND: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Piece:
    """Frames start ≤ f < stop of one track of ours that a double sounds in: there frame f is `source + f - start` of its track
    `stream`."""

    start: int
    stop: int
    double: int
    stream: int
    source: int


@dataclass(frozen=True, slots=True)
class Plan:
    """How a recording is mended, in frames of its own timeline; it begins at `first`, which is not above 0, and ends at `last`.
    `doubles` are those that are the same sound, and `pieces` by track what is taken from which of them; our own sound is
    silent in all of `barred`. `kept_out` is what one of them or we kept out."""

    first: int
    last: int
    doubles: tuple[Manifest, ...]
    pieces: tuple[tuple[Piece, ...], tuple[Piece, ...]]
    barred: tuple[Range, ...]
    kept_out: tuple[Range, ...]


@dataclass(frozen=True, slots=True)
class _Double:
    manifest: Manifest
    mixdown: Mixdown
    alignment: Alignment

    def ours(self, ranges: Iterable[Range]) -> tuple[Range, ...]:
        """Ranges of its frames on our timeline."""
        return merged((start - self.alignment.shift, stop - self.alignment.shift) for start, stop in ranges)

    def has(self, stream: int) -> tuple[Range, ...]:
        """What it has of the party that is on this track of ours, on our timeline."""
        return self.ours(without([(0, self.manifest.frames)], self.manifest.silences(self.alignment.stream(stream))))


def planned(ours: Recording, others: Sequence[Recording], *, before: bool, after: bool) -> Plan | None:
    """How others mend a recording, the first of them first; `before` and `after` say whether what lies beyond its ends may come
    from them. None when none of them is the same sound. Raises OSError."""
    manifest, mixdown = ours
    doubles = _doubles(ours, others)
    if not doubles:
        return None
    kept = [_kept_out(manifest), *(each.ours(_kept_out(each.manifest)) for each in doubles)]
    first, last = _ends(manifest, doubles)
    first, last = first if before else 0, last if after else manifest.frames
    barred = [_barred(kept, index, manifest.rate * GUARD_MS // 1000) for index in range(len(kept))]
    left, right = (
        tuple(_pieces(_missing(manifest, stream, first, last), mixdown, stream, tuple(zip(doubles, barred[1:], strict=True))))
        for stream in range(TRACKS)
    )
    kept_out = tuple(within(merged(each for ranges in kept for each in ranges), first, last))
    return Plan(first, last, tuple(each.manifest for each in doubles), (left, right), barred[0], kept_out)


class MendedMixdown:
    """Renders stretches of a mended recording, from `Plan.first` on as frame 0. For one thread at a time."""

    def __init__(self, plan: Plan, ours: Mixdown, doubles: Sequence[Mixdown]) -> None:
        """`doubles` in the order of the plan."""
        self._plan = plan
        self._ours = ours
        self._doubles = doubles

    def render(self, start: int, stop: int) -> Rendered:
        """See `Mixdown.render`."""
        low, high = start + self._plan.first, stop + self._plan.first
        damage: list[DamagedPlace] = []
        tracks = [self._track(stream, low, high, damage) for stream in range(TRACKS)]
        return Rendered(interleave(*tracks), tuple(damage))

    def _track(self, stream: int, start: int, stop: int, damage: list[DamagedPlace]) -> bytes:
        sound, damaged = self._ours.track(stream, start, stop)
        damage += damaged
        pcm = bytearray(sound)
        blank(pcm, start, self._plan.barred)
        for piece in self._plan.pieces[stream]:
            low, high = max(start, piece.start), min(stop, piece.stop)
            if low < high:
                source = piece.source + low - piece.start
                borrowed, damaged = self._doubles[piece.double].track(piece.stream, source, source + high - low)
                pcm[2 * (low - start) : 2 * (high - start)] = borrowed
                name = self._plan.doubles[piece.double].recording
                damage += [replace(each, file=f"{name}/{each.file}") for each in damaged]
        return bytes(pcm)


def _doubles(ours: Recording, others: Iterable[Recording]) -> tuple[_Double, ...]:
    """Those of the others that are the same sound; none at all where one that is not known to be has kept something out, of which
    nobody can say where in ours it lies."""
    manifest, mixdown = ours
    found: list[_Double] = []
    for theirs, sound in others:
        apart = (manifest.started_at - theirs.started_at) // _MICROSECOND * manifest.rate // 1_000_000
        alignment = aligned(mixdown, sound, apart) if theirs.rate == manifest.rate else None
        if alignment is not None:
            found.append(_Double(theirs, sound, alignment))
        elif _kept_out(theirs):
            return ()
    return tuple(found)


def _kept_out(manifest: Manifest) -> tuple[Range, ...]:
    return merged((span.start, span.stop) for span in manifest.spans if span.kind in _KEPT_OUT)


def _barred(kept: Sequence[Iterable[Range]], mine: int, guard: int) -> tuple[Range, ...]:
    """Where nothing of one recording may be heard: what it kept out itself, and, wider, what others did."""
    widened = ((start - guard, stop + guard) for index, ranges in enumerate(kept) if index != mine for start, stop in ranges)
    return merged([*kept[mine], *widened])


def _ends(manifest: Manifest, doubles: Iterable[_Double]) -> Range:
    """How far doubles reach beyond a recording that was not kept out at its ends."""
    ends = [(0, manifest.frames), *(span for each in doubles for span in each.ours([(0, each.manifest.frames)]))]
    first, last = min(start for start, _ in ends), max(stop for _, stop in ends)
    shut_first, shut_last = (_shut_at(manifest, place) for place in (0, manifest.frames))
    return 0 if shut_first else first, manifest.frames if shut_last else last


def _shut_at(manifest: Manifest, place: int) -> bool:
    """Whether it was kept out beside a place; what was shut when it ended need not have kept out any frame."""
    return any(span.start <= place <= span.stop for span in manifest.spans if span.kind in _KEPT_OUT)


def _missing(manifest: Manifest, stream: int, first: int, last: int) -> tuple[Range, ...]:
    """What a track of this recording does not have between these frames."""
    return merged([(first, 0), *manifest.silences(stream), (manifest.frames, last)])


def _pieces(
    holes: tuple[Range, ...], ours: Mixdown, stream: int, doubles: Iterable[tuple[_Double, tuple[Range, ...]]]
) -> Iterator[Piece]:
    """What doubles have of these holes of a track, the first of them first, each but where it is barred."""
    for index, (double, barred) in enumerate(doubles):
        has = without(double.has(stream), barred)
        taken = [each for start, stop in holes for each in within(has, start, stop)]
        for count, (start, stop) in enumerate(taken):
            exact = count < MENDED_PIECES_MAX
            shift = _joined(ours, stream, (start, stop), double) if exact else double.alignment.shift
            yield Piece(start, stop, index, double.alignment.stream(stream), start + shift)
        holes = without(holes, taken)


def _joined(ours: Mixdown, stream: int, hole: Range, double: _Double) -> int:
    """By which shift what the double has goes on from what lies in front of a hole, or else leads to what lies behind it."""
    for place in (hole[0] - PIECE_FRAMES, hole[1]):
        shift = nearest(ours, stream, place, double.mixdown, double.alignment)
        if shift is not None:
            return shift
    return double.alignment.shift
