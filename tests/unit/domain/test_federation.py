"""From the claims of a provider to a user of one contact centre."""

import pytest

from telegraphone.domain.agent import Agent, Device, Role
from telegraphone.domain.federation import ClaimRules, Unmapped, claim, mapped
from telegraphone.domain.ids import Dn

KNOWN = Agent("agent.one", "1" * 32, device=Device("d", Dn("5001")), first_name="Ann")
SUPERVISORS = {"sup": frozenset({Role.SUPERVISOR})}


def test_a_known_user_stays_as_configured() -> None:
    assert mapped({"preferred_username": "agent.one", "given_name": "Else"}, ClaimRules(), KNOWN) == KNOWN


def test_roles_of_the_provider_replace_those_of_the_configuration() -> None:
    rules = ClaimRules(roles_claim="groups", roles=SUPERVISORS)
    user = mapped({"preferred_username": "agent.one", "groups": ["sup", "x", 7]}, rules, KNOWN)
    assert (user.roles, user.device) == (frozenset({Role.SUPERVISOR}), KNOWN.device)


@pytest.mark.parametrize("tenant", ["elsewhere", None, 7])
def test_a_provider_vouches_for_no_other_contact_centre(tenant: object) -> None:
    with pytest.raises(Unmapped):
        mapped({"preferred_username": "agent.one", "org": tenant}, ClaimRules(tenant_claim="org"), KNOWN)
    assert mapped({"preferred_username": "agent.one", "org": "default"}, ClaimRules(tenant_claim="org"), KNOWN) == KNOWN


def test_somebody_new_has_a_tenant_a_role_and_no_phone() -> None:
    rules = ClaimRules("email", tenant_claim="org", roles_claim="groups", roles=SUPERVISORS, new_users=True)
    user = mapped({"email": "n@example.com", "org": "east", "groups": "sup", "family_name": "N"}, rules, None)
    assert (user.user_name, user.tenant, user.last_name) == ("n@example.com", "east", "N")
    assert (user.device, user.features) == (None, frozenset())
    with pytest.raises(Unmapped, match="no role"):
        mapped({"email": "n@example.com", "org": "east", "groups": []}, rules, None)


def test_claims_lie_in_objects_or_have_dots_in_their_names() -> None:
    assert claim({"a": {"b": 1}}, "a.b") == 1
    assert claim({"a.b": 2, "a": {"b": 1}}, "a.b") == 2
    assert claim({"a": 1}, "a.b") is None
