"""Deeds that need a second person, where a contact centre wants four eyes: to erase, take many out, end a hold, renew keys.

Theory. Who asks for such a deed is refused, and the wish is kept under an id. Somebody else who may do the same approves it;
then the first asks again, and it is done, once, in the name of both. Nobody approves what they asked for themselves, by token or
otherwise. Wishes and approvals hold for a day, are kept in the database, and are the same at every node over it.

What is done to keys is done on the machine, where nobody has a name that we know to be theirs. Therefore one administrator asks
for it and another approves it, both signed in, and whoever sits at the machine carries it out once, by the approval's id.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

from telegraphone.domain.agent import Agent
from telegraphone.domain.errors import NotFound, ParameterInvalid, PermissionMissing, SecondPersonMissing
from telegraphone.domain.permissions import Action, may
from telegraphone.limits import APPROVAL_S, APPROVALS_MAX
from telegraphone.services.audit import Deed
from telegraphone.services.library import Library
from telegraphone.services.ports import Clock

KEY_DEEDS: Final = (Action.ROTATE_KEY, Action.BACK_UP_KEYS)
"""Those of them that are asked for here and carried out on the machine; the subject is the contact centre."""
DEEDS: Final = (Action.DELETE, Action.EXPORT, Action.HOLD, *KEY_DEEDS)
"""What may need a second person: erasing, packages of many recordings, the end of a hold, a new key, a back-up of keys."""
_ID_BYTES: Final = 12
_KIND: Final = "approval"
_APPROVE: Final = "approve"
_HOLDS: Final = timedelta(seconds=APPROVAL_S)


@dataclass(frozen=True, slots=True)
class Approval:
    """A wish to do something to a `subject`, whose it is, and until when it holds; `approved_by` is who has approved it."""

    id: str
    tenant: str
    action: Action
    subject: str
    user_name: str
    asked_at: datetime
    until: datetime
    approved_by: str = ""


class Approvals(Protocol):
    """Where wishes are kept. All raise `Unavailable("database")`, and are durable on return."""

    async def add(self, approval: Approval) -> None:
        """Adds a wish, and forgets those that no longer hold."""

    async def of(self, tenant: str, now: datetime) -> tuple[Approval, ...]:
        """Those of a tenant that hold, the oldest first."""

    async def approve(self, approval_id: str, by: str, until: datetime) -> bool:
        """Somebody has approved it, which holds until then; False when it is gone."""

    async def take(self, approval_id: str) -> bool:
        """Forgets it; False when it was gone, so that of two who take it one does."""


class FourEyes:
    """Which contact centres want them for what, and the wishes there are."""

    def __init__(self, wanted: Mapping[str, frozenset[Action]], approvals: Approvals, library: Library, clock: Clock) -> None:
        self._wanted = wanted
        self._approvals = approvals
        self._library = library
        self._audit = library.audit
        self._clock = clock

    async def passed(self, agent: Agent, action: Action, subject: str, origin: str) -> Mapping[str, str]:
        """What the trail says of the deed besides: who approved it; nothing where nobody need. Raises `SecondPersonMissing`. An
        approval is good once, but for an erasure, which may have to be finished by asking again."""
        if action not in self._wanted.get(agent.tenant, ()):
            return {}
        all_of_them = await self._approvals.of(agent.tenant, self._clock.utc())
        for each in _those(all_of_them, agent, action, subject):
            if each.approved_by and (action is Action.DELETE or await self._approvals.take(each.id)):
                return {"approved_by": each.approved_by}
        waiting = await self._waiting(all_of_them, agent, action, subject, origin)
        await self._library.refused(agent, action.value, subject, SecondPersonMissing, origin, approval=waiting.id)
        raise SecondPersonMissing(waiting.id)

    async def ask(self, agent: Agent, name: str, origin: str) -> Approval:
        """The wish of this person that a key deed of that name be carried out on the machine. Raises `RoleMissing` and
        `PermissionMissing`, which are in the trail, and `ParameterInvalid` for what is none or needs nobody here."""
        action = next((each for each in KEY_DEEDS if each.value == name), None)
        if action is None:
            raise ParameterInvalid("action")
        await self._library.must_reach(agent, action, agent.tenant, origin)
        if action not in self.key_deeds(agent):
            raise ParameterInvalid("action")
        all_of_them = await self._approvals.of(agent.tenant, self._clock.utc())
        return await self._waiting(all_of_them, agent, action, agent.tenant, origin)

    def key_deeds(self, agent: Agent) -> tuple[Action, ...]:
        """What this person may ask for that is done to keys."""
        wanted = self._wanted.get(agent.tenant, ())
        return tuple(each for each in KEY_DEEDS if each in wanted and may(agent, each))

    async def waiting(self, agent: Agent, origin: str) -> tuple[Approval, ...]:
        """What this person may approve or take back, the oldest first. Raises `RoleMissing`, which is in the trail."""
        if not any(may(agent, action) for action in DEEDS):
            await self._library.must_reach(agent, Action.DELETE, "approvals", origin)
        found = await self._approvals.of(agent.tenant, self._clock.utc())
        return tuple(each for each in found if may(agent, each.action))

    async def approve(self, agent: Agent, approval_id: str, origin: str) -> None:
        """Approves somebody else's wish. Raises `NotFound`, `PermissionMissing` for one's own, and as `waiting`."""
        approval = await self._one(agent, approval_id, origin)
        result = "refused" if approval.user_name == agent.user_name else "done"
        await self._note(agent, _APPROVE, approval, result, origin)
        if result == "refused":
            raise PermissionMissing
        if not await self._approvals.approve(approval_id, agent.user_name, self._clock.utc() + _HOLDS):
            # Refused, taken back or used while this was written down.
            await self._library.refused(agent, _APPROVE, approval.subject, NotFound, origin, approval=approval_id)
            raise NotFound(_KIND, approval_id)

    async def drop(self, agent: Agent, approval_id: str, origin: str) -> None:
        """Refuses a wish, or takes one's own back. Raises as `approve`."""
        approval = await self._one(agent, approval_id, origin)
        await self._note(agent, "disapprove", approval, "done", origin)
        await self._approvals.take(approval_id)

    async def _waiting(
        self, all_of_them: tuple[Approval, ...], agent: Agent, action: Action, subject: str, origin: str
    ) -> Approval:
        """The wish of this person that waits already, or a new one."""
        for each in _those(all_of_them, agent, action, subject):
            if not each.approved_by:
                return each
        if len(all_of_them) >= APPROVALS_MAX:
            await self._approvals.take(_first_to_go(all_of_them, agent).id)
        return await self._wish(agent, action, subject, origin)

    async def _wish(self, agent: Agent, action: Action, subject: str, origin: str) -> Approval:
        now, approval_id = self._clock.utc(), self._clock.entropy(_ID_BYTES).hex()
        wish = Approval(approval_id, agent.tenant, action, subject, agent.user_name, now, now + _HOLDS)
        await self._note(agent, "ask for approval", wish, "done", origin)
        await self._approvals.add(wish)
        return wish

    async def _one(self, agent: Agent, approval_id: str, origin: str) -> Approval:
        for each in await self.waiting(agent, origin):
            if each.id == approval_id:
                return each
        raise NotFound(_KIND, approval_id)

    async def _note(self, agent: Agent, action: str, approval: Approval, result: str, origin: str) -> None:
        detail = {"approval": approval.id, "for": approval.action.value, "asked_by": approval.user_name}
        await self._audit.write(Deed(agent.actor, action, approval.subject, result, detail, agent.tenant, origin))


async def carried_out(approvals: Approvals, tenant: str, action: Action, approval_id: str, now: datetime) -> Approval:
    """Uses up what one administrator asked for and another approved, for who does it on the machine. Raises `NotFound` for what
    is no such approval, is over or was used, `SecondPersonMissing` for what waits for approval still, `Unavailable`."""
    for each in await approvals.of(tenant, now):
        if (each.id, each.action) == (approval_id, action):
            if not each.approved_by:
                raise SecondPersonMissing(approval_id)
            if await approvals.take(approval_id):
                return each
    raise NotFound(_KIND, approval_id)


def _first_to_go(approvals: tuple[Approval, ...], agent: Agent) -> Approval:
    """Of too many the oldest of this person, whoever wants so much; what others have approved goes last."""
    return min(approvals, key=lambda each: (each.user_name != agent.user_name, bool(each.approved_by)))


def _those(approvals: tuple[Approval, ...], agent: Agent, action: Action, subject: str) -> list[Approval]:
    """What this person wishes to do to that."""
    wanted = (action, subject, agent.user_name)
    return [each for each in approvals if (each.action, each.subject, each.user_name) == wanted]
