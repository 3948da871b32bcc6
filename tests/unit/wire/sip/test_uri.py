"""SIP URIs and name-addrs: read, written, compared."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telegraphone.wire.errors import RemoteProtocolError
from telegraphone.wire.sip.uri import (
    NameAddr,
    SipUri,
    escape_user,
    parse_params,
    quote,
    split_quoted,
    unescape,
    unquote,
)

SAME = [
    ("sip:%61lice@atlanta.com;transport=TCP", "sip:alice@AtLanTa.CoM;Transport=tcp"),
    ("sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5"),
    ("sip:carol@chicago.com", "sip:carol@chicago.com;security=on"),
    (
        "sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com",
        "sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com",
    ),
    ("sip:alice@atlanta.com?subject=project%20x&priority=urgent", "sip:alice@atlanta.com?priority=urgent&subject=project%20x"),
]
OTHER = [
    ("SIP:ALICE@AtLanTa.CoM;Transport=udp", "sip:alice@AtLanTa.CoM;Transport=UDP"),
    ("sip:bob@biloxi.com", "sip:bob@biloxi.com:5060"),
    ("sip:bob@biloxi.com:6000;transport=tcp", "sip:bob@biloxi.com"),
    ("sip:carol@chicago.com", "sip:carol@chicago.com?Subject=next%20meeting"),
    ("sip:bob@phone21.boxesbybob.com", "sip:bob@192.0.2.4"),
    ("sip:carol@chicago.com;security=on", "sip:carol@chicago.com;security=off"),
    ("sip:bob@biloxi.com", "sip:bob@biloxi.com;user=phone"),
    ("sip:a@example.com", "sips:a@example.com"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_equal_by_rfc_3261_19_1_4(one, other):
    assert SipUri.parse(one).matches(SipUri.parse(other))
    assert SipUri.parse(other).matches(SipUri.parse(one))


@pytest.mark.parametrize(("one", "other"), OTHER)
def test_unequal_by_rfc_3261_19_1_4(one, other):
    assert not SipUri.parse(one).matches(SipUri.parse(other))
    assert not SipUri.parse(other).matches(SipUri.parse(one))


@pytest.mark.parametrize(
    "text",
    [
        "sip:5000@192.0.2.1",
        "sips:a:b@example.com:5061;transport=tcp;lr",
        "sip:[2001:db8::1]:5060",
        "tel:+15550100;phone-context=example.com",
        "sip:a@b?Subject=x",
        "urn:service:sos",
        "sip:example.com",
    ],
)
def test_a_uri_survives_a_round_trip(text):
    assert str(SipUri.parse(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "sip:",
        "5000",
        "sip:@example.com",
        "sip:a@b@c",
        "sip:a b@c",
        "sip:a@b:99999",
        "<sip:a@b>",
        "sip:a@b;;x",
        "sip:a@ex ample",
        'sip:"a"@b',
    ],
)
def test_what_is_no_uri(text):
    with pytest.raises(RemoteProtocolError):
        SipUri.parse(text)


def test_transport_and_bare():
    uri = SipUri.parse("sip:a:secret@EXAMPLE.com:5070;transport=Tcp;x?h=1")
    assert uri.transport == "TCP"
    assert str(uri.bare()) == "sip:a@example.com:5070"


@given(st.text(min_size=1, max_size=40))
def test_any_text_can_be_a_user(text):
    usable = text.encode("utf-8", "replace").decode()
    uri = SipUri.parse(f"sip:{escape_user(usable)}@example.com")
    assert unescape(uri.user) == usable


@pytest.mark.parametrize(
    ("text", "display", "uri", "params"),
    [
        ("sip:a@b;tag=1", "", "sip:a@b", (("tag", "1"),)),
        ("<sip:a@b;x=1>;tag=1", "", "sip:a@b;x=1", (("tag", "1"),)),
        ('"A \\"B\\" <C>" <sip:a@b>', 'A "B" <C>', "sip:a@b", ()),
        ("Anna Lena<sip:a@b>;q=0.5;x", "Anna Lena", "sip:a@b", (("q", "0.5"), ("x", None))),
        ('<sip:a@b>;+sip.instance="<urn:uuid:1>"', "", "sip:a@b", (("+sip.instance", '"<urn:uuid:1>"'),)),
    ],
)
def test_name_addr(text, display, uri, params):
    value = NameAddr.parse(text)
    assert (value.display_name, str(value.uri), value.params) == (display, uri, params)
    assert NameAddr.parse(str(value)) == value


@pytest.mark.parametrize("text", ['"open <sip:a@b>', "a,b <sip:a@b>", "<sip:a@b", "<sip:a@b>x", "sip:a@b?x=1", '"x" sip:a@b'])
def test_what_is_no_name_addr(text):
    with pytest.raises(RemoteProtocolError):
        NameAddr.parse(text)


def test_parameters_of_a_name_addr():
    value = NameAddr(SipUri("example.com", "a"), "A").with_param("tag", "x").with_param("tag", "y")
    assert value.tag == "y"
    assert str(value) == "A <sip:a@example.com>;tag=y"
    assert value.without_params().tag == ""
    assert value.param("nothing") is None


@given(st.text(max_size=50))
def test_quoting_is_undone(text):
    assert unquote(quote(text)) == text


def test_split_outside_of_quotes_and_brackets():
    assert split_quoted('"a,b" <c,d>,e', ",") == ['"a,b" <c,d>', "e"]
    for broken in ('"a', "<a"):
        with pytest.raises(RemoteProtocolError):
            split_quoted(broken, ",")


def test_empty_parameters_are_refused():
    with pytest.raises(RemoteProtocolError):
        parse_params(";;a=1")
