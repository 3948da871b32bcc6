"""HTTP connections that nobody can keep for nothing: a request's head is bounded in size and time, a body nobody reads in
time, and all connections in number.

Theory. The web server bounds only the silence between two answers and the next request. So whoever sends a head byte by
byte, or a head without end, would hold a connection and memory for ever. A connection waits for a whole head no longer than
HTTP_HEAD_S, counted from the first byte that may belong to it; blank lines before it are such bytes. After an answer that
was given before the body had come, the rest of the body has HTTP_BODY_S to come.
"""

import asyncio
from typing import Any

import structlog
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from telegraphone.limits import (
    HTTP_BODY_S,
    HTTP_CONNECTIONS_MAX,
    HTTP_FIELDS_MAX,
    HTTP_HEAD_BYTES_MAX,
    HTTP_HEAD_S,
)

log = structlog.get_logger()

_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


class BoundedHttp(HttpToolsProtocol):
    """One connection."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._in_head = True
        self._whole = True
        self._head_bytes = 0
        self._patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn declares it
        """See asyncio."""
        crowded = len(self.connections) >= HTTP_CONNECTIONS_MAX
        super().connection_made(transport)
        if crowded:
            log.error("connections_full")
            transport.close()
        else:
            self._be_patient(HTTP_HEAD_S)

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio."""
        self._be_at_ease()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """See asyncio."""
        if self._in_head:
            self._head_bytes += len(data)
            if self._patience is None:
                self._be_patient(HTTP_HEAD_S)
        super().data_received(data)
        if self._in_head and self._head_bytes > HTTP_HEAD_BYTES_MAX:
            self._refuse_head()

    def handle_websocket_upgrade(self) -> None:
        """See uvicorn: from here on the connection is another protocol's."""
        self._be_at_ease()
        if not self.transport.is_closing():
            super().handle_websocket_upgrade()

    def on_message_begin(self) -> None:
        """See httptools."""
        self._whole = False
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """See httptools."""
        self._in_head = False
        self._be_at_ease()
        size = len(self.url) + sum(len(name) + len(value) for name, value in self.headers)
        if size > HTTP_HEAD_BYTES_MAX or len(self.headers) > HTTP_FIELDS_MAX:
            self._refuse_head()
        else:
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """See httptools."""
        if not self.transport.is_closing():
            super().on_body(body)

    def on_message_complete(self) -> None:
        """See httptools."""
        self._in_head = self._whole = True
        self._head_bytes = 0
        self._be_at_ease()
        if not self.transport.is_closing():
            super().on_message_complete()

    def on_response_complete(self) -> None:
        """See uvicorn."""
        super().on_response_complete()
        if not self._whole and not self.transport.is_closing():
            self._be_patient(HTTP_BODY_S)

    def _refuse_head(self) -> None:
        if not self.transport.is_closing():
            self.transport.write(_TOO_LARGE)
            self.transport.close()

    def _be_patient(self, seconds: float) -> None:
        self._be_at_ease()
        self._patience = self.loop.call_later(seconds, self._lose_patience)

    def _be_at_ease(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _lose_patience(self) -> None:
        self._patience = None
        if not self.transport.is_closing():
            self.transport.close()
