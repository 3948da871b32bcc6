"""Two or more SIP engines on a network that loses, doubles, delays and reorders by a seed, in virtual time."""

import hashlib
import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count

from telegraphone.wire.sip.commands import InDialogRequest, OutgoingRequest, Reply
from telegraphone.wire.sip.engine import SipEngine
from telegraphone.wire.sip.events import RequestArrived, SipEvent
from telegraphone.wire.sip.options import SipOptions
from telegraphone.wire.sip.transport import Flow, Transmission
from telegraphone.wire.sip.uri import NameAddr, SipUri
from tests.seeds import chance


def entropy_of(seed: str) -> Callable[[int], bytes]:
    """A repeatable source of bytes."""
    numbers = count()
    return lambda size: hashlib.shake_256(f"{seed}/{next(numbers)}".encode()).digest(size)


@dataclass
class Faults:
    """What the network does to a datagram."""

    loss: float = 0.0
    double: float = 0.0
    delay_s: tuple[float, float] = (0.01, 0.01)
    drop: Callable[[bytes], bool] = lambda _: False
    """Drops by content, whatever the chance."""


@dataclass(eq=False)
class Node:
    """One user agent and what it saw. `handle` is called for each event, with the node."""

    network: "Network"
    host: str
    options: SipOptions
    handle: Callable[["Node", SipEvent], None] | None = None
    seen: list[SipEvent] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.engine = SipEngine(self.options, {"UDP": 5060, "TCP": 5060}, entropy_of(self.host))

    def uri(self, user: str = "x", transport: str = "") -> SipUri:
        return SipUri(self.host, user, params=(("transport", transport),) if transport else ())

    def of(self, kind: type) -> list[SipEvent]:
        return [event for event in self.seen if isinstance(event, kind)]

    def invite(self, to: "Node", body: bytes = b"offer", **more: object):
        command = OutgoingRequest(method="INVITE", uri=to.uri(), from_=NameAddr(self.uri("me")), body=body, **more)
        return self.request(command)

    def request(self, command: OutgoingRequest | InDialogRequest):
        pending = self.engine.request(command, self.network.now)
        self.network.collect(self)
        return pending

    def respond(self, event: RequestArrived, status: int, body: bytes = b"", headers: tuple = ()):
        dialog = self.engine.respond(event.transaction, Reply(status, body=body, headers=headers), self.network.now)
        self.network.collect(self)
        return dialog

    def cancel(self, pending) -> None:
        self.engine.cancel(pending, self.network.now)
        self.network.collect(self)

    def hang_up(self, dialog) -> None:
        self.engine.hang_up(dialog, (), self.network.now)
        self.network.collect(self)

    def acknowledge(self, dialog, body: bytes) -> None:
        self.engine.acknowledge(dialog, body, self.network.now)
        self.network.collect(self)

    def inject(self, data: bytes | str, source: tuple[str, int] = ("192.0.2.99", 5060)) -> list[bytes]:
        """Give a raw datagram to the engine; what it sends at once comes back and goes nowhere else."""
        if isinstance(data, str):
            data = data.strip().replace("\n", "\r\n").encode() + b"\r\n\r\n"
        return self.inject_raw(data, source)

    def inject_raw(self, data: bytes, source: tuple[str, int]) -> list[bytes]:
        self.engine.receive_datagram(data, source, self.network.now)
        self.network.tell(self)
        return [transmission.data for transmission in self.engine.data_to_send()]


class Network:
    """The wire between nodes, and their common clock."""

    def __init__(self, number: int = 0, faults: Faults | None = None) -> None:
        """Of two networks with another number other datagrams are lost."""
        self.now = 1000.0
        self.faults = faults or Faults()
        self.log: list[tuple[float, str, bytes]] = []
        self._random = chance("network", number)
        self._nodes: dict[str, Node] = {}
        self._queue: list[tuple[float, int, str, Flow, bytes]] = []
        self._order = count()

    def node(self, host: str, handle: Callable[[Node, SipEvent], None] | None = None, **options: object) -> Node:
        made = Node(self, host, SipOptions(host=host, **options), handle)
        self._nodes[host] = made
        return made

    def tell(self, node: Node) -> None:
        for event in node.engine.events():
            node.seen.append(event)
            if node.handle is not None:
                node.handle(node, event)

    def collect(self, node: Node) -> None:
        for transmission in node.engine.data_to_send():
            self._carry(node, transmission)

    def _carry(self, node: Node, transmission: Transmission) -> None:
        faults, flow = self.faults, transmission.flow
        self.log.append((self.now, node.host, transmission.data))
        copies = 2 if self._random.random() < faults.double else 1
        for _ in range(copies):
            if self._random.random() < faults.loss or faults.drop(transmission.data):
                continue
            at = self.now + self._random.uniform(*faults.delay_s)
            source = Flow(flow.transport, node.host, 5060, 1 if flow.reliable else None)
            heapq.heappush(self._queue, (at, next(self._order), flow.host, source, transmission.data))

    def run(self, seconds: float) -> None:
        """Let that much virtual time pass, event by event."""
        end = self.now + seconds
        while True:
            times = [node.engine.next_deadline() for node in self._nodes.values()]
            nearest = min([at for at in times if at is not None], default=end + 1)
            arrival = self._queue[0][0] if self._queue else end + 1
            if min(nearest, arrival) > end:
                break
            self.now = max(self.now, min(nearest, arrival))
            if arrival <= nearest:
                self._deliver()
            else:
                for node in self._nodes.values():
                    node.engine.on_deadline(self.now)
            for node in self._nodes.values():
                self.tell(node)
                self.collect(node)
        self.now = end

    def _deliver(self) -> None:
        _, _, host, source, data = heapq.heappop(self._queue)
        node = self._nodes.get(host)
        if node is None:
            return
        if source.reliable:
            node.engine.receive_stream(source, data, self.now)
        else:
            node.engine.receive_datagram(data, (source.host, source.port), self.now)

    def sent(self, host: str, start: str) -> list[bytes]:
        """What a node sent that begins so."""
        return [data for _, sender, data in self.log if sender == host and data.startswith(start.encode())]

    def left_over(self) -> int:
        """Transactions and dialogs alive on all nodes, and timers."""
        return sum(
            len(node.engine.transactions) + len(node.engine.dialogs) + len(node.engine._state.deadlines)
            for node in self._nodes.values()
        )
