"""What an API token makes of its owner."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from telegraphone.domain.agent import Agent, Device, Feature, Role
from telegraphone.domain.errors import ParameterInvalid, PermissionMissing
from telegraphone.domain.ids import Dn
from telegraphone.domain.permissions import Action, may, must_reach
from telegraphone.domain.tokens import ApiToken, must_be_scopes, narrowed, scopes_of

MADE = datetime(2026, 11, 24, 9, tzinfo=UTC)
OWNER = Agent("supervisor.one", "5" * 32, roles=frozenset({Role.SUPERVISOR}), device=Device("d", Dn("5009")))


def _token(*scopes: str, name: str = "script") -> ApiToken:
    return ApiToken("ab", "default", OWNER.user_name, name, frozenset(scopes), "00", MADE, MADE + timedelta(days=1))


def test_of_all_an_owner_may_the_scopes_are_left() -> None:
    left = narrowed(OWNER, _token("search", "delete"))
    assert [action for action in Action if may(left, action)] == [Action.SEARCH]
    with pytest.raises(PermissionMissing):
        must_reach(left, Action.LISTEN)
    assert (left.features, left.device, left.actor) == (frozenset(), None, "supervisor.one (token ab)")


def test_a_feature_brings_the_phone() -> None:
    left = narrowed(OWNER, _token("api-voice"))
    assert (left.features, left.device) == (frozenset({Feature.VOICE}), OWNER.device)
    assert not [action for action in Action if may(left, action)]


def test_what_the_owner_has_lost_the_token_has_not() -> None:
    assert not may(narrowed(replace(OWNER, roles=frozenset({Role.AGENT})), _token("search")), Action.SEARCH)


def test_scopes_are_what_the_owner_may_and_never_tokens() -> None:
    assert {"search", "listen", "api-voice"} <= scopes_of(OWNER)
    assert not {"keep tokens", "delete", "export"} & scopes_of(OWNER)
    assert must_be_scopes(OWNER, ["search", "search"]) == {"search"}
    for wrong in ([], ["delete"], ["keep tokens"], ["nothing"]):
        with pytest.raises(ParameterInvalid):
            must_be_scopes(OWNER, wrong)


@pytest.mark.parametrize("name", ["", " ", "x" * 65, "a\nb"])
def test_a_name_is_one_short_line(name: str) -> None:
    with pytest.raises(ParameterInvalid):
        _token(name=name)
