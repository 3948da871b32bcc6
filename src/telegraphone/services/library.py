"""The recordings as one person may use them: whatever is asked for goes through here, so that nothing beyond that person's
tenant and reach is ever found (properties SEC-1, gws-api 13.7).
"""

from dataclasses import dataclass, replace

from telegraphone.domain.agent import Agent, Directory
from telegraphone.domain.errors import NotFound
from telegraphone.domain.ids import CallUuid
from telegraphone.domain.permissions import Action, among, extends_to, must_reach
from telegraphone.services.catalogue import Catalogue, PartQuery, PartRecord


@dataclass(frozen=True, slots=True)
class Library:
    """The list of recordings, and who is who."""

    catalogue: Catalogue
    directory: Directory

    async def recording(self, agent: Agent, action: Action, call_uuid: str) -> tuple[PartRecord, ...]:
        """The parts of a recording that this agent may do this to, in order of time. Until the first has ended it is a call
        and no recording (gws-api 13.2). Raises `RoleMissing`, `PermissionMissing`, and `NotFound` for what does not exist,
        is another tenant's or is out of reach, which all look the same."""
        within = among(agent, must_reach(agent, action), self.directory)
        parts = await self.catalogue.parts_of_call(agent.tenant, CallUuid(call_uuid))
        ended = any(part.stopped_at is not None for part in parts)
        if not ended or not extends_to(within, (part.user_name for part in parts)):
            raise NotFound("recording", call_uuid)
        return parts

    async def find(self, agent: Agent, query: PartQuery, limit: int, offset: int) -> tuple[CallUuid, ...]:
        """The calls of a search, newest first, as far as this agent may find them. Raises `RoleMissing`."""
        within = among(agent, must_reach(agent, Action.SEARCH), self.directory)
        return await self.catalogue.find_calls(replace(query, tenant=agent.tenant, among=within), limit, offset)
