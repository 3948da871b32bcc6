"""Many calls over a network that loses, doubles and reorders: each ends in exactly one definite way, nothing is left over."""

from collections import Counter

import pytest

from telegraphone.wire.sip.commands import InDialogRequest
from telegraphone.wire.sip.events import (
    AckArrived,
    CallCancelled,
    DialogEnded,
    RequestArrived,
    ResponseArrived,
    TransactionTimedOut,
)
from tests.seeds import chance
from tests.unit.wire.sip.network import Faults, Network, Node

CALLS = 40


class World:
    """Callers and callees, and what they do to each other, which is something else in each world."""

    def __init__(self, number: int, faults: Faults) -> None:
        self.random = chance("world", number)
        self.network = Network(number, faults)
        self.a = self.network.node("192.0.2.1", self.caller, session_expires_s=600)
        self.b = self.network.node("192.0.2.2", self.callee, session_expires_s=600)
        self.outcomes: Counter[object] = Counter()
        self.dialogs: dict[object, Node] = {}
        self.ended: Counter[object] = Counter()
        self.ringing: list[RequestArrived] = []
        self.invites: Counter[str] = Counter()

    def caller(self, node: Node, event: object) -> None:
        if isinstance(event, ResponseArrived) and event.pending.method == "INVITE":
            if not event.response.provisional:
                self.outcomes[event.pending] += 1
            if event.response.success and event.dialog is not None and event.pending.dialog is None:
                self.dialogs[event.dialog] = node
                self.go_on(node, event.dialog)
        elif isinstance(event, TransactionTimedOut):
            self.outcomes[event.pending] += 1
        self.common(node, event)

    def callee(self, node: Node, event: object) -> None:
        if isinstance(event, RequestArrived) and event.request.method == "INVITE" and event.dialog is None:
            self.invites[event.request.call_id] += 1
            if self.random.random() < 0.7:
                node.respond(event, 180)
            if self.random.random() < 0.2:
                node.respond(event, 486)
            elif self.random.random() < 0.8:
                self.dialogs[node.respond(event, 200, b"answer")] = node
            else:
                self.ringing.append(event)
        elif isinstance(event, AckArrived) and self.random.random() < 0.5:
            self.go_on(node, event.dialog)
        self.common(node, event)

    def common(self, node: Node, event: object) -> None:
        if isinstance(event, DialogEnded):
            self.ended[event.dialog] += 1
        elif isinstance(event, RequestArrived) and event.dialog is not None:
            node.respond(event, 200, b"answer" if event.request.method == "INVITE" else b"")

    def go_on(self, node: Node, dialog: object) -> None:
        what = self.random.random()
        if what < 0.4:
            for body in (b"hold", b"retrieve"):
                node.request(InDialogRequest(dialog=dialog, method="INVITE", body=body))
        elif what < 0.6:
            node.request(InDialogRequest(dialog=dialog, method="INFO"))
        elif what < 0.8:
            node.hang_up(dialog)

    def play(self) -> list[object]:
        asked = []
        for _ in range(CALLS):
            asked.append(self.a.invite(self.b))
            self.network.run(self.random.uniform(0, 1))
            if self.random.random() < 0.3:
                self.a.cancel(self.random.choice(asked))
        self.network.run(300)
        for pending in asked:
            self.a.cancel(pending)
        for dialog, node in self.dialogs.items():
            if self.random.random() < 0.6:
                node.hang_up(dialog)
        self.network.run(300)
        # Of a caller who heard nothing but silence no CANCEL may come (RFC 3261 section 9.1).
        for event in self.ringing:
            self.b.respond(event, 480)
        for dialog, node in self.dialogs.items():
            node.hang_up(dialog)
        self.network.run(300)
        return asked


@pytest.mark.parametrize("loss", [0.0, 0.05, 0.2])
@pytest.mark.parametrize("number", range(6))
def test_every_call_ends_in_one_definite_way(number, loss):
    world = World(number, Faults(loss=loss, double=0.1, delay_s=(0.005, 0.6)))
    asked = world.play()
    assert [world.outcomes[pending] for pending in asked] == [1] * CALLS
    assert all(times == 1 for times in world.invites.values()), "a repeated INVITE made two calls"
    assert [world.ended[dialog] for dialog in world.dialogs] == [1] * len(world.dialogs)
    assert world.network.left_over() == 0
    assert len(world.dialogs) > CALLS / 4
    assert world.b.of(CallCancelled)
