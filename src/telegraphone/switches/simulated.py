"""A switch without a network: scripted phones on any clock, for scenarios, simulations and for trying an agent's client.

It keeps the same promises as a real switch (they share one contract suite) and adds two things. Phones do what they are
told, by hand (`switch.phone("5001").answer()`) or by a script (`Script(answers_after_s=2.0)`); and what a real switch
does with audio is shown as facts: `hears(leg)` and `forks`. With a virtual clock every run is the same.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from itertools import count
from types import MappingProxyType
from typing import Final

from telegraphone.domain.ids import Dn, LegId
from telegraphone.domain.legs import (
    Ability,
    DeviceRegistered,
    DeviceUnregistered,
    EndCause,
    LegAnswered,
    LegArrived,
    LegEnded,
    LegHeld,
    LegRetrieved,
    LegRinging,
)
from telegraphone.limits import SWITCH_EVENTS_MAX
from telegraphone.services.ports import Caller, Clock, MediaAddress, MediaSource, SwitchEvent, TapMoved, Unavailable

EVERY_ABILITY: Final = frozenset(Ability)
_CODECS: Final[Mapping[int, str]] = MappingProxyType({0: "PCMU", 8: "PCMA", 101: "telephone-event"})
_MEDIA_HOST: Final = "192.0.2.1"
_FIRST_PORT: Final = 20_000
_ENTROPY_BYTES: Final = 12


@dataclass(frozen=True, slots=True)
class Script:
    """What a phone does with a call that reaches it: how long it takes to ring, and what it does later, if anything."""

    rings_after_s: float = 0.0
    answers_after_s: float | None = None
    refuses_after_s: float | None = None
    refuses_with: EndCause = EndCause.BUSY
    can_answer: bool = True
    """Whether the switch can take it off the hook."""


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
    muted: bool = False
    digits: str = ""


class Wiring:
    """The legs of the simulated switch and what happens at them; phones and the switch both act here."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._ports = count(_FIRST_PORT, 2)
        self.legs: dict[LegId, SimulatedLeg] = {}
        self.forks: dict[LegId, MediaAddress] = {}
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
        del self.legs[leg]
        self.forks.pop(leg, None)
        self.tell(LegEnded(leg, cause))

    def part(self, leg: LegId) -> None:
        """A leg is taken out of its bridge."""
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


@dataclass(slots=True)
class SimulatedPhone:
    """One phone: registered or not, with one script for all calls. Its methods are what its user does."""

    dn: str
    _wiring: Wiring = field(repr=False)
    script: Script = Script()
    registered: bool = True
    caller: Caller | None = None
    """Who the last call was said to come from."""

    @property
    def leg(self) -> LegId | None:
        """The newest leg of this phone that lives."""
        found = self._wiring.newest(self.dn)
        return None if found is None else found.id

    def call(self, dialled: str) -> LegId:
        """Dials."""
        return self._wiring.arrive(self.dn, dialled)

    def answer(self) -> None:
        """Lifts the handset of the ringing call."""
        self._wiring.picked_up(self._busy_with().id)

    def refuse(self, cause: EndCause = EndCause.BUSY) -> None:
        """Refuses the ringing call."""
        self._wiring.refused(self._busy_with().id, cause)

    def hold(self) -> None:
        """Puts the call on hold."""
        self._wiring.held(self._busy_with().id, on=True)

    def retrieve(self) -> None:
        """Takes the call back from hold."""
        self._wiring.held(self._busy_with().id, on=False)

    def hang_up(self) -> None:
        """Ends the call; before it was answered: gives up calling."""
        leg = self._busy_with()
        self._wiring.gone(leg.id, EndCause.NORMAL if leg.answered else EndCause.CANCELLED)

    def change_codec(self, codecs: Mapping[int, str]) -> None:
        """Goes on in another form of RTP, as after a re-INVITE."""
        self._wiring.moved(self._busy_with().id, codecs)

    def register(self) -> None:
        """Comes to the switch."""
        if not self.registered:
            self.registered = True
            self._wiring.tell(DeviceRegistered(Dn(self.dn)))

    def unregister(self) -> None:
        """Leaves the switch; its calls go on."""
        if self.registered:
            self.registered = False
            self._wiring.tell(DeviceUnregistered(Dn(self.dn)))

    def _busy_with(self) -> SimulatedLeg:
        leg = self._wiring.newest(self.dn)
        assert leg is not None, f"phone {self.dn} has no call"
        return leg


class SimulatedSound:
    """`LegMedia` and `ConferenceTaps` of the simulated switch."""

    def __init__(self, wiring: Wiring, must_be_reachable: Callable[[], None]) -> None:
        self._wiring = wiring
        self._must_be_reachable = must_be_reachable
        self.mixes: dict[LegId, MediaAddress] = {}
        """Where what each leg hears is copied to now."""

    async def fork_heard(self, leg: LegId, to: MediaAddress) -> MediaSource:
        """See `ConferenceTaps`."""
        self._must_be_reachable()
        if leg not in self._wiring.legs:
            raise Unavailable("switch", "this leg has no media")
        self.mixes[leg] = to
        return self._wiring.source(leg)

    async def unfork_heard(self, leg: LegId) -> None:
        """See `ConferenceTaps`."""
        self.mixes.pop(leg, None)

    async def hold_music(self, leg: LegId, on: bool) -> None:
        """See `LegMedia`."""
        self._must_be_reachable()
        if found := self._wiring.legs.get(leg):
            found.music = on

    async def mute(self, leg: LegId, on: bool) -> None:
        """See `LegMedia`."""
        self._must_be_reachable()
        if found := self._wiring.legs.get(leg):
            found.muted = on

    async def send_dtmf(self, leg: LegId, digits: str) -> None:
        """See `LegMedia`."""
        self._must_be_reachable()
        if found := self._wiring.legs.get(leg):
            found.digits += digits


class SimulatedSwitch:
    """`Switch`, `Taps` and `SwitchEvents` over phones that exist only here."""

    def __init__(
        self,
        *,
        clock: Clock,
        numbers: tuple[str, ...],
        away: tuple[str, ...] = (),
        abilities: frozenset[Ability] = EVERY_ABILITY,
    ) -> None:
        """`numbers` have a phone that is registered from the start, `away` have one that is not."""
        self._clock = clock
        self._abilities = abilities
        self._wiring = Wiring(clock)
        self._phones = {dn: SimulatedPhone(dn, self._wiring, registered=dn in numbers) for dn in (*numbers, *away)}
        self.forks: Mapping[LegId, MediaAddress] = MappingProxyType(self._wiring.forks)
        """Where each leg's audio is copied to now."""
        self.legs: Mapping[LegId, SimulatedLeg] = MappingProxyType(self._wiring.legs)
        """All legs that live."""
        self._scripts: set[asyncio.Task[None]] = set()
        self.sound = SimulatedSound(self._wiring, self._must_be_reachable)
        """Its `LegMedia` and `ConferenceTaps`."""
        self.reachable = True
        """False: every primitive raises Unavailable, as with a switch that is down."""
        for dn in numbers:
            self._wiring.tell(DeviceRegistered(Dn(dn)))

    # --- what a test sees and does ---

    def phone(self, dn: str) -> SimulatedPhone:
        """The phone of this number."""
        return self._phones[dn]

    def hears(self, leg: LegId) -> frozenset[LegId]:
        """Whom this leg's party hears now: nobody while either of the two holds."""
        mine = self._wiring.legs.get(leg)
        if mine is None or mine.held:
            return frozenset()
        others = (self._wiring.legs[other] for other in mine.joined)
        return frozenset(other.id for other in others if not other.held and not other.muted)

    async def close(self) -> None:
        """Ends all scripts, all legs and the events."""
        for task in tuple(self._scripts):
            task.cancel()
        await asyncio.gather(*self._scripts, return_exceptions=True)
        for leg in tuple(self.legs):
            self._wiring.gone(leg, EndCause.NORMAL)
        self._wiring.events.put_nowait(None)

    # --- Switch ---

    @property
    def abilities(self) -> frozenset[Ability]:
        """As given."""
        return self._abilities

    async def originate(self, leg: LegId, number: str, caller: Caller) -> None:
        """See `Switch`."""
        self._must_be_reachable()
        self._wiring.add(leg, number, arrived=False)
        phone = self._phones.get(number)
        if phone is None:
            self._wiring.gone(leg, EndCause.UNKNOWN_NUMBER)
        elif not phone.registered:
            self._wiring.gone(leg, EndCause.UNREACHABLE)
        else:
            phone.caller = caller
            self._play(leg, phone.script)

    async def ring(self, leg: LegId) -> None:
        """See `Switch`."""
        self._must_be_reachable()
        if found := self._wiring.legs.get(leg):
            found.ringing = True

    async def answer(self, leg: LegId) -> None:
        """See `Switch`."""
        self._must_be_reachable()
        found = self._wiring.legs.get(leg)
        if found is None or found.answered:
            return
        if found.arrived:
            found.answered = True
        elif found.ringing and self._phones[found.number].script.can_answer:
            self._wiring.picked_up(leg)

    async def hang_up(self, leg: LegId, cause: EndCause) -> None:
        """See `Switch`."""
        self._must_be_reachable()
        self._wiring.gone(leg, cause)

    async def join(self, legs: tuple[LegId, ...]) -> None:
        """See `Switch`."""
        self._must_be_reachable()
        if len(legs) > 2 and Ability.CONFERENCE not in self._abilities:
            raise Unavailable("switch", "no conferences", retryable=False)
        present = frozenset(leg for leg in legs if leg in self._wiring.legs)
        for leg in present:
            self._wiring.part(leg)
        for leg in present:
            self._wiring.legs[leg].joined = present - {leg}

    # --- Taps ---

    async def fork(self, leg: LegId, to: MediaAddress) -> MediaSource:
        """See `Taps`."""
        self._must_be_reachable()
        found = self._wiring.legs.get(leg)
        if found is None or not found.answered:
            raise Unavailable("switch", "this leg has no media")
        self._wiring.forks[leg] = to
        return self._wiring.source(leg)

    async def unfork(self, leg: LegId) -> None:
        """See `Taps`."""
        self._wiring.forks.pop(leg, None)

    # --- SwitchEvents ---

    async def events(self) -> AsyncIterator[SwitchEvent]:
        """See `SwitchEvents`."""
        while (event := await self._wiring.events.get()) is not None:
            yield event

    def _play(self, leg: LegId, script: Script) -> None:
        """Without any delay a step happens at once, so that the simplest scenario needs no clock."""
        acts: list[tuple[float, Callable[[], None]]] = [
            (script.rings_after_s, lambda: self._wiring.rung(leg, can_answer=script.can_answer))
        ]
        if script.answers_after_s is not None:
            acts.append((script.answers_after_s, lambda: self._wiring.picked_up(leg)))
        if script.refuses_after_s is not None:
            acts.append((script.refuses_after_s, lambda: self._wiring.refused(leg, script.refuses_with)))
        task = asyncio.get_running_loop().create_task(self._perform(acts))
        self._scripts.add(task)
        task.add_done_callback(self._scripts.discard)

    async def _perform(self, acts: list[tuple[float, Callable[[], None]]]) -> None:
        began = self._clock.now()
        for after_s, act in sorted(acts, key=lambda each: each[0]):
            if after_s > 0:
                await self._clock.sleep_until(began + after_s)
            act()

    def _must_be_reachable(self) -> None:
        if not self.reachable:
            raise Unavailable("switch")
