"""Reads and writes session descriptions and answers offers: SDP (RFC 8866) and offer/answer (RFC 3264).

Reading is tolerant: lines in any order within their section, unknown lines ignored, static payload numbers without an
rtpmap known by RFC 3551, hold by `c=0.0.0.0` as in RFC 2543. What names no usable media is an error.
Codecs are data: another one is another `Codec` in the capabilities, and no code here.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum
from ipaddress import ip_address
from typing import Final, Self

from telegraphone.limits import SDP_ATTRIBUTES_MAX, SDP_BYTES_MAX, SDP_MEDIA_MAX
from telegraphone.wire.errors import RemoteProtocolError

NOWHERE: Final = frozenset(("", "0.0.0.0", "::"))  # noqa: S104 - addresses that mean hold, nothing is bound to them
"""In the place of an address: nothing is to be sent there, and nothing comes from there (RFC 2543 section B.5)."""
_PORT_MAX: Final = 65535
_PAYLOAD_TYPE_MAX: Final = 127


class Direction(Enum):
    """Which way media flows, seen from who says it."""

    SENDRECV = "sendrecv"
    SENDONLY = "sendonly"
    RECVONLY = "recvonly"
    INACTIVE = "inactive"

    @classmethod
    def of(cls, *, sends: bool, receives: bool) -> "Direction":
        """The direction of one who sends, receives, both or neither."""
        if sends:
            return cls.SENDRECV if receives else cls.SENDONLY
        return cls.RECVONLY if receives else cls.INACTIVE

    @property
    def sends(self) -> bool:
        """Whether who says it sends."""
        return self in {Direction.SENDRECV, Direction.SENDONLY}

    @property
    def receives(self) -> bool:
        """Whether who says it receives."""
        return self in {Direction.SENDRECV, Direction.RECVONLY}

    def answered_by(self, wanted: "Direction") -> "Direction":
        """The most of `wanted` that fits an offer of this direction (RFC 3264 section 6.1)."""
        return Direction.of(sends=wanted.sends and self.receives, receives=wanted.receives and self.sends)


def is_address(host: str) -> bool:
    """Whether it is an IP address. RFC 8866 section 5.7 lets a name stand in its place, which would have to be asked for while
    calls wait, and its owner could lead us anywhere."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class Codec:
    """One way to code a stream: `name/clock_rate_hz/channels`, and its payload type where it is described."""

    name: str
    clock_rate_hz: int
    payload_type: int
    fmtp: str = ""
    channels: int = 1

    def is_like(self, other: "Codec") -> bool:
        """Whether both mean the same coding, by whatever number; names have no case (RFC 4855 section 3)."""
        mine = (self.name.lower(), self.clock_rate_hz, self.channels)
        return mine == (other.name.lower(), other.clock_rate_hz, other.channels)

    @property
    def rtpmap(self) -> str:
        """The value of its a=rtpmap."""
        channels = f"/{self.channels}" if self.channels != 1 else ""
        return f"{self.payload_type} {self.name}/{self.clock_rate_hz}{channels}"


PCMU: Final = Codec("PCMU", 8000, 0)
PCMA: Final = Codec("PCMA", 8000, 8)
TELEPHONE_EVENT: Final = Codec("telephone-event", 8000, 101, "0-16")

_STATIC: Final = {
    codec.payload_type: codec
    for codec in (
        PCMU,
        Codec("GSM", 8000, 3),
        Codec("G723", 8000, 4),
        PCMA,
        # G.722 samples at 16 kHz, but its RTP clock is 8 kHz for ever (RFC 3551 section 4.5.2).
        Codec("G722", 8000, 9),
        Codec("L16", 44100, 10, channels=2),
        Codec("L16", 44100, 11),
        Codec("CN", 8000, 13),
        Codec("G728", 8000, 15),
        Codec("G729", 8000, 18),
    )
}
"""Payload types that need no rtpmap (RFC 3551 section 6)."""


def is_telephone_event(codec: Codec) -> bool:
    """Whether a codec carries key presses, not sound (RFC 4733)."""
    return codec.name.lower() == "telephone-event"


@dataclass(frozen=True, slots=True)
class Media:
    """One m= section. Port 0 means refused. `address` None: the session's."""

    kind: str
    port: int
    codecs: tuple[Codec, ...] = ()
    direction: Direction = Direction.SENDRECV
    address: str | None = None
    protocol: str = "RTP/AVP"
    ptime_ms: int | None = None
    formats: tuple[str, ...] = ()
    """As written in the m= line; made from the codecs if there are some."""
    attributes: tuple[tuple[str, str | None], ...] = ()
    """Those that have no field of their own (label, rtcp-mux, crypto and so on), in order."""

    @property
    def refused(self) -> bool:
        """Whether there is to be no such stream."""
        return self.port == 0

    def attribute(self, name: str) -> str | None:
        """The value of an attribute, "" if it has none, None if it is not there."""
        return next((value or "" for key, value in self.attributes if key == name), None)


@dataclass(frozen=True, slots=True)
class SessionDescription:
    """A whole description. `session_id` and `version` stand in o=; `address` is the session's c=, "" if it has none."""

    address: str
    media: tuple[Media, ...]
    session_id: int = 1
    version: int = 1
    username: str = "-"
    name: str = "-"
    attributes: tuple[tuple[str, str | None], ...] = ()

    @classmethod
    def parse(cls, body: bytes) -> Self:
        """Read a description; RemoteProtocolError if it is none or passes a limit."""
        if len(body) > SDP_BYTES_MAX:
            raise RemoteProtocolError("the session description is too large", status=413)
        lines = _split_lines(body)
        starts = [at for at, (kind, _) in enumerate(lines) if kind == "m"]
        if len(starts) > SDP_MEDIA_MAX or sum(kind == "a" for kind, _ in lines) > SDP_ATTRIBUTES_MAX:
            raise RemoteProtocolError("too many media or attributes")
        head = lines[: starts[0]] if starts else lines
        session_direction, attributes = _read_direction(head)
        ends = [*starts[1:], len(lines)]
        media = tuple(_parse_media(lines[start:end], session_direction) for start, end in zip(starts, ends, strict=False))
        username, session_id, version = _parse_origin(head)
        address = _read_address(head) or ""
        if not address and any(one.address is None and not one.refused for one in media):
            raise RemoteProtocolError("a stream has no address")
        return cls(address, media, session_id, version, username, _first(head, "s") or "-", attributes)

    def serialize(self) -> bytes:
        """The bytes, lines in the order of RFC 8866 section 5."""
        origin = self.address or next((one.address for one in self.media if one.address), "127.0.0.1")
        lines = ["v=0", f"o={self.username} {self.session_id} {self.version} IN {_family(origin)} {origin}"]
        lines.append(f"s={self.name}")
        if self.address:
            lines.append(f"c=IN {_family(self.address)} {self.address}")
        lines.append("t=0 0")
        lines += [_attribute_line(*pair) for pair in self.attributes]
        for one in self.media:
            lines += _media_lines(one)
        return ("\r\n".join(lines) + "\r\n").encode()

    def address_of(self, media: Media) -> str:
        """Where a stream of this description is to be sent."""
        return self.address if media.address is None else media.address

    def control_address_of(self, media: Media) -> tuple[str, int]:
        """Where its RTCP is to be sent: what a=rtcp says (RFC 3605), else the port above."""
        port, *rest = (media.attribute("rtcp") or "").split()[:4] or [""]
        host = rest[2] if len(rest) == 3 else self.address_of(media)
        if port.isascii() and port.isdigit() and 0 < int(port) <= _PORT_MAX:
            return host, int(port)
        return self.address_of(media), min(media.port + 1, _PORT_MAX)

    def direction_of(self, media: Media) -> Direction:
        """The direction meant: an address of zeros takes away the receiving (hold as in RFC 2543 section B.5)."""
        if self.address_of(media) in NOWHERE:
            return Direction.of(sends=media.direction.sends, receives=False)
        return media.direction

    def holds(self) -> bool:
        """Whether whoever sent this wants to hear nothing: no stream receives (RFC 3264 section 8.4)."""
        alive = [one for one in self.media if not one.refused]
        return bool(alive) and not any(self.direction_of(one).receives for one in alive)

    def audio(self) -> Media | None:
        """The first audio stream that is not refused."""
        return next((one for one in self.media if one.kind == "audio" and not one.refused), None)

    def successor(self, media: tuple[Media, ...]) -> "SessionDescription":
        """Our next description in the same dialog: the version goes up by one only if something changed
        (RFC 3264 section 8).
        """
        changed = replace(self, media=media)
        return self if changed == self else replace(changed, version=self.version + 1)


def offer(
    capabilities: Sequence[Codec], direction: Direction, address: str, port: int, *, session_id: int = 1
) -> SessionDescription:
    """An offer of one audio stream; `session_id` should be unique for our host (RFC 8866 section 5.2)."""
    media = Media("audio", port, tuple(capabilities), direction, ptime_ms=20)
    return SessionDescription(address, (media,), session_id)


def answer(
    offered: SessionDescription,
    capabilities: Sequence[Codec],
    direction: Direction,
    address: str,
    port: int,
) -> SessionDescription:
    """The answer to an offer: its first audio stream with a codec of ours is taken, each other one refused (section 6).

    The codecs are those both know, in the offer's order, by the offer's payload types; telephone-event only beside a
    codec for sound. `direction` is what we want; the offer limits it. If nothing fits, every stream is refused: see `audio`.
    """
    taken = False
    media = []
    for one in offered.media:
        codecs = () if taken or one.kind != "audio" or one.refused else common_codecs(one.codecs, capabilities)
        if not codecs or one.protocol.upper() not in {"RTP/AVP", "RTP/AVPF"}:
            media.append(Media(one.kind, 0, one.codecs, Direction.SENDRECV, None, one.protocol, formats=one.formats))
            continue
        taken = True
        agreed = offered.direction_of(one).answered_by(direction)
        media.append(Media("audio", port, codecs, agreed, None, one.protocol, one.ptime_ms))
    return SessionDescription(address, tuple(media))


def common_codecs(offered: Sequence[Codec], ours: Sequence[Codec]) -> tuple[Codec, ...]:
    """The offered codecs that we know too; none if no sound is among them."""
    shared = []
    for codec in offered:
        mine = next((one for one in ours if one.is_like(codec)), None)
        if mine is not None:
            shared.append(replace(codec, fmtp=codec.fmtp or mine.fmtp))
    return tuple(shared) if any(not is_telephone_event(codec) for codec in shared) else ()


# --- reading ------------------------------------------------------------------------------------------------------


def _split_lines(body: bytes) -> list[tuple[str, str]]:
    """The `x=value` lines; line ends may be LF alone (RFC 8866 section 5 tells parsers to accept that)."""
    lines = []
    for line in body.decode("utf-8", "replace").replace("\r\n", "\n").split("\n"):
        if not line.strip():
            continue
        kind, equals, value = line.strip(" \t\r").partition("=")
        if not equals or len(kind.strip()) != 1:
            raise RemoteProtocolError("a line of the session description is malformed")
        lines.append((kind.strip().lower(), value.strip()))
    if not lines or lines[0] != ("v", "0"):
        raise RemoteProtocolError("the session description does not begin with v=0")
    return lines


def _first(lines: list[tuple[str, str]], wanted: str) -> str | None:
    return next((value for kind, value in lines if kind == wanted), None)


def _parse_origin(head: list[tuple[str, str]]) -> tuple[str, int, int]:
    fields = (_first(head, "o") or "").split()
    if len(fields) < 6:
        raise RemoteProtocolError("o= is missing or malformed")
    numbers = [int(text) if text.isascii() and text.isdigit() and len(text) <= 20 else 0 for text in fields[1:3]]
    return fields[0], numbers[0], numbers[1]


def _read_address(lines: list[tuple[str, str]]) -> str | None:
    value = _first(lines, "c")
    if value is None:
        return None
    fields = value.split()
    if len(fields) != 3 or fields[0].upper() != "IN":
        raise RemoteProtocolError("c= is malformed")
    return fields[2].partition("/")[0]


def _read_direction(lines: list[tuple[str, str]]) -> tuple[Direction | None, tuple[tuple[str, str | None], ...]]:
    """The last direction said, and all other attributes."""
    direction = None
    others = []
    for kind, value in lines:
        if kind != "a":
            continue
        name, colon, rest = value.partition(":")
        name = name.strip().lower()
        if name in _DIRECTIONS:
            direction = Direction(name)
        else:
            others.append((name, rest.strip() if colon else None))
    return direction, tuple(others)


_DIRECTIONS: Final = frozenset(one.value for one in Direction)


def _parse_media(lines: list[tuple[str, str]], inherited: Direction | None) -> Media:
    fields = lines[0][1].split()
    port_text = fields[1].partition("/")[0] if len(fields) > 3 else ""
    if not port_text.isascii() or not port_text.isdigit() or int(port_text) > _PORT_MAX:
        raise RemoteProtocolError("m= is malformed")
    direction, attributes = _read_direction(lines)
    formats = tuple(fields[3:])
    rtp = fields[2].upper().startswith(("RTP/", "UDP/TLS/RTP/"))
    ptime = next((value or "" for name, value in attributes if name == "ptime"), "")
    return Media(
        fields[0].lower(),
        int(port_text),
        _read_codecs(formats, attributes) if rtp else (),
        direction or inherited or Direction.SENDRECV,
        _read_address(lines),
        fields[2],
        int(ptime) if ptime.isascii() and ptime.isdigit() and len(ptime) < 5 else None,
        formats,
        tuple(pair for pair in attributes if pair[0] not in {"rtpmap", "fmtp", "ptime"}),
    )


def _read_codecs(formats: tuple[str, ...], attributes: tuple[tuple[str, str | None], ...]) -> tuple[Codec, ...]:
    """What the numbers of the m= line stand for: rtpmap first, then RFC 3551; others are unknown and left out."""
    maps: dict[str, str] = {}
    details: dict[str, str] = {}
    for name, value in attributes:
        if name in {"rtpmap", "fmtp"} and value:
            number, _, rest = value.partition(" ")
            (maps if name == "rtpmap" else details).setdefault(number, rest.strip())
    codecs = []
    for text in formats:
        if not text.isascii() or not text.isdigit() or int(text) > _PAYLOAD_TYPE_MAX:
            continue
        codec = _read_rtpmap(int(text), maps[text]) if text in maps else _STATIC.get(int(text))
        if codec is not None:
            codecs.append(replace(codec, fmtp=details.get(text, "")))
    return tuple(codecs)


def _read_rtpmap(payload_type: int, text: str) -> Codec | None:
    name, _, rest = text.partition("/")
    rate, _, channels = rest.partition("/")
    if not name or not rate.isascii() or not rate.isdigit() or len(rate) > 6:
        return None
    count = int(channels) if channels.isascii() and channels.isdigit() and len(channels) < 3 else 1
    return Codec(name, int(rate), payload_type, channels=count)


# --- writing ------------------------------------------------------------------------------------------------------


def _family(address: str) -> str:
    return "IP6" if ":" in address else "IP4"


def _attribute_line(name: str, value: str | None) -> str:
    return f"a={name}" if value is None else f"a={name}:{value}"


def _media_lines(media: Media) -> list[str]:
    numbers = [str(codec.payload_type) for codec in media.codecs]
    formats = " ".join(numbers) or " ".join(media.formats) or "0"
    lines = [f"m={media.kind} {media.port} {media.protocol} {formats}"]
    if media.refused:
        # Nothing there has a meaning but what names the line (RFC 3264 section 6, RFC 4574).
        return lines + [_attribute_line(*pair) for pair in media.attributes if pair[0] == "label"]
    if media.address:
        lines.append(f"c=IN {_family(media.address)} {media.address}")
    for codec in media.codecs:
        lines.append(f"a=rtpmap:{codec.rtpmap}")
        if codec.fmtp:
            lines.append(f"a=fmtp:{codec.payload_type} {codec.fmtp}")
    if media.ptime_ms is not None:
        lines.append(f"a=ptime:{media.ptime_ms}")
    lines += [_attribute_line(*pair) for pair in media.attributes]
    lines.append(f"a={media.direction.value}")
    return lines
