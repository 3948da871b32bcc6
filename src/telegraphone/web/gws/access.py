"""Who may do what with recordings: the one table of gws-api 13.7. Deny by default."""

from typing import Final

from telegraphone.domain.agent import Agent, Role
from telegraphone.domain.errors import PermissionMissing, RoleMissing

SEARCHERS: Final = frozenset({Role.SUPERVISOR, Role.COMPLIANCE, Role.ADMIN})
"""Who may search and read."""

LISTENERS: Final = frozenset({Role.SUPERVISOR, Role.COMPLIANCE})
"""Who listens by role; an administrator configures and does not, unless given the right."""


def must_read(agent: Agent) -> None:
    """Raises `RoleMissing` unless the agent may search and read recordings."""
    if not agent.roles & SEARCHERS:
        raise RoleMissing


def must_listen(agent: Agent) -> None:
    """Raises `RoleMissing` or, for an administrator without the listening right, `PermissionMissing`."""
    must_read(agent)
    if not agent.roles & LISTENERS and not agent.listens:
        raise PermissionMissing
