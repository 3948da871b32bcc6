"""Finds what one recording of a call holds in another of the same call, to the frame.

Theory. Recorders of one call receive the same packets, so what both have is the same byte for byte; only where it lies differs:
each goes by a clock of its own, begins when it is asked to, and follows the sender's clock in steps of its own (`timeline`). So a
piece of one is looked for in the other, near the place where the clocks say that it must be. Sound of which a piece occurs
once, at the same distance in several places of the call, is the same sound; what agrees in nothing is not, whatever its ids say,
and sound that was coded twice is not found either. Clocks alone prove nothing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final, Protocol

SLACK_S: Final = 2
"""How far apart clocks of recorders may be: far more than those that are set by NTP, and less than what is said twice."""
GUARD_MS: Final = 100
"""More than the distance of two recordings changes in a call: each track of each is within 20 ms of where its clock puts it."""
_WINDOWS: Final = 24
_STRIDE: Final = 7
"""Has no divisor in common with the number of windows, so that each comes once."""
_VOTES: Final = 3
PIECE_FRAMES: Final = 320
"""40 ms of telephone sound, byte for byte the same: no two of them are by chance."""
_WIDTH: Final = 2
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
    """Frame f of ours is frame f + shift of the other; `crossed`: our left is its right."""

    shift: int
    crossed: bool

    def stream(self, ours: int) -> int:
        """The other's track of the party whose track of ours this is."""
        return 1 - ours if self.crossed else ours


def aligned(ours: Tracks, other: Tracks, expected: int) -> Alignment | None:
    """How the other lies, where clocks say that its frame 0 is our frame -expected; None where nothing shows that it is the
    same sound."""
    found: list[Alignment] = []
    for each in _sightings(ours, other, expected):
        found.append(each)
        guard = ours.rate * GUARD_MS // 1000
        same = [one for one in found if one.crossed == each.crossed and abs(one.shift - each.shift) <= guard]
        if len(same) >= _VOTES and 2 * len(same) > len(found):
            return Alignment(sorted(one.shift for one in same)[len(same) // 2], each.crossed)
    return None


def nearest(ours: Tracks, stream: int, place: int, other: Tracks, alignment: Alignment) -> int | None:
    """The shift by which the piece of our track that begins at a place lies in the other, the nearest to what holds in general
    and within the guard; None where it is not there."""
    guard = ours.rate * GUARD_MS // 1000
    first = place + alignment.shift - guard
    there, _ = other.track(alignment.stream(stream), first, first + PIECE_FRAMES + 2 * guard)
    piece, _ = ours.track(stream, place, place + PIECE_FRAMES)
    if piece == piece[:_WIDTH] * PIECE_FRAMES:
        # Silence is everywhere.
        return None
    shifts = (first + each - place for each in _places(there, piece))
    return min(shifts, key=lambda shift: abs(shift - alignment.shift), default=None)


def _sightings(ours: Tracks, other: Tracks, expected: int) -> Iterator[Alignment]:
    """Where pieces of ours are seen in the other, all over the time that both have."""
    rate = ours.rate
    low, high = max(0, -expected), min(ours.frames, other.frames - expected)
    window, slack = min(rate, high - low), SLACK_S * rate
    if window <= 0:
        return
    for each in range(_WINDOWS):
        # Far apart first: what was done to the clocks meanwhile shows early.
        start = low + (high - low - window) * (each * _STRIDE % _WINDOWS) // (_WINDOWS - 1)
        first = start + expected - slack
        there = [other.track(stream, first, first + window + 2 * slack)[0] for stream in _TRACKS]
        for stream in _TRACKS:
            seen = _seen(ours.track(stream, start, start + window)[0], there[stream], there[1 - stream])
            if seen is not None:
                place, at, crossed = seen
                shift = first + at - start - place
                if abs(shift - expected) <= slack:
                    yield Alignment(shift, crossed)


def _seen(here: bytes, straight: bytes, across: bytes) -> tuple[int, int, bool] | None:
    """Which piece of a window occurs once in the same track of the other, or once in its other track, and where."""
    length = PIECE_FRAMES * _WIDTH
    for begin in range(0, len(here) - length + 1, length):
        piece = here[begin : begin + length]
        for there, crossed in ((straight, False), (across, True)):
            places = tuple(islice(_places(there, piece), 2))
            if len(places) == 1:
                return begin // _WIDTH, places[0], crossed
    return None


def _places(there: bytes, piece: bytes) -> Iterator[int]:
    """The frames at which a piece begins in a stretch."""
    at = there.find(piece)
    while at >= 0:
        if at % _WIDTH == 0:
            yield at // _WIDTH
        at = there.find(piece, at + 1)
