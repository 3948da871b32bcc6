"""What RTP is accompanied by (RTCP, RFC 3550 section 6): reports of senders read, reports of a receiver written.

A recorder only receives, so of what comes it heeds the sender reports, whose time it sends back, and it writes compound
packets of a receiver report, its name (SDES CNAME) and, at the end, BYE.
"""

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from telegraphone.wire.errors import RemoteProtocolError

_SENDER_REPORT: Final = 200
_RECEIVER_REPORT: Final = 201
_SOURCE_DESCRIPTION: Final = 202
_GOODBYE: Final = 203
_CNAME: Final = 1
_VERSION_2: Final = 0x80
_PADDING: Final = 0x20
_COUNT: Final = 0x1F
_HEAD = struct.Struct(">BBH")
_SOURCE = struct.Struct(">I")
_BLOCK = struct.Struct(">IIIIII")
_TIME = struct.Struct(">IQ")
_LOST_MIN, _LOST_MAX = -(1 << 23), (1 << 23) - 1
_WORD_BYTES: Final = 4


def is_control(datagram: bytes | bytearray | memoryview) -> bool:
    """Whether what comes to a port shared by both is RTCP and no RTP (RFC 5761 section 4)."""
    return len(datagram) > 1 and 192 <= datagram[1] <= 223


@dataclass(frozen=True, slots=True)
class ReportBlock:
    """How one source's packets arrive (RFC 3550 section 6.4.1). `fraction_lost` in 1/256 of those sent since the last report,
    `lost` since the beginning (below zero when some came twice), `highest` the last sequence number with its cycles, `jitter`
    in ticks of the RTP clock, `sent_at` the middle of the NTP time of the source's last report and `since` what has passed
    since it came, both in 1/65536 s; 0 when none has come."""

    ssrc: int
    fraction_lost: int
    lost: int
    highest: int
    jitter: int
    sent_at: int = 0
    since: int = 0

    def to_bytes(self) -> bytes:
        """The 24 bytes of it."""
        lost = max(_LOST_MIN, min(_LOST_MAX, self.lost)) & 0xFFFFFF
        rest = (value & 0xFFFFFFFF for value in (self.highest, self.jitter, self.sent_at, self.since))
        return _BLOCK.pack(self.ssrc, self.fraction_lost << 24 | lost, *rest)


def receiver_report(ssrc: int, cname: str, blocks: Sequence[ReportBlock] = (), *, goodbye: bool = False) -> bytes:
    """A whole compound packet of the receiver `ssrc`: its report, which may be of nobody, its name, and BYE if it leaves."""
    report = b"".join(block.to_bytes() for block in blocks)
    name = cname.encode()
    # A chunk ends in one to four zero bytes, so that the next begins on a word (RFC 3550 section 6.5).
    item = bytes((_CNAME, len(name))) + name
    item += bytes(_WORD_BYTES - len(item) % _WORD_BYTES)
    packets = [
        _packet(_RECEIVER_REPORT, len(blocks), _SOURCE.pack(ssrc) + report),
        _packet(_SOURCE_DESCRIPTION, 1, _SOURCE.pack(ssrc) + item),
    ]
    if goodbye:
        packets.append(_packet(_GOODBYE, 1, _SOURCE.pack(ssrc)))
    return b"".join(packets)


@dataclass(frozen=True, slots=True)
class SenderReport:
    """What a source says of its own time: the middle 32 bits of it as NTP has it."""

    ssrc: int
    sent_at: int


def sender_reports(datagram: bytes) -> list[SenderReport]:
    """The sender reports of a compound packet. Raises RemoteProtocolError where RFC 3550 appendix A.2 says it is none."""
    found = []
    for number, (kind, content) in enumerate(_packets(datagram)):
        if number == 0 and kind not in {_SENDER_REPORT, _RECEIVER_REPORT}:
            raise RemoteProtocolError("RTCP that begins with no report", status=None)
        if kind == _SENDER_REPORT:
            if len(content) < _TIME.size:
                raise RemoteProtocolError("a sender report is cut off", status=None)
            ssrc, ntp = _TIME.unpack_from(content)
            found.append(SenderReport(ssrc, ntp >> 16 & 0xFFFFFFFF))
    return found


def _packets(datagram: bytes) -> Iterator[tuple[int, bytes]]:
    """Kind and content of each packet."""
    at = 0
    while at < len(datagram):
        if len(datagram) - at < _HEAD.size:
            raise RemoteProtocolError("RTCP is cut off", status=None)
        first, kind, words = _HEAD.unpack_from(datagram, at)
        stop = at + _WORD_BYTES * (words + 1)
        if first >> 6 != 2 or stop > len(datagram) or (first & _PADDING and stop != len(datagram)):
            raise RemoteProtocolError("no RTCP", status=None)
        yield kind, datagram[at + _HEAD.size : stop]
        at = stop


def _packet(kind: int, count: int, content: bytes) -> bytes:
    return _HEAD.pack(_VERSION_2 | count & _COUNT, kind, len(content) // _WORD_BYTES) + content
