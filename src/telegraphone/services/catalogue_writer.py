"""Puts recordings into the catalogue behind the calls' backs: no call, pause or recording ever waits for the database."""

import asyncio
from collections import Counter
from collections.abc import Callable
from itertools import islice

import structlog

from telegraphone.domain.ids import CallUuid, RecordingId
from telegraphone.limits import CATALOGUE_AT_ONCE, CATALOGUE_BACKLOG_MAX
from telegraphone.services.catalogue import Catalogue, PartRecord
from telegraphone.services.later import keep_writing
from telegraphone.services.ports import Clock, Unavailable

log = structlog.get_logger()


class CatalogueWriter:
    """A bounded waiting line in front of the catalogue that keeps the newest record of each part.

    A part is written again and again until the database takes it, in order of first appearance, so an outage delays
    records and loses none up to CATALOGUE_BACKLOG_MAX parts. Beyond that the journal on disk is the only record, and an
    alarm says so: recovery finds it again at the next start. Those that wait together are written together, twice as many
    each time; after a failure one by one again, so that neither a slow database nor one bad record stops the others.
    """

    def __init__(self, catalogue: Catalogue, clock: Clock, written: Callable[[], None] = lambda: None) -> None:
        """`written` is called whenever the catalogue has taken records."""
        self._catalogue = catalogue
        self._written = written
        self._clock = clock
        self._waiting: dict[RecordingId, PartRecord] = {}
        self._waiting_of: Counter[CallUuid] = Counter()
        self._at_once = 1
        self._unfinished: dict[RecordingId, PartRecord] = {}
        self._wake = asyncio.Event()

    def put(self, part: PartRecord) -> None:
        """Takes the record for writing soon; a newer record of the same part replaces one that still waits."""
        self._remember(part)
        if part.recording_id not in self._waiting and len(self._waiting) >= CATALOGUE_BACKLOG_MAX:
            log.error("catalogue_backlog_full", recording=part.recording_id)
            return
        if part.recording_id not in self._waiting:
            self._waiting_of[part.call_uuid] += 1
        self._waiting[part.recording_id] = part
        self._wake.set()

    @property
    def waiting(self) -> int:
        """Parts that the catalogue has not taken yet."""
        return len(self._waiting)

    def awaits(self, call_uuid: CallUuid) -> bool:
        """Whether the catalogue has not taken all of this call yet."""
        return self._waiting_of[call_uuid] > 0

    def unfinished(self, recording_id: RecordingId) -> PartRecord | None:
        """What this run knows of a part whose end was not written."""
        return self._unfinished.get(recording_id)

    async def run(self) -> None:
        """Writes for ever; cancel to stop, then `flush`."""
        await keep_writing(self._wake, self._write_all, self._clock)

    async def flush(self) -> None:
        """Writes what waits, once; what the database refuses now is found again by recovery at the next start."""
        await self._write_all()

    async def _write_all(self) -> bool:
        while self._waiting:
            parts = tuple(islice(self._waiting.values(), self._at_once))
            try:
                await self._catalogue.put(*parts)
            except Unavailable as error:
                log.error("catalogue_unavailable", error=str(error), waiting=len(self._waiting))
                self._at_once = 1
                if error.retryable:
                    return False
                if len(parts) > 1:
                    continue
                # What the database will never take must not keep the others waiting; the journal on disk still has it.
                log.error("catalogue_refuses", recording=parts[0].recording_id)
            else:
                self._at_once = min(2 * self._at_once, CATALOGUE_AT_ONCE)
                self._written()
            for part in parts:
                self._forget(part)
        return True

    def _forget(self, part: PartRecord) -> None:
        """It waits no longer, unless a newer record has come meanwhile."""
        if self._waiting.get(part.recording_id) is not part:
            return
        del self._waiting[part.recording_id]
        self._waiting_of[part.call_uuid] -= 1
        if not self._waiting_of[part.call_uuid]:
            del self._waiting_of[part.call_uuid]

    def _remember(self, part: PartRecord) -> None:
        if part.stopped_at is not None:
            self._unfinished.pop(part.recording_id, None)
        elif part.recording_id in self._unfinished or len(self._unfinished) < CATALOGUE_BACKLOG_MAX:
            self._unfinished[part.recording_id] = part
