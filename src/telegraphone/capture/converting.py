"""Receives the streams that are not plain G.711: opens what is encrypted, decodes what is coded otherwise.

They go packet by packet, the long way. A pause is the same for them: while the gate is shut only headers come, and those
keep sequence, time and the place in the cipher's stream.
"""

import socket
import struct
import time
from typing import TYPE_CHECKING, Final, Protocol

from telegraphone.capture import sockets
from telegraphone.capture.codings import CODINGS, LINEAR
from telegraphone.capture.control import Source
from telegraphone.capture.packet_socket import UDP_LENGTH_AT
from telegraphone.capture.receive import at_border
from telegraphone.capture.reporting import Reporting
from telegraphone.capture.srtp import Shield
from telegraphone.limits import DRAIN_PACKETS_MAX
from telegraphone.media.pipeline import Pipeline
from telegraphone.media.timeline import RATE
from telegraphone.wire.errors import RemoteProtocolError
from telegraphone.wire.rtp.packet import HEADER_BYTES, RtpPacket, read_cut_packet, read_packet
from telegraphone.wire.rtp.rtcp import is_control

if TYPE_CHECKING:
    from telegraphone.capture.decoding import Decoder

_DATAGRAM_BYTES: Final = 2_048
_UDP_HEADER_BYTES: Final = 8
_DROPS: Final = struct.Struct("@I")


def _decoders(source: Source) -> "dict[int, Decoder]":
    wanted = {int(kind): codec for kind, codec in source.codecs.items() if codec in CODINGS}
    if not wanted:
        return {}
    # FFmpeg takes its time and its memory, and most recorders never need it.
    from telegraphone.capture.decoding import Decoder

    return {kind: Decoder(codec) for kind, codec in wanted.items()}


def codecs_kept(source: Source) -> dict[int, str]:
    """What the data plane is to take each payload type for."""
    return {int(kind): LINEAR if codec in CODINGS else codec for kind, codec in source.codecs.items()}


class Lane(Protocol):
    """What is read, and the track behind it."""

    rtp: socket.socket
    pipeline: Pipeline
    drops: int
    reporting: Reporting | None

    @property
    def ahead(self) -> int:
        """Bytes before what came by UDP."""


class ConvertingReceiver:
    """What stands between one socket and its pipeline."""

    def __init__(self, source: Source) -> None:
        """Raises ValueError for keys that cannot be used."""
        self._source = source
        self._shield = Shield(source.suite, source.key) if source.suite else None
        self._decoders = _decoders(source)
        self.clock_hz = RATE
        """Rate of the RTP timestamps in what came last."""

    @staticmethod
    def wanted(source: Source, present: "ConvertingReceiver | None") -> "ConvertingReceiver | None":
        """The receiver for this source: the one there is if it fits, so that its state lives on; None for plain G.711."""
        if not source.suite and not any(codec in CODINGS for codec in source.codecs.values()):
            return None
        if present is not None and present.fits(source):
            return present
        return ConvertingReceiver(source)

    def fits(self, source: Source) -> bool:
        """Whether keys and codecs are the same."""
        mine = self._source
        return (mine.suite, mine.key, mine.codecs) == (source.suite, source.key, source.codecs)

    def drain(self, lane: Lane, offset_ns: int, enough_ns: int | None = None) -> None:
        """As `Receiver.drain`."""
        latest_ns = time.monotonic_ns()
        taken = 0
        while taken < DRAIN_PACKETS_MAX:
            try:
                received, ancillary, flags, _ = lane.rtp.recvmsg(_DATAGRAM_BYTES, sockets.ANCILLARY_BYTES)
            except ConnectionRefusedError:
                # A report could not be delivered; what came waits behind that.
                taken += 1
                continue
            except OSError:
                break
            taken += 1
            received_ns = sockets.received_ns(ancillary, offset_ns, latest_ns)
            for _, kind, data in ancillary:
                if kind == sockets.QUEUE_OVERFLOW:
                    lane.pipeline.overflowed((_DROPS.unpack_from(data)[0] - lane.drops) & 0xFFFFFFFF)
                    lane.drops = _DROPS.unpack_from(data)[0]
            datagram = _payload(received, lane.ahead)
            if lane.reporting is not None and is_control(datagram):
                lane.reporting.hear(datagram, received_ns)
                continue
            packet = None if flags & socket.MSG_TRUNC else self._packet(datagram)
            if packet is None:
                lane.pipeline.counts.refuse()
            else:
                lane.pipeline.receive(packet, received_ns)
                if enough_ns is not None and received_ns > enough_ns and at_border(lane.pipeline):
                    break
        if taken:
            lane.pipeline.drained(latest_ns)

    def _packet(self, datagram: bytes) -> RtpPacket | None:
        try:
            if len(datagram) == HEADER_BYTES:
                packet = read_cut_packet(datagram)
                if self._shield is not None:
                    self._shield.passed(packet)
            else:
                plain = datagram if self._shield is None else self._shield.opened(datagram)
                if plain is None:
                    return None
                packet = read_packet(plain)
        except RemoteProtocolError:
            return None
        decoder = self._decoders.get(packet.payload_type)
        self.clock_hz = RATE if decoder is None else decoder.clock_hz
        return packet if decoder is None else decoder.decoded(packet)


def _payload(received: bytes, ahead: int) -> bytes:
    """What came by UDP, without what stands before it (`ahead` bytes) and what a network has padded it with."""
    if not ahead:
        return received
    length = int.from_bytes(received[UDP_LENGTH_AT : UDP_LENGTH_AT + 2], "big")
    return received[ahead : ahead - _UDP_HEADER_BYTES + length]
