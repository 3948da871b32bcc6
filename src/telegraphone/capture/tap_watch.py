"""Notices taps that are dead: a source that sends all the time, silence too, and from which nothing comes any more.

Nothing tells a switch that nobody receives what it sends, and nothing tells a receiver that its sender is gone. Packets wait in
the kernel until the worker reads them, some times a second; so a look that finds none proves nothing, and several do.
"""

import asyncio
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from telegraphone.capture.held import Held
from telegraphone.limits import TAP_LOOK_S, TAP_SILENT_AGAIN_S, TAP_SILENT_S


@dataclass(slots=True)
class _Ear:
    """When it is to be said that nothing comes, unless something does."""

    due: float


class TapWatch:
    """Looks at every running recording. `silent` is told its name, and again while it lasts."""

    def __init__(self, recordings: Mapping[str, Held], silent: Callable[[str], None]) -> None:
        self._recordings = recordings
        self._silent = silent
        self._ears: dict[tuple[str, int], _Ear] = {}

    async def run(self) -> None:
        """For ever."""
        while True:
            await asyncio.sleep(TAP_LOOK_S)
            self.look(time.monotonic())

    def look(self, now: float) -> None:
        """One look at all of them."""
        steady = {
            (name, track): held.pairs[track][0]
            for name, held in self._recordings.items()
            for track in (0, 1)
            if held.steady[track] and not held.ending
        }
        self._ears = {key: self._ears.get(key) or _Ear(now + TAP_SILENT_S) for key in steady}
        for key, receiving in steady.items():
            ear = self._ears[key]
            if _something_waits(receiving):
                ear.due = now + TAP_SILENT_S
            elif now >= ear.due:
                ear.due = now + TAP_SILENT_AGAIN_S
                self._silent(key[0])


def _something_waits(receiving: socket.socket) -> bool:
    try:
        receiving.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except OSError:
        return False
    return True
