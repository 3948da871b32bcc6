"""Takes a SIP message's body apart: a session description, metadata, and what else a recording client packs in.

Parts are found by structure, not by trust (siprec.md, rule 5.4): line ends may be LF alone, parts may come in any order,
the last boundary may be missing, a part may say a length or no type at all. What a part is, its type says; without a
type its first bytes do.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from telegraphone.limits import MULTIPART_NESTING_MAX, MULTIPART_PARTS_MAX
from telegraphone.wire.errors import RemoteProtocolError
from telegraphone.wire.sip.options import SDP
from telegraphone.wire.sip.uri import find_param, parse_params

METADATA: Final = "application/rs-metadata+xml"
"""The type that is sent (RFC 9806 section 2)."""
METADATA_OLD: Final = "application/rs-metadata"
"""The name of RFC 7866, accepted for ever, and sent to who used it."""
MULTIPART: Final = "multipart/mixed"
ACCEPTED: Final = (SDP, METADATA, METADATA_OLD, MULTIPART)
_METADATA_TOO: Final = ("application/rs-metadata-xml", "application/recording-session")
_XML: Final = ("application/xml", "text/xml")
UNDERSTOOD: Final = (*_METADATA_TOO, *_XML, "multipart/related", "multipart/alternative")
"""What is sent for them all the same."""

_FIELD: Final = re.compile(rb"[!-9;-~]+[ \t]*:")
_METADATA_TYPES: Final = frozenset((METADATA, METADATA_OLD, *_METADATA_TOO))


@dataclass(frozen=True, slots=True)
class Part:
    """One piece of a body: its type in lower case without parameters, "" if not said."""

    content_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Body:
    """What a message carried. `metadata_type` is the name under which the metadata came; `others` are types only."""

    sdp: bytes | None = None
    metadata: bytes | None = None
    metadata_type: str = ""
    others: tuple[str, ...] = ()


def read_body(content_type: str, content: bytes) -> Body:
    """The body of a message whose Content-Type line is given whole, with its parameters.

    RemoteProtocolError for more parts, or deeper ones, than a body of recording clients has.
    """
    sdp: bytes | None = None
    metadata: bytes | None = None
    metadata_type = ""
    others: list[str] = []
    for part in _parts(content_type, content, MULTIPART_NESTING_MAX):
        kind = _kind(part)
        if kind == SDP and sdp is None:
            sdp = part.content
        elif kind == METADATA and metadata is None:
            metadata, metadata_type = part.content, part.content_type
        else:
            others.append(part.content_type or "unknown")
    return Body(sdp, metadata, metadata_type, tuple(others))


def _kind(part: Part) -> str:
    """What a part is, whatever it calls itself."""
    if part.content_type == SDP or part.content_type in _METADATA_TYPES:
        return SDP if part.content_type == SDP else METADATA
    start = part.content.lstrip()
    if part.content_type in ("", "text/plain", "application/octet-stream"):
        if start.startswith(b"v=0"):
            return SDP
        if start.startswith(b"<"):
            return METADATA
    if part.content_type in _XML and start.startswith(b"<"):
        return METADATA
    return part.content_type


def _parts(content_type: str, content: bytes, nesting: int) -> Iterator[Part]:
    kind, _, rest = content_type.partition(";")
    kind = kind.strip().lower()
    if not content.strip():
        return
    boundary = _boundary(rest, content) if kind.startswith("multipart/") or _sniffed(kind, content) else None
    if boundary is None:
        yield Part(kind, content)
        return
    if nesting == 0:
        raise RemoteProtocolError("the body is nested too deeply")
    pieces = _cut(content, boundary)
    if len(pieces) > MULTIPART_PARTS_MAX:
        raise RemoteProtocolError("the body has too many parts")
    for piece in pieces:
        inner, payload = _head(piece)
        yield from _parts(inner, payload, nesting - 1)


def _sniffed(kind: str, content: bytes) -> bool:
    return kind == "" and content.lstrip().startswith(b"--")


def _boundary(parameters: str, content: bytes) -> bytes | None:
    """The boundary that is named; that of the first line where none is, or where the named one is not there."""
    named = ""
    try:
        named = find_param(parse_params(f";{parameters}"), "boundary") or ""
    except RemoteProtocolError:
        match = re.search(r'boundary\s*=\s*"?([^";]+)', parameters, re.IGNORECASE)
        named = match[1] if match else ""
    boundary = named.strip().strip('"').encode()
    if boundary and b"--" + boundary in content:
        return boundary
    first = content.lstrip().partition(b"\n")[0].strip()
    return first[2:] if first.startswith(b"--") and len(first) > 2 else None


def _cut(content: bytes, boundary: bytes) -> list[bytes]:
    """The parts between the boundary lines; a line may end in blanks, and the closing one may be missing."""
    line = re.compile(rb"(?:\A|\r?\n)--" + re.escape(boundary) + rb"(--)?[ \t]*(?=\r?\n|\Z)")
    pieces: list[bytes] = []
    start: int | None = None
    for match in line.finditer(content):
        if start is not None:
            pieces.append(content[start : match.start()])
        start = match.end()
        if match[1]:
            return pieces
    if start is not None:
        pieces.append(content[start:])
    return pieces


def _head(piece: bytes) -> tuple[str, bytes]:
    """The Content-Type line and the content of one part; a part without header begins with a blank line, or does not."""
    piece = piece.removeprefix(b"\r\n") if piece.startswith(b"\r\n") else piece.removeprefix(b"\n")
    content_type = ""
    while piece:
        line, _, rest = piece.partition(b"\n")
        line = line.rstrip(b"\r")
        if not line.strip():
            return content_type, rest
        if not _FIELD.match(line) or line.startswith(b"<"):
            break
        while rest[:1] in (b" ", b"\t"):
            folded, _, rest = rest.partition(b"\n")
            line += b" " + folded.strip()
        name, _, value = line.partition(b":")
        if name.strip().lower() in (b"content-type", b"c"):
            content_type = value.strip().decode("utf-8", "replace")
        piece = rest
    return content_type, piece
