"""Copies of what one leg's party says, sent to the recorder: a snoop (`spy=in`) and a channel that sends RTP, bridged.

The snoop belongs to the leg and not to a bridge, so a tap goes on through hold, consult, conference and transfer. It does not
end by itself, and nothing tells Asterisk that nobody receives it.
"""

import asyncio
from contextlib import ExitStack
from dataclasses import dataclass

from telegraphone.limits import ASTERISK_PORTS_SHARE_MAX
from telegraphone.services.ports import MediaAddress, MediaSource, Unavailable
from telegraphone.switches.asterisk.board import Board
from telegraphone.switches.asterisk.leg import Leg
from telegraphone.switches.asterisk.listeners import Snooping
from telegraphone.wire.ari import requests
from telegraphone.wire.ari.resources import ExternalMedia
from telegraphone.wire.errors import RemoteProtocolError

_CODECS = {0: "PCMU"}


@dataclass(frozen=True, slots=True)
class _Tap:
    media: str
    snoop: str
    bridge: str

    @property
    def parts(self) -> tuple[str, ...]:
        return self.snoop, self.media, self.bridge


class Taps:
    """The taps of one Asterisk."""

    def __init__(self, board: Board, rtp_pairs: int) -> None:
        """`rtp_pairs`: how many pairs of RTP ports Asterisk has; each leg and each tap takes one."""
        self._board = board
        self._pairs_max = int(rtp_pairs * ASTERISK_PORTS_SHARE_MAX)
        self._snooping = Snooping(board)
        self._taps: dict[Leg, _Tap] = {}
        self._opening: dict[Leg, asyncio.Lock] = {}

    def source(self, media: ExternalMedia) -> MediaSource:
        """Who sends this copy."""
        return MediaSource(media.host, media.port, _CODECS)

    async def fork(self, leg: Leg, to: MediaAddress) -> MediaSource:
        """See `Taps.fork`."""
        async with self._opening.setdefault(leg, asyncio.Lock()):
            await self.unfork(leg)
            return await self._open(leg, to)

    async def unfork(self, leg: Leg) -> None:
        """See `Taps.unfork`."""
        tap = self._taps.pop(leg, None)
        if tap is not None:
            await self._board.janitor.delete(*tap.parts)

    async def gone(self, leg: Leg) -> None:
        """The leg has ended, and what copied it with it."""
        await self.unfork(leg)
        self._opening.pop(leg, None)

    def lost(self) -> None:
        """Asterisk is gone with all of it."""
        self._taps.clear()
        self._opening.clear()

    async def external_media(self, to: MediaAddress) -> ExternalMedia:
        """A channel that sends what it hears to the address. Raises `Unavailable`, also when ports run out."""
        self._must_have_a_port()
        made = self._board.new_id("media")
        with self._board.waits.start(made) as told:
            found = await self._snooping.make(requests.external_media(made, self._board.app, to.host, to.port), made)
            await self._board.waits.until(told)
        try:
            return ExternalMedia.of(found)
        except RemoteProtocolError as error:
            self._board.janitor.condemn(made)
            raise Unavailable("switch", str(error)) from error

    def _must_have_a_port(self) -> None:
        """With no port left, the next tap kills Asterisk and every call it has (asterisk/asterisk#1757)."""
        if not self._board.listening:
            raise Unavailable("switch", "no events from Asterisk: it would end a tap at once")
        copies = sum(".media." in each for each in self._board.janitor.owned)
        if len(self._board.legs) + copies + self._board.others >= self._pairs_max:
            raise Unavailable("switch", "Asterisk's RTP ports run out: widen rtpstart and rtpend")

    async def _open(self, leg: Leg, to: MediaAddress) -> MediaSource:
        condemn = self._board.janitor.condemn
        with ExitStack() as undo:
            media = await self.external_media(to)
            undo.callback(condemn, media.id)
            bridge = await self._snooping.bridge()
            undo.callback(condemn, bridge)
            snoop = await self._snooping.snoop(bridge, leg)
            undo.callback(condemn, snoop)
            await self._snooping.put(bridge, media.id)
            if leg.id not in self._board.legs:
                raise Unavailable("switch", "the leg has ended", retryable=False)
            undo.pop_all()
        self._taps[leg] = _Tap(media.id, snoop, bridge)
        return self.source(media)
