"""Brings the catalogue up to date with recordings that were closed by recovery instead of by their call."""

from dataclasses import replace
from datetime import timedelta

import structlog

from telegraphone.domain.ids import RecordingId
from telegraphone.services.catalogue_writer import CatalogueWriter
from telegraphone.services.ports import By, Catalogue, HistoryEntry, PartRecord, SealedRecording, Unavailable

log = structlog.get_logger()

_BY_SYSTEM = By("system")


class RecoveredParts:
    """Matches recovered media files with the parts that a crash left unfinished in the catalogue."""

    def __init__(self, catalogue: Catalogue, writer: CatalogueWriter) -> None:
        self._catalogue = catalogue
        self._writer = writer
        self._unfinished: dict[RecordingId, PartRecord] = {}

    async def load(self) -> None:
        """Reads what the last run left unfinished; called once at the start. A database that is away costs the names
        of the recovered parts, not the parts."""
        try:
            self._unfinished = {part.recording_id: part for part in await self._catalogue.unfinished()}
        except Unavailable as error:
            log.error("unfinished_parts_unknown", error=str(error))

    def found(self, sealed: SealedRecording) -> None:
        """A recording was found and closed: its part ends as recovered. One the catalogue never heard of is added with
        what the manifest knows."""
        known = self._unfinished.pop(sealed.recording_id, None)
        part = known or PartRecord(
            recording_id=sealed.recording_id,
            call_uuid=sealed.call_uuid,
            conn_id="",
            name=sealed.recording_id,
            ani="",
            dnis="",
            recorded_dn="",
            user_name="",
            started_at=sealed.started_at,
        )
        self._writer.put(_ended(part, sealed))
        log.warning("recording_recovered", recording=sealed.recording_id, known=known is not None)


def _ended(part: PartRecord, sealed: SealedRecording) -> PartRecord:
    length_ms = sealed.duration_samples * 1000 // sealed.rate
    stopped = sealed.started_at + timedelta(milliseconds=length_ms)
    whole = HistoryEntry("Recording", sealed.started_at, stopped, 0, length_ms, None, _BY_SYSTEM)
    return replace(
        part,
        started_at=sealed.started_at,
        stopped_at=stopped,
        duration_ms=length_ms,
        status=sealed.status,
        history=(whole,),
    )
