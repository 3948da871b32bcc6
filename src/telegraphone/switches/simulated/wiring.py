"""The legs of the simulated switch and what happens at them; phones and the switch both act here."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from types import MappingProxyType
from typing import Final

from telegraphone.domain.ids import LegId
from telegraphone.domain.legs import (
    EndCause,
    LegAnswered,
    LegArrived,
    LegEnded,
    LegHeld,
    LegRetrieved,
    LegRinging,
)
from telegraphone.limits import SWITCH_EVENTS_MAX
from telegraphone.services.ports import Clock, LegOver, MediaAddress, MediaSource, SwitchEvent, TapMoved, Unavailable

_CODECS: Final[Mapping[int, str]] = MappingProxyType({0: "PCMU", 8: "PCMA", 101: "telephone-event"})
_MEDIA_HOST: Final = "192.0.2.1"
_FIRST_PORT: Final = 20_000
_ENTROPY_BYTES: Final = 12


@dataclass(slots=True)
class SimulatedLeg:
    """One leg: whether it arrived (or was originated), and how far it is."""

    id: LegId
    number: str
    arrived: bool
    answered: bool = False
    ringing: bool = False
    held: bool = False
    port: int = 0
    joined: frozenset[LegId] = frozenset()
    music: bool = False
    ring_tone: bool = False
    muted: bool = False
    digits: str = ""
    tones: int = 0
    announced: "asyncio.Future[bool] | None" = None
    """What becomes of the announcement that its party hears: True at its end, False when it is cut off."""

    def cut_off(self) -> None:
        """The announcement is heard no further, if there is one."""
        if self.announced is not None and not self.announced.done():
            self.announced.set_result(False)


@dataclass(frozen=True, slots=True)
class Ear:
    """Whom a supervisor's leg listens in on, and who hears it."""

    monitored: LegId
    audible_to: frozenset[LegId]


class Wiring:
    """The legs of the simulated switch and what happens at them; phones and the switch both act here."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._ports = count(_FIRST_PORT, 2)
        self.legs: dict[LegId, SimulatedLeg] = {}
        self.forks: dict[LegId, MediaAddress] = {}
        self.mixes: dict[LegId, MediaAddress] = {}
        self.ears: dict[LegId, Ear] = {}
        self.events: asyncio.Queue[SwitchEvent | None] = asyncio.Queue(SWITCH_EVENTS_MAX)

    def newest(self, dn: str) -> SimulatedLeg | None:
        """The newest living leg of a number."""
        return next((leg for leg in reversed(self.legs.values()) if leg.number == dn), None)

    def add(self, leg: LegId, number: str, *, arrived: bool) -> None:
        """A leg begins."""
        self.legs[leg] = SimulatedLeg(leg, number, arrived=arrived, port=next(self._ports))

    def arrive(self, dn: str, dialled: str) -> LegId:
        """A phone dials."""
        leg = LegId(self._clock.entropy(_ENTROPY_BYTES).hex())
        self.add(leg, dn, arrived=True)
        self.tell(LegArrived(leg, dn, dialled, self._clock.now()))
        return leg

    def rung(self, leg: LegId, *, can_answer: bool) -> None:
        """A called phone rings."""
        if leg in self.legs:
            self.legs[leg].ringing = True
            self.tell(LegRinging(leg, can_answer))

    def picked_up(self, leg: LegId) -> None:
        """A called phone is answered."""
        found = self.legs.get(leg)
        if found is not None and not found.answered and not found.arrived:
            found.answered = True
            self.tell(LegAnswered(leg))

    def held(self, leg: LegId, *, on: bool) -> None:
        """A phone's user presses hold or takes the call back; once is enough."""
        found = self.legs.get(leg)
        if found is not None and found.answered and found.held is not on:
            found.held = on
            found.cut_off()
            self.tell(LegHeld(leg) if on else LegRetrieved(leg))

    def moved(self, leg: LegId, codecs: Mapping[int, str]) -> None:
        """A phone's RTP changes its form."""
        if leg in self.forks:
            self.tell(TapMoved(leg, self.source(leg, codecs)))

    def refused(self, leg: LegId, cause: EndCause) -> None:
        """A called phone does not want the call; too late once it was answered."""
        found = self.legs.get(leg)
        if found is not None and not found.answered:
            self.gone(leg, cause)

    def gone(self, leg: LegId, cause: EndCause) -> None:
        """A leg ends, whoever ended it; a second time nothing happens."""
        if leg not in self.legs:
            return
        self.part(leg)
        self.legs[leg].cut_off()
        del self.legs[leg]
        self.forks.pop(leg, None)
        self.mixes.pop(leg, None)
        self.ears.pop(leg, None)
        self.ears = {supervisor: ear for supervisor, ear in self.ears.items() if ear.monitored != leg}
        self.tell(LegEnded(leg, cause))

    def part(self, leg: LegId) -> None:
        """A leg is taken out of its bridge."""
        self.ears.pop(leg, None)
        mine = self.legs[leg]
        for other in mine.joined:
            self.legs[other].joined -= {leg}
        mine.joined = frozenset()

    def source(self, leg: LegId, codecs: Mapping[int, str] = _CODECS) -> MediaSource:
        """Who would send the copy of this leg."""
        return MediaSource(_MEDIA_HOST, self.legs[leg].port, codecs)

    def tell(self, event: SwitchEvent) -> None:
        """A fact for the one reader."""
        self.events.put_nowait(event)


def must_have_media(legs: Mapping[LegId, SimulatedLeg], leg: LegId) -> None:
    """Raises LegOver, `Unavailable("switch")` for a leg whose party cannot be heard."""
    found = legs.get(leg)
    if found is None:
        raise LegOver(leg)
    if not found.answered:
        raise Unavailable("switch", "this leg has no media")
