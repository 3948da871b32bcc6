"""Acknowledged messages over both transports: lost replies, odd numbers, order."""

from typing import Any

import pytest

from tests.unit.wire.bayeux.clients import CALLS, Client, Socket, new_server, started, texts

ACK: dict[str, Any] = {"ext": {"ack": True}}


def number_of(messages: list[dict[str, Any]]) -> int:
    number = messages[-1]["ext"]["ack"]
    assert isinstance(number, int)
    return number


def acked(number: int, **fields: Any) -> dict[str, Any]:
    return {"ext": {"ack": number}, **fields}


@pytest.mark.parametrize("first_value", [0, -1])
def test_the_first_value_of_each_generation_acknowledges_nothing(first_value: int) -> None:
    server = new_server()
    client = Client(server)
    client.handshake(**ACK)
    client.subscribe(CALLS)
    server.deliver("kate", CALLS, b"1")
    assert texts(client.connect(**acked(first_value))) == [1]
    assert texts(client.connect(**acked(first_value))) == [1]


def test_every_connect_reply_carries_the_number_of_the_newest_message_also_without_any() -> None:
    server = new_server()
    client = Client(server)
    client.handshake(**ACK)
    assert number_of(client.connect(**acked(0))) == 0
    server.deliver("kate", CALLS, b"1")
    assert number_of(client.connect(**acked(0, advice={"timeout": 0}))) == 1
    assert number_of(client.connect(**acked(1, advice={"timeout": 0}))) == 1


def test_messages_are_numbered_per_user_whoever_hears_them() -> None:
    server = new_server()
    server.deliver("kate", CALLS, b"1")
    everything, devices = started(server, **ACK), started(server, subscription="/v2/me/devices", **ACK)
    server.deliver("kate", CALLS, b"2")
    server.deliver("carl", CALLS, b"9")
    server.deliver("kate", "/v2/me/devices", b"3")
    assert [number_of(client.connect(**acked(1))) for client in (everything, devices)] == [3, 3]


def test_numbers_go_on_for_the_next_client_of_the_user() -> None:
    server = new_server()
    client = started(server, **ACK)
    server.deliver("kate", CALLS, b"1")
    client.request(client.say("/meta/disconnect"))
    again = started(server, **ACK)
    server.deliver("kate", CALLS, b"2")
    assert (texts(messages := again.connect(**acked(0))), number_of(messages)) == ([2], 2)


def test_messages_between_handshake_and_connect_come_with_the_connect() -> None:
    server = new_server()
    client = Client(server)
    client.handshake(**ACK)
    client.subscribe(CALLS)
    server.deliver("kate", CALLS, b"1")
    assert client.subscribe("/a")["successful"]
    assert texts(client.connect(**acked(0))) == [1]


def test_a_lost_reply_is_repeated_at_once_with_what_is_newer() -> None:
    server = new_server()
    client = started(server, **ACK)
    server.deliver("kate", CALLS, b"1")
    lost = client.connect(**acked(0))
    assert (texts(lost), number_of(lost)) == ([1], 1)
    server.deliver("kate", CALLS, b"2")
    again = client.connect(**acked(0))
    assert (texts(again), number_of(again)) == ([1, 2], 2)
    assert not client.hold(**acked(2)).pending


def test_two_lost_replies_add_up_before_what_is_newer() -> None:
    server = new_server()
    client = started(server, **ACK)
    for number in (b"1", b"2"):
        server.deliver("kate", CALLS, number)
        client.connect(**acked(0))
    server.deliver("kate", CALLS, b"3")
    last = client.connect(**acked(0))
    assert (texts(last), number_of(last)) == ([1, 2, 3], 3)


def test_an_acknowledged_part_is_not_repeated() -> None:
    server = new_server()
    client = started(server, **ACK)
    server.deliver("kate", CALLS, b"1")
    arrived = client.connect(**acked(0))
    server.deliver("kate", CALLS, b"2")
    client.connect(**acked(number_of(arrived)))
    assert texts(client.connect(**acked(number_of(arrived)))) == [2]


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
    client.connect(**acked(0))
    assert texts(client.connect(ext=ext)) == [1]


def test_a_reply_lost_on_a_dropped_connection_comes_again() -> None:
    server = new_server()
    client = started(server, **ACK)
    line = client.hold(**acked(0))
    server.deliver("kate", CALLS, b"1")
    assert texts(client.read(line)) == [1]
    server.close_line(line, 1.0)
    server.deliver("kate", CALLS, b"2")
    assert texts(client.connect(**acked(0))) == [1, 2]


def test_a_burst_stays_in_order() -> None:
    server = new_server()
    client = started(server, **ACK)
    line = client.hold(**acked(0))
    for number in range(50):
        server.deliver("kate", CALLS, b"%d" % number)
    assert texts(client.read(line)) == list(range(50))


def test_order_holds_over_a_change_of_transport() -> None:
    server = new_server()
    client = started(server, **ACK)
    server.deliver("kate", CALLS, b"1")
    client.connect(**acked(0))
    socket = Socket(server)
    server.deliver("kate", CALLS, b"2")
    [frame] = socket.send(client.say("/meta/connect", **acked(0)))
    assert texts(frame) == [1, 2]
    server.deliver("kate", CALLS, b"3")
    assert texts(client.connect(**acked(number_of(frame)))) == [3]


def test_on_a_socket_messages_and_their_number_come_in_one_frame() -> None:
    server = new_server()
    socket = Socket(server)
    client = Client(server)
    [[reply]] = socket.send({"channel": "/meta/handshake", **ACK})
    client.client_id = reply["clientId"]
    socket.send(client.say("/meta/subscribe", subscription=CALLS))
    [first] = socket.send(client.say("/meta/connect", **acked(0)))
    assert number_of(first) == 0
    assert socket.send(client.say("/meta/connect", **acked(0))) == []
    server.deliver("kate", CALLS, b"1")
    assert server.events() == [socket.line]
    server.deliver("kate", CALLS, b"2")
    [frame] = socket.read()
    assert (texts(frame), number_of(frame)) == ([1, 2], 2)
    server.deliver("kate", CALLS, b"3")
    assert server.events() == []
    assert socket.read() == []
    [frame] = socket.send(client.say("/meta/connect", **acked(2)))
    assert texts(frame) == [3]
