"""Pauses that last too long, told to those who are not in the call: webhooks and the audit trail (properties PCI-10).

Calls never wait for the database, so alarms wait here, bounded, until it has taken them.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Protocol

import structlog

from telegraphone.domain.ids import CallUuid, RecordingId
from telegraphone.limits import CATALOGUE_RETRY_S, PAUSE_ALARMS_MAX
from telegraphone.services.audit import AuditTrail, Deed
from telegraphone.services.happenings import Happening, Kind, Outbox
from telegraphone.services.ports import Clock, Unavailable

log = structlog.get_logger()


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
    """`PauseAlarms` that writes each into the audit trail and for the webhooks, in a task of its own."""

    def __init__(self, audit: AuditTrail, outbox: Outbox, clock: Clock, look: Callable[[], None]) -> None:
        """`look` is called when there is something new for the webhooks."""
        self._audit = audit
        self._outbox = outbox
        self._clock = clock
        self._look = look
        self._waiting: asyncio.Queue[LongPause] = asyncio.Queue(PAUSE_ALARMS_MAX)

    def raise_alarm(self, pause: LongPause) -> None:
        """See `PauseAlarms.raise_alarm`."""
        try:
            self._waiting.put_nowait(pause)
        except asyncio.QueueFull:
            log.error("pause_alarm_not_written_down", call=pause.call_uuid)

    async def run(self) -> None:
        """Writes down for ever."""
        while True:
            pause = await self._waiting.get()
            about = {"recordedDn": pause.recorded_dn, "userName": pause.user_name}
            detail = {**about, "part": pause.recording_id, "seconds": f"{pause.seconds:g}"}
            deed = Deed("system", "pause alarm", pause.call_uuid, "raised", detail, pause.tenant)
            whose = (pause.tenant, pause.call_uuid, pause.recording_id)
            told = Happening(Kind.PAUSED_LONG, *whose, pause.at, {**about, "seconds": pause.seconds})
            await self._surely(partial(self._audit.write, deed))
            await self._surely(partial(self._outbox.add, told))
            self._look()

    async def _surely(self, write: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                return await write()
            except Unavailable as error:
                log.warning("pause_alarm_waits", error=str(error))
                await self._clock.sleep_until(self._clock.now() + CATALOGUE_RETRY_S)
