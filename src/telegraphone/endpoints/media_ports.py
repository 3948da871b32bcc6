"""Pairs of UDP ports for media: RTP on an even port, RTCP on the one above (RFC 3550 section 11), with a rest between uses.

RTP that is still on its way to a finished call must not be heard in the next one, so a pair rests before it is bound again;
and the pairs go round: next is the one whose rest is over for longest.
"""

import socket
from collections.abc import Callable
from heapq import heappop, heappush

from telegraphone.limits import MEDIA_PORT_REST_S

SocketPair = tuple[socket.socket, socket.socket]
"""The RTP socket and the RTCP socket."""

_ANY_PORT_TRIES = 20


class PortsExhausted(Exception):
    """Every port of the range is in use or resting."""


def open_pair(host: str, port: int, prepare: Callable[[socket.socket], None] = lambda _: None) -> SocketPair:
    """Two non-blocking sockets, on `port` and the one above; `prepare` is called on each before it is bound, so that
    nothing arrives at an unprepared one. Raises OSError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    opened: list[socket.socket] = []
    try:
        for place in (port, port + 1):
            each = socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
            opened.append(each)
            prepare(each)
            each.bind((host, place))
    except OSError:
        close_pair(opened)
        raise
    return opened[0], opened[1]


def open_any_pair(host: str) -> SocketPair:
    """A pair wherever the system has one free. Raises OSError when luck fails too often."""
    for _ in range(_ANY_PORT_TRIES):
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM) as asked:
            asked.bind((host, 0))
            port: int = asked.getsockname()[1]
        try:
            return open_pair(host, port - port % 2)
        except OSError:
            continue
    raise OSError("no pair of ports is free")


def close_pair(pair: list[socket.socket] | SocketPair) -> None:
    """Closes both."""
    for each in pair:
        each.close()


class PortPool:
    """The pairs of one address within first … last, both ends included. `now` is monotonic seconds."""

    def __init__(self, host: str, first: int, last: int, prepare: Callable[[socket.socket], None] = lambda _: None) -> None:
        self._host = host
        self._prepare = prepare
        self._free = [(float("-inf"), port) for port in range(first + first % 2, last, 2)]
        """A heap: until when each rests."""
        self._rests_s: dict[int, float] = {}
        """How long each pair that is open now is to rest."""

    @property
    def in_use(self) -> int:
        """Pairs that are open now."""
        return len(self._rests_s)

    @property
    def size(self) -> int:
        """All its pairs."""
        return self.in_use + len(self._free)

    def take(self, now: float, *, rest_s: float = MEDIA_PORT_REST_S) -> SocketPair:
        """A pair that has rested, and is to rest so long afterwards; ports that another program holds are passed over. Raises
        PortsExhausted."""
        for _ in range(len(self._free)):
            if self._free[0][0] > now:
                break
            _, port = heappop(self._free)
            try:
                pair = open_pair(self._host, port, self._prepare)
            except OSError:
                heappush(self._free, (now + MEDIA_PORT_REST_S, port))
                continue
            self._rests_s[port] = rest_s
            return pair
        raise PortsExhausted

    def give_back(self, pair: SocketPair, now: float) -> None:
        """Closes the pair; its ports rest before they are used again."""
        port = pair[0].getsockname()[1]
        close_pair(pair)
        heappush(self._free, (now + self._rests_s.pop(port), port))
