"""Puts recordings into the catalogue behind the calls' backs: no call, pause or recording ever waits for the database."""

import asyncio
from collections.abc import Callable

import structlog

from telegraphone.domain.ids import CallUuid, RecordingId
from telegraphone.limits import CATALOGUE_BACKLOG_MAX, CATALOGUE_RETRY_S
from telegraphone.services.catalogue import Catalogue, PartRecord
from telegraphone.services.ports import Clock, Unavailable

log = structlog.get_logger()


class CatalogueWriter:
    """A bounded waiting line in front of the catalogue that keeps the newest record of each part.

    A part is written again and again until the database takes it, in order of first appearance, so an outage delays
    records and loses none up to CATALOGUE_BACKLOG_MAX parts. Beyond that the journal on disk is the only record, and an
    alarm says so: recovery finds it again at the next start.
    """

    def __init__(self, catalogue: Catalogue, clock: Clock, written: Callable[[], None] = lambda: None) -> None:
        """`written` is called after each record that the catalogue has taken."""
        self._catalogue = catalogue
        self._written = written
        self._clock = clock
        self._waiting: dict[RecordingId, PartRecord] = {}
        self._unfinished: dict[RecordingId, PartRecord] = {}
        self._wake = asyncio.Event()

    def put(self, part: PartRecord) -> None:
        """Takes the record for writing soon; a newer record of the same part replaces one that still waits."""
        self._remember(part)
        if part.recording_id not in self._waiting and len(self._waiting) >= CATALOGUE_BACKLOG_MAX:
            log.error("catalogue_backlog_full", recording=part.recording_id)
            return
        self._waiting[part.recording_id] = part
        self._wake.set()

    @property
    def waiting(self) -> int:
        """Parts that the catalogue has not taken yet."""
        return len(self._waiting)

    def awaits(self, call_uuid: CallUuid) -> bool:
        """Whether the catalogue has not taken all of this call yet."""
        return any(part.call_uuid == call_uuid for part in self._waiting.values())

    def unfinished(self, recording_id: RecordingId) -> PartRecord | None:
        """What this run knows of a part whose end was not written."""
        return self._unfinished.get(recording_id)

    async def run(self) -> None:
        """Writes for ever; cancel to stop, then `flush`."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            if not await self._write_all():
                await self._clock.sleep_until(self._clock.now() + CATALOGUE_RETRY_S)
                self._wake.set()

    async def flush(self) -> None:
        """Writes what waits, once; what the database refuses now is found again by recovery at the next start."""
        await self._write_all()

    async def _write_all(self) -> bool:
        while self._waiting:
            recording_id, part = next(iter(self._waiting.items()))
            try:
                await self._catalogue.put(part)
            except Unavailable as error:
                log.error("catalogue_unavailable", error=str(error), waiting=len(self._waiting))
                if error.retryable:
                    return False
                # What the database will never take must not keep the others waiting; the journal on disk still has it.
                log.error("catalogue_refuses", recording=recording_id)
            else:
                self._written()
            if self._waiting.get(recording_id) is part:
                del self._waiting[recording_id]
        return True

    def _remember(self, part: PartRecord) -> None:
        if part.stopped_at is not None:
            self._unfinished.pop(part.recording_id, None)
        elif part.recording_id in self._unfinished or len(self._unfinished) < CATALOGUE_BACKLOG_MAX:
            self._unfinished[part.recording_id] = part
