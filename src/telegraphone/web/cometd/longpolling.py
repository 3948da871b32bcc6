"""CometD by long-polling: one POST, held until there is something to say."""

import asyncio
from http import HTTPStatus
from typing import Any

import msgspec
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from telegraphone.limits import BAYEUX_BODY_BYTES_MAX, COMETD_BODY_S
from telegraphone.web.cometd.gatekeeper import Gatekeeper, SignedIn
from telegraphone.web.cometd.notifications import Notifications
from telegraphone.web.cometd.short_way import ADMITTED
from telegraphone.wire.bayeux import Transport
from telegraphone.wire.errors import RemoteProtocolError

_JSON = (b"content-type", b"application/json; charset=UTF-8")
_NO_STORE = (b"cache-control", b"no-store")
_BAD_REQUEST = 2
"""The API's status code for what is not valid (gws-api 12)."""

Headers = tuple[tuple[str, str], ...]


class _Gone(Exception):
    """The client closed its connection."""


class LongPolling:
    """Answers POSTs of Bayeux messages, whatever their content type says."""

    def __init__(self, notifications: Notifications, gatekeeper: Gatekeeper) -> None:
        self._notifications = notifications
        self._gatekeeper = gatekeeper

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One HTTP request (ASGI)."""
        if scope["method"] != "POST":
            refusal = _refusal(HTTPStatus.METHOD_NOT_ALLOWED, "Method not allowed", {"allow": "POST"})
            await refusal(scope, receive, send)
            return
        admitted = await self._gatekeeper(HTTPConnection(scope))
        if isinstance(admitted, Response):
            await admitted(scope, receive, send)
            return
        if ADMITTED in scope.get("extensions", {}):
            scope["extensions"][ADMITTED]["learn"](admitted)
        try:
            body = await _read_body(receive)
            await self._exchange(admitted, body, receive, send)
        except _Gone:
            return
        except RemoteProtocolError as error:
            refusal = _refusal(error.status or HTTPStatus.BAD_REQUEST, error.reason, dict(admitted.headers))
            await refusal(scope, receive, send)

    async def _exchange(self, who: SignedIn, body: bytes, receive: Receive, send: Send) -> None:
        ready = asyncio.Event()
        line = self._notifications.open_line(who.owner, Transport.LONG_POLLING, ready.set)
        try:
            self._notifications.receive(line, body)
            if not line.pending:
                await _hold(ready, receive)
            if line.overtaken:
                await _send(send, HTTPStatus.INTERNAL_SERVER_ERROR, b"", who.headers)
            else:
                [answer] = self._notifications.take(line)
                await _send(send, HTTPStatus.OK, answer, who.headers)
        finally:
            self._notifications.close_line(line)


async def _hold(ready: asyncio.Event, receive: Receive) -> None:
    """Waits until there is an answer. A client that leaves before that takes no message with it."""
    # awaited: by asyncio.wait below, and cancelled in the end; a TaskGroup would wait until the client has gone
    answered, gone = asyncio.ensure_future(ready.wait()), asyncio.ensure_future(receive())
    either: list[asyncio.Future[Any]] = [answered, gone]
    try:
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if gone.done():
            gone.result()
            raise _Gone
    finally:
        answered.cancel()
        gone.cancel()


async def _read_body(receive: Receive) -> bytes:
    """The whole body; raises `RemoteProtocolError` when it is too long or too slow."""
    message = await receive()
    if message["type"] == "http.request" and not message.get("more_body", False):
        return bytes(message.get("body", b""))
    chunks = bytearray()
    try:
        async with asyncio.timeout(COMETD_BODY_S):
            while True:
                if message["type"] != "http.request":
                    raise _Gone
                chunks += message.get("body", b"")
                if len(chunks) > BAYEUX_BODY_BYTES_MAX:
                    raise RemoteProtocolError("too large", status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
                if not message.get("more_body", False):
                    return bytes(chunks)
                message = await receive()
    except TimeoutError as error:
        raise RemoteProtocolError("too slow", status=HTTPStatus.REQUEST_TIMEOUT) from error


async def _send(send: Send, status: int, body: bytes, headers: Headers) -> None:
    raw = [_JSON, _NO_STORE, (b"content-length", b"%d" % len(body))]
    raw += [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    await send({"type": "http.response.start", "status": int(status), "headers": raw})
    await send({"type": "http.response.body", "body": body})


def _refusal(status: int, reason: str, headers: dict[str, str]) -> Response:
    body = msgspec.json.encode({"statusCode": _BAD_REQUEST, "statusMessage": reason})
    return Response(body, status_code=status, headers=headers, media_type="application/json; charset=UTF-8")
