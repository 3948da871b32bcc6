"""What happens within a call between two engines in virtual time: hold, glare, refreshes, broken connections.

Glare is where `retries.py` asks again, and where a `pending.py` handle outlives its first request.
"""

import pytest

from telegraphone.wire.errors import LocalProtocolError
from telegraphone.wire.sip.commands import InDialogRequest, OutgoingRequest
from telegraphone.wire.sip.dialog import DialogState
from telegraphone.wire.sip.events import (
    AckArrived,
    CallCancelled,
    EndReason,
    RequestArrived,
    ResponseArrived,
    TransactionTimedOut,
    TransportFailed,
)
from telegraphone.wire.sip.transport import Flow
from telegraphone.wire.sip.uri import NameAddr
from tests.unit.wire.sip.calls import PLAIN, T64, established, pair, reasons, ring_then_answer, statuses
from tests.unit.wire.sip.network import Faults, Network


class TestInDialog:
    def test_requests_go_both_ways(self):
        network = Network()
        a, b, here, there = established(network)
        a.handle = ring_then_answer
        for node, dialog in ((a, here), (b, there)):
            for method in ("INFO", "NOTIFY", "OPTIONS", "UPDATE"):
                node.request(InDialogRequest(dialog=dialog, method=method))
                network.run(0.5)
        assert statuses(a)[-4:] == statuses(b)[-4:] == [200] * 4
        assert [event.request.method for event in a.of(RequestArrived)] == ["INFO", "NOTIFY", "OPTIONS", "UPDATE"]

    def test_hold_by_reinvite_both_ways(self):
        network = Network()
        a, b, here, there = established(network)
        a.handle = ring_then_answer
        a.request(InDialogRequest(dialog=here, method="INVITE", body=b"hold"))
        network.run(1)
        b.request(InDialogRequest(dialog=there, method="INVITE", body=b"hold"))
        network.run(1)
        assert statuses(a)[-1] == statuses(b)[-1] == 200
        assert b.of(RequestArrived)[-1].request.body == b"hold"
        assert b.of(RequestArrived)[-1].dialog is there
        assert len(b.of(AckArrived)) == 2
        assert len(a.of(AckArrived)) == 1
        a.hang_up(here)
        network.run(2 * T64)
        assert network.left_over() == 0

    def test_reinvites_that_cross_are_both_done_in_the_end(self):
        network = Network()
        a, b, here, there = established(network)
        a.handle = ring_then_answer
        one = a.request(InDialogRequest(dialog=here, method="INVITE", body=b"mine"))
        two = b.request(InDialogRequest(dialog=there, method="INVITE", body=b"yours"))
        network.run(10)
        assert len(network.sent("192.0.2.1", "SIP/2.0 491")) == len(network.sent("192.0.2.2", "SIP/2.0 491")) == 1
        assert one.done
        assert two.done
        assert statuses(a)[-1] == statuses(b)[-1] == 200
        assert 491 not in statuses(a) + statuses(b)
        assert reasons(a) == []

    def test_a_second_reinvite_waits_for_the_first(self):
        network = Network()
        a, b, here, _ = established(network)
        for body in (b"hold", b"retrieve"):
            a.request(InDialogRequest(dialog=here, method="INVITE", body=body))
        network.run(1)
        assert [event.request.body for event in b.of(RequestArrived)][-2:] == [b"hold", b"retrieve"]
        assert statuses(a)[-2:] == [200, 200]

    def test_what_waits_when_the_call_ends_has_an_outcome(self):
        network = Network()
        a, b, here, there = established(network)
        b.handle = None
        asked = [a.request(InDialogRequest(dialog=here, method="INVITE", body=body)) for body in (b"hold", b"retrieve")]
        network.run(0.05)
        b.hang_up(there)
        network.run(2 * T64)
        told = [event.pending for event in a.of(ResponseArrived) + a.of(TransactionTimedOut)]
        assert [told.count(pending) for pending in asked] == [1, 1]
        assert network.left_over() == 0

    def test_an_offer_in_the_answer_is_answered_in_the_ack(self):
        network = Network()
        a, b = pair(network)
        pending = a.invite(b, body=b"")
        network.run(1)
        assert not network.sent("192.0.2.1", "ACK")
        a.acknowledge(pending.confirmed, b"our answer")
        network.run(1)
        assert b.of(AckArrived)[0].request.body == b"our answer"
        a.hang_up(pending.confirmed)
        network.run(2 * T64)
        assert network.left_over() == 0

    def test_a_481_ends_the_dialog(self):
        network = Network()
        a, b, here, there = established(network)
        b.engine.dialogs.forget(there)
        a.request(InDialogRequest(dialog=here, method="INFO"))
        network.run(T64 + 2)
        assert statuses(a)[-1] == 481
        assert reasons(a) == [EndReason.LOST]
        assert network.left_over() == 0

    def test_a_request_in_a_dead_dialog_is_our_own_mistake(self):
        network = Network()
        a, _, here, _ = established(network)
        a.hang_up(here)
        with pytest.raises(LocalProtocolError):
            a.request(InDialogRequest(dialog=here, method="INFO"))

    def test_a_peer_that_fell_silent_is_given_up(self):
        network = Network()
        a, _b, here, _ = established(network)
        network.faults = Faults(loss=1.0)
        a.request(InDialogRequest(dialog=here, method="INFO"))
        network.run(2 * T64 + 2)
        assert len(a.of(TransactionTimedOut)) == 1
        assert reasons(a) == [EndReason.LOST]
        assert len(a.engine.transactions) + len(a.engine.dialogs) == 0

    def test_a_peer_may_bye_while_its_reinvite_waits(self):
        network = Network()
        a, b, here, _there = established(network)
        b.handle = None
        a.request(InDialogRequest(dialog=here, method="INVITE", body=b"x"))
        network.run(0.2)
        a.hang_up(here)
        network.run(2 * T64)
        assert statuses(a)[-1] == 487
        assert len(b.of(CallCancelled)) == 1
        assert reasons(b) == [EndReason.REMOTE_BYE]
        assert network.left_over() == 0

    def test_the_target_follows_the_contact(self):
        network = Network()
        a, _b, here, there = established(network)
        moved = NameAddr(a.uri("moved"))
        a.request(InDialogRequest(dialog=here, method="UPDATE", headers=(("Contact", str(moved)),)))
        network.run(1)
        assert there.remote_target.user == "moved"


class TestSessionTimers:
    def test_the_caller_refreshes_by_update_while_both_live(self):
        network = Network()
        _a, b, here, _ = established(network, session_expires_s=200)
        network.run(1000)
        assert here.state is DialogState.CONFIRMED
        assert len(network.sent("192.0.2.1", "UPDATE")) == 10
        assert [event.request.method for event in b.of(RequestArrived)] == ["INVITE", *["UPDATE"] * 10]

    def test_a_peer_that_vanishes_is_hung_up(self):
        network = Network()
        a, b, _here, _there = established(network, session_expires_s=200)
        network.faults = Faults(loss=1.0)
        network.run(300)
        assert reasons(a) == [EndReason.LOST]
        assert reasons(b) == [EndReason.EXPIRED]
        assert network.left_over() == 0

    def test_a_phone_without_timers_is_watched_by_the_callee(self):
        network = Network()
        a = network.node("192.0.2.1", ring_then_answer, supported=(), session_expires_s=0, methods=PLAIN)
        b = network.node("192.0.2.2", ring_then_answer, session_expires_s=200)
        a.invite(b)
        network.run(250)
        refreshes = network.sent("192.0.2.2", "INVITE")
        assert len(refreshes) == 2
        assert all(data.endswith(b"answer") for data in refreshes)
        assert reasons(a) == reasons(b) == []

    def test_too_short_an_interval_is_raised(self):
        network = Network()
        a = network.node("192.0.2.1", session_expires_s=95)
        b = network.node("192.0.2.2", ring_then_answer, min_se_s=600)
        pending = a.invite(b)
        network.run(1)
        assert statuses(a) == [180, 200]
        assert len(network.sent("192.0.2.2", "SIP/2.0 422")) == 1
        assert pending.confirmed.timer.interval_s == 600


class TestConnections:
    def test_a_broken_connection_fails_what_waits(self):
        network = Network()
        a, b = pair(network)
        flow = Flow("TCP", b.host, 5060)
        command = OutgoingRequest(method="INVITE", uri=b.uri(transport="tcp"), from_=NameAddr(a.uri()), flow=flow)
        pending = a.request(command)
        a.engine.connection_lost(flow, network.now)
        network.tell(a)
        assert [event.pending for event in a.of(TransportFailed)] == [pending]
        assert len(a.engine.transactions) == 0

    def test_a_call_over_tcp_leaves_nothing(self):
        network = Network()
        a, b = pair(network)
        pending = a.request(OutgoingRequest(method="INVITE", uri=b.uri(transport="tcp"), from_=NameAddr(a.uri()), body=b"offer"))
        network.run(1)
        assert b"Via: SIP/2.0/TCP" in network.sent("192.0.2.1", "INVITE")[0]
        assert b.of(AckArrived)[0].dialog.flow == Flow("TCP", "192.0.2.1", 5060, 1)
        a.hang_up(pending.confirmed)
        network.run(2 * T64)
        assert reasons(b) == [EndReason.REMOTE_BYE]
        assert len(a.engine.dialogs) + len(b.engine.dialogs) + len(a.engine.transactions) + len(b.engine.transactions) == 0
