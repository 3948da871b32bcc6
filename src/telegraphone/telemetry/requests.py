"""Stands before the web application and notes each request of the API: what was asked, how it was answered, how long it took.

CometD is left out: its requests are held on purpose, so that their times say nothing.
"""

from collections.abc import Callable

from opentelemetry.propagate import extract
from opentelemetry.trace import SpanKind, Status, StatusCode, Tracer
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from telegraphone.services.ports import Clock
from telegraphone.telemetry.metrics import Metrics

_SERVER_ERROR = 500


class WatchedRequests:
    """An ASGI application that does what the one behind it does."""

    def __init__(
        self, app: ASGIApp, template_of: Callable[[str], str | None], metrics: Metrics, tracer: Tracer, clock: Clock
    ) -> None:
        """`template_of`: the template of a path; None for what is not watched."""
        self._app = app
        self._template_of = template_of
        self._metrics = metrics
        self._tracer = tracer
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request or socket (ASGI)."""
        route = self._template_of(scope["path"]) if scope["type"] == "http" else None
        if route is None:
            await self._app(scope, receive, send)
            return
        method = scope["method"] if scope["method"] in {"GET", "HEAD", "POST", "OPTIONS", "PUT", "DELETE"} else "other"
        began = self._clock.now()
        with self._tracer.start_as_current_span(
            f"{method} {route}", extract(Headers(scope=scope)), SpanKind.SERVER, {"http.route": route}, record_exception=False
        ) as span:

            async def heard(message: Message) -> None:
                if message["type"] == "http.response.start":
                    status = int(message["status"])
                    self._metrics.requests.labels(route, method, str(status)).observe(self._clock.now() - began)
                    span.set_attribute("http.response.status_code", status)
                    if status >= _SERVER_ERROR:
                        span.set_status(Status(StatusCode.ERROR))
                await send(message)

            await self._app(scope, receive, heard)
