"""Carries RTP between the legs of a call and copies what each leg sends to the recorder.

Theory. Every leg has a pair of sockets of its own. A packet is taken only from the address its party signalled: nobody
else can speak into a call (siprec 8; EnableSecurity ES2017-04). It is copied to the recorder as it came, then passed on
to the leg it is joined with, as it came whenever both parties number the codec alike: SSRC, sequence number and
timestamp are the sender's own, so nothing here adds delay or guesses. What is not joined is not passed on.

One reader per socket drains it into one buffer that all share, in turns of bounded length so that no leg starves
another. The face is narrow (open, set_party, join, part, fork, close), so that it could be a process of its own.
"""

import asyncio
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field

from telegraphone.endpoints.media_ports import PortPool, PortsExhausted, SocketPair
from telegraphone.limits import MEDIA_DATAGRAM_BYTES_MAX, MEDIA_PACKETS_PER_TURN, MEDIA_SOCKET_BUFFER_BYTES
from telegraphone.services.ports import MediaAddress, Unavailable
from telegraphone.switches.exchange.payloads import Payloads, Route, routes
from telegraphone.wire.errors import RemoteProtocolError
from telegraphone.wire.rtp.packet import HEADER_BYTES, RtpPacket, read_packet

SocketAddress = tuple[str, int] | tuple[str, int, int, int]


@dataclass(frozen=True, slots=True)
class Party:
    """What a phone signalled about its media."""

    address: MediaAddress
    payloads: Payloads
    rtcp_port: int
    sends: bool = True
    """Whether it may send to us: false once it said recvonly or inactive."""
    receives: bool = True
    """Whether it wants to be sent anything: false while it holds the call."""
    latch_host: str | None = None
    """The host its signalling comes from, where the first packet from there may correct the address: for a phone behind
    address translation, if the configuration allows it. None: the signalled address is the only one."""


@dataclass(frozen=True, slots=True)
class _Target:
    port: "MediaPort"
    routes: Mapping[int, Route]


@dataclass(slots=True, eq=False)
class MediaPort:
    """One leg's place in the relay. Other modules read `address` and `party` and leave the rest alone."""

    sockets: SocketPair
    address: MediaAddress
    party: Party | None = None
    remote: SocketAddress | None = None
    remote_rtcp: SocketAddress | None = None
    latching: bool = False
    targets: tuple[_Target, ...] = ()
    joined: tuple["MediaPort", ...] = ()
    tap: socket.socket | None = None
    received: int = 0
    """Packets taken from the party."""


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
    counters: RelayCounters = field(default_factory=RelayCounters)
    _buffer: bytearray = field(default_factory=lambda: bytearray(MEDIA_DATAGRAM_BYTES_MAX))
    _taps: int = 0

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
        self.part(port)
        self.unfork(port)
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
        for each in (port, *port.joined):
            _aim(each)

    def join(self, first: MediaPort, second: MediaPort) -> None:
        """From now on these two hear each other, and nobody else."""
        for each in (first, second):
            self.part(each)
        first.joined, second.joined = (second,), (first,)
        for each in (first, second):
            _aim(each)

    def part(self, port: MediaPort) -> None:
        """Takes the port out of its bridge: it and who was joined with it hear silence."""
        for other in port.joined:
            other.joined = tuple(each for each in other.joined if each is not port)
            _aim(other)
        port.joined = ()
        _aim(port)

    def fork(self, port: MediaPort, to: MediaAddress) -> MediaAddress:
        """Copies what the party sends to the address, in place of an earlier copy; answers where it comes from.

        Raises OSError when no socket can be had, ValueError for an address that is none.
        """
        family = socket.AF_INET6 if ":" in to.host else socket.AF_INET
        remote = _numeric(family, to.host, to.port)
        tap = socket.socket(family, socket.SOCK_DGRAM)
        try:
            tap.connect(remote)
        except OSError:
            tap.close()
            raise
        tap.setblocking(False)
        self.unfork(port)
        port.tap = tap
        self._taps += 1
        host, number = tap.getsockname()[:2]
        return MediaAddress(host, number)

    def unfork(self, port: MediaPort) -> None:
        """Ends the copy, if there is one."""
        if port.tap is not None:
            port.tap.close()
            port.tap = None
            self._taps -= 1

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
        if port.tap is not None:
            self._send_tap(port.tap, packet)
        for target in port.targets:
            route = target.routes.get(buffer[1] & 0x7F)
            if route is not None:
                self._forward(target.port, route, packet)

    def _forward(self, to: MediaPort, route: Route, packet: memoryview) -> None:
        if to.remote is None:
            return
        data: bytes | memoryview = packet
        if route.table is not None or packet[1] & 0x7F != route.payload_type:
            try:
                data = _rewritten(packet, route)
            except RemoteProtocolError:
                self.counters.malformed += 1
                return
        try:
            to.sockets[0].sendto(data, to.remote)
        except OSError:
            self.counters.unsent += 1

    def _send_tap(self, tap: socket.socket, packet: memoryview) -> None:
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
                if target.port.remote_rtcp is not None:
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


def _aim(port: MediaPort) -> None:
    """Works out anew whom the port's packets go to; needed whenever a party or a bridge changes."""
    if port.party is None:
        port.targets = ()
        return
    ready = ((other, other.party) for other in port.joined if other.party is not None and other.party.receives)
    port.targets = tuple(_Target(other, routes(port.party.payloads, party.payloads)) for other, party in ready)


def _rewritten(packet: memoryview, route: Route) -> bytes:
    read = read_packet(packet)
    payload = read.payload if route.table is None else read.payload.translate(route.table)
    return RtpPacket(route.payload_type, read.sequence_number, read.timestamp, read.ssrc, payload, marker=read.marker).to_bytes()


def _numeric(family: socket.AddressFamily, host: str, port: int) -> SocketAddress:
    """The socket address of an IP address. Raises ValueError for names: looking one up would block every call."""
    try:
        found = socket.getaddrinfo(host, port, family, socket.SOCK_DGRAM, 0, socket.AI_NUMERICHOST | socket.AI_NUMERICSERV)
    except (socket.gaierror, OverflowError) as error:
        raise ValueError(f"not an address: {host}:{port}") from error
    return found[0][4]  # type: ignore[return-value]  # typeshed also allows the address of raw packets
