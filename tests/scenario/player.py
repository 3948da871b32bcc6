"""A player without audio: finished recordings are whatever bytes a test says they are."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

from telegraphone.domain.ids import RecordingId
from telegraphone.services.ports import Rendition, Unavailable

MADE_AT = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
_PIECE = 1000


class SimulatedPlayer:
    """A `Player`."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.unreadable = False

    async def open(self, recording_id: RecordingId) -> Rendition:
        if self.unreadable:
            raise Unavailable("playback")
        return Rendition(recording_id, "audio/wav", len(self.files[recording_id]), f'"{recording_id}-1"', MADE_AT)

    async def read(self, rendition: Rendition, start: int, end: int) -> AsyncIterator[bytes]:
        content = self.files[rendition.recording_id][start:end]
        for place in range(0, len(content), _PIECE):
            yield content[place : place + _PIECE]
