"""Copies of what one leg's party says, taken by the recorder from the kernel of the machine that Asterisk runs on, too.

Asterisk has nothing to do for such a tap, and nothing at Asterisk can make it stall; all that is needed is where the leg's RTP
arrives. It works where that RTP is plain and of a coding whose payload type is fixed; other legs are tapped at Asterisk.
"""

import asyncio
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from telegraphone.limits import ASTERISK_PARTY_LOOK_S, ASTERISK_PARTY_SETTLED_S
from telegraphone.services.ports import NOBODY, MediaAddress, MediaSource, TapMoved
from telegraphone.switches.asterisk.board import Board
from telegraphone.switches.asterisk.leg import Leg
from telegraphone.switches.asterisk.link import AriRefused
from telegraphone.wire.ari import requests
from telegraphone.wire.ari.resources import variable_of

_CODECS: Final[Mapping[int, str]] = MappingProxyType({0: "PCMU", 8: "PCMA", 9: "G722"})
_FORMATS: Final = frozenset(("ulaw", "alaw", "g722"))
_ANYBODY: Final = MediaAddress("0.0.0.0", 0)  # noqa: S104 - stands for every sender, and is bound nowhere


class PacketTaps:
    """The taps of one Asterisk that cost it nothing."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self._sources: dict[Leg, MediaSource] = {}

    async def fork(self, leg: Leg) -> MediaSource | None:
        """Who sends the leg's audio, and where to; None for a leg that must be tapped at Asterisk. Whose address may still be
        corrected, as behind address translation, is anybody until it has settled: then `TapMoved` says who it is."""
        arrives_at = await self._plain_rtp(leg)
        if arrives_at is None:
            return None
        known = self._sources.get(leg)
        if known is None or known.arrives_at != arrives_at:
            self._sources[leg] = _from(_ANYBODY, arrives_at)
        if known is None:
            self._board.work.spawn(self._follow(leg))
        return NOBODY if leg.muted else self._sources[leg]

    def unfork(self, leg: Leg) -> None:
        """The leg is no longer tapped."""
        self._sources.pop(leg, None)

    def muted(self, leg: Leg) -> None:
        """Nobody hears the leg's party any more, or everybody again: Asterisk keeps the sound out only of what it passes on."""
        if leg in self._sources:
            self._tell(leg)

    def lost(self) -> None:
        """Asterisk is gone with all legs."""
        self._sources.clear()

    def _tell(self, leg: Leg) -> None:
        self._board.tell(TapMoved(leg.id, NOBODY if leg.muted else self._sources[leg]))

    async def _plain_rtp(self, leg: Leg) -> MediaAddress | None:
        local, secure, formats = await asyncio.gather(
            self._address(leg, "CHANNEL(rtp,src)"),
            self._read(leg, "CHANNEL(rtp,secure)"),
            self._read(leg, "CHANNEL(audionativeformat)"),
        )
        return local if secure in {"", "0"} and _FORMATS.issuperset(formats.strip("()").split("|")) else None

    async def _follow(self, leg: Leg) -> None:
        """As long as the leg is tapped, its sender is looked for again: a re-INVITE may move it."""
        pause = ASTERISK_PARTY_SETTLED_S
        while True:
            await asyncio.sleep(pause)
            pause = ASTERISK_PARTY_LOOK_S
            if leg not in self._sources or leg.id not in self._board.legs:
                return
            party = await self._address(leg, "CHANNEL(rtp,dest)")
            before = self._sources.get(leg)
            if party is None or before is None or before.arrives_at is None:
                continue
            found = _from(party, before.arrives_at)
            if found != before:
                self._sources[leg] = found
                self._tell(leg)

    async def _address(self, leg: Leg, name: str) -> MediaAddress | None:
        """An IPv4 address and port; None for anything else, IPv6 too."""
        host, _, port = (await self._read(leg, name)).rpartition(":")
        if ":" in host or not (host and port.isascii() and port.isdigit() and 0 < int(port) < 65_536):
            return None
        return MediaAddress(host, int(port))

    async def _read(self, leg: Leg, name: str) -> str:
        try:
            return await self._board.link.get(requests.variable(leg.ari_id, name), variable_of)
        except AriRefused:
            return ""


def _from(party: MediaAddress, arrives_at: MediaAddress) -> MediaSource:
    return MediaSource(party.host, party.port, _CODECS, arrives_at=arrives_at)
