"""What is said before a late Start: remembered while it may be in a recording, and gone whenever it may not."""

import pytest

from telegraphone.domain.consent import ConsentRule
from telegraphone.domain.operations import Operation
from telegraphone.domain.pausing import PauseRule
from telegraphone.domain.policy import Rule
from telegraphone.services.surroundings import Policies
from tests.unit.services.world import FOUR, ONE, START, STOP, World, answered, serving

SECONDS = {"default": 10.0}


def remembered(world: World) -> float | None:
    """For how long something is remembered of a recording that nobody has started; None while nothing is."""
    tapes = [tape for tape in world.recorder.tapes.values() if tape.started_at is None]
    assert len(tapes) <= 1
    since = tapes[0].remembers_from if tapes else None
    return None if since is None else round(world.clock.now() - since, 3)


async def test_a_recording_begins_with_what_came_before_its_start() -> None:
    async with serving(policies=Policies(preroll_s=SECONDS)) as world:
        await world.talking()
        await world.clock.advance(4.0)
        assert remembered(world) == 4.0
        assert world.only_call(ONE).recording_state == "Stopped"
        await world.do(ONE, START)
        await world.clock.advance(2.0)
        await world.do(ONE, STOP)
        [part] = await world.parts(world.only_call(ONE).call_uuid)
        assert part.duration_ms == 6_000
        whole, before = part.history
        assert (before.type, before.offset_ms, before.duration_ms) == ("PreRoll", 0, 4_000)
        assert before.started_at == whole.started_at == part.started_at
        assert before.started_by is not None
        assert before.started_by.user_name == "agent.one"


async def test_without_the_policy_nothing_is_remembered() -> None:
    async with serving(policies=Policies(preroll_s={"another": 10.0})) as world:
        await world.talking()
        assert not world.recorder.tapes


async def test_after_a_stop_and_after_the_call_nothing_is_remembered() -> None:
    async with serving(policies=Policies(preroll_s=SECONDS)) as world:
        await world.talking()
        await world.do(ONE, START)
        await world.do(ONE, STOP)
        assert not world.recorder.tapes
        await world.do(ONE, START)
        assert world.recorder.tape.order.before_s == 0
        await world.do(ONE, STOP)
        world.switch.phone("5000").hang_up()
        await world.clock.advance(100.0)
        await world.talking()
        assert remembered(world) == 0
        world.switch.phone("5000").hang_up()
        await world.clock.advance(0.1)
        assert not world.recorder.tapes


async def test_it_reaches_back_to_the_end_of_a_hold_at_most() -> None:
    async with serving(policies=Policies(preroll_s=SECONDS)) as world:
        await world.talking()
        await world.clock.advance(3.0)
        await world.do(ONE, Operation.HOLD)
        assert not world.recorder.tapes
        await world.do(ONE, Operation.RETRIEVE)
        await world.clock.advance(2.0)
        assert remembered(world) == 2.0


@pytest.mark.parametrize("key", ["page", "consent"])
async def test_a_card_page_or_missing_consent_leaves_nothing_before_the_answer(key: str) -> None:
    """What may not be recorded is gone when the request that says so is answered."""
    rules = (PauseRule("card page", "default", "page", ("card",)),)
    consents = (ConsentRule("line", "consent", ("yes",)),) if key == "consent" else ()
    async with serving(policies=Policies(preroll_s=SECONDS, pause_rules=rules, consent_rules=consents)) as world:
        await world.talking()
        await world.do(ONE, Operation.UPDATE_USER_DATA, user_data={"page": "basket", "consent": "yes"})
        await world.clock.advance(3.0)
        assert remembered(world) == 3.0
        bad = {"page": "card"} if key == "page" else {"consent": "no"}
        asked = world.only_call(ONE).conn_id
        await world.calls.operate(ONE, asked, Operation.UPDATE_USER_DATA, user_data=bad)
        assert not world.recorder.tapes
        await world.do(ONE, Operation.UPDATE_USER_DATA, user_data={"page": "basket", "consent": "yes"})
        assert remembered(world) == 0


async def test_calls_that_a_rule_leaves_out_are_not_remembered() -> None:
    async with serving(policies=Policies(preroll_s=SECONDS, rules=(Rule("never", records=False),))) as world:
        await world.talking()
        assert not world.recorder.tapes


async def test_it_is_of_those_who_take_part_now() -> None:
    async with serving(policies=Policies(preroll_s=SECONDS)) as world:
        await world.talking()
        first = world.recorder.tape.order
        await world.clock.advance(3.0)
        await world.do(ONE, Operation.SINGLE_STEP_TRANSFER, number="5004")
        await answered(world, "5004")
        assert remembered(world) == 0
        [tape] = world.recorder.tapes.values()
        assert tape.order.recording_id != first.recording_id
        await world.do(FOUR, START)
        assert tape.started_at is not None


async def test_a_recorder_without_room_remembers_nothing_and_says_nothing() -> None:
    async with serving(policies=Policies(preroll_s=SECONDS)) as world:
        world.recorder.full_for_s = 1
        await world.talking()
        assert not world.recorder.tapes
        assert world.told(ONE) == []
        world.recorder.full_for_s = None
        await world.do(ONE, START)
        assert world.recorder.tape.keeps_audio


async def test_a_memory_that_breaks_is_nobodys_trouble() -> None:
    async with serving(policies=Policies(preroll_s=SECONDS)) as world:
        await world.talking()
        world.recorder.break_off()
        await world.clock.advance(0.1)
        assert not world.recorder.tapes
        assert world.told(ONE) == []
