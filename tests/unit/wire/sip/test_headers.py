"""Header containers and the typed values in them."""

import pytest

from telegraphone.wire.errors import RemoteProtocolError
from telegraphone.wire.sip.fields import AuthValue, CSeq, SessionExpires, Via, read_name_addrs, read_seconds
from telegraphone.wire.sip.headers import Headers, canonical


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("v", "Via"),
        ("VIA", "Via"),
        ("call-id", "Call-ID"),
        ("i", "Call-ID"),
        ("cseq", "CSeq"),
        ("x-my-header", "X-My-Header"),
        ("X", "Session-Expires"),
        ("min-se", "Min-SE"),
        ("www-authenticate", "WWW-Authenticate"),
    ],
)
def test_one_spelling(name, expected):
    assert canonical(name) == expected


def test_order_is_kept_and_changes_make_new_ones():
    headers = Headers([("Via", "1"), ("t", "x"), ("v", "2")])
    changed = headers.setting("VIA", "3").adding("Foo", "bar").without("to")
    assert list(headers) == [("Via", "1"), ("To", "x"), ("Via", "2")]
    assert list(changed) == [("Via", "3"), ("Foo", "bar")]
    assert headers.setting("New", "1").get("new") == "1"
    assert "via" in headers
    assert "nope" not in headers
    assert len(headers) == 3
    assert Headers([("v", "1")]) == Headers([("Via", "1")])


def test_only_lists_are_cut_at_commas():
    headers = Headers(
        [
            ("Contact", '"a, b" <sip:x@y;p=1,2>, <sip:z@y>'),
            ("Date", "Sat, 13 Nov 2010"),
            ("Allow", "INVITE, ACK"),
            ("Allow", "BYE"),
        ]
    )
    assert headers.values("Contact") == ['"a, b" <sip:x@y;p=1,2>', "<sip:z@y>"]
    assert headers.values("Date") == ["Sat, 13 Nov 2010"]
    assert headers.tokens("Allow") == {"invite", "ack", "bye"}
    assert [str(one.uri) for one in read_name_addrs(headers, "Contact")] == ["sip:x@y;p=1,2", "sip:z@y"]


@pytest.mark.parametrize(
    "text", ["SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKx;rport", "SIP/2.0/TCP [2001:db8::1]", "SIP/2.0/TLS example.com;x"]
)
def test_via_round_trip(text):
    assert str(Via.parse(text)) == text


@pytest.mark.parametrize("text", ["", "SIP/3.0/UDP a", "SIP/2.0/UDP", "SIP/2.0/UDP a;;", "SIP/2.0/UDP a:x"])
def test_what_is_no_via(text):
    with pytest.raises(RemoteProtocolError):
        Via.parse(text)


def test_where_a_request_was_seen_to_come_from():
    asked = Via.parse("SIP/2.0/UDP 198.51.100.1;rport;branch=z9hG4bKx")
    assert str(asked.seen_from("192.0.2.1", 1234)) == "SIP/2.0/UDP 198.51.100.1;rport=1234;branch=z9hG4bKx;received=192.0.2.1"
    plain = Via.parse("SIP/2.0/UDP 198.51.100.1")
    assert plain.seen_from("198.51.100.1", 9) is plain
    assert plain.seen_from("192.0.2.1", 9).received == "192.0.2.1"


def test_cseq():
    assert CSeq.parse("0009  INVITE") == CSeq(9, "INVITE")
    for text in ("INVITE", "-1 INVITE", f"{2**32} INVITE", "1"):
        with pytest.raises(RemoteProtocolError):
            CSeq.parse(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1800;refresher=UAS", SessionExpires(1800, "uas")),
        ("90", SessionExpires(90)),
        ("x", None),
        ("90;;", None),
        (None, None),
        ("9" * 70, None),
    ],
)
def test_session_expires(text, expected):
    headers = Headers([("x", text)] if text is not None else [])
    assert SessionExpires.of(headers) == expected


def test_seconds():
    assert read_seconds("60 (in a minute);duration=3") == 60
    assert read_seconds("1" + "0" * 100) is None


def test_credentials_are_cut_outside_of_quotes():
    value = AuthValue.parse('Digest realm="a, b", nonce=xyz , qop="auth,auth-int"')
    assert (value.scheme, value.get("realm"), value.get("nonce"), value.get("qop"), value.get("x")) == (
        "digest",
        "a, b",
        "xyz",
        "auth,auth-int",
        "",
    )
    with pytest.raises(RemoteProtocolError):
        AuthValue.parse("Digest realm")
