"""Keeps all living transactions: finds the one a message belongs to, and carries out what its table says."""

from collections import Counter
from typing import Final, Protocol

from telegraphone.limits import SIP_TRANSACTIONS_MAX, SIP_TRANSACTIONS_OF_ONE_MAX
from telegraphone.wire.sip.building import build_failure_ack
from telegraphone.wire.sip.fields import BRANCH_COOKIE
from telegraphone.wire.sip.message import Request, Response, serialize
from telegraphone.wire.sip.state import UserAgentState
from telegraphone.wire.sip.transaction import (
    ClientTransaction,
    Effect,
    Input,
    Kind,
    ServerTransaction,
    State,
    Timer,
    Transaction,
    linger_delay,
    repeat_delay,
    step,
)
from telegraphone.wire.sip.transport import DEFAULT_PORT, Flow, default_port

_INPUT_OF_TIMER: Final = {Timer.REPEAT: Input.REPEAT, Timer.GIVE_UP: Input.GIVE_UP, Timer.LINGER: Input.LINGER}


class ClientUser(Protocol):
    """Who is told what becomes of client transactions."""

    def response_arrived(self, transaction: ClientTransaction, response: Response, source: Flow, now: float) -> None:
        """A response that is no mere repetition came."""

    def request_failed(self, transaction: ClientTransaction, effect: Effect, now: float) -> None:
        """No final response will come: `effect` is TIMED_OUT or FAILED."""


class TransactionLayer:
    """All transactions of one user agent."""

    def __init__(self, state: UserAgentState) -> None:
        self._state = state
        self._clients: dict[tuple[str, ...], ClientTransaction] = {}
        self._servers: dict[tuple[str, ...], ServerTransaction] = {}
        self._merging: dict[tuple[str, str, int], ServerTransaction] = {}
        self._by_host: Counter[str] = Counter()
        self.user: ClientUser | None = None

    def __len__(self) -> int:
        return len(self._clients) + len(self._servers)

    @property
    def full(self) -> bool:
        """Whether no more may be begun."""
        return len(self) >= SIP_TRANSACTIONS_MAX

    def crowded_by(self, host: str) -> bool:
        """Whether one host alone keeps so many requests in the air that others would find no room."""
        return self._by_host[host] >= SIP_TRANSACTIONS_OF_ONE_MAX

    def start_client(self, request: Request, flow: Flow, owner: object, now: float) -> ClientTransaction:
        """Send a request reliably."""
        transaction = ClientTransaction((request.via.branch.lower(), request.method), request, flow, owner)
        transaction.data = serialize(request)
        self._clients[transaction.key] = transaction
        self.feed(transaction, Input.START, now)
        return transaction

    def receive_response(self, response: Response, source: Flow, now: float) -> bool:
        """Take a response; False if it belongs to none of our requests (section 17.1.3)."""
        transaction = self._clients.get((response.via.branch.lower(), response.cseq.method))
        if transaction is None:
            return False
        what = Input.PROVISIONAL if response.provisional else Input.SUCCESS if response.success else Input.FAILURE
        if what is Input.FAILURE and transaction.kind is Kind.INVITE_CLIENT and not transaction.ack:
            transaction.ack = serialize(build_failure_ack(transaction.request, response))
        effects = self.feed(transaction, what, now)
        if Effect.DELIVER in effects and self.user is not None:
            self.user.response_arrived(transaction, response, source, now)
        return True

    def find_server(self, request: Request, method: str = "") -> ServerTransaction | None:
        """The transaction a request belongs to: its own, or for CANCEL the one of `method`."""
        return self._servers.get(server_key(request, method or request.method))

    def is_merged(self, request: Request) -> bool:
        """Whether the same request came by another way already (section 8.2.2.2)."""
        return (request.call_id, request.from_.tag, request.cseq.number) in self._merging

    def start_server(self, request: Request, source: Flow, now: float) -> ServerTransaction:
        """Begin to answer a request."""
        key = server_key(request, request.method)
        transaction = ServerTransaction(key, request, reply_flow(request, source), source)
        self._servers[key] = transaction
        self._by_host[source.host] += 1
        if not request.to.tag:
            self._merging[request.call_id, request.from_.tag, request.cseq.number] = transaction
        self.feed(transaction, Input.START, now)
        return transaction

    def send_response(self, transaction: ServerTransaction, response: Response, now: float) -> None:
        """Send a response reliably; LocalProtocolError if there was a final one."""
        what = Input.SEND_PROVISIONAL if response.provisional else Input.SEND_SUCCESS if response.success else Input.SEND_FAILURE
        step(transaction.kind, transaction.state, what)
        transaction.data = serialize(response)
        self.feed(transaction, what, now)

    def connection_lost(self, flow: Flow, now: float) -> None:
        """Fail what waits for answers by a connection; answers of ours go by a new one (section 18.2.2)."""
        for client in [tx for tx in self._clients.values() if _uses(tx.flow, flow)]:
            effects = self.feed(client, Input.TRANSPORT_FAILED, now)
            if Effect.FAILED in effects and self.user is not None:
                self.user.request_failed(client, Effect.FAILED, now)
        for server in self._servers.values():
            if flow.connection is not None and server.flow == flow:
                server.flow = Flow(flow.transport, flow.host, server.request.via.port or default_port(flow.transport))

    def feed(self, transaction: Transaction, what: Input, now: float) -> tuple[Effect, ...]:
        """Give a transaction an input and do what it wants; the effects that concern its user are for the caller."""
        result = step(transaction.kind, transaction.state, what)
        transaction.state = result.state
        for effect in result.effects:
            self._perform(transaction, effect, now)
        if transaction.state is State.TERMINATED:
            self._forget(transaction)
        return result.effects

    def _perform(self, transaction: Transaction, effect: Effect, now: float) -> None:
        if effect is Effect.TRANSMIT:
            if transaction.data:
                self._state.send(transaction.data, transaction.flow)
        elif effect is Effect.ACKNOWLEDGE and isinstance(transaction, ClientTransaction):
            self._state.send(transaction.ack, transaction.flow)
        elif effect is Effect.DISARM:
            self._state.deadlines.cancel((transaction, Timer.REPEAT))
            self._state.deadlines.cancel((transaction, Timer.GIVE_UP))
        elif effect is Effect.ARM_REPEAT:
            self._arm_repeat(transaction, now)
        elif effect is Effect.ARM_GIVE_UP:
            self._arm(transaction, Timer.GIVE_UP, now + 64 * self._state.options.t1_s)
        elif effect is Effect.ARM_LINGER:
            delay = linger_delay(
                transaction.kind, transaction.state, reliable=transaction.flow.reliable, options=self._state.options
            )
            self._arm(transaction, Timer.LINGER, now + delay)

    def _arm_repeat(self, transaction: Transaction, now: float) -> None:
        if transaction.flow.reliable:
            return
        transaction.repeats += 1
        delay = repeat_delay(transaction.kind, transaction.state, transaction.repeats, self._state.options)
        self._arm(transaction, Timer.REPEAT, now + delay)

    def _arm(self, transaction: Transaction, timer: Timer, at: float) -> None:
        self._state.deadlines.arm((transaction, timer), at, lambda now: self._fire(transaction, timer, now))

    def _fire(self, transaction: Transaction, timer: Timer, now: float) -> None:
        effects = self.feed(transaction, _INPUT_OF_TIMER[timer], now)
        if Effect.TIMED_OUT in effects and isinstance(transaction, ClientTransaction) and self.user is not None:
            self.user.request_failed(transaction, Effect.TIMED_OUT, now)

    def _forget(self, transaction: Transaction) -> None:
        for timer in Timer:
            self._state.deadlines.cancel((transaction, timer))
        if isinstance(transaction, ClientTransaction):
            self._clients.pop(transaction.key, None)
            return
        server = self._servers.pop(transaction.key, None)
        if server is not None:
            self._by_host[server.source.host] -= 1
            if not self._by_host[server.source.host]:
                del self._by_host[server.source.host]
        request = transaction.request
        merging = (request.call_id, request.from_.tag, request.cseq.number)
        if self._merging.get(merging) is transaction:
            del self._merging[merging]


def server_key(request: Request, method: str) -> tuple[str, ...]:
    """What tells one request from another at its receiver (section 17.2.3); an ACK has the key of its INVITE.

    A branch without the cookie, or with nothing after it (RFC 4475 section 3.2.1), tells nothing: then all the
    fields that RFC 2543 compared do.
    """
    via = request.via
    branch = via.branch.lower()
    method = "INVITE" if method == "ACK" else method
    if branch.startswith(BRANCH_COOKIE.lower()) and len(branch) > len(BRANCH_COOKIE):
        return branch, via.host, str(via.port or DEFAULT_PORT), method
    number = str(request.cseq.number)
    return str(request.uri), request.call_id, request.from_.tag, number, str(via), method


def reply_flow(request: Request, source: Flow) -> Flow:
    """Where responses to a request go: back by its connection, or to its source address at the port its Via names.

    The source port instead if the Via asks for it (RFC 3261 section 18.2.2, RFC 3581 section 4).
    """
    via = request.via
    if source.reliable or via.rport is not None:
        return source
    return Flow(source.transport, source.host, via.port or DEFAULT_PORT)


def _uses(mine: Flow, lost: Flow) -> bool:
    """Whether what was sent on my flow went by the lost connection: mine may name only the address."""
    same_address = (mine.transport, mine.host, mine.port) == (lost.transport, lost.host, lost.port)
    return same_address and mine.connection in (None, lost.connection)
