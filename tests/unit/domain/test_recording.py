"""The recording machine against the table of ARCHITECTURE.md, and against random lives."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telegraphone.domain import recording as rec
from telegraphone.domain.recording import OpenGate, Phase, Reason, Recording, Seal, ShutGate, Step, Trigger
from tests.tidy.rule import ROOT

OPERATIONS = (Trigger.START, Trigger.PAUSE, Trigger.RESUME, Trigger.STOP)
HIDDEN = (Reason.HOLD, Reason.SUPERVISOR, Reason.CONSENT)

PAGE = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
GRID = PAGE.partition("The recording machine")[2].partition("```text\n")[2].partition("```")[0]
"""As the page about the architecture has it, and explains it."""


def grid() -> list[tuple[Phase, Trigger, str, str]]:
    heads = [Trigger(each) for each in ("start", "pause", "resume", "stop", "call released", "capture failed")]
    starts = [GRID.index(each.value) - 1 for each in heads]
    cells = []
    for line in GRID.strip("\n").splitlines()[1:]:
        for trigger, start, end in zip(heads, starts, [*starts[1:], 200], strict=True):
            phase, _, mark = line[start:end].strip().partition(" ")
            cells.append((Phase(line.split()[0]), trigger, phase, mark))
    return cells


def in_phase(phase: Phase) -> Recording:
    return Recording(phase, frozenset({Reason.AGENT} if phase is Phase.PAUSED else ()))


@pytest.mark.parametrize(("phase", "trigger", "expected", "mark"), grid())
def test_every_cell(phase: Phase, trigger: Trigger, expected: str, mark: str) -> None:
    step = rec.step(in_phase(phase), trigger)
    if expected == "-":
        assert step is None
        return
    assert step is not None
    assert step.recording.phase is Phase(expected)
    kinds = {"": (), "o": (OpenGate,), "!": (ShutGate,), "*": (Seal,)}[mark]
    assert tuple(type(each) for each in step.effects) == kinds


def test_the_grid_is_whole() -> None:
    assert len(grid()) == len(Phase) * len(Trigger)


@pytest.mark.parametrize(
    ("phase", "offered"),
    [
        (Phase.STOPPED, (Trigger.START,)),
        (Phase.RECORDING, (Trigger.PAUSE, Trigger.STOP)),
        (Phase.PAUSED, (Trigger.RESUME, Trigger.STOP)),
        (Phase.FAILED, (Trigger.START,)),
        (Phase.ENDED, ()),
    ],
)
def test_what_is_offered(phase: Phase, offered: tuple[Trigger, ...]) -> None:
    assert rec.offered(in_phase(phase)) == offered


@pytest.mark.parametrize(
    ("phase", "word"),
    [
        (Phase.STOPPED, "Stopped"),
        (Phase.RECORDING, "Recording"),
        (Phase.PAUSED, "Paused"),
        (Phase.FAILED, "Stopped"),
        (Phase.ENDED, "Stopped"),
    ],
)
def test_what_is_shown(phase: Phase, word: str) -> None:
    assert rec.shown(in_phase(phase)) == word


def test_paused_without_a_visible_reason_cannot_exist() -> None:
    for phase, reasons in ((Phase.PAUSED, {Reason.HOLD}), (Phase.RECORDING, {Reason.AGENT}), (Phase.PAUSED, set())):
        with pytest.raises(AssertionError):
            Recording(phase, frozenset(reasons))


def done(step: Step | None) -> Recording:
    assert step is not None
    return step.recording


@pytest.mark.parametrize("hidden", HIDDEN)
def test_resume_does_not_lift_a_hidden_reason(hidden: Reason) -> None:
    held = rec.keep_out(Recording(Phase.RECORDING), hidden)
    assert held.effects == (ShutGate(hidden),)
    paused = done(rec.step(held.recording, Trigger.PAUSE))
    resumed = rec.step(paused, Trigger.RESUME)
    assert resumed is not None
    assert resumed.effects == (OpenGate(frozenset({Reason.AGENT})),)
    assert resumed.recording.reasons == {hidden}
    assert not resumed.recording.keeps_audio
    assert rec.let_in(resumed.recording, hidden).recording.keeps_audio


@pytest.mark.parametrize("hidden", HIDDEN)
def test_the_end_of_a_hidden_reason_does_not_lift_a_pause(hidden: Reason) -> None:
    paused = done(rec.step(rec.keep_out(Recording(Phase.RECORDING), hidden).recording, Trigger.PAUSE))
    back = rec.let_in(paused, hidden)
    assert back.effects == (OpenGate(frozenset({hidden})),)
    assert back.recording == Recording(Phase.PAUSED, frozenset({Reason.AGENT}))


def test_a_second_pause_for_another_reason_is_noted() -> None:
    both = rec.step(in_phase(Phase.PAUSED), Trigger.PAUSE, Reason.POLICY)
    assert both == Step(Recording(Phase.PAUSED, rec.VISIBLE), (ShutGate(Reason.POLICY),))
    assert rec.step(both.recording, Trigger.RESUME) == Step(Recording(Phase.RECORDING), (OpenGate(rec.VISIBLE),))


def test_a_start_that_must_not_be_heard_yet_shuts_first() -> None:
    step = rec.step(Recording(Phase.STOPPED, frozenset({Reason.HOLD, Reason.CONSENT})), Trigger.START)
    assert step is not None
    assert step.effects == (ShutGate(Reason.CONSENT), ShutGate(Reason.HOLD), OpenGate())


def test_a_hold_ends_with_the_part_and_consent_does_not() -> None:
    held = Recording(Phase.RECORDING, frozenset({Reason.HOLD, Reason.CONSENT}))
    assert done(rec.step(held, Trigger.STOP)) == Recording(Phase.STOPPED, frozenset({Reason.CONSENT}))


@pytest.mark.parametrize("change", [rec.keep_out, rec.let_in])
def test_hidden_reasons_reach_the_gate_only_during_a_part(change: object) -> None:
    assert callable(change)
    assert change(Recording(), Reason.CONSENT).effects == ()


class TestRestored:
    def test_a_pause_that_the_journal_lost_is_carried_out_again(self) -> None:
        step = rec.restored(in_phase(Phase.PAUSED), frozenset())
        assert step == Step(in_phase(Phase.PAUSED), (ShutGate(Reason.AGENT),))

    def test_a_pause_that_only_the_journal_knows_is_shown(self) -> None:
        assert rec.restored(Recording(Phase.RECORDING), frozenset({Reason.AGENT})) == Step(in_phase(Phase.PAUSED))

    def test_only_we_know_who_is_on_hold(self) -> None:
        recording = Recording(Phase.RECORDING)
        assert rec.restored(recording, frozenset({Reason.HOLD})) == Step(recording, (OpenGate(frozenset({Reason.HOLD})),))
        held = Recording(Phase.RECORDING, frozenset({Reason.HOLD}))
        assert rec.restored(held, frozenset()) == Step(held, (ShutGate(Reason.HOLD),))

    def test_what_is_over_stays_over(self) -> None:
        for phase in (Phase.STOPPED, Phase.FAILED, Phase.ENDED):
            assert rec.restored(Recording(phase), rec.VISIBLE) == Step(Recording(phase))


class Gate:
    """What the recorder would do with the effects: the model against which a machine's own idea of the gate is held."""

    def __init__(self) -> None:
        self.open = False
        self.reasons: set[Reason] = set()
        self.parts = 0

    def obey(self, effects: tuple[rec.Effect, ...]) -> None:
        for effect in effects:
            match effect:
                case OpenGate(lift) if lift:
                    assert lift <= self.reasons, "only what holds is lifted"
                    self.reasons -= lift
                case OpenGate():
                    assert not self.open, "a part is begun once"
                    self.open = True
                case ShutGate(reason):
                    assert reason not in self.reasons
                    self.reasons.add(reason)
                case Seal():
                    assert self.open, "what is sealed was begun"
                    self.open, self.reasons, self.parts = False, set(), self.parts + 1


inputs = st.one_of(
    st.tuples(st.sampled_from(Trigger), st.sampled_from(sorted(rec.VISIBLE, key=str))),
    st.tuples(st.just("out"), st.sampled_from(HIDDEN)),
    st.tuples(st.just("in"), st.sampled_from(HIDDEN)),
)


@given(st.lists(inputs, max_size=40))
def test_random_lives(life: list[tuple[object, Reason]]) -> None:
    recording, gate = Recording(), Gate()
    begun = 0
    for kind, reason in life:
        if kind == "out":
            step: Step | None = rec.keep_out(recording, reason)
        elif kind == "in":
            step = rec.let_in(recording, reason)
        else:
            assert isinstance(kind, Trigger)
            step = rec.step(recording, kind, reason)
            accepted_and_changes = step is not None and step.recording.phase is not recording.phase
            if kind in OPERATIONS:
                assert (kind in rec.offered(recording)) == accepted_and_changes
        if step is None:
            continue
        gate.obey(step.effects)
        begun += any(each == OpenGate() for each in step.effects)
        recording = step.recording
        assert (gate.open and not gate.reasons) == recording.keeps_audio
        assert gate.open == recording.in_progress
        assert not gate.open or gate.reasons == recording.reasons
    ended = rec.step(recording, Trigger.CALL_RELEASED)
    assert ended is not None
    gate.obey(ended.effects)
    assert gate.parts == begun


def test_a_policy_that_has_had_its_time_leaves_what_the_agent_paused() -> None:
    both = done(rec.step(in_phase(Phase.PAUSED), Trigger.PAUSE, Reason.POLICY))
    lifted = rec.step(both, Trigger.RESUME, Reason.POLICY)
    assert lifted == Step(Recording(Phase.PAUSED, frozenset({Reason.AGENT})), (OpenGate(frozenset({Reason.POLICY})),))
    assert rec.step(lifted.recording, Trigger.RESUME, Reason.POLICY) == Step(lifted.recording)
    assert done(rec.step(lifted.recording, Trigger.RESUME)).keeps_audio
