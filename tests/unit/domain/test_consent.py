"""Which calls need consent, and when it is given."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from telegraphone.domain.call import Call, CallType, Leg, LegState
from telegraphone.domain.consent import ConsentRule, applying, missing
from telegraphone.domain.ids import CallUuid, ConnId, LegId

CALL = Call(
    CallUuid("C"),
    ConnId("c"),
    CallType.INBOUND,
    (Leg(LegId("a"), "+1 555 0100", LegState.ESTABLISHED), Leg(LegId("b"), "5001", LegState.ESTABLISHED)),
)
RULE = ConsentRule("recorded line", "consent", ("yes", "announcement*"))


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
    assert missing((RULE,), replace(CALL, user_data=user_data)) == (None if given else RULE)


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
    assert missing((rule,), CALL) == (rule if applies else None)


def test_all_rules_that_apply_must_be_content() -> None:
    second, other = ConsentRule("second", "agreed"), replace(RULE, name="third", tenant="other")
    rules = (RULE, second, other)
    assert applying(rules, CALL) == (RULE, second)
    assert missing(rules, replace(CALL, user_data={"consent": "yes"})) == second
    assert missing(rules, replace(CALL, user_data={"consent": "yes", "agreed": False})) is None
