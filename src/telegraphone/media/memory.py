"""Sound that may not be kept yet: it lies sealed in memory, for a bounded time, until it is kept or gone.

Theory. What a track has ready goes to a file; as long as nobody has said that it may be kept, it comes here instead. Each
stretch is sealed at once under a key that exists in this object alone, and its plain bytes are overwritten. If it may be
kept, the stretches are opened and stored again, in files of the recording under keys of their own; if not, the key goes and
the bytes are overwritten. What is older than the memory reaches back, or finds no room, is gone first. Python cannot promise
that no copy of a key stays in memory (recording-format, W8).
"""

from collections import deque
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from telegraphone.limits import MEMORY_BYTES_MAX, MEMORY_GAPS_MAX
from telegraphone.media.header import FRAME_BYTES
from telegraphone.media.journal import Gap, Record
from telegraphone.media.track import EpochOpened, Output

_NONCE_BYTES: Final = 12


class Stretch(NamedTuple):
    """Frames of one stream, from `start` on, as the codec has them."""

    start: int
    codec: str
    audio: bytes


class _Sealed(NamedTuple):
    start: int
    stop: int
    codec: str
    number: int
    blob: bytearray


class Room:
    """What the memories of one process may take together, in bytes."""

    __slots__ = ("left", "short")

    def __init__(self, size: int = MEMORY_BYTES_MAX) -> None:
        self.left = size
        self.short = False
        """Whether something was forgotten for want of room that was not too old yet."""


class Memory:
    """One recording's sound that may not be kept yet, on the recording's timeline."""

    __slots__ = ("_aead", "_heads", "_number", "_room", "_sealed", "gaps", "reaches")

    def __init__(self, reaches: int, room: Room, key: bytes) -> None:
        """`reaches` so many frames back; `key` are 32 random bytes that nobody else has."""
        self.reaches: Final = reaches
        self.gaps: deque[Gap] = deque(maxlen=MEMORY_GAPS_MAX)
        """Where sound is missing in what is here."""
        self._aead: AESGCM | None = AESGCM(key)
        self._room = room
        self._number = 0
        self._sealed: tuple[deque[_Sealed], deque[_Sealed]] = (deque(), deque())
        self._heads: list[tuple[str, int]] = [("", 0), ("", 0)]

    @property
    def first(self) -> int | None:
        """The first frame of which there is sound; None while there is none."""
        return min((queue[0].start for queue in self._sealed if queue), default=None)

    def take(self, output: Iterable[Output], records: Iterable[Record]) -> None:
        """What a track has ready, and what it wanted to have noted: of that the gaps count."""
        self.gaps.extend(record for record in records if isinstance(record, Gap))
        for item in output:
            if isinstance(item, EpochOpened):
                self._heads[item.stream] = (item.codec, item.first_frame)
            elif item.audio:
                self._seal(item.stream, item.audio)

    def forget_before(self, position: int) -> None:
        """Nothing that ends before this frame is wanted any more."""
        for queue in self._sealed:
            while queue and queue[0].stop <= position:
                self._drop(queue)
        while self.gaps and self.gaps[0].stop <= position:
            self.gaps.popleft()

    def stretches(self, stream: int) -> Iterator[Stretch]:
        """What is here of one stream, in order."""
        assert self._aead is not None, "it was cleared"
        for start, _, codec, number, blob in self._sealed[stream]:
            yield Stretch(start, codec, self._aead.decrypt(_nonce(number), blob, None))

    def clear(self) -> None:
        """Nothing of it can be opened any more."""
        self._aead = None
        self.gaps.clear()
        for queue in self._sealed:
            while queue:
                self._drop(queue)

    def _seal(self, stream: int, audio: bytes | bytearray) -> None:
        assert self._aead is not None, "it was cleared"
        codec, start = self._heads[stream]
        stop = start + len(audio) // FRAME_BYTES[codec]
        self._heads[stream] = (codec, stop)
        sealed = bytearray(self._aead.encrypt(_nonce(self._number), audio, None))
        if isinstance(audio, bytearray):
            audio[:] = bytes(len(audio))
        if self._makes_room(len(sealed)):
            self._room.left -= len(sealed)
            self._sealed[stream].append(_Sealed(start, stop, codec, self._number, sealed))
        self._number += 1

    def _makes_room(self, size: int) -> bool:
        """Forgets the oldest here for the newest; whether that was enough."""
        while self._room.left < size:
            self._room.short = True
            queues = [queue for queue in self._sealed if queue]
            if not queues:
                return False
            self._drop(min(queues, key=lambda queue: queue[0].start))
        return True

    def _drop(self, queue: deque[_Sealed]) -> None:
        blob = queue.popleft().blob
        self._room.left += len(blob)
        blob[:] = bytes(len(blob))


def _nonce(number: int) -> bytes:
    return number.to_bytes(_NONCE_BYTES, "big")
