"""Plays a part of a recording over HTTP: byte ranges, validators, and an audit line before the first byte (gws-api 13.4)."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from email.utils import format_datetime, parsedate_to_datetime

from starlette.datastructures import Headers
from starlette.responses import Response, StreamingResponse

from telegraphone.services.audit import AuditTrail, Deed
from telegraphone.services.catalogue import PartRecord
from telegraphone.services.ports import Form, Player, Rendition, Unavailable
from telegraphone.web.gws.answers import refuse
from telegraphone.web.gws.errors import Failure
from telegraphone.web.gws.recording_shapes import media_id
from telegraphone.web.gws.requests import ApiRequest
from telegraphone.web.sign_ins import SignIn


@dataclass(frozen=True, slots=True)
class Span:
    """Bytes [start, end) of a file; `partial` when they were asked for."""

    start: int
    end: int
    partial: bool


def wanted_span(header: str | None, size: int) -> Span | None:
    """What a Range header asks of a file of this size; None when it cannot be satisfied. Several ranges, other units
    and what is no range at all are answered with everything (RFC 9110 section 14.2)."""
    whole = Span(0, size, partial=False)
    if header is None:
        return whole
    unit, _, ranges = header.partition("=")
    first, dash, last = ranges.strip().partition("-")
    if unit.strip().lower() != "bytes" or not dash or not all(_is_number(each) for each in (first, last) if each):
        return whole
    if not first:
        return _suffix(int(last), size) if last else whole
    start = int(first)
    if last and int(last) < start:
        return whole
    if start >= size:
        return None
    return Span(start, min(int(last) + 1, size) if last else size, partial=True)


def _suffix(length: int, size: int) -> Span | None:
    return Span(max(0, size - length), size, partial=True) if length and size else None


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 19


def range_applies(headers: Headers, rendition: Rendition) -> bool:
    """Whether If-Range lets the Range count: by a strong tag, or by the exact time (RFC 9110 section 13.1.5)."""
    condition = headers.get("if-range")
    if condition is None:
        return True
    if condition.startswith('"'):
        return condition == rendition.etag
    try:
        return parsedate_to_datetime(condition) == rendition.last_modified.replace(microsecond=0)
    except (ValueError, TypeError):
        return False


class Playback:
    """Streams renditions, and writes down who listened to what."""

    def __init__(self, player: Player, audit: AuditTrail) -> None:
        self._player = player
        self._audit = audit

    async def respond(self, request: ApiRequest, part: PartRecord, form: Form) -> Response:
        """The answer to GET or HEAD of this part's audio. Raises KeyError when there is none, and `Unavailable`."""
        rendition = await self._player.open(part.recording_id, form)
        headers = request.http.headers
        asked = headers.get("range") if range_applies(headers, rendition) else None
        span = wanted_span(asked, rendition.size)
        fields = _validators(rendition)
        if span is None:
            return refuse(_unsatisfiable(rendition, fields))
        if request.query.get("download") == "true":
            fields["Content-Disposition"] = f'attachment; filename="{_file_name(part, form)}"'
        if span.partial:
            fields["Content-Range"] = f"bytes {span.start}-{span.end - 1}/{rendition.size}"
        fields["Content-Length"] = str(span.end - span.start)
        status = 206 if span.partial else 200
        if request.http.method == "HEAD":
            return Response(None, status, fields)
        await self._write_down(request, part, form, span, rendition.size)
        return StreamingResponse(self._bytes(request.principal.sign_in, rendition, span), status, fields)

    async def _write_down(self, request: ApiRequest, part: PartRecord, form: Form, span: Span, size: int) -> None:
        """One line for each listen and each seek: what was asked for, and where about in the recording that lies."""
        places = (part.duration_ms * place // max(1, size) for place in (span.start, span.end))
        detail = {
            "call": part.call_uuid,
            "form": f"{form.format} {form.tracks}",
            "bytes": f"{span.start}-{span.end - 1}",
            "about_ms": "-".join(map(str, places)),
        }
        agent = request.agent
        action = "download" if request.query.get("download") == "true" else "play"
        await self._audit.write(Deed(agent.actor, action, part.recording_id, "begun", detail, agent.tenant, request.origin))

    async def _bytes(self, sign_in: SignIn, rendition: Rendition, span: Span) -> AsyncIterator[bytes]:
        """What was promised is cut short when the listener is signed out, whether by himself or because a right is gone."""
        async for piece in self._player.read(rendition, span.start, span.end):
            if sign_in.over:
                raise Unavailable("playback", "the listener was signed out", retryable=False)
            yield piece


def _validators(rendition: Rendition) -> dict[str, str]:
    return {
        "Content-Type": rendition.content_type,
        "Accept-Ranges": "bytes",
        "ETag": rendition.etag,
        "Last-Modified": format_datetime(rendition.last_modified, usegmt=True),
        "Cache-Control": "private, no-store",
    }


def _unsatisfiable(rendition: Rendition, fields: dict[str, str]) -> Failure:
    kept = {name: value for name, value in fields.items() if name != "Content-Type"}
    kept["Content-Range"] = f"bytes */{rendition.size}"
    return Failure(416, 2, "Requested range is not satisfiable.", kept)


def _file_name(part: PartRecord, form: Form) -> str:
    """`mediaId`, made of our own characters; what a number or host brought in must not end the quoted text."""
    named = media_id(part, form.format)
    return "".join(each if each.isascii() and each.isprintable() and each not in '"\\/' else "_" for each in named)
