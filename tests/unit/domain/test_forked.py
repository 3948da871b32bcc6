"""A call that is connected elsewhere: its parties talk when it comes, and come, go and get their names while it runs."""

from telegraphone.domain import forked, progress
from telegraphone.domain.call import Call, CallType, Join, LegState, Notice
from telegraphone.domain.conversation import Step
from telegraphone.domain.ids import CallUuid, ConnId, LegId
from telegraphone.domain.legs import Ability, EndCause, FactsLearned, Keeping, LegEnded, PartyAt, PartyJoined, PartyNamed
from telegraphone.domain.operations import USER_DATA, Operation, accepted, capabilities

A, B, C = LegId("a"), LegId("b"), LegId("c")
EVERYTHING = frozenset(Ability)


def begun() -> Step:
    legs = (forked.talking_leg(PartyAt(A, "15550100"), 0), forked.talking_leg(PartyAt(B, "5001"), 0))
    call = Call(CallUuid("c"), ConnId("0" * 16), CallType.INBOUND, legs, {"k": "v"}, copied=Keeping.BY_RULE)
    return forked.begun(call)


def told(step: Step) -> list[tuple[str, Notice]]:
    return [(each.leg, each.notice) for each in step.told]


def test_it_begins_established_and_its_parties_may_be_recorded() -> None:
    step = begun()
    [call] = step.conversation.calls
    assert {leg.state for leg in call.legs} == {LegState.ESTABLISHED}
    assert told(step) == [(A, Notice.STATUS), (B, Notice.STATUS)]
    assert step.effects == (Join((A, B)),)
    assert call.heirs == (A, B)


def test_only_recording_and_user_data_can_be_asked_of_it() -> None:
    conversation = begun().conversation
    [call] = conversation.calls
    offered = set(capabilities(conversation, call, call.leg(B), EVERYTHING, may_record=True))
    assert offered == USER_DATA | {Operation.START_RECORDING}
    for operation in (Operation.HOLD, Operation.HANGUP, Operation.SEND_DTMF):
        assert not accepted(conversation, call, call.leg(B), operation, EVERYTHING)
    assert accepted(conversation, call, call.leg(B), Operation.PAUSE_RECORDING, EVERYTHING)


def test_a_transfer_is_one_who_joins_and_one_who_leaves() -> None:
    step = progress.fact(begun().conversation, PartyJoined(A, PartyAt(C, "5002")), 1)
    assert told(step) == [(C, Notice.STATUS), (A, Notice.PARTICIPANTS), (B, Notice.PARTICIPANTS)]
    step = progress.fact(step.conversation, LegEnded(B, EndCause.NORMAL), 2)
    [call] = step.conversation.calls
    assert [leg.id for leg in call.talking] == [A, C]
    assert call.heirs == (A, B, C)
    step = progress.fact(step.conversation, LegEnded(C, EndCause.NORMAL), 3)
    assert step.conversation.released


def test_who_gets_a_name_is_told_of_the_call_and_may_be_recorded() -> None:
    [call] = begun().conversation.calls
    conversation = begun().conversation.with_call(call.with_leg(call.leg(B)))
    step = progress.fact(conversation, PartyNamed(B, "5002"), 1)
    assert step.conversation.calls[0].leg(B).number == "5002"
    assert told(step) == [(B, Notice.STATUS), (A, Notice.PARTICIPANTS)]
    assert progress.fact(step.conversation, PartyNamed(B, "5002"), 2).told == ()


def test_names_that_come_late_say_what_kind_of_call_it_is() -> None:
    legs = (forked.talking_leg(PartyAt(A, ""), 0), forked.talking_leg(PartyAt(B, ""), 0))
    conversation = forked.begun(Call(CallUuid("c"), ConnId("0" * 16), CallType.UNKNOWN, legs, {}, tenant="t")).conversation
    kinds = []
    for leg, number in ((B, "5001"), (A, "5002"), (A, "15550100"), (B, "15550111")):
        step = progress.fact(conversation, PartyNamed(leg, number), 1, is_agent=lambda dn, tenant: (dn[:1], tenant) == ("5", "t"))
        conversation = step.conversation
        kinds.append(conversation.calls[0].type)
    assert kinds == [CallType.INBOUND, CallType.INTERNAL, CallType.INBOUND, CallType.INBOUND]


def test_the_kind_of_call_is_that_of_the_first_two_who_are_known() -> None:
    legs = (forked.talking_leg(PartyAt(A, ""), 0), forked.talking_leg(PartyAt(B, "15550100"), 0))
    conversation = forked.begun(Call(CallUuid("c"), ConnId("0" * 16), CallType.UNKNOWN, legs, {}, tenant="t")).conversation
    kinds = []
    for leg, number in ((C, "5001"), (LegId("d"), "5002")):
        step = progress.fact(conversation, PartyJoined(A, PartyAt(leg, number)), 1, is_agent=lambda dn, _: dn.startswith("5"))
        conversation = step.conversation
        kinds.append(conversation.calls[0].type)
    assert kinds == [CallType.INBOUND] * 2


def test_what_is_learnt_later_is_added() -> None:
    step = progress.fact(begun().conversation, FactsLearned(A, {"x": "y"}), 1)
    assert step.conversation.calls[0].user_data == {"k": "v", "x": "y"}
    assert told(step) == [(A, Notice.USER_DATA), (B, Notice.USER_DATA)]
