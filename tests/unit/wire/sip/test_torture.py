"""The 49 messages of RFC 4475: each is answered in the class its section asks for, whole or cut at every byte."""

from pathlib import Path

import pytest

from telegraphone.wire.sip.events import RequestArrived
from telegraphone.wire.sip.message import MalformedMessage, Request, parse_message, serialize
from telegraphone.wire.sip.stream import StreamParser
from telegraphone.wire.sip.transport import Flow
from telegraphone.wire.sip.uri import NameAddr, unescape
from tests.unit.wire.sip.network import Network

FOLDER = Path(__file__).parents[3] / "fixtures" / "sip" / "torture"
MESSAGES = {path.stem: path.read_bytes() for path in sorted(FOLDER.glob("*.dat"))}

TO_USER = "to the user"
"""A request that the transaction user gets."""
NOTHING = "nothing"
"""A response to nobody's request: dropped."""

ANSWERS = {
    # 3.1.1: valid; wsinv has a To tag of no dialog, methods we do not know are 501, MESSAGE is known and not allowed
    "wsinv": 481,
    "intmeth": 501,
    "esc01": TO_USER,
    "escnull": TO_USER,
    "esc02": 501,
    "lwsdisp": TO_USER,
    "longreq": TO_USER,
    "dblreq": TO_USER,
    "semiuri": TO_USER,
    "transports": TO_USER,
    "mpart01": 405,
    "unreason": NOTHING,
    "noreason": NOTHING,
    # 3.1.2: invalid
    "badinv01": 400,
    "clerr": 400,
    "ncl": 400,
    "scalar02": 400,
    "scalarlg": NOTHING,
    "quotbal": 400,
    "ltgtruri": 400,
    "lwsruri": 400,
    "lwsstart": TO_USER,
    "trws": TO_USER,
    "escruri": 400,
    "baddate": TO_USER,
    "regbadct": TO_USER,
    "badaspec": 400,
    "baddn": 400,
    "badvers": 505,
    "mismatch01": 400,
    "mismatch02": 400,
    "bigcode": NOTHING,
    # 3.2 and 3.3: transactions and applications
    "badbranch": TO_USER,
    "insuf": 400,
    "unkscm": 416,
    "novelsc": 416,
    "unksm2": 400,
    "bext01": 420,
    "invut": 415,
    "regaut01": TO_USER,
    "multi01": 400,
    "mcl01": 400,
    "bcast": NOTHING,
    "zeromf": TO_USER,
    "cparam01": TO_USER,
    "cparam02": TO_USER,
    "regescrt": TO_USER,
    "sdp01": 406,
    # 3.4: RFC 2543
    "inv2543": TO_USER,
}
UNFRAMED = {"clerr", "ncl", "mcl01", "inv2543"}
"""No end can be found on a stream, or the wrong one: the connection is of no use any more (clerr waits for more)."""


def test_all_49_are_here():
    assert len(MESSAGES) == 49
    assert set(ANSWERS) == set(MESSAGES)


@pytest.mark.parametrize("name", MESSAGES)
def test_as_a_datagram(name):
    node = Network().node("192.0.2.1")
    sent = node.inject_raw(MESSAGES[name], ("192.0.2.77", 5060))
    expected = ANSWERS[name]
    assert bool(node.of(RequestArrived)) is (expected is TO_USER)
    assert [int(data.split(b" ")[1]) for data in sent] == ([expected] if isinstance(expected, int) else [])
    node.inject_raw(MESSAGES["lwsdisp"].replace(b"CSeq: 60", b"CSeq: 61").replace(b"Kkdjuw", b"Knext"), ("192.0.2.77", 5060))
    assert node.of(RequestArrived)[-1].request.cseq.number == 61, "the next request is served as ever"


def items_of(data: bytes, chunk: int) -> list:
    parser = StreamParser()
    items = []
    for at in range(0, len(data), chunk):
        items += parser.receive_data(data[at : at + chunk])
    return items


@pytest.mark.parametrize("name", sorted(set(MESSAGES) - UNFRAMED - {"dblreq"}))
def test_on_a_stream_cut_at_every_byte(name):
    following = MESSAGES["lwsdisp"]
    whole = items_of(MESSAGES[name] + following, 1 << 20)
    cut = items_of(MESSAGES[name] + following, 1)
    assert list(map(type, cut)) == list(map(type, whole))
    assert [str(item) if isinstance(item, MalformedMessage) else item for item in cut] == [
        str(item) if isinstance(item, MalformedMessage) else item for item in whole
    ]
    assert isinstance(whole[-1], Request), "the next message is found"
    assert whole[-1].method == "OPTIONS"


def test_two_messages_in_one_datagram_are_two_on_a_stream():
    assert [item.method for item in items_of(MESSAGES["dblreq"], 1)] == ["REGISTER", "INVITE"]


@pytest.mark.parametrize("name", ["ncl", "mcl01", "inv2543"])
def test_lost_framing_is_fatal(name):
    items = items_of(MESSAGES[name] + MESSAGES["lwsdisp"], 1)
    assert len(items) == 1
    assert isinstance(items[0], MalformedMessage)
    assert items[0].fatal


@pytest.mark.parametrize("name", MESSAGES)
def test_over_tcp_nothing_breaks(name):
    node = Network().node("192.0.2.1")
    flow = Flow("TCP", "192.0.2.77", 40000, 1)
    for at in range(len(MESSAGES[name])):
        node.engine.receive_stream(flow, MESSAGES[name][at : at + 1], node.network.now)
    node.network.tell(node)
    assert all(transmission.flow.connection in {1, None} for transmission in node.engine.data_to_send())


@pytest.mark.parametrize("name", [name for name, answer in ANSWERS.items() if answer is TO_USER or isinstance(answer, str)])
def test_what_is_well_formed_survives_a_round_trip(name):
    if name in {"scalarlg", "bigcode"}:
        with pytest.raises(MalformedMessage):
            parse_message(MESSAGES[name])
        return
    message = parse_message(MESSAGES[name])
    again = parse_message(serialize(message))
    without_length = [[pair for pair in one.headers if pair[0] != "Content-Length"] for one in (message, again)]
    assert without_length[0] == without_length[1]
    assert (again.start_line(), again.body) == (message.start_line(), message.body)


class TestWhatTheyMean:
    def test_wsinv(self):
        message = parse_message(MESSAGES["wsinv"])
        assert message.cseq.number == 9
        assert message.from_.display_name == 'J Rosenberg \\"'
        assert message.from_.tag == "98asjd8"
        assert len(message.headers.values("Via")) == 3
        assert message.headers.get("NewFangledHeader") == "newfangled value continued newfangled value"
        assert message.contact.param("secondparam") == ""

    def test_escapes_are_read_once(self):
        message = parse_message(MESSAGES["esc01"])
        assert unescape(message.uri.user) == "sips:user@example.com"
        assert message.to.uri.user == "user"
        assert message.contact.uri.user == "caller"
        assert message.contact.uri.params == (("lr", None), ("name", "value%2541"))

    def test_null_characters_keep_users_apart(self):
        first, second = parse_message(MESSAGES["escnull"]).headers.lines("Contact")
        assert first != second
        assert unescape(NameAddr.parse(second).uri.user) == "\0\0"

    def test_an_escaped_header_name_is_another_header(self):
        assert len(parse_message(MESSAGES["esc02"]).headers.lines("Contact")) == 2

    def test_parameters_in_the_user_part(self):
        assert unescape(parse_message(MESSAGES["semiuri"]).uri.user) == "user;par=u@example.net"

    def test_bytes_after_the_body_are_noise(self):
        assert parse_message(MESSAGES["dblreq"]).body == b""

    def test_a_binary_body_is_whole(self):
        body = parse_message(MESSAGES["mpart01"]).body
        assert len(body) == 553
        assert body.count(b"\0") == 2

    def test_whose_parameter_it_is(self):
        of_header = parse_message(MESSAGES["cparam01"]).contact
        of_uri = parse_message(MESSAGES["cparam02"]).contact
        assert (of_header.param("unknownparam"), of_header.uri.params) == ("", ())
        assert (of_uri.params, of_uri.uri.param("unknownparam")) == ((), "")

    def test_an_escaped_header_in_a_contact_is_kept(self):
        assert str(parse_message(MESSAGES["regescrt"]).contact.uri) == "sip:user@example.com?Route=%3Csip:sip.example.com%3E"

    def test_refused_extensions_are_named(self):
        node = Network().node("192.0.2.1")
        (answer,) = node.inject_raw(MESSAGES["bext01"], ("192.0.2.77", 5060))
        assert parse_message(answer).headers.get("Unsupported") == "nothingSupportsThis, nothingSupportsThisEither"

    def test_an_old_invite_is_answered_by_what_rfc_2543_compared(self):
        node = Network().node("192.0.2.1")
        node.inject_raw(MESSAGES["inv2543"], ("192.0.2.77", 5060))
        node.inject_raw(MESSAGES["inv2543"], ("192.0.2.77", 5060))
        assert len(node.of(RequestArrived)) == 1
