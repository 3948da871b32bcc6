"""What happens to recordings, as those hear of it who are told from outside: derived from what the catalogue keeps.

Theory. A webhook must lose nothing, so it cannot hang on a moment in memory. Each part's record holds its whole history;
whoever writes a newer record compares it with the one before and writes what has happened in between in the same
transaction. So a record that waited through an outage still tells every pause it holds, and a crash tells none twice.
Where recordings are sent on, one is stored only when it is proved to be there: that it will be is written down with its end,
and told by taking that back.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Protocol

from telegraphone.domain.ids import CallUuid, RecordingId
from telegraphone.services.catalogue import By, PartRecord


class Kind(Enum):
    """What can happen to a recording. *Stopped* means that no more is recorded, *stored* that what was is sealed and safe
    where recordings are kept, *paused long* that a pause may be forgotten."""

    STARTED = "recording.started"
    PAUSED = "recording.paused"
    PAUSED_LONG = "recording.paused.long"
    RESUMED = "recording.resumed"
    STOPPED = "recording.stopped"
    STORED = "recording.stored"
    FAILED = "recording.failed"
    ERASED = "recording.erased"


@dataclass(frozen=True, slots=True)
class Happening:
    """One fact about one recording. `recording_id` is the media file, empty when the whole recording is meant; `detail` are
    JSON values that name nobody but agents."""

    kind: Kind
    tenant: str
    call_uuid: CallUuid
    recording_id: RecordingId
    at: datetime
    detail: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Numbered:
    """A happening with its number: one order over all tenants, without a number twice."""

    number: int
    happening: Happening


class Outbox(Protocol):
    """What has happened, in order, and how far each webhook has been told."""

    async def add(self, happening: Happening) -> None:
        """Adds one; durable on return."""

    async def stored(self, recording_id: RecordingId, at: datetime) -> None:
        """Adds that this media file is stored where recordings are sent, once; nothing for one of which it is not to be told.
        Durable on return."""

    async def after(self, number: int, tenant: str, limit: int) -> tuple[Numbered, ...]:
        """This tenant's happenings with greater numbers, in order."""

    async def told(self, webhook: str) -> int:
        """The number up to which this webhook has been told; for one that is new, the greatest there is: it hears of what
        happens from now on."""

    async def set_told(self, webhook: str, number: int) -> None:
        """Remembers it; durable on return. A smaller number tells again what comes behind it."""

    async def forget(self, before: datetime) -> int:
        """Drops what happened before this time, and says how much that was."""


def happened(before: PartRecord | None, after: PartRecord) -> tuple[Happening, ...]:
    """What has happened to a part between two records of it, in order of time."""
    found: list[Happening] = []

    def tell(kind: Kind, at: datetime, by: By | None = None, **detail: object) -> None:
        about = {"name": after.name, "recordedDn": after.recorded_dn, "userName": after.user_name, **detail}
        if by is not None:
            about["by"] = {"source": by.source, "userName": by.user_name}
        found.append(Happening(kind, after.tenant, after.call_uuid, after.recording_id, at, about))

    if _began(after) and not (before and _began(before)):
        tell(Kind.STARTED, after.started_at, after.history[0].started_by)
    old, new = _pauses(before), _pauses(after)
    for pause in new[len(old) :]:
        tell(Kind.PAUSED, pause.began, pause.began_by, offsetMs=pause.offset_ms)
    resumed = [pause for pause in new if pause.is_over(after)]
    for pause in resumed[sum(each.is_over(before) for each in old if before) :]:
        assert pause.ended is not None
        tell(Kind.RESUMED, pause.ended, pause.ended_by, offsetMs=pause.end_ms)
    found.sort(key=lambda each: each.at)
    if after.status == "broken" and (before is None or before.status != "broken"):
        tell(Kind.FAILED, after.stopped_at or after.started_at)
    if after.stopped_at is not None and (before is None or before.stopped_at is None):
        tell(Kind.STOPPED, after.stopped_at, after.history[0].stopped_by if after.history else None, durationMs=after.duration_ms)
        if after.bytes_stored:
            tell(Kind.STORED, after.stopped_at, durationMs=after.duration_ms, bytes=after.bytes_stored, state=after.status)
    return tuple(found)


@dataclass(slots=True)
class _Pause:
    """A stretch without audio for whatever reasons, as agents see it. `ended` is None while it lasts."""

    began: datetime
    offset_ms: int
    began_by: By | None
    ended: datetime | None
    end_ms: int
    ended_by: By | None

    def is_over(self, part: PartRecord) -> bool:
        """Whether recording went on behind it; a pause that lasted until the end was never resumed."""
        return self.ended is not None and (part.stopped_at is None or self.end_ms < part.duration_ms)


def _began(part: PartRecord) -> bool:
    return bool(part.history) and part.history[0].type == "Recording"


def _pauses(part: PartRecord | None) -> Sequence[_Pause]:
    """Pauses for several reasons at once as the one silence they make."""
    joined: list[_Pause] = []
    entries = [each for each in part.history if each.type == "Paused"] if part else []
    for entry in sorted(entries, key=lambda each: each.offset_ms):
        end_ms = entry.offset_ms + entry.duration_ms
        last = joined[-1] if joined else None
        if last is None or (last.ended is not None and entry.offset_ms > last.end_ms):
            pause = _Pause(entry.started_at, entry.offset_ms, entry.started_by, entry.stopped_at, end_ms, entry.stopped_by)
            joined.append(pause)
        elif last.ended is not None and (entry.stopped_at is None or end_ms > last.end_ms):
            last.ended, last.end_ms, last.ended_by = entry.stopped_at, end_ms, entry.stopped_by
    return joined
