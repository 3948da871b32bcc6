"""Typed values of the header fields the engine itself must understand; all others stay text."""

import re
from dataclasses import dataclass, replace
from typing import Final, Self

from telegraphone.wire.errors import RemoteProtocolError
from telegraphone.wire.sip.headers import Headers
from telegraphone.wire.sip.uri import (
    NameAddr,
    Params,
    find_param,
    format_params,
    parse_params,
    set_param,
    split_quoted,
    unquote,
)

BRANCH_COOKIE: Final = "z9hG4bK"
"""Begins every branch that is unique by itself (RFC 3261 section 8.1.1.7)."""

_VIA: Final = re.compile(
    r"SIP\s*/\s*2\.0\s*/\s*([A-Za-z0-9.!%*_+`'~-]+)\s+"
    r"([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?:\s*:\s*([0-9]{1,5}))?\s*(;.*)?\Z",
    re.IGNORECASE | re.DOTALL,
)
_CSEQ: Final = re.compile(r"([0-9]{1,64})\s+(\S+)\Z")
_SECONDS: Final = re.compile(r"\s*([0-9]{1,64})")
_CSEQ_MAX: Final = 2**32 - 1
_SECONDS_MAX: Final = 2**31


@dataclass(frozen=True, slots=True)
class Via:
    """One hop: how and from where a request was sent, hence where its response goes (RFC 3261 section 20.42)."""

    transport: str
    host: str
    port: int | None = None
    params: Params = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read one Via value; RemoteProtocolError if it is none."""
        match = _VIA.match(text)
        if match is None:
            raise RemoteProtocolError("malformed Via")
        params = parse_params(match[4]) if match[4] else ()
        return cls(match[1].upper(), match[2].lower(), int(match[3]) if match[3] else None, params)

    def __str__(self) -> str:
        port = "" if self.port is None else f":{self.port}"
        return f"SIP/2.0/{self.transport} {self.host}{port}{format_params(self.params)}"

    @property
    def branch(self) -> str:
        """The transaction's mark, "" if there is none (RFC 2543 senders)."""
        return find_param(self.params, "branch") or ""

    @property
    def received(self) -> str | None:
        """The address the request was seen to come from, if it differs from `host`."""
        return find_param(self.params, "received")

    @property
    def rport(self) -> str | None:
        """The port it was seen to come from; "" if only asked for (RFC 3581), None if not even that."""
        return find_param(self.params, "rport")

    def seen_from(self, host: str, port: int) -> "Via":
        """As the receiver completes it: `received` if the address differs or rport was asked for (RFC 3581 section 4)."""
        if self.rport is None and self.host == host:
            return self
        params = set_param(self.params, "received", host)
        if self.rport is not None:
            params = set_param(params, "rport", str(port))
        return replace(self, params=params)


@dataclass(frozen=True, slots=True)
class CSeq:
    """The place of a request in its dialog, and its method."""

    number: int
    method: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a CSeq; RemoteProtocolError if malformed or past 2**32 - 1 (RFC 4475 section 3.1.2.4)."""
        match = _CSEQ.match(text)
        if match is None or int(match[1]) > _CSEQ_MAX:
            raise RemoteProtocolError("malformed CSeq")
        return cls(int(match[1]), match[2])

    def __str__(self) -> str:
        return f"{self.number} {self.method}"


@dataclass(frozen=True, slots=True)
class SessionExpires:
    """How long a dialog lives without a refresh, in seconds, and who refreshes: "uac", "uas" or "" (RFC 4028)."""

    seconds: int
    refresher: str = ""

    @classmethod
    def of(cls, headers: Headers) -> Self | None:
        """What a message says; None if it says nothing readable."""
        text = headers.get("Session-Expires")
        seconds = read_seconds(text)
        if text is None or seconds is None:
            return None
        try:
            params = parse_params(text.partition(";")[2]) if ";" in text else ()
        except RemoteProtocolError:
            return None
        return cls(seconds, (find_param(params, "refresher") or "").lower())

    def __str__(self) -> str:
        return f"{self.seconds};refresher={self.refresher}" if self.refresher else str(self.seconds)


@dataclass(frozen=True, slots=True)
class AuthValue:
    """A challenge or a set of credentials: `Digest realm="x", nonce="y"`. Values are without their quotes."""

    scheme: str
    params: Params

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read one WWW-Authenticate, Authorization or the proxy's kind; RemoteProtocolError if malformed."""
        scheme, _, rest = text.strip().partition(" ")
        pairs = []
        for piece in split_quoted(rest, ","):
            name, equals, value = piece.partition("=")
            if not equals or not name.strip():
                raise RemoteProtocolError("malformed authentication parameter")
            pairs.append((name.strip().lower(), unquote(value.strip())))
        return cls(scheme.lower(), tuple(pairs))

    def get(self, name: str) -> str:
        """The value of a parameter, "" if absent."""
        for key, value in self.params:
            if key == name:
                return value or ""
        return ""


def read_seconds(text: str | None) -> int | None:
    """A delta-seconds at the start of a value; None if absent, unreadable or absurd (RFC 4475 section 3.1.2.4)."""
    match = _SECONDS.match(text) if text else None
    if match is None or int(match[1]) > _SECONDS_MAX:
        return None
    return int(match[1])


def read_name_addrs(headers: Headers, name: str) -> list[NameAddr]:
    """Every name-addr of a field (Contact, Route, Record-Route). RemoteProtocolError if one is malformed.

    The `*` of a Contact in REGISTER is no address: ask for it as `headers.get("Contact") == "*"` first.
    """
    return [NameAddr.parse(value) for value in headers.values(name)]
