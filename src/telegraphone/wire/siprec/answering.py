"""Answers a recording client's offer line by line: which streams are taken, in which coding, and which way they go.

Every offered line gets its answer, in its place: clients count them (siprec.md, section 4). A taken line is only ever
`recvonly` or `inactive`: a recorder says nothing into a call.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from telegraphone.wire.sdp import (
    NOWHERE,
    PCMA,
    PCMU,
    Codec,
    Direction,
    Media,
    SessionDescription,
    is_address,
    is_telephone_event,
)
from telegraphone.wire.siprec.keys import StreamKey, usable_key

_PLAIN: Final = frozenset(("RTP/AVP", "RTP/AVPF"))
_SECURE: Final = frozenset(("RTP/SAVP", "RTP/SAVPF", "UDP/TLS/RTP/SAVP", "UDP/TLS/RTP/SAVPF"))
CODECS: Final = ("PCMA", "PCMU", "G722", "opus", "G729")
"""What can be recorded, as the recorder calls it, in the order in which it is chosen where a trunk says nothing."""
_NAMES: Final = {name.lower(): name for name in (*CODECS, "telephone-event")}
_OURS: Final = {
    "PCMA": PCMA,
    "PCMU": PCMU,
    "G722": Codec("G722", 8000, 9),
    "opus": Codec("opus", 48000, 111, channels=2),
    "G729": Codec("G729", 8000, 18),
}


@dataclass(frozen=True, slots=True)
class HandshakeOffer:
    """Keys are agreed on over the path of the audio (RFC 5763): the hashes by which the client's certificate is known, and
    whether it leaves the beginning to us."""

    fingerprints: tuple[str, ...]
    we_begin: bool


@dataclass(frozen=True, slots=True)
class Line:
    """One stream that is taken: where it comes from, what may come, what we said we would like. `live` is whether the
    client means to send now, `key` is what it encrypts with, `handshake` how that is to be agreed on. `reports` is where it
    is told how its packets arrive, `muxed` at its own address (RFC 5761); None where it cannot be told."""

    index: int
    label: str
    host: str
    port: int
    live: bool
    codecs: Mapping[int, str]
    chosen: tuple[Codec, ...]
    key: StreamKey | None = None
    handshake: HandshakeOffer | None = None
    reports: tuple[str, int] | None = None
    muxed: bool = False


def taken_lines(offered: SessionDescription, wanted: Sequence[str], *, keys_under_avp: bool = True) -> tuple[Line | None, ...]:
    """What is taken of each offered line, None for one that is refused; `wanted` are codecs, best first. `keys_under_avp`:
    whether keys in a line that speaks of plain RTP mean that it is encrypted all the same (siprec.md, Q20)."""
    return tuple(_line(offered, index, wanted, keys_under_avp=keys_under_avp) for index in range(len(offered.media)))


def _line(offered: SessionDescription, index: int, wanted: Sequence[str], *, keys_under_avp: bool) -> Line | None:
    media = offered.media[index]
    protocol = media.protocol.upper()
    if media.kind != "audio" or media.refused or protocol not in _PLAIN | _SECURE:
        return None
    key = usable_key(value or "" for name, value in media.attributes if name == "crypto")
    handshake = _handshake(offered, media) if protocol in _SECURE and key is None else None
    if protocol in _SECURE and key is None and handshake is None:
        return None
    if protocol in _PLAIN and not keys_under_avp:
        key = None
    named = {codec: _name(codec) for codec in media.codecs}
    usable = [codec for codec in media.codecs if named[codec] in wanted]
    if not usable:
        return None
    best = min(usable, key=lambda codec: wanted.index(named[codec]))
    events = tuple(codec for codec in media.codecs if is_telephone_event(codec))[:1]
    codecs = {codec.payload_type: named[codec] for codec in media.codecs if named[codec] in wanted or codec in events}
    host = offered.address_of(media)
    if host not in NOWHERE and not is_address(host):
        return None
    live = host not in NOWHERE and media.direction.sends
    muxed = media.attribute("rtcp-mux") is not None
    reports = _reports(offered, media, muxed=muxed, agreed=handshake is not None)
    label = media.attribute("label") or ""
    return Line(index, label, host, media.port, live, codecs, (best, *events), key, handshake, reports, muxed)


def _reports(offered: SessionDescription, media: Media, *, muxed: bool, agreed: bool) -> tuple[str, int] | None:
    """Keys that are agreed on are those of one port (RFC 5764 section 4.1): another port for reports has none."""
    host, port = (offered.address_of(media), media.port) if muxed else offered.control_address_of(media)
    return None if host in NOWHERE or (agreed and not muxed) or not is_address(host) else (host, port)


def _handshake(offered: SessionDescription, media: Media) -> HandshakeOffer | None:
    """What is said for all lines holds where a line says nothing (RFC 8122 section 5, RFC 4145 section 4)."""

    def said(name: str) -> tuple[str, ...]:
        own = tuple(value or "" for key, value in media.attributes if key == name)
        return own or tuple(value or "" for key, value in offered.attributes if key == name)

    setup = next(iter(said("setup")), "").lower()
    fingerprints = said("fingerprint")
    return HandshakeOffer(fingerprints, setup == "passive") if fingerprints and setup != "holdconn" else None


def _name(codec: Codec) -> str:
    known = _NAMES.get(codec.name.lower(), "")
    # Opus says two whatever it carries (RFC 7587 section 7).
    return known if codec.channels == 1 or known == "opus" else ""


@dataclass(frozen=True, slots=True)
class Mine:
    """Our side of one dialog: our last description in it, or one without lines, the chance our keys are made of, and the hash
    of our certificate."""

    last: SessionDescription
    chance: bytes = field(repr=False)
    fingerprint: str = ""


def answer(offered: SessionDescription, lines: Sequence[Line | None], ports: Mapping[int, int], mine: Mine) -> SessionDescription:
    """The answer to an offer: `ports` are ours by line."""
    media = [
        _refused(one) if line is None else _accepted(one, line, ports[line.index], mine)
        for one, line in zip(offered.media, lines, strict=True)
    ]
    return mine.last.successor(tuple(media))


def _refused(media: Media) -> Media:
    """With its label all the same: there are clients that look for each of theirs in the answer."""
    about = (media.codecs, Direction.SENDRECV, None, media.protocol)
    return Media(media.kind, 0, *about, formats=media.formats, attributes=_labels(media))


def _labels(media: Media) -> tuple[tuple[str, str | None], ...]:
    return tuple(pair for pair in media.attributes if pair[0] == "label")


def _accepted(media: Media, line: Line, port: int, mine: Mine) -> Media:
    direction = Direction.RECVONLY if line.live else Direction.INACTIVE
    attributes = list(_labels(media))
    if line.muxed:
        attributes.append(("rtcp-mux", None))
    if line.key is not None:
        attributes.append(("crypto", line.key.answered_with(mine.chance, line.index).line()))
    if line.handshake is not None:
        attributes += [("setup", "active" if line.handshake.we_begin else "passive"), ("fingerprint", mine.fingerprint)]
    return Media(media.kind, port, line.chosen, direction, None, media.protocol, attributes=tuple(attributes))


def our_offer(wanted: Sequence[str], ports: Sequence[int], ours: SessionDescription) -> SessionDescription:
    """Our offer to a client that made none: one line for each port, everything we can record, nothing to be heard."""
    codecs = tuple(_OURS[name] for name in wanted if name in _OURS)
    return ours.successor(tuple(Media("audio", port, codecs, Direction.RECVONLY) for port in ports))


def repeated(ours: SessionDescription) -> SessionDescription:
    """Our offer to a client that asks for one in mid-call: the lines there are, and none added. One that is held may go on by
    the answer; offered as `inactive` it could only stay held (RFC 3264 section 6.1)."""
    return ours.successor(tuple(media if media.refused else replace(media, direction=Direction.RECVONLY) for media in ours.media))


def lines_of_answer(
    ours: SessionDescription, answered: SessionDescription, wanted: Sequence[str], *, keys_under_avp: bool = True
) -> tuple[Line | None, ...]:
    """What the client's answer to our offer makes of each of its lines; it sends by our numbers (RFC 3264 section 6.1). None for
    one that is given up, of which nothing usable is said, or nothing at all."""
    taken = taken_lines(answered, wanted, keys_under_avp=keys_under_avp)
    lines: list[Line | None] = []
    for index, media in enumerate(ours.media):
        line = taken[index] if index < len(taken) else None
        if line is not None:
            line = replace(line, codecs={**line.codecs, **{codec.payload_type: _name(codec) for codec in media.codecs}})
        lines.append(line)
    return tuple(lines)
