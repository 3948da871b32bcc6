"""Plays keypad digits to a leg's party, key by key.

Asterisk does nothing else for a leg while it plays what one request asks for, two tenths of a second for each key: after a card
number in one request, a hold or transfer would wait for seconds, and fail. So each key is a request of its own, sent when the one
before it has been played, and whatever else is asked meanwhile comes between two keys. They may be card data: no log shows them.
"""

import asyncio
from collections import deque
from dataclasses import dataclass, field

import structlog

from telegraphone.limits import ASTERISK_KEY_S, ASTERISK_KEYS_MAX
from telegraphone.services.ports import Unavailable
from telegraphone.switches.asterisk.board import Board
from telegraphone.switches.asterisk.leg import Leg
from telegraphone.switches.asterisk.link import AriRefused
from telegraphone.wire.ari import requests

log = structlog.get_logger()


@dataclass(slots=True)
class _Waiting:
    """The keys on their way to one party. `taken`: whether Asterisk took the first; `playing` ends with the last, or earlier."""

    playing: "asyncio.Future[None]" = field(init=False)
    taken: "asyncio.Future[None]" = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    keys: deque[str] = field(default_factory=deque, repr=False)


class Keypad:
    """The keys that are still to be played to the parties of one Asterisk's legs."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self._waiting: dict[Leg, _Waiting] = {}

    async def play(self, leg: Leg, keys: str) -> None:
        """Returns when Asterisk has taken the first, be it one that was asked for before, and these stand behind it. Raises
        `Unavailable`, and then none is played."""
        waiting = self._waiting.get(leg)
        if waiting is None:
            waiting = self._waiting[leg] = _Waiting()
            waiting.playing = self._board.work.spawn(self._play, leg, waiting)
        elif len(waiting.keys) + len(keys) > ASTERISK_KEYS_MAX:
            raise Unavailable("switch", "too many keys wait to be played")
        waiting.keys.extend(keys)
        await asyncio.wait((waiting.taken, waiting.playing), return_when=asyncio.FIRST_COMPLETED)
        if not waiting.taken.done():
            raise Unavailable("switch", "no key was taken")

    async def _play(self, leg: Leg, waiting: _Waiting) -> None:
        """Each after the one before it, and as long as somebody hears them. Behind one that may not have been played none
        follows: a number that lacks a key is another number."""
        try:
            while waiting.keys:
                await self._press(leg, waiting.keys[0])
                waiting.keys.popleft()
                if not waiting.taken.done():
                    waiting.taken.set_result(None)
                await asyncio.sleep(ASTERISK_KEY_S)
                if leg.id not in self._board.legs:
                    return
        except Unavailable:
            if waiting.taken.done():  # so who asked for them believes that they are played
                log.error("keys_not_played", asterisk=self._board.name, left=len(waiting.keys))
            raise
        finally:
            del self._waiting[leg]

    async def _press(self, leg: Leg, key: str) -> None:
        """Who has left needs none; whatever else Asterisk refuses is not played."""
        try:
            await self._board.link.ask(requests.dtmf(leg.ari_id, key))
        except AriRefused as refused:
            if not refused.gone:
                raise Unavailable("switch", str(refused)) from refused
