"""CometD by WebSocket: frames of messages in, replies and pushed messages out."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus
from typing import Final

from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from telegraphone.limits import COMETD_SEND_S
from telegraphone.web.cometd.gatekeeper import Gatekeeper
from telegraphone.web.cometd.notifications import Notifications
from telegraphone.wire.bayeux import Owner, Transport
from telegraphone.wire.errors import RemoteProtocolError

PUSH: Final = "telegraphone.cometd.push"
"""The ASGI extension of a server that can write text frames without waiting: its "push" is a `Push`."""

Push = Callable[[Callable[[], list[bytes]]], bool]
"""Writes what the callable gives; False, without asking it, when the client is behind or the socket closes."""

_POLICY_VIOLATION = 1008
_TOO_BIG = 1009
_INTERNAL_ERROR = 1011
_TRY_AGAIN_LATER = 1013


class _Closed(Exception):
    """We have closed the socket, or given it up."""


class CometdSocket:
    """Serves WebSockets of clients. Text and binary frames are the same to it."""

    def __init__(self, notifications: Notifications, gatekeeper: Gatekeeper) -> None:
        self._notifications = notifications
        self._gatekeeper = gatekeeper

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One WebSocket, from its upgrade request to its end (ASGI)."""
        websocket = WebSocket(scope, receive, send)
        admitted = await self._gatekeeper(websocket)
        if isinstance(admitted, Response):
            await deny(websocket, admitted)
            return
        await websocket.accept(headers=[(name.encode("latin-1"), value.encode("latin-1")) for name, value in admitted.headers])
        try:
            conversation = _Conversation(self._notifications, websocket, admitted.owner)
        except RemoteProtocolError as error:
            await websocket.close(_TRY_AGAIN_LATER, error.reason)
            return
        await conversation.run()


class _Conversation:
    """One socket: a reader, and a writer for what is pushed; whoever writes holds the lock, so that frames keep order."""

    def __init__(self, notifications: Notifications, websocket: WebSocket, owner: Owner) -> None:
        """Raises `RemoteProtocolError` when the user has too many sockets."""
        self._notifications = notifications
        self._websocket = websocket
        self._push: Push | None = websocket.scope.get("extensions", {}).get(PUSH, {}).get("push")
        self._writing = asyncio.Lock()
        self._told = asyncio.Event()
        self._line = notifications.open_line(owner, Transport.WEBSOCKET, self._tell)

    async def run(self) -> None:
        """Talks until either side closes the socket, or the client does not read what it is sent."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._write())
                tasks.create_task(self._read())
        except* (_Closed, WebSocketDisconnect):
            pass
        finally:
            self._notifications.close_line(self._line)

    def _tell(self) -> None:
        """There is something to send: at once, where the server can do that and nothing is being sent."""
        if self._push is None or self._writing.locked() or self._line.closing or not self._push(self._take):
            self._told.set()

    def _take(self) -> list[bytes]:
        return self._notifications.take(self._line)

    async def _read(self) -> None:
        while True:
            message = await self._websocket.receive()
            if message["type"] != "websocket.receive":
                raise _Closed
            text = message.get("text")
            try:
                self._notifications.receive(self._line, message.get("bytes", b"") if text is None else text.encode())
            except RemoteProtocolError as error:
                too_big = error.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
                async with self._writing:
                    await self._close(_TOO_BIG if too_big else _INTERNAL_ERROR, error.reason)
            # The next frame is read when the answer to this one is out: a client that does not read is not heard.
            await self._flush()

    async def _write(self) -> None:
        while True:
            await self._told.wait()
            self._told.clear()
            await self._flush()

    async def _flush(self) -> None:
        async with self._writing:
            for frame in self._take():
                await self._send(frame)
            if self._line.closing:
                await self._close(_POLICY_VIOLATION, "signed out")

    async def _send(self, frame: bytes) -> None:
        try:
            async with asyncio.timeout(COMETD_SEND_S):
                await self._websocket.send_text(frame.decode())
        except (TimeoutError, RuntimeError):
            # RuntimeError is what is raised for a socket that is being closed already, by us or by the web server.
            raise _Closed from None

    async def _close(self, code: int, reason: str) -> None:
        with suppress(RuntimeError):
            await self._websocket.close(code, reason)
        raise _Closed


async def deny(websocket: WebSocket, response: Response) -> None:
    """Refuses the upgrade with a proper HTTP answer, where the web server can send one."""
    if "websocket.http.response" in websocket.scope.get("extensions", {}):
        await websocket.send_denial_response(response)
    else:
        await websocket.close(_POLICY_VIOLATION)
