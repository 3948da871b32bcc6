"""Finds what one recording of a call holds in another of the same call, to the frame.

Theory. Recorders of one call receive the same packets, so what both have is the same byte for byte; only where it lies differs:
each goes by a clock of its own, begins when it is asked to, and follows the sender's clock in steps of its own (`timeline`). So a
piece of one is looked for in the other, near the place where the clocks say that it must be, in *windows* all over the time that
both have. A window in which a piece occurs once says how they lie; one in which both have sound and nothing of it is common says
that they are not the same, and one of sound that repeats itself says nothing. What most windows say holds, where some near either
end are among them. How far these are from each other is told: by no more than twice that are both further apart anywhere.

What agrees in nothing is not the same sound, whatever its ids say, and sound that was coded twice is not found either. Clocks
alone prove nothing. Sound that repeats itself for all of the call, as a ring tone or music does, tells no place if clocks are
further apart than is believed: it may be taken for the same a period away.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Final, Protocol

SLACK_S: Final = 2
"""How far apart clocks of recorders may be: far more than those that are set by NTP, and less than what is said twice."""
GUARD_MS: Final = 100
"""More than the steps by which two recordings follow a sender: each track of each is within 20 ms of where its clock puts it."""
_APART_MS: Final = 500
"""How far from each other sightings of the same sound may lie: clocks drift, and of a node that had too much to do when a call
began each track is placed as late as its first packets were read."""
_WINDOWS: Final = 24
_NEAR_AN_END: Final = _WINDOWS // 4
"""Who looks at the first and the last so many windows has seen half of all that two clocks can do to each other."""
_VOTES: Final = 3
_MOST: Final = 0.75
PIECE_FRAMES: Final = 320
"""40 ms of telephone sound, byte for byte the same: no two of them are by chance."""
_WIDTH: Final = 2
_PIECE_BYTES: Final = PIECE_FRAMES * _WIDTH
_TRACKS: Final = (0, 1)


class Tracks(Protocol):
    """One recording's tracks, of so many frames."""

    @property
    def frames(self) -> int:
        """Frames of both."""

    @property
    def rate(self) -> int:
        """Frames of a second."""

    def track(self, stream: int, start: int, stop: int) -> tuple[bytes, Sequence[object]]:
        """Frames of one track as 16-bit linear, silence where it has none and beyond its ends; and what did not open."""


@dataclass(frozen=True, slots=True)
class Alignment:
    """Frame f of ours is frame f + shift of the other; `crossed`: our left is its right. `apart` is how far what was seen lies
    from that at most, in frames."""

    shift: int
    crossed: bool
    apart: int = 0

    def stream(self, ours: int) -> int:
        """The other's track of the party whose track of ours this is."""
        return 1 - ours if self.crossed else ours

    def guard(self, rate: int) -> int:
        """Frames by which the other may lie elsewhere than the shift says, at any place."""
        return rate * GUARD_MS // 1000 + 2 * self.apart


@dataclass(frozen=True, slots=True)
class _Window:
    """What a window of one of our tracks says: how the other lies, or else whether the other's two tracks, the same and its
    other one, have sound there of which nothing is ours."""

    number: int
    seen: Alignment | None
    unlike: tuple[bool, bool] = (False, False)


def aligned(ours: Tracks, other: Tracks, expected: int) -> Alignment | None:
    """How the other lies, where clocks say that its frame 0 is our frame -expected; None where nothing shows that it is the
    same sound."""
    windows = tuple(_windows(ours, other, expected))
    most = ours.rate * _APART_MS // 1000
    same: list[tuple[int, Alignment]] = []
    seen = [(each.number, each.seen) for each in windows if each.seen is not None]
    for _, one in seen:
        near = [each for each in seen if each[1].crossed == one.crossed and abs(each[1].shift - one.shift) <= most]
        same = max(same, near, key=len)
    if len(same) < _VOTES or same[0][0] >= _NEAR_AN_END or same[-1][0] < _WINDOWS - _NEAR_AN_END:
        return None
    shifts = sorted(each.shift for _, each in same)
    middle = replace(same[0][1], shift=shifts[len(shifts) // 2])
    against = len(seen) - len(same) + sum(each.unlike[middle.crossed] for each in windows)
    if len(same) < _MOST * (len(same) + against):
        return None
    return replace(middle, apart=max(middle.shift - shifts[0], shifts[-1] - middle.shift))


def nearest(ours: Tracks, stream: int, place: int, other: Tracks, alignment: Alignment) -> int | None:
    """The shift by which the piece of our track that begins at a place lies in the other, the nearest to what holds in general
    and within the guard; None where it is not there."""
    guard = alignment.guard(ours.rate)
    first = place + alignment.shift - guard
    there, _ = other.track(alignment.stream(stream), first, first + PIECE_FRAMES + 2 * guard)
    piece, _ = ours.track(stream, place, place + PIECE_FRAMES)
    if _is_silent(piece):
        # Silence is everywhere.
        return None
    shifts = (first + each - place for each in _places(there, piece))
    return min(shifts, key=lambda shift: abs(shift - alignment.shift), default=None)


def _windows(ours: Tracks, other: Tracks, expected: int) -> Iterator[_Window]:
    """What both have, in windows from one end to the other."""
    rate = ours.rate
    low, high = max(0, -expected), min(ours.frames, other.frames - expected)
    window, slack = min(rate, high - low), SLACK_S * rate
    if window <= 0:
        return
    for number in range(_WINDOWS):
        start = low + (high - low - window) * number // (_WINDOWS - 1)
        first = start + expected - slack
        there = [other.track(stream, first, first + window + 2 * slack)[0] for stream in _TRACKS]
        for stream in _TRACKS:
            here = ours.track(stream, start, start + window)[0]
            straight, across = there[stream], there[1 - stream]
            place, crossed, common = _seen(here, straight, across)
            if place is not None:
                # What is said a second time within the window may be found further off than clocks are believed to be.
                seen = Alignment(first + place - start, crossed) if abs(place - slack) <= slack else None
                yield _Window(number, seen, (seen is None, seen is None))
            elif not common and _sounds(here):
                middle = slice(slack * _WIDTH, (slack + window) * _WIDTH)
                yield _Window(number, None, (_sounds(straight[middle]), _sounds(across[middle])))


def _seen(here: bytes, straight: bytes, across: bytes) -> tuple[int | None, bool, bool]:
    """How much later than in our window a piece of it lies in a stretch of the same track of the other, or of its other track, in
    which it occurs once; in which of them; and whether any piece occurs in them at all."""
    common = False
    for begin, piece in _pieces(here):
        for there, crossed in ((straight, False), (across, True)):
            places = tuple(islice(_places(there, piece), 2))
            common = common or bool(places)
            if len(places) == 1:
                return places[0] - begin // _WIDTH, crossed, True
    return None, False, common


def _sounds(window: bytes) -> bool:
    """Whether there is sound in most of a window."""
    return 2 * sum(1 for _ in _pieces(window)) * _PIECE_BYTES > len(window)


def _pieces(window: bytes) -> Iterator[tuple[int, bytes]]:
    """The pieces of a window that are not silent, and at which byte each begins."""
    for begin in range(0, len(window) - _PIECE_BYTES + 1, _PIECE_BYTES):
        piece = window[begin : begin + _PIECE_BYTES]
        if not _is_silent(piece):
            yield begin, piece


def _is_silent(piece: bytes) -> bool:
    return piece == piece[:_WIDTH] * PIECE_FRAMES


def _places(there: bytes, piece: bytes) -> Iterator[int]:
    """The frames at which a piece begins in a stretch."""
    at = there.find(piece)
    while at >= 0:
        if at % _WIDTH == 0:
            yield at // _WIDTH
        at = there.find(piece, at + 1)
