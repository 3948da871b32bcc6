"""Who may do what with recordings: one table, read by the API, its description and the console alike (gws-api 13.7).

Theory. A *role* says how far an action reaches: nowhere, to one's own recordings, to those of the teams one answers for,
or to all of the contact centre. Reaches of several roles add up to the farthest. A *permission* may be taken from a
person whose role would cover the action, and an administrator configures but does not listen unless given the right to.
Deny by default: a cell that is not there says no.

A recording is somebody's own when that agent has a part of it, and a team's when one of its agents has.
"""

from collections.abc import Iterable, Mapping
from enum import Enum, IntEnum
from types import MappingProxyType
from typing import Final

from telegraphone.domain.agent import Agent, Directory, Permission, Role
from telegraphone.domain.errors import PermissionMissing, RoleMissing


class Reach(IntEnum):
    """How far a role carries an action, the farther the greater."""

    NOWHERE = 0
    OWN = 1
    SCOPE = 2
    ALL = 3


class Action(Enum):
    """What can be done with recordings and their keys; the value is what the trail calls it."""

    SEARCH = "search"
    LISTEN = "listen"
    EXPORT = "export"
    DELETE = "delete"
    PROTECT = "protect"
    UNPROTECT = "unprotect"
    HOLD = "hold"
    REDACT = "redact"
    READ_TRAIL = "read trail"
    WATCH_OVER = "watch over"
    DEFINE_LABEL = "define label"
    DELETE_LABEL_DEFINITION = "delete label definition"
    READ_LABEL_DEFINITIONS = "read label definitions"
    ADD_LABEL = "add label"
    DELETE_LABEL = "delete label"
    READ_LABELS = "read labels"
    ADMINISTER = "administer"
    KEEP_TOKENS = "keep tokens"
    ROTATE_KEY = "rotate key"
    BACK_UP_KEYS = "back up keys"


_ROLES: Final = (Role.AGENT, Role.SUPERVISOR, Role.COMPLIANCE, Role.ADMIN)

_NO, _OWN, _SCOPE, _ALL = Reach.NOWHERE, Reach.OWN, Reach.SCOPE, Reach.ALL


def _row(*reaches: Reach) -> Mapping[Role, Reach]:
    return dict(zip(_ROLES, reaches, strict=True))


TABLE: Final[Mapping[Action, Mapping[Role, Reach]]] = MappingProxyType(
    {  # agent, supervisor, compliance, admin
        Action.SEARCH: _row(_NO, _SCOPE, _ALL, _ALL),
        Action.LISTEN: _row(_NO, _SCOPE, _ALL, _ALL),
        Action.EXPORT: _row(_NO, _NO, _ALL, _ALL),
        Action.DELETE: _row(_NO, _NO, _ALL, _ALL),
        Action.PROTECT: _row(_OWN, _SCOPE, _ALL, _ALL),
        Action.UNPROTECT: _row(_NO, _SCOPE, _ALL, _ALL),
        Action.HOLD: _row(_NO, _NO, _ALL, _ALL),
        Action.REDACT: _row(_NO, _NO, _ALL, _NO),
        Action.READ_TRAIL: _row(_NO, _SCOPE, _ALL, _ALL),
        Action.WATCH_OVER: _row(_NO, _SCOPE, _ALL, _ALL),
        Action.DEFINE_LABEL: _row(_ALL, _ALL, _ALL, _ALL),
        Action.DELETE_LABEL_DEFINITION: _row(_NO, _ALL, _ALL, _ALL),
        Action.READ_LABEL_DEFINITIONS: _row(_ALL, _ALL, _ALL, _ALL),
        Action.ADD_LABEL: _row(_OWN, _SCOPE, _ALL, _ALL),
        Action.DELETE_LABEL: _row(_OWN, _SCOPE, _ALL, _ALL),
        Action.READ_LABELS: _row(_OWN, _SCOPE, _ALL, _ALL),
        Action.ADMINISTER: _row(_NO, _NO, _NO, _ALL),
        Action.KEEP_TOKENS: _row(_OWN, _OWN, _OWN, _ALL),
        Action.ROTATE_KEY: _row(_NO, _NO, _NO, _ALL),
        Action.BACK_UP_KEYS: _row(_NO, _NO, _NO, _ALL),
    }
)

NEEDED: Final[Mapping[Action, Permission]] = MappingProxyType(
    {
        Action.PROTECT: Permission.APPLY_NON_DELETE,
        Action.UNPROTECT: Permission.APPLY_NON_DELETE,
        Action.DEFINE_LABEL: Permission.ADD_LABEL_DEFINITION,
        Action.DELETE_LABEL_DEFINITION: Permission.DELETE_LABEL_DEFINITION,
        Action.ADD_LABEL: Permission.ADD_LABEL,
        Action.DELETE_LABEL: Permission.DELETE_LABEL,
    }
)
"""The permission an action takes besides the role; an administrator has every one."""

HEARD: Final = frozenset({Action.LISTEN, Action.EXPORT})
"""What gives audio to a person: by role to those whose work it is, to an administrator only with the listening right."""

_LISTENERS: Final = frozenset({Role.SUPERVISOR, Role.COMPLIANCE})


def must_reach(agent: Agent, action: Action) -> Reach:
    """How far this person may do this. Raises `RoleMissing`, or `PermissionMissing` where the role would cover it."""
    reach = max((TABLE[action].get(role, Reach.NOWHERE) for role in agent.roles), default=Reach.NOWHERE)
    if reach is Reach.NOWHERE:
        raise RoleMissing
    if agent.actions is not None and action.value not in agent.actions:
        raise PermissionMissing
    if action in HEARD and not agent.roles & _LISTENERS and not agent.listens:
        raise PermissionMissing
    needed = NEEDED.get(action)
    if needed is not None and Role.ADMIN not in agent.roles and needed not in agent.permissions:
        raise PermissionMissing
    return reach


def may(agent: Agent, action: Action) -> bool:
    """Whether this person may do this at all, to any recording."""
    try:
        must_reach(agent, action)
    except (RoleMissing, PermissionMissing):
        return False
    return True


def among(agent: Agent, reach: Reach, directory: Directory) -> frozenset[str] | None:
    """The agents one of whom must have a part of a recording that this reach extends to; None for everybody's."""
    match reach:
        case Reach.ALL:
            return None
        case Reach.SCOPE if not agent.supervised:
            return None
        case Reach.SCOPE:
            return frozenset(each.user_name for each in directory.agents(agent.tenant) if each.team in agent.supervised)
        case Reach.OWN:
            return frozenset({agent.user_name})
        case _:
            return frozenset()


def extends_to(among_whom: frozenset[str] | None, user_names: Iterable[str]) -> bool:
    """Whether a recording whose parts are these agents' is within reach."""
    return among_whom is None or not among_whom.isdisjoint(user_names)
