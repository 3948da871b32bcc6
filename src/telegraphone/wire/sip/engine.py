"""The whole user agent of RFC 3261 behind one face: bytes and commands in, bytes and events out.

It owns no socket and no clock: the endpoint tells it what arrived and what time it is, sends what
`data_to_send` returns, hands on what `events` returns, and calls `on_deadline` when `next_deadline` is reached.
"""

from collections.abc import Callable, Mapping

from telegraphone.limits import SIP_CONNECTION_IDLE_S, SIP_MESSAGE_FINISH_S
from telegraphone.wire.sip.client_side import ClientSide
from telegraphone.wire.sip.commands import InDialogRequest, OutgoingRequest, Reply
from telegraphone.wire.sip.dialog import Dialog
from telegraphone.wire.sip.dialogs import DialogKeeper
from telegraphone.wire.sip.events import ConnectionUnusable, SipEvent
from telegraphone.wire.sip.message import MalformedMessage, Request, Response, parse_message, with_top_via
from telegraphone.wire.sip.options import SipOptions
from telegraphone.wire.sip.pending import PendingRequest
from telegraphone.wire.sip.server_side import ServerSide
from telegraphone.wire.sip.state import UserAgentState
from telegraphone.wire.sip.stream import Ping, StreamParser
from telegraphone.wire.sip.transaction import ServerTransaction
from telegraphone.wire.sip.transactions import TransactionLayer
from telegraphone.wire.sip.transport import Flow, Transmission


class SipEngine:
    """One user agent core: caller, callee and the ground a registrar or B2BUA stands on.

    Every method that takes `now` (monotonic seconds) may make events and transmissions: fetch both after each call.
    `transactions` and `dialogs` have a length: how many are alive.
    """

    def __init__(self, options: SipOptions, ports: Mapping[str, int], entropy: Callable[[int], bytes]) -> None:
        """`ports`: our listening port by transport ("UDP", "TCP", "TLS"); `entropy(n)`: n unpredictable bytes."""
        self._state = UserAgentState(options, ports, entropy)
        self.transactions = TransactionLayer(self._state)
        self.dialogs = DialogKeeper(self._state)
        self._client = ClientSide(self._state, self.transactions, self.dialogs)
        self._server = ServerSide(self._state, self.transactions, self.dialogs, self._client)
        self._streams: dict[int, StreamParser] = {}

    def receive_datagram(self, data: bytes, source: tuple[str, int], now: float) -> None:
        """Take one UDP datagram from (host, port). What is no SIP at all (keep-alives, STUN) is ignored."""
        flow = Flow("UDP", source[0], source[1])
        try:
            message = parse_message(data)
        except MalformedMessage as error:
            self._server.refuse_malformed(error, flow)
        else:
            self._receive(message, flow, now)

    def receive_stream(self, flow: Flow, data: bytes, now: float) -> None:
        """Take bytes of a TCP connection; `flow.connection` must be its number, unique for the life of the engine.

        The first call for a connection may bring no bytes: it starts the time in which something must be said.
        """
        assert flow.connection is not None, "a stream has a connection"
        parser = self._streams.get(flow.connection)
        if parser is None:
            parser = self._streams[flow.connection] = StreamParser()
            self._arm_stream("idle", flow, now + SIP_CONNECTION_IDLE_S)
        for item in parser.receive_data(data):
            if isinstance(item, Ping):
                self._state.send(b"\r\n", flow)
            elif isinstance(item, MalformedMessage):
                self._server.refuse_malformed(item, flow)
            else:
                self._state.deadlines.cancel((flow, "idle"))
                self._receive(item, flow, now)
        if parser.dead:
            self._state.events.append(ConnectionUnusable(flow))
        elif parser.partial:
            self._arm_stream("finish", flow, now + SIP_MESSAGE_FINISH_S)
        else:
            self._state.deadlines.cancel((flow, "finish"))

    def _arm_stream(self, what: str, flow: Flow, at: float) -> None:
        events = self._state.events
        self._state.deadlines.arm((flow, what), at, lambda _: events.append(ConnectionUnusable(flow)))

    def _receive(self, message: Request | Response, source: Flow, now: float) -> None:
        if isinstance(message, Response):
            # More than one Via: it was not meant for us (section 8.1.3.3).
            if len(message.headers.values("Via")) == 1:
                self.transactions.receive_response(message, source, now)
            return
        self._server.receive(_stamp(message, source), source, now)

    def connection_lost(self, flow: Flow, now: float) -> None:
        """A connection closed, or one asked for (`flow.connection` None) could not be opened."""
        if flow.connection is not None:
            self._streams.pop(flow.connection, None)
        self._state.deadlines.cancel((flow, "idle"))
        self._state.deadlines.cancel((flow, "finish"))
        self.dialogs.connection_lost(flow)
        self.transactions.connection_lost(flow, now)

    def events(self) -> list[SipEvent]:
        """What happened since the last call, in order."""
        happened = self._state.events[:]
        self._state.events.clear()
        return happened

    def data_to_send(self) -> list[Transmission]:
        """What is to be sent since the last call, in order."""
        outbox = self._state.outbox[:]
        self._state.outbox.clear()
        return outbox

    def next_deadline(self) -> float | None:
        """When `on_deadline` wants to be called, None if nothing waits. Ask again after every other call."""
        return self._state.deadlines.next()

    def on_deadline(self, now: float) -> None:
        """Do what is due by now; harmless if nothing is."""
        self._state.deadlines.run(now)

    def request(self, command: OutgoingRequest | InDialogRequest, now: float) -> PendingRequest:
        """Send a request; its outcome comes as ResponseArrived (any number of provisional ones, then one final, for
        an INVITE perhaps more 2xx that the engine settles), TransactionTimedOut or TransportFailed.

        A 2xx to an INVITE that carried a body is acknowledged at once; one without: call `acknowledge`. A re-INVITE
        waits while another INVITE is in progress in the dialog and is repeated after 491 (section 14.1). How long a
        phone may ring is for the caller to decide: without `cancel` a call that rings may ring for ever.
        Raises LocalProtocolError for a dialog that has ended, and when too much is in flight already.
        """
        return self._client.request(command, now)

    def respond(self, transaction: ServerTransaction, reply: Reply, now: float) -> Dialog | None:
        """Answer a request. The dialog it made or belongs to is returned: early for 101-199, confirmed for 2xx.

        A 2xx to an INVITE is repeated until its ACK; without one the dialog ends with NO_ACK. If the INVITE was
        cancelled meanwhile nothing happens and None is returned; a second final response is a LocalProtocolError.
        """
        return self._server.respond(transaction, reply, now)

    def cancel(self, pending: PendingRequest, now: float) -> None:
        """Give up an INVITE that has no final answer; CANCEL goes out once a provisional response came (section 9.1).

        The outcome still comes as an event: mostly 487, or a time-out; see ResponseArrived for a 2xx that crossed it.
        """
        self._client.cancel(pending, now)

    def acknowledge(self, dialog: Dialog, body: bytes, now: float) -> None:
        """Send the ACK, with our answer, to a 2xx whose INVITE carried no offer."""
        self._client.acknowledge(dialog, body, now)

    def hang_up(self, dialog: Dialog, headers: tuple[tuple[str, str], ...], now: float) -> None:
        """End a confirmed dialog: DialogEnded comes at once, BYE as soon as it may go. Harmless if it has ended.

        `headers` go on the BYE, a Reason for instance.
        """
        self._client.hang_up(dialog, headers, now)


def _stamp(request: Request, source: Flow) -> Request:
    """Note in the topmost Via where the request came from (RFC 3261 section 18.2.1, RFC 3581 section 4)."""
    host = f"[{source.host}]" if ":" in source.host else source.host
    seen = request.via.seen_from(host, source.port)
    return request if seen is request.via else with_top_via(request, seen)
