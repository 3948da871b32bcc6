"""Watches of supervisors: begun, replaced and ended, and what becomes of them with the calls they are about."""

from dataclasses import replace

import pytest

from telegraphone.domain.agent import Agent, Feature, Role
from telegraphone.domain.errors import DeviceNotRegistered, NotFound, NotInState, ParameterInvalid, RoleMissing
from telegraphone.domain.legs import Ability
from telegraphone.domain.operations import Operation
from telegraphone.domain.watching import Listening
from telegraphone.services.supervision import How, Supervision
from telegraphone.services.watches import Watches
from tests.scenario.clock import settle
from tests.unit.services.world import ONE, TWO, World, agent, answered, serving

BOSS = replace(
    agent("supervisor.one", "5004", frozenset({Feature.VOICE, Feature.SUPERVISOR_MONITORING})), roles=frozenset({Role.SUPERVISOR})
)
LISTEN = Listening.LISTEN_IN
AGENTS = (ONE, TWO, BOSS)


def supervision(world: World) -> Supervision:
    return Supervision(world.surroundings.directory, world.agents, world.calls)


def target(of: Agent = ONE) -> str:
    assert of.device is not None
    return of.device.id


async def test_a_watch_rings_for_this_call_and_the_next() -> None:
    async with serving(agents=AGENTS) as world:
        await world.talking()
        await supervision(world).begin(BOSS, LISTEN, target(), How())
        await settle()
        assert world.only_call(BOSS).state.value == "Ringing"
        await answered(world, "5004")
        world.switch.phone("5000").hang_up()
        await settle()
        assert world.calls.of(BOSS) == ()
        await world.talking()
        assert world.only_call(BOSS).state.value == "Ringing"


async def test_repeating_a_watch_changes_nothing_and_another_takes_its_place() -> None:
    async with serving(agents=AGENTS) as world:
        await world.talking()
        for _ in range(2):
            await supervision(world).begin(BOSS, LISTEN, target(), How())
        await settle()
        await answered(world, "5004")
        await supervision(world).begin(BOSS, LISTEN, target(TWO), How())
        await settle()
        assert world.calls.of(BOSS) == ()
        watch = world.agents.watches.by(BOSS)
        assert watch is not None
        assert watch.target == "5002"


async def test_a_watch_for_one_call_ends_with_it() -> None:
    async with serving(agents=AGENTS) as world:
        await supervision(world).begin(BOSS, LISTEN, target(), How(all_calls=False))
        await world.talking()
        await answered(world, "5004")
        assert world.agents.watches.by(BOSS) is not None
        world.switch.phone("5000").hang_up()
        await settle()
        assert world.agents.watches.by(BOSS) is None


async def test_going_home_ends_the_watch() -> None:
    async with serving(agents=AGENTS) as world:
        await world.agents.sign_in(BOSS)
        await supervision(world).begin(BOSS, LISTEN, target(), How())
        await world.agents.sign_out(BOSS)
        assert world.agents.watches.by(BOSS) is None


async def test_what_is_refused() -> None:
    async with serving(agents=AGENTS) as world:
        here = supervision(world)
        with pytest.raises(NotFound):
            await here.begin(BOSS, LISTEN, "nobody", How())
        with pytest.raises(ParameterInvalid):
            await here.begin(BOSS, LISTEN, target(BOSS), How())
        with pytest.raises(RoleMissing):
            await here.begin(replace(BOSS, roles=frozenset({Role.AGENT})), LISTEN, target(), How())
        with pytest.raises(NotInState):
            await here.end(BOSS)
        with pytest.raises(NotInState):
            await here.silence(BOSS, Operation.MUTE_MONITORED_USER)
        world.switch.phone("5004").unregister()
        await settle()
        with pytest.raises(DeviceNotRegistered):
            await here.begin(BOSS, LISTEN, target(), How())


async def test_a_switch_that_cannot_monitor() -> None:
    async with serving(agents=AGENTS, abilities=frozenset(Ability) - {Ability.MONITOR}) as world:
        with pytest.raises(NotInState):
            await supervision(world).begin(BOSS, LISTEN, target(), How())


def test_only_changes_are_told() -> None:
    told: list[str] = []
    watches = Watches(lambda who: told.append(who.user_name))
    watches.put(BOSS, None)
    watches.put(replace(BOSS, device=None), None)
    assert (told, watches.by(BOSS), watches.watchers("5001")) == ([], None, ())
