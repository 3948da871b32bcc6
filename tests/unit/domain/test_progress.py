"""The call machine's table, written down a second time, and the simplest lives of a call."""

import pytest

from telegraphone.domain import progress
from telegraphone.domain.call import Answer, Call, CallType, HangUp, Join, Leg, LegState, Notice, Originate, Ring
from telegraphone.domain.conversation import Step
from telegraphone.domain.ids import CallUuid, ConnId, LegId
from telegraphone.domain.legs import EndCause, LegAnswered, LegEnded, LegHeld, LegRetrieved, LegRinging

GRID = """
             ringing      answered     held   retrieved    ended
Calling      Ringing      Established  -      -            Released
Dialing      -            Dialing      -      -            Released
Ringing      Ringing      Established  -      -            Released
Established  -            -            Held   -            Released
Held         -            -            Held   Established  Released
Released     -            -            -      -            -
"""
FACTS = (LegRinging, LegAnswered, LegHeld, LegRetrieved, LegEnded)
A, B = LegId("a"), LegId("b")


@pytest.mark.parametrize("line", GRID.strip("\n").splitlines()[1:])
def test_every_cell(line: str) -> None:
    state, *cells = line.split()
    for fact, cell in zip(FACTS, cells, strict=True):
        found = progress.FACTS[LegState(state)].get(fact)
        assert (found.value if found else "-") == cell, (state, fact)


def begun(*, by_phone: bool) -> Step:
    legs = (Leg(A, "5000", LegState.CALLING), Leg(B, "5001", LegState.CALLING))
    call = Call(CallUuid("c"), ConnId("0" * 16), CallType.INTERNAL, legs)
    return progress.arrived(call, 0) if by_phone else progress.dialled(call, 0)


def told(step: Step) -> list[tuple[str, Notice]]:
    return [(each.leg, each.notice) for each in step.told]


def test_a_call_from_a_phone() -> None:
    step = begun(by_phone=True)
    assert (step.effects, told(step)) == ((Originate(B, "5001", "5000"),), [(A, Notice.STATUS)])
    step = progress.fact(step.conversation, LegRinging(B, can_answer=False), 1)
    assert (step.effects, told(step)) == ((Ring(A),), [(B, Notice.STATUS)])
    step = progress.fact(step.conversation, LegAnswered(B), 2)
    assert step.effects == (Answer(A), Join((A, B)))
    assert told(step) == [(A, Notice.STATUS), (B, Notice.STATUS)]
    step = progress.fact(step.conversation, LegEnded(B, EndCause.NORMAL), 3)
    assert (step.effects, step.conversation.released) == ((HangUp(A, EndCause.NORMAL),), True)
    assert told(step) == [(A, Notice.STATUS), (B, Notice.STATUS)]
    assert progress.fact(step.conversation, LegEnded(A, EndCause.NORMAL), 4).effects == ()


def test_a_call_asked_for_by_an_agent_rings_the_destination_once() -> None:
    step = begun(by_phone=False)
    assert step.effects == (Originate(A, "5000", "5001", lift=True),)
    step = progress.fact(step.conversation, LegAnswered(A), 1)
    assert step.effects == (Originate(B, "5001", "5000"),)
    assert progress.fact(step.conversation, LegAnswered(A), 2).effects == ()
    assert progress.fact(step.conversation, LegAnswered(B), 2).effects == (Join((A, B)),)


def test_an_answer_to_a_leg_that_arrived_is_no_news() -> None:
    assert progress.fact(begun(by_phone=True).conversation, LegAnswered(A), 1).effects == ()


@pytest.mark.parametrize(("gone", "left"), [(A, B), (B, A)])
def test_the_cause_of_a_failed_call_is_passed_on(gone: LegId, left: LegId) -> None:
    step = progress.fact(begun(by_phone=True).conversation, LegEnded(gone, EndCause.BUSY), 1)
    assert step.effects == (HangUp(left, EndCause.BUSY),)
