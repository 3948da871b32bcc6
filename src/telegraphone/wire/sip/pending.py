"""Follows one request of ours from the asking to its last answer, over every retry it takes."""

from telegraphone.wire.sip.commands import InDialogRequest, OutgoingRequest
from telegraphone.wire.sip.dialog import Dialog
from telegraphone.wire.sip.message import Request
from telegraphone.wire.sip.transaction import ClientTransaction
from telegraphone.wire.sip.transport import Flow


class PendingRequest:
    """The handle `SipEngine.request` returns. It stays the same when the request is sent again with credentials."""

    __slots__ = (
        *("acks", "attempts", "cancel_sent", "cancelled", "command", "confirmed", "dialog", "done", "early"),
        *("flow", "quiet", "request", "transaction"),
    )

    def __init__(self, command: OutgoingRequest | InDialogRequest, flow: Flow) -> None:
        self.command = command
        self.request: Request | None = None
        """As last sent; None while a re-INVITE waits for its turn."""
        self.flow = flow
        self.dialog: Dialog | None = command.dialog if isinstance(command, InDialogRequest) else None
        self.transaction: ClientTransaction | None = None
        self.attempts = 0
        """How often it was sent anew (401, 407, 422, 491)."""
        self.cancelled = False
        self.cancel_sent = False
        self.done = False
        """Whether its one final outcome was reported."""
        self.quiet = False
        """The engine's own request (CANCEL, BYE, refresh): its outcome is no event."""
        self.early: dict[str, Dialog] = {}
        """Early dialogs by the peer's tag."""
        self.confirmed: Dialog | None = None
        self.acks: dict[str, tuple[bytes, Flow]] = {}
        """The ACK sent for each 2xx and its way, by the peer's tag, to be repeated when the 2xx is."""

    @property
    def method(self) -> str:
        """Of the request: INVITE, REGISTER and so on."""
        return self.command.method
