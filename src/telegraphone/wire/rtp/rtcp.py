"""RTCP compound packets as far as a recorder reads them (RFC 3550 section 6): sender reports and farewells.

A sender report pairs the sender's clock with its RTP timestamps, which shows how fast that clock runs. It moves nothing:
RTCP can be forged as easily as RTP, and no audio is placed by it.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from telegraphone.wire.errors import RemoteProtocolError

SENDER_REPORT: Final = 200
RECEIVER_REPORT: Final = 201
SOURCE_DESCRIPTION: Final = 202
GOODBYE: Final = 203

_HEAD = struct.Struct(">BBH")
_SENDER = struct.Struct(">IQIII")


@dataclass(frozen=True, slots=True)
class SenderReport:
    """What a sender says of itself: at `ntp` (seconds since 1900 in units of 2**-32) its RTP clock stood at `timestamp`,
    and it had sent so many packets and octets of payload."""

    ssrc: int
    ntp: int
    timestamp: int
    packets: int
    octets: int

    def to_bytes(self) -> bytes:
        """A sender report without report blocks."""
        body = _SENDER.pack(self.ssrc, self.ntp, self.timestamp, self.packets, self.octets)
        return _HEAD.pack(0x80, SENDER_REPORT, len(body) // 4) + body


@dataclass(frozen=True, slots=True)
class Goodbye:
    """These sources leave."""

    ssrcs: tuple[int, ...]


def read_compound(data: bytes) -> tuple[SenderReport | Goodbye, ...]:
    """The reports and farewells of a datagram; other packet types are passed over.

    Raises RemoteProtocolError by the checks of RFC 3550 appendix A.2: version, first packet's type, lengths that add up.
    """
    found: list[SenderReport | Goodbye] = []
    for index, (count, kind, body) in enumerate(_packets(data)):
        if index == 0 and kind not in (SENDER_REPORT, RECEIVER_REPORT):
            raise RemoteProtocolError("a compound packet begins with a report", status=None)
        if kind == SENDER_REPORT:
            if len(body) < _SENDER.size:
                raise RemoteProtocolError("sender report cut off", status=None)
            found.append(SenderReport(*_SENDER.unpack_from(body)))
        elif kind == GOODBYE:
            if len(body) < 4 * count:
                raise RemoteProtocolError("farewell cut off", status=None)
            found.append(Goodbye(struct.unpack_from(f">{count}I", body)))
    return tuple(found)


def _packets(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    place = 0
    while place < len(data):
        if len(data) - place < _HEAD.size:
            raise RemoteProtocolError("RTCP packet cut off", status=None)
        first, kind, words = _HEAD.unpack_from(data, place)
        stop = place + _HEAD.size + 4 * words
        if first >> 6 != 2 or stop > len(data):
            raise RemoteProtocolError("not RTCP version 2, or longer than its datagram", status=None)
        yield first & 0x1F, kind, data[place + _HEAD.size : stop]
        place = stop
