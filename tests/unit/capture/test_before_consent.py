"""What came before consent: kept in its place when that is given, as far as nothing else kept it out, and else nowhere.

The stage of the tests before a start: a tap in virtual time whose frames say which they are (properties PCI-1, PCI-5, CMP-7).
"""

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from telegraphone.capture.control import CutFact, OpenGate, Seal, ShutGate
from telegraphone.capture.memories import Memories
from telegraphone.media.journal import CONSENT, Ended, Gap, GateOpened, GateShut, JournalState, Record, replay
from telegraphone.media.memory import Room
from tests.unit.capture.test_before_start import (
    DELAY_MS_MAX,
    GUARD_MS,
    LASTS_MS,
    PACKETS,
    Delays,
    Stage,
    arrivals,
    arrived,
    networks,
    on_one_timeline,
    shut_all_along,
)
from tests.unit.media.intake import MS, ORIGIN_NS

START_MS = 50
pauses = st.tuples(st.integers(START_MS, LASTS_MS - 200), st.sampled_from(["shut", "open"]))
operations = st.lists(pauses, max_size=5).map(sorted)


def waiting(consent_s: float = 20.0, disk_ms: int = 10) -> Stage:
    """A recording that has begun without consent."""
    stage = Stage(0.0, disk_ms, consent_s)
    stage.until(START_MS, [])
    perform(stage, ShutGate(1, "recording", CONSENT, {}, 0))
    perform(stage, OpenGate(1, "recording", None, {}))
    return stage


def perform(stage: Stage, command: OpenGate | ShutGate | Seal) -> list[object]:
    answers: list[object] = []
    stage.tap.perform(command, answers.append)
    return answers


def state(stage: Stage) -> JournalState:
    return replay(each for each in stage.records if isinstance(each, Record))


@settings(max_examples=80, deadline=None)
@given(networks, operations, st.integers(300, LASTS_MS - 400), st.sampled_from([0.5, 1.0, 20.0]), st.integers(0, 40))
def test_what_nothing_but_consent_kept_out_is_kept_with_it(
    network: Delays, operated: list[tuple[int, str]], consent_ms: int, consent_s: float, disk_ms: int
) -> None:
    stage, coming = waiting(consent_s, disk_ms), arrivals(network)
    script = sorted([*operated, (consent_ms, CONSENT)], key=lambda each: each[0])
    answers: list[object] = []
    for at, what in script:
        stage.until(at, coming)
        command = ShutGate(1, "recording", "agent", {}, 0) if what == "shut" else OpenGate(1, "recording", "agent", {})
        stage.tap.perform(OpenGate(1, "recording", CONSENT, {}) if what == CONSENT else command, answers.append)
    stage.until(LASTS_MS, coming)
    perform(stage, Seal(1, "recording", {}))
    stage.until(LASTS_MS + 3 * disk_ms + 2, [])
    assert not [each for each in answers if isinstance(each, str)]

    [given_at] = [each for each in stage.records if isinstance(each, GateOpened) and each.reason == CONSENT]
    paused = [what for _, what in operated if what == "shut"]
    event(f"kept {bool(given_at.kept)}, paused {bool(paused)}")
    assert given_at.kept <= consent_s * 8_000
    assert not stage.broke_silence(state(stage)), "what is marked as silent is silent"
    holes = [(gap.stream, gap.start, gap.stop) for gap in stage.records if isinstance(gap, Gap)]
    assert all(0 <= low < high for _, low, high in holes)
    came = arrived(network)
    for stream, found in enumerate(on_one_timeline(stage)):
        for number in found:
            first, last = min(came[stream][number]), max(came[stream][number])
            assert last >= consent_ms - consent_s * 1000 - 20, "no older than wanted"
            assert not shut_all_along(operated, START_MS, first, last, disk_ms), "nothing that came in a pause"
        if not paused:
            from_ms = max(START_MS + disk_ms, consent_ms - consent_s * 1000 + disk_ms)
            due = {n for n, at in came[stream].items() if from_ms + 20 + DELAY_MS_MAX <= min(at) <= LASTS_MS}
            # While the first packets are looked at, one that comes late may be too late.
            assert due - found.keys() <= {n for n in due if n < 4 + (START_MS + GUARD_MS) // 20}


def test_a_card_number_said_in_a_pause_never_comes_back() -> None:
    """Not from memory either: what is said in the pause is not even there when consent is given."""
    stage, coming = waiting(), arrivals([[0]])
    stage.until(600, coming)
    perform(stage, ShutGate(1, "recording", "agent", {}, 0))
    stage.until(700, coming)
    assert stage.tap.memories.consent is not None
    held = stage.room.left
    stage.until(1_200, coming)
    assert stage.room.left == held, "nothing more in memory"
    perform(stage, OpenGate(1, "recording", "agent", {}))
    stage.until(1_600, coming)
    perform(stage, OpenGate(1, "recording", CONSENT, {}))
    stage.until(LASTS_MS, coming)
    perform(stage, Seal(1, "recording", {}))
    stage.until(LASTS_MS + 40, [])
    for stream in (0, 1):
        found = stage.places(stream)
        said_ms = {number * 20 for number in found}
        assert not {ms for ms in said_ms if 610 <= ms + 20 <= 1_200 + GUARD_MS}
        assert {ms for ms in said_ms if ms < 580} == set(range(60, 580, 20)), "what was said before the pause"
        assert {ms for ms in said_ms if ms > 1_300} == set(range(1_320, PACKETS * 20, 20)), "and after it"


def test_consent_in_a_pause_keeps_what_came_before_the_pause() -> None:
    stage, coming = waiting(), arrivals([[0]])
    stage.until(600, coming)
    perform(stage, ShutGate(1, "recording", "agent", {}, 0))
    stage.until(1_000, coming)
    answers = perform(stage, OpenGate(1, "recording", CONSENT, {}))
    stage.until(LASTS_MS, coming)
    [fact] = answers
    assert isinstance(fact, CutFact)
    assert fact.shut_for == ("agent",)
    assert set(stage.places(0)) == set(range(3, 30))


@pytest.mark.parametrize("how", ["refused", "ended", "broken"])
def test_without_consent_nothing_is_left(how: str) -> None:
    stage, coming = waiting(), arrivals([[0]])
    stage.until(1_000, coming)
    assert stage.room.left < Room().left
    match how:
        case "refused":
            perform(stage, ShutGate(1, "recording", CONSENT, {}, 0))
            assert stage.room.left == Room().left, "before the answer"
            stage.until(1_500, coming)
            perform(stage, OpenGate(1, "recording", CONSENT, {}))
        case "ended":
            perform(stage, Seal(1, "recording", {}))
        case _:
            stage.tap.break_off("the disk is full")
    stage.until(LASTS_MS, coming)
    assert (stage.room.left, stage.tap.memories) == (Room().left, Memories())
    for stream in (0, 1):
        assert all(20 * (number + 1) > 1_500 for number in stage.places(stream))
    assert bool(stage.places(0)) is (how == "refused")
    refusals = [each for each in stage.records if isinstance(each, GateShut)]
    assert [each.reason for each in refusals] == ([CONSENT] if how == "refused" else []), "evidence of what was refused"
    assert len([each for each in stage.records if isinstance(each, Ended)]) == (how == "ended")


def test_consent_that_is_taken_back_and_given_again_brings_nothing_back() -> None:
    stage, coming = waiting(), arrivals([[0]])
    for at, command in (
        (600, OpenGate(1, "recording", CONSENT, {})),
        (1_000, ShutGate(1, "recording", CONSENT, {}, 0)),
        (1_500, OpenGate(1, "recording", CONSENT, {})),
    ):
        stage.until(at, coming)
        perform(stage, command)
        stage.until(at + 20, coming)
        if at == 1_000:
            assert stage.room.left == Room().left
    stage.until(LASTS_MS, coming)
    assert not {n for n in stage.places(0) if 1_020 < 20 * (n + 1) < 1_500}
    assert stage.places(0)


def test_a_next_life_says_that_what_waited_is_gone_and_goes_on_waiting() -> None:
    stage = waiting()
    stage.until(1_000, arrivals([[0]]))
    next_life = Stage(0.0, 10, 20.0)
    next_life.now_ns = ORIGIN_NS + 1_000 * MS
    next_life.tap.restore(state(stage), (0, 0))
    coming = [each for each in arrivals([[0]]) if each[0] > 1_000]
    next_life.until(1_500, coming)
    perform(next_life, OpenGate(1, "recording", CONSENT, {}))
    next_life.until(LASTS_MS, coming)
    gaps = {(gap.stream, gap.start, gap.stop, gap.reason) for gap in next_life.records if isinstance(gap, Gap)}
    lost = (1_000 - START_MS) * 8
    assert gaps == {(0, 0, lost, "crash"), (1, 0, lost, "crash")}
    [opened] = [each for each in next_life.records if isinstance(each, GateOpened)]
    assert opened.position == 0
    assert min(next_life.places(0)) in {50, 51, 52}
