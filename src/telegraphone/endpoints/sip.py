"""Gives the SIP engine its sockets and its clock: UDP, TCP and TLS on one address, driven by one asyncio loop.

The endpoint decides nothing. It hands bytes to the engine, sends what the engine wants sent, keeps one timer for the
engine's next deadline, and gives every event to one handler, at once and in order. Commands go through the endpoint
(`request`, `respond` and so on), because what they make must leave; a handler may call them.
"""

import asyncio
import secrets
import socket
import ssl
from collections import deque
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import replace
from itertools import count
from typing import Any, Final, Self, TypedDict

from telegraphone.endpoints.sip_sockets import BACKLOG, Connection, DatagramSocket, bind_pair, bind_stream
from telegraphone.endpoints.sip_tls import SipTls
from telegraphone.endpoints.tls_door import TlsDoor
from telegraphone.limits import SIP_CONNECTION_BUFFER_BYTES_MAX, SIP_CONNECTIONS_MAX, SIP_HANDSHAKE_S
from telegraphone.wire.sdp import is_address
from telegraphone.wire.sip.commands import InDialogRequest, OutgoingRequest, Reply
from telegraphone.wire.sip.dialog import Dialog
from telegraphone.wire.sip.engine import SipEngine
from telegraphone.wire.sip.events import ConnectionUnusable, SipEvent
from telegraphone.wire.sip.options import SipOptions
from telegraphone.wire.sip.pending import PendingRequest
from telegraphone.wire.sip.transaction import ServerTransaction
from telegraphone.wire.sip.transport import Flow, Transmission

_CONNECT_S: Final = 10.0
"""How long a TCP connection may take to open: less than the 32 s its transaction would wait."""

_NO_TLS: Final = SipTls()

Handler = Callable[[SipEvent], None]


class _TlsOptions(TypedDict, total=False):
    ssl: ssl.SSLContext
    ssl_handshake_timeout: float
    ssl_shutdown_timeout: float


class SipEndpoint:
    """One user agent on the network. Open it with `open`, end it with `close`; all calls belong to its event loop."""

    def __init__(self, engine: SipEngine, handler: Handler, port: int) -> None:
        """Use `open`."""
        self.engine = engine
        self.port = port
        """The port of UDP and TCP."""
        self.tls_port = 0
        """The port of TLS; 0: none is taken."""
        self._handler = handler
        self._loop = asyncio.get_running_loop()
        self._events: deque[SipEvent] = deque()
        self._pumping = False
        self._closed = False
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at: float | None = None
        self._udp: DatagramSocket | None = None
        self._tls = SipTls()
        self._tcp: asyncio.Server | None = None
        self._door: TlsDoor | None = None
        self._numbers = count(1)
        self._connections: dict[int, Connection] = {}
        self._by_address: dict[Flow, Connection] = {}
        self._mute: dict[int, Connection] = {}
        """Who has connected and not said a word yet, the oldest first."""
        self._opening: dict[Flow, list[bytes]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    @classmethod
    async def open(cls, host: str, port: int, options: SipOptions, handler: Handler, *, tls: SipTls = _NO_TLS) -> Self:
        """Bind UDP and TCP to host and port (0: any free one), TLS to its own, and start. `handler(event)` gets every event.

        Raises OSError if a port is taken.
        """
        udp, tcp = bind_pair(host, port)
        bound = udp.getsockname()[1]
        try:
            secure = bind_stream(host, tls.port) if tls.server is not None else None
        except OSError:
            udp.close()
            tcp.close()
            raise
        secure_port = secure.getsockname()[1] if secure is not None else 0
        ports = {"UDP": bound, "TCP": bound, **({"TLS": secure_port} if secure_port else {})}
        self = cls(SipEngine(options, ports, secrets.token_bytes), handler, bound)
        self.tls_port, self._tls = secure_port, tls
        self._udp = DatagramSocket(udp, self._datagram_received)
        # It listens anew, and would have room for a hundred.
        self._tcp = await self._loop.create_server(self._new_connection, sock=tcp, backlog=BACKLOG)
        if secure is not None and tls.server is not None:
            self._door = TlsDoor(secure, tls.server, self._new_connection)
        return self

    @staticmethod
    def _with(context: ssl.SSLContext | None) -> "_TlsOptions":
        """What asyncio is to be told for a connection with TLS; nothing for one without."""
        if context is None:
            return {}
        return {"ssl": context, "ssl_handshake_timeout": SIP_HANDSHAKE_S, "ssl_shutdown_timeout": SIP_HANDSHAKE_S}

    async def close(self) -> None:
        """Give back sockets, tasks and timer. Calls are not hung up: the owner does that first. Harmless if closed."""
        if self._closed:
            return
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        if self._udp is not None:
            self._udp.close()
        if self._tcp is not None:
            self._tcp.close()
        if self._door is not None:
            await self._door.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for connection in list(self._connections.values()):
            connection.abort()
        # Aborted transports close their sockets in the next turn of the loop.
        await asyncio.sleep(0)

    # --- commands: see the methods of the same name in SipEngine ------------------------------------------------

    def request(self, command: OutgoingRequest | InDialogRequest) -> PendingRequest:
        """Send a request."""
        pending = self.engine.request(command, self._loop.time())
        self._pump()
        return pending

    def respond(self, transaction: ServerTransaction, reply: Reply) -> Dialog | None:
        """Answer a request."""
        dialog = self.engine.respond(transaction, reply, self._loop.time())
        self._pump()
        return dialog

    def cancel(self, pending: PendingRequest) -> None:
        """Give up an INVITE."""
        self.engine.cancel(pending, self._loop.time())
        self._pump()

    def acknowledge(self, dialog: Dialog, body: bytes) -> None:
        """Send the ACK that brings our answer."""
        self.engine.acknowledge(dialog, body, self._loop.time())
        self._pump()

    def hang_up(self, dialog: Dialog, headers: tuple[tuple[str, str], ...] = ()) -> None:
        """End a call."""
        self.engine.hang_up(dialog, headers, self._loop.time())
        self._pump()

    def certificate_of(self, flow: Flow) -> Mapping[str, object]:
        """What the peer at the other end of a TLS connection proved to be, in the form of `ssl.SSLSocket.getpeercert`;
        empty if it proved nothing, which only a server context with authorities demands."""
        connection = self._connections.get(flow.connection or 0)
        return {} if connection is None else connection.certificate

    # --- driving ------------------------------------------------------------------------------------------------

    def _pump(self) -> None:
        """Send, tell, and set the timer, until nothing is left; a call from within the handler leaves it to the outer one."""
        if self._pumping or self._closed:
            return
        self._pumping = True
        try:
            while not self._closed:
                for transmission in self.engine.data_to_send():
                    self._send(transmission)
                self._events.extend(self.engine.events())
                if not self._events:
                    break
                self._tell(self._events.popleft())
        finally:
            self._pumping = False
            if self._events:
                # The handler has failed; the other events are not to suffer for it.
                self._loop.call_soon(self._pump)
            self._set_timer()

    def _tell(self, event: SipEvent) -> None:
        if isinstance(event, ConnectionUnusable):
            connection = self._connections.get(event.flow.connection or 0)
            if connection is not None:
                connection.close()
            return
        self._handler(event)

    def _set_timer(self) -> None:
        at = None if self._closed else self.engine.next_deadline()
        if at == self._timer_at:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer_at = at
        self._timer = None if at is None else self._loop.call_at(at, self._deadline_reached)

    def _deadline_reached(self) -> None:
        self._timer = self._timer_at = None
        self.engine.on_deadline(self._loop.time())
        self._pump()

    # --- receiving ----------------------------------------------------------------------------------------------

    def _datagram_received(self, data: bytes, source: tuple[str, int]) -> None:
        self.engine.receive_datagram(data, source, self._loop.time())
        self._pump()

    def _new_connection(self) -> Connection:
        return Connection(next(self._numbers), self._connection_taken, self._stream_received, self._connection_lost)

    def _connection_of_ours(self) -> Connection:
        return Connection(next(self._numbers), self._connection_opened, self._stream_received, self._connection_lost)

    def _connection_taken(self, connection: Connection) -> bool:
        if not self._connection_opened(connection):
            return False
        if connection.flow.connection in self._connections:
            self._mute[connection.flow.connection] = connection
        return True

    def _connection_opened(self, connection: Connection) -> bool:
        if self._closed or not self._has_room():
            return False
        flow = connection.flow
        assert flow.connection is not None, "a connection has its number"
        self._connections[flow.connection] = connection
        self._by_address[replace(flow, connection=None)] = connection
        self._stream_received(flow, b"")
        return True

    def _has_room(self) -> bool:
        """Who says nothing keeps nobody out: where all room is taken, the one who has been silent longest leaves it."""
        if len(self._connections) < SIP_CONNECTIONS_MAX:
            return True
        if not self._mute:
            return False
        silent = self._mute.pop(next(iter(self._mute)))
        silent.abort()
        self._connection_lost(silent)
        return True

    def _stream_received(self, flow: Flow, data: bytes) -> None:
        if data:
            self._mute.pop(flow.connection or 0, None)
        self.engine.receive_stream(flow, data, self._loop.time())
        self._pump()

    def _connection_lost(self, connection: Connection) -> None:
        flow = connection.flow
        self._mute.pop(flow.connection or 0, None)
        if self._connections.pop(flow.connection or 0, None) is None:
            return
        address = replace(flow, connection=None)
        if self._by_address.get(address) is connection:
            del self._by_address[address]
        self._flow_lost(flow)

    def _flow_lost(self, flow: Flow) -> None:
        if not self._closed:
            self.engine.connection_lost(flow, self._loop.time())
            self._pump()

    # --- sending ------------------------------------------------------------------------------------------------

    def _send(self, transmission: Transmission) -> None:
        flow = transmission.flow
        if flow.transport == "UDP":
            self._send_datagram(transmission)
            return
        connection = self._by_address.get(flow) if flow.connection is None else self._connections.get(flow.connection)
        if connection is not None:
            connection.write(transmission.data)
        elif flow.connection is None and (flow.transport == "TCP" or (flow.transport == "TLS" and self._tls.client is not None)):
            self._open_and_send(transmission)
        else:
            self._loop.call_soon(self._flow_lost, flow)

    def _send_datagram(self, transmission: Transmission) -> None:
        flow = transmission.flow
        if self._udp is None:
            return
        if is_address(flow.host):
            self._udp.send(transmission.data, flow.host, flow.port)
        else:
            self._start(self._look_up_and_send(transmission, self._udp))

    async def _look_up_and_send(self, transmission: Transmission, udp: DatagramSocket) -> None:
        flow = transmission.flow
        try:
            found = await self._loop.getaddrinfo(flow.host, flow.port, type=socket.SOCK_DGRAM)
        except OSError:
            self._flow_lost(flow)
            return
        udp.send(transmission.data, str(found[0][4][0]), flow.port)

    def _open_and_send(self, transmission: Transmission) -> None:
        """Open a connection, once for all that wants to go there meanwhile (bounded: the rest is lost)."""
        waiting = self._opening.get(transmission.flow)
        if waiting is None:
            self._opening[transmission.flow] = [transmission.data]
            self._start(self._open(transmission.flow))
        elif sum(map(len, waiting)) + len(transmission.data) <= SIP_CONNECTION_BUFFER_BYTES_MAX:
            waiting.append(transmission.data)

    async def _open(self, flow: Flow) -> None:
        context = self._tls.client if flow.transport == "TLS" else None
        try:
            async with asyncio.timeout(_CONNECT_S):
                _, connection = await self._loop.create_connection(
                    self._connection_of_ours, flow.host, flow.port, **self._with(context)
                )
        except (OSError, TimeoutError):
            connection = None
        if connection is None or connection.flow.connection not in self._connections:
            self._opening.pop(flow, None)
            self._flow_lost(flow)
            return
        for data in self._opening.pop(flow, ()):
            connection.write(data)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
