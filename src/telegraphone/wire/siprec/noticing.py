"""Notices what a recording client says beside description and metadata, as facts by name that change nothing by themselves.

Wishes about being recorded (`a=recordpref`) and states told to aware parties (`a=record`) belong to the call being recorded
(RFC 7866 sections 6.3, 7.1.2, 7.3.2): they are wishes, not commands, and are kept so that policy and people can see them. At
session level they hold for every line, at a line for that one, which is then named by its label or its place.
"""

from typing import Final

from telegraphone.wire.errors import RemoteProtocolError
from telegraphone.wire.sdp import SessionDescription
from telegraphone.wire.sip.message import Request
from telegraphone.wire.siprec.metadata import Kind, Picture

_KEPT: Final = ("recordpref", "record")
_VALUES: Final = frozenset(("on", "off", "pause", "paused", "nopreference"))
_AWARE: Final = "record-aware"
_LABELS_TOLD: Final = 8


def facts_of_request(request: Request) -> dict[str, str]:
    """What the head of an INVITE or UPDATE tells."""
    facts = {}
    if _AWARE in request.headers.tokens("Supported"):
        facts[_AWARE] = "yes"
    try:
        unusable = request.contact is None
    except RemoteProtocolError:
        unusable = True
    if unusable:
        facts["contact"] = "unusable"
    return facts


def facts_of_description(offered: SessionDescription) -> dict[str, str]:
    """What a description tells beside its streams."""
    facts = {name: value for name, value in map(_clean, offered.attributes) if value}
    for index, media in enumerate(offered.media):
        for name, value in map(_clean, media.attributes):
            if value:
                facts[f"{name}.{media.attribute('label') or index}"] = value
    if any(media.kind == "video" and not media.refused for media in offered.media):
        facts["video"] = "refused"
    return facts


def labels_of(offered: SessionDescription) -> frozenset[str]:
    """The labels of all its lines, also of those that may be refused: metadata may speak of these (RFC 7865 section 6.7.1)."""
    return frozenset(label for media in offered.media if (label := media.attribute("label")))


def unmatched(labels: frozenset[str], picture: Picture) -> dict[str, str]:
    """Streams of the metadata whose label no line has, so that their place among the streams counts, as a fact."""
    named = (item.text("label") for item in picture.of(Kind.STREAM))
    strange = sorted({label for label in named if label and label not in labels})
    return {"labels_unmatched": ", ".join(strange[:_LABELS_TOLD])} if strange else {}


def _clean(attribute: tuple[str, str | None]) -> tuple[str, str]:
    name, value = attribute[0], (attribute[1] or "").strip().lower()
    return name, value if name in _KEPT and value in _VALUES else ""
