"""The connections of the web server, which are uvicorn's with two short ways for CometD: requests that repeat are answered
without a task (see `short_way`), and events are written to WebSockets at the moment they are there.

Both are optional: whatever a short way does not do is done by the application, as it would be under any other ASGI server.
"""

from collections.abc import Callable
from typing import Any

from uvicorn.protocols.http.httptools_impl import RequestResponseCycle
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request

from telegraphone.web.bounded_http import BoundedHttp
from telegraphone.web.cometd.gatekeeper import SignedIn
from telegraphone.web.cometd.short_way import ADMITTED, Admission, Exchange, ShortWay, comparable
from telegraphone.web.cometd.websocket import PUSH

_PATHS_MAX = 8
"""Paths that one connection is admitted with: there are five that libraries append."""


class CometdHttp(BoundedHttp):
    """An HTTP connection. What the base class starts as a task is decided on when the whole of what came has been read."""

    short_way: ShortWay
    """Set by `http_connections`, since uvicorn makes the connections."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._admission: Admission | None = None
        self._paths: set[str] = set()
        self._reading = False
        self._undecided: tuple[RequestResponseCycle, Any] | None = None
        self._exchange: Exchange | None = None

    def data_received(self, data: bytes) -> None:
        """See asyncio."""
        self._reading = True
        try:
            super().data_received(data)
        finally:
            self._reading = False
        self._decide()

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio."""
        if self._exchange is not None:
            self._exchange.leave()
            self._exchange = None
        super().connection_lost(exc)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        scope = cycle.scope
        if scope["method"] != "POST":
            super()._start_asgi_task(cycle, app)
            return
        if self._admission is None or scope["path"] not in self._paths or comparable(scope["headers"]) != self._admission.asked:
            self._go_the_whole_way(cycle, app)
            return
        self._undecided = cycle, app
        if not self._reading:
            self._decide()

    def _go_the_whole_way(self, cycle: RequestResponseCycle, app: Any) -> None:
        """By a task of the application, which may tell whom it admits."""

        def learn(who: SignedIn) -> None:
            self._admission = self.short_way.admission(list(cycle.scope["headers"]), who)
            if len(self._paths) < _PATHS_MAX:
                self._paths.add(cycle.scope["path"])

        cycle.scope["extensions"] = {ADMITTED: {"learn": learn}}
        super()._start_asgi_task(cycle, app)

    def _decide(self) -> None:
        if self._undecided is None:
            return
        (cycle, app), self._undecided = self._undecided, None
        if not self.transport.is_closing() and not self._goes_the_short_way(cycle):
            self._go_the_whole_way(cycle, app)

    def _goes_the_short_way(self, cycle: RequestResponseCycle) -> bool:
        if cycle.more_body or cycle.waiting_for_100_continue or self.flow.write_paused or self._admission is None:
            return False

        def answer(head: bytes, body: bytes) -> None:
            self._exchange = None
            self._write(cycle, head, body)

        exchange = self.short_way.begin(self._admission, bytes(cycle.body), answer)
        if exchange is None:
            return False
        if not cycle.response_complete:
            self._exchange = exchange
        return True

    def _write(self, cycle: RequestResponseCycle, head: bytes, body: bytes) -> None:
        fields = [b"%b: %b\r\n" % field for field in self.server_state.default_headers]
        if not cycle.keep_alive:
            fields.append(b"connection: close\r\n")
        self.transport.write(b"".join([head, *fields, b"content-length: %d\r\n\r\n" % len(body), body]))
        cycle.response_started = cycle.response_complete = True
        if not cycle.keep_alive:
            self.transport.close()
        cycle.on_response()


def http_connections(way: ShortWay) -> type[CometdHttp]:
    """What uvicorn is to make of a new connection (its setting `http`)."""

    class Connection(CometdHttp):
        short_way = way

    return Connection


class CometdWebSocket(WebSocketsSansIOProtocol):
    """A WebSocket whose application may write to it without a task, as long as the client reads what it is sent."""

    def handle_connect(self, event: Request) -> None:
        """See the base class; the task it starts runs later."""
        super().handle_connect(event)
        if self.response.status_code == 101:
            self.scope["extensions"] = {**(self.scope["extensions"] or {}), PUSH: {"push": self._push}}

    def _push(self, take: Callable[[], list[bytes]]) -> bool:
        if not self.handshake_complete or self.close_sent or self.disconnected or not self.writable.is_set():
            return False
        if self.transport.is_closing():
            return False
        for frame in take():
            self.conn.send_text(frame)
        self.transport.write(b"".join(self.conn.data_to_send()))
        return True
