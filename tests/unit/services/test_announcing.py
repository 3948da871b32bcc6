"""Consent by announcement: not a sample before it has been heard to its end, nor of who has not heard it (properties CMP-7)."""

import asyncio
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from telegraphone.domain.consent import ConsentRule
from telegraphone.domain.ids import LegId
from telegraphone.domain.operations import Operation
from telegraphone.domain.policy import Rule
from telegraphone.limits import ANNOUNCEMENT_LATE_S
from telegraphone.services.ports import Unavailable
from telegraphone.services.surroundings import Policies
from telegraphone.services.switch_ports import Announcement
from tests.scenario.clock import settle
from tests.unit.services.world import FOUR, ONE, START, STOP, World, answered, serving

RULE = ConsentRule("recorded line", announcement="/etc/line.wav")
LINE = Announcement("line.wav", "ab" * 32, bytes(5 * 16_000))
POLICIES = Policies(consent_rules=(RULE,), announcements={RULE.announcement: LINE}, version="v1")
WAITING = replace(POLICIES, consent_rules=(replace(RULE, memory_s=30.0),))
ALWAYS = replace(POLICIES, rules=(Rule("all", records=True),))


def hearing(world: World) -> set[str]:
    """To whom an announcement is being played."""
    return {leg.number for leg in world.switch.legs.values() if leg.announced is not None and not leg.announced.done()}


def noted(world: World) -> list[str]:
    return [name for name, _ in world.recorder.tape.notes]


@pytest.mark.parametrize("policies", [POLICIES, ALWAYS])
async def test_all_hear_it_when_a_recording_begins_and_sound_is_kept_from_its_end_on(policies: Policies) -> None:
    async with serving(policies=policies) as world:
        await world.talking()
        if policies is POLICIES:
            assert hearing(world) == set(), "nothing is recorded"
            await world.do(ONE, START)
        assert world.only_call(ONE).recording_state == "Recording"
        assert hearing(world) == {"5000", "5001"}
        assert noted(world) == ["shut consent", "open"]
        await world.clock.advance(4.9)
        assert not world.recorder.tape.keeps_audio
        await world.clock.advance(0.2)
        assert world.recorder.tape.keeps_audio
        assert hearing(world) == set()
        name, note = world.recorder.tape.notes[-1]
        heard = world.clock.utc().strftime("%Y-%m-%dT%H:%M:")
        assert name == "open consent"
        said = note["rule"]
        assert said.startswith(f"consent recorded line: line.wav (sha256 {'ab' * 8}) heard by 5000 {heard}")
        assert f"Z, 5001 {heard}" in said
        assert said.endswith("Z @v1")
        [part] = await world.parts(world.only_call(ONE).call_uuid)
        [span] = [each for each in part.history if each.type == "Paused"]
        assert (span.reason, span.offset_ms) == ("consent", 0)
        assert span.stopped_by is not None
        assert span.stopped_by.rule == said


@pytest.mark.parametrize("policies", [POLICIES, WAITING])
async def test_who_hangs_up_in_the_middle_leaves_nothing(policies: Policies) -> None:
    async with serving(policies=policies) as world:
        await world.talking()
        await world.do(ONE, START)
        await world.clock.advance(4.0)
        tape = world.recorder.tape
        assert tape.waits_from is None or policies is WAITING
        with capture_logs() as logs:
            world.switch.phone("5000").hang_up()
            await world.clock.advance(0.1)
        assert not [each for each in logs if each["log_level"] == "error"]
        assert [name for name, _ in tape.notes] == ["shut consent", "open"]
        [sealed] = world.recorder.sealed.values()
        [silence] = sealed.spans
        assert (silence.reason, silence.start_samples, silence.end_samples) == ("consent", 0, sealed.duration_samples)
        [part] = await world.parts(sealed.call_uuid)
        said = [each.stopped_by.rule for each in part.history if each.type in ("Recording", "Paused") and each.stopped_by]
        assert len(said) == 2
        unheard = f"line.wav (sha256 {'ab' * 8}) not heard to its end by"
        for each in said:
            assert set(each.split("; ")) == {f"{unheard} 5000", f"{unheard} 5001"}


async def test_what_was_heard_is_not_called_unheard_when_the_recording_ends() -> None:
    async with serving(policies=POLICIES) as world:
        await world.talking()
        await world.do(ONE, START)
        await world.clock.advance(5.1)
        await world.do(ONE, STOP)
        [part] = await world.parts(world.only_call(ONE).call_uuid)
        assert [each.stopped_by.rule for each in part.history if each.type == "Recording" and each.stopped_by] == [""]


async def test_what_was_said_meanwhile_belongs_to_the_recording_where_the_rule_says_so() -> None:
    async with serving(policies=WAITING) as world:
        await world.talking()
        await world.do(ONE, START)
        assert world.recorder.tape.order.consent_s == 30.0
        await world.clock.advance(7.0)
        await world.do(ONE, STOP)
        [part] = await world.parts(world.only_call(ONE).call_uuid)
        before = next(each for each in part.history if each.type == "PreConsent")
        assert (before.offset_ms, before.reason) == (0, "consent")
        assert abs(before.duration_ms - 5_000) < 200


@pytest.mark.parametrize("answers", [True, False])
async def test_what_cannot_be_played_is_loud_and_nothing_is_kept(monkeypatch: pytest.MonkeyPatch, answers: bool) -> None:
    async def fails(leg: LegId, announcement: Announcement) -> bool:
        if not answers:
            await asyncio.Event().wait()
        raise Unavailable("switch")

    async with serving(policies=POLICIES) as world:
        await world.talking()
        monkeypatch.setattr(world.switch.sound, "announce", fails)
        with capture_logs() as logs:
            await world.do(ONE, START)
            await world.clock.advance(0.0 if answers else LINE.seconds + ANNOUNCEMENT_LATE_S)
        assert [each["event"] for each in logs if each["log_level"] == "error"] == ["announcement_not_played"] * 2
        assert world.told(ONE).count("ErrorMessage") == 1, "of those who have to hear it"
        monkeypatch.undo()
        await world.clock.advance(60.0)
        assert not world.recorder.tape.keeps_audio
        assert hearing(world) == set(), "not tried again"
        await world.do(ONE, STOP)
        await world.do(ONE, START)
        assert hearing(world) == {"5000", "5001"}, "a new part is a new beginning"


async def test_who_holds_the_call_hears_it_from_its_beginning_afterwards() -> None:
    async with serving(policies=POLICIES) as world:
        await world.talking()
        await world.do(ONE, START)
        await world.clock.advance(4.0)
        with capture_logs() as logs:
            world.switch.phone("5000").hold()
            await world.clock.advance(30.0)
        assert not [each for each in logs if each["log_level"] == "error"]
        assert not world.recorder.tape.keeps_audio
        world.switch.phone("5000").retrieve()
        await settle()
        assert "5000" in hearing(world)
        await world.clock.advance(4.0)
        assert not world.recorder.tape.keeps_audio
        await world.clock.advance(1.1)
        assert world.recorder.tape.keeps_audio


async def test_a_second_part_says_who_had_heard_it_and_nobody_hears_it_again() -> None:
    async with serving(policies=POLICIES) as world:
        await world.talking()
        await world.do(ONE, START)
        await world.clock.advance(5.1)
        said = world.recorder.tape.notes[-1][1]
        await world.do(ONE, STOP)
        await world.do(ONE, START)
        assert hearing(world) == set()
        assert world.recorder.tape.keeps_audio
        assert [*world.recorder.tape.notes[-1]] == ["open consent", said]


async def test_a_colleague_need_not_hear_it_and_a_customer_who_joins_does_before_a_word_is_kept() -> None:
    async with serving(policies=POLICIES) as world:
        await world.talking()
        await world.do(ONE, START)
        await world.clock.advance(5.1)
        await world.do(ONE, Operation.SINGLE_STEP_CONFERENCE, number="5004")
        await answered(world, "5004")
        assert hearing(world) == set()
        assert world.recorder.tape.keeps_audio
        await world.do(ONE, Operation.SINGLE_STEP_CONFERENCE, number="5098", call=world.only_call(ONE).conn_id)
        await answered(world, "5098")
        assert not world.recorder.tape.keeps_audio
        assert hearing(world) == {"5000", "5001", "5004", "5098"}
        await world.clock.advance(5.1)
        assert world.recorder.tape.keeps_audio
        assert "5098 20" in world.recorder.tape.notes[-1][1]["rule"]


async def test_the_gate_is_shut_before_one_who_joins_can_be_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving(policies=POLICIES) as world:
        await world.talking()
        await world.do(ONE, START)
        await world.clock.advance(5.1)
        await world.do(ONE, Operation.SINGLE_STEP_CONFERENCE, number="5098")
        joined: list[tuple[bool, int]] = []
        join, tape = world.switch.join, world.recorder.tape

        async def watched(legs: tuple[LegId, ...]) -> None:
            joined.append((tape.keeps_audio, len(legs)))
            await join(legs)

        monkeypatch.setattr(world.switch, "join", watched)
        await answered(world, "5098")
        assert joined == [(False, 3)]


async def test_the_colleague_who_gets_the_call_records_without_asking_the_customer_again() -> None:
    async with serving(policies=ALWAYS) as world:
        await world.talking()
        await world.clock.advance(5.1)
        await world.do(ONE, Operation.SINGLE_STEP_TRANSFER, number="5004")
        await answered(world, "5004")
        assert world.only_call(FOUR).recording_state == "Recording"
        assert hearing(world) == set()
        assert world.recorder.tape.keeps_audio
        assert noted(world) == ["shut consent", "open", "open consent"]
        assert "5000 20" in world.recorder.tape.notes[-1][1]["rule"]
