"""Makes the answers of the API: JSON objects with `statusCode` on top, and nothing that a cache may keep."""

from collections.abc import Mapping

import msgspec
from starlette.responses import Response

from telegraphone.web.gws.errors import Failure

_CONTENT_TYPE = "application/json; charset=UTF-8"
_ENCODER = msgspec.json.Encoder()


def encode(value: object) -> bytes:
    """A value as JSON."""
    return _ENCODER.encode(value)


def answer(http_status: int = 200, headers: Mapping[str, str] | None = None, /, **members: object) -> Response:
    """An answer of `statusCode` 0 with these members."""
    return _json(http_status, {"statusCode": 0, **members}, headers)


def partial(failed: list[dict[str, object]], succeeded: list[dict[str, object]]) -> Response:
    """The answer to what succeeded in part (gws-api 5.2)."""
    return _json(200, {"statusCode": 7, "failed": failed, "succeeded": succeeded}, None)


def refuse(failure: Failure) -> Response:
    """An answer that is not 0: `statusMessage` beside `statusCode`, and nothing else (gws-api 3.1)."""
    members = {"statusCode": failure.status_code, "statusMessage": failure.message}
    return _json(failure.http_status, members, failure.headers)


def _json(http_status: int, members: Mapping[str, object], headers: Mapping[str, str] | None) -> Response:
    fields = {"Content-Type": _CONTENT_TYPE, "Cache-Control": "no-store", **(headers or {})}
    return Response(encode(members), http_status, fields)
