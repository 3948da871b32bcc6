"""What the simulated phones' users ask for by their phones, and what they are told about it."""

from itertools import count

from telegraphone.domain.ids import LegId
from telegraphone.domain.legs import EndCause
from telegraphone.domain.phone_requests import RecordingAsked, TransferAsked, TransferOfLegs
from telegraphone.domain.recording import Trigger
from telegraphone.switches.simulated.wiring import Wiring


class SimulatedRequests:
    """`PhoneAnswers` of the simulated switch, and the keys its phones have for it. Each wish has a name of its own."""

    def __init__(self, wiring: Wiring) -> None:
        self._wiring = wiring
        self._names = count(1)
        self.settled: dict[str, EndCause | None] = {}
        """What came of each wish; the first answer counts."""

    def transfer(self, dn: str, number: str) -> str:
        """The phone's user sends the newest call to a number."""
        request = self._new()
        self._wiring.tell(TransferAsked(self._leg(dn), number, request))
        return request

    def connect(self, dn: str) -> str:
        """The phone's user connects the others of the newest two calls, asked for in the older one."""
        request = self._new()
        older, newer = [leg.id for leg in self._wiring.legs.values() if leg.number == dn][-2:]
        self._wiring.tell(TransferOfLegs(older, newer, request))
        return request

    def record(self, dn: str, trigger: Trigger) -> str:
        """The phone's user wants the recording of the newest call begun, paused, resumed or stopped."""
        request = self._new()
        self._wiring.tell(RecordingAsked(self._leg(dn), trigger, request))
        return request

    async def settle(self, request: str, cause: EndCause | None) -> None:
        """See `PhoneAnswers`."""
        self.settled.setdefault(request, cause)

    def _new(self) -> str:
        return f"request {next(self._names)}"

    def _leg(self, dn: str) -> LegId:
        leg = self._wiring.newest(dn)
        assert leg is not None, f"phone {dn} has no call"
        return leg.id
