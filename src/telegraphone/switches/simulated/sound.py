"""What the simulated switch does to the sound of its legs, kept as facts that tests read."""

import asyncio
from collections.abc import Callable

from telegraphone.domain.ids import LegId
from telegraphone.services.ports import Clock, MediaAddress, MediaSource
from telegraphone.services.switch_ports import Announcement
from telegraphone.switches.simulated.wiring import Ear, Wiring, must_have_media


class SimulatedSound:
    """`LegMedia`, `WarningTones`, `Announcements`, `ConferenceTaps`, `TapMutes` and `Monitoring` of the simulated switch."""

    def __init__(self, wiring: Wiring, must_be_reachable: Callable[[], None], clock: Clock) -> None:
        self._wiring = wiring
        self._clock = clock
        self._must_be_reachable = must_be_reachable
        self.mixes = wiring.mixes
        """Where what each leg hears is copied to now."""
        self.muted_taps: set[tuple[LegId, bool]] = set()
        """Which copies are not sent: of what a leg's party says, or (True) hears."""

    def hears(self, leg: LegId) -> frozenset[LegId]:
        """Whom this leg's party hears now: nobody while either of the two holds, and nobody who is muted."""
        mine = self._wiring.legs.get(leg)
        if mine is None or mine.held:
            return frozenset()
        coaches = {supervisor for supervisor, ear in self._wiring.ears.items() if leg in ear.audible_to}
        wanted = (self._overheard(self._wiring.ears[leg]) if leg in self._wiring.ears else mine.joined) | coaches
        others = (self._wiring.legs[other] for other in wanted if other != leg)
        return frozenset(other.id for other in others if not other.held and not other.muted)

    def _overheard(self, ear: Ear) -> frozenset[LegId]:
        monitored = self._wiring.legs[ear.monitored]
        return frozenset() if monitored.held else monitored.joined | {monitored.id}

    async def fork_heard(self, leg: LegId, to: MediaAddress) -> MediaSource:
        """See `ConferenceTaps`."""
        self._must_be_reachable()
        must_have_media(self._wiring.legs, leg)
        self.mixes[leg] = to
        return self._wiring.source(leg)

    async def unfork_heard(self, leg: LegId) -> None:
        """See `ConferenceTaps`."""
        self.mixes.pop(leg, None)

    async def mute_tap(self, leg: LegId, on: bool, *, heard: bool = False) -> None:
        """See `TapMutes`."""
        (self.muted_taps.add if on else self.muted_taps.discard)((leg, heard))

    async def hold_music(self, leg: LegId, on: bool) -> None:
        """See `LegMedia`."""
        self._must_be_reachable()
        if found := self._wiring.legs.get(leg):
            found.music = on

    async def ring_tone(self, leg: LegId, on: bool) -> None:
        """See `LegMedia`."""
        self._must_be_reachable()
        if found := self._wiring.legs.get(leg):
            found.ring_tone = on

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

    async def warn(self, leg: LegId) -> None:
        """See `WarningTones`."""
        self._must_be_reachable()
        if found := self._wiring.legs.get(leg):
            found.tones += 1

    async def announce(self, leg: LegId, announcement: Announcement) -> bool:
        """See `Announcements`."""
        self._must_be_reachable()
        found = self._wiring.legs.get(leg)
        if found is None or found.held:
            return False
        found.cut_off()
        over: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        found.announced = over
        # Cancelled below, and raises nothing.
        playing = asyncio.create_task(self._clock.sleep_until(self._clock.now() + announcement.seconds))
        playing.add_done_callback(lambda played: None if over.done() else over.set_result(not played.cancelled()))
        try:
            return await over
        finally:
            playing.cancel()

    async def monitor(self, supervisor: LegId, monitored: LegId, audible_to: frozenset[LegId]) -> None:
        """See `Monitoring`."""
        self._must_be_reachable()
        must_have_media(self._wiring.legs, supervisor)
        must_have_media(self._wiring.legs, monitored)
        self._wiring.part(supervisor)
        self._wiring.ears[supervisor] = Ear(monitored, audible_to)

    async def unmonitor(self, supervisor: LegId) -> None:
        """See `Monitoring`."""
        self._must_be_reachable()
        self._wiring.ears.pop(supervisor, None)
