"""What a package says of recordings besides their audio: what the list of recordings knows, and who did what to them."""

from collections.abc import Sequence
from typing import Protocol

from telegraphone.domain.ids import CallUuid
from telegraphone.domain.labels import Label, LabelDefinition
from telegraphone.limits import TRAIL_LINES_SHOWN_MAX
from telegraphone.services.archive_ports import ExportOrder, SignedDocument, StoneOrder
from telegraphone.services.audit import AuditLine, AuditTrail
from telegraphone.services.catalogue import PartRecord
from telegraphone.services.evidence import Matters
from telegraphone.services.keeping import Standing
from telegraphone.services.labels import Labels


class Wording(Protocol):
    """How recordings and lines of the trail are written down in a package, as JSON."""

    def metadata(self, parts: Sequence[PartRecord], standing: Standing, labels: Sequence[tuple[Label, LabelDefinition]]) -> bytes:
        """A recording."""

    def trail(self, lines: Sequence[AuditLine]) -> bytes:
        """Lines about it."""


class ExportOrders:
    """Says of a recording's ended parts what is to be put into a package beside them."""

    def __init__(self, matters: Matters, labels: Labels, audit: AuditTrail, wording: Wording) -> None:
        self._matters = matters
        self._labels = labels
        self._audit = audit
        self._wording = wording

    async def of(self, tenant: str, parts: Sequence[PartRecord]) -> list[ExportOrder]:
        """The orders of these parts of one call; none while nothing of it has ended, or when there is nothing any more."""
        ended = [part for part in parts if part.stopped_at is not None]
        if not ended:
            return []
        call_uuid = ended[0].call_uuid
        lines = await self._audit.about(tenant, (call_uuid, *(part.recording_id for part in parts)), TRAIL_LINES_SHOWN_MAX)
        [standing] = await self._matters.of(tenant, (call_uuid,))
        [labels] = await self._labels.shown(tenant, (call_uuid,))
        metadata, trail = self._wording.metadata(parts, standing, labels), self._wording.trail(lines)
        return [ExportOrder(part.recording_id, metadata, trail) for part in ended]

    async def erased(self, tenant: str, call_uuid: CallUuid) -> list[StoneOrder]:
        """The order of what is left of a recording that was erased; none where there is no stone."""
        stone = await self._matters.tombstone(tenant, call_uuid)
        if stone is None:
            return []
        trail = self._wording.trail(await self._audit.about(tenant, (call_uuid,), TRAIL_LINES_SHOWN_MAX))
        return [StoneOrder(call_uuid, SignedDocument(stone.statement.encode(), stone.signature.encode()), trail)]
