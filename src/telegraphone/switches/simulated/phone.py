"""The simulated switch's phones: what a test lets their users do, by hand or by a script."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from telegraphone.domain.ids import Dn, LegId
from telegraphone.domain.legs import (
    DeviceRegistered,
    DeviceUnregistered,
    EndCause,
)
from telegraphone.services.ports import Caller
from telegraphone.switches.simulated.wiring import SimulatedLeg, Wiring


@dataclass(frozen=True, slots=True)
class Script:
    """What a phone does with a call that reaches it: how long it takes to ring, and what it does later, if anything."""

    rings_after_s: float = 0.0
    answers_after_s: float | None = None
    refuses_after_s: float | None = None
    refuses_with: EndCause = EndCause.BUSY
    can_answer: bool = True
    """Whether the switch can take it off the hook."""
    lifts: bool = False
    """Whether it goes off the hook by itself for a call that its own user asked for."""


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
