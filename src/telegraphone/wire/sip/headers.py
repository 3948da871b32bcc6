"""Keeps the header fields of a message in their order, whatever their spelling (RFC 3261 section 7.3).

Names are stored in one canonical spelling, compact forms expanded, so two names are the same field exactly when
they are the same string. A container never changes: each change makes a new one.
"""

from collections.abc import Iterable, Iterator
from typing import Final, Self

from telegraphone.wire.sip.uri import split_quoted

COMPACT: Final = {
    "a": "Accept-Contact",
    "b": "Referred-By",
    "c": "Content-Type",
    "d": "Request-Disposition",
    "e": "Content-Encoding",
    "f": "From",
    "i": "Call-ID",
    "j": "Reject-Contact",
    "k": "Supported",
    "l": "Content-Length",
    "m": "Contact",
    "o": "Event",
    "r": "Refer-To",
    "s": "Subject",
    "t": "To",
    "u": "Allow-Events",
    "v": "Via",
    "x": "Session-Expires",
    "y": "Identity",
}
"""The single-letter names of the IANA registry of SIP header fields."""

_IRREGULAR: Final = {
    "call-id": "Call-ID",
    "cseq": "CSeq",
    "www-authenticate": "WWW-Authenticate",
    "mime-version": "MIME-Version",
    "min-se": "Min-SE",
    "rack": "RAck",
    "rseq": "RSeq",
    "sip-etag": "SIP-ETag",
    "sip-if-match": "SIP-If-Match",
}
LISTS: Final = frozenset(
    (
        *("Accept", "Accept-Encoding", "Accept-Language", "Alert-Info", "Allow", "Allow-Events", "Call-Info"),
        *("Contact", "Content-Encoding", "Content-Language", "Diversion", "Error-Info", "History-Info"),
        *("In-Reply-To", "P-Asserted-Identity", "Path", "Proxy-Require", "Reason", "Record-Route", "Require"),
        *("Route", "Service-Route", "Supported", "Unsupported", "Via", "Warning"),
    )
)
"""Fields whose values may share one line, separated by commas; every other field is one value a line."""

_FREQUENT: Final = (
    *("Authorization", "Date", "Expires", "Max-Forwards", "Proxy-Authenticate", "Proxy-Authorization", "Retry-After"),
    *("Server", "Timestamp", "User-Agent"),
)
_known: Final = {full.lower(): full for full in (*COMPACT.values(), *LISTS, *_FREQUENT)}
_known.update(COMPACT)
_known.update(_IRREGULAR)
_known.update({full: full for full in tuple(_known.values())})


def canonical(name: str) -> str:
    """The one spelling of a field name: `v`, `VIA` and `via` are all `Via`; unknown names get capitals at hyphens."""
    known = _known.get(name) or _known.get(name.lower())
    return known or "-".join(part.capitalize() for part in name.split("-"))


class Headers:
    """Header fields in order. Reading never fails; values are text without line folding or outer blanks."""

    __slots__ = ("_fields",)

    def __init__(self, fields: Iterable[tuple[str, str]] = ()) -> None:
        """Take (name, value) pairs in any spelling."""
        self._fields = tuple((canonical(name), value) for name, value in fields)

    @classmethod
    def of_canonical(cls, fields: Iterable[tuple[str, str]]) -> Self:
        """The same, for names that already are canonical: the parser's and our own, to save the look-up."""
        made = cls.__new__(cls)
        made._fields = tuple(fields)
        return made

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self.get(name) is not None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Headers) and self._fields == other._fields

    def __hash__(self) -> int:
        return hash(self._fields)

    def __repr__(self) -> str:
        return f"Headers({list(self._fields)!r})"

    def get(self, name: str) -> str | None:
        """The first value of a field as it stands on its line, None if the field is absent."""
        wanted = canonical(name)
        for key, value in self._fields:
            if key == wanted:
                return value
        return None

    def lines(self, name: str) -> list[str]:
        """Every line of a field, uncut."""
        wanted = canonical(name)
        return [value for key, value in self._fields if key == wanted]

    def values(self, name: str) -> list[str]:
        """Every value of a field; lines are cut at commas only where the field is a list (section 7.3.1).

        Raises RemoteProtocolError for an unterminated quotation.
        """
        wanted = canonical(name)
        lines = self.lines(wanted)
        if wanted not in LISTS:
            return lines
        values: list[str] = []
        for line in lines:
            values += split_list(line)
        return values

    def tokens(self, name: str) -> frozenset[str]:
        """The values of a list of tokens (Supported, Require, Allow) as a set, in lower case."""
        return frozenset(token.strip().lower() for line in self.lines(name) for token in line.split(","))

    def adding(self, name: str, value: str) -> "Headers":
        """With one more line at the end."""
        return Headers.of_canonical((*self._fields, (canonical(name), value)))

    def setting(self, name: str, value: str) -> "Headers":
        """With the field replaced by one line, at the place of its first line if there was one."""
        wanted = canonical(name)
        fields: list[tuple[str, str]] = []
        placed = False
        for key, old in self._fields:
            if key != wanted:
                fields.append((key, old))
            elif not placed:
                fields.append((key, value))
                placed = True
        if not placed:
            fields.append((wanted, value))
        return Headers.of_canonical(fields)

    def without(self, name: str) -> "Headers":
        """With every line of the field gone."""
        wanted = canonical(name)
        return Headers.of_canonical(pair for pair in self._fields if pair[0] != wanted)


def split_list(line: str) -> list[str]:
    """Cut a line at its commas, outside of quotations and angle brackets; empty values stay, as "" (an error of Via)."""
    if "," not in line:
        return [line.strip()] if line else []
    pieces = split_quoted(line, ",") if '"' in line or "<" in line else line.split(",")
    return [piece.strip() for piece in pieces]
