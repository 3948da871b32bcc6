"""Every field of every message, missing or of every wrong type: an answer in Bayeux or a refusal of the whole, and the other
clients of the same user go on (Bayeux 1.0 sections 2 and 4)."""

import json
from typing import Any

import pytest

from telegraphone.wire.bayeux import Transport
from telegraphone.wire.errors import RemoteProtocolError
from tests.unit.wire.bayeux.clients import CALLS, KATE, Client, new_server, started, texts

META = ["/meta/handshake", "/meta/connect", "/meta/subscribe", "/meta/unsubscribe", "/meta/disconnect", "/meta/foo", "/chat"]
FIELDS = {
    "channel",
    "clientId",
    "id",
    "subscription",
    "connectionType",
    "version",
    "minimumVersion",
    "supportedConnectionTypes",
    "advice",
    "ext",
    "data",
}
JUNK: list[Any] = [
    None,
    True,
    False,
    0,
    -1,
    2**64,
    1.5,
    1e308,
    "",
    " ",
    "x" * 5_000,
    "\x00",
    "\ud83d\ude00",
    [],
    [None],
    [[[]]],
    ["/a", 5],
    {},
    {"ack": []},
    {"ack": {"enabled": "yes"}},
    {"ack": -(2**70)},
    {"timeout": "soon"},
    {"timeout": -1},
    {"timeout": 1e308},
    {"interval": None, "timeout": [0]},
]
MISSING = object()


def complete(client: Client, name: str) -> dict[str, Any]:
    """A message of this kind with every field it may have."""
    return {
        "channel": name,
        "clientId": client.client_id,
        "id": "7",
        "subscription": "/v2/me/devices",
        "connectionType": "long-polling",
        "version": "1.0",
        "minimumVersion": "1.0",
        "supportedConnectionTypes": ["long-polling"],
        "advice": {"timeout": 0},
        "ext": {"ack": 0},
        "data": {},
    }


def said(client: Client, body: bytes, transport: Transport) -> list[dict[str, Any]] | int:
    """The messages that come back, or the status the whole is refused with."""
    line = client.server.open_line(KATE, transport)
    try:
        client.server.receive(line, body, 0.0)
        return [message for frame in client.server.data_to_send(line, 0.0) for message in json.loads(frame)]
    except RemoteProtocolError as error:
        refused = error.status
    finally:
        client.server.close_line(line, 0.0)
    assert refused is not None
    assert not line.pending, "nothing of it is obeyed"
    return refused


@pytest.mark.parametrize("transport", list(Transport))
@pytest.mark.parametrize("name", META)
@pytest.mark.parametrize("field", sorted(FIELDS))
def test_each_field_of_each_message(name: str, field: str, transport: Transport) -> None:
    for junk in (MISSING, *JUNK):
        server = new_server()
        other, client = started(server), started(server)
        message = complete(client, name) | {field: junk}
        if junk is MISSING:
            del message[field]
        outcome = said(client, json.dumps([message]).encode(), transport)
        if isinstance(outcome, int):
            assert field in {"channel", "id"}, (junk, outcome)
            assert outcome == 500
        else:
            for reply in outcome:
                assert isinstance(reply["successful"], bool)
                assert reply["successful"] or int(reply["error"].split(":")[0]) in {400, 402, 403}
                assert isinstance(reply.get("id", ""), str)
        server.events()
        server.deliver("kate", CALLS, b"1")
        assert texts(other.connect()) == [1]


@pytest.mark.parametrize(
    "text",
    [
        b'[{"channel":"/meta/connect",}]',
        b'[{"channel":"/meta/connect"},]',
        b'[{"channel":"/meta/connect"}',
        b'{"channel":"/meta/connect"}{"channel":"/meta/connect"}',
        b"[{'channel':'/meta/connect'}]",
        b'[{channel:"/meta/connect"}]',
        b'[{"channel":"/meta/connect"}] // comment',
        b'[{"channel":"/meta/connect","id":NaN}]',
        b'[{"channel":"/meta/connect","id":01}]',
        b'[{"channel":"/meta/\nconnect"}]',
        b'\xef\xbb\xbf[{"channel":"/meta/connect"}]',
        '[{"channel":"/meta/connect"}]'.encode("utf-16"),
        b'[{"channel":"/meta/connect","id":"\xc0\xaf"}]',
        b"[[[{" + b'"channel":"/meta/connect"}]]]',
        b'[{"channel":"/meta/connect"},[]]',
        b'[{"channel":"/meta/connect"},null]',
        b"\x00",
        b"jsonp=cb&message=[]",
    ],
)
def test_what_is_not_quite_json_is_400(text: bytes) -> None:
    assert said(started(new_server()), text, Transport.LONG_POLLING) == 400


def test_the_last_of_two_equal_keys_counts() -> None:
    client = started(new_server())
    body = b'[{"channel":"/meta/foo","channel":"/meta/disconnect","clientId":"%b"}]' % client.client_id.encode()
    assert said(client, body, Transport.LONG_POLLING) == [{"channel": "/meta/disconnect", "successful": True}]


def test_unknown_fields_are_ignored() -> None:
    client = started(new_server())
    assert client.request(client.say("/meta/subscribe", subscription="/a", hosts=[1], nonsense={"a": [{}]}))[0]["successful"]


def test_half_a_batch_is_not_obeyed() -> None:
    client = started(new_server())
    good = client.say("/meta/disconnect")
    assert said(client, json.dumps([good, {"channel": "no"}]).encode(), Transport.LONG_POLLING) == 500
    assert client.subscribe("/a")["successful"]


def test_a_batch_of_many_messages_is_answered_one_by_one_and_in_order() -> None:
    client = started(new_server())
    kinds = ["/meta/subscribe", "/meta/unsubscribe", "/chat", "/service/x", "/meta/subscribe", "/meta/connect"]
    replies = client.request(*(client.say(kind, subscription="/a", id=str(at)) for at, kind in enumerate(kinds)))
    assert [(reply["channel"], reply["id"]) for reply in replies] == [(kind, str(at)) for at, kind in enumerate(kinds)]
    assert [reply["successful"] for reply in replies] == [True, True, False, True, True, True]
