"""What a source is known to have sent while nothing of it came, or nothing that could be kept: it is missing, and must be said.

That a source says nothing is no fault, and nobody can tell from here; somebody else can, who counts what it sends. It is missing
from a frame on, until something comes again or, at the latest, until somebody else is to be heard.
"""

from collections.abc import Callable
from typing import Final

from telegraphone.media.track import Track

_NEVER: Final = 1 << 62


class Outage:
    """That of one track; frames of its timeline."""

    __slots__ = ("_missing", "_start", "_stop", "_track")

    def __init__(self, track: Track, missing: Callable[[int, int], None]) -> None:
        """`missing` is called with the first frame of what is missing and the one behind it; the latter may lie before it."""
        self._track = track
        self._missing = missing
        self._start: int | None = None
        self._stop = _NEVER

    def begin(self, position: int) -> None:
        """The source sends, and nothing has come from this frame on; one that lasts goes on. What is filler by now is told at
        once, for the recorder may be killed before it is over."""
        self.tell(position)
        if self._start is None or self._stop != _NEVER:
            self._start, self._stop = max(position, self._track.audio_end), _NEVER
        self.tell(self._track.head)

    def between(self, start: int, stop: int) -> None:
        """Of what the source sent from one frame to the other nothing has come, nor will but its end. One that lasts goes on."""
        if start < stop and (self._start is None or self._stop != _NEVER):
            self.begin(start)
            self.end_by(stop)

    def tell(self, position: int) -> None:
        """What was to come up to this frame has not come, and will not."""
        if self._start is None:
            return
        start, stop = self._start, min(position, self._stop)
        self._start = None if stop == self._stop else max(start, stop)
        self._missing(start, stop)

    def end_by(self, position: int) -> None:
        """From this frame on nothing is missing, whatever comes."""
        self._stop = min(self._stop, position)

    def over(self, position: int) -> tuple[int, int]:
        """Something has come that lies at this frame. What is missing before it, and was not told yet, from where to where."""
        if self._start is None:
            return position, position
        start, stop = self._start, min(position, self._stop)
        self._start, self._stop = None, _NEVER
        return start, stop

    def move(self, frames: int) -> None:
        """Frame 0 lies so many frames earlier now."""
        if self._start is not None:
            self._start += frames
            self._stop = _NEVER if self._stop == _NEVER else self._stop + frames
