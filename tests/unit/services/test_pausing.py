"""Rules that pause recordings and let them go on, at work on calls."""

from telegraphone.domain.operations import Operation
from telegraphone.domain.pausing import PauseRule
from telegraphone.domain.policy import Rule
from telegraphone.services.surroundings import Policies
from tests.unit.services.world import FOUR, ONE, PAUSE, RESUME, START, STOP, World, answered, serving

PAGE = PauseRule("card page", key="page", values=("card*",))


def _by(*rules: PauseRule) -> Policies:
    return Policies(pause_rules=rules, version="v1")


async def _attach(world: World, value: str) -> None:
    await world.do(ONE, Operation.UPDATE_USER_DATA, user_data={"page": value})


def _changes(world: World) -> list[str]:
    return [each for each in world.told(ONE) if each.startswith("CallRecordingStateChange")]


async def test_a_recording_pauses_while_the_card_page_is_open() -> None:
    async with serving(policies=_by(PAGE)) as world:
        await world.talking()
        await world.do(ONE, START)
        await _attach(world, "basket")
        assert world.recorder.tape.keeps_audio
        _changes(world)
        await _attach(world, "card number")
        assert not world.recorder.tape.keeps_audio
        await _attach(world, "card holder")
        await _attach(world, "basket")
        assert world.recorder.tape.keeps_audio
        assert _changes(world) == ["CallRecordingStateChange Paused", "CallRecordingStateChange Recording"]
        (part,) = await world.parts(world.only_call(ONE).call_uuid)
        pause = next(each for each in part.history if each.type == "Paused")
        assert pause.started_by is not None
        assert (pause.started_by.source, pause.started_by.rule, pause.reason) == ("policy", "card page @v1", "policy")


async def test_who_attaches_what_pauses_is_answered_when_no_audio_passes() -> None:
    async with serving(policies=_by(PAGE)) as world:
        await world.talking()
        await world.do(ONE, START)
        asked = world.only_call(ONE).conn_id
        await world.calls.operate(ONE, asked, Operation.UPDATE_USER_DATA, user_data={"page": "card"})
        assert not world.recorder.tape.keeps_audio


async def test_what_the_agent_paused_no_rule_resumes() -> None:
    async with serving(policies=_by(PAGE)) as world:
        await world.talking()
        await world.do(ONE, START)
        await world.do(ONE, PAUSE)
        await _attach(world, "card")
        await _attach(world, "basket")
        assert world.only_call(ONE).recording_state == "Paused"
        assert not world.recorder.tape.keeps_audio
        await world.do(ONE, RESUME)
        assert world.recorder.tape.keeps_audio


async def test_who_resumes_by_hand_is_not_paused_again_by_the_same_fit() -> None:
    async with serving(policies=_by(PAGE)) as world:
        await world.talking()
        await world.do(ONE, START)
        await _attach(world, "card")
        await world.do(ONE, RESUME)
        await _attach(world, "card again")
        assert world.only_call(ONE).recording_state == "Recording"
        await _attach(world, "basket")
        await _attach(world, "card")
        assert world.only_call(ONE).recording_state == "Paused"


async def test_a_part_begins_paused_where_a_rule_fits_already() -> None:
    async with serving(policies=_by(PAGE)) as world:
        await world.talking()
        await _attach(world, "card")
        world.told(ONE)
        await world.do(ONE, START)
        assert _changes(world) == ["CallRecordingStateChange Paused"]
        assert [name for name, _ in world.recorder.tape.notes] == ["shut policy", "open"], "shut before it is opened"
        await _attach(world, "basket")
        assert world.recorder.tape.keeps_audio


async def test_a_pause_by_a_rule_ends_after_its_time() -> None:
    async with serving(policies=_by(PauseRule("page", key="page", for_s=30.0))) as world:
        await world.talking()
        await world.do(ONE, START)
        await _attach(world, "card")
        await world.clock.advance(29)
        assert world.only_call(ONE).recording_state == "Paused"
        await world.clock.advance(2)
        assert world.only_call(ONE).recording_state == "Recording"


async def test_an_old_time_does_not_end_a_new_pause() -> None:
    async with serving(policies=_by(PauseRule("page", key="page", values=("card",), for_s=30.0))) as world:
        await world.talking()
        await world.do(ONE, START)
        await _attach(world, "card")
        await world.clock.advance(20)
        await _attach(world, "basket")
        await _attach(world, "card")
        await world.clock.advance(20)
        assert world.only_call(ONE).recording_state == "Paused"


async def test_only_the_first_minute_of_each_part_is_kept() -> None:
    async with serving(policies=_by(PauseRule("first minute", after_s=60.0))) as world:
        await world.talking()
        for _ in range(2):
            await world.do(ONE, START)
            await world.clock.advance(59)
            assert world.only_call(ONE).recording_state == "Recording"
            await world.clock.advance(2)
            assert world.only_call(ONE).recording_state == "Paused"
            await world.do(ONE, STOP)


async def test_a_gate_that_does_not_shut_for_a_rule_ends_the_recording() -> None:
    async with serving(policies=_by(PAGE)) as world:
        await world.talking()
        await world.do(ONE, START)
        world.ears.notices.clear()
        world.recorder.fails.add("shut_gate")
        await _attach(world, "card")
        assert world.only_call(ONE).recording_state == "Stopped"
        assert not world.recorder.tapes
        assert "ErrorMessage" in world.told(ONE)


async def test_a_rule_pauses_the_next_agents_part_too() -> None:
    rules = (Rule("all", records=True),)
    async with serving(policies=Policies(rules=rules, pause_rules=(PAGE,))) as world:
        await world.talking()
        await _attach(world, "card")
        await world.do(ONE, Operation.SINGLE_STEP_TRANSFER, number="5004")
        await answered(world, "5004")
        assert world.only_call(FOUR).recording_state == "Paused"
        assert [name for name, _ in world.recorder.tape.notes] == ["shut policy", "open"], "shut before it is opened"
        await world.do(FOUR, Operation.UPDATE_USER_DATA, user_data={"page": "basket"})
        assert world.only_call(FOUR).recording_state == "Recording"
