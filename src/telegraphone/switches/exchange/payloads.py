"""Works out how one party's RTP becomes another's: which payload type it gets, and whether µ-law must turn into A-law."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from telegraphone.media.g711 import A_TO_MU, MU_TO_A
from telegraphone.media.mixing import Law

PCMU: Final[Law] = "PCMU"
PCMA: Final[Law] = "PCMA"
TELEPHONE_EVENT: Final = "telephone-event"

STATIC_TYPES: Final[Mapping[str, int]] = MappingProxyType({PCMU: 0, PCMA: 8})
"""The payload types that need no agreement (RFC 3551 section 6)."""

_TABLES: Final[Mapping[tuple[str, str], bytes]] = {(PCMU, PCMA): MU_TO_A, (PCMA, PCMU): A_TO_MU}


@dataclass(frozen=True, slots=True)
class Payloads:
    """What a party and we agreed on. The two directions may number one codec differently (RFC 3264 section 6.1)."""

    from_party: Mapping[int, str] = field(default_factory=dict)
    """Codec name of each payload type the party may send."""
    to_party: Mapping[str, int] = field(default_factory=dict)
    """Payload type by which the party understands each codec, best first."""

    @property
    def law(self) -> Law:
        """The form of G.711 the party likes best of those it understands."""
        return PCMA if next((codec for codec in self.to_party if codec in STATIC_TYPES), PCMU) == PCMA else PCMU

    def law_of(self, payload_type: int) -> Law | None:
        """The form of G.711 that the party sends by this type; None for anything else."""
        codec = self.from_party.get(payload_type)
        return PCMU if codec == PCMU else PCMA if codec == PCMA else None

    def law_to(self, payload_type: int) -> Law | None:
        """The form of G.711 that the party is sent by this type; None for anything else."""
        return next((law for law in (PCMU, PCMA) if self.to_party.get(law) == payload_type), None)


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
