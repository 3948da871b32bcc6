"""Messages from bytes and to bytes, whole and as a stream."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telegraphone.limits import SIP_BODY_BYTES_MAX, SIP_HEAD_BYTES_MAX, SIP_HEADER_LINE_BYTES_MAX, SIP_HEADERS_MAX
from telegraphone.wire.errors import LocalProtocolError
from telegraphone.wire.sip.headers import Headers
from telegraphone.wire.sip.message import (
    MalformedMessage,
    Request,
    Response,
    make_response,
    parse_message,
    serialize,
)
from telegraphone.wire.sip.stream import Ping, StreamParser
from telegraphone.wire.sip.uri import NameAddr, SipUri

INVITE = (
    b"INVITE sip:5001@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK1\r\nFrom: <sip:5000@example.com>;tag=1\r\n"
    b"To: <sip:5001@example.com>\r\nCall-ID: c\r\nCSeq: 1 INVITE\r\nContent-Length: 4\r\n\r\nbody"
)
TOKENS = st.text("abcdefghijklmnopqrstuvwxyz0123456789-.!%*_+`'~", min_size=1, max_size=20)
VALUES = st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), max_size=60).map(
    lambda text: text.strip(" \t")
)


def test_a_request():
    message = parse_message(INVITE)
    assert isinstance(message, Request)
    assert (message.method, str(message.uri), message.body, message.call_id) == ("INVITE", "sip:5001@192.0.2.1", b"body", "c")
    assert serialize(message) == INVITE


@given(st.lists(st.tuples(TOKENS.map(lambda name: "x-" + name), VALUES), max_size=10), st.binary(max_size=200))
def test_any_message_survives_a_round_trip(extra, body):
    fields = [*parse_message(INVITE).headers, *extra]
    fields = [pair for pair in fields if pair[0] != "Content-Length"]
    message = Request(Headers(fields), body, "INVITE", SipUri("example.com", "a"))
    again = parse_message(serialize(message))
    assert again.headers.without("Content-Length") == message.headers
    assert (again.body, again.start_line()) == (body, message.start_line())


@given(st.data())
def test_a_stream_may_be_cut_anywhere(data):
    bodies = data.draw(st.lists(st.binary(max_size=50), min_size=1, max_size=4))
    base = parse_message(INVITE)
    stream = b"".join(serialize(Request(base.headers, body, "INVITE", base.uri)) for body in bodies)
    parser, found, at = StreamParser(), [], 0
    while at < len(stream):
        size = data.draw(st.integers(1, 200))
        found += parser.receive_data(stream[at : at + size])
        at += size
    assert [item.body for item in found] == bodies
    assert not parser.partial


def test_pings_between_messages():
    parser = StreamParser()
    assert parser.receive_data(b"\r\n") == []
    assert parser.receive_data(b"\r\n") == [Ping()]
    items = parser.receive_data(b"\r\n" + INVITE + b"\r\n\r\n" + INVITE)
    assert [type(item).__name__ for item in items] == ["Request", "Ping", "Request"]


@pytest.mark.parametrize(
    "stream",
    [
        b"x" * (SIP_HEAD_BYTES_MAX + 1),
        INVITE.replace(b"Content-Length: 4\r\n", b""),
        INVITE.replace(b"Content-Length: 4", b"Content-Length: -4"),
        INVITE.replace(b"Content-Length: 4", b"Content-Length: 4\r\nl: 5"),
        INVITE.replace(b"Content-Length: 4", b"Content-Length: %d" % (SIP_BODY_BYTES_MAX + 1)),
        INVITE.replace(b"Content-Length: 4", b"Content-Length: " + b"9" * 40),
    ],
)
def test_a_stream_that_cannot_be_followed_ends(stream):
    parser = StreamParser()
    *_, last = parser.receive_data(stream)
    assert isinstance(last, MalformedMessage)
    assert last.fatal
    assert parser.dead
    assert parser.receive_data(INVITE) == []
    assert not parser.partial


def test_a_malformed_message_on_a_stream_does_not_spoil_the_next():
    items = StreamParser().receive_data(INVITE.replace(b"CSeq: 1", b"CSeq: x") + INVITE)
    assert [type(item).__name__ for item in items] == ["MalformedMessage", "Request"]


@pytest.mark.parametrize(
    ("old", "new", "status"),
    [
        (b"To:", b"To", 400),
        (b"CSeq: 1 INVITE", b"CSeq: 1 BYE", 400),
        (b"Call-ID: c\r\n", b"", 400),
        (b"Call-ID: c", b"Call-ID:", 400),
        (b"SIP/2.0\r\nVia", b"SIP/3.0\r\nVia", 505),
        (b"SIP/2.0\r\nVia", b"HTTP/1.1\r\nVia", 400),
        (b"sip:5001@192.0.2.1 ", b"sip:5001@192.0.2.1?x=1 ", 400),
        (b"Content-Length: 4", b"Content-Length: 5", 400),
        (b"Call-ID: c", b"Call-ID: c" + b"x" * SIP_HEADER_LINE_BYTES_MAX, 400),
        (b"Call-ID: c", b"Call-ID: c\nx", 400),
        (b"\r\n\r\nbody", b"\r\nbody", None),
        (b"Call-ID", b"X: 1\r\n" * SIP_HEADERS_MAX + b"Call-ID", None),
    ],
)
def test_what_is_refused_and_how(old, new, status):
    with pytest.raises(MalformedMessage) as caught:
        parse_message(INVITE.replace(old, new, 1))
    assert caught.value.status == status


@pytest.mark.parametrize("broken", [b"To", b"CSeq: 1 INVITE", b"Call-ID: c\r\n"])
def test_an_ack_is_never_answered(broken):
    ack = INVITE.replace(b"INVITE", b"ACK").replace(broken.replace(b"INVITE", b"ACK"), b"", 1)
    with pytest.raises(MalformedMessage) as caught:
        parse_message(ack)
    assert caught.value.status is None


def test_a_body_without_length_is_all_there_is():
    assert parse_message(INVITE.replace(b"Content-Length: 4\r\n", b"")).body == b"body"


def test_too_large_a_body():
    with pytest.raises(MalformedMessage) as caught:
        parse_message(INVITE.replace(b"Content-Length: 4\r\n", b"") + b"x" * SIP_BODY_BYTES_MAX)
    assert caught.value.status == 413


def test_a_response_copies_what_it_must():
    response = make_response(parse_message(INVITE), 180, to_tag="t")
    assert response.to.tag == "t"
    assert response.reason == "Ringing"
    assert [name for name, _ in response.headers] == ["Via", "From", "To", "Call-ID", "CSeq"]
    again = parse_message(serialize(response))
    assert isinstance(again, Response)
    assert again.provisional
    assert not again.success


def test_a_line_break_cannot_be_smuggled_into_a_message():
    evil = NameAddr(SipUri("example.com"), "x\r\nEvil: yes")
    with pytest.raises(LocalProtocolError):
        serialize(Request(Headers([("From", str(evil))]), b"", "INVITE", SipUri("example.com")))


def test_text_that_is_no_utf_8_does_no_harm():
    assert parse_message(INVITE.replace(b"<sip:5000", b'"J\xfcrg" <sip:5000')).from_.display_name == "J\ufffdrg"


def test_contact_that_cannot_be_read_is_none():
    assert parse_message(INVITE.replace(b"CSeq", b"Contact: <sip:\r\nCSeq")).contact is None
