"""Puts packets back into the order they were sent in, within a bound of time and number.

A packet that is missing is waited for as long as those behind it may wait: `window_ns` after the first of them was
received, or until REORDER_PACKETS_MAX of them are waiting. Then it counts as lost, and comes too late if it comes.
"""

from collections.abc import Iterator
from typing import Generic, TypeVar

from telegraphone.limits import REORDER_PACKETS_MAX

T = TypeVar("T")


class Reorder(Generic[T]):
    """Items of one source by extended sequence number."""

    __slots__ = ("_waiting", "next", "window_ns")

    def __init__(self, window_ns: int) -> None:
        self.window_ns = window_ns
        self.next: int | None = None
        """The number that is due; None until the first packet."""
        self._waiting: dict[int, tuple[int, T]] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    def push(self, number: int, item: T, received_ns: int) -> bool:
        """Takes an item in; False when it is there already, or was given out or up before: a duplicate or too late."""
        if number in self._waiting or (self.next is not None and number < self.next):
            return False
        self._waiting[number] = (received_ns, item)
        return True

    def ready(self, now_ns: int) -> Iterator[tuple[int, int, T]]:
        """(number, received_ns, item) of everything that is in turn, or has waited long enough, in order."""
        while self._waiting:
            number = self._first(now_ns)
            if number is None:
                return
            received_ns, item = self._waiting.pop(number)
            self.next = number + 1
            yield number, received_ns, item

    def flush(self) -> Iterator[tuple[int, int, T]]:
        """Everything that waits, in order."""
        for number in sorted(self._waiting):
            received_ns, item = self._waiting.pop(number)
            self.next = number + 1
            yield number, received_ns, item

    def waiting(self) -> list[tuple[int, T]]:
        """(received_ns, item) of everything that waits, in order; it goes on waiting."""
        return [self._waiting[number] for number in sorted(self._waiting)]

    def restart(self) -> None:
        """Forgets what is due: the next item begins a new numbering. To be flushed before."""
        self._waiting.clear()
        self.next = None

    def _first(self, now_ns: int) -> int | None:
        if self.next in self._waiting:
            return self.next
        lowest = min(self._waiting)
        if self.next is None or len(self._waiting) >= REORDER_PACKETS_MAX:
            return lowest
        earliest = min(received_ns for received_ns, _ in self._waiting.values())
        return lowest if now_ns - earliest >= self.window_ns else None
