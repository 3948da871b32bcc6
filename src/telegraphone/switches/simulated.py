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
class _Leg:
    id: LegId
    number: str
    arrived: bool
    answered: bool = False
    ringing: bool = False
    held: bool = False
    port: int = 0
    joined: frozenset[LegId] = frozenset()


@dataclass(slots=True)
class SimulatedPhone:
    """One phone: registered or not, with one script for all calls. Its methods are what its user does."""

    dn: str
    _switch: "SimulatedSwitch" = field(repr=False)
    script: Script = Script()
    registered: bool = True
    caller: Caller | None = None
    """Who the last call was said to come from."""

    @property
    def leg(self) -> LegId | None:
        """The newest leg of this phone that lives."""
        return self._switch.newest_leg(self.dn)

    def call(self, dialled: str) -> LegId:
        """Dials."""
        return self._switch.arrive(self.dn, dialled)

    def answer(self) -> None:
        """Lifts the handset of the ringing call."""
        self._switch.picked_up(self.leg)

    def refuse(self, cause: EndCause = EndCause.BUSY) -> None:
        """Refuses the ringing call."""
        self._switch.gone(self.leg, cause)

    def hold(self) -> None:
        """Puts the call on hold."""
        self._switch.held(self.leg, on=True)

    def retrieve(self) -> None:
        """Takes the call back from hold."""
        self._switch.held(self.leg, on=False)

    def hang_up(self) -> None:
        """Ends the call; before it was answered: gives up calling."""
        leg = self.leg
        self._switch.gone(leg, EndCause.NORMAL if self._switch.is_answered(leg) else EndCause.CANCELLED)

    def change_codec(self, codecs: Mapping[int, str]) -> None:
        """Goes on in another form of RTP, as after a re-INVITE."""
        self._switch.moved(self.leg, codecs)

    def register(self) -> None:
        """Comes back to the switch."""
        self._switch.set_registered(self, registered=True)

    def unregister(self) -> None:
        """Leaves the switch; its calls go on."""
        self._switch.set_registered(self, registered=False)


class SimulatedSwitch:
    """`Switch`, `Taps` and `SwitchEvents` over phones that exist only here."""

    def __init__(self, *, clock: Clock, numbers: tuple[str, ...], abilities: frozenset[Ability] = EVERY_ABILITY) -> None:
        self._clock = clock
        self._abilities = abilities
        self._phones = {dn: SimulatedPhone(dn, self) for dn in numbers}
        self._legs: dict[LegId, _Leg] = {}
        self._forks: dict[LegId, MediaAddress] = {}
        self._events: asyncio.Queue[SwitchEvent | None] = asyncio.Queue(SWITCH_EVENTS_MAX)
        self._scripts: set[asyncio.Task[None]] = set()
        self._ports = count(_FIRST_PORT, 2)
        self.reachable = True
        """False: every primitive raises Unavailable, as with a switch that is down."""
        for dn in numbers:
            self._tell(DeviceRegistered(Dn(dn)))

    # --- what a test sees and does ---

    def phone(self, dn: str) -> SimulatedPhone:
        """The phone of this number."""
        return self._phones[dn]

    @property
    def forks(self) -> Mapping[LegId, MediaAddress]:
        """Where each leg's audio is copied to."""
        return MappingProxyType(self._forks)

    @property
    def legs(self) -> tuple[LegId, ...]:
        """All legs that live."""
        return tuple(self._legs)

    def hears(self, leg: LegId) -> frozenset[LegId]:
        """Whom this leg's party hears now: nobody while either of the two holds."""
        mine = self._legs.get(leg)
        if mine is None or mine.held:
            return frozenset()
        return frozenset(other for other in mine.joined if not self._legs[other].held)

    async def close(self) -> None:
        """Ends all scripts and the events."""
        for task in tuple(self._scripts):
            task.cancel()
        await asyncio.gather(*self._scripts, return_exceptions=True)
        self._events.put_nowait(None)

    # --- Switch ---

    @property
    def abilities(self) -> frozenset[Ability]:
        """As given."""
        return self._abilities

    async def originate(self, leg: LegId, number: str, caller: Caller) -> None:
        """See `Switch`."""
        self._must_be_reachable()
        self._legs[leg] = _Leg(leg, number, arrived=False, port=next(self._ports))
        phone = self._phones.get(number)
        if phone is None:
            self.gone(leg, EndCause.UNKNOWN_NUMBER)
        elif not phone.registered:
            self.gone(leg, EndCause.UNREACHABLE)
        else:
            phone.caller = caller
            self._play(leg, phone.script)

    async def ring(self, leg: LegId) -> None:
        """See `Switch`."""
        self._must_be_reachable()
        if found := self._legs.get(leg):
            found.ringing = True

    async def answer(self, leg: LegId) -> None:
        """See `Switch`."""
        self._must_be_reachable()
        found = self._legs.get(leg)
        if found is None or found.answered:
            return
        if found.arrived:
            found.answered = True
        elif found.ringing and self._phones[found.number].script.can_answer:
            self.picked_up(leg)

    async def hang_up(self, leg: LegId, cause: EndCause) -> None:
        """See `Switch`."""
        self._must_be_reachable()
        self.gone(leg, cause)

    async def join(self, legs: tuple[LegId, ...]) -> None:
        """See `Switch`."""
        self._must_be_reachable()
        if len(legs) > 2 and Ability.CONFERENCE not in self._abilities:
            raise Unavailable("switch", "no conferences", retryable=False)
        present = frozenset(leg for leg in legs if leg in self._legs)
        for leg in present:
            self._part(leg)
        for leg in present:
            self._legs[leg].joined = present - {leg}

    # --- Taps ---

    async def fork(self, leg: LegId, to: MediaAddress) -> MediaSource:
        """See `Taps`."""
        self._must_be_reachable()
        found = self._legs.get(leg)
        if found is None or not found.answered:
            raise Unavailable("switch", "this leg has no media")
        self._forks[leg] = to
        return MediaSource(_MEDIA_HOST, found.port, _CODECS)

    async def unfork(self, leg: LegId) -> None:
        """See `Taps`."""
        self._forks.pop(leg, None)

    # --- SwitchEvents ---

    async def events(self) -> AsyncIterator[SwitchEvent]:
        """See `SwitchEvents`."""
        while (event := await self._events.get()) is not None:
            yield event

    # --- what phones do ---

    def newest_leg(self, dn: str) -> LegId | None:
        """The newest living leg of a number."""
        return next((leg.id for leg in reversed(self._legs.values()) if leg.number == dn), None)

    def is_answered(self, leg: LegId | None) -> bool:
        """Whether the leg lives and was answered."""
        return leg in self._legs and self._legs[leg].answered

    def arrive(self, dn: str, dialled: str) -> LegId:
        """A phone dials."""
        leg = LegId(self._clock.entropy(_ENTROPY_BYTES).hex())
        self._legs[leg] = _Leg(leg, dn, arrived=True, port=next(self._ports))
        self._tell(LegArrived(leg, dn, dialled, self._clock.now()))
        return leg

    def picked_up(self, leg: LegId | None) -> None:
        """A called phone is answered."""
        if leg in self._legs and not self._legs[leg].answered and not self._legs[leg].arrived:
            self._legs[leg].answered = True
            self._tell(LegAnswered(leg))

    def held(self, leg: LegId | None, *, on: bool) -> None:
        """A phone's user presses hold or takes the call back; once is enough."""
        if leg in self._legs and self._legs[leg].answered and self._legs[leg].held is not on:
            self._legs[leg].held = on
            self._tell(LegHeld(leg) if on else LegRetrieved(leg))

    def moved(self, leg: LegId | None, codecs: Mapping[int, str]) -> None:
        """A phone's RTP changes its form."""
        if leg in self._forks:
            self._tell(TapMoved(leg, MediaSource(_MEDIA_HOST, self._legs[leg].port, codecs)))

    def gone(self, leg: LegId | None, cause: EndCause) -> None:
        """A leg ends, whoever ended it; a second time nothing happens."""
        if leg not in self._legs:
            return
        self._part(leg)
        del self._legs[leg]
        self._forks.pop(leg, None)
        self._tell(LegEnded(leg, cause))

    def set_registered(self, phone: SimulatedPhone, *, registered: bool) -> None:
        """A phone comes or leaves; told only when it changes."""
        if phone.registered is registered:
            return
        phone.registered = registered
        self._tell(DeviceRegistered(Dn(phone.dn)) if registered else DeviceUnregistered(Dn(phone.dn)))

    def _play(self, leg: LegId, script: Script) -> None:
        """Without any delay a step happens at once, so that the simplest scenario needs no clock."""
        acts: list[tuple[float, Callable[[], None]]] = [(script.rings_after_s, lambda: self._rings(leg, script))]
        if script.answers_after_s is not None:
            acts.append((script.answers_after_s, lambda: self.picked_up(leg)))
        if script.refuses_after_s is not None:
            acts.append((script.refuses_after_s, lambda: self._refused(leg, script.refuses_with)))
        task = asyncio.get_running_loop().create_task(self._perform(acts))
        self._scripts.add(task)
        task.add_done_callback(self._scripts.discard)

    async def _perform(self, acts: list[tuple[float, Callable[[], None]]]) -> None:
        began = self._clock.now()
        for after_s, act in sorted(acts, key=lambda each: each[0]):
            if after_s > 0:
                await self._clock.sleep_until(began + after_s)
            act()

    def _rings(self, leg: LegId, script: Script) -> None:
        if leg in self._legs:
            self._legs[leg].ringing = True
            self._tell(LegRinging(leg, script.can_answer))

    def _refused(self, leg: LegId, cause: EndCause) -> None:
        if not self.is_answered(leg):
            self.gone(leg, cause)

    def _part(self, leg: LegId) -> None:
        mine = self._legs[leg]
        for other in mine.joined:
            self._legs[other].joined -= {leg}
        mine.joined = frozenset()

    def _must_be_reachable(self) -> None:
        if not self.reachable:
            raise Unavailable("switch")

    def _tell(self, event: SwitchEvent) -> None:
        self._events.put_nowait(event)
