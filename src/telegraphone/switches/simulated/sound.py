"""What the simulated switch does to the sound of its legs, kept as facts that tests read."""

from collections.abc import Callable

from telegraphone.domain.ids import LegId
from telegraphone.services.ports import MediaAddress, MediaSource, Unavailable
from telegraphone.switches.simulated.wiring import Wiring


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
