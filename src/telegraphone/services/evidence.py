"""What may be asked of finished recordings as evidence: holding all that a search finds, what the pauses of one were and what is
missing of it, and what is left of one that was erased (properties PCI-11, CMP-1, CMP-8).
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Final, Literal, Protocol

from telegraphone.domain.agent import Agent
from telegraphone.domain.errors import NotFound, Refusal
from telegraphone.domain.ids import CallUuid, RecordingId
from telegraphone.domain.permissions import Action, extends_to
from telegraphone.services.approvals import FourEyes
from telegraphone.services.archive_ports import Archive, SignedDocument
from telegraphone.services.audit import AuditTrail, Deed
from telegraphone.services.catalogue import PartQuery
from telegraphone.services.keeping import Standing, Tombstone, matter_subject, must_be_matter
from telegraphone.services.library import Library
from telegraphone.services.ports import Clock

ReportKind = Literal["pauses", "completeness"]
_OURS: Final = ("tenant", "among")


class Matters(Protocol):
    """What recordings are held for, many at once, and what is left of those erased. All raise `Unavailable("database")`."""

    async def of(self, tenant: str, call_uuids: Sequence[CallUuid]) -> tuple[Standing, ...]:
        """See `Standings.of`."""

    async def hold_all(self, tenant: str, call_uuids: Sequence[CallUuid], matter: str, by: tuple[str, datetime]) -> int:
        """Holds each of these for a matter; how many of them it holds then. One that is claimed for its end is left out."""

    async def release_all(self, tenant: str, matter: str) -> int:
        """Ends every hold for a matter; how many there were."""

    async def tombstone(self, tenant: str, call_uuid: CallUuid) -> Tombstone | None:
        """The stone of an erased recording."""


class Evidence:
    """The use cases, each as far as the rights of who asks go; every one is in the trail, refused or done."""

    def __init__(
        self, library: Library, matters: Matters, archive: Archive, audit: AuditTrail, clock: Clock, *, four_eyes: FourEyes
    ) -> None:
        self._four_eyes = four_eyes
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
            await self._library.refused(agent, Action.HOLD.value, matter_subject(matter), type(refusal), origin)
            raise
        counts = {"found": str(found), "held": str(held)}
        await self._note(agent, Action.HOLD, matter_subject(matter), "held", asked | counts, origin=origin)
        return found, held

    async def release_all(self, agent: Agent, matter: str, origin: str) -> int:
        """Ends every hold for a matter; how many there were. Raises `RoleMissing`, `ParameterInvalid`."""
        must_be_matter(matter)
        await self._library.must_reach(agent, Action.HOLD, matter_subject(matter), origin)
        second = await self._four_eyes.passed(agent, Action.HOLD, matter_subject(matter), origin)
        released = await self._matters.release_all(agent.tenant, matter)
        done = {"released": str(released), **second}
        await self._note(agent, Action.HOLD, matter_subject(matter), "released", done, origin=origin)
        return released

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

    async def _note(
        self, agent: Agent, action: Action, subject: str, result: str, detail: Mapping[str, str], *, origin: str
    ) -> None:
        await self._audit.write(Deed(agent.actor, action.value, subject, result, detail, agent.tenant, origin))
