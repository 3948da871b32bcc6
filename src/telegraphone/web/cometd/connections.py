"""The connections of the web server, which are uvicorn's with two short ways for CometD: requests that repeat are answered
without being parsed as HTTP and without a task (see `short_way`), and events are written to WebSockets at the moment they
are there.

Both are optional: whatever a short way does not do is done by the application, as it would be under any other ASGI server.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from uvicorn.protocols.http.httptools_impl import RequestResponseCycle
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request

from telegraphone.limits import COMETD_BEHIND_BYTES_MAX
from telegraphone.web.bounded_http import BoundedHttp
from telegraphone.web.cometd.short_way import ADMITTED, Exchange, KnownHeads, ShortWay
from telegraphone.web.cometd.websocket import PUSH


class CometdHttp(BoundedHttp):
    """An HTTP connection. A request on the short way has it for itself: whatever comes behind waits for the answer."""

    short_way: ShortWay
    """Set by `http_connections`, since uvicorn makes the connections."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._known = KnownHeads(self.short_way)
        self._head = b""
        """The head of the request that is being read, when it came in one piece with its body."""
        self._exchange: Exchange | None = None
        self._behind = b""
        self._last = False
        self._used_at = 0.0

    def data_received(self, data: bytes) -> None:
        """See asyncio."""
        if self._exchange is not None:
            self._wait_behind(data)
            return
        rests = self._whole and self._answered
        if rests and self._goes_the_short_way(data):
            return
        self._head = self._known.head_of(data) if rests else b""
        super().data_received(data)
        self._head = b""

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio."""
        if self._exchange is not None:
            self._exchange.leave()
            self._exchange = None
        super().connection_lost(exc)

    def shutdown(self) -> None:
        """See uvicorn: what is being answered is answered first."""
        if self._exchange is not None:
            self._last = True
        else:
            super().shutdown()

    def timeout_keep_alive_handler(self) -> None:
        """See uvicorn, which sets this timer after its own answers and does not know of others."""
        idle_s = self.loop.time() - self._used_at
        if self._exchange is None and idle_s >= self.timeout_keep_alive:
            super().timeout_keep_alive_handler()
        else:
            rest_s = self.timeout_keep_alive - (0.0 if self._exchange is not None else idle_s)
            self.timeout_keep_alive_task = self.loop.call_later(rest_s, self.timeout_keep_alive_handler)

    def on_headers_complete(self) -> None:
        """See httptools: a request that can be learnt tells the application how."""
        if self._head and self.parser.should_keep_alive():
            learn = partial(self._known.learn, self._head, self.headers)
            self.scope["extensions"] = {ADMITTED: {"learn": learn}}
        super().on_headers_complete()

    @property
    def _answered(self) -> bool:
        last: RequestResponseCycle | None = self.cycle
        return last is None or last.response_complete

    def _goes_the_short_way(self, data: bytes) -> bool:
        known = self._known.find(data)
        if known is None or self.flow.write_paused or self.transport.is_closing():
            return False
        admission, body = known
        exchange = self.short_way.exchange(admission, self._write)
        self._exchange = exchange
        if not exchange.obey(body):
            self._exchange = None
            return False
        return True

    def _wait_behind(self, data: bytes) -> None:
        self._behind += data
        if len(self._behind) > COMETD_BEHIND_BYTES_MAX:
            self.transport.abort()

    def _write(self, head: bytes, body: bytes) -> None:
        fields = [b"%b: %b\r\n" % field for field in self.server_state.default_headers]
        if self._last:
            fields.append(b"connection: close\r\n")
        self.transport.write(b"".join([head, *fields, b"content-length: %d\r\n\r\n" % len(body), body]))
        self._exchange = None
        self._used_at = self.loop.time()
        if self._last:
            self.transport.close()
        elif self._behind:
            behind, self._behind = self._behind, b""
            self.data_received(behind)


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
