"""An agent's desktop in small: an ordinary client of the API over real HTTP, with its events by CometD long-polling."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Any, Self

import httpx

_API = "/api/v2"
_HOLD_S = 30.0
_MARGIN_S = 10.0

OnEvent = Callable[[Mapping[str, Any]], None]


class DesktopError(Exception):
    """The server answered an operation with an error; the text is the server's own."""


class Desktop:
    """One signed-in user. Enter it to log in and listen; every event is handed to `on_event` as it comes."""

    def __init__(self, base_url: str, user_name: str, password: str, on_event: OnEvent | None = None) -> None:
        self._http = httpx.AsyncClient(
            base_url=base_url, auth=(user_name, password), timeout=_HOLD_S + _MARGIN_S, trust_env=False
        )
        self._on_event = on_event
        self._stack = AsyncExitStack()
        self._tasks = asyncio.TaskGroup()
        self._listener: asyncio.Task[None] | None = None
        self._client_id = ""

    async def __aenter__(self) -> Self:
        await self._stack.enter_async_context(self._http)
        await self._stack.enter_async_context(self._tasks)
        if self._on_event is not None:
            await self._handshake()
            self._listener = self._tasks.create_task(self._listen())
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._listener is not None:
            self._listener.cancel()
            await asyncio.gather(self._listener, return_exceptions=True)
            await self._bayeux({"channel": "/meta/disconnect", "clientId": self._client_id})
        await self._stack.aclose()

    async def get(self, path: str) -> dict[str, Any]:
        """GET below /api/v2; raises DesktopError unless `statusCode` is 0."""
        return _checked(await self._http.get(_API + path))

    async def post(self, path: str, operation: str, **attributes: object) -> dict[str, Any]:
        """POST an operation below /api/v2; raises DesktopError unless `statusCode` is 0."""
        body = {"operationName": operation, **attributes}
        return _checked(await self._http.post(_API + path, json=body))

    async def fetch(self, path: str, byte_range: tuple[int, int] | None = None) -> bytes:
        """The bytes at a path below /api/v2, all or an inclusive range."""
        headers = {"Range": f"bytes={byte_range[0]}-{byte_range[1]}"} if byte_range else {}
        answer = await self._http.get(_API + path, headers=headers)
        if answer.status_code not in (httpx.codes.OK, httpx.codes.PARTIAL_CONTENT):
            _checked(answer)
        return answer.content

    async def _handshake(self) -> None:
        hello = {"channel": "/meta/handshake", "version": "1.0", "supportedConnectionTypes": ["long-polling"]}
        reply = (await self._bayeux(hello))[0]
        self._client_id = reply["clientId"]
        await self._bayeux({"channel": "/meta/subscribe", "clientId": self._client_id, "subscription": "/v2/me/*"})

    async def _listen(self) -> None:
        connect = {"channel": "/meta/connect", "clientId": self._client_id, "connectionType": "long-polling"}
        while True:
            for message in await self._bayeux(connect):
                if "data" in message and self._on_event is not None:
                    self._on_event(message["data"])

    async def _bayeux(self, message: Mapping[str, object]) -> list[dict[str, Any]]:
        answer = await self._http.post(f"{_API}/notifications", json=[message])
        answer.raise_for_status()
        replies: list[dict[str, Any]] = answer.json()
        return replies


def _checked(answer: httpx.Response) -> dict[str, Any]:
    body: dict[str, Any] = answer.json()
    if body.get("statusCode") != 0:
        raise DesktopError(f"{answer.status_code}: {body.get('statusMessage', 'no statusMessage')}")
    return body
