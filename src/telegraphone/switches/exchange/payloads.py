"""Works out how one party's RTP becomes another's: which payload type it gets, and whether µ-law must turn into A-law."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from telegraphone.media.g711 import A_TO_MU, MU_TO_A

PCMU, PCMA, TELEPHONE_EVENT = "PCMU", "PCMA", "telephone-event"

_TABLES: Mapping[tuple[str, str], bytes] = {(PCMU, PCMA): MU_TO_A, (PCMA, PCMU): A_TO_MU}


@dataclass(frozen=True, slots=True)
class Payloads:
    """What a party and we agreed on. The two directions may number one codec differently (RFC 3264 section 6.1)."""

    from_party: Mapping[int, str] = field(default_factory=dict)
    """Codec name of each payload type the party may send."""
    to_party: Mapping[str, int] = field(default_factory=dict)
    """Payload type by which the party understands each codec, best first."""


@dataclass(frozen=True, slots=True)
class Route:
    """What is done to a packet of one payload type: its new type, and the byte table its audio goes through."""

    payload_type: int
    table: bytes | None = None


def routes(source: Payloads, target: Payloads) -> Mapping[int, Route]:
    """How each payload type of the source reaches the target; a type that is missing cannot."""
    found = {}
    for payload_type, codec in source.from_party.items():
        route = _route(codec, target.to_party)
        if route is not None:
            found[payload_type] = route
    return found


def _route(codec: str, understood: Mapping[str, int]) -> Route | None:
    if codec in understood:
        return Route(understood[codec])
    for other, payload_type in understood.items():
        if (codec, other) in _TABLES:
            return Route(payload_type, _TABLES[codec, other])
    return None
