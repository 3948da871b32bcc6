"""Two phones and what they usually do, for the tests of whole calls."""

from telegraphone.wire.sip.events import AckArrived, DialogEnded, EndReason, RequestArrived, ResponseArrived
from tests.unit.wire.sip.network import Network, Node

T64 = 32.0
PLAIN = ("INVITE", "ACK", "BYE", "CANCEL")


def ring_then_answer(node: Node, event: object) -> None:
    if isinstance(event, RequestArrived):
        if event.request.method == "INVITE" and event.dialog is None:
            node.respond(event, 180)
        node.respond(event, 200, b"answer" if event.request.method == "INVITE" else b"")


def ring_only(node: Node, event: object) -> None:
    if isinstance(event, RequestArrived):
        node.respond(event, 180 if event.request.method == "INVITE" else 200)


def pair(network: Network, handle=ring_then_answer, **options):
    return network.node("192.0.2.1", **options), network.node("192.0.2.2", handle, **options)


def established(network: Network, **options):
    a, b = pair(network, **options)
    pending = a.invite(b)
    network.run(1)
    assert pending.confirmed is not None
    return a, b, pending.confirmed, b.of(AckArrived)[0].dialog


def statuses(node: Node) -> list[int]:
    return [event.response.status for event in node.of(ResponseArrived)]


def reasons(node: Node) -> list[EndReason]:
    return [event.reason for event in node.of(DialogEnded)]
