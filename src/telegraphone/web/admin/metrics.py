"""The operators' port: the page of numbers that Prometheus reads. A port of its own, so that it is never public by accident."""

from collections.abc import Awaitable, Callable
from typing import Final

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

PAGE: Final = "/metrics"


class MetricsPage:
    """An ASGI application with one page."""

    def __init__(self, page: Callable[[], Awaitable[bytes]], content_type: str) -> None:
        self._page = page
        self._content_type = content_type

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request (ASGI); sockets are refused."""
        if scope["type"] != "http":
            await receive()
            await send({"type": "websocket.close", "code": 1008})
            return
        response = await self._answer(Request(scope, receive))
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        if request.scope["path"] != PAGE:
            return PlainTextResponse(f"The numbers are at {PAGE}.\n", 404)
        if request.method not in {"GET", "HEAD"}:
            return PlainTextResponse("", 405, {"Allow": "GET, HEAD"})
        return Response(await self._page(), headers={"Content-Type": self._content_type, "Cache-Control": "no-store"})
