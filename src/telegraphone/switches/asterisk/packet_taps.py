"""Copies of what one leg's party says, taken by the recorder from the kernel of the machine that Asterisk runs on, too.

Asterisk has nothing to do for such a tap, and nothing at Asterisk can make it stall; all that is needed is where the leg's RTP
arrives. It works where that is on this machine, plain, of a coding whose payload type is fixed, and where the sound cannot go
around Asterisk (`direct_media`); other legs are tapped at Asterisk.
"""

import asyncio
import errno
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import structlog

from telegraphone.limits import ASTERISK_PARTY_LOOK_S, ASTERISK_PARTY_SETTLED_S
from telegraphone.services.ports import NOBODY, MediaAddress, MediaSource, TapMoved, Unavailable
from telegraphone.services.switch_ports import QuietPackets
from telegraphone.switches.asterisk.board import Board
from telegraphone.switches.asterisk.leg import Leg
from telegraphone.switches.asterisk.missed_packets import MissedPackets
from telegraphone.switches.asterisk.taps import Taps

log = structlog.get_logger()

_CODECS: Final[Mapping[int, str]] = MappingProxyType({0: "PCMU", 8: "PCMA", 9: "G722"})
_FORMATS: Final = frozenset(("ulaw", "alaw", "g722"))
_ANYBODY: Final = MediaAddress("0.0.0.0", 0)  # noqa: S104 - stands for every sender, and is bound nowhere
_OFF: Final = frozenset(("false", "no"))


@dataclass(slots=True, eq=False)
class _PacketTap:
    """Where the leg's RTP arrives and who sends it; `to` is where a copy would be sent instead."""

    to: MediaAddress
    arrives_at: MediaAddress
    aimed: float
    """Since when its party is expected there, monotonic seconds."""
    party: MediaAddress = _ANYBODY

    @property
    def source(self) -> MediaSource:
        return MediaSource(self.party.host, self.party.port, _CODECS, arrives_at=self.arrives_at)


class PacketTaps:
    """The taps of one Asterisk that cost it nothing."""

    def __init__(self, board: Board, copies: Taps, quiet: QuietPackets, *, surely_here: bool) -> None:
        """`copies` are opened for legs that cannot be tapped so; `surely_here`: Asterisk runs on this machine even where the
        connection to it does not look so."""
        self._board = board
        self._copies = copies
        self._surely_here = surely_here
        self._taps: dict[Leg, _PacketTap] = {}
        self._missed = MissedPackets(board, quiet, self._places, self._mend)

    async def run(self) -> None:
        """Looks for taps that are dead, for ever."""
        await self._missed.run()

    async def fork(self, leg: Leg, to: MediaAddress) -> MediaSource | None:
        """Who sends the leg's audio, and where to; None for a leg that must be tapped at Asterisk. Whose address may still be
        corrected, as behind address translation, is anybody until it has settled: then `TapMoved` says who it is."""
        arrives_at = await self._tappable(leg)
        tap = self._taps.get(leg)
        if arrives_at is None:
            self.unfork(leg)
            return None
        if tap is None:
            tap = self._taps[leg] = _PacketTap(to, arrives_at, self._board.clock.now())
            self._board.work.spawn(self._follow, leg, tap)
        elif tap.arrives_at != arrives_at:
            tap.arrives_at, tap.party, tap.aimed = arrives_at, _ANYBODY, self._board.clock.now()
        tap.to = to
        return self._source(leg, tap)

    def unfork(self, leg: Leg) -> None:
        """The leg is no longer tapped."""
        self._taps.pop(leg, None)

    def muted(self, leg: Leg) -> None:
        """Nobody hears the leg's party any more, or everybody again: Asterisk keeps the sound out only of what it passes on."""
        if tap := self._taps.get(leg):
            self._tell(leg, tap)

    def _places(self) -> Mapping[Leg, MediaAddress]:
        return {leg: tap.arrives_at for leg, tap in self._taps.items()}

    def _tell(self, leg: Leg, tap: _PacketTap) -> None:
        self._board.tell(TapMoved(leg.id, self._source(leg, tap)))

    def _source(self, leg: Leg, tap: _PacketTap) -> MediaSource:
        return NOBODY if leg.muted else tap.source

    async def _tappable(self, leg: Leg) -> MediaAddress | None:
        """Where the leg's RTP arrives, if it can be taken there and read."""
        if leg.unseen or not (self._surely_here or self._board.near):
            return None
        read = self._board.link.variable
        local, secure, formats, endpoint = await asyncio.gather(
            self._address(leg, "CHANNEL(rtp,src)"),
            read(leg.ari_id, "CHANNEL(rtp,secure)"),
            read(leg.ari_id, "CHANNEL(audionativeformat)"),
            read(leg.ari_id, "CHANNEL(endpoint)"),
        )
        plain = secure in {"", "0"} and _FORMATS.issuperset(formats.strip("()").split("|"))
        if local is None or not plain or await read(leg.ari_id, f"PJSIP_ENDPOINT({endpoint},direct_media)") not in _OFF:
            return None
        return local if somebody_has(local) else None

    async def _follow(self, leg: Leg, tap: _PacketTap) -> None:
        """As long as the leg is tapped, its sender is looked for again: a re-INVITE may move it. An Asterisk that stands still is
        asked again, or anybody could send to a leg that was new to it."""
        pause = ASTERISK_PARTY_SETTLED_S
        while True:
            await asyncio.sleep(pause)
            pause = ASTERISK_PARTY_LOOK_S
            if self._taps.get(leg) is not tap or leg.id not in self._board.legs:
                return
            try:
                await self._look(leg, tap)
            except Unavailable as error:
                log.warning("asterisk_slow", asterisk=self._board.name, error=str(error))

    async def _look(self, leg: Leg, tap: _PacketTap) -> None:
        async with leg.tapping:
            party = await self._moved(leg, tap)
            if party is not None and tap.party != _ANYBODY:
                await self._missed.moved(leg, tap.arrives_at)
            if party is not None:
                self._aim(leg, tap, party)

    async def _moved(self, leg: Leg, tap: _PacketTap) -> MediaAddress | None:
        """Who sends the leg's audio by now, if that is somebody else."""
        party = await self._address(leg, "CHANNEL(rtp,dest)")
        return None if party == tap.party or self._taps.get(leg) is not tap else party

    def _aim(self, leg: Leg, tap: _PacketTap, party: MediaAddress) -> None:
        tap.party, tap.aimed = party, self._board.clock.now()
        self._tell(leg, tap)

    async def _mend(self, leg: Leg, known: float) -> None:
        """A tap that misses what comes to Asterisk is aimed at who sends now. Where nobody else does, why it misses it cannot be
        known here, and from now on Asterisk copies the leg. `known`: since when that is, so that it holds for this aim."""
        async with leg.tapping:
            tap = self._taps.get(leg)
            if tap is None or tap.aimed > known:
                return
            party = await self._moved(leg, tap)
            if party is not None and tap.party != _ANYBODY:
                self._aim(leg, tap, party)
                return
            source = await self._copies.fork(leg, tap.to)
            leg.unseen = True
            self.unfork(leg)
        log.error("packets_missed", asterisk=self._board.name, leg=leg.id)
        self._board.tell(TapMoved(leg.id, source))

    async def _address(self, leg: Leg, name: str) -> MediaAddress | None:
        """An IPv4 address and port; None for anything else, IPv6 too."""
        host, _, port = (await self._board.link.variable(leg.ari_id, name)).rpartition(":")
        if ":" in host or not (host and port.isascii() and port.isdigit() and 0 < int(port) < 65_536):
            return None
        return MediaAddress(host, int(port))


def somebody_has(place: MediaAddress) -> bool:
    """Whether a program on this machine, in this network namespace, takes UDP at this IPv4 address and port. An Asterisk that is
    reached by a forwarded port may name an address of another namespace, or one that is here too."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((place.host, place.port))
        except OSError as error:
            return error.errno == errno.EADDRINUSE
    return False
