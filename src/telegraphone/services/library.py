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
            await self.refused(agent, action.value, call_uuid, type(refusal), origin)
            raise

    async def refused(self, agent: Agent, action: str, subject: str, why: type[Refusal], origin: str, **more: str) -> None:
        """Has the trail say that this was refused, and why."""
        detail = {"reason": why.__name__, **more}
        await self.audit.write(Deed(agent.actor, action, subject, "refused", detail, agent.tenant, origin))

    async def within_reach(self, agent: Agent, action: Action, call_uuid: str) -> tuple[PartRecord, ...]:
        """The same for what nobody asked for by its id: recordings that were just found, or belong to one that was."""
        [parts] = await self.all_within_reach(agent, action, (CallUuid(call_uuid),))
        if not parts:
            raise NotFound("recording", call_uuid)
        return parts

    async def all_within_reach(
        self, agent: Agent, action: Action, call_uuids: Sequence[CallUuid]
    ) -> tuple[tuple[PartRecord, ...], ...]:
        """The same of many at once, in the order asked for: nothing of one that `within_reach` refuses as not found."""
        within = self.reach(agent, action)
        found = await self.catalogue.parts_of_calls(agent.tenant, call_uuids)
        return tuple(parts if _may_be_shown(parts, within) else () for parts in found)

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
            await self.refused(agent, action.value, subject, type(refusal), origin)
            raise

    async def pages(self, agent: Agent, action: Action, query: PartQuery) -> AsyncIterator[tuple[CallUuid, ...]]:
        """Everything that a search finds and this may be done to, a page at a time, for who does something to all of it and
        writes that down. Recordings that come meanwhile are not among it. Raises `RoleMissing`, `PermissionMissing`."""
        asked = replace(query, tenant=agent.tenant, among=self.reach(agent, action))
        while page := await self.catalogue.find_calls(asked, FOUND_PAGE, 0):
            place = await self.place_behind(agent.tenant, page)
            yield page
            if place is None or len(page) < FOUND_PAGE:
                return
            asked = replace(asked, after=place)

    async def place_behind(self, tenant: str, page: Sequence[CallUuid]) -> tuple[datetime, CallUuid] | None:
        """Behind which call of this page the next one begins: the last that is not gone already; None when all are."""
        for asked in (page[-1:], page[-2::-1]):
            for call_uuid, parts in zip(asked, await self.catalogue.parts_of_calls(tenant, asked), strict=True):
                if parts:
                    return parts[0].started_at, call_uuid
        return None

    async def _note(self, agent: Agent, query: PartQuery, result: str, more: Mapping[str, str], *, origin: str) -> None:
        asked = {name: str(value) for name, value in asdict(query).items() if value is not None and name not in _OURS}
        await self.audit.write(Deed(agent.actor, Action.SEARCH.value, "", result, asked | dict(more), agent.tenant, origin))


def _may_be_shown(parts: Sequence[PartRecord], within: frozenset[str] | None) -> bool:
    """Whether something of the call has ended, and was an agent's whose recordings are in reach."""
    ended = any(part.stopped_at is not None for part in parts)
    return ended and extends_to(within, (part.user_name for part in parts))
