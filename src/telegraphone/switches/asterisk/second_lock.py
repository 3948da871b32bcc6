"""The second lock of a pause: Asterisk sends nothing either while the recorder's gate is shut.

The gate alone decides what is kept, so no pause waits for this, and what fails is logged. The danger lies at the other end: a
request to be mute that Asterisk heeds late, after it had stood still, would take away what is said after the resume. So the
requests for one copy go one after the other, each when the one before it was answered; and when an answer does not come, the
copy is no longer trusted: at the resume it is opened anew.
"""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from telegraphone.limits import ASTERISK_UNMUTE_S
from telegraphone.services.ports import Unavailable
from telegraphone.switches.asterisk.board import Board
from telegraphone.wire.ari import requests

log = structlog.get_logger()


class SecondLock:
    """That of one copy."""

    def __init__(self, board: Board, media: str) -> None:
        """`media`: the channel that sends the copy."""
        self._board = board
        self._media = media
        self._turning = asyncio.Lock()
        self._muted = False
        self._in_doubt = False
        self.wanted = False
        """Whether the copy is to be mute."""

    @property
    def sticks(self) -> bool:
        """Whether the copy is to be sent, and may be mute all the same, now or soon."""
        return self._in_doubt and not self.wanted

    async def turn(self, renew: Callable[[], Awaitable[None]], *, on: bool) -> None:
        """See `TapMutes`; `renew` opens the copy anew."""
        self.wanted = on
        following = self._board.work.spawn(self._follow, renew)
        if not on:
            await asyncio.wait((following,), timeout=ASTERISK_UNMUTE_S)

    async def _follow(self, renew: Callable[[], Awaitable[None]]) -> None:
        async with self._turning:
            while self._muted is not self.wanted and not self._in_doubt:
                await self._ask(on=self.wanted)
        if self.sticks:
            await renew()

    async def _ask(self, *, on: bool) -> None:
        try:
            await self._board.link.do(requests.mute(self._media, on=on, direction="out"))
        except Unavailable as error:
            self._in_doubt = True
            log.warning("tap_not_muted" if on else "tap_not_unmuted", asterisk=self._board.name, error=str(error))
        else:
            self._muted = on
