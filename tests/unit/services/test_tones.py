"""When the parties of a call hear that they are recorded."""

from telegraphone.domain.consent import ConsentRule
from telegraphone.domain.operations import Operation
from telegraphone.services.surroundings import Policies
from tests.unit.services.world import ONE, PAUSE, RESUME, START, STOP, World, serving

TONES = Policies(tone_every_s={"default": 15.0})


def heard(world: World) -> set[int]:
    """How often each party of the call has heard the tone."""
    return {leg.tones for leg in world.switch.legs.values()}


async def test_it_is_heard_by_all_when_audio_begins_to_be_kept_and_every_so_often() -> None:
    async with serving(policies=TONES) as world:
        await world.talking()
        await world.clock.advance(60)
        assert heard(world) == {0}
        await world.do(ONE, START)
        assert heard(world) == {1}
        await world.clock.advance(14)
        assert heard(world) == {1}
        await world.clock.advance(2)
        assert heard(world) == {2}
        await world.clock.advance(45)
        assert heard(world) == {5}
        await world.do(ONE, STOP)
        await world.clock.advance(60)
        assert heard(world) == {5}


async def test_it_is_not_heard_in_a_pause_and_again_behind_it() -> None:
    async with serving(policies=TONES) as world:
        await world.talking()
        await world.do(ONE, START)
        await world.do(ONE, PAUSE)
        await world.clock.advance(60)
        assert heard(world) == {1}
        await world.do(ONE, RESUME)
        assert heard(world) == {2}
        await world.clock.advance(5)
        await world.do(ONE, PAUSE)
        await world.do(ONE, RESUME)
        assert heard(world) == {2}, "a short pause brings no tone"
        await world.clock.advance(11)
        assert heard(world) == {3}


async def test_it_waits_for_consent() -> None:
    policies = Policies(tone_every_s={"default": 15.0}, consent_rules=(ConsentRule("line", "consent"),))
    async with serving(policies=policies) as world:
        await world.talking()
        await world.do(ONE, START)
        await world.clock.advance(60)
        assert heard(world) == {0}
        await world.do(ONE, Operation.UPDATE_USER_DATA, user_data={"consent": "yes"})
        assert heard(world) == {1}


async def test_a_contact_centre_that_wants_none_has_none() -> None:
    async with serving(policies=Policies(tone_every_s={"other": 15.0})) as world:
        await world.talking()
        await world.do(ONE, START)
        await world.clock.advance(60)
        assert heard(world) == {0}


async def test_a_switch_that_cannot_be_reached_stops_no_recording() -> None:
    async with serving(policies=TONES) as world:
        await world.talking()
        await world.do(ONE, START)
        world.switch.reachable = False
        await world.clock.advance(30)
        assert world.recorder.tape.keeps_audio
        assert heard(world) == {1}
