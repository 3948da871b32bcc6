"""Gives every leg a pair of UDP ports, and lets a used pair cool down before another call gets it.

RTP that is still on its way to a finished call must not be heard in the next one, so a port rests for some seconds; and
the pairs go round, the longest unused first. RTP has the even port, RTCP the odd one above (RFC 3550 section 11).
"""

import socket
from collections import deque
from collections.abc import Callable

from telegraphone.limits import MEDIA_PORT_REST_S, MEDIA_SOCKET_BUFFER_BYTES
from telegraphone.services.ports import Unavailable

SocketPair = tuple[socket.socket, socket.socket]


class PortPool:
    """The pairs of one address within first … last, both ends included."""

    def __init__(self, host: str, ports: tuple[int, int], now: Callable[[], float]) -> None:
        first, last = ports
        self._host = host
        self._now = now
        self._family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._free = deque(range(first + first % 2, last, 2))
        self._resting: deque[tuple[float, int]] = deque()
        self.in_use = 0
        """Pairs that are open now."""

    def take(self) -> SocketPair:
        """Two bound, non-blocking sockets. Raises Unavailable("switch") when no pair is left."""
        now = self._now()
        while self._resting and self._resting[0][0] <= now:
            self._free.append(self._resting.popleft()[1])
        for _ in range(len(self._free)):
            port = self._free.popleft()
            pair = self._bind(port)
            if pair is not None:
                self.in_use += 1
                return pair
            # Somebody else on this machine has it; it goes to the back of the line.
            self._free.append(port)
        raise Unavailable("switch", "no RTP port left")

    def give_back(self, pair: SocketPair) -> None:
        """Closes both sockets; the pair rests before it is used again."""
        port = pair[0].getsockname()[1]
        for each in pair:
            each.close()
        self.in_use -= 1
        self._resting.append((self._now() + MEDIA_PORT_REST_S, port))

    def _bind(self, port: int) -> SocketPair | None:
        rtp, rtcp = (socket.socket(self._family, socket.SOCK_DGRAM) for _ in range(2))
        try:
            rtp.bind((self._host, port))
            rtcp.bind((self._host, port + 1))
        except OSError:
            rtp.close()
            rtcp.close()
            return None
        rtp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, MEDIA_SOCKET_BUFFER_BYTES)
        rtp.setblocking(False)
        rtcp.setblocking(False)
        return rtp, rtcp
