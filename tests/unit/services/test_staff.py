"""Rights that change while calls are under way."""

from dataclasses import replace

from telegraphone.domain.agent import DEFAULT_FEATURES, Feature, Role
from telegraphone.domain.watching import Listening
from telegraphone.services.staff import Staff
from telegraphone.services.supervision import How
from tests.scenario.clock import settle
from tests.unit.services.test_supervision import AGENTS, BOSS, supervision, target
from tests.unit.services.world import ONE, TWO, World, agent, answered, serving


def _staff(world: World) -> Staff:
    return Staff(world.surroundings.directory, supervision(world))


async def test_who_has_other_rights_is_told_and_who_has_not_is_left_alone() -> None:
    async with serving(agents=AGENTS) as world:
        new = agent("agent.new", "5009")
        assert await _staff(world).become((ONE, replace(TWO, features=DEFAULT_FEATURES - {Feature.VOICE}), new)) == {
            TWO.user_name,
            BOSS.user_name,
        }
        directory = world.surroundings.directory
        assert directory.by_user(BOSS.user_name) is None
        assert directory.by_user("agent.new") == new
        assert directory.at("5004") is None


async def test_a_supervisor_without_the_right_hears_nothing_from_that_moment() -> None:
    async with serving(agents=AGENTS) as world:
        await world.talking()
        await supervision(world).begin(BOSS, Listening.LISTEN_IN, target(), How())
        await settle()
        await answered(world, "5004")
        assert world.calls.of(BOSS)
        await _staff(world).become((ONE, TWO, replace(BOSS, roles=frozenset({Role.AGENT}))))
        await settle()
        assert world.calls.of(BOSS) == ()
        assert world.agents.watches.by(BOSS) is None
        assert len(world.calls.of(ONE)) == 1, "the call itself goes on"


async def test_phones_and_tenants_stay_until_the_next_start() -> None:
    async with serving(agents=AGENTS) as world:
        moved = replace(ONE, device=TWO.device, tenant="elsewhere", first_name="New")
        thief = replace(TWO, user_name="agent.thief")
        assert await _staff(world).become((moved, TWO, BOSS, thief)) == {ONE.user_name}
        directory = world.surroundings.directory
        assert directory.by_user(ONE.user_name) == replace(ONE, first_name="New")
        stranger = directory.by_user("agent.thief")
        assert stranger is not None
        assert stranger.device is None
