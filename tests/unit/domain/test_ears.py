"""Supervisors in calls, without any switch: whose ear is where, who is rung, who keeps a call alive (ears.py, monitoring.py)."""

from dataclasses import replace

import pytest

from telegraphone.domain import call as wish
from telegraphone.domain import leaving, monitoring, progress
from telegraphone.domain.call import Call, CallType, Leg, LegState
from telegraphone.domain.conversation import Conversation, Step
from telegraphone.domain.ears import settled
from telegraphone.domain.ids import CallUuid, ConnId, Dn, LegId
from telegraphone.domain.legs import EndCause, LegAnswered, LegRinging
from telegraphone.domain.watching import Ear, Listening, Scope, Watch

A, B, C, S = (LegId(each) for each in "abcs")
WATCH = Watch(Dn("5004"), Dn("5001"), "device", Listening.LISTEN_IN)


def talking(leg: LegId, number: str, ear: Ear | None = None) -> Leg:
    return Leg(leg, number, LegState.ESTABLISHED, originated=True, answered=True, appeared_at=1.0, ear=ear)


def watched(listening: Listening = Listening.LISTEN_IN, scope: Scope = Scope.CALL, *more: Leg) -> Call:
    ear = Ear(replace(WATCH, scope=scope), B, listening)
    legs = (talking(A, "5000"), talking(B, "5001"), *more, talking(S, "5004", ear))
    return Call(CallUuid("u"), ConnId("c"), CallType.INTERNAL, legs)


def after(step: Step) -> Call:
    [call] = step.conversation.calls
    return call


@pytest.mark.parametrize("listening", list(Listening))
def test_only_who_barges_in_is_a_party(listening: Listening) -> None:
    call = watched(listening)
    party = listening is Listening.BARGE_IN
    assert (call.leg(S).talking, S in {leg.id for leg in call.talking}) == (party, party)
    assert call.participants(call.leg(A)) == (("5001", "5004") if party else ("5001",))
    assert [leg.id for leg in call.present] == [A, B, S]


def test_the_supervisor_is_rung_once_for_the_first_call_of_the_agent() -> None:
    call = Call(CallUuid("u"), ConnId("c"), CallType.INTERNAL, (talking(A, "5000"), talking(B, "5001")))
    step = monitoring.begun(Conversation((call,)), WATCH, S)
    assert step.effects == (wish.Originate(S, "5004", "5001"),)
    again = monitoring.begun(step.conversation, WATCH, LegId("again"))
    assert again == Step(step.conversation)
    assert monitoring.begun(Conversation(()), WATCH, S).effects == ()


def test_a_supervisor_comes() -> None:
    call = Call(CallUuid("u"), ConnId("c"), CallType.INTERNAL, (talking(A, "5000"), talking(B, "5001")))
    step = monitoring.begun(Conversation((call,)), replace(WATCH, listening=Listening.COACH), S)
    step = progress.fact(step.conversation, LegRinging(S, can_answer=True), 2.0)
    assert [(told.leg, told.notice.name) for told in step.told] == [(S, "STATUS")]
    step = progress.fact(step.conversation, LegAnswered(S), 3.0)
    assert step.effects == (wish.Monitor(S, B, frozenset({B})),)
    assert [(told.leg, told.notice.name) for told in step.told] == [(S, "STATUS"), (A, "PARTICIPANTS"), (B, "PARTICIPANTS")]
    assert after(step).owner is None


@pytest.mark.parametrize("listening", [Listening.LISTEN_IN, Listening.COACH])
def test_a_call_does_not_go_on_for_a_supervisor(listening: Listening) -> None:
    step = leaving.gone(Conversation((watched(listening),)), A, EndCause.NORMAL, 5.0)
    assert after(step).released
    assert {effect.leg for effect in step.effects if isinstance(effect, wish.HangUp)} == {B, S}


def test_who_barged_in_may_go_on_talking() -> None:
    step = leaving.gone(Conversation((watched(Listening.BARGE_IN),)), A, EndCause.NORMAL, 5.0)
    assert {leg.id for leg in after(step).talking} == {B, S}


@pytest.mark.parametrize(("scope", "stays"), [(Scope.CALL, True), (Scope.AGENT, False)])
def test_the_agent_leaves(scope: Scope, stays: bool) -> None:
    call = watched(Listening.LISTEN_IN, scope, talking(C, "5002"))
    step = leaving.gone(Conversation((call,)), B, EndCause.NORMAL, 5.0)
    ear = after(step).leg(S).ear
    assert (after(step).leg(S).live, ear is not None and ear.monitored == A) == (stays, stays)
    expected = wish.Monitor(S, A, frozenset()) if stays else wish.HangUp(S, EndCause.NORMAL)
    assert expected in step.effects


def test_nobody_stays_silenced_without_a_supervisor() -> None:
    call = watched()
    silenced = monitoring.silenced(Conversation((call,)), call, call.leg(S), on=True)
    assert silenced.effects == (wish.Mute(B, on=True),)
    step = leaving.gone(silenced.conversation, S, EndCause.NORMAL, 5.0)
    assert not after(step).leg(B).silenced
    assert wish.Mute(B, on=False) in step.effects


def test_nothing_changes_where_nobody_listens() -> None:
    call = Call(CallUuid("u"), ConnId("c"), CallType.INTERNAL, (talking(A, "5000"), talking(B, "5001")))
    assert settled(call) == (call, ())


def test_barging_in_joins_and_going_back_listens_again() -> None:
    call = watched()
    step = monitoring.switched(Conversation((call,)), call, call.leg(S), Listening.BARGE_IN)
    assert step.effects == (wish.Join((A, B, S)),)
    call = after(step)
    step = monitoring.switched(step.conversation, call, call.leg(S), Listening.LISTEN_IN)
    assert step.effects == (wish.Join((A, B)), wish.Monitor(S, B, frozenset()))


def test_there_is_no_way_back_to_coaching() -> None:
    call = watched(Listening.COACH)
    step = monitoring.switched(Conversation((call,)), call, call.leg(S), Listening.LISTEN_IN)
    ear = after(step).leg(S).ear
    assert ear is not None
    assert monitoring.ways(ear) == (Listening.BARGE_IN,)
