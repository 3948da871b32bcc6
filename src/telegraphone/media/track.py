"""One party's sound as it will be stored: a run of frames without holes, cut into segments of one size.

A track only grows. Frames for which there is no audio are filler, so a place in the file is a place in time. Nothing is
stored before the first audio: that begins the first epoch and says where it lies. A change of codec closes the epoch and
begins the next one at the same frame; so does a length after which a complete file can be kept elsewhere already. A sender
who changes to and fro gets no file for each packet: what comes in another codec is then converted for a moment.
"""

from dataclasses import dataclass
from typing import Final, NamedTuple

from telegraphone.limits import CODEC_CHANGES_MAX, EPOCH_FRAMES_MAX, EPOCH_FRAMES_MIN, SEGMENT_FRAMES
from telegraphone.media.g711 import CONVERSIONS
from telegraphone.media.header import FILLER, FRAME_BYTES

KEPT: Final = frozenset({"PCMU", "PCMA", "L16"})
"""What is stored as it comes: the payload of G.711, and the linear sound that other codecs were decoded to (format page, 3.4)."""

_NEXT_TO_NOTHING: Final = 800
"""Bytes, of G.711 100 ms: a lost packet whose place is filled shifts the border against the packets."""


@dataclass(frozen=True, slots=True)
class EpochOpened:
    """A new file is wanted: what follows of this stream belongs to it."""

    stream: int
    codec: str
    first_frame: int


class SegmentsFilled(NamedTuple):
    """One or several whole segments of plain audio, to be sealed one by one. A named tuple: thousands a second are made."""

    stream: int
    audio: bytes | bytearray


@dataclass(frozen=True, slots=True)
class EpochClosed:
    """The stream's file is complete with this rest of less than a segment, to be sealed as its closing segment."""

    stream: int
    audio: bytes


Output = EpochOpened | SegmentsFilled | EpochClosed


class Track:
    """Collects one stream's frames; what is ready to be sealed is taken from `output`."""

    __slots__ = ("_changes", "_filled", "_filler", "_first", "codec", "head", "output", "pending", "stream")

    def __init__(self, stream: int, *, floor: int = 0) -> None:
        """`floor` is the first frame that no earlier file holds."""
        self.stream: Final = stream
        self.head = floor
        """The first frame not stored yet."""
        self.codec = ""
        """What the current epoch holds; empty while there is none."""
        self.pending = bytearray()
        """Stored frames that do not fill a segment yet."""
        self.output: list[Output] = []
        self._filler = b""
        self._first = 0
        self._filled = (0, 0)
        """Where the newest filler began and ended."""
        self._changes = 0
        """How often the codec changed although the epoch had just begun."""

    @property
    def missing(self) -> int:
        """Frames that fill the segment which has begun; only while there is an epoch."""
        return SEGMENT_FRAMES - len(self.pending) // FRAME_BYTES[self.codec]

    @property
    def audio_end(self) -> int:
        """The frame behind the last one that is not filler."""
        start, stop = self._filled
        return start if stop == self.head else self.head

    @property
    def at_border(self) -> bool:
        """Whether what came since `output` was taken fills segments and leaves next to nothing."""
        return bool(self.output) and len(self.pending) <= _NEXT_TO_NOTHING

    def put(self, position: int, audio: bytes | memoryview, codec: str) -> int:
        """Stores audio at its place: filler up to it, and of what overlaps with stored frames nothing. Returns the frames
        stored."""
        width = FRAME_BYTES[codec]
        frames, late = len(audio) // width, max(0, self.head - position)
        if late >= frames:
            return 0
        if late:
            audio = audio[late * width :]
        if codec != self.codec:
            audio = self._changed(codec, position + late, audio)
        self.fill(position)
        self.pending += audio
        self.head = position + frames
        self.cut()
        return frames - late

    def fill(self, position: int) -> None:
        """Stores filler up to a position; nothing while there is no epoch."""
        missing = position - self.head
        if missing > 0 and self.codec:
            self._filled = self.audio_end, position
            self.head = position
            self.pending += self._filler * missing
            self.cut()

    def cut(self) -> None:
        """Hands out what fills segments; to be called by whoever adds to `pending` and moves `head`."""
        unit = SEGMENT_FRAMES * FRAME_BYTES[self.codec]
        whole = len(self.pending) // unit * unit
        if whole and whole == len(self.pending):
            self.output.append(SegmentsFilled(self.stream, self.pending))
            self.pending = bytearray()
        elif whole:
            self.output.append(SegmentsFilled(self.stream, self.pending[:whole]))
            del self.pending[:whole]
        if whole and self.head - self._first >= EPOCH_FRAMES_MAX:
            codec = self.codec
            self.close()
            self._open(codec, self.head)

    def close(self) -> None:
        """Ends the epoch, if there is one."""
        if self.codec:
            self.output.append(EpochClosed(self.stream, bytes(self.pending)))
            self.codec = ""
            self.pending.clear()

    def _changed(self, codec: str, position: int, audio: bytes | memoryview) -> bytes | memoryview:
        """The audio as it is to be stored: as it came, in an epoch of its own, or in the codec of one that has just begun."""
        if self.codec and position - self._first < EPOCH_FRAMES_MIN:
            if self._changes >= CODEC_CHANGES_MAX:
                return CONVERSIONS[codec, self.codec](bytes(audio))
            self._changes += 1
        self.close()
        self._open(codec, position)
        return audio

    def _open(self, codec: str, first_frame: int) -> None:
        self.codec = codec
        self._filler = FILLER[codec]
        self.head = self._first = first_frame
        self.output.append(EpochOpened(self.stream, codec, first_frame))
