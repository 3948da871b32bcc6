"""Remembers what is to be done when, so that one clock outside can drive any number of timers."""

import heapq
from collections.abc import Callable, Hashable
from itertools import count
from typing import Final

_SLACK: Final = 256
"""Dead entries the heap may hold beyond as many as live ones, before it is rebuilt."""

Action = Callable[[float], None]


class Deadlines:
    """Actions by key, each with its time. Arming a key again moves it; cancelled entries are dropped lazily."""

    __slots__ = ("_armed", "_heap", "_serial")

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Hashable]] = []
        self._armed: dict[Hashable, tuple[int, Action]] = {}
        self._serial = count()

    def __len__(self) -> int:
        return len(self._armed)

    def arm(self, key: Hashable, at: float, action: Action) -> None:
        """Do `action(now)` once `at` is reached, in place of what the key stood for."""
        serial = next(self._serial)
        self._armed[key] = (serial, action)
        heapq.heappush(self._heap, (at, serial, key))
        if len(self._heap) > 2 * len(self._armed) + _SLACK:
            self._heap = [entry for entry in self._heap if self._lives(entry)]
            heapq.heapify(self._heap)

    def cancel(self, key: Hashable) -> None:
        """Forget a key; it need not be armed."""
        self._armed.pop(key, None)

    def next(self) -> float | None:
        """The earliest time something is to be done, None if nothing is."""
        while self._heap and not self._lives(self._heap[0]):
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def run(self, now: float) -> None:
        """Do all that is due. An action may arm and cancel; what it arms for now or earlier waits for the next run."""
        horizon = next(self._serial)
        later = []
        while self._heap and self._heap[0][0] <= now:
            entry = heapq.heappop(self._heap)
            if not self._lives(entry):
                continue
            if entry[1] > horizon:
                later.append(entry)
                continue
            _, action = self._armed.pop(entry[2])
            action(now)
        for entry in later:
            heapq.heappush(self._heap, entry)

    def _lives(self, entry: tuple[float, int, Hashable]) -> bool:
        armed = self._armed.get(entry[2])
        return armed is not None and armed[0] == entry[1]
