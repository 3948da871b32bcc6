"""Clients over WebSockets, and clients that change between transports."""

import pytest

from telegraphone.limits import BAYEUX_QUEUE_MAX, BAYEUX_SOCKETS_PER_USER_MAX
from telegraphone.wire.bayeux import BayeuxServer, Owner, Transport
from telegraphone.wire.errors import RemoteProtocolError
from tests.unit.wire.bayeux.clients import BEGIN_ANEW, CALLS, KATE, UNKNOWN, Client, Socket, new_server, started, texts


def started_on(socket: Socket, subscription: str = CALLS) -> Client:
    client = Client(socket.server, socket.line.owner)
    [[reply]] = socket.send({"channel": "/meta/handshake", "version": "1.0", "supportedConnectionTypes": ["websocket"]})
    client.client_id = reply["clientId"]
    socket.send(client.say("/meta/subscribe", subscription=subscription))
    assert len(socket.send(client.say("/meta/connect"))) == 1
    return client


def started_pair() -> tuple[BayeuxServer, Socket, Client]:
    server = new_server()
    socket = Socket(server)
    return server, socket, started_on(socket)


def test_messages_are_pushed_at_once_each_in_its_frame() -> None:
    server, socket, client = started_pair()
    assert socket.send(client.say("/meta/connect")) == []
    server.deliver("kate", CALLS, b"1")
    server.deliver("kate", CALLS, b"2")
    assert server.events() == [socket.line]
    assert socket.read() == [[{"channel": CALLS, "data": 1}], [{"channel": CALLS, "data": 2}]]


def test_the_connect_stays_until_its_time() -> None:
    server, socket, client = started_pair()
    socket.send(client.say("/meta/connect", id="7"), now=1.0)
    server.deliver("kate", CALLS, b"1")
    assert texts(socket.read(2.0)[0]) == [1]
    server.on_deadline(30.9)
    assert socket.read(30.9) == []
    server.on_deadline(31.0)
    assert server.events()[-1] is socket.line
    assert socket.read(31.0) == [[{"channel": "/meta/connect", "id": "7", "successful": True}]]


def test_messages_are_pushed_between_connects_too() -> None:
    server, socket, _ = started_pair()
    server.deliver("kate", CALLS, b"1")
    assert socket.read() == [[{"channel": CALLS, "data": 1}]]


def test_nothing_is_pushed_before_the_first_connect() -> None:
    server = new_server()
    socket = Socket(server)
    client = Client(server)
    [[reply]] = socket.send({"channel": "/meta/handshake"})
    client.client_id = reply["clientId"]
    socket.send(client.say("/meta/subscribe", subscription=CALLS))
    server.deliver("kate", CALLS, b"1")
    assert socket.read() == []
    frames = socket.send(client.say("/meta/connect"))
    assert [texts(frame) for frame in frames] == [[1], []]


def test_replies_of_one_frame_come_in_one_frame_after_the_messages() -> None:
    server, socket, client = started_pair()
    server.deliver("kate", CALLS, b"1")
    pushed, replies = socket.send(
        client.say("/meta/subscribe", subscription="/a"), client.say("/meta/unsubscribe", subscription="/a")
    )
    assert texts(pushed) == [1]
    assert [reply["channel"] for reply in replies] == ["/meta/subscribe", "/meta/unsubscribe"]


def test_an_older_connect_lapses_silently() -> None:
    server, socket, client = started_pair()
    socket.send(client.say("/meta/connect", id="1"))
    assert socket.send(client.say("/meta/connect", id="2"), now=1.0) == []
    server.on_deadline(31.0)
    assert [reply["id"] for frame in socket.read(31.0) for reply in frame] == ["2"]
    assert not socket.line.overtaken


def test_a_closed_socket_leaves_the_session_to_the_next_one() -> None:
    server, socket, client = started_pair()
    socket.send(client.say("/meta/connect"))
    socket.close(1.0)
    server.deliver("kate", CALLS, b"1")
    assert server.events() == []
    other = Socket(server)
    frames = other.send(client.say("/meta/connect", advice={"timeout": 0}), now=2.0)
    assert [texts(frame) for frame in frames] == [[1], []]


def test_a_closed_socket_lets_the_session_age() -> None:
    server, socket, client = started_pair()
    socket.send(client.say("/meta/connect"), now=5.0)
    socket.close(10.0)
    server.on_deadline(69.9)
    assert client.subscribe("/a", now=69.9)["successful"]
    server.on_deadline(129.9)
    assert not client.subscribe("/a", now=129.9)["successful"]


def test_a_session_that_moved_is_not_pushed_to_its_old_socket() -> None:
    server, socket, client = started_pair()
    new = Socket(server)
    assert new.send(client.say("/meta/connect")) == []
    socket.close()
    server.deliver("kate", CALLS, b"1")
    assert [texts(frame) for frame in new.read()] == [[1]]


def test_from_polling_to_a_socket_and_back_with_advice_each_time() -> None:
    server = new_server()
    client = started(server)
    socket = Socket(server)
    assert socket.send(client.say("/meta/connect", connectionType="websocket")) == []
    server.on_deadline(30.0)
    [[reply]] = socket.read(30.0)
    assert reply["advice"]["reconnect"] == "retry"
    server.deliver("kate", CALLS, b"1")
    messages = client.connect(now=31.0)
    assert texts(messages) == [1]
    assert messages[-1]["advice"]["reconnect"] == "retry"
    server.deliver("kate", CALLS, b"2")
    assert socket.read(31.0) == []


def test_log_out_closes_the_sockets_of_that_sign_in() -> None:
    server, socket, client = started_pair()
    other = Socket(server, Owner("kate", "sign-in-2"))
    idle = Socket(server)
    socket.send(client.say("/meta/connect", id="3"))
    server.end_sign_in(KATE)
    assert set(server.events()) == {socket.line, idle.line}
    assert (socket.line.closing, idle.line.closing, other.line.closing) == (True, True, False)
    assert socket.read() == [[{"channel": "/meta/connect", "id": "3", **UNKNOWN, "advice": BEGIN_ANEW}]]
    assert [line.pending for line in (socket.line, idle.line, other.line)] == [True, True, False]


def test_log_out_between_two_connects() -> None:
    server, socket, client = started_pair()
    server.end_sign_in(KATE)
    assert socket.read() == []
    assert socket.line.closing
    assert client.connect()[0]["error"] == "402::Unknown client"


def test_shutdown_answers_the_connect() -> None:
    server, socket, client = started_pair()
    socket.send(client.say("/meta/connect"))
    server.shutdown()
    [[reply]] = socket.read()
    assert reply["advice"] == {"reconnect": "handshake", "interval": 0}


def test_a_slow_reader_is_told_to_begin_anew() -> None:
    server, socket, client = started_pair()
    socket.send(client.say("/meta/connect"))
    for _ in range(BAYEUX_QUEUE_MAX + 1):
        server.deliver("kate", CALLS, b"1")
    [[reply]] = socket.read()
    assert reply["error"] == "402::Unknown client"


def test_two_clients_on_one_socket() -> None:
    server = new_server()
    socket = Socket(server)
    started_on(socket)
    started_on(socket, subscription="/**")
    server.deliver("kate", CALLS, b"1")
    assert [texts(frame) for frame in socket.read()] == [[1], [1]]


def test_sockets_of_one_user_are_bounded() -> None:
    server = new_server()
    sockets = [Socket(server, Owner("kate", f"sign-in-{number}")) for number in range(BAYEUX_SOCKETS_PER_USER_MAX)]
    with pytest.raises(RemoteProtocolError, match="too many sockets"):
        Socket(server)
    Socket(server, Owner("carl", "sign-in"))
    sockets[0].close()
    server.open_line(KATE, Transport.WEBSOCKET)


def test_a_socket_keeps_no_trace_of_sessions_that_left_or_ended() -> None:
    server, socket, client = started_pair()
    other = Socket(server)
    other.send(client.say("/meta/connect"))
    assert not socket.line.sessions
    other.send(client.say("/meta/disconnect"))
    assert not other.line.sessions
