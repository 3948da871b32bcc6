"""Plays keypad digits to a leg's party, key by key.

Asterisk does nothing else for a leg while it plays what one request asks for, two tenths of a second for each key: after a card
number in one request, a hold or transfer would wait for seconds, and fail. So each key is a request of its own, sent when the one
before it has been played, and whatever else is asked meanwhile comes between two keys. They may be card data: no log shows them.
"""

import asyncio
from collections import deque

from telegraphone.limits import ASTERISK_KEY_S, ASTERISK_KEYS_MAX
from telegraphone.services.ports import Unavailable
from telegraphone.switches.asterisk.board import Board
from telegraphone.switches.asterisk.leg import Leg
from telegraphone.wire.ari import requests


class Keypad:
    """The keys that are still to be played to the parties of one Asterisk's legs."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self._waiting: dict[Leg, deque[str]] = {}

    async def play(self, leg: Leg, keys: str) -> None:
        """Returns when Asterisk has taken the first, or all stand behind those that were asked for before. Raises
        `Unavailable`, and then none is played."""
        waiting = self._waiting.get(leg)
        if waiting is not None:
            if len(waiting) + len(keys) > ASTERISK_KEYS_MAX:
                raise Unavailable("switch", "too many keys wait to be played")
            waiting.extend(keys)
            return
        waiting = self._waiting[leg] = deque(keys)
        try:
            await self._press(leg, waiting.popleft())
        except BaseException:
            del self._waiting[leg]
            raise
        self._board.work.spawn(self._play, leg, waiting)

    async def _play(self, leg: Leg, waiting: deque[str]) -> None:
        """All the others, each after the one before it, and as long as somebody hears them."""
        try:
            await asyncio.sleep(ASTERISK_KEY_S)
            while waiting and leg.id in self._board.legs:
                await self._press(leg, waiting.popleft())
                await asyncio.sleep(ASTERISK_KEY_S)
        finally:
            del self._waiting[leg]

    async def _press(self, leg: Leg, key: str) -> None:
        await self._board.link.do(requests.dtmf(leg.ari_id, key))
