"""Proves a recording from outside: decodes the finished file and looks for every frame that was spoken, by when it was said.

Each voice is made so that no 20 ms frame occurs twice, hence a frame found in the file names its speaker and its moment.
What was said while the desktop had been told "recording" must be there, on its speaker's track; what was said between
the answer to Pause and the request to Resume, before Start or after Stop must not be anywhere.
"""

import io
import wave
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

_SAMPLE_BYTES = 2
_EDGE_S = 0.25
"""Speech this close to an operation may fall on either side of its cut: packets, sockets and the resume guard."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """One frame a phone sent: when (monotonic seconds) and its 16-bit PCM as G.711 carries it."""

    at: float
    pcm: bytes


@dataclass(slots=True)
class Witness:
    """Listens to a phone speak: wraps its voice, keeps what it said and when."""

    voice: Callable[[int], bytes]
    decode: Callable[[bytes], bytes]
    clock: Callable[[], float]
    spoken: list[Spoken] = field(default_factory=list)

    def __call__(self, frame: int) -> bytes:
        """The voice's frame of this number, noted."""
        payload = self.voice(frame)
        self.spoken.append(Spoken(self.clock(), self.decode(payload)))
        return payload


@dataclass(frozen=True, slots=True)
class Moments:
    """When the desktop asked (before the request) and was answered (after the reply), monotonic seconds."""

    start: tuple[float, float]
    pause: tuple[float, float]
    resume: tuple[float, float]
    stop: tuple[float, float]

    def must_be_kept(self, at: float) -> bool:
        """Said while recording, clear of every edge."""
        first = self.start[1] + _EDGE_S <= at <= self.pause[0] - _EDGE_S
        return first or self.resume[1] + _EDGE_S <= at <= self.stop[0] - _EDGE_S

    def must_be_absent(self, at: float) -> bool:
        """Said before Start was asked, after Pause was answered and before Resume was asked, or after Stop."""
        return at < self.start[0] - _EDGE_S or self.pause[1] <= at <= self.resume[0] - _EDGE_S or at > self.stop[1]


@dataclass(frozen=True)
class Tracks:
    """A decoded recording: 16-bit PCM of both parties, left and right by turns, and the sample rate."""

    frames: bytes
    rate: int

    @cached_property
    def left(self) -> bytes:
        """The agent's track alone."""
        return memoryview(self.frames).cast("H")[0::2].tobytes()

    @cached_property
    def right(self) -> bytes:
        """The caller's track alone."""
        return memoryview(self.frames).cast("H")[1::2].tobytes()

    @property
    def seconds(self) -> float:
        """The length of the recording."""
        return len(self.left) / _SAMPLE_BYTES / self.rate


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was checked: what, how often it held, out of how many."""

    text: str
    held: int
    of: int

    @property
    def proved(self) -> bool:
        """Whether it held every time, and was looked at at all."""
        return self.held == self.of > 0


def decode(wav: bytes) -> Tracks:
    """Both tracks of a 16-bit stereo WAV file."""
    with wave.open(io.BytesIO(wav)) as file:
        assert (file.getnchannels(), file.getsampwidth()) == (2, _SAMPLE_BYTES), "the player promises 16-bit stereo"
        return Tracks(file.readframes(file.getnframes()), file.getframerate())


def prove(
    tracks: Tracks, voices: tuple[Sequence[Spoken], Sequence[Spoken]], moments: Moments, pauses_ms: Sequence[tuple[int, int]]
) -> tuple[Finding, ...]:
    """Everything the recording must show. `voices` are left and right, `pauses_ms` the paused spans as the API lists
    them: beginning and end on the recording's timeline."""
    left, right = voices
    return (
        *_voice("agent's voice, left track", left, tracks.left, tracks.right, moments),
        *_voice("caller's voice, right track", right, tracks.right, tracks.left, moments),
        _silence(tracks, pauses_ms),
    )


def _voice(name: str, spoken: Sequence[Spoken], own: bytes, other: bytes, moments: Moments) -> tuple[Finding, ...]:
    kept = [each for each in spoken if moments.must_be_kept(each.at)]
    absent = [each for each in spoken if moments.must_be_absent(each.at)]
    return (
        Finding(f"{name}: frames said while recording are there", _count(kept, own, found=True), len(kept)),
        Finding(f"{name}: frames said while paused or not recording are absent", _absent(absent, own, other), len(absent)),
        Finding(f"{name}: nothing of it on the other track", _count(kept, other, found=False), len(kept)),
    )


def _absent(spoken: Sequence[Spoken], own: bytes, other: bytes) -> int:
    return sum(each.pcm not in own and each.pcm not in other for each in spoken)


def _count(spoken: Sequence[Spoken], track: bytes, *, found: bool) -> int:
    return sum((each.pcm in track) is found for each in spoken)


def _silence(tracks: Tracks, pauses_ms: Sequence[tuple[int, int]]) -> Finding:
    silent = total = 0
    for track in (tracks.left, tracks.right):
        for start_ms, end_ms in pauses_ms:
            # The list is rounded down to milliseconds, so the first and the last one may hold a few samples of speech.
            first = (start_ms + 1) * tracks.rate // 1000 * _SAMPLE_BYTES
            last = end_ms * tracks.rate // 1000 * _SAMPLE_BYTES
            span = track[first:last]
            total += len(span) // _SAMPLE_BYTES
            silent += sum(sample == 0 for sample in memoryview(span).cast("H"))
    return Finding("paused span: samples that are exactly zero, both tracks", silent, total)
