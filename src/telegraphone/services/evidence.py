"""What may be asked of finished recordings as evidence: holding all that a search finds, taking a span out of one, what its
pauses were and what is missing of it, and what is left of one that was erased (properties PCI-11, PCI-12, CMP-1, CMP-8).

Theory. A redaction destroys audio as an erasure does, so it is refused where a matter holds the recording; a protection from
deletion is no matter of its contents and does not stand in its way. The trail says that it began before a key is destroyed;
the manifest is new before the list of recordings is. A crash in between leaves silence that the list does not know of yet:
asking again finishes it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import Final, Literal, Protocol

from telegraphone.domain.agent import Agent
from telegraphone.domain.errors import (
    NotFound,
    ParameterInvalid,
    RecordingHeld,
    RecordingInProgress,
    RecordingLocked,
    Refusal,
)
from telegraphone.domain.ids import CallUuid, RecordingId
from telegraphone.domain.permissions import Action, extends_to
from telegraphone.limits import REDACTION_REASON_CHARS_MAX
from telegraphone.services.archive_ports import Archive, SignedDocument
from telegraphone.services.audit import AuditTrail, Deed
from telegraphone.services.catalogue import By, HistoryEntry, PartQuery, PartRecord
from telegraphone.services.keeping import Standing, Tombstone, must_be_matter
from telegraphone.services.library import Library
from telegraphone.services.ports import Clock

ReportKind = Literal["pauses", "completeness"]
_OURS: Final = ("tenant", "among")


class Matters(Protocol):
    """What recordings are held for, many at once, and what is left of those erased. All raise `Unavailable("database")`."""

    async def of(self, tenant: str, call_uuid: CallUuid) -> Standing:
        """See `Standings.of`."""

    async def hold_all(self, tenant: str, call_uuids: Sequence[CallUuid], matter: str, by: tuple[str, datetime]) -> int:
        """Holds each of these for a matter; how many of them it holds then. One that is claimed for its end is left out."""

    async def release_all(self, tenant: str, matter: str) -> int:
        """Ends every hold for a matter; how many there were."""

    async def tombstone(self, tenant: str, call_uuid: CallUuid) -> Tombstone | None:
        """The stone of an erased recording."""


def matter_subject(matter: str) -> str:
    """What the trail calls a matter when a line is about all that is held for it."""
    return f"matter {matter}"


class Evidence:
    """The use cases, each as far as the rights of who asks go; every one is in the trail, refused or done."""

    def __init__(self, library: Library, matters: Matters, archive: Archive, audit: AuditTrail, clock: Clock) -> None:
        self._library = library
        self._matters = matters
        self._archive = archive
        self._audit = audit
        self._clock = clock

    async def hold_found(self, agent: Agent, query: PartQuery, matter: str, origin: str) -> tuple[int, int]:
        """Holds every recording that a search finds, however many there are: how many were found, and how many are held. One
        that is being erased is found and not held. Repeating it is fine. Raises `RoleMissing`, `ParameterInvalid`."""
        must_be_matter(matter)
        asked = {name: str(value) for name, value in asdict(query).items() if value is not None and name not in _OURS}
        found = held = 0
        try:
            async for page in self._library.pages(agent, Action.HOLD, query):
                if not found:
                    await self._note(agent, Action.HOLD, matter_subject(matter), "begun", asked, origin=origin)
                held += await self._matters.hold_all(agent.tenant, page, matter, (agent.user_name, self._clock.utc()))
                found += len(page)
        except Refusal as refusal:
            await self._refused(agent, Action.HOLD, matter_subject(matter), refusal, origin)
            raise
        counts = {"found": str(found), "held": str(held)}
        await self._note(agent, Action.HOLD, matter_subject(matter), "held", asked | counts, origin=origin)
        return found, held

    async def release_all(self, agent: Agent, matter: str, origin: str) -> int:
        """Ends every hold for a matter; how many there were. Raises `RoleMissing`, `ParameterInvalid`."""
        must_be_matter(matter)
        await self._library.must_reach(agent, Action.HOLD, matter_subject(matter), origin)
        released = await self._matters.release_all(agent.tenant, matter)
        await self._note(agent, Action.HOLD, matter_subject(matter), "released", {"released": str(released)}, origin=origin)
        return released

    async def redact(
        self, agent: Agent, call_uuid: str, recording_id: str, span_ms: tuple[int, int], reason: str, *, origin: str
    ) -> None:
        """Replaces a span of one media file by silence for ever, in every copy that opens. Raises `ParameterInvalid`,
        `NotFound`, `RecordingInProgress`, `RecordingHeld`, `RecordingLocked`, and refuses as `Library.recording`."""
        parts = await self._library.recording(agent, Action.REDACT, call_uuid, origin)
        part = next((each for each in parts if each.recording_id == recording_id), None)
        if part is None:
            raise NotFound("media file", recording_id)
        _must_be_reason(reason)
        try:
            await self._may_redact(part, span_ms)
            said = {"media": recording_id, "start_ms": str(span_ms[0]), "stop_ms": str(span_ms[1]), "reason": reason}
            await self._note(agent, Action.REDACT, call_uuid, "begun", said, origin=origin)
            done = await self._redacted(part, span_ms, reason)
        except Refusal as refusal:
            await self._refused(agent, Action.REDACT, call_uuid, refusal, origin)
            raise
        await self._library.catalogue.change(_silent(part, span_ms, reason, agent))
        await self._note(agent, Action.REDACT, call_uuid, "done", {**said, **done}, origin=origin)

    async def reports(
        self, agent: Agent, call_uuid: str, kind: ReportKind, origin: str
    ) -> tuple[tuple[RecordingId, SignedDocument], ...]:
        """The signed documents of a recording's ended parts; none of a part of which nothing is kept. Refuses as
        `Library.recording`."""
        parts = await self._library.recording(agent, Action.READ_TRAIL, call_uuid, origin)
        found: list[tuple[RecordingId, SignedDocument]] = []
        for part in parts:
            if part.stopped_at is not None:
                try:
                    found.append((part.recording_id, await self._archive.report(part.recording_id, kind)))
                except KeyError:
                    continue
        detail = {"kind": kind, "documents": str(len(found))}
        await self._audit.write(Deed(agent.actor, "report", call_uuid, "done", detail, agent.tenant, origin))
        return tuple(found)

    async def tombstone(self, agent: Agent, call_uuid: str, origin: str) -> Tombstone:
        """What is left of a recording that was erased. Whose it was is not known any more, so only who may read the trail of
        everybody's finds it. Raises `RoleMissing`, `NotFound`."""
        within = await self._library.must_reach(agent, Action.READ_TRAIL, call_uuid, origin)
        stone = await self._matters.tombstone(agent.tenant, CallUuid(call_uuid)) if extends_to(within, ()) else None
        if stone is None:
            raise NotFound("tombstone", call_uuid)
        return stone

    async def _may_redact(self, part: PartRecord, span_ms: tuple[int, int]) -> None:
        start, stop = span_ms
        if part.stopped_at is None:
            raise RecordingInProgress(part.call_uuid)
        if not 0 <= start < stop <= part.duration_ms:
            raise ParameterInvalid("stop", f"behind start, and at most {part.duration_ms} ms")
        if (await self._matters.of(part.tenant, part.call_uuid)).matters:
            raise RecordingHeld(part.call_uuid)

    async def _redacted(self, part: PartRecord, span_ms: tuple[int, int], reason: str) -> Mapping[str, str]:
        try:
            done = await self._archive.redact(part.recording_id, *span_ms, reason)
        except KeyError:
            raise NotFound("media file", part.recording_id) from None
        except RecordingLocked as locked:
            raise RecordingLocked(part.call_uuid, locked.until) from None
        return {"before": done.before.manifest_sha256, "after": done.after.manifest_sha256}

    async def _refused(self, agent: Agent, action: Action, subject: str, refusal: Refusal, origin: str) -> None:
        await self._note(agent, action, subject, "refused", {"reason": type(refusal).__name__}, origin=origin)

    async def _note(
        self, agent: Agent, action: Action, subject: str, result: str, detail: Mapping[str, str], *, origin: str
    ) -> None:
        await self._audit.write(Deed(agent.actor, action.value, subject, result, detail, agent.tenant, origin))


def _silent(part: PartRecord, span_ms: tuple[int, int], reason: str, agent: Agent) -> PartRecord:
    """What the list says of the part from now on."""
    start, stop = span_ms
    at = [part.started_at + timedelta(milliseconds=each) for each in span_ms]
    by = By("admin", agent.user_name)
    entry = HistoryEntry("Redacted", at[0], at[1], start, stop - start, by, by, reason)
    known = [each for each in part.history if (each.type, each.offset_ms, each.duration_ms) != ("Redacted", start, stop - start)]
    history = sorted((*known, entry), key=lambda each: (each.offset_ms, -each.duration_ms))
    return replace(part, status="redacted", history=tuple(history))


def _must_be_reason(reason: str) -> None:
    if not reason.strip() or len(reason) > REDACTION_REASON_CHARS_MAX or not reason.isprintable():
        raise ParameterInvalid("reason", f"1 to {REDACTION_REASON_CHARS_MAX} printable characters")
