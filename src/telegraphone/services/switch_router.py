"""Several switches behind one face: what is asked of a leg goes to its switch, what happens anywhere is told in one line.

Switches are strangers to each other, and the legs of one call are at one switch. A leg belongs to the switch that reported it;
one that is to be called, to the switch of the legs it will be joined with, else to that where the phone of the number was last
seen. A leg that is not known any more is asked for at the first switch, which is harmless by the promise of `Switch`.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Sequence
from typing import Protocol

from telegraphone.domain.ids import LegId
from telegraphone.domain.legs import Ability, CallForked, DeviceRegistered, EndCause, LegArrived, LegEnded, PartyJoined
from telegraphone.domain.phone_requests import RecordingAsked, TransferAsked, TransferOfLegs
from telegraphone.limits import ENDED_LEGS_KNOWN_MAX
from telegraphone.services.ports import Caller, MediaAddress, MediaSource, Switch, SwitchEvent, SwitchEvents, Taps
from telegraphone.services.sound_router import AnswersRouter, LegSound, SoundRouter
from telegraphone.services.switch_ports import PhoneAnswers, Trunks


class AnySwitch(Switch, Taps, SwitchEvents, Protocol):
    """All that a switch must be to stand behind the router."""


class PhoneSwitch(AnySwitch, Protocol):
    """One with phones."""

    @property
    def trunks(self) -> Trunks:
        """Which numbers are outside."""

    @property
    def sound(self) -> LegSound:
        """What can be done to the sound of its legs."""

    @property
    def requests(self) -> PhoneAnswers:
        """Who tells its phones what came of their requests."""


class NoTrunks:
    """Of a switch that has phones only."""

    def lead_to(self, number: str) -> bool:
        """Never."""
        return False


class SwitchRouter:
    """`Switch`, `Taps`, `Outside` and `SwitchEvents` over several of them."""

    def __init__(self, phones: Sequence[PhoneSwitch], others: Sequence[AnySwitch] = ()) -> None:
        """`phones` are those that can call phones, one at least."""
        self._first = phones[0]
        self._phones = tuple(phones)
        self._switches: tuple[AnySwitch, ...] = (*phones, *others)
        self._owners: dict[LegId, AnySwitch] = {}
        self._homes: dict[str, PhoneSwitch] = {}
        self._asked: dict[str, PhoneSwitch] = {}
        self._ended: deque[LegId] = deque()
        self.sound = SoundRouter(lambda leg: self._with_phones(leg).sound)
        """`LegMedia`, `ConferenceTaps` and `Monitoring` over all of them."""
        self.requests = AnswersRouter(lambda request: self._asked.pop(request, self._first).requests)
        """`PhoneAnswers` over all of them."""

    def _of(self, leg: LegId) -> AnySwitch:
        return self._owners.get(leg, self._first)

    def _with_phones(self, leg: LegId) -> PhoneSwitch:
        owner = self._of(leg)
        return next((each for each in self._phones if each is owner), self._first)

    # --- Switch ---

    @property
    def abilities(self) -> frozenset[Ability]:
        """What every switch with phones can do: of calls at the others, the calls themselves say what can be done."""
        return frozenset.intersection(*(each.abilities for each in self._phones))

    async def originate(self, leg: LegId, number: str, caller: Caller, *, lift: bool = False) -> None:
        """See `Switch`."""
        beside = (self._with_phones(each) for each in caller.beside if each in self._owners)
        owner = next(beside, None) or self._homes.get(number, self._first)
        self._owners[leg] = owner
        try:
            await owner.originate(leg, number, caller, lift=lift)
        except BaseException:
            # Nothing is told of it any more.
            self._owners.pop(leg, None)
            raise

    async def ring(self, leg: LegId) -> None:
        """See `Switch`."""
        await self._of(leg).ring(leg)

    async def answer(self, leg: LegId) -> None:
        """See `Switch`."""
        await self._of(leg).answer(leg)

    async def hang_up(self, leg: LegId, cause: EndCause) -> None:
        """See `Switch`."""
        await self._of(leg).hang_up(leg, cause)

    async def join(self, legs: tuple[LegId, ...]) -> None:
        """See `Switch`. The legs of one call are at one switch."""
        await self._of(legs[0]).join(legs)

    # --- Outside ---

    def is_outside(self, number: str, *, seen_from: str) -> bool:
        """See `Outside`: each switch has its own trunks."""
        return self._homes.get(seen_from, self._first).trunks.lead_to(number)

    # --- Taps ---

    async def fork(self, leg: LegId, to: MediaAddress) -> MediaSource:
        """See `Taps`."""
        return await self._of(leg).fork(leg, to)

    async def unfork(self, leg: LegId) -> None:
        """See `Taps`."""
        await self._of(leg).unfork(leg)

    # --- SwitchEvents ---

    async def events(self) -> AsyncIterator[SwitchEvent]:
        """See `SwitchEvents`: in order for each switch. Ends when all of them are closed."""
        # Each switch bounds what waits in it; here nothing waits but one event for each.
        merged: asyncio.Queue[SwitchEvent | None] = asyncio.Queue(1)

        async def drain(switch: AnySwitch) -> None:
            async for event in switch.events():
                self._note(switch, event)
                await merged.put(event)
            await merged.put(None)

        async with asyncio.TaskGroup() as tasks:
            running = [tasks.create_task(drain(each)) for each in self._switches]
            open_ones = len(running)
            try:
                while open_ones:
                    event = await merged.get()
                    if event is None:
                        open_ones -= 1
                        continue
                    yield event
                    if isinstance(event, LegEnded):
                        self._forget_later(event.leg)
            finally:
                for task in running:
                    task.cancel()

    def _forget_later(self, leg: LegId) -> None:
        """What was asked about a leg before its end was known may still be on its way."""
        self._ended.append(leg)
        if len(self._ended) > ENDED_LEGS_KNOWN_MAX:
            self._owners.pop(self._ended.popleft(), None)

    def _note(self, switch: AnySwitch, event: SwitchEvent) -> None:
        match event:
            case LegArrived(leg):
                self._owners[leg] = switch
            case CallForked(parties):
                self._owners |= dict.fromkeys((party.leg for party in parties), switch)
            case PartyJoined(party=party):
                self._owners[party.leg] = switch
            case DeviceRegistered(dn):
                self._homes.update((dn, each) for each in self._phones if each is switch)
            case TransferAsked(request=request) | TransferOfLegs(request=request) | RecordingAsked(request=request):
                self._asked.update((request, each) for each in self._phones if each is switch)
            case _:
                pass
