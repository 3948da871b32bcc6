"""A pipeline with a scripted sender in front of it and its stored frames behind it, in virtual time."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from telegraphone.media.gate import Gate
from telegraphone.media.journal import CodecChanged, Drift, Gap, SourceChanged
from telegraphone.media.pipeline import Pipeline
from telegraphone.media.track import EpochClosed, EpochOpened, SegmentsFilled, Track
from telegraphone.wire.rtp.packet import RtpPacket

MS = 1_000_000
FRAME = 160
ORIGIN_NS = 10**15
CODECS = {0: "PCMU", 8: "PCMA", 101: "telephone-event"}


def moment(at_ns: int) -> datetime:
    return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(microseconds=at_ns // 1000)


def voice(number: int, length: int = FRAME) -> bytes:
    """Audio of a frame, unlike any other and never filler."""
    return bytes((number * 37 + number // 251 * 11 + i) % 200 + 5 for i in range(length))


def packet(number: int, **changes: object) -> RtpPacket:
    """Frame `number` of the ordinary sender."""
    values: dict[str, object] = {
        "payload_type": 0,
        "sequence_number": (65_530 + number) & 0xFFFF,
        "timestamp": (0xFFFF_F000 + number * FRAME) & 0xFFFFFFFF,
        "ssrc": 7,
        "payload": voice(number),
    }
    return RtpPacket(**(values | changes))  # type: ignore[arg-type]  # each test changes what it knows


@dataclass
class Intake:
    """One track. Times are milliseconds since the start of the recording; a packet that leaves at t arrives at t."""

    pipeline: Pipeline = field(init=False)
    gate: Gate = field(default_factory=Gate)
    stored: bytearray = field(default_factory=bytearray)
    epochs: list[tuple[str, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.pipeline = Pipeline(Track(0), self.gate, moment)
        self.pipeline.aim(CODECS, None)
        self.pipeline.start_at(ORIGIN_NS)
        self.gate.open(0, ORIGIN_NS)

    def at(self, ms: float) -> int:
        return ORIGIN_NS + round(ms * MS)

    def feed(self, *arrivals: tuple[RtpPacket, float]) -> None:
        """Packets and when each arrives; then the socket is empty."""
        last = 0
        for each, ms in arrivals:
            self.pipeline.receive(each, self.at(ms))
            last = self.at(ms)
        self.pipeline.drained(last)
        self._take()

    def speak(self, first: int, last: int, make: Callable[[int], RtpPacket] = packet, every: int = 5) -> None:
        """Frames first … last − 1, frame n complete at (n + 1) · 20 ms, drained every so many."""
        for start in range(first, last, every):
            self.feed(*((make(n), 20.0 * (n + 1)) for n in range(start, min(start + every, last))))

    def end(self, position: int | None = None) -> bytes:
        """Everything stored, from frame 0 on, filler where nothing was."""
        self.pipeline.flush()
        if position is not None:
            self.pipeline.track.fill(position)
        self.pipeline.track.close()
        self._take()
        return bytes(self.stored)

    def gaps(self) -> list[tuple[int, int, str]]:
        return [(each.start, each.stop, each.reason) for each in self.pipeline.records if isinstance(each, Gap)]

    def changes(self) -> list[str]:
        return [each.detail for each in self.pipeline.records if isinstance(each, SourceChanged)]

    def codecs(self) -> list[str]:
        return [each.codec for each in self.pipeline.records if isinstance(each, CodecChanged)]

    def drifts(self) -> list[float]:
        return [each.ppm for each in self.pipeline.records if isinstance(each, Drift)]

    def _take(self) -> None:
        for item in self.pipeline.track.output:
            match item:
                case EpochOpened(_, codec, first_frame):
                    self.epochs.append((codec, first_frame))
                    self.stored.extend(b"\xff" * (first_frame - len(self.stored)))
                case SegmentsFilled(_, audio) | EpochClosed(_, audio):
                    self.stored.extend(audio)
        self.pipeline.track.output.clear()
