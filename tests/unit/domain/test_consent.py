"""Which calls need consent, when it is given, and who has to hear an announcement for it."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from telegraphone.domain.call import Call, CallType, Heard, Leg, LegState
from telegraphone.domain.consent import ConsentRule, applying, due, hearers, memory_s, missing
from telegraphone.domain.consult import new_consult
from telegraphone.domain.ids import CallUuid, ConnId, LegId
from telegraphone.domain.recording import Phase, Recording

CALL = Call(
    CallUuid("C"),
    ConnId("c"),
    CallType.INBOUND,
    (Leg(LegId("a"), "+1 555 0100", LegState.ESTABLISHED), Leg(LegId("b"), "5001", LegState.ESTABLISHED)),
)
RULE = ConsentRule("recorded line", "consent", ("yes", "announcement*"))


def is_agent(number: str, tenant: str) -> bool:
    return number.startswith("500")


@pytest.mark.parametrize(
    ("user_data", "given"),
    [
        ({}, False),
        ({"consent": "no"}, False),
        ({"consent": "yes"}, True),
        ({"consent": "announcement-7"}, True),
        ({"c": "yes"}, False),
    ],
)
def test_when_it_is_given(user_data: Mapping[str, object], given: bool) -> None:
    assert RULE.given(user_data) is given
    assert missing((RULE,), replace(CALL, user_data=user_data), is_agent) == (() if given else (RULE,))


@pytest.mark.parametrize(
    ("rule", "applies"),
    [
        (RULE, True),
        (replace(RULE, types=frozenset({CallType.OUTBOUND})), False),
        (replace(RULE, types=frozenset({CallType.INBOUND})), True),
        (replace(RULE, anis=("1555*",)), True),
        (replace(RULE, dnises=("5002",)), False),
        (replace(RULE, tenant="other"), False),
    ],
)
def test_which_calls_need_it(rule: ConsentRule, applies: bool) -> None:
    assert rule.applies(CALL) is applies
    assert missing((rule,), CALL, is_agent) == ((rule,) if applies else ())


def test_all_rules_that_apply_must_be_content() -> None:
    second, other = ConsentRule("second", "agreed"), replace(RULE, name="third", tenant="other")
    rules = (RULE, second, other)
    assert applying(rules, CALL) == (RULE, second)
    assert missing(rules, replace(CALL, user_data={"consent": "yes"}), is_agent) == (second,)
    assert missing(rules, replace(CALL, user_data={"consent": "yes", "agreed": False}), is_agent) == ()


@pytest.mark.parametrize(
    ("user_data", "memory"),
    [
        ({}, 5.0),
        ({"consent": "yes"}, 10.0),
        ({"agreed": 1}, 5.0),
        ({"consent": "no"}, 0.0),
        ({"consent": "yes", "agreed": 1}, 0.0),
    ],
)
def test_how_far_memory_may_reach(user_data: Mapping[str, object], memory: float) -> None:
    """As far as all rules that lack consent allow; a refusal of one allows nothing."""
    rules = (replace(RULE, memory_s=5.0), ConsentRule("second", "agreed", memory_s=10.0))
    assert memory_s(rules, replace(CALL, user_data=user_data), is_agent) == memory


LINE = ConsentRule("line", announcement="line.wav", memory_s=5.0)
CUSTOMER, AGENT = CALL.legs
COLLEAGUE, FRIEND = replace(AGENT, id=LegId("c"), number="5002"), replace(CUSTOMER, id=LegId("d"), number="+1 555 0101")


def told(leg: Leg, announcement: str = "line.wav") -> Leg:
    return replace(leg, heard=(Heard(announcement, datetime(2026, 1, 1, tzinfo=UTC)),))


def recorded(*legs: Leg, phase: Phase = Phase.RECORDING) -> Call:
    return replace(CALL, legs=legs, recording=Recording(phase))


@pytest.mark.parametrize(
    ("legs", "given"),
    [
        ((CUSTOMER, AGENT), False),
        ((CUSTOMER, told(AGENT)), False),
        ((told(CUSTOMER), AGENT), True),
        ((told(CUSTOMER), replace(AGENT, hearing="line.wav")), False),
        ((told(CUSTOMER, "another.wav"), AGENT), False),
        ((told(CUSTOMER), AGENT, COLLEAGUE), True),
        ((told(CUSTOMER), AGENT, FRIEND), False),
        ((told(CUSTOMER), AGENT, told(FRIEND)), True),
        ((AGENT, COLLEAGUE), False),
        ((told(AGENT), COLLEAGUE), False),
        ((told(AGENT), told(COLLEAGUE)), True),
        ((replace(CUSTOMER, state=LegState.RELEASED), AGENT), False),
    ],
)
def test_an_announcement_is_heard_by_all_who_are_no_agents_or_else_by_all(legs: tuple[Leg, ...], given: bool) -> None:
    call = recorded(*legs)
    assert missing((LINE,), call, is_agent) == (() if given else (LINE,))
    assert due((LINE,), call, is_agent) == ("" if given else "line.wav")
    assert memory_s((LINE,), call, is_agent) == (0.0 if given else 5.0)


def test_it_counts_for_the_part_that_is_being_recorded_and_is_due_only_there() -> None:
    call = recorded(told(CUSTOMER), AGENT, phase=Phase.STOPPED)
    assert missing((LINE,), call, is_agent) == (LINE,)
    assert due((LINE,), recorded(CUSTOMER, AGENT, phase=Phase.STOPPED), is_agent) == ""


def test_it_is_due_when_nothing_else_is_lacking() -> None:
    call = recorded(CUSTOMER, AGENT)
    assert due((RULE, LINE), call, is_agent) == ""
    assert due((RULE, LINE), replace(call, user_data={"consent": "yes"}), is_agent) == "line.wav"
    second = replace(LINE, name="second", announcement="second.wav")
    assert due((LINE, second), recorded(told(CUSTOMER), AGENT), is_agent) == "second.wav"


@pytest.mark.parametrize(
    ("legs", "played_to"),
    [
        ((CUSTOMER, AGENT), "ab"),
        ((CUSTOMER, replace(AGENT, server_holds=True, state=LegState.HELD)), "a"),
        ((replace(CUSTOMER, state=LegState.HELD), AGENT), ""),
        ((replace(CUSTOMER, hearing="line.wav"), AGENT), ""),
        ((told(CUSTOMER), AGENT, FRIEND), "abd"),
        ((told(CUSTOMER), replace(AGENT, hearing="line.wav"), FRIEND), "ad"),
    ],
)
def test_it_is_played_to_all_who_are_there_when_somebody_lacks_it(legs: tuple[Leg, ...], played_to: str) -> None:
    assert "".join(leg.id for leg in hearers("line.wav", recorded(*legs), is_agent, frozenset())) == played_to
    assert hearers("line.wav", recorded(CUSTOMER, AGENT), is_agent, frozenset({CUSTOMER.id})) == ()


def test_what_an_agent_hears_in_a_call_is_heard_in_its_consult() -> None:
    agent = replace(told(AGENT), hearing="second.wav")
    mine = new_consult((CallUuid("D"), ConnId("d"), LegId("e")), recorded(CUSTOMER, agent), agent, "5002").caller
    assert (mine.heard, mine.hearing) == (agent.heard, "second.wav")
