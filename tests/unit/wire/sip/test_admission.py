"""What becomes of requests nobody can serve, of repetitions, of disorder, and of too many."""

import pytest

from telegraphone.wire.sip import dialogs, transactions
from telegraphone.wire.sip.commands import Reply
from telegraphone.wire.sip.events import AckArrived, ConnectionUnusable, RequestArrived
from telegraphone.wire.sip.message import parse_message
from telegraphone.wire.sip.transport import Flow
from tests.unit.wire.sip.network import Network, Node

REPLY = Reply(200)
REQUEST = """
{method} sip:x@192.0.2.2 SIP/2.0
Via: SIP/2.0/UDP 192.0.2.99;branch=z9hG4bK{branch}{rport}
Max-Forwards: 70
From: <sip:a@192.0.2.99>;tag=f
To: <sip:x@192.0.2.2>{tag}
Call-ID: raw
CSeq: {number} {method}
Contact: <sip:a@192.0.2.99>{more}
"""


def raw(method: str = "INVITE", number: int = 1, branch: str = "b", tag: str = "", more: str = "", rport: str = "") -> str:
    return REQUEST.format(method=method, number=number, branch=branch, tag=tag, more="\n" + more if more else "", rport=rport)


def node(handle=None, **options) -> Node:
    return Network().node("192.0.2.2", handle, **options)


def answer_at_once(one: Node, event: object) -> None:
    if isinstance(event, RequestArrived):
        one.engine.respond(event.transaction, REPLY, one.network.now)


def statuses(sent: list[bytes]) -> list[int]:
    return [int(data.split(b" ")[1]) for data in sent if data.startswith(b"SIP/2.0")]


@pytest.mark.parametrize(
    ("request_text", "status", "header"),
    [
        (raw("MESSAGE"), 405, "Allow"),
        (raw("DANCE"), 501, "Allow"),
        (raw().replace("INVITE sip:x", "INVITE foo:x"), 416, None),
        (raw(more="Require: 100rel, timer"), 420, "Unsupported"),
        (raw(more="Accept: text/plain"), 406, None),
        (raw(more="Supported: timer\nSession-Expires: 60"), 422, "Min-SE"),
        (raw(more="Record-Route: <x"), 400, None),
        (raw(tag=";tag=unknown"), 481, None),
        (raw("BYE", tag=";tag=unknown"), 481, None),
        (raw("REGISTER").replace("To: <sip:", "To: <http:"), 400, None),
    ],
)
def test_refused_without_asking_the_user(request_text, status, header):
    one = node()
    (answer,) = one.inject(request_text)
    assert statuses([answer]) == [status]
    assert not one.of(RequestArrived)
    assert header is None or header in parse_message(answer).headers
    assert parse_message(answer).to.tag


@pytest.mark.parametrize(
    "more", ["Require: timer", "Accept: application/*", "Session-Expires: 60", "Accept: application/sdp;level=1, x/y"]
)
def test_let_through(more):
    one = node()
    one.inject(raw(more=more))
    assert len(one.of(RequestArrived)) == 1


def test_two_option_tags_whose_comma_was_lost():
    one = node(supported=("timer", "siprec"))
    one.inject(raw(more="Require: timersiprec"))
    assert len(one.of(RequestArrived)) == 1


def test_a_body_nobody_can_read():
    one = node()
    body = raw(more="Content-Type: text/html").strip().replace("\n", "\r\n").encode() + b"\r\n\r\n<p>"
    (answer,) = one.inject_raw(body, ("192.0.2.99", 5060))
    assert statuses([answer]) == [415]
    assert parse_message(answer).headers.get("Accept") == "application/sdp"


def test_an_ack_to_nothing_is_ignored():
    assert node().inject(raw("ACK", tag=";tag=unknown")) == []


def test_the_same_request_by_another_way_is_merged():
    one = node()
    one.inject(raw())
    assert statuses(one.inject(raw(branch="other"))) == [482]
    assert len(one.of(RequestArrived)) == 1


def test_a_repeated_request_gets_the_same_answer():
    one = node(answer_at_once)
    first = one.inject(raw("OPTIONS"))
    assert one.inject(raw("OPTIONS")) == first
    assert len(one.of(RequestArrived)) == 1
    assert parse_message(first[0]).headers.get("Accept") == "application/sdp"


class TestInADialog:
    def dialog(self) -> tuple[Node, str]:
        one = node(answer_at_once)
        sent = one.inject(raw())
        assert statuses(sent) == [200]
        tag = f";tag={parse_message(sent[0]).to.tag}"
        one.inject(raw("ACK", tag=tag, branch="ack"))
        assert len(one.of(AckArrived)) == 1
        return one, tag

    def test_order_is_kept(self):
        one, tag = self.dialog()
        assert statuses(one.inject(raw("INFO", 5, "c", tag))) == [200]
        assert statuses(one.inject(raw("INFO", 4, "d", tag))) == [500]
        assert statuses(one.inject(raw("INFO", 6, "e", tag))) == [200]

    def test_an_overtaken_bye_is_meant_all_the_same(self):
        one, tag = self.dialog()
        one.inject(raw("INFO", 5, "c", tag))
        assert statuses(one.inject(raw("BYE", 4, "d", tag))) == [200]
        assert len(one.engine.dialogs) == 0

    def test_a_second_invite_before_the_answer_to_the_first(self):
        one, tag = self.dialog()
        one.handle = None
        one.inject(raw("INVITE", 2, "c", tag))
        (answer,) = one.inject(raw("INVITE", 3, "d", tag))
        assert statuses([answer]) == [500]
        assert 0 <= int(parse_message(answer).headers.get("Retry-After")) < 10

    def test_the_next_invite_makes_up_for_a_lost_ack(self):
        one, tag = self.dialog()
        body = b"\r\nContent-Type: application/sdp\r\n\r\noffer"
        for number in (2, 3):
            text = raw("INVITE", number, f"i{number}", tag).strip().replace("\n", "\r\n").encode()
            assert statuses(one.inject_raw(text + body, ("192.0.2.99", 5060))) == [200]

    def test_by_another_tag_it_is_unknown(self):
        one, _ = self.dialog()
        assert statuses(one.inject(raw("BYE", 9, "c", ";tag=guess"))) == [481]


def test_answers_go_where_rfc_3261_and_3581_say():
    one = node()
    source = ("198.51.100.7", 40000)
    for branch, rport, expected in (("p", "", 5060), ("q", ";rport", 40000)):
        text = raw("DANCE", branch=branch, rport=rport).strip().replace("\n", "\r\n").encode() + b"\r\n\r\n"
        one.engine.receive_datagram(text, source, one.network.now)
        (sent,) = one.engine.data_to_send()
        assert sent.flow == Flow("UDP", "198.51.100.7", expected)
        via = parse_message(sent.data).via
        assert via.received == "198.51.100.7"
        assert via.rport == (str(expected) if rport else None)


def test_a_full_engine_says_503_and_forgets(monkeypatch):
    one = node()
    monkeypatch.setattr(transactions, "SIP_TRANSACTIONS_MAX", 3)
    answers = [statuses(one.inject(raw("OPTIONS", number, f"b{number}"))) for number in range(6)]
    assert answers[3:] == [[503]] * 3
    assert len(one.engine.transactions) == 3


def test_a_flood_from_one_address_leaves_room_for_others(monkeypatch):
    one = node()
    monkeypatch.setattr(transactions, "SIP_TRANSACTIONS_OF_ONE_MAX", 2)
    flood, other = ("192.0.2.66", 5060), ("192.0.2.67", 5060)
    assert [statuses(one.inject(raw("NONSENSE", number, f"b{number}"), flood)) for number in range(4)][2:] == [[503], [503]]
    assert len(one.engine.transactions) == 2
    assert statuses(one.inject(raw("NONSENSE", 9, "b9"), other)) == [501]
    one.engine.on_deadline(one.network.now + 40)
    assert len(one.engine.transactions) == 0
    assert statuses(one.inject(raw("NONSENSE", 10, "b10"), flood)) == [501]


def test_full_of_dialogs_it_takes_no_new_call_but_serves_the_old(monkeypatch):
    one, tag = TestInADialog().dialog()
    monkeypatch.setattr(dialogs, "SIP_DIALOGS_MAX", 1)
    first = one.inject(raw("INVITE", 1, "z").replace("Call-ID: raw", "Call-ID: new"))
    again = one.inject(raw("INVITE", 1, "z").replace("Call-ID: raw", "Call-ID: new"))
    assert statuses(first) == [503]
    assert first == again, "repetitions get the same To tag"
    assert parse_message(first[0]).headers.get("Retry-After") == "5"
    assert statuses(one.inject(raw("INFO", 2, "i", tag))) == [200]


@pytest.mark.parametrize("junk", [b"", b"\r\n\r\n", b"\0\1\0\0" + b"x" * 16, b"\xff" * 100, b"SIP/2.0 200 OK\r\n\r\n"])
def test_noise_is_not_answered(junk):
    assert node().inject_raw(junk, ("192.0.2.99", 5060)) == []


class TestStreams:
    FLOW = Flow("TCP", "192.0.2.99", 40000, 7)

    def feed(self, one: Node, data: bytes) -> None:
        one.engine.receive_stream(self.FLOW, data, one.network.now)
        one.network.tell(one)

    def test_a_ping_gets_its_pong(self):
        one = node()
        self.feed(one, b"\r\n\r\n")
        assert [(sent.data, sent.flow) for sent in one.engine.data_to_send()] == [(b"\r\n", self.FLOW)]

    def test_a_message_must_be_finished_in_time(self):
        one = node()
        self.feed(one, b"INVITE sip:")
        one.network.run(11)
        assert one.of(ConnectionUnusable) == [ConnectionUnusable(self.FLOW)]

    def test_a_silent_connection_is_not_kept(self):
        one = node()
        self.feed(one, b"")
        one.network.run(301)
        assert len(one.of(ConnectionUnusable)) == 1

    def test_one_that_has_spoken_is(self):
        one = node()
        self.feed(one, raw("OPTIONS", more="Content-Length: 0").strip().replace("\n", "\r\n").encode() + b"\r\n\r\n")
        one.network.run(1000)
        assert not one.of(ConnectionUnusable)
        assert len(one.of(RequestArrived)) == 1

    def test_what_cannot_be_framed_is_answered_and_closed(self):
        one = node()
        self.feed(one, raw("OPTIONS").strip().replace("\n", "\r\n").encode() + b"\r\n\r\n")
        assert statuses([sent.data for sent in one.engine.data_to_send()]) == [400]
        assert len(one.of(ConnectionUnusable)) == 1

    def test_an_answer_after_the_connection_broke_goes_to_the_address_in_the_via(self):
        one = node()
        self.feed(one, raw("OPTIONS", more="Content-Length: 0").strip().replace("\n", "\r\n").encode() + b"\r\n\r\n")
        one.engine.connection_lost(self.FLOW, one.network.now)
        one.engine.respond(one.of(RequestArrived)[0].transaction, REPLY, one.network.now)
        (sent,) = one.engine.data_to_send()
        assert sent.flow == Flow("TCP", "192.0.2.99", 5060)
