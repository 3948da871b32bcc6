"""Who hears whom: keeps legs in bridges as they were joined, and plays something to those who hear nobody.

A bridge exists for two legs or more. Who is taken out, or left alone, is in no bridge: only there can a party be played
music. One change at a time, because each looks at who is where.

An Asterisk that does not answer may have heeded a request all the same, or may yet. So what is wanted is noted when it is
asked for, and what is so only when Asterisk has said so; where the two differ, the next look asks again.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Mapping
from types import MappingProxyType
from typing import Final

import structlog

from telegraphone.domain.ids import LegId
from telegraphone.services.ports import Unavailable
from telegraphone.switches.asterisk.board import Board
from telegraphone.switches.asterisk.leg import Background, Leg
from telegraphone.switches.asterisk.link import AriRefused
from telegraphone.wire.ari import requests
from telegraphone.wire.ari.requests import AriRequest

log = structlog.get_logger()


class Wiring:
    """The bridges of one Asterisk. `lock` is held while they change."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self._members: dict[str, list[Leg]] = {}
        self.lock = asyncio.Lock()
        self.whispered: Callable[[Leg], bool] = lambda _: False
        """Whether somebody is to be heard by this leg alone."""

    def others(self, leg: Leg) -> tuple[Leg, ...]:
        """Whom this leg is joined with."""
        return tuple(each for each in self._members.get(leg.bridge or "", ()) if each is not leg)

    async def join(self, ids: Iterable[LegId]) -> None:
        """See `Switch.join`. The lock is held."""
        legs = [leg for each in ids if (leg := self._board.legs.get(each)) is not None]
        if len(legs) > 1:
            await self._bring_together(legs)
        elif legs:
            await self._take_out(legs[0])

    async def gone(self, leg: Leg) -> None:
        """The leg has ended. The lock is held."""
        bridge, leg.bridge = leg.bridge, None
        if bridge in self._members:
            self._members[bridge].remove(leg)
            await self._dissolve_if_lonely(bridge)

    async def set_background(self, leg: Leg, *, music: bool | None = None, ring_tone: bool | None = None) -> None:
        """What the leg's party is to be played while it hears nobody."""
        leg.music = leg.music if music is None else music
        leg.ring_tone = leg.ring_tone if ring_tone is None else ring_tone
        async with self.lock:
            await self.play(leg)

    async def follow_hold(self, leg: Leg) -> None:
        """A phone that holds is sent nothing: Asterisk plays the others music and passes their voices on all the same."""
        async with self.lock:
            held = leg.held  # it may be let go while Asterisk is asked
            if leg.deaf is not held:
                leg.deaf = None
                await self._mute(leg, requests.mute(leg.ari_id, on=held, direction="out"))
                leg.deaf = held

    async def follow_mute(self, leg: Leg) -> None:
        """Makes true whether nobody hears the leg's party."""
        async with self.lock:
            muted = leg.muted
            if leg.unheard is not muted:
                leg.unheard = None
                await self._mute(leg, requests.mute(leg.ari_id, on=muted))
                leg.unheard = muted

    async def _mute(self, leg: Leg, request: AriRequest) -> None:
        if not await self._board.link.do(request) and await self._is_there(leg):
            raise Unavailable("switch", "a leg cannot be muted")

    async def _is_there(self, leg: Leg) -> bool:
        return leg.id in self._board.legs and await self._board.link.is_there(leg.ari_id)

    async def play(self, leg: Leg) -> None:
        """Makes true what the leg's party is to be played. The lock is held."""
        await self._play(leg, self._wanted(leg))

    def _wanted(self, leg: Leg) -> Background:
        if not leg.answered or self.others(leg):
            return Background.NOTHING
        if leg.ring_tone:
            return Background.RINGING
        if leg.music:
            return Background.MUSIC
        return Background.SILENCE if self.whispered(leg) else Background.NOTHING

    async def _play(self, leg: Leg, wanted: Background) -> None:
        if leg.playing is wanted:
            return
        perhaps = tuple(_PLAYED) if leg.playing is None else (leg.playing,)
        leg.playing = None
        asked = (*((each, False) for each in perhaps), (wanted, True))
        done = [await self._board.link.do(_PLAYED[what](leg.ari_id, on)) for what, on in asked if what is not Background.NOTHING]
        if all(done):
            leg.playing = wanted

    # --- bridges ---

    async def _bring_together(self, legs: list[Leg]) -> None:
        bridge = max((leg.bridge for leg in legs if leg.bridge), key=lambda each: _count(legs, each), default=None)
        if bridge is None:
            bridge = await self._new_bridge()
        here = self._members[bridge]
        leaving = [leg for leg in here if leg not in legs]
        coming = [leg for leg in legs if leg not in here]
        for leg in coming:
            await self._play(leg, Background.NOTHING)
        left = {leg.bridge for leg in coming if leg.bridge is not None}
        for leg in coming:
            if leg.bridge is not None:
                self._members[leg.bridge].remove(leg)
            leg.bridge = bridge
            here.append(leg)
        if leaving:
            await self._remove(bridge, leaving)
        if not await self._add(bridge, coming):
            raise Unavailable("switch", "a leg cannot be joined")
        for each in left:
            await self._dissolve_if_lonely(each)
        for leg in leaving:
            await self.play(leg)

    async def _take_out(self, leg: Leg) -> None:
        bridge = leg.bridge
        if bridge is not None:
            await self._remove(bridge, [leg])
            await self._dissolve_if_lonely(bridge)
        await self.play(leg)

    async def _new_bridge(self) -> str:
        bridge = self._board.new_bridge_id()
        self._board.janitor.owned.add(bridge)
        self._members[bridge] = []
        try:
            await self._board.link.ask(requests.create_bridge(bridge))
        except AriRefused as refused:
            self._forget(bridge)
            raise Unavailable("switch", str(refused)) from refused
        except Unavailable:
            self._forget(bridge)
            raise
        return bridge

    async def _add(self, bridge: str, legs: list[Leg]) -> bool:
        """All at once; one by one where one of them is refused, which keeps none of the others out. Whether all who are still
        there are in it."""
        if not legs or await self._board.link.do(requests.add_to_bridge(bridge, *(leg.ari_id for leg in legs))):
            return True
        out = [leg for leg in legs if not await self._board.link.do(requests.add_to_bridge(bridge, leg.ari_id))]
        there = [leg.id for leg in out if await self._is_there(leg)]
        if there:
            log.error("legs_not_joined", asterisk=self._board.name, legs=there)
        return not there

    async def _remove(self, bridge: str, legs: list[Leg]) -> None:
        for leg in legs:
            self._members[bridge].remove(leg)
            leg.bridge = None
        for leg in legs:
            await self._board.link.do(requests.remove_from_bridge(bridge, leg.ari_id))

    async def _dissolve_if_lonely(self, bridge: str) -> None:
        members = self._members.get(bridge)
        if members is None or len(members) > 1:
            return
        self._forget(bridge)
        for leg in members:
            leg.bridge = None
            # The bridge may take its time to go, and music is refused to who is still in it.
            await self._board.link.do(requests.remove_from_bridge(bridge, leg.ari_id))
            await self.play(leg)

    def _forget(self, bridge: str) -> None:
        self._members.pop(bridge, None)
        self._board.janitor.condemn(bridge)

    # --- after Asterisk was away ---

    async def mend(self, present: dict[str, frozenset[str]]) -> None:
        """These bridges exist with these channels in them: what differs from what was joined is made so, and then what parties
        are played. The lock is held."""
        for bridge in tuple(self._members):
            await self._despite_refusal(self._mend_bridge(bridge, present.get(bridge)))
        if wrong := [leg for leg in self._board.legs.values() if not self._is_as_wanted(leg)]:
            self._board.work.spawn(self._mend_sound, wrong)

    async def _mend_bridge(self, bridge: str, present: frozenset[str] | None) -> None:
        members = self._members[bridge]
        if len(members) < 2:
            await self._dissolve_if_lonely(bridge)
        elif present is not None:
            await self._part(bridge, present)
            await self._add(bridge, [leg for leg in members if leg.ari_id not in present])
        else:
            await self._rebuild(bridge)

    async def _despite_refusal(self, mending: Coroutine[object, object, None]) -> None:
        """What Asterisk refuses of one keeps it from nothing else. One that does not answer is asked for no more, until the next
        look, which is soon."""
        try:
            await mending
        except Unavailable as error:
            if error.__cause__ is not None and not isinstance(error.__cause__, AriRefused):
                raise
            log.warning("asterisk_did_not", asterisk=self._board.name, error=str(error))

    async def _part(self, bridge: str, present: frozenset[str]) -> None:
        """Who was taken out and is there all the same hears what is none of its business."""
        for leg in [leg for each in present if (leg := self._board.by_ari.get(each)) is not None and leg.bridge != bridge]:
            await self._board.link.do(requests.remove_from_bridge(bridge, leg.ari_id))

    async def _rebuild(self, lost: str) -> None:
        bridge = await self._new_bridge()
        members = self._members[bridge] = self._members.pop(lost)
        self._board.janitor.owned.discard(lost)
        for leg in members:
            leg.bridge = bridge
        await self._add(bridge, members)

    def _is_as_wanted(self, leg: Leg) -> bool:
        return leg.deaf is leg.held and leg.unheard is leg.muted and leg.playing is self._wanted(leg)

    async def _mend_sound(self, legs: list[Leg]) -> None:
        for leg in legs:
            await self._despite_refusal(self.follow_hold(leg))
            await self._despite_refusal(self.follow_mute(leg))
            async with self.lock:
                await self._despite_refusal(self.play(leg))

    def lost(self) -> None:
        """Asterisk is gone with all its bridges."""
        for bridge in self._members:
            self._board.janitor.owned.discard(bridge)
        self._members.clear()


def _count(legs: list[Leg], bridge: str) -> int:
    return sum(leg.bridge == bridge for leg in legs)


_PLAYED: Final[Mapping[Background, Callable[[str, bool], AriRequest]]] = MappingProxyType(
    {
        Background.RINGING: lambda ari_id, on: requests.ring(ari_id, on=on),
        Background.MUSIC: lambda ari_id, on: requests.music(ari_id, on=on),
        Background.SILENCE: lambda ari_id, on: requests.silence(ari_id, on=on),
    }
)
