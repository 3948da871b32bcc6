"""Whose packets are they? Keeps a track to the one source that was signalled, so that nobody speaks into a recording.

Theory. The kernel has already thrown away what comes from another address. Of what is left, a packet must have a payload
type that was signalled, and the SSRC of the track's source: the signalled one, or else the first one heard. Another SSRC
takes over after a new aim, or when the old one has been silent for a second (siprec.md 8.2); a signalled one is never
replaced without a new aim. A sequence number far from the last one is believed when a second one follows it (RFC 3550
appendix A.1) or after such a silence.
"""

from collections.abc import Mapping
from enum import Enum, auto
from typing import Final

from telegraphone.wire.rtp.packet import RtpPacket
from telegraphone.wire.rtp.serial import extend

SILENCE_NS: Final = 1_000_000_000
COMFORT_NOISE: Final = "CN"
"""Payload type 13 (RFC 3389): it may come unsignalled, keeps the sequence going, and is stored as silence."""

COMFORT_NOISE_TYPE: Final = 13
_DROPOUT_MAX: Final = 3_000
_MISORDER_MAX: Final = 100
FIRST_CYCLE: Final = 1 << 16
"""Where the numbers of a source begin."""


class Verdict(Enum):
    """What a packet is to a track."""

    OURS = auto()
    FOREIGN = auto()
    STRAY = auto()
    """Ours by its source, but its sequence number fits nothing yet."""
    CHANGED = auto()
    """The first of a new source."""
    RESET = auto()
    """The same source counts anew."""


class SourceLock:
    """Judges packets by source; `number` is the extended sequence number of the last one that was ours, `first` of the first
    one since it counts as it does, `received` how many have come since (copies too, RFC 3550 appendix A.3)."""

    __slots__ = (
        "_free",
        "_interrupted",
        "_pinned",
        "_stray",
        "codecs",
        "first",
        "heard_ns",
        "highest",
        "number",
        "received",
        "ssrc",
    )

    def __init__(self) -> None:
        self.codecs: Mapping[int, str] = {}
        self.ssrc: int | None = None
        self.number = 0
        self.first = 0
        self.highest = 0
        self.received = 0
        self.heard_ns = 0
        self._pinned: int | None = None
        self._free = False
        self._stray: int | None = None
        self._interrupted = False

    def aim(self, codecs: Mapping[int, str], ssrc: int | None) -> None:
        """What was signalled; from now on another SSRC may take over once."""
        self.codecs = dict(codecs)
        self._pinned = ssrc
        self._free = True

    def interrupted(self) -> None:
        """Nothing is heard for a while: the source may have sent any number of packets until it is heard again."""
        self._interrupted = True

    def codec(self, payload_type: int) -> str | None:
        """What a payload type was signalled to mean."""
        codec = self.codecs.get(payload_type)
        return COMFORT_NOISE if codec is None and payload_type == COMFORT_NOISE_TYPE else codec

    def judge(self, packet: RtpPacket, received_ns: int) -> Verdict:
        """Decides, and remembers what follows from it."""
        if self.codec(packet.payload_type) is None:
            return Verdict.FOREIGN
        silent = received_ns - self.heard_ns >= SILENCE_NS
        if packet.ssrc != self.ssrc:
            if not self._may_take_over(packet.ssrc, silent=silent):
                return Verdict.FOREIGN
            verdict = Verdict.OURS if self.ssrc is None else Verdict.CHANGED
            self.ssrc = packet.ssrc
            self._free = False
            return self._begin(packet.sequence_number, received_ns, verdict)
        if self._interrupted:
            return self._begin(packet.sequence_number, received_ns, Verdict.OURS)
        number = extend(self.highest, packet.sequence_number, 16)
        if -_MISORDER_MAX <= number - self.highest <= _DROPOUT_MAX:
            self.number = number
            self.highest = max(self.highest, number)
            self.received += 1
            self.heard_ns = received_ns
            return Verdict.OURS
        if silent or packet.sequence_number == self._stray:
            return self._begin(packet.sequence_number, received_ns, Verdict.RESET)
        self._stray = (packet.sequence_number + 1) & 0xFFFF
        return Verdict.STRAY

    def _may_take_over(self, ssrc: int, *, silent: bool) -> bool:
        if self._pinned is not None:
            return ssrc == self._pinned
        return self.ssrc is None or self._free or silent

    def _begin(self, sequence_number: int, received_ns: int, verdict: Verdict) -> Verdict:
        # One cycle up, so that packets sent before this one but received after it have numbers above zero.
        self.number = self.first = self.highest = sequence_number + FIRST_CYCLE
        self.received = 1
        self.heard_ns = received_ns
        self._stray = None
        self._interrupted = False
        return verdict
