"""One recording of a call with what others of the same call have where it has none: the best of all, and nothing that one of them
kept out.

Theory. A *hole* of a recording is what it lost (`gap`, `corrupt`) and, where nobody wanted it so, what lies before its
beginning and behind its end. A hole is *mended* by a *double*, another recording of the same sound (`alignment`), as far as that
has it. What one of them kept out or had taken out of it (`paused`, `held`, `redacted`) is digital zero on both tracks whatever
another holds there: a pause of one recorder need not have reached the other. A recording is bound by its own pauses to the
frame, and by those of others wider, by as much as their distance may be another there (`Alignment.guard`). One that was kept out
at its very end (or beginning) says nothing of how long: what lies beyond it is as if kept out, up to the same recorder's next
recording (or the one before), and to the end of all where there is none. A recording that kept something out and whose place is
not known may have kept out anything: then nothing is mended.

Each piece is put where the sound in front of it, or behind it, says. Nothing of it is stored: the plan is made of the manifests
when the recording is opened, and the sealed files stay as they are.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from telegraphone.limits import MENDED_PIECES_MAX
from telegraphone.media.alignment import PIECE_FRAMES, Alignment, aligned, nearest
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
    silent in all of `barred`. `kept_out` is what one of them or we kept out, and what lies beyond an end at which one was."""

    first: int
    last: int
    doubles: tuple[Manifest, ...]
    pieces: tuple[tuple[Piece, ...], tuple[Piece, ...]]
    barred: tuple[Range, ...]
    kept_out: tuple[Range, ...]


@dataclass(frozen=True, slots=True)
class _Placed:
    """A recording and how it lies to ours."""

    manifest: Manifest
    mixdown: Mixdown
    alignment: Alignment

    @property
    def recorder(self) -> str:
        """Whose recordings follow each other: those of one call."""
        return self.manifest.call or self.manifest.recording

    @property
    def place(self) -> Range:
        """Where it lies on our timeline."""
        return -self.alignment.shift, self.manifest.frames - self.alignment.shift

    def ours(self, ranges: Iterable[Range]) -> tuple[Range, ...]:
        """Ranges of its frames on our timeline."""
        return merged((start - self.alignment.shift, stop - self.alignment.shift) for start, stop in ranges)

    def has(self, stream: int) -> tuple[Range, ...]:
        """What it has of the party that is on this track of ours, on our timeline."""
        return self.ours(without([(0, self.manifest.frames)], self.manifest.silences(self.alignment.stream(stream))))


def planned(ours: Recording, others: Sequence[Recording], *, before: bool, after: bool) -> Plan | None:
    """How all others of the call mend a recording, the first of them first; `before` and `after` say whether what lies beyond its
    ends may come from them. None when none of them is the same sound, or one kept out something of which nobody knows where it
    lies. Raises OSError."""
    manifest, mixdown = ours
    found = [(each, _alignment(ours, each)) for each in others]
    if any(alignment is None and _kept_out(theirs) for (theirs, _), alignment in found):
        return None
    doubles = tuple(_Placed(*each, alignment) for each, alignment in found if alignment is not None)
    if not doubles:
        return None
    placed = (_Placed(manifest, mixdown, Alignment(0, crossed=False)), *doubles)
    kept = [(*each.ours(_kept_out(each.manifest)), *_beyond(each, placed)) for each in placed]
    barred = [_barred(kept, placed, index) for index in range(len(placed))]
    first, last = _ends(placed)
    first, last = first if before else 0, last if after else manifest.frames
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


def _alignment(ours: Recording, other: Recording) -> Alignment | None:
    (manifest, mixdown), (theirs, sound) = ours, other
    if theirs.rate != manifest.rate:
        return None
    apart = (manifest.started_at - theirs.started_at) // _MICROSECOND * manifest.rate // 1_000_000
    return aligned(mixdown, sound, apart)


def _kept_out(manifest: Manifest) -> list[Range]:
    """What it kept out, in its own frames; what was shut when it ended need not have kept out any."""
    return [(span.start, span.stop) for span in manifest.spans if span.kind in _KEPT_OUT]


def _shut_at(manifest: Manifest, place: int) -> bool:
    """Whether it was kept out beside a place."""
    return any(start <= place <= stop for start, stop in _kept_out(manifest))


def _beyond(one: _Placed, placed: Sequence[_Placed]) -> Iterator[Range]:
    """What lies beyond an end at which a recording was kept out, up to the same recorder's next one."""
    start, stop = one.place
    same = [each.place for each in placed if each.recorder == one.recorder]
    if _shut_at(one.manifest, 0):
        yield max((end for begin, end in same if begin < start), default=min(each.place[0] for each in placed)), start
    if _shut_at(one.manifest, one.manifest.frames):
        yield stop, min((begin for begin, _ in same if begin > start), default=max(each.place[1] for each in placed))


def _barred(kept: Sequence[Iterable[Range]], placed: Sequence[_Placed], mine: int) -> tuple[Range, ...]:
    """Where nothing of one recording may be heard: what it kept out itself, and, wider, what others did."""
    barred = [*kept[mine]]
    for index, other in enumerate(placed):
        if index != mine:
            guard = other.alignment.guard(other.manifest.rate) + 2 * placed[mine].alignment.apart
            barred += [(start - guard, stop + guard) for start, stop in kept[index]]
    return merged(barred)


def _ends(placed: Sequence[_Placed]) -> Range:
    """How far doubles reach beyond the first of these, where that was not kept out at its ends."""
    manifest = placed[0].manifest
    first, last = min(each.place[0] for each in placed), max(each.place[1] for each in placed)
    shut_first, shut_last = (_shut_at(manifest, place) for place in (0, manifest.frames))
    return 0 if shut_first else first, manifest.frames if shut_last else last


def _missing(manifest: Manifest, stream: int, first: int, last: int) -> tuple[Range, ...]:
    """What a track of this recording does not have between these frames."""
    return merged([(first, 0), *manifest.silences(stream), (manifest.frames, last)])


def _pieces(
    holes: tuple[Range, ...], ours: Mixdown, stream: int, doubles: Iterable[tuple[_Placed, tuple[Range, ...]]]
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


def _joined(ours: Mixdown, stream: int, hole: Range, double: _Placed) -> int:
    """By which shift what the double has goes on from what lies in front of a hole, or else leads to what lies behind it."""
    for place in (hole[0] - PIECE_FRAMES, hole[1]):
        shift = nearest(ours, stream, place, double.mixdown, double.alignment)
        if shift is not None:
            return shift
    return double.alignment.shift
