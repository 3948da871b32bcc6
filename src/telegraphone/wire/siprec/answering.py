"""Answers a recording client's offer line by line: which streams are taken, in which coding, and which way they go.

Every offered line gets its answer, in its place: clients count them (siprec.md, section 4). A taken line is only ever
`recvonly` or `inactive`: a recorder says nothing into a call.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from telegraphone.wire.sdp import PCMA, PCMU, Codec, Direction, Media, SessionDescription, is_telephone_event

_NOWHERE: Final = frozenset(("", "0.0.0.0", "::"))  # noqa: S104 - addresses that mean hold, nothing is bound to them
_PLAIN: Final = frozenset(("RTP/AVP", "RTP/AVPF"))
_NAMES: Final = {"pcmu": "PCMU", "pcma": "PCMA", "telephone-event": "telephone-event"}
"""What the recorder calls each coding that it can store."""
CODECS: Final = ("PCMA", "PCMU")
"""The order in which codecs are chosen where a trunk says nothing (siprec.md, section 4)."""
_OURS: Final = {"PCMU": PCMU, "PCMA": PCMA}


@dataclass(frozen=True, slots=True)
class Line:
    """One stream that is taken: where it comes from, what may come, what we said we would like. `live` is whether the
    client means to send now."""

    index: int
    label: str
    host: str
    port: int
    live: bool
    codecs: Mapping[int, str]
    chosen: tuple[Codec, ...]


def taken_lines(offered: SessionDescription, wanted: Sequence[str]) -> tuple[Line | None, ...]:
    """What is taken of each offered line, None for one that is refused; `wanted` are codecs, best first."""
    return tuple(_line(offered, index, media, wanted) for index, media in enumerate(offered.media))


def _line(offered: SessionDescription, index: int, media: Media, wanted: Sequence[str]) -> Line | None:
    if media.kind != "audio" or media.refused or media.protocol.upper() not in _PLAIN:
        return None
    named = {codec: _name(codec) for codec in media.codecs}
    usable = [codec for codec in media.codecs if named[codec] in wanted]
    if not usable:
        return None
    best = min(usable, key=lambda codec: wanted.index(named[codec]))
    events = tuple(codec for codec in media.codecs if is_telephone_event(codec))[:1]
    codecs = {codec.payload_type: named[codec] for codec in media.codecs if named[codec] in wanted or codec in events}
    host = offered.address_of(media)
    live = host not in _NOWHERE and media.direction.sends
    return Line(index, media.attribute("label") or "", host, media.port, live, codecs, (best, *events))


def _name(codec: Codec) -> str:
    known = _NAMES.get(codec.name.lower(), "")
    return known if codec.channels == 1 else ""


def answer(
    offered: SessionDescription, lines: Sequence[Line | None], ports: Mapping[int, int], ours: SessionDescription
) -> SessionDescription:
    """The answer to an offer: `ports` are ours by line, `ours` is our last description in this dialog, or a new one."""
    media = [
        _refused(one) if line is None else _accepted(one, line, ports[line.index])
        for one, line in zip(offered.media, lines, strict=True)
    ]
    return ours.successor(tuple(media))


def _refused(media: Media) -> Media:
    return Media(media.kind, 0, media.codecs, Direction.SENDRECV, None, media.protocol, formats=media.formats)


def _accepted(media: Media, line: Line, port: int) -> Media:
    direction = Direction.RECVONLY if line.live else Direction.INACTIVE
    labels = tuple(pair for pair in media.attributes if pair[0] == "label")
    return Media(media.kind, port, line.chosen, direction, None, media.protocol, attributes=labels)


def our_offer(wanted: Sequence[str], ports: Sequence[int], ours: SessionDescription) -> SessionDescription:
    """Our offer to a client that made none: one line for each port, everything we can record, nothing to be heard."""
    codecs = tuple(_OURS[name] for name in wanted if name in _OURS)
    return ours.successor(tuple(Media("audio", port, codecs, Direction.RECVONLY) for port in ports))


def lines_of_answer(ours: SessionDescription, answered: SessionDescription, wanted: Sequence[str]) -> tuple[Line | None, ...]:
    """What the client's answer to our offer makes of its lines; it sends by our numbers (RFC 3264 section 6.1)."""
    lines: list[Line | None] = []
    for index, line in enumerate(taken_lines(answered, wanted)):
        if line is not None and index < len(ours.media):
            mine = {codec.payload_type: _name(codec) for codec in ours.media[index].codecs}
            lines.append(replace(line, codecs={**line.codecs, **mine}))
        else:
            lines.append(None)
    return tuple(lines)
