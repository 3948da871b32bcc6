"""What the exchange knows of one leg: which phone, how far it is, and its place in the relay."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum

from telegraphone.domain.ids import LegId
from telegraphone.domain.legs import EndCause
from telegraphone.services.ports import LegOver, Unavailable
from telegraphone.switches.exchange.media_port import MediaPort
from telegraphone.wire.sdp import SessionDescription
from telegraphone.wire.sip.dialog import Dialog
from telegraphone.wire.sip.pending import PendingRequest
from telegraphone.wire.sip.transaction import ServerTransaction


class Stage(Enum):
    """How far a leg is."""

    CALLING = "calling"
    RINGING = "ringing"
    ANSWERED = "answered"


@dataclass(slots=True, eq=False)
class Leg:
    """One leg of a phone. `invite` is the phone's INVITE if the leg arrived; `calls` are ours if it was originated."""

    id: LegId
    number: str
    port: MediaPort
    ours: SessionDescription
    """Our last session description."""
    invite: ServerTransaction | None = None
    offered: SessionDescription | None = None
    """The offer in the phone's INVITE that we have not answered; None when it has none, so that we offer."""
    calls: list[PendingRequest] = field(default_factory=list)
    failures: list[EndCause] = field(default_factory=list)
    ringing: Dialog | None = None
    """The early dialog of the phone that can be taken off the hook."""
    lift: bool = False
    """Whether its phone shall go off the hook by itself."""
    dialog: Dialog | None = None
    stage: Stage = Stage.CALLING
    held: bool = False
    referrals: int = 0
    """Transfers that its phone has asked for."""
    asked: dict[str, Callable[[EndCause | None], None]] = field(default_factory=dict)
    """What its phone waits for, by our name for it, and how it is told; CANCELLED when the leg ends first."""
    awaits_answer: bool = False
    """Our 2xx made the offer, so the phone's ACK brings the answer."""
    pressed: str = field(default="", repr=False)
    """The newest keys of its phone that may become a feature code."""
    pressed_at: float = 0.0
    """When the last of them went down, monotonic seconds."""

    @property
    def arrived(self) -> bool:
        """Whether the phone called us."""
        return self.invite is not None


def with_media(legs: Mapping[LegId, Leg], leg_id: LegId) -> Leg:
    """A leg whose party can be heard. Raises LegOver, `Unavailable("switch")`."""
    leg = legs.get(leg_id)
    if leg is None:
        raise LegOver(leg_id)
    if leg.port.party is None:
        raise Unavailable("switch", "this leg has no media", retryable=False)
    return leg
