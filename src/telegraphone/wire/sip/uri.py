"""Reads, writes and compares SIP URIs and the name-addr form that wraps them (RFC 3261 sections 19.1, 20.10).

A URI is kept in a canonical spelling: scheme, host and parameter names in lower case, and only those characters
of the user part escaped that RFC 3261 section 25.1 does not allow bare. So `sip:%61lice@Example.COM` and
`sip:alice@example.com` are the same value.
"""

import re
from dataclasses import dataclass, replace
from typing import Final, Self

from telegraphone.wire.errors import RemoteProtocolError

Params = tuple[tuple[str, str | None], ...]
"""Parameters in their order: name in lower case, value as written (None: the name stands alone)."""

_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_HOST_PORT: Final = re.compile(r"([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::([0-9]{1,5}))?\Z")
_SIMPLE: Final = re.compile(r"(sips?):(?:([A-Za-z0-9_.!~*'()&=+$,/-]+)@)?([a-z0-9._-]+)(?::([0-9]{1,4}))?\Z")
"""Nine of ten URIs: nothing escaped, no password, no parameters, nothing in capitals that would have to be lowered."""

_FORBIDDEN: Final = re.compile(r'[\x00-\x20<>"\x7f]')
_ESCAPE: Final = re.compile(r"%([0-9A-Fa-f]{2})")
_UNRESERVED: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.!~*'()")
_USER_BARE: Final = _UNRESERVED | frozenset("&=+$,;?/#")
_PARAM_NAME: Final = re.compile(r"[^\s;=,<>\"?@]+\Z")
_PLAIN_DISPLAY: Final = re.compile(r"[A-Za-z0-9.!%*_+`'~-]+(?: [A-Za-z0-9.!%*_+`'~-]+)*\Z")
_DISPLAY_TOKENS: Final = re.compile(r"[A-Za-z0-9.!%*_+`'~\s\x80-\U0010ffff-]*\Z")
_QUOTED: Final = re.compile(r'"((?:[^"\\]|\\.)*)"\s*', re.DOTALL)
_MUST_MATCH_IF_PRESENT: Final = ("user", "ttl", "method", "maddr")


def _normal_escape(match: re.Match[str]) -> str:
    character = chr(int(match[1], 16))
    return character if character in _UNRESERVED else match[0].upper()


def _normalise(text: str) -> str:
    return _ESCAPE.sub(_normal_escape, text) if "%" in text else text


def escape_user(text: str) -> str:
    """Write free text as the user part of a URI: what may not stand bare becomes %HH of its UTF-8 bytes."""
    return "".join(c if c in _USER_BARE else "".join(f"%{byte:02X}" for byte in c.encode()) for c in text)


def unescape(text: str) -> str:
    """Read %HH escapes once, never twice (RFC 4475 section 3.1.1.3)."""
    if "%" not in text:
        return text
    octets = re.sub(rb"%([0-9A-Fa-f]{2})", lambda m: bytes([int(m[1], 16)]), text.encode())
    return octets.decode("utf-8", "replace")


def parse_params(text: str) -> Params:
    """Read `;name=value;name` (a leading semicolon is optional); quoted values keep their quotes.

    Raises RemoteProtocolError for an empty parameter or one without a name.
    """
    pieces = split_quoted(text, ";") if '"' in text else text.split(";")
    if pieces and not pieces[0].strip():
        del pieces[0]
    params = []
    for piece in pieces:
        name, equals, value = piece.partition("=")
        name = name.strip().lower()
        if not _PARAM_NAME.match(name):
            raise RemoteProtocolError("empty or malformed parameter")
        params.append((name, value.strip() if equals else None))
    return tuple(params)


def format_params(params: Params) -> str:
    """Write parameters as `;name=value;name`."""
    return "".join(f";{name}" if value is None else f";{name}={value}" for name, value in params)


def find_param(params: Params, name: str) -> str | None:
    """The value of a parameter without its quotes, "" if it stands alone, None if it is absent."""
    for key, value in params:
        if key == name:
            return unquote(value) if value else ""
    return None


def set_param(params: Params, name: str, value: str | None) -> Params:
    """The parameters with one replaced in place, or added at the end."""
    if any(key == name for key, _ in params):
        return tuple((key, value if key == name else old) for key, old in params)
    return (*params, (name, value))


def quote(text: str) -> str:
    """A quoted-string (RFC 3261 section 25.1)."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def unquote(text: str) -> str:
    """What a quoted-string says; any other text stays as it is."""
    if len(text) < 2 or text[0] != '"' or text[-1] != '"':
        return text
    return re.sub(r"\\(.)", r"\1", text[1:-1], flags=re.DOTALL)


def split_quoted(text: str, separator: str) -> list[str]:
    """Split at a separator that stands neither in a quoted-string nor between angle brackets.

    Raises RemoteProtocolError for a quote or bracket that never closes.
    """
    pieces, start, at, end = [], 0, 0, len(text)
    while at < end:
        character = text[at]
        if character == '"':
            match = _QUOTED.match(text, at)
            if match is None:
                raise RemoteProtocolError("unterminated quoted string")
            at = match.end()
            continue
        if character == "<":
            at = text.find(">", at)
            if at < 0:
                raise RemoteProtocolError("unterminated angle bracket")
        elif character == separator:
            pieces.append(text[start:at])
            start = at + 1
        at += 1
    pieces.append(text[start:])
    return pieces


@dataclass(frozen=True, slots=True)
class SipUri:
    """A `sip:`, `sips:` or `tel:` URI, or any other kept whole in `opaque`.

    `user` is in canonical escaped form (see `unescape`); `host` is in lower case, an IPv6 address in its brackets;
    for `tel:` the number is the user and the host is empty. Equality is of spelling: for RFC 3261 section 19.1.4,
    which is not transitive, ask `matches`.
    """

    host: str
    user: str = ""
    port: int | None = None
    scheme: str = "sip"
    password: str | None = None
    params: Params = ()
    headers: str = ""
    opaque: str = ""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a URI; RemoteProtocolError if it is none."""
        simple = _SIMPLE.match(text)
        if simple is not None:
            scheme, user, host, port = simple.groups()
            return cls(host, user or "", int(port) if port else None, scheme)
        match = _SCHEME.match(text)
        if match is None or _FORBIDDEN.search(text):
            raise RemoteProtocolError("malformed URI")
        scheme, rest = match[1].lower(), text[match.end() :]
        if scheme in ("sip", "sips"):
            return cls._parse_sip(scheme, rest)
        if scheme == "tel":
            number, semicolon, params = rest.partition(";")
            return cls("", number, scheme=scheme, params=parse_params(";" + params) if semicolon else ())
        return cls("", scheme=scheme, opaque=rest)

    @classmethod
    def _parse_sip(cls, scheme: str, rest: str) -> Self:
        userinfo, at, address = rest.rpartition("@")
        user, colon, password = userinfo.partition(":")
        if "@" in userinfo or (at and not user):
            raise RemoteProtocolError("malformed user part in URI")
        address, _, headers = address.partition("?")
        host_port, semicolon, params = address.partition(";")
        match = _HOST_PORT.match(host_port)
        if match is None or (match[2] and int(match[2]) > 65535):
            raise RemoteProtocolError("malformed host in URI")
        return cls(
            match[1].lower(),
            _normalise(user),
            int(match[2]) if match[2] else None,
            scheme,
            _normalise(password) if colon else None,
            parse_params(_normalise(";" + params)) if semicolon else (),
            headers,
        )

    def __str__(self) -> str:
        if self.opaque:
            return f"{self.scheme}:{self.opaque}"
        if self.scheme == "tel":
            return f"tel:{self.user}{format_params(self.params)}"
        secret = "" if self.password is None else f":{self.password}"
        at = f"{self.user}{secret}@" if self.user else ""
        port = "" if self.port is None else f":{self.port}"
        headers = f"?{self.headers}" if self.headers else ""
        return f"{self.scheme}:{at}{self.host}{port}{format_params(self.params)}{headers}"

    def param(self, name: str) -> str | None:
        """The value of a URI parameter, "" if it stands alone, None if absent."""
        return find_param(self.params, name)

    @property
    def transport(self) -> str:
        """What the URI asks for, in upper case; UDP if it says nothing; sips means TLS (RFC 3261 section 19.1.2)."""
        return "TLS" if self.scheme == "sips" else (self.param("transport") or "UDP").upper()

    def bare(self) -> "SipUri":
        """Scheme, user, host and port only: the form an address of record is looked up by (RFC 3261 section 10.3)."""
        return replace(self, password=None, params=(), headers="")

    def matches(self, other: "SipUri") -> bool:
        """Whether the two mean the same (RFC 3261 section 19.1.4)."""
        mine = (self.scheme, self.user, self.password, self.host, self.port, self.opaque)
        theirs = (other.scheme, other.user, other.password, other.host, other.port, other.opaque)
        if mine != theirs or _header_set(self.headers) != _header_set(other.headers):
            return False
        ours = {name: (value or "").lower() for name, value in self.params}
        yours = {name: (value or "").lower() for name, value in other.params}
        if any(ours.get(name) != yours.get(name) for name in _MUST_MATCH_IF_PRESENT):
            return False
        return all(yours.get(name, value) == value for name, value in ours.items())


def _header_set(headers: str) -> frozenset[str]:
    return frozenset(_normalise(piece).lower() for piece in headers.split("&")) if headers else frozenset()


@dataclass(frozen=True, slots=True)
class NameAddr:
    """`"Display" <uri>;params`, the value of From, To, Contact, Route and their like."""

    uri: SipUri
    display_name: str = ""
    params: Params = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read one name-addr or addr-spec; RemoteProtocolError if it is neither.

        Without angle brackets everything after the first semicolon belongs to the header, not to the URI, and the
        URI may not hold a comma or question mark (RFC 3261 section 20).
        """
        text = text.strip()
        display, rest = "", text
        if text.startswith('"'):
            match = _QUOTED.match(text)
            if match is None:
                raise RemoteProtocolError("unterminated quoted string")
            display, rest = unquote(match[0].rstrip()), text[match.end() :]
            if not rest.startswith("<"):
                raise RemoteProtocolError("a display name needs a URI in angle brackets")
        before, bracket, inside = rest.partition("<")
        if not bracket:
            uri, semicolon, params = rest.partition(";")
            if "?" in uri or "," in uri:
                raise RemoteProtocolError("this URI needs angle brackets")
            return cls(SipUri.parse(uri.rstrip()), "", parse_params(";" + params) if semicolon else ())
        uri, closed, params = inside.partition(">")
        if not closed or not _DISPLAY_TOKENS.match(before):
            raise RemoteProtocolError("malformed display name or URI")
        return cls(SipUri.parse(uri), display or before.strip(), _parse_tail(params))

    def __str__(self) -> str:
        if not self.display_name:
            return f"<{self.uri}>{format_params(self.params)}"
        plain = _PLAIN_DISPLAY.match(self.display_name)
        display = self.display_name if plain else quote(self.display_name)
        return f"{display} <{self.uri}>{format_params(self.params)}"

    def param(self, name: str) -> str | None:
        """The value of a header parameter without quotes, "" if it stands alone, None if absent."""
        return find_param(self.params, name)

    @property
    def tag(self) -> str:
        """The tag of a From or To, "" if there is none yet."""
        return self.param("tag") or ""

    def with_param(self, name: str, value: str | None) -> "NameAddr":
        """The same with one header parameter set."""
        return replace(self, params=set_param(self.params, name, value))

    def without_params(self) -> "NameAddr":
        """Display name and URI only."""
        return replace(self, params=())


def _parse_tail(text: str) -> Params:
    text = text.strip()
    if not text:
        return ()
    if not text.startswith(";"):
        raise RemoteProtocolError("unexpected text after a URI")
    return parse_params(text)
