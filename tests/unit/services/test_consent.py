"""Recordings that need consent: not a sample before it is given, nor after it is taken back (properties CMP-7)."""

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
