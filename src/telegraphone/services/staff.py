"""Changes who works here and what they may do while everything runs: a right that was taken is gone at once, in requests,
on open connections and in the ear of a supervisor who listens in (ASVS 8.3.2).

Devices stay where they are: a user keeps phone and tenant until the next start, because calls are under way there.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import structlog

from telegraphone.domain.agent import Agent, Directory
from telegraphone.services.supervision import Supervision

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Staff:
    """The users of the installation."""

    directory: Directory
    supervision: Supervision

    async def become(self, users: tuple[Agent, ...]) -> frozenset[str]:
        """From now on these are the users. Answers whose rights are other than before, those who are gone among them; their
        sign-ins are to be ended by whoever keeps them."""
        before = {agent.user_name: agent for agent in self.directory.agents()}
        now = {agent.user_name: agent for agent in _where_they_were(users, before)}
        self.directory.become(tuple(now.values()))
        changed = [agent for name, agent in before.items() if now.get(name) != agent]
        for agent in changed:
            current = now.get(agent.user_name)
            if agent.supervises and (current is None or not current.supervises):
                await self.supervision.withdraw(agent)
        return frozenset(agent.user_name for agent in changed)


def _where_they_were(users: Iterable[Agent], before: dict[str, Agent]) -> Iterable[Agent]:
    taken = {agent.device.dn for agent in before.values() if agent.device is not None}
    for user in users:
        known = before.get(user.user_name)
        if known is not None and (known.device, known.tenant) != (user.device, user.tenant):
            log.warning("user_stays_until_restart", user=user.user_name)
            yield replace(user, device=known.device, tenant=known.tenant)
        elif known is None and user.device is not None and user.device.dn in taken:
            log.warning("phone_taken_until_restart", user=user.user_name)
            yield replace(user, device=None)
        else:
            yield user
