"""From when recordings are kept, in memory: `Ages` over the list of recordings in memory."""

from collections.abc import Sequence
from datetime import datetime

from telegraphone.database.memory import MemoryCatalogue, MemoryStandings
from telegraphone.domain.ids import CallUuid
from telegraphone.services.catalogue import PartRecord
from telegraphone.services.keeping import Standing
from telegraphone.services.retention import Aged, Place


class MemoryAges:
    """`Ages` in dictionaries."""

    def __init__(self, catalogue: MemoryCatalogue, standings: MemoryStandings) -> None:
        self._catalogue = catalogue
        self._standings = standings
        self._reached: datetime | None = None
        self._kept_from: dict[tuple[str, CallUuid], tuple[datetime, datetime]] = {}

    async def reached(self) -> tuple[datetime | None, datetime | None]:
        """See `Ages.reached`."""
        ends = [part.stopped_at for part in self._catalogue.everything() if part.stopped_at]
        return self._reached, max(ends, default=None)

    async def reach(self, at: datetime) -> None:
        """See `Ages.reach`."""
        self._reached = at

    async def unnoticed(self, limit: int) -> tuple[Aged, ...]:
        """See `Ages.unnoticed`."""
        found = [Aged(*key, end) for key, end in self._ended().items() if self._from(key, end) is None]
        return tuple(found[:limit])

    async def notice(self, aged: Sequence[Aged]) -> None:
        """See `Ages.notice`."""
        ended = self._ended()
        for each in aged:
            self._kept_from[each.tenant, each.call_uuid] = ended[each.tenant, each.call_uuid], each.kept_from

    async def before(self, tenant: str, at: datetime, behind: Place | None, limit: int) -> tuple[Aged, ...]:
        """See `Ages.before`."""
        found = []
        for key, end in self._ended().items():
            kept_from = self._from(key, end)
            [standing] = await self._standings.of(key[0], (key[1],))
            if kept_from is None or key[0] != tenant or not kept_from < at or standing != Standing():
                continue
            if behind is None or (kept_from, key[1]) > behind:
                found.append(Aged(*key, kept_from, self._standings.is_claimed(*key)))
        return tuple(sorted(found, key=lambda each: (each.kept_from, each.call_uuid))[:limit])

    def _from(self, key: tuple[str, CallUuid], end: datetime) -> datetime | None:
        noticed_end, kept_from = self._kept_from.get(key, (None, None))
        return kept_from if noticed_end == end else None

    def _ended(self) -> dict[tuple[str, CallUuid], datetime]:
        """The recordings none of whose parts is still being made, and when each ended."""
        parts: dict[tuple[str, CallUuid], list[PartRecord]] = {}
        for part in self._catalogue.everything():
            parts.setdefault((part.tenant, part.call_uuid), []).append(part)
        ends = {key: [part.stopped_at for part in whole if part.stopped_at] for key, whole in parts.items()}
        return {key: max(found) for key, found in ends.items() if len(found) == len(parts[key])}
