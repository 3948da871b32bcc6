"""What people hear recordings for, where their contact centre wants to know: said before, and in the trail with each listen.

Theory. A purpose is said for one recording and holds for a while, so that a player may ask for bytes again and again. It is no
part of a URL, which others write down. It is kept in the database and holds at every node over it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

from telegraphone.domain.agent import Agent
from telegraphone.domain.errors import ParameterMissing, PurposeMissing
from telegraphone.domain.ids import CallUuid
from telegraphone.domain.permissions import Action
from telegraphone.limits import PURPOSE_CHARS_MAX, PURPOSE_S
from telegraphone.services.audit import Deed, must_be_said
from telegraphone.services.library import Library
from telegraphone.services.ports import Clock

_PURPOSE: Final = "purpose"


@dataclass(frozen=True, slots=True)
class Purpose:
    """What somebody hears a recording for, in their `words`, and until when that holds."""

    tenant: str
    user_name: str
    call_uuid: CallUuid
    words: str
    until: datetime


class StatedPurposes(Protocol):
    """Where it is kept what was said. Both raise `Unavailable("database")`."""

    async def put(self, purpose: Purpose, now: datetime) -> None:
        """Keeps it in the place of what this person said of this recording before, and forgets what no longer holds."""

    async def find(self, tenant: str, user_name: str, call_uuid: CallUuid, now: datetime) -> str:
        """What this person hears this recording for; empty when nothing was said that holds."""


class Purposes:
    """What was said by whom about which recording, and which contact centres want it to be said."""

    def __init__(self, library: Library, wanted: frozenset[str], stated: StatedPurposes, clock: Clock) -> None:
        self._library = library
        self._wanted = wanted
        self._stated = stated
        self._clock = clock

    def wanted(self, agent: Agent) -> bool:
        """Whether this person must say what a recording is heard for."""
        return agent.tenant in self._wanted

    async def state(self, agent: Agent, call_uuid: str, purpose: str, origin: str) -> None:
        """From now on, for a while, this person hears the recording for this. Raises `ParameterInvalid`, and refuses as
        `Library.recording`."""
        await self._library.recording(agent, Action.LISTEN, call_uuid, origin)
        words, now = must_be_said(_PURPOSE, purpose, PURPOSE_CHARS_MAX), self._clock.utc()
        await self._library.audit.write(
            Deed(agent.actor, "state purpose", call_uuid, "done", {"purpose": words}, agent.tenant, origin)
        )
        until = now + timedelta(seconds=PURPOSE_S)
        await self._stated.put(Purpose(agent.tenant, agent.user_name, CallUuid(call_uuid), words, until), now)

    async def of(self, agent: Agent, action: Action, call_uuid: str, origin: str) -> Mapping[str, str]:
        """What the line about a listen or an export says besides. Raises `PurposeMissing`, which is in the trail."""
        purpose = await self._stated.find(agent.tenant, agent.user_name, CallUuid(call_uuid), self._clock.utc())
        if purpose:
            return {"purpose": purpose}
        if self.wanted(agent):
            await self._library.refused(agent, action.value, call_uuid, PurposeMissing, origin)
            raise PurposeMissing(call_uuid)
        return {}

    def given(self, agent: Agent, purpose: str) -> str:
        """What is said with an order itself. Raises `ParameterMissing`, `ParameterInvalid`."""
        if purpose:
            return must_be_said(_PURPOSE, purpose, PURPOSE_CHARS_MAX)
        if self.wanted(agent):
            raise ParameterMissing(_PURPOSE)
        return ""
