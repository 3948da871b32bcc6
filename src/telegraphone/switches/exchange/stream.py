"""What a phone is sent, as one RTP stream whose numbers run on, whoever its audio comes from.

Theory. As long as a phone hears one other phone and nothing else, packets pass as they came and this module has no part
in it. From the first change on (music, a mix, a key, another phone) the stream keeps its SSRC, the sequence number goes up
by one with each packet, and the timestamp follows the clock: a receiver sees one source that never jumps (RFC 3550
sections 5.1 and 7.1). Packets that are passed on keep their distances in time and the gaps they came with.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from telegraphone.media.mixing import FRAME_SAMPLES
from telegraphone.wire.rtp.packet import FIXED, RtpPacket

_RATE_HZ: Final = 8_000
_HALF: Final = 1 << 15
_SEQUENCE: Final = (1 << 16) - 1
_WORD: Final = (1 << 32) - 1


@dataclass(slots=True, eq=False)
class OutStream:
    """A stream that was last sent `sequence_number` and `timestamp`, at `at` (monotonic seconds)."""

    ssrc: int
    sequence_number: int
    timestamp: int
    at: float
    _source: int | None = None
    """SSRC of what is being passed on."""
    _shift: int = 0
    """What its sequence numbers are moved by."""
    _delay: int = 0
    """What its timestamps are moved by."""
    _event: tuple[int, int] = (-1, 0)
    """Timestamp of the key that is being passed on from a mixed party: theirs, ours."""

    @classmethod
    def begun(cls, entropy: Callable[[int], bytes], now: float) -> "OutStream":
        """A stream of our own."""
        chosen = entropy(10)
        ssrc, timestamp = int.from_bytes(chosen[:4], "big"), int.from_bytes(chosen[4:8], "big")
        return cls(ssrc, int.from_bytes(chosen[8:], "big"), timestamp, now)

    @classmethod
    def continuing(cls, header: bytes, now: float) -> "OutStream":
        """The stream that a phone has been sent as it came, its newest packet with this header."""
        _, _, sequence_number, timestamp, ssrc = FIXED.unpack_from(header)
        return cls(ssrc, sequence_number, timestamp, now)

    def made(self, payload_type: int, payload: bytes, at: float) -> bytes:
        """A packet of our own making. `at` is when it is due, which may be a little before it is sent."""
        marker = self._source is not None
        self._source = None
        self.sequence_number = (self.sequence_number + 1) & _SEQUENCE
        self.timestamp, self.at = self._due(at), at
        return RtpPacket(payload_type, self.sequence_number, self.timestamp, self.ssrc, payload, marker).to_bytes()

    def passed_on(self, packet: RtpPacket, now: float) -> bytes:
        """Another party's packet, already in the form this phone understands."""
        number, timestamp, new = self._fitted(packet.sequence_number, packet.timestamp, packet.ssrc, now)
        marker = new or packet.marker
        return RtpPacket(packet.payload_type, number, timestamp, self.ssrc, packet.payload, marker).to_bytes()

    def header_passed_on(self, header: memoryview, payload_type: int, now: float) -> bytes:
        """The same for a packet that has a fixed header and nothing but audio: the header to send before that audio."""
        first, kind, number, timestamp, ssrc = FIXED.unpack_from(header)
        number, timestamp, new = self._fitted(number, timestamp, ssrc, now)
        return FIXED.pack(first, payload_type | (0x80 if new else kind & 0x80), number, timestamp, self.ssrc)

    def _fitted(self, number: int, timestamp: int, ssrc: int, now: float) -> tuple[int, int, bool]:
        """The numbers that a party's packet gets, and whether it is the first since the last change."""
        new = ssrc != self._source
        if new:
            self._source = ssrc
            self._shift = self.sequence_number + 1 - number
            self._delay = self._due(now) - timestamp
        number = (number + self._shift) & _SEQUENCE
        timestamp = (timestamp + self._delay) & _WORD
        if (number - self.sequence_number) & _SEQUENCE < _HALF:
            self.sequence_number, self.timestamp, self.at = number, timestamp, now
        return number, timestamp, new

    def left_out(self) -> None:
        """A packet of the party is not passed on, and shall not look lost."""
        self._shift -= 1

    def key(self, payload_type: int, payload: bytes, timestamp: int, *, marker: bool) -> bytes:
        """A report of a key that went down at this timestamp of the stream, between other packets (RFC 4733 section 2.5.1)."""
        self.sequence_number = (self.sequence_number + 1) & _SEQUENCE
        self._shift += 1
        return RtpPacket(payload_type, self.sequence_number, timestamp, self.ssrc, payload, marker).to_bytes()

    def key_passed_on(self, packet: RtpPacket, payload_type: int, now: float) -> bytes:
        """A key report of one of several parties that are heard."""
        if packet.timestamp != self._event[0]:
            self._event = (packet.timestamp, self._due(now))
        return self.key(payload_type, packet.payload, self._event[1], marker=packet.marker)

    def interrupted(self) -> None:
        """Who is heard has changed: numbers of the next packet that is passed on are fitted anew."""
        self._source = None

    def due(self, at: float) -> int:
        """The timestamp of something that begins at this time."""
        return self._due(at)

    def _due(self, at: float) -> int:
        passed = max(FRAME_SAMPLES, round((at - self.at) * _RATE_HZ))
        return (self.timestamp + passed) & _WORD
