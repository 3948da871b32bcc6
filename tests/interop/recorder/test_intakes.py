"""Ports that outlive recordings: lent to one at a time, emptied before, silent in between."""

import socket

from telegraphone.capture import sockets
from telegraphone.capture.intakes import Intakes
from telegraphone.domain.ids import LegId
from telegraphone.endpoints.media_ports import close_pair, open_any_pair

LEG, OTHER = LegId("leg"), LegId("other")


def heard(receiving: socket.socket) -> bytes:
    try:
        return receiving.recv(100)
    except BlockingIOError:
        return b""


def test_a_pair_is_lent_emptied_and_stays_open() -> None:
    intakes, pair = Intakes(), open_any_pair("127.0.0.1")
    intakes.add("one", pair)
    intakes.assign(LEG, "one")
    intakes.assign(OTHER, "one")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(b"before", pair[0].getsockname())
        assert intakes.lend(LEG) is pair
        assert intakes.lend(OTHER) is None
        assert intakes.remove("unknown") is None
        sockets.deliver_all(pair[0])
        assert heard(pair[0]) == b""
        assert not intakes.is_heard("one")
        sender.sendto(b"while", pair[0].getsockname())
        assert intakes.is_heard("one")
        assert heard(pair[0]) == b"while"
        assert intakes.give_back(pair)
        sender.sendto(b"after", pair[0].getsockname())
        assert heard(pair[0]) == b""
        assert not intakes.is_heard("one")
    assert intakes.pairs() == (pair,)
    assert intakes.remove("one") is pair
    close_pair(pair)


def test_a_pair_that_is_lent_goes_when_it_comes_back() -> None:
    intakes, pair = Intakes(), open_any_pair("127.0.0.1")
    intakes.add("one", pair)
    intakes.assign(LEG, "one")
    assert intakes.lend(LEG) is pair
    assert intakes.remove("one") is None
    assert not intakes.give_back(pair)
    intakes.assign(LEG, None)
    assert intakes.lend(LEG) is None
    close_pair(pair)
