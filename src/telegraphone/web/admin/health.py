"""Tells a load balancer or an operator whether this node works, and which part of it does not; nothing personal."""

from collections.abc import Callable, Mapping

import msgspec
from starlette.responses import Response

Check = Callable[[], bool]

PATH = "/health"


def health(checks: Mapping[str, Check]) -> Response:
    """200 when every part works, 503 otherwise; the body names each part."""
    parts = {name: check() for name, check in checks.items()}
    well = all(parts.values())
    body = {"status": "ok" if well else "degraded", "parts": {name: "ok" if works else "down" for name, works in parts.items()}}
    headers = {"Content-Type": "application/json", "Cache-Control": "no-store"}
    return Response(msgspec.json.encode(body), 200 if well else 503, headers)
