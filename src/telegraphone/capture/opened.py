"""What a recording has open while it is written: its journal, and an epoch of each stream."""

from collections import deque
from dataclasses import dataclass, field

from telegraphone.capture.disk import GroupSink
from telegraphone.limits import SEGMENT_FRAMES
from telegraphone.media.header import FRAME_BYTES
from telegraphone.media.journal import Record
from telegraphone.media.ports import SealedFile
from telegraphone.media.seal import JournalSealer, SealedSegment, Sealer


@dataclass(slots=True)
class OpenJournal:
    """The journal of this writer life."""

    sink: GroupSink
    file: SealedFile
    sealer: JournalSealer
    size: int = 0
    fresh: bool = True
    unsynced: list[Record] = field(default_factory=list)


@dataclass(slots=True)
class OpenEpoch:
    """One audio file being written."""

    sink: GroupSink
    file: SealedFile
    sealer: Sealer
    segments: int = 0
    fresh: bool = True
    last_chance: bool = False
    """Whether it stands for one that failed, and has not yet held durable audio itself."""
    rest: bytes | None = None
    """What it was closed with: it is complete when that is durable."""
    ahead: deque[SealedSegment] = field(default_factory=deque)
    """What is sealed and comes next; it dies with the epoch, and what it holds is sealed anew in the one that follows."""

    @property
    def codec(self) -> str:
        """How the audio is coded (`EpochHeader.codec`)."""
        return self.sealer.header.codec

    @property
    def width(self) -> int:
        """Bytes in a frame."""
        return FRAME_BYTES[self.codec]

    @property
    def head(self) -> int:
        """The frame that comes next."""
        return self.sealer.header.first_frame + self.segments * SEGMENT_FRAMES

    @property
    def waiting(self) -> bool:
        """Whether a sync must come before anything more of this stream."""
        return self.fresh or self.rest is not None
