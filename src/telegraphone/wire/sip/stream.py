"""Cuts the bytes of a connection into SIP messages by their Content-Length (RFC 3261 section 18.3)."""

from dataclasses import dataclass
from typing import Final

from telegraphone.limits import SIP_BODY_BYTES_MAX, SIP_HEAD_BYTES_MAX
from telegraphone.wire.sip.message import (
    MalformedMessage,
    Request,
    Response,
    content_length,
    malformed,
    parse_head,
    with_body,
)

_BLANK: Final = b"\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Ping:
    """A double CRLF between messages: the peer wants one CRLF back (RFC 5626 section 4.4.1)."""


class StreamParser:
    """One for each connection. A message that is malformed but framed is given as its error, and reading goes on; after
    a fatal error every further byte is ignored, and the connection is to be closed.
    """

    __slots__ = ("_body_at", "_buffer", "_message", "_searched", "dead")

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._searched = 0
        self._message: Request | Response | MalformedMessage | None = None
        self._body_at = 0
        self.dead = False
        """Whether a fatal error was met."""

    @property
    def partial(self) -> bool:
        """Whether a message was begun and not finished."""
        return bool(self._buffer)

    def receive_data(self, data: bytes) -> list[Request | Response | MalformedMessage | Ping]:
        """Take the next bytes and give all that is complete by now."""
        items: list[Request | Response | MalformedMessage | Ping] = []
        self._buffer += b"" if self.dead else data
        while not self.dead:
            item = self._next()
            if item is None:
                break
            items.append(item)
            if isinstance(item, MalformedMessage) and item.fatal:
                self.dead = True
                self._buffer.clear()
        return items

    def _next(self) -> Request | Response | MalformedMessage | Ping | None:
        if self._message is None:
            if self._skip_blank_lines():
                return Ping()
            fatal = self._read_head()
            if fatal is not None:
                return fatal
        return self._take_message() if self._message is not None else None

    def _skip_blank_lines(self) -> bool:
        """Drop CRLFs before a start line (section 7.5); True if they were a ping. One CRLF alone may be half of one."""
        if self._buffer.startswith(_BLANK):
            del self._buffer[:4]
            return True
        if self._buffer.startswith(b"\r\n") and len(self._buffer) > 2 and not _BLANK.startswith(self._buffer):
            del self._buffer[:2]
        return False

    def _read_head(self) -> MalformedMessage | None:
        """Find and parse the header; an error is returned only if the end of the message cannot be known."""
        end = self._buffer.find(_BLANK, max(0, self._searched - 3))
        self._searched = len(self._buffer)
        if end > SIP_HEAD_BYTES_MAX or (end < 0 and self._searched > SIP_HEAD_BYTES_MAX):
            return MalformedMessage("the header is too large", None, fatal=True)
        if end < 0:
            return None
        self._searched = 0
        try:
            message: Request | Response | MalformedMessage = parse_head(bytes(self._buffer[:end]))
        except MalformedMessage as error:
            message = error
        try:
            length = content_length(message)
        except MalformedMessage as error:
            return error
        if length is None or length > SIP_BODY_BYTES_MAX:
            # On a stream Content-Length is mandatory (section 20.14).
            reason, status = ("Content-Length is missing", 400) if length is None else ("the body is too large", 413)
            return malformed(message, reason, status, fatal=True)
        self._message, self._body_at = message, end + 4
        self._searched = end + 4 + length
        return None

    def _take_message(self) -> Request | Response | MalformedMessage | None:
        if len(self._buffer) < self._searched or self._message is None:
            return None
        body = bytes(self._buffer[self._body_at : self._searched])
        message = self._message
        del self._buffer[: self._searched]
        self._message, self._searched = None, 0
        return message if isinstance(message, MalformedMessage) else with_body(message, body)
