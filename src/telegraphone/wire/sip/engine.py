"""The whole user agent of RFC 3261 behind one face: bytes and commands in, bytes and events out.

It owns no socket and no clock: the endpoint tells it what arrived and what time it is, sends what
`data_to_send` returns, hands on what `events` returns, and calls `on_deadline` when `next_deadline` is reached.
"""

from collections.abc import Callable, Mapping

from telegraphone.wire.sip.commands import InDialogRequest, OutgoingRequest, Reply
from telegraphone.wire.sip.dialog import Dialog
from telegraphone.wire.sip.events import SipEvent
from telegraphone.wire.sip.options import SipOptions
from telegraphone.wire.sip.pending import PendingRequest
from telegraphone.wire.sip.transaction import ServerTransaction
from telegraphone.wire.sip.transport import Flow, Transmission


class SipEngine:
    """One user agent core: caller, callee and the ground a registrar or B2BUA stands on.

    Every method that takes `now` (monotonic seconds) may make events and transmissions: fetch both after each call.
    """

    def __init__(
        self, options: SipOptions, ports: Mapping[str, int], entropy: Callable[[int], bytes]
    ) -> None:
        """`ports`: our listening port by transport ("UDP", "TCP"); `entropy(n)`: n unpredictable bytes."""
        raise NotImplementedError

    def receive_datagram(self, data: bytes, source: tuple[str, int], now: float) -> None:
        """Take one UDP datagram from (host, port)."""
        raise NotImplementedError

    def receive_stream(self, flow: Flow, data: bytes, now: float) -> None:
        """Take bytes of a TCP connection; `flow.connection` must be its number, unique for the life of the engine."""
        raise NotImplementedError

    def connection_lost(self, flow: Flow, now: float) -> None:
        """A connection closed, or one asked for (`flow.connection` None) could not be opened."""
        raise NotImplementedError

    def events(self) -> list[SipEvent]:
        """What happened since the last call, in order."""
        raise NotImplementedError

    def data_to_send(self) -> list[Transmission]:
        """What is to be sent since the last call, in order."""
        raise NotImplementedError

    def next_deadline(self) -> float | None:
        """When `on_deadline` wants to be called, None if nothing waits. Ask again after every other call."""
        raise NotImplementedError

    def on_deadline(self, now: float) -> None:
        """Do what is due by now; harmless if nothing is."""
        raise NotImplementedError

    def request(self, command: OutgoingRequest | InDialogRequest, now: float) -> PendingRequest:
        """Send a request; its outcome comes as ResponseArrived (any number of provisional ones, then one final, for
        an INVITE perhaps more 2xx that the engine settles), TransactionTimedOut or TransportFailed.

        A 2xx to an INVITE that carried a body is acknowledged at once; one without: call `acknowledge`. A re-INVITE
        waits while another INVITE is in progress in the dialog and is repeated after 491 (section 14.1).
        Raises LocalProtocolError for a dialog that has ended, and when too much is in flight already.
        """
        raise NotImplementedError

    def respond(self, transaction: ServerTransaction, reply: Reply, now: float) -> Dialog | None:
        """Answer a request. The dialog it made or belongs to is returned: early for 101-199, confirmed for 2xx.

        A 2xx to an INVITE is repeated until its ACK; without one the dialog ends with NO_ACK. If the INVITE was
        cancelled meanwhile nothing happens and None is returned; a second final response is a LocalProtocolError.
        """
        raise NotImplementedError

    def cancel(self, pending: PendingRequest, now: float) -> None:
        """Give up an INVITE that has no final answer; CANCEL goes out once a provisional response came (section 9.1).

        The outcome still comes as an event: mostly 487, or a time-out; see ResponseArrived for a 2xx that crossed it.
        """
        raise NotImplementedError

    def acknowledge(self, dialog: Dialog, body: bytes, now: float) -> None:
        """Send the ACK, with our answer, to a 2xx whose INVITE carried no offer."""
        raise NotImplementedError

    def hang_up(self, dialog: Dialog, now: float, headers: tuple[tuple[str, str], ...] = ()) -> None:
        """End a confirmed dialog: DialogEnded comes at once, BYE goes out as soon as it may. Harmless if it has ended."""
        raise NotImplementedError
