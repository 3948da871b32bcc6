"""What is recorded from the start, and what becomes of pauses that last: by the rules of the installation."""

import pytest
import structlog

from telegraphone.domain.call import CallType
from telegraphone.domain.policy import PauseLimits, Rule
from telegraphone.services.surroundings import Policies
from tests.unit.services.world import ONE, PAUSE, RESUME, START, STOP, TWO, World, serving

CUSTOMERS = Rule("customers", records=True, types=frozenset({CallType.INTERNAL}), anis=("5000",))
NEVER_TWO = Rule("never the other agent", records=False, anis=("5002",))


def _limits(alarm_s: float = 0.0, resume_s: float = 0.0) -> Policies:
    return Policies(pause_limits={"default": PauseLimits(alarm_s, resume_s)}, version="v1")


@pytest.mark.parametrize(
    ("rules", "recorded", "caller", "state"),
    [
        ((CUSTOMERS,), (), "5000", "Recording"),
        ((CUSTOMERS,), (), "5002", "Stopped"),
        ((NEVER_TWO,), ("5001",), "5002", "Stopped"),
        ((NEVER_TWO,), ("5001",), "5000", "Recording"),
        ((NEVER_TWO, Rule("all", records=True)), (), "5000", "Recording"),
        ((Rule("none", records=True, share=0.0),), (), "5000", "Stopped"),
    ],
)
async def test_the_first_rule_decides_and_else_the_agent_does(
    rules: tuple[Rule, ...], recorded: tuple[str, ...], caller: str, state: str
) -> None:
    async with serving(policies=Policies(rules=rules, recorded_numbers=frozenset(recorded), version="v1")) as world:
        await world.talking(caller)
        assert world.only_call(ONE).recording_state == state


async def test_a_recording_says_by_which_rule_of_which_version_it_began() -> None:
    async with serving(policies=Policies(rules=(CUSTOMERS,), version="0123456789ab")) as world:
        await world.talking()
        (part,) = await world.parts(world.only_call(ONE).call_uuid)
        began_by = part.history[0].started_by
        assert began_by is not None
        assert (began_by.source, began_by.rule) == ("policy", "customers @0123456789ab")
        assert dict(world.recorder.tape.notes[0][1]) == {"source": "policy", "rule": "customers @0123456789ab"}


async def _paused(world: World) -> None:
    await world.talking()
    await world.do(ONE, START)
    await world.do(ONE, PAUSE)
    world.ears.notices.clear()


async def test_a_long_pause_ends_by_itself_where_the_installation_wants_it() -> None:
    async with serving(policies=_limits(resume_s=300)) as world:
        await _paused(world)
        await world.clock.advance(299)
        assert world.only_call(ONE).recording_state == "Paused"
        assert not world.recorder.tape.keeps_audio
        await world.clock.advance(2)
        assert world.only_call(ONE).recording_state == "Recording"
        assert world.recorder.tape.keeps_audio
        assert world.told(ONE) == ["CallRecordingStateChange Recording"]
        (part,) = await world.parts(world.only_call(ONE).call_uuid)
        pause = next(each for each in part.history if each.type == "Paused")
        assert pause.stopped_by is not None
        assert pause.stopped_by.rule == "resume after a long pause @v1"


async def test_without_such_a_rule_a_pause_lasts() -> None:
    async with serving() as world:
        await _paused(world)
        await world.clock.advance(86_400)
        assert world.only_call(ONE).recording_state == "Paused"


async def test_a_later_pause_is_given_its_own_time() -> None:
    async with serving(policies=_limits(resume_s=300)) as world:
        await _paused(world)
        await world.clock.advance(200)
        await world.do(ONE, RESUME)
        await world.do(ONE, PAUSE)
        await world.clock.advance(299)
        assert world.only_call(ONE).recording_state == "Paused"
        await world.clock.advance(2)
        assert world.only_call(ONE).recording_state == "Recording"


async def test_a_pause_that_is_over_is_left_alone() -> None:
    async with serving(policies=_limits(resume_s=300)) as world:
        await _paused(world)
        await world.do(ONE, STOP)
        await world.clock.advance(600)
        assert world.only_call(ONE).recording_state == "Stopped"


async def test_a_hold_outlives_the_end_of_a_long_pause() -> None:
    async with serving(policies=_limits(resume_s=300)) as world:
        await _paused(world)
        world.switch.phone("5001").hold()
        await world.clock.advance(301)
        assert world.only_call(ONE).recording_state == "Recording"
        assert not world.recorder.tape.keeps_audio


async def test_a_gate_that_does_not_open_again_stays_shut() -> None:
    async with serving(policies=_limits(resume_s=300)) as world:
        await _paused(world)
        world.recorder.fails.add("open_gate")
        await world.clock.advance(301)
        assert world.only_call(ONE).recording_state == "Paused"
        assert not world.recorder.tape.keeps_audio


async def test_a_forgotten_pause_sets_off_the_alarm_once() -> None:
    async with serving(policies=_limits(alarm_s=120)) as world:
        await _paused(world)
        with structlog.testing.capture_logs() as lines:
            await world.clock.advance(119)
            assert lines == []
            await world.clock.advance(600)
        assert [line["event"] for line in lines] == ["pause_forgotten"]
        assert world.only_call(ONE).recording_state == "Paused"
        assert world.told(ONE) == ["PauseForgotten"]
        (alarm,) = world.long_pauses
        assert (alarm.recorded_dn, alarm.user_name, alarm.seconds) == ("5001", "agent.one", 120)


async def test_each_contact_centre_has_its_own_limits() -> None:
    async with serving(policies=Policies(pause_limits={"other": PauseLimits(0.0, 300)})) as world:
        await _paused(world)
        await world.clock.advance(600)
        assert world.only_call(ONE).recording_state == "Paused"
        assert world.calls.of(TWO) == ()
