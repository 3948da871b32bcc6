"""When a tap counts as dead: real sockets, and looks at times of our own."""

import socket
from collections.abc import Iterator
from contextlib import closing
from types import SimpleNamespace
from typing import Any

import pytest

from telegraphone.capture.tap_watch import TapWatch
from telegraphone.limits import TAP_LOOK_S, TAP_SILENT_S

HOST = "127.0.0.1"


class Watched:
    """A recording with one steady track, looked at by a watch; `told` is when it was called silent, and since when."""

    def __init__(self, receiving: socket.socket, sending: socket.socket) -> None:
        self._sending, self._to = sending, receiving.getsockname()
        held: Any = SimpleNamespace(steady=(True, False), pairs=((receiving, None), None), ending=False, paused=False)
        self.told: list[tuple[float, float]] = []
        self._watch = TapWatch({"recording": held}, lambda _, track, since, now: self.told.append((since, now)))
        self.now = 100.0
        self.looks(TAP_LOOK_S)

    def speaks(self) -> None:
        self._sending.sendto(b"packet", self._to)

    def looks(self, after_s: float) -> None:
        before, self.now = self.now, self.now + after_s
        self._watch.look(before, self.now)


@pytest.fixture
def watched() -> Iterator[Watched]:
    with closing(socket.socket(type=socket.SOCK_DGRAM)) as receiving, closing(socket.socket(type=socket.SOCK_DGRAM)) as sending:
        receiving.bind((HOST, 0))
        yield Watched(receiving, sending)


def test_a_tap_from_which_nothing_comes_is_told_of_once_and_since_when(watched: Watched) -> None:
    watched.speaks()
    watched.looks(TAP_LOOK_S)
    heard = watched.now
    while watched.now < heard + 2 * TAP_SILENT_S:
        watched.looks(TAP_LOOK_S)
    [(since, told)] = watched.told
    assert since == heard - TAP_LOOK_S
    assert heard + TAP_SILENT_S <= told <= heard + TAP_SILENT_S + TAP_LOOK_S


def test_one_that_sends_is_not(watched: Watched) -> None:
    for _ in range(20):
        watched.speaks()
        watched.looks(TAP_LOOK_S)
    assert watched.told == []


def test_a_machine_that_stood_still_has_not_listened(watched: Watched) -> None:
    """The worker may have emptied the socket before the first look after it."""
    watched.speaks()
    watched.looks(TAP_LOOK_S)
    watched.looks(2 * TAP_SILENT_S)
    assert watched.told == [], "one empty look proves nothing"
    back = watched.now
    while watched.now < back + TAP_SILENT_S:
        watched.looks(TAP_LOOK_S)
    assert len(watched.told) == 1
