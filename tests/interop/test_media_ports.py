"""Pairs of media ports: bound together, rested between two calls, and never taken from another program."""

import socket
from collections.abc import Iterator

import pytest

from telegraphone.endpoints.media_ports import PortPool, PortsExhausted, SocketPair, close_pair, open_any_pair
from telegraphone.limits import MEDIA_PORT_REST_S

HOST = "127.0.0.1"


@pytest.fixture
def first() -> int:
    """An even port with a free one above it and a pair's room above that."""
    pair = open_any_pair(HOST)
    port: int = pair[0].getsockname()[1]
    close_pair(pair)
    return port


@pytest.fixture
def opened() -> Iterator[list[SocketPair]]:
    """What a test took, closed in the end."""
    pairs: list[SocketPair] = []
    yield pairs
    for pair in pairs:
        close_pair(pair)


def port_of(pair: SocketPair) -> int:
    return int(pair[0].getsockname()[1])


def test_a_pair_is_an_even_port_and_the_one_above(opened: list[SocketPair]) -> None:
    opened.append(open_any_pair(HOST))
    rtp, rtcp = (each.getsockname()[1] for each in opened[0])
    assert rtp % 2 == 0
    assert rtcp == rtp + 1


def test_a_pair_rests_before_it_is_used_again(first: int, opened: list[SocketPair]) -> None:
    pool = PortPool(HOST, first, first + 1)
    pool.give_back(pool.take(100.0), 100.0)
    with pytest.raises(PortsExhausted):
        pool.take(100.0 + MEDIA_PORT_REST_S - 0.1)
    opened.append(pool.take(100.0 + MEDIA_PORT_REST_S))
    assert port_of(opened[0]) == first
    assert pool.in_use == 1


def test_a_pair_may_rest_longer_and_holds_no_other_up(first: int, opened: list[SocketPair]) -> None:
    pool = PortPool(HOST, first, first + 3)
    for pair in (pool.take(0.0, rest_s=3 * MEDIA_PORT_REST_S), pool.take(0.0)):
        pool.give_back(pair, 0.0)
    opened.append(pool.take(MEDIA_PORT_REST_S))
    with pytest.raises(PortsExhausted):
        pool.take(3 * MEDIA_PORT_REST_S - 0.1)
    opened.append(pool.take(3 * MEDIA_PORT_REST_S))
    assert [port_of(pair) for pair in opened] == [first + 2, first]


def test_the_pair_that_has_rested_longest_is_used_next() -> None:
    """With room for it a port rests much longer than it must."""
    pool, used = PortPool(HOST, 40_000, 40_019), set()
    for call in range(5):
        pair = pool.take(call * MEDIA_PORT_REST_S)
        used.add(port_of(pair))
        pool.give_back(pair, call * MEDIA_PORT_REST_S)
    assert len(used) == 5


def test_a_port_of_another_program_is_passed_over(first: int, opened: list[SocketPair]) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind((HOST, first + 1))
        pool = PortPool(HOST, first, first + 1)
        with pytest.raises(PortsExhausted):
            pool.take(0.0)
        assert pool.in_use == 0
    opened.append(pool.take(MEDIA_PORT_REST_S))


def test_each_socket_is_prepared_before_it_can_receive(opened: list[SocketPair]) -> None:
    prepared: list[int] = []
    pool = PortPool(HOST, 40_000, 40_999, lambda each: prepared.append(each.getsockname()[1]))
    opened.append(pool.take(0.0))
    assert prepared[-2:] == [0, 0], "an unbound socket has no port yet"
