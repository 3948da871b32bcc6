"""Notices packets of a leg that come to Asterisk and not to the recorder, which takes them from the kernel.

Theory. A party that sends nothing is no fault: a phone holds, or suppresses silence. So where the recorder has had nothing for a
moment, Asterisk is asked how many packets it has received of that leg, again and again. When that number grows between two
answers, and the recorder has had none from before the first was asked for until after the second, its tap is dead. An Asterisk
that lags behind counts late what came early: so the first answer is only taken while nothing waits at the leg's port.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from telegraphone.limits import ASTERISK_MISSED_PACKETS, TAP_LOOK_S, TAP_SILENT_AGAIN_S, TAP_SILENT_S
from telegraphone.services.ports import MediaAddress
from telegraphone.services.switch_ports import QuietPackets
from telegraphone.switches.asterisk.board import Board
from telegraphone.switches.asterisk.leg import Leg

_RECEIVED: Final = "CHANNEL(rtcp,rxcount)"
_ASKED_LATER_S: Final = 3 * TAP_LOOK_S
"""Between two questions about a leg that has been silent for long: most likely it holds."""


@dataclass(frozen=True, slots=True)
class _Count:
    """How many packets Asterisk has received, as it said between these two moments."""

    asked: float
    packets: int
    answered: float


@dataclass(frozen=True, slots=True)
class _Still:
    """A leg has sent no more packets than these up to this moment; None: only since it was asked about."""

    packets: int
    until: float | None


class MissedPackets:
    """Asks about the packet taps of one Asterisk. `dead` is awaited for each leg of which something is missed."""

    def __init__(
        self,
        board: Board,
        quiet: QuietPackets,
        taps: Callable[[], Mapping[Leg, MediaAddress]],
        dead: Callable[[Leg, float], Awaitable[None]],
    ) -> None:
        """`taps`: the legs that are tapped now, and where their packets arrive. `dead` is also told since when that is known."""
        self._board = board
        self._quiet = quiet
        self._taps = taps
        self._dead = dead
        self._places: Mapping[Leg, MediaAddress] = {}
        self._asking: dict[Leg, _Still | None] = {}
        """The legs that are asked about, and up to when they have sent nothing."""
        self._told: dict[Leg, float] = {}

    async def run(self) -> None:
        """For ever."""
        while True:
            await asyncio.sleep(TAP_LOOK_S)
            self._places = self._taps()
            quiet = {leg: place for leg, place in self._places.items() if self._quiet.at(place) is not None}
            self._told = {leg: at for leg, at in self._told.items() if leg in quiet}
            for leg, place in quiet.items():
                if leg not in self._asking:
                    self._asking[leg] = None
                    self._board.work.spawn(self._ask, leg, place).add_done_callback(partial(self._asked, leg))

    async def moved(self, leg: Leg, place: MediaAddress) -> None:
        """The leg's party sends from elsewhere, which only a look has shown: what it has sent from there so far is missed, if it
        sent anything."""
        still = self._asking.get(leg) if self._quiet.at(place) is not None else None
        if still is not None:
            now = await self._count(leg)
            if now is None or now.packets <= still.packets:
                return
        self._say(leg, place, still)

    def _asked(self, leg: Leg, _: object) -> None:
        del self._asking[leg]

    async def _ask(self, leg: Leg, place: MediaAddress) -> None:
        """Until something comes to the recorder again, or the leg is no longer tapped."""
        if is_behind(place):
            return
        first = last = await self._count(leg)
        self._asking[leg] = _Still(first.packets, None) if first is not None else None
        while first is not None and last is not None and self._places.get(leg) == place:
            quiet, missed = self._quiet.at(place), last.packets - first.packets
            if quiet is None or quiet.since > first.asked:
                return
            if missed >= ASTERISK_MISSED_PACKETS:
                if quiet.looked >= last.answered:
                    self._say(leg, place, self._asking[leg])
                    await self._dead(leg, first.asked)
                    return
                await asyncio.sleep(TAP_LOOK_S)
                continue
            soon = missed or quiet.looked - quiet.since < TAP_SILENT_S
            await asyncio.sleep(TAP_LOOK_S if soon else _ASKED_LATER_S)
            last = await self._count(leg)
            if last is not None and last.packets < first.packets:
                return  # the leg's media began anew
            if last is not None and last.packets == first.packets:
                self._asking[leg] = _Still(last.packets, last.asked)

    def _say(self, leg: Leg, place: MediaAddress, still: _Still | None) -> None:
        now = self._board.clock.now()
        if now >= self._told.get(leg, now):
            self._told[leg] = now + TAP_SILENT_AGAIN_S
            self._quiet.missed(place, None if still is None else still.until)

    async def _count(self, leg: Leg) -> _Count | None:
        """None where Asterisk does not say."""
        asked = self._board.clock.now()
        said = await self._board.link.variable(leg.ari_id, _RECEIVED)
        return _Count(asked, int(said), self._board.clock.now()) if said.isascii() and said.isdigit() else None


def is_behind(place: MediaAddress, table: Path = Path("/proc/net/udp")) -> bool:
    """Whether packets wait at this port for the program that has it (proc(5), /proc/net/udp)."""
    for line in table.read_text(encoding="ascii").splitlines()[1:]:
        _, local, _, _, queues, *_ = line.split()
        if int(local.partition(":")[2], 16) == place.port and int(queues.partition(":")[2], 16):
            return True
    return False
