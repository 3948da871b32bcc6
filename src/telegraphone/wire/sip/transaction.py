"""Decides what one transaction does next: the four machines of RFC 3261 section 17 with the Accepted state of RFC 6026.

A transaction is one request and its responses, made reliable over a transport that is not. Each of the four kinds is
a table from (state, input) to the next state and the effects, and nothing else decides. The letters of the RFC's
timers become three: what repeats a message (A, E, G), what gives up (B, F, H), what waits for stragglers (D, I, J, K,
L, M).

Three rules are not in the RFC's figures. A client INVITE that was cancelled gives up 64*T1 later (section 9.1). So does
a server transaction for another request that nobody answered: by then its client has given up (RFC 4320 section 4.2).
A client that loses its connection before the final response has failed: none can reach it any more.

An input that is not in the table is ignored if the network or the clock made it, and is a LocalProtocolError if we did.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from telegraphone.wire.errors import LocalProtocolError
from telegraphone.wire.sip.dialog import Dialog
from telegraphone.wire.sip.message import Request
from telegraphone.wire.sip.options import SipOptions
from telegraphone.wire.sip.transport import Flow


class Kind(Enum):
    """The four machines."""

    INVITE_CLIENT = auto()
    CLIENT = auto()
    INVITE_SERVER = auto()
    SERVER = auto()


class State(Enum):
    """Where a transaction stands."""

    CALLING = auto()
    TRYING = auto()
    PROCEEDING = auto()
    ACCEPTED = auto()
    COMPLETED = auto()
    CONFIRMED = auto()
    TERMINATED = auto()


class Timer(Enum):
    """The three kinds of timers."""

    REPEAT = auto()
    GIVE_UP = auto()
    LINGER = auto()


class Input(Enum):
    """What can happen to a transaction."""

    START = auto()
    PROVISIONAL = auto()
    SUCCESS = auto()
    FAILURE = auto()
    CANCELLED = auto()
    REQUEST = auto()
    ACK = auto()
    SEND_PROVISIONAL = auto()
    SEND_SUCCESS = auto()
    SEND_FAILURE = auto()
    REPEAT = auto()
    GIVE_UP = auto()
    LINGER = auto()
    TRANSPORT_FAILED = auto()


class Effect(Enum):
    """What a transaction wants done, in order."""

    TRANSMIT = auto()
    """Send the request, or the last response."""
    ACKNOWLEDGE = auto()
    """Send the ACK to a failure response."""
    DELIVER = auto()
    """Show the message to the transaction user."""
    TIMED_OUT = auto()
    FAILED = auto()
    ARM_REPEAT = auto()
    ARM_GIVE_UP = auto()
    ARM_LINGER = auto()
    DISARM = auto()
    """Stop repeating and giving up."""


OURS: Final = frozenset({Input.START, Input.SEND_PROVISIONAL, Input.SEND_SUCCESS, Input.SEND_FAILURE})
"""Inputs of our own making: an illegal one is our defect."""


@dataclass(frozen=True, slots=True)
class Step:
    """The state after an input, and what is to be done."""

    state: State
    effects: tuple[Effect, ...] = ()


_BEGIN = (Effect.TRANSMIT, Effect.ARM_REPEAT, Effect.ARM_GIVE_UP)
_AGAIN = (Effect.TRANSMIT, Effect.ARM_REPEAT)
_SETTLE = (Effect.DISARM, Effect.DELIVER, Effect.ARM_LINGER)
_REFUSED = (Effect.DISARM, Effect.ACKNOWLEDGE, Effect.DELIVER, Effect.ARM_LINGER)

_INVITE_CLIENT: Final = {
    (State.CALLING, Input.START): Step(State.CALLING, _BEGIN),
    (State.CALLING, Input.REPEAT): Step(State.CALLING, _AGAIN),
    (State.CALLING, Input.GIVE_UP): Step(State.TERMINATED, (Effect.DISARM, Effect.TIMED_OUT)),
    (State.CALLING, Input.PROVISIONAL): Step(State.PROCEEDING, (Effect.DISARM, Effect.DELIVER)),
    (State.CALLING, Input.SUCCESS): Step(State.ACCEPTED, _SETTLE),
    (State.CALLING, Input.FAILURE): Step(State.COMPLETED, _REFUSED),
    (State.CALLING, Input.TRANSPORT_FAILED): Step(State.TERMINATED, (Effect.DISARM, Effect.FAILED)),
    (State.PROCEEDING, Input.PROVISIONAL): Step(State.PROCEEDING, (Effect.DELIVER,)),
    (State.PROCEEDING, Input.SUCCESS): Step(State.ACCEPTED, _SETTLE),
    (State.PROCEEDING, Input.FAILURE): Step(State.COMPLETED, _REFUSED),
    (State.PROCEEDING, Input.CANCELLED): Step(State.PROCEEDING, (Effect.ARM_GIVE_UP,)),
    (State.PROCEEDING, Input.GIVE_UP): Step(State.TERMINATED, (Effect.TIMED_OUT,)),
    (State.PROCEEDING, Input.TRANSPORT_FAILED): Step(State.TERMINATED, (Effect.DISARM, Effect.FAILED)),
    (State.COMPLETED, Input.FAILURE): Step(State.COMPLETED, (Effect.ACKNOWLEDGE,)),
    (State.COMPLETED, Input.LINGER): Step(State.TERMINATED),
    (State.ACCEPTED, Input.SUCCESS): Step(State.ACCEPTED, (Effect.DELIVER,)),
    (State.ACCEPTED, Input.LINGER): Step(State.TERMINATED),
}
_CLIENT: Final = {
    (State.TRYING, Input.START): Step(State.TRYING, _BEGIN),
    (State.TRYING, Input.PROVISIONAL): Step(State.PROCEEDING, (Effect.DELIVER,)),
    (State.PROCEEDING, Input.PROVISIONAL): Step(State.PROCEEDING, (Effect.DELIVER,)),
    (State.COMPLETED, Input.LINGER): Step(State.TERMINATED),
}
for _state in (State.TRYING, State.PROCEEDING):
    _CLIENT[_state, Input.REPEAT] = Step(_state, _AGAIN)
    _CLIENT[_state, Input.GIVE_UP] = Step(State.TERMINATED, (Effect.DISARM, Effect.TIMED_OUT))
    _CLIENT[_state, Input.SUCCESS] = Step(State.COMPLETED, _SETTLE)
    _CLIENT[_state, Input.FAILURE] = Step(State.COMPLETED, _SETTLE)
    _CLIENT[_state, Input.TRANSPORT_FAILED] = Step(State.TERMINATED, (Effect.DISARM, Effect.FAILED))

_INVITE_SERVER: Final = {
    (State.PROCEEDING, Input.START): Step(State.PROCEEDING, (Effect.DELIVER,)),
    (State.PROCEEDING, Input.REQUEST): Step(State.PROCEEDING, (Effect.TRANSMIT,)),
    (State.PROCEEDING, Input.SEND_PROVISIONAL): Step(State.PROCEEDING, (Effect.TRANSMIT,)),
    (State.PROCEEDING, Input.SEND_SUCCESS): Step(State.ACCEPTED, (Effect.TRANSMIT, Effect.ARM_LINGER)),
    (State.PROCEEDING, Input.SEND_FAILURE): Step(State.COMPLETED, _BEGIN),
    (State.COMPLETED, Input.REQUEST): Step(State.COMPLETED, (Effect.TRANSMIT,)),
    (State.COMPLETED, Input.REPEAT): Step(State.COMPLETED, _AGAIN),
    (State.COMPLETED, Input.ACK): Step(State.CONFIRMED, (Effect.DISARM, Effect.ARM_LINGER)),
    (State.COMPLETED, Input.GIVE_UP): Step(State.TERMINATED, (Effect.DISARM,)),
    (State.CONFIRMED, Input.LINGER): Step(State.TERMINATED),
    (State.ACCEPTED, Input.SEND_SUCCESS): Step(State.ACCEPTED, (Effect.TRANSMIT,)),
    (State.ACCEPTED, Input.ACK): Step(State.ACCEPTED, (Effect.DELIVER,)),
    (State.ACCEPTED, Input.LINGER): Step(State.TERMINATED),
}
_ANSWERED = Step(State.COMPLETED, (Effect.DISARM, Effect.TRANSMIT, Effect.ARM_LINGER))
_SERVER: Final = {
    (State.TRYING, Input.START): Step(State.TRYING, (Effect.ARM_GIVE_UP, Effect.DELIVER)),
    (State.TRYING, Input.SEND_PROVISIONAL): Step(State.PROCEEDING, (Effect.TRANSMIT,)),
    (State.TRYING, Input.SEND_SUCCESS): _ANSWERED,
    (State.TRYING, Input.SEND_FAILURE): _ANSWERED,
    (State.TRYING, Input.GIVE_UP): Step(State.TERMINATED),
    (State.PROCEEDING, Input.REQUEST): Step(State.PROCEEDING, (Effect.TRANSMIT,)),
    (State.PROCEEDING, Input.SEND_PROVISIONAL): Step(State.PROCEEDING, (Effect.TRANSMIT,)),
    (State.PROCEEDING, Input.SEND_SUCCESS): _ANSWERED,
    (State.PROCEEDING, Input.SEND_FAILURE): _ANSWERED,
    (State.PROCEEDING, Input.GIVE_UP): Step(State.TERMINATED),
    (State.COMPLETED, Input.REQUEST): Step(State.COMPLETED, (Effect.TRANSMIT,)),
    (State.COMPLETED, Input.LINGER): Step(State.TERMINATED),
}
TABLE: Final[Mapping[Kind, Mapping[tuple[State, Input], Step]]] = {
    Kind.INVITE_CLIENT: _INVITE_CLIENT,
    Kind.CLIENT: _CLIENT,
    Kind.INVITE_SERVER: _INVITE_SERVER,
    Kind.SERVER: _SERVER,
}
FIRST: Final = {
    Kind.INVITE_CLIENT: State.CALLING,
    Kind.CLIENT: State.TRYING,
    Kind.INVITE_SERVER: State.PROCEEDING,
    Kind.SERVER: State.TRYING,
}
"""The state a transaction is born in, just before START."""


def step(kind: Kind, state: State, what: Input) -> Step:
    """The next state and the effects; LocalProtocolError if what we did is illegal now."""
    found = TABLE[kind].get((state, what))
    if found is None:
        if what in OURS:
            raise LocalProtocolError(f"{what.name} in state {state.name} of {kind.name}")
        return Step(state)
    return found


def repeat_delay(kind: Kind, state: State, repeats: int, options: SipOptions) -> float:
    """Seconds until a message goes out again, `repeats` being 1 for the first time (timers A, E, G).

    T1, doubled each time; all but the client INVITE stop doubling at T2, and another client request that has heard
    a provisional response repeats every T2 (sections 17.1.1.2, 17.1.2.2, 17.2.1).
    """
    if kind is Kind.CLIENT and state is State.PROCEEDING:
        return options.t2_s
    delay = options.t1_s * 2.0 ** (repeats - 1)
    return delay if kind is Kind.INVITE_CLIENT else min(delay, options.t2_s)


def linger_delay(kind: Kind, state: State, *, reliable: bool, options: SipOptions) -> float:
    """Seconds a finished transaction stays to absorb stragglers (timers D, I, J, K and, for 2xx, L and M)."""
    if state is State.ACCEPTED:
        return 64 * options.t1_s
    if reliable:
        return 0.0
    short = kind is Kind.CLIENT or state is State.CONFIRMED
    return options.t4_s if short else 64 * options.t1_s


class Transaction:
    """One living transaction: its state, and what it needs to repeat itself."""

    __slots__ = ("data", "flow", "key", "kind", "repeats", "request", "state")

    def __init__(self, kind: Kind, key: tuple[str, ...], request: Request, flow: Flow) -> None:
        self.kind = kind
        self.key = key
        self.request = request
        self.flow = flow
        """Where its messages go."""
        self.state = FIRST[kind]
        self.data = b""
        """What TRANSMIT sends: the request, or the last response."""
        self.repeats = 0
        """How often the repeat timer was armed."""

    def __repr__(self) -> str:
        return f"<{self.kind.name} {self.state.name} {self.request.method} {self.request.call_id}>"


class ClientTransaction(Transaction):
    """A request of ours; `owner` is what asked for it."""

    __slots__ = ("ack", "owner")

    def __init__(self, key: tuple[str, ...], request: Request, flow: Flow, owner: object) -> None:
        kind = Kind.INVITE_CLIENT if request.method == "INVITE" else Kind.CLIENT
        super().__init__(kind, key, request, flow)
        self.owner = owner
        self.ack = b""
        """The ACK to a failure response, once there was one."""


class ServerTransaction(Transaction):
    """A request of a peer; `flow` is where its responses go, `source` the way it came."""

    __slots__ = ("cancelled", "dialog", "local_tag", "source")

    def __init__(self, key: tuple[str, ...], request: Request, flow: Flow, source: Flow) -> None:
        kind = Kind.INVITE_SERVER if request.method == "INVITE" else Kind.SERVER
        super().__init__(kind, key, request, flow)
        self.source = source
        self.local_tag = ""
        """Our To tag, the same in every response (RFC 3261 section 8.2.6.2)."""
        self.cancelled = False
        """Whether the INVITE was answered with 487 because its sender gave up."""
        self.dialog: Dialog | None = None
        """The dialog it came in, or made."""

    @property
    def answered(self) -> bool:
        """Whether a final response was given."""
        return self.state not in (State.TRYING, State.PROCEEDING)
