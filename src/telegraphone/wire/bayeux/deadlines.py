"""Which of thousands of things is due next, when nearly every deadline is moved on before it is reached.

A heap with at most one live entry per key. Moving a deadline later only notes the new time; the old entry is put
back when it comes up. So a client that polls every second costs one entry, not one per poll.
"""

from heapq import heappop, heappush
from typing import Generic, TypeVar

Key = TypeVar("Key")


class Deadlines(Generic[Key]):
    """One deadline per key, in monotonic seconds; keys are compared by identity or value as they define it."""

    __slots__ = ("_due", "_entries", "_heap", "_serial")

    def __init__(self) -> None:
        self._due: dict[Key, float] = {}
        self._entries: dict[Key, float] = {}
        self._heap: list[tuple[float, int, Key]] = []
        self._serial = 0

    def set(self, key: Key, when: float) -> None:
        """Sets or moves the deadline of a key."""
        self._due[key] = when
        if when < self._entries.get(key, float("inf")):
            self._push(key, when)

    def clear(self, key: Key) -> None:
        """Takes the key's deadline away."""
        self._due.pop(key, None)

    def next(self) -> float | None:
        """The earliest time at which something may be due; never too late, sometimes too early."""
        return self._heap[0][0] if self._heap else None

    def pop_due(self, now: float) -> list[Key]:
        """The keys whose deadline has come, earliest first; their deadlines are taken away."""
        due: list[Key] = []
        while self._heap and self._heap[0][0] <= now:
            entry, _, key = heappop(self._heap)
            if self._entries.get(key) != entry:
                continue
            del self._entries[key]
            when = self._due.get(key)
            if when is None:
                continue
            if when <= now:
                del self._due[key]
                due.append(key)
            else:
                self._push(key, when)
        return due

    def _push(self, key: Key, when: float) -> None:
        self._serial += 1
        self._entries[key] = when
        heappush(self._heap, (when, self._serial, key))
