"""UDP ports for recordings: an even one for each track, its neighbour for RTCP, and a rest before each is used again."""

import socket
from collections import deque

from telegraphone.capture.sockets import open_pair
from telegraphone.limits import PORT_REST_S


class PortsExhausted(Exception):
    """Every port of the range is in use or resting."""


class PortPool:
    """Hands out pairs of bound sockets from a range of ports. Times are monotonic seconds."""

    def __init__(self, host: str, first: int, last: int) -> None:
        """`first` … `last`, both included, on the address `host`."""
        self._host = host
        self._free: deque[tuple[float, int]] = deque((float("-inf"), port) for port in range(first + first % 2, last, 2))

    def take(self, now: float) -> tuple[int, socket.socket, socket.socket]:
        """The RTP port, its socket and the RTCP socket. Raises PortsExhausted; ports others use are passed over."""
        for _ in range(len(self._free)):
            rested_at, port = self._free[0]
            if rested_at > now:
                break
            self._free.popleft()
            try:
                return port, *open_pair(self._host, port)
            except OSError:
                self._free.append((now + PORT_REST_S, port))
        raise PortsExhausted

    def give_back(self, port: int, now: float) -> None:
        """The port may be used again after its rest: late packets of the old call must not reach a new one."""
        self._free.append((now + PORT_REST_S, port))
