"""Carries RTP between the legs of a call and copies what each leg sends to the recorder.

Theory. Every leg has a pair of sockets of its own. A packet is taken only from the address its party signalled: nobody
else can speak into a call (siprec 8; EnableSecurity ES2017-04). It is copied to the recorder as it came, then passed on
to whoever hears this leg and nobody else, as it came whenever both parties number the codec alike: SSRC, sequence number
and timestamp are the sender's own, so nothing here adds delay or guesses. Who hears several, music or keys is sent a
stream of ours (`metronome`, `stream`). Who hears whom is `media_port`'s rule.

One reader per socket drains it into one buffer that all share, in turns of bounded length so that no leg starves
another. The face is narrow, so that it could be a process of its own.
"""

import asyncio
import socket
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from telegraphone.endpoints.media_ports import PortPool, PortsExhausted
from telegraphone.limits import MEDIA_DATAGRAM_BYTES_MAX, MEDIA_PACKETS_PER_TURN, MEDIA_SOCKET_BUFFER_BYTES
from telegraphone.media.mixing import SILENCE
from telegraphone.services.ports import MediaAddress, Unavailable
from telegraphone.switches.exchange.hearing import Hearing
from telegraphone.switches.exchange.media_port import HeardCopy, MediaPort, Party, SocketAddress, Target
from telegraphone.switches.exchange.payloads import STATIC_TYPES, TELEPHONE_EVENT, Route
from telegraphone.wire.errors import RemoteProtocolError
from telegraphone.wire.rtp.dtmf import KEYS, read_event
from telegraphone.wire.rtp.packet import HEADER_BYTES, RtpPacket, read_packet
from telegraphone.wire.rtp.serial import extend

_NO_MORE_THAN_FIXED = 0x80
"""The first byte of a packet of version 2 without padding, extension or contributing sources."""


@dataclass(slots=True)
class RelayCounters:
    """What was thrown away since the start: packets from strangers, packets that are no RTP, packets the kernel refused."""

    foreign: int = 0
    malformed: int = 0
    unsent: int = 0


def enlarged(opened: socket.socket) -> None:
    """Asks for room for some seconds of audio; the system may give less."""
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, MEDIA_SOCKET_BUFFER_BYTES)


@dataclass(slots=True, eq=False)
class Relay:
    """All media ports of an exchange. Lives on the running event loop; never blocks, never awaits."""

    pool: PortPool
    advertised_host: str
    entropy: Callable[[int], bytes]
    counters: RelayCounters = field(default_factory=RelayCounters)
    _buffer: bytearray = field(default_factory=lambda: bytearray(MEDIA_DATAGRAM_BYTES_MAX))
    _taps: int = 0
    hearing: Hearing = field(init=False)
    """Who hears whom."""
    on_key: Callable[[MediaPort, str], None] | None = None
    """Told of each key that a party presses, once."""

    def __post_init__(self) -> None:
        self.hearing = Hearing(self._send, self._send_copy, self.entropy)

    @property
    def ports_in_use(self) -> int:
        """Media ports that are open."""
        return self.pool.in_use

    @property
    def taps_in_use(self) -> int:
        """Copies that are being made."""
        return self._taps

    def open(self) -> MediaPort:
        """A port that hears nobody yet. Raises Unavailable("switch") when none is left."""
        loop = asyncio.get_running_loop()
        try:
            pair = self.pool.take(loop.time())
        except PortsExhausted:
            raise Unavailable("switch", "no RTP port left") from None
        port = MediaPort(pair, MediaAddress(self.advertised_host, pair[0].getsockname()[1]))
        loop.add_reader(pair[0], self._drain_rtp, port)
        loop.add_reader(pair[1], self._drain_rtcp, port)
        return port

    def close(self, port: MediaPort) -> None:
        """Takes the port out of everything and frees its sockets."""
        self.hearing.leave(port)
        self.unfork(port)
        self.unfork_heard(port)
        loop = asyncio.get_running_loop()
        for each in port.sockets:
            loop.remove_reader(each)
        self.pool.give_back(port.sockets, loop.time())

    def set_party(self, port: MediaPort, party: Party) -> None:
        """From now on the port takes packets from this party only. Raises ValueError for an address that is none."""
        family = port.sockets[0].family
        remote = _numeric(family, party.address.host, party.address.port)
        moved = remote != port.remote
        port.remote_rtcp = _numeric(family, party.address.host, party.rtcp_port)
        if moved or port.party is None:
            port.remote = remote
            port.latching = party.latch_host is not None
        port.party = party
        self.hearing.changed(port)

    def fork(self, port: MediaPort, to: MediaAddress) -> MediaAddress:
        """Copies what the party sends to the address, in place of a copy to another; answers where it comes from.

        Raises OSError when no socket can be had, ValueError for an address that is none.
        """
        if port.tap is None or not _leads_to(port.tap, to):
            tap = _connected(to)
            self.unfork(port)
            port.tap = tap
            self._taps += 1
        return _local(port.tap)

    def unfork(self, port: MediaPort) -> None:
        """Ends the copy, if there is one."""
        if port.tap is not None:
            port.tap.close()
            port.tap = None
            self._taps -= 1

    def fork_heard(self, port: MediaPort, to: MediaAddress) -> MediaAddress:
        """Copies what the party hears of those it is joined with, by the static payload types; otherwise as `fork`."""
        if port.copy is None or not _leads_to(port.copy.tap, to):
            tap = _connected(to)
            self.unfork_heard(port)
            port.copy = HeardCopy(tap, self.hearing.new_stream())
            self._taps += 1
            self.hearing.changed(port)
        return _local(port.copy.tap)

    def unfork_heard(self, port: MediaPort) -> None:
        """Ends that copy, if there is one."""
        if port.copy is not None:
            port.copy.tap.close()
            port.copy = None
            self._taps -= 1
            self.hearing.changed(port)

    def _drain_rtp(self, port: MediaPort) -> None:
        receive, buffer = port.sockets[0].recvfrom_into, self._buffer
        for _ in range(MEDIA_PACKETS_PER_TURN):
            try:
                length, sender = receive(buffer)
            except (BlockingIOError, InterruptedError):
                return
            except OSError:
                continue  # an ICMP error about an earlier packet of ours; the next one may be read
            self._take(port, length, sender)

    def _take(self, port: MediaPort, length: int, sender: SocketAddress) -> None:
        party = port.party
        if sender != port.remote and not (port.latching and self._latched(port, sender)):
            self.counters.foreign += 1
            return
        buffer = self._buffer
        if length < HEADER_BYTES or buffer[0] >> 6 != 2:
            self.counters.malformed += 1
            return
        if party is None or not party.sends:
            return
        port.latching = False
        port.received += 1
        packet = memoryview(buffer)[:length]
        if self.on_key is not None and party.payloads.from_party.get(packet[1] & 0x7F) == TELEPHONE_EVENT:
            self._note_key(port, packet, self.on_key)
        if port.muted:
            hushed = self._hushed(packet, party)
            if hushed is None:
                return
            packet = hushed
        port.header = packet[:HEADER_BYTES].tobytes()
        if port.tap is not None:
            self._send_tap(port.tap, packet)
        for target in port.targets:
            self._forward(port, target, packet)
        if port.jitter is not None:
            self._buffer_for_mix(port, party, packet)

    def _note_key(self, port: MediaPort, packet: memoryview, on_key: Callable[[MediaPort, str], None]) -> None:
        """All reports of one key have its timestamp (RFC 4733 section 2.5.1.2); some are late."""
        try:
            read = read_packet(packet)
            event = read_event(read.payload)
        except RemoteProtocolError:
            return
        newest = port.key
        if newest is not None and newest[0] == read.ssrc and extend(newest[1], read.timestamp, 32) <= newest[1]:
            return
        port.key = (read.ssrc, read.timestamp)
        if event.code < len(KEYS):
            on_key(port, KEYS[event.code])

    def _forward(self, port: MediaPort, target: Target, packet: memoryview) -> None:
        payload_type = packet[1] & 0x7F
        route = target.routes.get(payload_type)
        to = target.port
        if route is None or to.remote is None:
            return
        if target.plain and route.table is None and payload_type == route.payload_type and to.tone_at is None:
            try:
                to.sockets[0].sendto(packet, to.remote)
            except OSError:
                self.counters.unsent += 1
            return
        if (
            packet[0] == _NO_MORE_THAN_FIXED
            and route.table is None
            and to.stream is not None
            and to.keys is None
            and not to.signal
            and to.announcement is None
            and to.tone_at is None
            and to.copy is None
        ):
            # The common case of a stream of ours, a call that was on hold before: only the header is made anew.
            header = to.stream.header_passed_on(packet, route.payload_type, asyncio.get_running_loop().time())
            self._send(to, b"".join((header, packet[HEADER_BYTES:])))
            return
        try:
            read = _understood(packet, route)
        except RemoteProtocolError:
            self.counters.malformed += 1
        else:
            self._pass_on(port, to, read)

    def _pass_on(self, port: MediaPort, to: MediaPort, packet: RtpPacket) -> None:
        """Sends a packet in the form `to` understands, in a stream of ours where there is one."""
        now = asyncio.get_running_loop().time()
        law = to.party.payloads.law_to(packet.payload_type) if to.party is not None else None
        if to.stream is not None and to.covered:
            to.stream.left_out()
        else:
            heard = packet if law is None else replace(packet, payload=to.toned(packet.payload, law))
            self._send(to, heard.to_bytes() if to.stream is None else to.stream.passed_on(heard, now))
        if to.copy is not None and port not in to.coaches and law is not None:
            copied = replace(packet, payload_type=STATIC_TYPES[law])
            self._send_copy(to.copy, to.copy.stream.passed_on(copied, now))

    def _buffer_for_mix(self, port: MediaPort, party: Party, packet: memoryview) -> None:
        """Audio waits for the metronome; a key goes to each listener at once, in the stream they are sent."""
        assert port.jitter is not None
        try:
            read = read_packet(packet)
        except RemoteProtocolError:
            self.counters.malformed += 1
            return
        law = party.payloads.law_of(read.payload_type)
        if law is not None:
            port.jitter.put(read.ssrc, read.timestamp, read.payload, law)
        elif party.payloads.from_party.get(read.payload_type) == TELEPHONE_EVENT:
            for to in port.listeners:
                known = to.party.payloads.to_party.get(TELEPHONE_EVENT) if to.party is not None else None
                if to.mixed and to.stream is not None and known is not None:
                    now = asyncio.get_running_loop().time()
                    self._send(to, to.stream.key_passed_on(read, known, now))

    def _hushed(self, packet: memoryview, party: Party) -> memoryview | None:
        """The packet with silence in place of its audio; a key as it is, None for anything else."""
        try:
            read = read_packet(packet)
        except RemoteProtocolError:
            self.counters.malformed += 1
            return None
        law = party.payloads.law_of(read.payload_type)
        if law is None:
            return packet if party.payloads.from_party.get(read.payload_type) == TELEPHONE_EVENT else None
        return memoryview(replace(read, payload=SILENCE[law] * len(read.payload)).to_bytes())

    def _send(self, port: MediaPort, data: bytes) -> None:
        if port.remote is not None:
            try:
                port.sockets[0].sendto(data, port.remote)
            except OSError:
                self.counters.unsent += 1

    def _send_copy(self, copy: HeardCopy, data: bytes) -> None:
        self._send_tap(copy.tap, data)

    def _send_tap(self, tap: socket.socket, packet: memoryview | bytes) -> None:
        try:
            tap.send(packet)
        except OSError:
            # The recorder's port is closed for the moment, or full; it declares the gap itself.
            self.counters.unsent += 1

    def _drain_rtcp(self, port: MediaPort) -> None:
        for _ in range(MEDIA_PACKETS_PER_TURN):
            try:
                length, sender = port.sockets[1].recvfrom_into(self._buffer)
            except (BlockingIOError, InterruptedError):
                return
            except OSError:
                continue
            if sender != port.remote_rtcp:
                self.counters.foreign += 1
                continue
            for target in port.targets:
                # A stream of ours has numbers of its own, of which the report knows nothing.
                if target.plain and target.port.remote_rtcp is not None:
                    self._send_report(target.port, length)

    def _send_report(self, to: MediaPort, length: int) -> None:
        assert to.remote_rtcp is not None
        try:
            to.sockets[1].sendto(memoryview(self._buffer)[:length], to.remote_rtcp)
        except OSError:
            self.counters.unsent += 1

    def _latched(self, port: MediaPort, sender: SocketAddress) -> bool:
        """Takes over the address of the first packet from the phone's own host; RTCP follows on the port above."""
        if port.party is None or sender[0] != port.party.latch_host:
            return False
        port.remote = sender
        port.remote_rtcp = _numeric(port.sockets[0].family, sender[0], sender[1] + 1)
        return True


def _understood(packet: memoryview, route: Route) -> RtpPacket:
    read = read_packet(packet)
    payload = read.payload if route.table is None else read.payload.translate(route.table)
    return RtpPacket(route.payload_type, read.sequence_number, read.timestamp, read.ssrc, payload, marker=read.marker)


def _connected(to: MediaAddress) -> socket.socket:
    """A socket that sends there. Raises OSError, ValueError."""
    family = socket.AF_INET6 if ":" in to.host else socket.AF_INET
    remote = _numeric(family, to.host, to.port)
    made = socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
    try:
        made.connect(remote)
    except OSError:
        made.close()
        raise
    return made


def _leads_to(tap: socket.socket, to: MediaAddress) -> bool:
    """A copy that goes there already goes on: from a new socket its first packets would be a stranger's to the recorder."""
    remote: SocketAddress = tap.getpeername()
    return remote == _numeric(tap.family, to.host, to.port)


def _local(tap: socket.socket) -> MediaAddress:
    host, number = tap.getsockname()[:2]
    return MediaAddress(host, number)


def _numeric(family: socket.AddressFamily, host: str, port: int) -> SocketAddress:
    """The socket address of an IP address. Raises ValueError for names: looking one up would block every call."""
    try:
        found = socket.getaddrinfo(host, port, family, socket.SOCK_DGRAM, 0, socket.AI_NUMERICHOST | socket.AI_NUMERICSERV)
    except (socket.gaierror, OverflowError) as error:
        raise ValueError(f"not an address: {host}:{port}") from error
    return found[0][4]  # type: ignore[return-value]  # typeshed also allows the address of raw packets
