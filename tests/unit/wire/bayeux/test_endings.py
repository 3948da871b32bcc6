"""How sessions end, how many there may be, and what happens when a queue is full (gws-api 10).

The client ids of `session.py` are tried here by way of the server that holds them.
"""

from itertools import pairwise

import pytest

from telegraphone.limits import BAYEUX_CLIENTS_PER_USER_MAX, BAYEUX_QUEUE_MAX
from telegraphone.wire.bayeux import Owner, Transport
from telegraphone.wire.errors import RemoteProtocolError
from tests.unit.wire.bayeux.clients import BEGIN_ANEW, CALLS, KATE, UNKNOWN, Client, connected, new_server, started, texts

# --- disconnect, expiry, log-out, shutdown -----------------------------------------------------------------------------


def test_disconnect_ends_the_session_and_its_connect() -> None:
    server = new_server()
    client = started(server)
    line = client.hold(id="5")
    assert client.request(client.say("/meta/disconnect", id="6")) == [
        {"channel": "/meta/disconnect", "id": "6", "successful": True}
    ]
    assert server.events() == [line]
    assert client.read(line) == [connected(id="5", advice={"reconnect": "none", "interval": 0})]
    assert client.connect()[0]["error"] == "402::Unknown client"


def test_silence_of_sixty_seconds_ends_a_session() -> None:
    server = new_server()
    client = started(server, now=100.0)
    server.on_deadline(159.9)
    assert client.subscribe("/a", now=159.9)["successful"]
    server.on_deadline(219.8)
    assert client.connect(now=219.8, advice={"timeout": 0})[0]["successful"]
    server.on_deadline(279.8)
    assert client.connect(now=279.8) == [{"channel": "/meta/connect", **UNKNOWN, "advice": BEGIN_ANEW}]


def test_a_client_without_its_first_connect_expires_too() -> None:
    server = new_server()
    client = Client(server)
    client.handshake(now=0.0)
    server.on_deadline(60.0)
    assert client.connect(now=60.0)[0]["error"] == "402::Unknown client"
    assert server.next_deadline() is None


def test_a_held_connect_keeps_the_session() -> None:
    server = new_server()
    client = started(server)
    line = client.hold(now=50.0)
    client.subscribe("/a", now=51.0)
    server.on_deadline(79.0)
    assert server.events() == []
    server.on_deadline(80.0)
    assert client.read(line, 80.0)
    server.on_deadline(139.9)
    assert client.connect(now=139.9, advice={"timeout": 0})[0]["successful"]


def test_a_request_that_went_away_lets_the_session_age() -> None:
    server = new_server()
    client = started(server)
    server.close_line(client.hold(now=10.0), 20.0)
    server.on_deadline(79.9)
    assert client.subscribe("/a", now=79.9)["successful"]
    server.on_deadline(140.0)
    assert not client.subscribe("/a", now=140.0)["successful"]


def test_log_out_ends_the_sessions_of_that_sign_in_only() -> None:
    server = new_server()
    client = started(server)
    elsewhere = started(server, owner=Owner("kate", "sign-in-2"))
    line = client.hold(id="1")
    server.end_sign_in(KATE)
    server.end_sign_in(Owner("nobody", "x"))
    assert client.read(line) == [{"channel": "/meta/connect", "id": "1", **UNKNOWN, "advice": BEGIN_ANEW}]
    assert client.connect()[0]["error"] == "402::Unknown client"
    assert elsewhere.connect(advice={"timeout": 0})[0]["successful"]


def test_shutdown_sends_everybody_to_handshake_again() -> None:
    server = new_server()
    client = started(server)
    line = client.hold(id="1")
    later = {"reconnect": "handshake", "interval": 0}
    server.deliver("kate", CALLS, b"1")
    server.shutdown()
    assert client.read(line) == [
        {"channel": CALLS, "data": 1},
        {"channel": "/meta/connect", "id": "1", **UNKNOWN, "advice": later},
    ]
    assert client.connect()[0]["advice"] == later
    refused = {"channel": "/meta/handshake", "successful": False, "error": "403::Handshake denied", "advice": later}
    assert client.handshake() == refused
    server.on_deadline(1e9)
    assert server.next_deadline() is None


# --- several clients, limits -------------------------------------------------------------------------------------------


def test_all_clients_of_a_user_hear_everything_and_nobody_else_does() -> None:
    server = new_server()
    desktops = [started(server), started(server, owner=Owner("kate", "sign-in-2"))]
    stranger = started(server, owner=Owner("carl", "sign-in-3"), subscription="/**")
    for number in range(3):
        server.deliver("kate", CALLS, b"%d" % number)
    assert [texts(desktop.connect()) for desktop in desktops] == [[0, 1, 2], [0, 1, 2]]
    assert texts(stranger.connect(advice={"timeout": 0})) == []


@pytest.mark.parametrize("acks", [False, True])
def test_a_full_queue_ends_the_session_so_that_nothing_is_missed_unseen(acks: bool) -> None:
    server = new_server()
    client = started(server, ext={"ack": acks})
    other = started(server)
    for number in range(BAYEUX_QUEUE_MAX):
        server.deliver("kate", CALLS, b"%d" % number)
        if number == 500:
            assert len(texts(other.connect())) == 501
    assert client.subscribe("/a")["successful"]
    server.deliver("kate", CALLS, b"1000")
    assert client.connect() == [{"channel": "/meta/connect", **UNKNOWN, "advice": BEGIN_ANEW}]
    assert len(texts(other.connect())) == 500


def test_a_burst_that_fills_the_queue_behind_a_released_connect() -> None:
    server = new_server()
    client = started(server)
    line = client.hold()
    for _ in range(BAYEUX_QUEUE_MAX + 1):
        server.deliver("kate", CALLS, b"1")
    assert client.read(line) == [{"channel": "/meta/connect", **UNKNOWN, "advice": BEGIN_ANEW}]


def test_one_client_too_many_drops_the_one_silent_for_longest() -> None:
    server = new_server()
    clients = [started(server, now=float(number)) for number in range(BAYEUX_CLIENTS_PER_USER_MAX)]
    line = clients[1].hold(now=21.0)
    clients[0].subscribe("/a", now=22.0)
    clients[2].hold(now=22.5)
    newest = started(server, now=23.0)
    assert clients[3].subscribe("/a", now=24.0)["error"] == "402::Unknown client"
    assert all(client.subscribe("/a", now=25.0)["successful"] for client in [*clients[:3], *clients[4:], newest])
    assert not line.pending


def test_a_client_pushed_out_while_it_waits_does_not_come_back_at_once() -> None:
    server = new_server()
    oldest = started(server)
    line = oldest.hold(now=0.0)
    for number in range(BAYEUX_CLIENTS_PER_USER_MAX):
        started(server, now=1.0 + number)
    assert oldest.read(line, 30.0) == [
        {"channel": "/meta/connect", **UNKNOWN, "advice": {"reconnect": "handshake", "interval": 10000}}
    ]


def test_what_is_no_bayeux_changes_nothing() -> None:
    server = new_server()
    client = started(server)
    line = server.open_line(KATE, Transport.LONG_POLLING)
    body = b'[{"channel":"/meta/disconnect","clientId":"%b"},{"channel":5}]' % client.client_id.encode()
    with pytest.raises(RemoteProtocolError):
        server.receive(line, body, 0.0)
    assert not line.pending
    assert client.subscribe("/a")["successful"]


def test_an_event_is_encoded_once_for_all_clients() -> None:
    server = new_server()
    clients = [started(server) for _ in range(3)]
    server.deliver("kate", CALLS, b"1")
    queued = [server._sessions[client.client_id].outbox._messages[0][1] for client in clients]
    assert all(one is other for one, other in pairwise(queued))
