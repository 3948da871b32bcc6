"""Calls of numbers that are forwarded or not to be disturbed, as the call machine begins them."""

from telegraphone.domain import progress
from telegraphone.domain.call import Call, CallEffect, CallType, Engaged, Leg, LegState, Originate
from telegraphone.domain.control import Invitation, transfer
from telegraphone.domain.forwarding import forwarded
from telegraphone.domain.ids import CallUuid, ConnId, LegId
from telegraphone.domain.legs import EndCause, LegAnswered, LegEnded, LegRinging

CALLER, CALLED, THIRD, BACK = LegId("a"), LegId("b"), LegId("c"), LegId("d")


def _call() -> Call:
    legs = (Leg(CALLER, "5000", LegState.CALLING), Leg(CALLED, "5001", LegState.CALLING))
    return Call(CallUuid("U" * 32), ConnId("0071022ec8ac8056"), CallType.INTERNAL, legs)


def _asked(effects: tuple[CallEffect, ...]) -> list[tuple[LegId, str]]:
    """Each leg that is rung, and at which number; none for one that is engaged."""
    asked = (each for each in effects if isinstance(each, Originate | Engaged))
    return [(each.leg, each.number if isinstance(each, Originate) else "") for each in asked]


def test_an_ordinary_call_stays_as_it_is() -> None:
    step = progress.arrived(_call(), 0.0)
    assert forwarded(step, str) == step


def test_a_forwarded_call_rings_elsewhere_and_remembers_what_was_dialled() -> None:
    step = forwarded(progress.arrived(_call(), 0.0), {"5001": "5009"}.get)
    assert _asked(step.effects) == [(CALLED, "5009")]
    [call] = step.conversation.calls
    assert (call.called.number, call.dnis) == ("5009", "5001")


def test_who_is_not_to_be_disturbed_is_not_rung() -> None:
    step = forwarded(progress.arrived(_call(), 0.0), lambda _: None)
    assert _asked(step.effects) == [(CALLED, "")]
    over = progress.fact(step.conversation, LegEnded(CALLED, EndCause.BUSY), 1.0)
    assert over.conversation.released


def test_a_call_forwarded_to_its_own_caller_is_busy() -> None:
    step = forwarded(progress.arrived(_call(), 0.0), {"5001": "5000"}.get)
    assert _asked(step.effects) == [(CALLED, "")]


def test_the_own_phone_rings_for_what_the_agent_dials() -> None:
    step = forwarded(progress.dialled(_call(), 0.0), lambda _: None)
    assert _asked(step.effects) == [(CALLER, "5000")]
    lifted = progress.fact(step.conversation, LegAnswered(CALLER), 1.0)
    assert _asked(forwarded(lifted, lambda _: None).effects) == [(CALLED, "")]


def test_a_transfer_that_is_not_taken_comes_back_whatever_the_agent_wishes() -> None:
    step = progress.arrived(_call(), 0.0)
    for happened in (LegRinging(CALLED, can_answer=True), LegAnswered(CALLED)):
        step = progress.fact(step.conversation, happened, 1.0)
    [call] = step.conversation.calls
    step = transfer(step.conversation, call, call.called, Invitation("5002", THIRD, BACK))
    step = forwarded(step, {"5002": "5003"}.get)
    assert _asked(step.effects) == [(THIRD, "5003")]
    step = progress.fact(step.conversation, LegRinging(THIRD, can_answer=True), 2.0)
    step = forwarded(progress.fact(step.conversation, LegEnded(THIRD, EndCause.NO_ANSWER), 3.0), lambda _: None)
    assert _asked(step.effects) == [(BACK, "5001")]
