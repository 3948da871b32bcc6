"""Recordings that need consent: not a sample before it is given, nor after it is taken back (properties CMP-7)."""

from dataclasses import replace

import pytest

from telegraphone.domain.consent import ConsentRule
from telegraphone.domain.operations import Operation
from telegraphone.domain.policy import Rule
from telegraphone.services.surroundings import Policies
from tests.unit.services.world import FOUR, ONE, PAUSE, RESUME, START, STOP, World, answered, serving

RULE = ConsentRule("recorded line", "consent", ("yes*",))
ALL = (Rule("all", records=True),)


def _policies(*rules: Rule) -> Policies:
    return Policies(rules=rules, consent_rules=(RULE,), version="v1")


async def _say(world: World, value: str) -> None:
    await world.do(ONE, Operation.UPDATE_USER_DATA, user_data={"consent": value})


def _noted(world: World) -> list[str]:
    return [name for name, _ in world.recorder.tape.notes]


async def test_nothing_is_kept_before_consent_and_the_evidence_is_where_it_begins() -> None:
    async with serving(policies=_policies()) as world:
        await world.talking()
        await world.do(ONE, START)
        assert _noted(world) == ["shut consent", "open"], "shut before it is opened"
        assert world.only_call(ONE).recording_state == "Recording"
        await _say(world, "no")
        assert not world.recorder.tape.keeps_audio
        await _say(world, "yes, announcement-7")
        assert world.recorder.tape.keeps_audio
        name, note = world.recorder.tape.notes[-1]
        said = "consent recorded line: consent=yes, announcement-7 @v1"
        assert (name, dict(note)) == ("open consent", {"source": "policy", "rule": said})
        (part,) = await world.parts(world.only_call(ONE).call_uuid)
        [span] = [each for each in part.history if each.type == "Paused"]
        assert span.reason == "consent"
        assert span.stopped_by is not None
        assert span.stopped_by.rule == said


async def test_a_recording_begun_by_a_rule_waits_for_consent() -> None:
    async with serving(policies=_policies(*ALL)) as world:
        await world.talking()
        assert world.only_call(ONE).recording_state == "Recording"
        assert _noted(world) == ["shut consent", "open"]
        await _say(world, "yes")
        assert world.recorder.tape.keeps_audio


async def test_consent_given_before_the_start_delays_nothing() -> None:
    async with serving(policies=_policies()) as world:
        await world.talking()
        await _say(world, "yes")
        await world.do(ONE, START)
        assert _noted(world) == ["open"]
        assert world.recorder.tape.keeps_audio


async def test_consent_that_is_taken_back_ends_what_is_kept_before_the_answer() -> None:
    async with serving(policies=_policies(*ALL)) as world:
        await world.talking()
        await _say(world, "yes")
        asked = world.only_call(ONE).conn_id
        await world.calls.operate(ONE, asked, Operation.UPDATE_USER_DATA, user_data={"consent": "no"})
        assert not world.recorder.tape.keeps_audio


async def test_no_resume_replaces_consent_and_no_consent_a_resume() -> None:
    async with serving(policies=_policies()) as world:
        await world.talking()
        await world.do(ONE, START)
        await world.do(ONE, PAUSE)
        await world.do(ONE, RESUME)
        assert not world.recorder.tape.keeps_audio
        await world.do(ONE, PAUSE)
        await _say(world, "yes")
        assert not world.recorder.tape.keeps_audio
        await world.do(ONE, RESUME)
        assert world.recorder.tape.keeps_audio


async def test_the_next_part_and_the_next_agent_need_it_too() -> None:
    async with serving(policies=_policies(*ALL)) as world:
        await world.talking()
        await world.do(ONE, STOP)
        await world.do(ONE, START)
        assert _noted(world) == ["shut consent", "open"]
        await world.do(ONE, Operation.SINGLE_STEP_TRANSFER, number="5004")
        await answered(world, "5004")
        assert world.only_call(FOUR).recording_state == "Recording"
        assert _noted(world) == ["shut consent", "open"]


async def test_calls_of_no_rule_need_none() -> None:
    rule = ConsentRule("others", "consent", dnises=("5002",))
    async with serving(policies=Policies(consent_rules=(rule,))) as world:
        await world.talking()
        await world.do(ONE, START)
        assert world.recorder.tape.keeps_audio


async def test_a_gate_that_does_not_shut_when_consent_is_taken_back_ends_the_recording() -> None:
    async with serving(policies=_policies(*ALL)) as world:
        await world.talking()
        await _say(world, "yes")
        world.ears.notices.clear()
        world.recorder.fails.add("shut_gate")
        await _say(world, "no")
        assert world.only_call(ONE).recording_state == "Stopped"
        assert not world.recorder.tapes
        assert "ErrorMessage" in world.told(ONE)


WAITING = Policies(consent_rules=(replace(RULE, memory_s=30.0),), version="v1")


async def test_what_was_said_before_consent_belongs_to_the_recording_with_it() -> None:
    async with serving(policies=WAITING) as world:
        await world.talking()
        await world.do(ONE, START)
        assert world.recorder.tape.order.consent_s == 30.0
        await world.clock.advance(4.0)
        await _say(world, "yes")
        await world.clock.advance(2.0)
        await world.do(ONE, STOP)
        (part,) = await world.parts(world.only_call(ONE).call_uuid)
        assert part.duration_ms == 6_000
        whole, before = part.history
        assert (before.type, before.offset_ms, before.duration_ms, before.reason) == ("PreConsent", 0, 4_000, "consent")
        assert before.started_at == whole.started_at
        assert before.started_by is not None
        assert before.started_by.rule == "consent recorded line: consent=yes @v1"


async def test_of_a_refusal_nothing_is_left_before_the_answer() -> None:
    async with serving(policies=WAITING) as world:
        await world.talking()
        await world.do(ONE, START)
        await world.clock.advance(4.0)
        assert world.recorder.tape.waits_from is not None
        asked = world.only_call(ONE).conn_id
        await world.calls.operate(ONE, asked, Operation.UPDATE_USER_DATA, user_data={"consent": "no"})
        assert world.recorder.tape.waits_from is None
        assert world.recorder.tape.notes[-1] == ("shut consent", {"source": "policy", "rule": "consent recorded line @v1"})
        await _say(world, "no, thanks")
        assert len(_noted(world)) == 3, "said once"
        await world.clock.advance(4.0)
        await _say(world, "yes")
        await world.clock.advance(1.0)
        await world.do(ONE, STOP)
        (part,) = await world.parts(world.only_call(ONE).call_uuid)
        assert [(each.type, each.offset_ms, each.duration_ms) for each in part.history[1:]] == [("Paused", 0, 8_000)]


@pytest.mark.parametrize("lacking", ["another rule keeps nothing", "refused before the start"])
async def test_memory_is_what_all_rules_that_lack_consent_allow(lacking: str) -> None:
    rules = (replace(RULE, memory_s=30.0),)
    if lacking == "another rule keeps nothing":
        rules += (ConsentRule("strict", "agreed"),)
    async with serving(policies=Policies(consent_rules=rules)) as world:
        await world.talking()
        if lacking == "refused before the start":
            await _say(world, "no")
        await world.do(ONE, START)
        assert world.recorder.tape.order.consent_s == 0


async def test_the_words_of_one_who_has_left_do_not_wait_for_the_consent_of_the_others() -> None:
    async with serving(policies=WAITING) as world:
        await world.talking()
        await world.do(ONE, START)
        await world.do(ONE, Operation.SINGLE_STEP_CONFERENCE, number="5004")
        await answered(world, "5004")
        assert world.recorder.tape.waits_from is not None, "who joins takes nothing away"
        world.switch.phone("5000").hang_up()
        await world.clock.advance(0.1)
        assert world.recorder.tape.waits_from is None
        assert not world.recorder.tape.keeps_audio


async def test_a_refusal_that_the_recorder_does_not_take_ends_the_recording() -> None:
    async with serving(policies=WAITING) as world:
        await world.talking()
        await world.do(ONE, START)
        world.recorder.fails.add("shut_gate")
        await _say(world, "no")
        assert world.only_call(ONE).recording_state == "Stopped"
        assert not world.recorder.tapes
