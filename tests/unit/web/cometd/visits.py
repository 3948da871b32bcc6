"""Requests and sockets to the CometD endpoint without a network: the two ends of the ASGI interface in memory."""

import asyncio
import json
from collections.abc import MutableMapping
from contextlib import asynccontextmanager
from typing import Any

from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse, Response

from telegraphone.web.cometd import Cometd, Notifications, SignedIn

Message = MutableMapping[str, Any]
CALLS = "/v2/me/calls"
PATIENCE_S = 25.0


class Doorman:
    """Believes the header `user`; its sign-in is `<user>-1`, and is over when it stands in `gone`."""

    def __init__(self) -> None:
        self.gone: set[str] = set()

    async def __call__(self, connection: HTTPConnection) -> SignedIn | Response:
        user = connection.headers.get("user")
        if user is None or f"{user}-1" in self.gone:
            return JSONResponse({"statusCode": 20, "statusMessage": "Access denied"}, 403)
        return SignedIn(user, f"{user}-1", (("set-cookie", "JSESSIONID=1"),))

    def again(self, who: SignedIn) -> bool:
        return who.sign_in_id not in self.gone


class Visit:
    """One request or socket: `put` is what the client does, `sent` what the server has sent so far."""

    def __init__(self, app: Cometd, scope: dict[str, Any]) -> None:
        self._inbox: asyncio.Queue[Message] = asyncio.Queue()
        self._outbox: asyncio.Queue[Message] = asyncio.Queue()
        self.sent: list[Message] = []
        self.slow = asyncio.Event()
        self.slow.set()
        self.closing = False
        self.task = asyncio.create_task(app(scope, self._inbox.get, self._send))

    async def _send(self, message: Message) -> None:
        await self.slow.wait()
        if self.closing:
            raise RuntimeError("the web server is closing this socket")
        self.sent.append(message)
        self._outbox.put_nowait(message)

    def put(self, **message: Any) -> None:
        self._inbox.put_nowait(message)

    async def next(self) -> Message:
        async with asyncio.timeout(PATIENCE_S):
            return await self._outbox.get()

    async def end(self) -> None:
        async with asyncio.timeout(PATIENCE_S):
            await self.task


class Site:
    """The endpoint and its notifications."""

    def __init__(self, **options: Any) -> None:
        self.notifications = Notifications(**options)
        self.doorman = Doorman()
        self.app = Cometd(self.notifications, self.doorman)

    def visit(self, kind: str, path: str, method: str = "POST", headers: dict[str, str] | None = None) -> Visit:
        raw = [(name.encode(), value.encode()) for name, value in ({"user": "kate"} if headers is None else headers).items()]
        scope: dict[str, Any] = {
            "type": kind,
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "root_path": "",
            "headers": raw,
            "scheme": "http",
            "server": ("127.0.0.1", 80),
            "extensions": {"websocket.http.response": {}},
        }
        if kind == "http":
            scope["method"] = method
        return Visit(self.app, scope)

    def post(self, body: bytes, path: str = "/api/v2/notifications", **options: Any) -> Visit:
        visit = self.visit("http", path, **options)
        visit.put(type="http.request", body=body)
        return visit

    async def answer(self, body: bytes, path: str = "/api/v2/notifications", **options: Any) -> tuple[int, Any]:
        visit = self.post(body, path, **options)
        await visit.end()
        return answer_of(visit)

    async def say(self, *messages: dict[str, Any], **options: Any) -> Any:
        status, replies = await self.answer(json.dumps(messages).encode(), **options)
        assert status == 200
        return replies

    async def client(self, **handshake: Any) -> str:
        """A client id after its handshake, subscription and first connect."""
        [reply] = await self.say({"channel": "/meta/handshake", "version": "1.0", **handshake})
        client_id = reply["clientId"]
        await self.say({"channel": "/meta/subscribe", "clientId": client_id, "subscription": CALLS})
        await self.say(connect(client_id))
        assert isinstance(client_id, str)
        return client_id

    async def hold(self, client_id: str) -> Visit:
        """A connect that waits."""
        visit = self.post(json.dumps([connect(client_id)]).encode())
        for _ in range(5):
            await asyncio.sleep(0)
        assert not visit.sent
        return visit

    async def socket(self, **options: Any) -> Visit:
        visit = self.visit("websocket", "/api/v2/notifications", **options)
        visit.put(type="websocket.connect")
        assert (await visit.next())["type"] == "websocket.accept"
        return visit


def connect(client_id: str, **fields: Any) -> dict[str, Any]:
    return {"channel": "/meta/connect", "clientId": client_id, "connectionType": "long-polling", **fields}


def answer_of(visit: Visit) -> tuple[int, Any]:
    """Status and JSON body of a finished request; None for an empty body."""
    start, body = visit.sent
    return start["status"], json.loads(body["body"]) if body["body"] else None


@asynccontextmanager
async def site(**options: Any) -> Any:
    """A running site, closed in the end."""
    running = Site(**options)
    running.notifications.start()
    yield running
    running.notifications.close()
