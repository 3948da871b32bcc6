"""Bodies and frames as clients send them, and the answers' bytes."""

import json

import pytest

from telegraphone.limits import BAYEUX_BODY_BYTES_MAX
from telegraphone.wire.bayeux.message import encode_event, encode_reply, pack, read_messages
from telegraphone.wire.errors import RemoteProtocolError


def status_of(body: bytes) -> int | None:
    with pytest.raises(RemoteProtocolError) as caught:
        read_messages(body)
    return caught.value.status


def test_a_bare_object_is_a_message() -> None:
    [message] = read_messages(b' {"channel":"/meta/connect","clientId":"c"} ')
    assert (message.channel, message.client_id, message.id) == ("/meta/connect", "c", None)


def test_an_array_keeps_its_order() -> None:
    assert [message.id for message in read_messages(b'[{"channel":"/a","id":"1"},{"channel":"/a","id":"2"}]')] == ["1", "2"]


def test_the_form_of_old_clients() -> None:
    body = b"message=%5B%7B%22channel%22%3A%22%2Fa%22%7D%5D&message=%7B%22channel%22%3A%22%2Fb%22%7D"
    assert [message.channel for message in read_messages(body)] == ["/a", "/b"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"nonsense",
        b"[",
        b"5",
        b"null",
        b"[1]",
        b"[null]",
        b'"x"',
        b"[[]]",
        b'[{"channel":"/a"}] x',
        b"\xff\xfe",
        b'[{"channel":"\xff"}]',
        b'[{"channel":' + b"[" * 60_000,
        b'[{"id":1e999,"channel":"/a"}]',
        b"message=",
        b"message=%FF",
        b"message=\xff",
        b'[{"channel":"\\ud800"}]',
    ],
)
def test_no_json_is_400(body: bytes) -> None:
    assert status_of(body) in {400, 500}
    assert status_of(body) == (500 if body == b"message=" else 400)


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b" [ ] ",
        b"{}",
        b"[{}]",
        b'[{"channel":null}]',
        b'[{"channel":5}]',
        b'[{"channel":"calls"}]',
        b'[{"channel":"/a"},{"channel":"/"}]',
        b'[{"channel":"/a","id":true}]',
        b'[{"channel":"/a","id":{}}]',
        b'[{"channel":"/a","id":["1"]}]',
        b'[{"channel":"/a","id":"' + b"x" * 129 + b'"}]',
        b'[{"channel":"/a","id":' + b"9" * 40 + b"}]",
    ],
)
def test_json_that_is_no_bayeux_is_500(body: bytes) -> None:
    assert status_of(body) == 500


def test_a_handshake_is_alone() -> None:
    assert status_of(b'[{"channel":"/meta/handshake"},{"channel":"/meta/connect"}]') == 500
    assert len(read_messages(b'[{"channel":"/meta/handshake"}]')) == 1


def test_a_body_is_bounded() -> None:
    message = b'{"channel":"/a"}'
    assert read_messages(message + b" " * (BAYEUX_BODY_BYTES_MAX - len(message)))
    assert status_of(message + b" " * (BAYEUX_BODY_BYTES_MAX + 1 - len(message))) == 413


@pytest.mark.parametrize(
    ("sent", "read"), [(b'"7"', "7"), (b"7", "7"), (b"-1", "-1"), (b"1.5", "1.5"), (b"null", None), (b'""', "")]
)
def test_ids_are_text_or_numbers(sent: bytes, read: str | None) -> None:
    assert read_messages(b'[{"channel":"/a","id":%b}]' % sent)[0].id == read


@pytest.mark.parametrize(
    ("advice", "timeout_s"),
    [
        (b'{"timeout":0}', 0.0),
        (b'{"timeout":1500}', 1.5),
        (b'{"timeout":-1}', None),
        (b'{"timeout":"5"}', None),
        (b'{"timeout":true}', None),
        (b"{}", None),
        (b"5", None),
        (b"null", None),
        (b"[]", None),
        (b'{"timeout":1e300}', 2**31 / 1000),
    ],
)
def test_the_time_a_client_asks_for(advice: bytes, timeout_s: float | None) -> None:
    assert read_messages(b'[{"channel":"/meta/connect","advice":%b}]' % advice)[0].timeout_s == timeout_s


@pytest.mark.parametrize(
    ("ext", "wants_acks", "acked"),
    [
        (b'{"ack":true}', True, None),
        (b'{"ack":{"enabled":true}}', True, None),
        (b'{"ack":{"enabled":1}}', False, None),
        (b'{"ack":false}', False, None),
        (b'{"ack":-1}', False, -1),
        (b'{"ack":0}', False, 0),
        (b'{"ack":17}', False, 17),
        (b'{"ack":"1"}', False, None),
        (b'{"ack":1.0}', False, None),
        (b"null", False, None),
        (b"[]", False, None),
        (b"{}", False, None),
    ],
)
def test_the_acknowledge_extension(ext: bytes, wants_acks: bool, acked: int | None) -> None:
    [message] = read_messages(b'[{"channel":"/meta/connect","ext":%b}]' % ext)
    assert (message.wants_acks, message.acked) == (wants_acks, acked)


def test_an_event_takes_its_data_as_it_is() -> None:
    data = b'{"text": "\\u00fc", "n":1.0}'
    event = encode_event("/v2/me/calls", data)
    assert event == b'{"channel":"/v2/me/calls","data":' + data + b"}"


def test_a_reply_echoes_the_id_it_was_given() -> None:
    [with_id, without] = read_messages(b'[{"channel":"/a","id":3},{"channel":"/a"}]')
    assert json.loads(encode_reply(with_id, {"successful": True})) == {"channel": "/a", "successful": True, "id": "3"}
    assert json.loads(encode_reply(without, {"successful": True})) == {"channel": "/a", "successful": True}


def test_packing() -> None:
    assert pack([b"{}", b"1"]) == b"[{},1]"
