"""The recordings as one person may use them: whatever is asked for goes through here, so that nothing beyond that person's
tenant and reach is ever found, and every search and every refusal is in the trail (properties SEC-1, CMP-4, gws-api 13.7).
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Final

from telegraphone.domain.agent import Agent, Directory
from telegraphone.domain.errors import NotFound, Refusal, RoleMissing
from telegraphone.domain.ids import CallUuid
from telegraphone.domain.permissions import Action, among, extends_to, must_reach
from telegraphone.limits import FOUND_PAGE
from telegraphone.services.audit import AuditTrail, Deed
from telegraphone.services.catalogue import Catalogue, PartQuery, PartRecord

_OURS: Final = ("tenant", "among")


@dataclass(frozen=True, slots=True)
class Library:
    """The list of recordings, who is who, and where it is written down who looked for what."""

    catalogue: Catalogue
    directory: Directory
    audit: AuditTrail

    async def recording(self, agent: Agent, action: Action, call_uuid: str, origin: str) -> tuple[PartRecord, ...]:
        """The parts of a recording that this agent may do this to, in order of time. Until the first has ended it is a call
        and no recording (gws-api 13.2). Raises `RoleMissing`, `PermissionMissing`, and `NotFound` for what does not exist,
        is another tenant's or is out of reach, which all look the same; each refusal is in the trail."""
        try:
            return await self.within_reach(agent, action, call_uuid)
        except Refusal as refusal:
            detail = {"reason": type(refusal).__name__}
            await self.audit.write(Deed(agent.actor, action.value, call_uuid, "refused", detail, agent.tenant, origin))
            raise

    async def within_reach(self, agent: Agent, action: Action, call_uuid: str) -> tuple[PartRecord, ...]:
        """The same for what nobody asked for by its id: recordings that were just found, or belong to one that was."""
        within = self.reach(agent, action)
        parts = await self.catalogue.parts_of_call(agent.tenant, CallUuid(call_uuid))
        ended = any(part.stopped_at is not None for part in parts)
        if not ended or not extends_to(within, (part.user_name for part in parts)):
            raise NotFound("recording", call_uuid)
        return parts

    async def find(self, agent: Agent, query: PartQuery, limit: int, offset: int, *, origin: str) -> tuple[CallUuid, ...]:
        """The calls of a search, newest first, as far as this agent may find them; what was looked for and how much was found
        is in the trail before this returns. Raises `RoleMissing`."""
        try:
            within = self.reach(agent, Action.SEARCH)
        except RoleMissing:
            await self._note(agent, query, "refused", {"reason": RoleMissing.__name__}, origin=origin)
            raise
        found = await self.catalogue.find_calls(replace(query, tenant=agent.tenant, among=within), limit, offset)
        await self._note(agent, query, "done", {"offset": str(offset), "found": str(len(found))}, origin=origin)
        return found

    def reach(self, agent: Agent, action: Action) -> frozenset[str] | None:
        """The agents of whose recordings this person may do this to; None for everybody's. Raises `RoleMissing`,
        `PermissionMissing`."""
        return among(agent, must_reach(agent, action), self.directory)

    async def must_reach(self, agent: Agent, action: Action, subject: str, origin: str) -> frozenset[str] | None:
        """The same for what is no recording; a refusal is in the trail, about this subject."""
        try:
            return self.reach(agent, action)
        except Refusal as refusal:
            detail = {"reason": type(refusal).__name__}
            await self.audit.write(Deed(agent.actor, action.value, subject, "refused", detail, agent.tenant, origin))
            raise

    async def pages(self, agent: Agent, action: Action, query: PartQuery) -> AsyncIterator[tuple[CallUuid, ...]]:
        """Everything that a search finds and this may be done to, a page at a time, for who does something to all of it and
        writes that down. Recordings that come meanwhile are not among it. Raises `RoleMissing`, `PermissionMissing`."""
        asked = replace(query, tenant=agent.tenant, among=self.reach(agent, action))
        while page := await self.catalogue.find_calls(asked, FOUND_PAGE, 0):
            place = await self._place_behind(agent.tenant, page)
            yield page
            if place is None or len(page) < FOUND_PAGE:
                return
            asked = replace(asked, after=place)

    async def _place_behind(self, tenant: str, page: Sequence[CallUuid]) -> tuple[datetime, CallUuid] | None:
        """Where the next page begins; None when all of this one is gone already."""
        for call_uuid, parts in zip(reversed(page), await self.catalogue.parts_of_calls(tenant, page[::-1]), strict=True):
            if parts:
                return parts[0].started_at, call_uuid
        return None

    async def _note(self, agent: Agent, query: PartQuery, result: str, more: Mapping[str, str], *, origin: str) -> None:
        asked = {name: str(value) for name, value in asdict(query).items() if value is not None and name not in _OURS}
        await self.audit.write(Deed(agent.actor, Action.SEARCH.value, "", result, asked | dict(more), agent.tenant, origin))
