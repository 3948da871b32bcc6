"""The packet sockets of all recordings, held by the program and lent to its workers (see `packet_socket`).

Sockets are never closed while the recorder runs: a member that left would renumber others in the kernel's group. They are
used again instead.
"""

import asyncio
import socket
from collections.abc import Mapping

from telegraphone.capture import packet_socket, sockets
from telegraphone.limits import PACKET_SOCKETS_MAX


def may_take_packets() -> bool:
    """Whether this program can have a group."""
    try:
        packet_socket.open_packet_socket().close()
    except OSError:
        return False
    return True


class PacketGroup:
    """Sockets by the port whose packets each is to have."""

    def __init__(self) -> None:
        """Raises PermissionError without CAP_NET_RAW, and OSError."""
        # What belongs to no recording comes to the first socket, which delivers nothing to anybody.
        self._members = [packet_socket.open_packet_socket()]
        self._group = packet_socket.group_of(self._members[0])
        self._free: list[socket.socket] = []
        self._ports: dict[socket.socket, int] = {}
        self._led: dict[int, int] = {}
        self._changing = asyncio.Lock()

    def take(self) -> socket.socket:
        """A socket that delivers nothing and belongs to no port. Raises OSError when there are too many."""
        if self._free:
            return self._free.pop()
        if len(self._members) >= PACKET_SOCKETS_MAX:
            raise OSError("every packet socket is in use")
        opened = packet_socket.open_packet_socket(self._group)
        sockets.enlarge(opened)
        self._members.append(opened)
        return opened

    def give_back(self, opened: socket.socket) -> None:
        """Ends what it was lent for."""
        sockets.deliver_nothing(opened)
        sockets.throw_away(opened)
        self._ports.pop(opened, None)
        # The kernel counts what a socket had no room for as long as it lives: another recording would take it for its own loss.
        if not sockets.fill(opened)[1]:
            self._free.append(opened)

    async def lead(self, wanted: Mapping[socket.socket, int]) -> None:
        """On return packets for these ports come to these sockets, no longer to those that had them; 0: to none."""
        for opened, port in wanted.items():
            self._ports = {each: its for each, its in self._ports.items() if each is not opened and its != port}
            if port:
                self._ports[opened] = port
        async with self._changing:
            numbers = {opened: number for number, opened in enumerate(self._members)}
            members = {port: numbers[opened] for opened, port in self._ports.items()}
            if members != self._led:
                await asyncio.to_thread(packet_socket.lead, self._members[0], members)
                self._led = members

    def close(self) -> None:
        """Closes them all."""
        for each in self._members:
            each.close()
