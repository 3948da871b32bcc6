"""What a package says of recordings besides their audio: what the list of recordings knows, and who did what to them."""

from collections.abc import Sequence
from typing import Protocol

from telegraphone.domain.labels import Label, LabelDefinition
from telegraphone.limits import TRAIL_LINES_SHOWN_MAX
from telegraphone.services.archive_ports import ExportOrder
from telegraphone.services.audit import AuditLine, AuditTrail
from telegraphone.services.catalogue import PartRecord
from telegraphone.services.keeping import Keeping, Standing
from telegraphone.services.labels import Labels


class Wording(Protocol):
    """How recordings and lines of the trail are written down in a package, as JSON."""

    def metadata(self, parts: Sequence[PartRecord], standing: Standing, labels: Sequence[tuple[Label, LabelDefinition]]) -> bytes:
        """A recording."""

    def trail(self, lines: Sequence[AuditLine]) -> bytes:
        """Lines about it."""


class ExportOrders:
    """Says of a recording's ended parts what is to be put into a package beside them."""

    def __init__(self, keeping: Keeping, labels: Labels, audit: AuditTrail, wording: Wording) -> None:
        self._keeping = keeping
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
        standing = await self._keeping.standing(tenant, call_uuid)
        [labels] = await self._labels.shown(tenant, (call_uuid,))
        metadata, trail = self._wording.metadata(parts, standing, labels), self._wording.trail(lines)
        return [ExportOrder(part.recording_id, metadata, trail) for part in ended]
