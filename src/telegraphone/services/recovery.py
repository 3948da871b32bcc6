"""Brings the catalogue up to date with recordings that were closed by recovery instead of by their call."""

from collections.abc import Callable

import structlog

from telegraphone.domain.ids import RecordingId
from telegraphone.limits import CATALOGUE_BACKLOG_MAX, CATALOGUE_RETRY_S
from telegraphone.services import history
from telegraphone.services.catalogue import By, Catalogue, PartRecord
from telegraphone.services.catalogue_writer import CatalogueWriter
from telegraphone.services.ports import Clock, SealedRecording, Unavailable

log = structlog.get_logger()

_BY_SYSTEM = By("system")


class RecoveredParts:
    """Matches recovered media files with the parts that a crash left unfinished in the catalogue, or that this run could
    not end. Until the catalogue has been read nothing is written, lest a nameless record replace a good one."""

    def __init__(
        self, catalogue: Catalogue, writer: CatalogueWriter, ended: Callable[[PartRecord], None] = lambda _: None
    ) -> None:
        """`ended` is told each part that is ended here."""
        self._catalogue = catalogue
        self._writer = writer
        self._ended = ended
        self._unfinished: dict[RecordingId, PartRecord] = {}
        self._loaded = False
        self._early: list[SealedRecording] = []

    async def load(self) -> bool:
        """Reads what the last run left unfinished and ends what was found meanwhile; False when the database is away,
        and then it must be called again."""
        try:
            unfinished = await self._catalogue.unfinished()
        except Unavailable as error:
            log.error("unfinished_parts_unknown", error=str(error))
            return False
        self._unfinished = {part.recording_id: part for part in unfinished}
        self._loaded = True
        for sealed in self._early:
            self.found(sealed)
        self._early.clear()
        return True

    @property
    def awaited(self) -> tuple[RecordingId, ...]:
        """The parts whose end nobody has told yet."""
        return tuple(self._unfinished)

    async def keep_loading(self, clock: Clock) -> None:
        """Returns when the unfinished parts are known."""
        while not self._loaded and not await self.load():
            await clock.sleep_until(clock.now() + CATALOGUE_RETRY_S)

    def found(self, sealed: SealedRecording) -> None:
        """A recording was found and closed: its part ends as recovered. One the catalogue never heard of is added with
        what the manifest knows."""
        if not self._loaded:
            self._keep(sealed)
            return
        known = self._writer.unfinished(sealed.recording_id) or self._unfinished.pop(sealed.recording_id, None)
        part = history.ended(known or _nameless(sealed), sealed, _BY_SYSTEM)
        self._writer.put(part)
        self._ended(part)
        log.warning("recording_recovered", recording=sealed.recording_id, known=known is not None)

    def _keep(self, sealed: SealedRecording) -> None:
        if len(self._early) >= CATALOGUE_BACKLOG_MAX:
            log.error("recovered_parts_full", recording=sealed.recording_id)
            return
        self._early.append(sealed)


def _nameless(sealed: SealedRecording) -> PartRecord:
    return PartRecord(
        recording_id=sealed.recording_id,
        call_uuid=sealed.call_uuid,
        conn_id="",
        name=sealed.recording_id,
        ani="",
        dnis="",
        recorded_dn="",
        user_name="",
        started_at=sealed.started_at,
        tenant=sealed.tenant,
    )
