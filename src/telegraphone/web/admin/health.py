"""Tells a load balancer or an operator whether this node works, and which part of it does not; nothing personal.

Two questions. *Alive*: does the program answer at all, or must it be started again? *Well*: does everything work that calls
and recordings need, or should new work go elsewhere? A full disk makes a node unwell, and starting it again would not help.
"""

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

import structlog
from starlette.responses import Response

from telegraphone.web.gws.answers import encode

log = structlog.get_logger()

Check = Callable[[], bool | Awaitable[bool]]
"""Whether one part works."""

WELL: Final = "/health"
ALIVE: Final = "/health/live"
_PATIENCE_S: Final = 2.0


async def works(check: Check) -> bool:
    """What the check says; a part that does not tell in time, or fails to, does not work."""
    try:
        async with asyncio.timeout(_PATIENCE_S):
            answer = check()
            return bool(await answer if inspect.isawaitable(answer) else answer)
    except Exception as error:  # noqa: BLE001 -- whatever goes wrong while looking is a part that does not work
        log.warning("check_failed", error=str(error))
        return False


async def health(checks: Mapping[str, Check]) -> Response:
    """200 when every part works, 503 otherwise; the body names each part."""
    parts = dict(zip(checks, await asyncio.gather(*(works(check) for check in checks.values())), strict=True))
    well = all(parts.values())
    body = {"status": "ok" if well else "degraded", "parts": {name: "ok" if fine else "down" for name, fine in parts.items()}}
    return _said(body, 200 if well else 503)


def alive() -> Response:
    """200, which says it all."""
    return _said({"status": "ok"}, 200)


def _said(body: Mapping[str, object], status: int) -> Response:
    return Response(encode(body), status, {"Content-Type": "application/json", "Cache-Control": "no-store"})
