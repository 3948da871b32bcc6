"""Acknowledged messages over both transports: lost replies, odd numbers, order (cometd 1.7)."""

from typing import Any

import pytest

from tests.unit.wire.bayeux.clients import CALLS, Client, Socket, new_server, started, texts

ACK: dict[str, Any] = {"ext": {"ack": True}}


def batch_of(messages: list[dict[str, Any]]) -> int:
    batch = messages[-1]["ext"]["ack"]
    assert isinstance(batch, int)
    return batch


def acked(batch: int, **fields: Any) -> dict[str, Any]:
    return {"ext": {"ack": batch}, **fields}


@pytest.mark.parametrize("first_value", [0, -1])
def test_batches_count_from_one_also_when_empty(first_value: int) -> None:
    client = Client(new_server())
    client.handshake(**ACK)
    assert batch_of(client.connect(**acked(first_value))) == 1
    assert batch_of(client.connect(**acked(1, advice={"timeout": 0}))) == 2


def test_messages_between_handshake_and_connect_come_with_the_connect() -> None:
    server = new_server()
    client = Client(server)
    client.handshake(**ACK)
    client.subscribe(CALLS)
    server.deliver("kate", CALLS, b"1")
    assert client.subscribe("/a")["successful"]
    assert texts(client.connect(**acked(0))) == [1]


def test_a_lost_reply_is_repeated_at_once_under_a_new_batch() -> None:
    server = new_server()
    client = started(server, **ACK)
    server.deliver("kate", CALLS, b"1")
    lost = client.connect(**acked(1))
    assert (texts(lost), batch_of(lost)) == ([1], 2)
    again = client.connect(**acked(1))
    assert (texts(again), batch_of(again)) == ([1], 3)
    assert not client.hold(**acked(3)).pending


def test_two_lost_replies_add_up_before_what_is_newer() -> None:
    server = new_server()
    client = started(server, **ACK)
    for number in (b"1", b"2"):
        server.deliver("kate", CALLS, number)
        client.connect(**acked(1))
    server.deliver("kate", CALLS, b"3")
    last = client.connect(**acked(1))
    assert (texts(last), batch_of(last)) == ([1, 2, 3], 4)


def test_an_acknowledged_part_is_not_repeated() -> None:
    server = new_server()
    client = started(server, **ACK)
    server.deliver("kate", CALLS, b"1")
    arrived = client.connect(**acked(1))
    server.deliver("kate", CALLS, b"2")
    client.connect(**acked(batch_of(arrived)))
    assert texts(client.connect(**acked(batch_of(arrived)))) == [2]


def test_a_number_from_the_future_clears_the_queue() -> None:
    server = new_server()
    client = started(server, **ACK)
    server.deliver("kate", CALLS, b"1")
    assert texts(client.connect(**acked(99, advice={"timeout": 0}))) == []


@pytest.mark.parametrize("ext", [None, {}, {"ack": None}, {"ack": "2"}, {"ack": True}])
def test_no_number_acknowledges_nothing(ext: object) -> None:
    server = new_server()
    client = started(server, **ACK)
    server.deliver("kate", CALLS, b"1")
    client.connect(**acked(1))
    assert texts(client.connect(ext=ext)) == [1]


def test_a_reply_lost_on_a_dropped_connection_comes_again() -> None:
    server = new_server()
    client = started(server, **ACK)
    line = client.hold(**acked(1))
    server.deliver("kate", CALLS, b"1")
    assert texts(client.read(line)) == [1]
    server.close_line(line, 1.0)
    server.deliver("kate", CALLS, b"2")
    assert texts(client.connect(**acked(1))) == [1, 2]


def test_a_burst_stays_in_order() -> None:
    server = new_server()
    client = started(server, **ACK)
    line = client.hold(**acked(1))
    for number in range(50):
        server.deliver("kate", CALLS, b"%d" % number)
    assert texts(client.read(line)) == list(range(50))


def test_order_holds_over_a_change_of_transport() -> None:
    server = new_server()
    client = started(server, **ACK)
    server.deliver("kate", CALLS, b"1")
    client.connect(**acked(1))
    socket = Socket(server)
    server.deliver("kate", CALLS, b"2")
    [frame] = socket.send(client.say("/meta/connect", **acked(1)))
    assert texts(frame) == [1, 2]
    server.deliver("kate", CALLS, b"3")
    assert texts(client.connect(**acked(batch_of(frame)))) == [3]


def test_on_a_socket_messages_and_their_number_come_in_one_frame() -> None:
    server = new_server()
    socket = Socket(server)
    client = Client(server)
    [[reply]] = socket.send({"channel": "/meta/handshake", **ACK})
    client.client_id = reply["clientId"]
    socket.send(client.say("/meta/subscribe", subscription=CALLS))
    [first] = socket.send(client.say("/meta/connect", **acked(0)))
    assert batch_of(first) == 1
    assert socket.send(client.say("/meta/connect", **acked(1))) == []
    server.deliver("kate", CALLS, b"1")
    assert server.events() == [socket.line]
    server.deliver("kate", CALLS, b"2")
    [frame] = socket.read()
    assert (texts(frame), batch_of(frame)) == ([1, 2], 2)
    server.deliver("kate", CALLS, b"3")
    assert server.events() == []
    assert socket.read() == []
    [frame] = socket.send(client.say("/meta/connect", **acked(2)))
    assert texts(frame) == [3]
