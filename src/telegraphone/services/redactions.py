"""Takes spans out of finished recordings for ever: of one media file, or of every recording of a conversation at once (PCI-12).

Theory. A redaction destroys audio as an erasure does, so it is refused where a matter holds the recording; a protection from
deletion is no matter of its contents and does not stand in its way. The trail says that it began before a key is destroyed;
the manifest is new before the list of recordings is. A crash in between leaves silence that the list does not know of yet:
asking again finishes it.

What was said at a moment is in every recording of the conversation that was made then: of both parties, before and after a
transfer, by two recorders. So a span can be given in time of day, and is looked for in all of them. Everything that could
stand in the way of one is looked at before anything of another is destroyed. What fails after that fails by itself and is
named; asking again does what is left and repeats nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from telegraphone.domain.agent import Agent
from telegraphone.domain.errors import (
    NotFound,
    ParameterInvalid,
    RecordingHeld,
    RecordingInProgress,
    RecordingLocked,
    Refusal,
)
from telegraphone.domain.ids import CallUuid
from telegraphone.domain.permissions import Action, extends_to
from telegraphone.services.archive_ports import Archive
from telegraphone.services.audit import Deed
from telegraphone.services.catalogue import By, HistoryEntry, PartRecord
from telegraphone.services.copies import CopyStore
from telegraphone.services.evidence import Matters
from telegraphone.services.keeping import must_be_reason
from telegraphone.services.library import Library
from telegraphone.services.ports import Clock, Unavailable

ACT: Final = "redact conversation"
"""What the trail calls the whole act; of each recording it says `redact` besides."""
_MS: Final = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Share:
    """What a redaction takes out of one media file, in milliseconds of it, and why it could not."""

    part: PartRecord
    span_ms: tuple[int, int]
    failure: Refusal | Unavailable | None = None


class Redactions:
    """The use cases, each as far as the rights of who asks go; every one is in the trail, refused or done."""

    def __init__(self, library: Library, matters: Matters, archive: Archive, copies: CopyStore, clock: Clock) -> None:
        self._library = library
        self._matters = matters
        self._archive = archive
        self._copies = copies
        self._clock = clock

    async def redact(
        self, agent: Agent, call_uuid: str, recording_id: str, span_ms: tuple[int, int], reason: str, *, origin: str
    ) -> None:
        """Replaces a span of one media file by silence for ever, in every copy that opens. Raises `ParameterInvalid`,
        `NotFound`, `RecordingInProgress`, `RecordingHeld`, `RecordingLocked`, and refuses as `Library.recording`."""
        parts = await self._library.recording(agent, Action.REDACT, call_uuid, origin)
        part = next((each for each in parts if each.recording_id == recording_id), None)
        if part is None:
            raise NotFound("media file", recording_id)
        must_be_reason(reason)
        try:
            if part.stopped_at is None:
                raise RecordingInProgress(part.call_uuid)
            if not 0 <= span_ms[0] < span_ms[1] <= part.duration_ms:
                raise ParameterInvalid("stop", f"behind start, and at most {part.duration_ms} ms")
            await self._take_out(agent, Share(part, span_ms), {"reason": reason}, origin)
        except Refusal as refusal:
            await self._library.refused(agent, Action.REDACT.value, call_uuid, type(refusal), origin)
            raise

    async def redact_conversation(
        self, agent: Agent, call_uuid: str, span: tuple[datetime, datetime], reason: str, *, origin: str
    ) -> tuple[Share, ...]:
        """Replaces what was said between two times by silence for ever, in every recording of the conversation: which media
        files hold it, and what failed of them. Nothing is destroyed where anything is seen to stand in the way. Raises as
        `redact`."""
        parts = await self._library.recording(agent, Action.REDACT, call_uuid, origin)
        must_be_reason(reason)
        if not span[0] < span[1]:
            raise ParameterInvalid("endTime", "behind startTime")
        said = {"startTime": span[0].isoformat(), "endTime": span[1].isoformat(), "reason": reason}
        try:
            shares = await self._shares(agent, parts[0].call_uuid, span)
        except Refusal as refusal:
            await self._library.refused(agent, ACT, call_uuid, type(refusal), origin)
            raise
        said |= {"media": " ".join(share.part.recording_id for share in shares)}
        await self._note(agent, ACT, call_uuid, "begun", said, origin=origin)
        detail = {"reason": reason, "conversation": call_uuid}
        done = tuple([await self._tried(agent, share, detail, origin) for share in shares])
        left = " ".join(share.part.recording_id for share in done if share.failure is not None)
        await self._note(agent, ACT, call_uuid, "done in part" if left else "done", said | {"left": left}, origin=origin)
        return done

    async def _shares(self, agent: Agent, call_uuid: CallUuid, span: tuple[datetime, datetime]) -> Sequence[Share]:
        """What each media file of the conversation holds of a span of time, all of which may be taken out."""
        copies = await self._copies.conversation(agent.tenant, call_uuid)
        calls = dict.fromkeys([call_uuid, *(copy.call_uuid for copy in copies)])
        within = self._library.reach(agent, Action.REDACT)
        shares: list[Share] = []
        for parts in await self._library.catalogue.parts_of_calls(agent.tenant, list(calls)):
            if parts and not extends_to(within, (part.user_name for part in parts)):
                raise NotFound("recording", parts[0].call_uuid)
            shares += [Share(part, held) for part in parts if (held := _held(part, span)) and await self._is_free(part)]
        if not shares:
            raise ParameterInvalid("startTime", "no recording of the conversation holds anything of that time")
        return shares

    async def _is_free(self, part: PartRecord) -> bool:
        """Raises where something stands in the way; False when nothing is kept of it, so that there is nothing to take out."""
        if part.stopped_at is None:
            raise RecordingInProgress(part.call_uuid)
        await self._must_not_be_held(part)
        try:
            kept = await self._archive.kept(part.recording_id)
        except KeyError:
            if part.bytes_stored:
                raise NotFound("media file", part.recording_id) from None
            return False
        if kept.locked_until is not None and self._clock.utc() < kept.locked_until:
            raise RecordingLocked(part.call_uuid, kept.locked_until)
        return True

    async def _tried(self, agent: Agent, share: Share, detail: Mapping[str, str], origin: str) -> Share:
        if _is_silent(share):
            return share
        try:
            await self._take_out(agent, share, detail, origin)
        except (Refusal, Unavailable) as failure:
            if isinstance(failure, Refusal):
                await self._library.refused(agent, Action.REDACT.value, share.part.call_uuid, type(failure), origin)
            return replace(share, failure=failure)
        return share

    async def _take_out(self, agent: Agent, share: Share, detail: Mapping[str, str], origin: str) -> None:
        part, (start, stop), action = share.part, share.span_ms, Action.REDACT.value
        await self._must_not_be_held(part)
        said = {"media": part.recording_id, "start_ms": str(start), "stop_ms": str(stop), **detail}
        await self._note(agent, action, part.call_uuid, "begun", said, origin=origin)
        try:
            done = await self._archive.redact(part.recording_id, start, stop, detail["reason"])
        except KeyError:
            raise NotFound("media file", part.recording_id) from None
        except RecordingLocked as locked:
            raise RecordingLocked(part.call_uuid, locked.until) from None
        await self._library.catalogue.change(_silenced(share, detail["reason"], agent))
        hashes = {"before": done.before.manifest_sha256, "after": done.after.manifest_sha256}
        await self._note(agent, action, part.call_uuid, "done", said | hashes, origin=origin)

    async def _must_not_be_held(self, part: PartRecord) -> None:
        [standing] = await self._matters.of(part.tenant, (part.call_uuid,))
        if standing.matters:
            raise RecordingHeld(part.call_uuid)

    async def _note(
        self, agent: Agent, action: str, subject: str, result: str, detail: Mapping[str, str], *, origin: str
    ) -> None:
        await self._library.audit.write(Deed(agent.actor, action, subject, result, detail, agent.tenant, origin))


def _held(part: PartRecord, span: tuple[datetime, datetime]) -> tuple[int, int] | None:
    """Which milliseconds of a media file a span of time covers, whole ones; None when it has no part in it. How long one that is
    still being made will be nobody knows."""
    start, stop = (span[0] - part.started_at) // _MS, -((part.started_at - span[1]) // _MS)
    start, stop = max(0, start), stop if part.stopped_at is None else min(stop, part.duration_ms)
    return (start, stop) if start < stop else None


def _is_silent(share: Share) -> bool:
    """Whether the list says that this was taken out before."""
    start, stop = share.span_ms
    taken = (each for each in share.part.history if each.type == "Redacted")
    return any(each.offset_ms <= start and stop <= each.offset_ms + each.duration_ms for each in taken)


def _silenced(share: Share, reason: str, agent: Agent) -> PartRecord:
    """What the list says of the part from now on."""
    part, (start, stop) = share.part, share.span_ms
    at = [part.started_at + timedelta(milliseconds=each) for each in share.span_ms]
    by = By("admin", agent.user_name)
    entry = HistoryEntry("Redacted", at[0], at[1], start, stop - start, by, by, reason)
    known = [each for each in part.history if (each.type, each.offset_ms, each.duration_ms) != ("Redacted", start, stop - start)]
    history = sorted((*known, entry), key=lambda each: (each.offset_ms, -each.duration_ms))
    return replace(part, status="redacted", history=tuple(history))
