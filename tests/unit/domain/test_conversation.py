"""Calls under random facts and operations: whatever comes, the rules of the house hold after every step."""

from collections.abc import Callable
from dataclasses import replace
from itertools import count

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from telegraphone.domain import call as wish
from telegraphone.domain import consult, control, following, progress
from telegraphone.domain import recording as rec
from telegraphone.domain.bridging import rewired
from telegraphone.domain.call import Call, CallType, Leg, LegState, Part
from telegraphone.domain.conversation import Conversation, Step
from telegraphone.domain.ids import CallUuid, ConnId, LegId, RecordingId
from telegraphone.domain.leaving import give_up, left
from telegraphone.domain.legs import Ability, EndCause, LegAnswered, LegEnded, LegFact, LegHeld, LegRetrieved, LegRinging
from telegraphone.domain.operations import TRIGGERS, Operation, accepted, capabilities

ALL = frozenset(Ability)
KINDS: tuple[type[LegFact], ...] = (LegRinging, LegAnswered, LegHeld, LegRetrieved, LegEnded)
FACTS: dict[type[LegFact], Callable[[LegId], LegFact]] = {
    LegRinging: lambda leg: LegRinging(leg, can_answer=True),
    LegAnswered: LegAnswered,
    LegHeld: LegHeld,
    LegRetrieved: LegRetrieved,
    LegEnded: lambda leg: LegEnded(leg, EndCause.BUSY),
}


def new_call(number: int = 0) -> Call:
    legs = (Leg(LegId("a"), "5000", LegState.CALLING), Leg(LegId("b"), "5001", LegState.CALLING))
    return Call(CallUuid(f"call-{number}"), ConnId(f"{number:016x}"), CallType.INTERNAL, legs)


class Switch:
    """What a switch would have done: which legs it has and which gates are open."""

    def __init__(self) -> None:
        self.legs: set[LegId] = set()
        self.parts: dict[CallUuid, set[rec.Reason]] = {}
        self.opened: set[CallUuid] = set()

    def obey(self, step: Step) -> None:
        for effect in step.effects:
            match effect:
                case wish.Originate(leg):
                    assert leg not in self.legs, "a leg is called once"
                    self.legs.add(leg)
                case wish.HangUp(leg):
                    self.legs.remove(leg)
                case wish.Join(legs):
                    assert set(legs) <= self.legs, "only living legs are joined"
                case wish.Music(leg) | wish.RingTone(leg) | wish.Mute(leg) | wish.Answer(leg) | wish.Ring(leg):
                    assert leg in self.legs
                case wish.Begin(uuid):
                    assert uuid not in self.parts
                    self.parts[uuid] = set()
                case wish.Gate(uuid, gate):
                    self.gate(uuid, gate)

    def gate(self, uuid: CallUuid, gate: rec.Effect) -> None:
        match gate:
            case rec.ShutGate(reason):
                self.parts[uuid].add(reason)
            case rec.OpenGate(lift):
                self.parts[uuid] -= lift
                self.opened.add(uuid)
            case rec.Seal():
                del self.parts[uuid]
                self.opened.discard(uuid)


class Lives(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.numbers = count(2)
        self.switch = Switch()
        self.conversation = Conversation(())

    @initialize(by_phone=st.booleans())
    def begin(self, by_phone: bool) -> None:
        call = new_call()
        self.conversation = Conversation((call,))
        if by_phone:
            self.switch.legs.add(call.caller.id)
        self.take(progress.arrived(call, 0.0) if by_phone else progress.dialled(call, 0.0))

    def take(self, step: Step) -> None:
        before = self.conversation
        for call in before.calls:
            if call.released:
                after = step.conversation.call(call.uuid)
                assert [leg.state for leg in after.legs] == [leg.state for leg in call.legs], "released is final"
        self.switch.obey(step)
        self.conversation = step.conversation
        for told in step.told:
            assert self.conversation.call(told.call).leg(told.leg).visible, "told is only who sees the call"
        for call in self.conversation.calls:
            if call.heirs:
                self.conversation = self.conversation.with_call(replace(call, heirs=()))

    @rule(kind=st.sampled_from(KINDS), data=st.data())
    def fact(self, kind: type[LegFact], data: st.DataObject) -> None:
        """Also facts that come twice, too late or never should."""
        self.now += 1
        legs = sorted({leg.id for call in self.conversation.calls for leg in call.legs})
        leg = data.draw(st.sampled_from(legs))
        if kind is LegEnded:
            self.switch.legs.discard(leg)
        elif leg not in self.switch.legs:
            return
        self.take(progress.fact(self.conversation, FACTS[kind](leg), self.now))

    @rule(data=st.data())
    def operate(self, data: st.DataObject) -> None:
        self.now += 1
        views = [(call, leg) for call in self.conversation.calls for leg in call.legs if leg.visible]
        if not views:
            return
        call, leg = data.draw(st.sampled_from(views))
        valid = capabilities(self.conversation, call, leg, ALL, may_record=True)
        for operation in Operation:
            if operation not in TRIGGERS and operation not in {Operation.REJECT, Operation.COMPLETE, Operation.HANGUP}:
                assert accepted(self.conversation, call, leg, operation, ALL) == (operation in valid)
        if not valid:
            return
        operation = data.draw(st.sampled_from(valid))
        if operation in TRIGGERS:
            self.record(call, leg, operation)
        elif (step := self.step(call, leg, operation)) is not None:
            before = self.conversation
            self.take(step)
            assert operation is Operation.SEND_DTMF or self.conversation != before, "what is offered changes something"

    def record(self, call: Call, leg: Leg, operation: Operation) -> None:
        step = following.operated(call, leg, TRIGGERS[operation])
        assert step is not None
        assert step.recording.phase is not call.recording.phase
        part = call.part
        if operation is Operation.START_RECORDING:
            self.switch.parts[call.uuid] = set()
            part = Part(RecordingId("r"), "name", leg.id)
        for gate in step.effects:
            self.switch.gate(call.uuid, gate)
        part = None if operation is Operation.STOP_RECORDING else part
        self.conversation = self.conversation.with_call(replace(call, recording=step.recording, part=part))

    def step(self, call: Call, leg: Leg, operation: Operation) -> Step | None:  # noqa: C901 - a list of all operations
        conversation, now = self.conversation, self.now
        new = LegId(f"leg-{next(self.numbers)}")
        pair = consult.pair(conversation, call, leg.id)
        match operation:
            case Operation.HOLD:
                return control.hold(conversation, call, leg, now)
            case Operation.RETRIEVE:
                return control.retrieve(conversation, call, leg)
            case Operation.MUTE | Operation.UNMUTE:
                return control.mute(conversation, call, leg, on=operation is Operation.MUTE)
            case Operation.SEND_DTMF:
                return control.send_digits(conversation, call, leg, "1")
            case Operation.SINGLE_STEP_TRANSFER:
                return control.transfer(conversation, call, leg, control.Invitation(f"6{new}", new, LegId(f"{new}-back")))
            case Operation.SINGLE_STEP_CONFERENCE:
                return control.add_party(conversation, call, leg, control.Invitation(f"6{new}", new))
            case Operation.INITIATE_CONFERENCE | Operation.INITIATE_TRANSFER:
                uuid = CallUuid(f"consult-{new}")
                made = consult.new_consult((uuid, ConnId(new), new), call, leg, f"6{new}")
                return consult.consult(conversation, leg, made, now)
            case Operation.HANGUP:
                return left(conversation, call, leg.id, EndCause.NORMAL, now)
            case Operation.CLEAR_CALL:
                return give_up(conversation, (call.uuid,), EndCause.NORMAL, now)
            case Operation.REMOVE_PARTICIPANT:
                other = next(each for each in call.talking if each.id != leg.id)
                return control.remove(conversation, call, other.id, now)
            case Operation.SWAP_CALLS if pair:
                return consult.swap(conversation, pair, leg.id, now)
            case Operation.COMPLETE_TRANSFER if pair:
                return consult.complete_transfer(conversation, pair, leg.id, now)
            case Operation.COMPLETE_CONFERENCE if pair:
                return consult.complete_conference(conversation, pair, leg.id, now)
        return None

    @invariant()
    def the_switch_has_exactly_the_living_legs(self) -> None:
        assert self.switch.legs == set(self.conversation.live())

    @invariant()
    def a_leg_is_active_in_one_call_only(self) -> None:
        active = [leg.id for call in self.conversation.calls for leg in call.legs if leg.active]
        assert len(active) == len(set(active))

    @invariant()
    def a_living_call_has_two_parties(self) -> None:
        for call in self.conversation.calls:
            if not call.released and call.called.originated:
                assert len([leg for leg in call.legs if leg.live]) >= 2

    @invariant()
    def a_gate_is_open_exactly_when_the_state_says_so(self) -> None:
        for call in self.conversation.calls:
            assert (call.uuid in self.switch.parts) == call.recording.in_progress == (call.part is not None)
            if call.recording.in_progress:
                assert call.uuid in self.switch.opened
                assert self.switch.parts[call.uuid] == call.recording.reasons

    @invariant()
    def nobody_is_recorded_while_holding(self) -> None:
        for call in self.conversation.calls:
            if call.part is not None and call.leg(call.part.leg).state is LegState.HELD:
                assert rec.Reason.HOLD in call.recording.reasons

    @invariant()
    def what_is_as_it_shall_be_asks_nothing(self) -> None:
        assert rewired(self.conversation.calls, self.conversation.calls) == ()

    def teardown(self) -> None:
        alive = tuple(call.uuid for call in self.conversation.calls if not call.released)
        self.take(give_up(self.conversation, alive, EndCause.NORMAL, self.now))
        assert self.switch.legs == set()
        assert self.switch.parts == {}


TestLives = Lives.TestCase
TestLives.settings = settings(max_examples=200, stateful_step_count=30, deadline=None)
