"""Whom providers vouched for, put together with a configuration that changes."""

from collections.abc import Mapping
from dataclasses import replace

from telegraphone.database.memory import MemoryAuditTrail
from telegraphone.domain.agent import Agent, Role
from telegraphone.domain.federation import ClaimRules
from telegraphone.services.federation import Federation, Journey, Provider
from tests.scenario.clock import VirtualClock
from tests.scenario.world import MORNING

USER = Agent("agent.one", "1" * 32)
RULES = ClaimRules(roles_claim="groups", roles={"sup": frozenset({Role.SUPERVISOR})}, new_users=True)
CLAIMS = {"preferred_username": "agent.one", "groups": ["sup"]}


class Nowhere:
    """A provider that nobody asks here."""

    async def begin(self, back: str) -> Journey:
        raise AssertionError(back)

    async def finish(self, journey: Journey, back: str, said: Mapping[str, str]) -> Mapping[str, object]:
        raise AssertionError(back)


PROVIDER = Provider("staff", "Work", RULES, Nowhere())


async def test_what_was_said_is_said_of_the_users_there_are_now() -> None:
    federation = Federation((PROVIDER,), MemoryAuditTrail(VirtualClock(MORNING)))
    assert federation.arranged((USER,)) == (USER,)
    raised = replace(USER, roles=frozenset({Role.SUPERVISOR}))
    assert await federation.admit(PROVIDER, CLAIMS, (USER,), "192.0.2.1") == raised
    assert federation.arranged((USER,)) == (raised,)
    named = replace(USER, first_name="Ann")
    assert federation.arranged((named,)) == (replace(named, roles=raised.roles),)
    moved = replace(USER, tenant="elsewhere")
    assert federation.arranged((moved,)) == (moved,), "another contact centre's by now"
    assert federation.arranged((USER,)) == (USER,), "and forgotten"


def test_a_journey_does_not_show_its_secrets() -> None:
    assert repr(Journey("https://id.example.com", "state", "nonce", "verifier")) == "Journey(***)"
