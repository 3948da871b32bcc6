"""Who may do what with recordings: the table of gws-api 13.7, cell by cell, and what it means for one person."""

from dataclasses import replace

import pytest

from telegraphone.domain.agent import Agent, Directory, Permission, Role
from telegraphone.domain.errors import PermissionMissing, RoleMissing
from telegraphone.domain.permissions import NEEDED, TABLE, Action, Reach, among, extends_to, may, must_reach

_NO, _OWN, _SCOPE, _ALL = Reach.NOWHERE, Reach.OWN, Reach.SCOPE, Reach.ALL
ROLES = (Role.AGENT, Role.SUPERVISOR, Role.ADMIN)

DOCUMENTED = {
    Action.SEARCH: (_NO, _SCOPE, _ALL),
    Action.LISTEN: (_NO, _SCOPE, _ALL),
    Action.DELETE: (_NO, _NO, _ALL),
    Action.PROTECT: (_OWN, _SCOPE, _ALL),
    Action.UNPROTECT: (_NO, _SCOPE, _ALL),
    Action.DEFINE_LABEL: (_ALL, _ALL, _ALL),
    Action.DELETE_LABEL_DEFINITION: (_NO, _ALL, _ALL),
    Action.ADD_LABEL: (_OWN, _SCOPE, _ALL),
    Action.DELETE_LABEL: (_OWN, _SCOPE, _ALL),
    Action.READ_LABEL_DEFINITIONS: (_ALL, _ALL, _ALL),
    Action.READ_LABELS: (_OWN, _SCOPE, _ALL),
}
"""As the API documents it, by agent, supervisor and administrator."""


def _person(*roles: Role, **more: object) -> Agent:
    return replace(Agent("some.body", "1", roles=frozenset(roles)), **more)  # type: ignore[arg-type]  # what the test varies


@pytest.mark.parametrize("action", DOCUMENTED)
def test_the_documented_table(action: Action) -> None:
    assert tuple(TABLE[action][role] for role in ROLES) == DOCUMENTED[action]


@pytest.mark.parametrize("action", Action)
def test_every_cell_is_stated_and_every_role_is_asked(action: Action) -> None:
    assert set(TABLE[action]) == set(Role)
    for role, reach in TABLE[action].items():
        person = _person(role, listens=True)
        if reach is _NO:
            assert not may(person, action)
            with pytest.raises(RoleMissing):
                must_reach(person, action)
        else:
            assert must_reach(person, action) is reach


def test_nobody_may_anything_without_a_role() -> None:
    assert not any(may(_person(), action) for action in Action)


def test_roles_add_up_to_the_farthest() -> None:
    both = _person(Role.AGENT, Role.SUPERVISOR)
    assert must_reach(both, Action.PROTECT) is _SCOPE
    assert must_reach(both, Action.SEARCH) is _SCOPE


@pytest.mark.parametrize("action", [Action.LISTEN, Action.EXPORT])
def test_an_administrator_listens_only_with_the_right(action: Action) -> None:
    with pytest.raises(PermissionMissing):
        must_reach(_person(Role.ADMIN), action)
    assert must_reach(_person(Role.ADMIN, listens=True), action) is _ALL
    assert must_reach(_person(Role.ADMIN, Role.COMPLIANCE), action) is _ALL


@pytest.mark.parametrize("action", NEEDED)
def test_a_permission_can_be_taken_from_a_person_but_not_from_an_administrator(action: Action) -> None:
    left = frozenset(Permission) - {NEEDED[action]}
    with pytest.raises(PermissionMissing):
        must_reach(_person(Role.SUPERVISOR, permissions=left), action)
    assert may(_person(Role.ADMIN, permissions=left), action)
    assert may(_person(Role.SUPERVISOR), action)


def test_a_supervisor_answers_for_the_named_teams_of_the_own_contact_centre() -> None:
    people = (
        Agent("sales.one", "1", team="sales"),
        Agent("care.one", "2", team="care"),
        Agent("sales.elsewhere", "3", team="sales", tenant="elsewhere"),
    )
    directory = Directory(people)
    of_sales = among(_person(Role.SUPERVISOR, supervised=frozenset({"sales"})), _SCOPE, directory)
    assert of_sales == {"sales.one"}
    assert extends_to(of_sales, ["care.one", "sales.one"])
    assert not extends_to(of_sales, ["care.one"])
    assert not extends_to(of_sales, [])
    assert among(_person(Role.SUPERVISOR), _SCOPE, directory) is None
    assert among(_person(Role.AGENT), _OWN, directory) == {"some.body"}
    assert among(_person(Role.AGENT), _NO, directory) == set()
    assert extends_to(None, [])
