"""Answers for files that exist nowhere: byte ranges, validators, and bytes that end when who asked is signed out (RFC 9110)."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import Protocol

from starlette.datastructures import Headers

from telegraphone.services.ports import Unavailable
from telegraphone.web.gws.errors import Failure, Refused
from telegraphone.web.sign_ins import SignIn


class Servable(Protocol):
    """What is known of a file before a byte of it is made; `etag` is strong."""

    @property
    def content_type(self) -> str:
        """The media type."""

    @property
    def size(self) -> int:
        """Bytes of the whole."""

    @property
    def etag(self) -> str:
        """The same for the same bytes."""

    @property
    def last_modified(self) -> datetime:
        """Since when it is as it is."""


@dataclass(frozen=True, slots=True)
class Span:
    """Bytes [start, end) of a file; `partial` when they were asked for."""

    start: int
    end: int
    partial: bool

    @property
    def status(self) -> int:
        """The HTTP status of an answer with these bytes."""
        return 206 if self.partial else 200


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


def range_applies(headers: Headers, file: Servable) -> bool:
    """Whether If-Range lets the Range count: by a strong tag, or by the exact time (RFC 9110 section 13.1.5)."""
    condition = headers.get("if-range")
    if condition is None:
        return True
    if condition.startswith('"'):
        return condition == file.etag
    try:
        return parsedate_to_datetime(condition) == file.last_modified.replace(microsecond=0)
    except (ValueError, TypeError):
        return False


def asked(headers: Headers, file: Servable) -> tuple[Span, dict[str, str]]:
    """Which bytes of the file a request with these headers wants, and the fields of the answer. Raises `Refused` for a range
    that the file does not have (416)."""
    span = wanted_span(headers.get("range") if range_applies(headers, file) else None, file.size)
    fields = {
        "Content-Type": file.content_type,
        "Accept-Ranges": "bytes",
        "ETag": file.etag,
        "Last-Modified": format_datetime(file.last_modified, usegmt=True),
        "Cache-Control": "private, no-store",
    }
    if span is None:
        raise Refused(_unsatisfiable(file, fields))
    if span.partial:
        fields["Content-Range"] = f"bytes {span.start}-{span.end - 1}/{file.size}"
    fields["Content-Length"] = str(span.end - span.start)
    return span, fields


async def while_signed_in(pieces: AsyncIterator[bytes], sign_in: SignIn, port: str) -> AsyncIterator[bytes]:
    """What was promised is cut short when who asked is signed out, whether by themselves or because a right is gone."""
    async for piece in pieces:
        if sign_in.over:
            raise Unavailable(port, "who asked was signed out", retryable=False)
        yield piece


def _unsatisfiable(file: Servable, fields: Mapping[str, str]) -> Failure:
    kept = {name: value for name, value in fields.items() if name != "Content-Type"}
    kept["Content-Range"] = f"bytes */{file.size}"
    return Failure(416, 2, "Requested range is not satisfiable.", kept)
