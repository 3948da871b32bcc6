"""What the program keeps of a recording that a worker makes: the sockets it has lent, who sends, what was noted.

It may shut what it lends, though never open it: a pause or an end begins in the kernel at the moment it is asked for, however
late the worker hears of it.
"""

import asyncio
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from telegraphone.capture import control, packet_socket, sockets
from telegraphone.capture.supervisor import Supervisor
from telegraphone.endpoints.media_ports import SocketPair

Silent = Callable[[str, int, float, float], None]
"""Takes the name of a recording and the number of a track whose source sends, the monotonic second since which, at the earliest,
nothing of it has come, and the one of the newest look."""


@dataclass(slots=True)
class Held:
    """A recording as far as this side knows it."""

    order: control.Order
    worker: Supervisor
    pairs: tuple[SocketPair, ...]
    number: int
    packets: tuple[socket.socket, ...] = ()
    sources: tuple[control.Source, control.Source] | None = None
    steady: tuple[bool, bool] = (False, False)
    """Which tracks' sources send all the time."""
    aimed: bool = False
    """Whether the worker has let these sources in."""
    early: set[str] = field(default_factory=set)
    ending: bool = False
    """Whether its end was asked for: should its worker be lost, another finishes its files, and reads its sockets no more."""
    over: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when it has given back what it was lent."""

    @property
    def paused(self) -> bool:
        """Whether a reason keeps audio out, so that its taps may be mute."""
        return bool(self.early)

    def give_back(self) -> tuple[tuple[SocketPair, ...], tuple[socket.socket, ...]]:
        """What it was lent, and has no more from now on."""
        lent = self.pairs, self.packets
        self.pairs, self.packets = (), ()
        self.over.set()
        return lent

    def descriptors(self) -> list[int]:
        """What the worker is lent, in the order it expects."""
        return [each.fileno() for pair in (*self.pairs, self.packets) for each in pair]

    def cut_off(self) -> int:
        """From now on the kernel delivers headers only, even to a worker that stands still; answers the monotonic instant."""
        for track, source in enumerate(self.sources if self.sources and self.pairs else ()):
            if not source.host:
                continue
            if source.arrives_at is not None:
                match = packet_socket.stream((source.host, source.port), source.arrives_at)
                packet_socket.deliver(self.packets[track], match, packet_socket.HEADERS)
            else:
                sockets.deliver_headers(self.pairs[track][0])
        return time.monotonic_ns()

    def restoring(self) -> control.Reserve:
        """What brings a new worker up to date."""
        early = tuple(sorted(self.early))
        return control.Reserve(self.number, self.order, self.sources, early, again=True)
