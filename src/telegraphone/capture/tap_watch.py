"""Notices taps that are dead: a source that sends all the time, silence too, and from which nothing comes any more.

Nothing tells a switch that nobody receives what it sends, and nothing tells a receiver that its sender is gone. Packets wait in
the kernel until the worker reads them, some times a second; so what waits and is more or less than at the last look has come
since then, and a look that finds none proves nothing: several do. So time in which nobody looked, because the whole machine stood
still, counts for nothing.
"""

import socket
from collections.abc import Mapping
from dataclasses import dataclass

from telegraphone.capture import sockets
from telegraphone.capture.held import Held, Silent
from telegraphone.limits import TAP_LOOK_S, TAP_SILENT_AGAIN_S, TAP_SILENT_S


@dataclass(slots=True)
class _Ear:
    """One socket: how full it was at the last look, since when at the earliest nothing has come, and when to say so."""

    fill: tuple[int, int]
    looked: float
    silent_since: float
    due: float

    def hears(self, receiving: socket.socket, now: float) -> bool:
        """Whether something has come since the last look. A full socket drops what comes."""
        fill, before = sockets.fill(receiving), self.fill
        looked, self.fill, self.looked = self.looked, fill, now
        if fill[1] == before[1] and fill[0] in {0, before[0]}:
            return False
        self.silent_since, self.due = looked, now + TAP_SILENT_S
        return True


class TapWatch:
    """Looks at every recording whose gate is open. `silent` is told of one, and again while it lasts."""

    def __init__(self, recordings: Mapping[str, Held], silent: Silent) -> None:
        self._recordings = recordings
        self._silent = silent
        self._ears: dict[tuple[str, int], _Ear] = {}

    def look(self, before: float, now: float) -> None:
        """One look at all of them, after the one `before`."""
        steady = {
            (name, track): held.pairs[track][0]
            for name, held in self._recordings.items()
            for track in (0, 1)
            if held.steady[track] and not held.ending and not held.paused
        }
        new = {key: _Ear(sockets.fill(steady[key]), now, before, now + TAP_SILENT_S) for key in steady.keys() - self._ears.keys()}
        self._ears = {key: self._ears.get(key) or new[key] for key in steady}
        stood_still_s = max(0.0, now - before - 2 * TAP_LOOK_S)
        for key in steady.keys() - new.keys():
            ear = self._ears[key]
            ear.due += stood_still_s
            if not ear.hears(steady[key], now) and now >= ear.due:
                ear.due = now + TAP_SILENT_AGAIN_S
                self._silent(*key, ear.silent_since, now)
