"""Whole calls between two engines in virtual time: set-up, hold, clearing, and every message that gets lost on the way.

The two halves of an engine, `client_side.py` and `server_side.py`, the requests `building.py` writes and the `state.py` they
share are tried here against each other, as they are used.
"""

import pytest

from telegraphone.wire.errors import LocalProtocolError
from telegraphone.wire.sip.commands import OutgoingRequest
from telegraphone.wire.sip.dialog import DialogState, dialog_id_in
from telegraphone.wire.sip.events import (
    AckArrived,
    CallCancelled,
    DialogEnded,
    EndReason,
    RequestArrived,
    ResponseArrived,
    TransactionTimedOut,
)
from telegraphone.wire.sip.message import parse_message
from telegraphone.wire.sip.uri import NameAddr
from tests.unit.wire.sip.calls import T64, established, pair, reasons, ring_only, statuses
from tests.unit.wire.sip.network import Faults, Network


def first_only(start: str, times: int = 1):
    """Drops the first datagrams that begin so."""
    left = [times]

    def drop(data: bytes) -> bool:
        if data.startswith(start.encode()) and left[0]:
            left[0] -= 1
            return True
        return False

    return drop


def response_to(method: str, status: int):
    return lambda data: data.startswith(f"SIP/2.0 {status}".encode()) and f" {method}\r\n".encode() in data


def test_a_call_is_set_up_and_cleared_by_the_caller():
    network = Network()
    a, b, here, there = established(network)
    assert statuses(a) == [180, 200]
    assert here.state is there.state is DialogState.CONFIRMED
    assert here.id == (there.id.call_id, there.id.remote_tag, there.id.local_tag)
    assert len(network.sent("192.0.2.1", "ACK")) == 1
    a.hang_up(here)
    network.run(T64 + 1)
    assert reasons(a) == [EndReason.LOCAL_BYE]
    assert reasons(b) == [EndReason.REMOTE_BYE]
    assert network.left_over() == 0


def test_the_callee_can_hang_up_too():
    network = Network()
    a, b, _, there = established(network)
    b.hang_up(there)
    network.run(T64 + 1)
    assert reasons(a) == [EndReason.REMOTE_BYE]
    assert reasons(b) == [EndReason.LOCAL_BYE]
    assert network.left_over() == 0


def test_the_callee_may_only_send_bye_once_the_ack_came():
    network = Network(faults=Faults(drop=lambda data: data.startswith(b"ACK")))
    a, b = pair(network)
    a.invite(b)
    network.run(0.2)
    dialog = b.engine.dialogs.find(dialog_id_in(parse_message(network.sent("192.0.2.1", "ACK")[0])))
    b.hang_up(dialog)
    network.run(5)
    assert not network.sent("192.0.2.2", "BYE")
    assert reasons(b) == [EndReason.LOCAL_BYE]
    network.faults = Faults()
    network.run(T64)
    assert len(network.sent("192.0.2.2", "BYE")) == 1
    assert reasons(a) == [EndReason.REMOTE_BYE]
    network.run(T64)
    assert network.left_over() == 0


def test_both_hang_up_at_once():
    network = Network()
    a, b, here, there = established(network)
    a.hang_up(here)
    b.hang_up(there)
    network.run(T64 + 1)
    assert reasons(a) == reasons(b) == [EndReason.LOCAL_BYE]
    assert network.left_over() == 0


@pytest.mark.parametrize("status", [302, 404, 486, 503, 603])
def test_a_refused_call_ends_in_one_response(status):
    network = Network()
    a, b = pair(network, lambda node, event: node.respond(event, status))
    pending = a.invite(b)
    network.run(T64 + 1)
    assert statuses(a) == [status]
    assert pending.done
    assert network.left_over() == 0


@pytest.mark.parametrize("lost", ["INVITE", "SIP/2.0 180", "SIP/2.0 200", "ACK"])
@pytest.mark.parametrize("times", [1, 3])
def test_any_message_of_the_set_up_may_get_lost(lost, times):
    network = Network(faults=Faults(drop=first_only(lost, times)))
    a, b = pair(network)
    a.invite(b)
    network.run(20)
    assert statuses(a)[-1] == 200
    assert statuses(a).count(200) == 1
    assert len(b.of(RequestArrived)) == 1, "a repeated INVITE must not make a second call"
    assert len(b.of(AckArrived)) == 1
    a.hang_up(a.of(ResponseArrived)[-1].dialog)
    network.run(2 * T64)
    assert reasons(b) == [EndReason.REMOTE_BYE]
    assert network.left_over() == 0


def test_a_lost_bye_is_repeated():
    network = Network()
    a, b, here, _ = established(network)
    network.faults = Faults(drop=first_only("BYE", 4))
    a.hang_up(here)
    network.run(2 * T64)
    assert len(network.sent("192.0.2.1", "BYE")) == 5
    assert reasons(b) == [EndReason.REMOTE_BYE]
    assert network.left_over() == 0


def test_a_2xx_without_ack_is_repeated_and_then_hung_up():
    network = Network(faults=Faults(drop=lambda data: data.startswith(b"ACK")))
    a, b = pair(network)
    a.invite(b)
    network.run(T64 + 2)
    # 0, 0.5, 1.5, 3.5, then every 4 s: 11 within 64*T1 (RFC 3261 section 13.3.1.4)
    repeated = [data for data in network.sent("192.0.2.2", "SIP/2.0 200") if b" INVITE\r\n" in data]
    assert len(repeated) == 11
    assert reasons(b) == [EndReason.NO_ACK]
    assert reasons(a) == [EndReason.REMOTE_BYE]
    network.run(2 * T64)
    assert network.left_over() == 0


def test_nobody_answers_at_all():
    network = Network(faults=Faults(loss=1.0))
    a, b = pair(network)
    pending = a.invite(b)
    network.run(T64 + 1)
    assert [event.pending for event in a.of(TransactionTimedOut)] == [pending]
    # 0, 0.5, 1.5, 3.5, 7.5, 15.5, 31.5 (section 17.1.1.2)
    assert len(network.sent("192.0.2.1", "INVITE")) == 7
    assert network.left_over() == 0


def test_other_requests_are_repeated_up_to_t2():
    network = Network(faults=Faults(loss=1.0))
    a, b = pair(network)
    a.request(OutgoingRequest(method="OPTIONS", uri=b.uri(), from_=NameAddr(a.uri())))
    network.run(T64 + 1)
    assert len(a.of(TransactionTimedOut)) == 1
    # 0, 0.5, 1.5, 3.5, then every 4 s (section 17.1.2.2)
    assert len(network.sent("192.0.2.1", "OPTIONS")) == 11
    assert network.left_over() == 0


def test_100_trying_stills_a_caller_who_must_wait():
    network = Network()
    a, b = pair(network, handle=None)
    a.invite(b)
    network.run(5)
    assert len(network.sent("192.0.2.2", "SIP/2.0 100")) == 1
    assert len(network.sent("192.0.2.1", "INVITE")) == 1
    assert statuses(a) == []


def test_a_response_meant_for_another_is_dropped():
    network = Network()
    a, b = pair(network, ring_only)
    a.invite(b)
    network.run(1)
    ringing = network.sent("192.0.2.2", "SIP/2.0 180")[0]
    busy = ringing.replace(b"180 Ringing", b"486 Busy Here")
    second = b"Via: SIP/2.0/UDP 192.0.2.8;branch=z9hG4bKx\r\nFrom:"
    assert a.inject_raw(busy.replace(b"From:", second), ("192.0.2.2", 5060)) == []
    assert statuses(a) == [180]
    assert a.inject_raw(busy, ("192.0.2.2", 5060))[0].startswith(b"ACK")


class TestCancel:
    def test_a_ringing_call_is_cancelled(self):
        network = Network()
        a, b = pair(network, ring_only)
        pending = a.invite(b)
        network.run(1)
        a.cancel(pending)
        network.run(T64 + 2)
        assert statuses(a) == [180, 487]
        assert len(b.of(CallCancelled)) == 1
        assert network.left_over() == 0

    def test_cancel_waits_for_a_provisional_response(self):
        network = Network(faults=Faults(drop=first_only("INVITE", 2)))
        a, b = pair(network, ring_only)
        pending = a.invite(b)
        a.cancel(pending)
        network.run(1)
        assert not network.sent("192.0.2.1", "CANCEL")
        network.run(2 * T64)
        assert len(network.sent("192.0.2.1", "CANCEL")) == 1
        assert statuses(a)[-1] == 487
        assert network.left_over() == 0

    def test_a_2xx_that_crosses_the_cancel_is_acknowledged_and_hung_up(self):
        network = Network()
        a, b = pair(network, ring_only)
        pending = a.invite(b)
        network.run(1)
        b.respond(b.of(RequestArrived)[0], 200, b"answer")
        a.cancel(pending)
        network.run(2 * T64)
        last = a.of(ResponseArrived)[-1]
        assert (last.response.status, last.dialog) == (200, None)
        assert not b.of(CallCancelled)
        assert reasons(b) == [EndReason.REMOTE_BYE]
        assert a.of(DialogEnded) == []
        assert network.left_over() == 0

    def test_an_answer_after_the_cancel_does_nothing(self):
        network = Network()
        a, b = pair(network, ring_only)
        pending = a.invite(b)
        network.run(1)
        a.cancel(pending)
        network.run(1)
        assert b.respond(b.of(RequestArrived)[0], 200) is None
        network.run(T64)
        assert statuses(a) == [180, 487]

    def test_a_cancel_nobody_answers_ends_all_the_same(self):
        network = Network()
        a, b = pair(network, ring_only)
        pending = a.invite(b)
        network.run(1)
        network.faults = Faults(loss=1.0)
        a.cancel(pending)
        network.run(T64 + 1)
        assert [event.pending for event in a.of(TransactionTimedOut)] == [pending]
        assert len(a.engine.transactions) + len(a.engine.dialogs) == 0

    def test_a_cancel_without_its_invite_is_481(self):
        network = Network()
        _, b = pair(network)
        answer = b.inject(RAW_INVITE.replace("INVITE", "CANCEL"))
        assert answer[0].startswith(b"SIP/2.0 481")


RAW_INVITE = """
INVITE sip:x@192.0.2.2 SIP/2.0
Via: SIP/2.0/UDP 192.0.2.99;branch=z9hG4bKraw1
Max-Forwards: 70
From: <sip:a@192.0.2.99>;tag=f
To: <sip:x@192.0.2.2>
Call-ID: raw
CSeq: 1 INVITE
Contact: <sip:a@192.0.2.99>
"""


class TestSecondAnswers:
    def test_a_second_final_response_is_our_own_mistake(self):
        network = Network()
        a, b = pair(network, ring_only)
        a.invite(b)
        network.run(1)
        event = b.of(RequestArrived)[0]
        b.respond(event, 486)
        with pytest.raises(LocalProtocolError):
            b.respond(event, 200)

    def test_a_second_fork_is_acknowledged_and_hung_up(self):
        network = Network()
        a, b = pair(network, ring_only)
        pending = a.invite(b)
        network.run(1)
        ringing = network.sent("192.0.2.2", "SIP/2.0 180")[0]
        fork = ringing.replace(b"180 Ringing", b"200 OK").replace(b";tag=" + parse_message(ringing).to.tag.encode(), b";tag=fork")
        b.respond(b.of(RequestArrived)[0], 200, b"answer")
        network.run(1)
        sent = a.inject_raw(fork, ("192.0.2.7", 5060))
        assert [data.split(b" ")[0] for data in sent] == [b"ACK", b"BYE"]
        assert all(b";tag=fork" in data for data in sent)
        assert pending.confirmed.state is DialogState.CONFIRMED
        assert statuses(a).count(200) == 1
