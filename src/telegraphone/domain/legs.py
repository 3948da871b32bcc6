"""What happens at a leg, in words that hold for every switch: adapters report these facts, the call machine acts on them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from telegraphone.domain.copies import Party
from telegraphone.domain.ids import DEFAULT_TENANT, Dn, LegId
from telegraphone.domain.recording import Trigger


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
    """A device or trunk asks for a call: `number` is whose it is, `dialled` what it wants, `at` monotonic seconds. `outside`:
    it came by a trunk, and is no phone of the switch."""

    leg: LegId
    number: str
    dialled: str
    at: float
    outside: bool = False


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


class Keeping(Enum):
    """Which of the calls that are only copied to us are recorded from their beginning."""

    ALWAYS = "always"
    ON_DEMAND = "on demand"
    BY_RULE = "by rule"


@dataclass(frozen=True, slots=True)
class PartyAt:
    """One party of a call that is connected elsewhere; the number may be unknown, ""."""

    leg: LegId
    number: str


@dataclass(frozen=True, slots=True)
class CallForked:
    """A call that is connected elsewhere is copied to us: we hear its parties and can do nothing to them.

    There are two parties at least, the caller first. `mixed` when they cannot be told apart by their sound. `known_as` is
    what its switch calls the call, where that may be its UUID here too. The switch waits for `answer`, or `hang_up`, of
    the first leg before it takes the copy. Parties are looked for among the agents of `tenant`. `client` is who copies it,
    by its name here, `links` are ids by which it may be known to be one conversation with others. `required` when it may not
    go on here without the recording that is to be made of it.
    """

    parties: tuple[PartyAt, ...]
    keeping: Keeping
    mixed: bool = False
    known_as: str = ""
    user_data: Mapping[str, object] = field(default_factory=dict)
    tenant: str = DEFAULT_TENANT
    client: str = ""
    links: frozenset[str] = frozenset()
    required: bool = False


@dataclass(frozen=True, slots=True)
class Document:
    """What a recording client sent to describe a call, as it came; `error` says why it could not be read."""

    content_type: str
    content: bytes = field(repr=False)
    error: str = ""


@dataclass(frozen=True, slots=True)
class CopyDescribed:
    """Who copies the call of this leg has described it: `parties` take part now, `links` are ids by which it may be known
    to be one conversation with others, `facts` what was noticed. `over` when nothing of it will come any more."""

    leg: LegId
    parties: tuple[Party, ...]
    links: frozenset[str] = frozenset()
    facts: Mapping[str, str] = field(default_factory=dict)
    documents: tuple[Document, ...] = ()
    over: bool = False


@dataclass(frozen=True, slots=True)
class RecordingOrdered:
    """Who copies the call of this leg has its recording begun, paused, resumed or stopped, and may do so."""

    leg: LegId
    trigger: Trigger


@dataclass(frozen=True, slots=True)
class PartyJoined:
    """One more party is in the copied call that this leg belongs to."""

    leg: LegId
    party: PartyAt


@dataclass(frozen=True, slots=True)
class PartyNamed:
    """Who is at this leg of a copied call is known better now."""

    leg: LegId
    number: str


@dataclass(frozen=True, slots=True)
class FactsLearned:
    """The switch has told more about the copied call that this leg belongs to."""

    leg: LegId
    user_data: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class CopySeen:
    """Whether agents see the copied call that this leg belongs to: not while they see the same call by another copy."""

    leg: LegId
    seen: bool


PartyFact = PartyJoined | PartyNamed | FactsLearned | CopySeen
LegFact = LegArrived | LegRinging | LegAnswered | LegHeld | LegRetrieved | LegEnded | PartyFact


@dataclass(frozen=True, slots=True)
class DeviceRegistered:
    """The phone of this number can be called."""

    dn: Dn


@dataclass(frozen=True, slots=True)
class DeviceUnregistered:
    """The phone of this number can no longer be called."""

    dn: Dn
