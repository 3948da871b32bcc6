"""The simulated switch itself: the ports of a switch, kept on wires that exist in memory only."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from telegraphone.domain.ids import Dn, LegId
from telegraphone.domain.legs import (
    Ability,
    DeviceRegistered,
    EndCause,
)
from telegraphone.services.ports import Caller, Clock, MediaAddress, MediaSource, SwitchEvent, Unavailable
from telegraphone.services.switch_ports import Trunks
from telegraphone.services.switch_router import NoTrunks
from telegraphone.switches.simulated.phone import Script, SimulatedPhone
from telegraphone.switches.simulated.requests import SimulatedRequests
from telegraphone.switches.simulated.sound import SimulatedSound
from telegraphone.switches.simulated.wiring import SimulatedLeg, Wiring, must_have_media

EVERY_ABILITY: Final = frozenset(Ability)


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
        self.sound = SimulatedSound(self._wiring, self._must_be_reachable, clock)
        """Its `LegMedia`, `ConferenceTaps` and `Monitoring`."""
        self.requests = SimulatedRequests(self._wiring)
        """Its `PhoneAnswers`, and what its phones' users ask for."""
        self.trunks: Trunks = NoTrunks()
        """None."""
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
        return self.sound.hears(leg)

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

    async def originate(self, leg: LegId, number: str, caller: Caller, *, lift: bool = False) -> None:
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
            self._play(leg, replace(phone.script, answers_after_s=0.0) if lift and phone.script.lifts else phone.script)

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
        must_have_media(self._wiring.legs, leg)
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
