"""Turns bytes into requests and responses, and back (RFC 3261 section 7).

What is lenient and what is not follows RFC 4475: what cannot be misunderstood is read, what could be is refused
with the status its section asks for. Only what the transaction and dialog layers need is checked here (Via, From,
To, Call-ID, CSeq, the length of the body); every other field is text until somebody asks.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Final, TypeVar

from telegraphone.limits import SIP_BODY_BYTES_MAX, SIP_HEADER_LINE_BYTES_MAX, SIP_HEADERS_MAX
from telegraphone.wire.errors import LocalProtocolError, RemoteProtocolError
from telegraphone.wire.sip.fields import CSeq, Via, read_name_addrs
from telegraphone.wire.sip.headers import Headers, canonical, split_list
from telegraphone.wire.sip.reasons import REASONS
from telegraphone.wire.sip.uri import NameAddr, SipUri

_T = TypeVar("_T")
_M = TypeVar("_M", bound="Message")
_TOKEN: Final = re.compile(r"[A-Za-z0-9.!%*_+`'~-]+\Z")
_FOLD: Final = re.compile(r"[ \t]*\r\n[ \t]+")
_REQUEST_LINE: Final = re.compile(r"(\S+) +(\S.*?) +(\S+) *\Z")
_STATUS_LINE: Final = re.compile(r"SIP/2\.0 +([0-9]{1,16})(?: (.*))?\Z", re.IGNORECASE)
_LENGTH_DIGITS_MAX: Final = 16
_ONCE: Final = ("From", "To", "Call-ID", "CSeq")


@dataclass(frozen=True, slots=True)
class Message:
    """What requests and responses share. The typed views raise RemoteProtocolError where a field is malformed;
    for a message from `parse_message` those of Via, From, To, Call-ID and CSeq are already proved readable.
    """

    headers: Headers
    body: bytes
    _read: dict[str, Any] = field(default_factory=dict, init=False, compare=False, repr=False)
    """Values read once: a field is asked for ten times in a message's life, and reading is most of the cost."""

    def _required(self, name: str) -> str:
        value = self.headers.get(name)
        if value is None:
            raise RemoteProtocolError(f"{name} is missing")
        return value

    def _once(self, name: str, parse: Callable[[str], _T]) -> _T:
        value: _T | None = self._read.get(name)
        if value is None:
            value = self._read[name] = parse(self._required(name))
        return value

    @property
    def call_id(self) -> str:
        """The Call-ID as it stands; it is compared with case."""
        return self._required("Call-ID")

    @property
    def cseq(self) -> CSeq:
        """Sequence number and method."""
        return self._once("CSeq", CSeq.parse)

    @property
    def from_(self) -> NameAddr:
        """Who sent the request."""
        return self._once("From", NameAddr.parse)

    @property
    def to(self) -> NameAddr:
        """Whom the request was meant for; its tag tells the dialog."""
        return self._once("To", NameAddr.parse)

    @property
    def via(self) -> Via:
        """The topmost Via."""
        return self._once("Via", _parse_first_via)

    @property
    def contact(self) -> NameAddr | None:
        """The first Contact, None if there is none or it is unreadable: phones send strange ones."""
        try:
            return next(iter(read_name_addrs(self.headers, "Contact")), None)
        except RemoteProtocolError:
            return None

    @property
    def content_type(self) -> str:
        """Type and subtype of the body in lower case without parameters, "" if not said."""
        return (self.headers.get("Content-Type") or "").partition(";")[0].strip().lower()


def _parse_first_via(line: str) -> Via:
    return Via.parse(split_list(line)[0] if "," in line else line)


@dataclass(frozen=True, slots=True)
class Request(Message):
    """A request; `method` is compared with case (section 7.1)."""

    method: str
    uri: SipUri

    def start_line(self) -> str:
        """The request line."""
        return f"{self.method} {self.uri} SIP/2.0"


@dataclass(frozen=True, slots=True)
class Response(Message):
    """A response; `status` is 100 to 699."""

    status: int
    reason: str

    def start_line(self) -> str:
        """The status line."""
        return f"SIP/2.0 {self.status} {self.reason}"

    @property
    def provisional(self) -> bool:
        """Whether a final response is still to come."""
        return self.status < 200

    @property
    def success(self) -> bool:
        """Whether it is a 2xx."""
        return 200 <= self.status < 300


def with_top_via(request: Request, via: Via) -> Request:
    """The request with its topmost Via replaced: what was read of the rest stays read."""
    lower = request.headers.values("Via")[1:]
    changed = replace(request, headers=request.headers.setting("Via", ", ".join((str(via), *lower))))
    changed._read.update(request._read, Via=via)  # noqa: SLF001 - its own module
    return changed


class MalformedMessage(RemoteProtocolError):
    """A message that cannot be used. `status` is None where nothing may be answered (a response, an ACK).

    `headers` holds what could be read, so that an answer can still be addressed; `fatal` says that on a stream
    nothing after it can be trusted.
    """

    def __init__(self, reason: str, status: int | None = 400, headers: Headers | None = None, *, fatal: bool = False) -> None:
        super().__init__(reason, status=status)
        self.headers = headers if headers is not None else Headers()
        self.fatal = fatal


def serialize(message: Request | Response) -> bytes:
    """The bytes of a message; Content-Length is written here and nowhere else.

    Raises LocalProtocolError if a value holds a line break: it would become a header of its own.
    """
    lines = [message.start_line()]
    lines += [f"{name}: {value}" for name, value in message.headers if name != "Content-Length"]
    lines.append(f"Content-Length: {len(message.body)}\r\n\r\n")
    text = "\r\n".join(lines)
    if text.count("\n") != len(lines) + 1 or text.count("\r") != len(lines) + 1:
        raise LocalProtocolError("a header value holds a line break")
    return text.encode("utf-8", "replace") + message.body


def make_response(request: Request, status: int, reason: str = "", *, to_tag: str = "") -> Response:
    """A response with the fields that are copied from the request (section 8.2.6.2); `to_tag` if To has none yet."""
    fields = [pair for pair in request.headers if pair[0] in ("Via", "From", "To", "Call-ID", "CSeq", "Timestamp")]
    if to_tag and not request.to.tag:
        fields = [(name, f"{value};tag={to_tag}" if name == "To" else value) for name, value in fields]
    return Response(Headers.of_canonical(fields), b"", status, reason or REASONS.get(status, "Unknown"))


def parse_message(data: bytes) -> Request | Response:
    """Read one datagram: bytes after the body are noise (section 18.3), a body cut short is an error.

    Raises MalformedMessage.
    """
    head, blank, body = data.partition(b"\r\n\r\n")
    if not blank:
        raise MalformedMessage("no blank line ends the header", None)
    message = parse_head(head)
    length = content_length(message)
    if length is not None and length > len(body):
        raise malformed(message, "the body is shorter than Content-Length", 400)
    body = body if length is None else body[:length]
    if len(body) > SIP_BODY_BYTES_MAX:
        raise malformed(message, "the body is too large", 413)
    return with_body(message, body)


def with_body(message: _M, body: bytes) -> _M:
    """The message with its body: what was read of the header stays read."""
    if not body:
        return message
    changed = replace(message, body=body)
    changed._read.update(message._read)  # noqa: SLF001 - its own module
    return changed


def parse_head(head: bytes) -> Request | Response:
    """Read start line and header fields (without the blank line); raises MalformedMessage."""
    text = head.decode("utf-8", "replace").lstrip("\r\n")
    if "\r\n " in text or "\r\n\t" in text:
        text = _FOLD.sub(" ", text)
    start, *lines = text.split("\r\n")
    if len(lines) > SIP_HEADERS_MAX:
        raise MalformedMessage("too many header fields", None, fatal=True)
    headers, sound = _parse_fields(lines)
    status_line = _STATUS_LINE.match(start)
    if not sound:
        answerable = status_line is None and not start.startswith("ACK ")
        raise MalformedMessage("malformed header line", 400 if answerable else None, headers)
    return _parse_request(start, headers) if status_line is None else _parse_response(status_line, headers)


def _parse_fields(lines: list[str]) -> tuple[Headers, bool]:
    """The readable fields, and whether all were."""
    fields = []
    sound = True
    for line in lines:
        name, colon, value = line.partition(":")
        name = name.rstrip(" \t")
        if not colon or not _TOKEN.match(name) or len(line) > SIP_HEADER_LINE_BYTES_MAX or "\n" in line or "\r" in line:
            sound = False
            continue
        fields.append((canonical(name), value.strip(" \t")))
    return Headers.of_canonical(fields), sound


def _parse_response(status_line: re.Match[str], headers: Headers) -> Response:
    status = int(status_line[1])
    if not 100 <= status <= 699:
        raise MalformedMessage("status code out of range", None, headers)
    response = Response(headers, b"", status, (status_line[2] or "").strip())
    fault = _find_fault(response)
    if fault:
        raise MalformedMessage(fault, None, headers)
    return response


def _parse_request(start: str, headers: Headers) -> Request:
    line = _REQUEST_LINE.match(start)
    if line is None:
        raise MalformedMessage("malformed request line", 400, headers)
    method, target, version = line.groups()
    status = None if method == "ACK" else 400
    if version.upper() != "SIP/2.0":
        known = re.match(r"SIP/[0-9]+\.[0-9]+\Z", version, re.IGNORECASE)
        raise MalformedMessage("unknown version", status and (505 if known else 400), headers)
    try:
        uri = SipUri.parse(target)
    except RemoteProtocolError as error:
        raise MalformedMessage(error.reason, status, headers) from error
    if uri.headers or not _TOKEN.match(method):
        raise MalformedMessage("headers in the Request-URI, or no token as method", status, headers)
    request = Request(headers, b"", method, uri)
    fault = _find_fault(request)
    if fault:
        raise MalformedMessage(fault, status, headers)
    if request.cseq.method != method:
        raise MalformedMessage("CSeq names another method", status, headers)
    return request


def _find_fault(message: Message) -> str:
    """Why the transaction layer could not use the message; "" if it can."""
    names = [name for name, _ in message.headers]
    for name in _ONCE:
        if names.count(name) != 1:
            return f"{name} must be there once"
    try:
        vias = message.headers.values("Via")
        for value in vias[1:]:
            Via.parse(value)
        message.via, message.cseq, message.from_, message.to  # noqa: B018 - reading them is the proof
    except RemoteProtocolError as error:
        return error.reason
    return "" if message.call_id else "Call-ID is empty"


def content_length(message: Request | Response | MalformedMessage) -> int | None:
    """The stated length of the body, None if not stated; MalformedMessage if unreadable or contradictory."""
    lines = set(message.headers.lines("Content-Length"))
    if not lines:
        return None
    text = lines.pop()
    if lines or not text.isascii() or not text.isdigit() or len(text) > _LENGTH_DIGITS_MAX:
        raise malformed(message, "unreadable Content-Length", 400, fatal=True)
    return int(text)


def malformed(
    message: Request | Response | MalformedMessage, reason: str, status: int, *, fatal: bool = False
) -> MalformedMessage:
    """The error for a message whose header was read: ACKs and responses are never answered."""
    if isinstance(message, MalformedMessage):
        answerable = message.status is not None
    else:
        answerable = isinstance(message, Request) and message.method != "ACK"
    return MalformedMessage(reason, status if answerable else None, message.headers, fatal=fatal)
