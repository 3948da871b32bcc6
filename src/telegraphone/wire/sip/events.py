"""What the engine reports: facts in the past tense, one frozen value each.

What the engine settles by itself is not reported: retransmissions, 100 Trying, 401 answered with credentials, CANCEL's own
200, ACK to a failure, refused extensions, session refreshes, forks that came second.
"""

from dataclasses import dataclass
from enum import Enum

from telegraphone.wire.sip.dialog import Dialog
from telegraphone.wire.sip.message import Request, Response
from telegraphone.wire.sip.pending import PendingRequest
from telegraphone.wire.sip.transaction import ServerTransaction
from telegraphone.wire.sip.transport import Flow


class EndReason(Enum):
    """Why a confirmed dialog ended."""

    LOCAL_BYE = "we hung up"
    REMOTE_BYE = "the peer hung up"
    NO_ACK = "our 2xx was never acknowledged"
    EXPIRED = "nobody refreshed the session timer"
    LOST = "the peer no longer knows the dialog or does not answer in it"


@dataclass(frozen=True, slots=True)
class RequestArrived:
    """A request wants an answer by `respond(transaction, Reply(…))`. `dialog` is None outside of dialogs."""

    transaction: ServerTransaction
    request: Request
    dialog: Dialog | None


@dataclass(frozen=True, slots=True)
class AckArrived:
    """Our 2xx to an INVITE was acknowledged; `request.body` holds the answer if our 2xx made the offer."""

    dialog: Dialog
    request: Request


@dataclass(frozen=True, slots=True)
class CallCancelled:
    """The caller gave up before our final response; the INVITE is already answered with 487."""

    transaction: ServerTransaction


@dataclass(frozen=True, slots=True)
class ResponseArrived:
    """A response to our request. `dialog` is set where the response makes or belongs to one.

    A 2xx to an INVITE that we cancelled in vain has no dialog: it is already acknowledged and hung up.
    """

    pending: PendingRequest
    response: Response
    dialog: Dialog | None


@dataclass(frozen=True, slots=True)
class TransactionTimedOut:
    """Our request got no final answer in time; treat it as a 408 (RFC 3261 section 8.1.3.1)."""

    pending: PendingRequest


@dataclass(frozen=True, slots=True)
class TransportFailed:
    """Our request could not be sent, or its connection broke; treat it as a 503 (RFC 3261 section 8.1.3.1)."""

    pending: PendingRequest
    flow: Flow


@dataclass(frozen=True, slots=True)
class DialogEnded:
    """A confirmed dialog is over, told once for each. `request` is the peer's BYE if there was one (already answered)."""

    dialog: Dialog
    reason: EndReason
    request: Request | None = None


@dataclass(frozen=True, slots=True)
class ConnectionUnusable:
    """A stream can no longer be understood or is misused: close it."""

    flow: Flow


SipEvent = (
    RequestArrived
    | AckArrived
    | CallCancelled
    | ResponseArrived
    | TransactionTimedOut
    | TransportFailed
    | DialogEnded
    | ConnectionUnusable
)
