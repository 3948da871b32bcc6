"""What use cases and faces need of finished recordings as things that are heard."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from telegraphone.domain.ids import CallUuid, RecordingId


@dataclass(frozen=True, slots=True)
class Form:
    """How a recording is to sound: in which format, and with both parties apart (agent left, other right), mixed into one
    track, or one of them alone."""

    format: Literal["wav", "mp3", "ogg"] = "wav"
    tracks: Literal["both", "mixed", "agent", "other"] = "both"


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of a recording in milliseconds."""

    start_ms: int
    stop_ms: int


@dataclass(frozen=True, slots=True)
class Mending:
    """The other recordings of a call, its doubles, all of them and in which calls each is listed, from which one may have what it
    lacks; what lies `before` its
    beginning and `after` its end as well, where nobody wanted it to begin and end there."""

    doubles: Mapping[RecordingId, CallUuid]
    before: bool
    after: bool


@dataclass(frozen=True, slots=True)
class Borrowed:
    """A stretch of one track of a mended recording that is a double's sound, but for less than a second at a time."""

    start_ms: int
    stop_ms: int
    track: Literal["agent", "other"]
    recording_id: RecordingId


@dataclass(frozen=True, slots=True)
class Mended:
    """How a recording was mended: it is `duration_ms` long and begins `before_ms` before it would by itself. `doubles` are those
    that were found to be the same sound, `kept_out` is what one of them, or it itself, kept out: silence."""

    before_ms: int
    duration_ms: int
    doubles: tuple[RecordingId, ...]
    borrowed: tuple[Borrowed, ...]
    kept_out: tuple[Stretch, ...]


@dataclass(frozen=True, slots=True)
class Rendition:
    """One recording in one form. `size` is known before anything is made; `etag` is strong. `mended` is None when it is
    played by itself."""

    recording_id: RecordingId
    content_type: str
    size: int
    etag: str
    last_modified: datetime
    mended: Mended | None


class Player(Protocol):
    """Plays finished recordings."""

    async def open(self, recording_id: RecordingId, form: Form = Form(), *, mending: Mending | None = None) -> Rendition:
        """Raises `KeyError` when there is no such finished recording, `Unavailable("playback")` when it cannot be read. It is
        not mended when a double is not there or cannot be read, or kept out something of which nobody knows where it lies."""

    def read(self, rendition: Rendition, start: int, end: int) -> AsyncIterator[bytes]:
        """Bytes [start, end) in bounded pieces, each verified before it is yielded."""

    async def peaks(
        self, recording_id: RecordingId, stretch: Stretch, columns: int, mending: Mending | None = None
    ) -> Sequence[Sequence[int]]:
        """For drawing: for agent and other the lowest and highest sample, −128 to 127, of each of so many equal columns, in
        one row after the other. What lies behind the end is 0. Raises as `open` does."""
