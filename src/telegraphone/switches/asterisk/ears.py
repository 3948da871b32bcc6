"""Who listens to whom beside the bridges of the calls: supervisors, and copies of what a party hears."""

from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field

import structlog

from telegraphone.domain.ids import LegId
from telegraphone.services.ports import MediaAddress, MediaSource, TapMoved, Unavailable
from telegraphone.switches.asterisk.board import Board
from telegraphone.switches.asterisk.leg import Leg
from telegraphone.switches.asterisk.listeners import Listener, Snooping
from telegraphone.switches.asterisk.second_lock import SecondLock
from telegraphone.switches.asterisk.taps import Taps
from telegraphone.switches.asterisk.wiring import Wiring
from telegraphone.wire.ari import requests

log = structlog.get_logger()


@dataclass(slots=True, eq=False)
class _Whisper:
    """The supervisor's voice on its way into one leg. `carrier` is in the bridge `carried` of that leg's call and says
    nothing: with a third channel a bridge mixes, and sends its parties a stream even while all others are silent. Without
    a stream there is nothing to whisper into."""

    parts: tuple[str, ...]
    carrier: str
    carried: str | None = None


@dataclass(slots=True, eq=False)
class _Ear:
    """A supervisor who listens in; `whispers` lead to those who hear the supervisor."""

    monitored: Leg
    audible_to: tuple[Leg, ...]
    listener: Listener
    whispers: dict[Leg, _Whisper] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class _Mix:
    """A copy of what a leg's party hears of those it is joined with."""

    media: str
    listener: Listener
    to: MediaAddress
    source: MediaSource
    lock: SecondLock


class Ears:
    """All that listens at one Asterisk, kept true through every change of the bridges. The wiring's lock is held throughout."""

    def __init__(self, board: Board, wiring: Wiring, taps: Taps) -> None:
        self._board = board
        self._wiring = wiring
        self._taps = taps
        self._snooping = Snooping(board)
        self._ears: dict[Leg, _Ear] = {}
        self._mixes: dict[Leg, _Mix] = {}
        wiring.whispered = self._is_whispered

    async def monitor(self, supervisor: Leg, monitored: Leg, audible_to: frozenset[LegId]) -> None:
        """See `Monitoring.monitor`."""
        hearers = tuple(leg for each in audible_to if (leg := self._board.legs.get(each)) is not None)
        ear = self._ears.get(supervisor)
        if ear is None:
            await self._wiring.join((supervisor.id,))
            ear = _Ear(monitored, hearers, await self._snooping.listener(supervisor.ari_id))
            self._ears[supervisor] = ear
        ear.monitored, ear.audible_to = monitored, hearers
        try:
            await self._follow_ear(supervisor, ear)
        except Unavailable:
            await self.stop(supervisor)
            raise

    async def stop(self, supervisor: Leg) -> None:
        """The supervisor hears nobody, and nobody the supervisor."""
        ear = self._ears.pop(supervisor, None)
        if ear is not None:
            whispers = ear.whispers
            await self._board.janitor.delete(*ear.listener.parts, *(part for each in whispers.values() for part in each.parts))
            for leg in whispers:
                await self._wiring.play(leg)

    async def fork_heard(self, leg: Leg, to: MediaAddress) -> MediaSource:
        """See `ConferenceTaps.fork_heard`. One that leads there already goes on."""
        mix = self._mixes.get(leg)
        if mix is not None and mix.to == to:
            return mix.source
        await self.unfork_heard(leg)
        with ExitStack() as undo:
            media = await self._taps.external_media(to)
            undo.callback(self._board.janitor.condemn, media.id)
            listener = await self._snooping.listener(media.id)
            undo.callback(lambda: self._board.janitor.condemn(*listener.parts))
            await self._snooping.hear(listener, self._wiring.others(leg))
            undo.pop_all()
        source = self._taps.source(media)
        self._mixes[leg] = _Mix(media.id, listener, to, source, SecondLock(self._board, media.id))
        return source

    async def mute(self, leg: Leg, on: bool) -> None:
        """See `TapMutes`, of what the leg's party hears. The lock need not be held."""
        if mix := self._mixes.get(leg):
            await mix.lock.turn(lambda: self._mix_again(leg, mix), on=on)

    async def unfork_heard(self, leg: Leg) -> None:
        """See `ConferenceTaps.unfork_heard`."""
        mix = self._mixes.pop(leg, None)
        if mix is not None:
            await self._board.janitor.delete(mix.media, *mix.listener.parts)

    async def take_part(self, legs: Iterable[Leg]) -> None:
        """Supervisors among these are joined with others now, and listen no longer."""
        for leg in legs:
            await self.stop(leg)

    async def follow(self) -> None:
        """The bridges have changed: who listens goes on listening to the right ones."""
        for supervisor, ear in tuple(self._ears.items()):
            await self._follow_ear(supervisor, ear)
        for leg, mix in tuple(self._mixes.items()):
            await self._snooping.hear(mix.listener, self._wiring.others(leg))

    async def gone(self, leg: Leg) -> None:
        """The leg has ended, and what listened by it or to it with it."""
        await self.stop(leg)
        await self.unfork_heard(leg)
        for supervisor in [each for each, ear in self._ears.items() if ear.monitored is leg]:
            await self.unmonitor(supervisor)

    async def unmonitor(self, supervisor: Leg) -> None:
        """See `Monitoring.unmonitor`."""
        ear = self._ears.get(supervisor)
        if ear is not None:
            await self._board.link.do(requests.remove_from_bridge(ear.listener.bridge, supervisor.ari_id))
            await self.stop(supervisor)

    @property
    def open_mixes(self) -> Mapping[Leg, _Mix]:
        """The copies of conferences that there are now."""
        return dict(self._mixes)

    def mend(self, known: Mapping[Leg, _Mix], bridges: Mapping[str, frozenset[str]]) -> None:
        """These bridges exist with these channels in them: a copy of a conference that has lost a part, or sticks, is made
        anew."""
        for leg, mix in known.items():
            snoops = {snoop for heard, snoop in mix.listener.snoops.items() if heard.id in self._board.legs}
            whole = {mix.media, *snoops} <= bridges.get(mix.listener.bridge, frozenset())
            if (mix.lock.sticks or not whole) and leg.id in self._board.legs:
                log.error("tap_broken", asterisk=self._board.name, leg=leg.id)
                self._board.work.spawn(self._mix_again, leg, mix)

    async def _mix_again(self, leg: Leg, mix: _Mix) -> None:
        async with self._wiring.lock:
            if self._mixes.get(leg) is mix:
                await self.unfork_heard(leg)
                self._board.tell(TapMoved(leg.id, await self.fork_heard(leg, mix.to), heard=True))
                await self.mute(leg, mix.lock.wanted)

    def lost(self) -> None:
        """Asterisk is gone with all of it."""
        self._ears.clear()
        self._mixes.clear()

    async def _follow_ear(self, supervisor: Leg, ear: _Ear) -> None:
        wanted = (ear.monitored, *self._wiring.others(ear.monitored))
        await self._snooping.hear(ear.listener, (leg for leg in wanted if leg is not supervisor))
        for leg in [leg for leg in ear.whispers if leg not in ear.audible_to]:
            await self._board.janitor.delete(*ear.whispers.pop(leg).parts)
            await self._wiring.play(leg)
        for leg in ear.audible_to:
            if leg not in ear.whispers and leg.id in self._board.legs:
                ear.whispers[leg] = await self._whisper(supervisor, leg)
            await self._wiring.play(leg)
        for leg, whisper in ear.whispers.items():
            await self._carry(leg, whisper)

    async def _carry(self, leg: Leg, whisper: _Whisper) -> None:
        if whisper.carried == leg.bridge:
            return
        if leg.bridge is not None:
            await self._snooping.put(leg.bridge, whisper.carrier)
        elif whisper.carried is not None:
            await self._board.link.do(requests.remove_from_bridge(whisper.carried, whisper.carrier))
        whisper.carried = leg.bridge

    async def _whisper(self, supervisor: Leg, leg: Leg) -> _Whisper:
        with ExitStack() as undo:
            bridge = await self._snooping.bridge()
            undo.callback(self._board.janitor.condemn, bridge)
            mouth = await self._snooping.snoop(bridge, leg, whisper=True)
            undo.callback(self._board.janitor.condemn, mouth)
            ear = await self._snooping.snoop(bridge, supervisor)
            undo.callback(self._board.janitor.condemn, ear)
            carrier = await self._snooping.silent(leg)
            undo.pop_all()
        return _Whisper((mouth, ear, bridge, carrier), carrier)

    def _is_whispered(self, leg: Leg) -> bool:
        return any(leg in ear.audible_to for ear in self._ears.values())
