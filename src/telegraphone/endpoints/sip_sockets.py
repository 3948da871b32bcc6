"""The two kinds of sockets SIP goes by: one for datagrams, one for each connection."""

import asyncio
import contextlib
import socket
from collections.abc import Callable, Mapping
from typing import Final, cast

from telegraphone.limits import SIP_CONNECTION_BUFFER_BYTES_MAX, SIP_DATAGRAM_BYTES_MAX, SIP_SOCKET_BUFFER_BYTES
from telegraphone.wire.sip.transport import Flow

_BATCH: Final = 64
"""Datagrams read in one go before others on the loop get their turn."""

BACKLOG: Final = 1024
"""Connections that may wait to be taken: every phone of an exchange comes back at once after a restart."""

_BIND_TRIES: Final = 16
"""How often a pair of free ports with one number is looked for, when any port will do."""


def bind_pair(host: str, port: int) -> tuple[socket.socket, socket.socket]:
    """A UDP socket and a listening TCP socket on one address and one port (0: any). OSError if it is taken."""
    for attempt in range(_BIND_TRIES):
        udp = _make_socket(host, port, socket.SOCK_DGRAM)
        try:
            tcp = _make_socket(host, udp.getsockname()[1], socket.SOCK_STREAM)
        except OSError:
            udp.close()
            if port or attempt == _BIND_TRIES - 1:
                raise
            continue
        tcp.listen(BACKLOG)
        return udp, tcp
    raise OSError("no free pair of ports")


def bind_stream(host: str, port: int) -> socket.socket:
    """A listening TCP socket (port 0: any). OSError if it is taken."""
    made = _make_socket(host, port, socket.SOCK_STREAM)
    made.listen(BACKLOG)
    return made


def _make_socket(host: str, port: int, kind: socket.SocketKind) -> socket.socket:
    made = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, kind)
    try:
        made.setblocking(False)
        if kind is socket.SOCK_STREAM:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        else:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SIP_SOCKET_BUFFER_BYTES)
        made.bind((host, port))
    except OSError:
        made.close()
        raise
    return made


class DatagramSocket:
    """A UDP socket read into one buffer: asyncio's own transport would allocate 256 KiB for every datagram."""

    def __init__(self, bound: socket.socket, received: Callable[[bytes, tuple[str, int]], None]) -> None:
        """`received(data, (host, port))` is called for each datagram."""
        self._socket = bound
        self._received = received
        self._buffer = bytearray(SIP_DATAGRAM_BYTES_MAX)
        self._view = memoryview(self._buffer)
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(bound.fileno(), self._drain)

    def send(self, data: bytes, host: str, port: int) -> None:
        """Send one datagram. What the kernel will not take is lost, as on the network: the engine repeats it."""
        with contextlib.suppress(OSError):
            self._socket.sendto(data, (host, port))

    def close(self) -> None:
        """Stop reading and give the port back."""
        self._loop.remove_reader(self._socket.fileno())
        self._socket.close()

    def _drain(self) -> None:
        for _ in range(_BATCH):
            try:
                length, source = self._socket.recvfrom_into(self._buffer)
            except (BlockingIOError, InterruptedError):
                return
            except OSError:
                # A pending error of an earlier send (ICMP); reading it has cleared it.
                continue
            self._received(bytes(self._view[:length]), (source[0], source[1]))
            if self._socket.fileno() < 0:
                return


class Connection(asyncio.Protocol):
    """One TCP connection, accepted or opened."""

    def __init__(
        self,
        number: int,
        opened: "Callable[[Connection], bool]",
        received: Callable[[Flow, bytes], None],
        lost: "Callable[[Connection], None]",
    ) -> None:
        """`opened` says whether the connection is wanted; `lost` is called once for every one that was."""
        self.flow = Flow("TCP", "", 0, number)
        self._opened = opened
        self._received = received
        self._lost = lost
        self._transport: asyncio.Transport | None = None
        self._wanted = False
        self.certificate: Mapping[str, object] = {}
        """The peer's, in the form of `ssl.SSLSocket.getpeercert`; empty if it proved none."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by asyncio."""
        # Not asked of it by isinstance: the transports of uvloop are like asyncio's and no kin of them.
        self._transport = made = cast("asyncio.Transport", transport)
        peer = made.get_extra_info("peername")
        name = "TCP" if transport.get_extra_info("ssl_object") is None else "TLS"
        self.flow = Flow(name, peer[0], peer[1], self.flow.connection)
        self.certificate = transport.get_extra_info("peercert") or {}
        self._wanted = self._opened(self)
        if not self._wanted:
            made.abort()

    def data_received(self, data: bytes) -> None:
        """Called by asyncio."""
        if self._wanted:
            self._received(self.flow, data)

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by asyncio, once."""
        if self._wanted:
            self._wanted = False
            self._lost(self)

    def write(self, data: bytes) -> None:
        """Send, unless the peer has stopped reading: then it is cut off."""
        if self._transport is None or self._transport.is_closing():
            return
        if self._transport.get_write_buffer_size() + len(data) > SIP_CONNECTION_BUFFER_BYTES_MAX:
            self._transport.abort()
            return
        self._transport.write(data)

    def close(self) -> None:
        """Close after what is written has gone."""
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """Close now."""
        if self._transport is not None:
            self._transport.abort()
