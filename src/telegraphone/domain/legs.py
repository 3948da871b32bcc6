"""What happens at a leg, in words that hold for every switch: adapters report these facts, the call machine acts on them."""

from dataclasses import dataclass
from enum import Enum

from telegraphone.domain.ids import Dn, LegId


class EndCause(Enum):
    """Why a leg ended or shall end, in words every switch can translate."""

    NORMAL = "normal"
    BUSY = "busy"
    NO_ANSWER = "no answer"
    CANCELLED = "cancelled"
    DECLINED = "declined"
    UNKNOWN_NUMBER = "unknown number"
    UNREACHABLE = "unreachable"
    FAILED = "failed"


class Ability(Enum):
    """What a switch can do beyond carrying a two-party call; capabilities offered to agents are narrowed by these."""

    DIAL = "dial"
    HANG_UP = "hang up"
    HOLD = "hold"
    MUTE = "mute"
    SEND_DTMF = "send dtmf"
    TRANSFER = "transfer"
    CONFERENCE = "conference"
    MONITOR = "monitor"


@dataclass(frozen=True, slots=True)
class LegArrived:
    """A device or trunk asks for a call: `number` is whose it is, `dialled` what it wants, `at` monotonic seconds."""

    leg: LegId
    number: str
    dialled: str
    at: float


@dataclass(frozen=True, slots=True)
class LegRinging:
    """An originated leg's phone rings; `can_answer` when the switch can take it off the hook."""

    leg: LegId
    can_answer: bool


@dataclass(frozen=True, slots=True)
class LegAnswered:
    """An originated leg was answered, by hand or by the switch."""

    leg: LegId


@dataclass(frozen=True, slots=True)
class LegHeld:
    """The party at this leg put the call on hold at the phone."""

    leg: LegId


@dataclass(frozen=True, slots=True)
class LegRetrieved:
    """The party at this leg took the call back from hold at the phone."""

    leg: LegId


@dataclass(frozen=True, slots=True)
class LegEnded:
    """A leg is gone, whoever ended it; comes exactly once per leg."""

    leg: LegId
    cause: EndCause


LegFact = LegArrived | LegRinging | LegAnswered | LegHeld | LegRetrieved | LegEnded


@dataclass(frozen=True, slots=True)
class DeviceRegistered:
    """The phone of this number can be called."""

    dn: Dn


@dataclass(frozen=True, slots=True)
class DeviceUnregistered:
    """The phone of this number can no longer be called."""

    dn: Dn
