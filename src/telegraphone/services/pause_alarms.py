"""Pauses that last too long, told to those who are not in the call: webhooks and the audit trail (properties PCI-10)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Protocol

from telegraphone.domain.ids import CallUuid, RecordingId
from telegraphone.limits import PAUSE_ALARMS_MAX
from telegraphone.services.audit import AuditTrail, Deed
from telegraphone.services.happenings import Happening, Kind, Outbox
from telegraphone.services.later import Later
from telegraphone.services.ports import Clock


@dataclass(frozen=True, slots=True)
class LongPause:
    """A part has been paused for so many seconds, and whose it is; `at` is now."""

    tenant: str
    call_uuid: CallUuid
    recording_id: RecordingId
    recorded_dn: str
    user_name: str
    at: datetime
    seconds: float


class PauseAlarms(Protocol):
    """Who is to hear of pauses that last too long."""

    def raise_alarm(self, pause: LongPause) -> None:
        """This pause has lasted too long; never blocks, never raises."""


class Unheard:
    """Where nobody is to hear of them."""

    def raise_alarm(self, pause: LongPause) -> None:
        """Nothing."""


class AlarmBook:
    """`PauseAlarms` that are written into the audit trail and for the webhooks; calls do not wait for the database."""

    def __init__(self, audit: AuditTrail, outbox: Outbox, clock: Clock, look: Callable[[], None]) -> None:
        """`look` is called when there is something new for the webhooks."""
        self._audit = audit
        self._outbox = outbox
        self._look = look
        self._later = Later(clock, PAUSE_ALARMS_MAX, "pause alarms")
        self.run = self._later.run

    def raise_alarm(self, pause: LongPause) -> None:
        """See `PauseAlarms.raise_alarm`."""
        about = {"recordedDn": pause.recorded_dn, "userName": pause.user_name}
        detail = {**about, "part": pause.recording_id, "seconds": f"{pause.seconds:g}"}
        deed = Deed("system", "pause alarm", pause.call_uuid, "raised", detail, pause.tenant)
        whose = (pause.tenant, pause.call_uuid, pause.recording_id)
        told = Happening(Kind.PAUSED_LONG, *whose, pause.at, {**about, "seconds": pause.seconds})
        self._later.put(partial(self._audit.write, deed), partial(self._tell, told))

    async def _tell(self, told: Happening) -> None:
        await self._outbox.add(told)
        self._look()
