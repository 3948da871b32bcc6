"""RTP packets read from bytes and written to them (RFC 3550 section 5.1).

0                   1                   2                   3
|V=2|P|X|  CC   |M|     PT      |       sequence number         |
|                           timestamp                           |
|                             SSRC                              |
CC contributing sources · a header extension when X · payload · padding when P
"""

import struct
from dataclasses import dataclass
from typing import Final

from telegraphone.wire.errors import RemoteProtocolError

HEADER_BYTES: Final = 12
"""The fixed header; what a receive filter leaves of a packet whose audio must not be seen."""

FIXED: Final = struct.Struct(">BBHII")
_EXTENSION = struct.Struct(">HH")
_VERSION_2: Final = 0x80


@dataclass(frozen=True, slots=True)
class RtpPacket:
    """One packet. `timestamp` counts samples of the payload's clock; `payload` is what is left without padding."""

    payload_type: int
    sequence_number: int
    timestamp: int
    ssrc: int
    payload: bytes
    marker: bool = False

    def to_bytes(self) -> bytes:
        """The packet as it goes on the wire, without contributing sources, extension or padding."""
        kind = self.payload_type | (0x80 if self.marker else 0)
        return FIXED.pack(_VERSION_2, kind, self.sequence_number, self.timestamp, self.ssrc) + self.payload


def read_packet(data: bytes | bytearray | memoryview) -> RtpPacket:
    """The packet in a datagram. Raises RemoteProtocolError where RFC 3550 appendix A.1 says it is none: wrong version,
    RTCP's packet types, and lengths that do not fit each other."""
    if len(data) < HEADER_BYTES:
        raise RemoteProtocolError("shorter than an RTP header", status=None)
    first, kind, sequence_number, timestamp, ssrc = FIXED.unpack_from(data)
    if first >> 6 != 2:
        raise RemoteProtocolError("not RTP version 2", status=None)
    if 192 <= kind <= 223:
        raise RemoteProtocolError("RTCP on the RTP port", status=None)  # RFC 5761 section 4
    start = HEADER_BYTES + 4 * (first & 0x0F)
    if first & 0x10:
        if len(data) < start + _EXTENSION.size:
            raise RemoteProtocolError("header extension cut off", status=None)
        start += _EXTENSION.size + 4 * _EXTENSION.unpack_from(data, start)[1]
    stop = len(data) - (data[-1] if first & 0x20 else 0)
    if start > stop or (first & 0x20 and not data[-1]):
        raise RemoteProtocolError("header or padding longer than the packet", status=None)
    return RtpPacket(kind & 0x7F, sequence_number, timestamp, ssrc, bytes(data[start:stop]), bool(kind & 0x80))


def read_cut_packet(data: bytes | bytearray | memoryview) -> RtpPacket:
    """What a packet says whose bytes past the fixed header were cut off on arrival: its time is known, its audio is none.

    Raises RemoteProtocolError as `read_packet`, apart from lengths, which say nothing here.
    """
    if len(data) < HEADER_BYTES:
        raise RemoteProtocolError("shorter than an RTP header", status=None)
    first, kind, sequence_number, timestamp, ssrc = FIXED.unpack_from(data)
    if first >> 6 != 2 or 192 <= kind <= 223:
        raise RemoteProtocolError("not RTP version 2", status=None)
    return RtpPacket(kind & 0x7F, sequence_number, timestamp, ssrc, b"", bool(kind & 0x80))
