"""Copies of what one leg's party says, sent to the recorder: a snoop (`spy=in`) and a channel that sends RTP, bridged.

The snoop belongs to the leg and not to a bridge, so a tap goes on through hold, consult, conference and transfer. It does not
end by itself, and nothing tells Asterisk that nobody receives it.
"""

import asyncio
from collections.abc import Container, Mapping
from contextlib import ExitStack
from dataclasses import dataclass

import structlog

from telegraphone.limits import ASTERISK_PORTS_SHARE_MAX
from telegraphone.services.ports import MediaAddress, MediaSource, TapMoved, Unavailable
from telegraphone.switches.asterisk.board import Board
from telegraphone.switches.asterisk.leg import Leg
from telegraphone.switches.asterisk.listeners import Snooping
from telegraphone.switches.asterisk.second_lock import SecondLock
from telegraphone.wire.ari import requests
from telegraphone.wire.ari.resources import ExternalMedia
from telegraphone.wire.errors import RemoteProtocolError

log = structlog.get_logger()

_CODECS = {0: "PCMU"}


@dataclass(frozen=True, slots=True)
class Tap:
    """What a tap is made of at Asterisk, and where it leads."""

    media: str
    snoop: str
    bridge: str
    to: MediaAddress
    source: MediaSource
    lock: SecondLock

    @property
    def parts(self) -> tuple[str, ...]:
        """All of it."""
        return self.snoop, self.media, self.bridge


class Taps:
    """The taps of one Asterisk."""

    def __init__(self, board: Board, rtp_pairs: int) -> None:
        """`rtp_pairs`: how many pairs of RTP ports Asterisk has; each leg and each tap takes one."""
        self._board = board
        self._pairs_max = int(rtp_pairs * ASTERISK_PORTS_SHARE_MAX)
        self._snooping = Snooping(board)
        self._taps: dict[Leg, Tap] = {}
        self._opening: dict[Leg, asyncio.Lock] = {}

    def source(self, media: ExternalMedia) -> MediaSource:
        """Who sends this copy: snoops give silence too."""
        return MediaSource(media.host, media.port, _CODECS, steady=True)

    async def fork(self, leg: Leg, to: MediaAddress) -> MediaSource:
        """See `Taps.fork`. A tap that leads there already goes on: to open it anew would lose what is said meanwhile."""
        async with self._opening.setdefault(leg, asyncio.Lock()):
            tap = self._taps.get(leg)
            if tap is not None and tap.to == to:
                return tap.source
            await self.unfork(leg)
            return await self._open(leg, to)

    async def unfork(self, leg: Leg) -> None:
        """See `Taps.unfork`."""
        tap = self._taps.pop(leg, None)
        if tap is not None:
            await self._board.janitor.delete(*tap.parts)

    async def mute(self, leg: Leg, on: bool) -> None:
        """See `TapMutes`."""
        if tap := self._taps.get(leg):
            await tap.lock.turn(lambda: self._open_again(leg, tap), on=on)

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
        source = self.source(media)
        self._taps[leg] = Tap(media.id, snoop, bridge, to, source, SecondLock(self._board, media.id))
        return source

    @property
    def open_ones(self) -> Mapping[Leg, Tap]:
        """The taps that there are now."""
        return dict(self._taps)

    def mend(self, known: Mapping[Leg, Tap], legs: Container[str], bridges: Mapping[str, frozenset[str]]) -> None:
        """These channels and bridges exist: a tap that was known before and has lost a part of itself, or sticks, is opened
        anew."""
        for leg, tap in known.items():
            in_bridge = bridges.get(tap.bridge, frozenset())
            whole = all(part in legs and part in in_bridge for part in (tap.media, tap.snoop))
            if (tap.lock.sticks or not whole) and leg.id in self._board.legs:
                self._board.work.spawn(self._open_again, leg, tap)

    async def _open_again(self, leg: Leg, tap: Tap) -> None:
        """A tap that cannot be opened now stays known as broken, so that the next look tries again."""
        async with self._opening.setdefault(leg, asyncio.Lock()):
            if self._taps.get(leg) is not tap or not await self._board.link.is_there(leg.ari_id):
                return  # a tap ends with its leg, and that may have been a moment ago
            log.error("tap_broken", asterisk=self._board.name, leg=leg.id)
            await self._board.janitor.delete(*tap.parts)
            self._board.tell(TapMoved(leg.id, await self._open(leg, tap.to)))
            await self.mute(leg, tap.lock.wanted)
