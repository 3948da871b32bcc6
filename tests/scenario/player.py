"""A player without audio: finished recordings are whatever bytes a test says they are."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

from telegraphone.domain.ids import RecordingId
from telegraphone.services.player_ports import Borrowed, Form, Mended, Mending, Rendition, Stretch
from telegraphone.services.ports import Unavailable

MADE_AT = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
_PIECE = 1000
_WAV = Form()
_TYPES = {"wav": "audio/wav", "mp3": "audio/mpeg", "ogg": "audio/ogg"}


class SimulatedPlayer:
    """A `Player`."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.unreadable = False

    async def open(self, recording_id: RecordingId, form: Form = _WAV, *, mending: Mending | None = None) -> Rendition:
        if self.unreadable:
            raise Unavailable("playback")
        size, tag = len(self.files[recording_id]), f'"{recording_id}-{form.format}-{form.tracks}"'
        mended = None
        if mending is not None:
            borrowed = tuple(Borrowed(1_000, 2_000, "agent", each) for each in mending.doubles)
            mended = Mended(500 * mending.before, 41_000, tuple(mending.doubles), borrowed, (Stretch(3_000, 4_000),))
        return Rendition(recording_id, _TYPES[form.format], size, tag, MADE_AT, mended)

    async def read(self, rendition: Rendition, start: int, end: int) -> AsyncIterator[bytes]:
        content = self.files[rendition.recording_id][start:end]
        for place in range(0, len(content), _PIECE):
            yield content[place : place + _PIECE]

    async def peaks(
        self, recording_id: RecordingId, stretch: Stretch, columns: int, mending: Mending | None = None
    ) -> tuple[list[int], list[int]]:
        assert self.files[recording_id]
        if mending is not None:
            return [-3, 3] * columns, [-4, 4] * columns
        assert stretch.start_ms < stretch.stop_ms
        return [-1, 1] * columns, [-2, 2] * columns
