"""Which rules keep a recording, and until when."""

from datetime import UTC, datetime, timedelta

import pytest

from telegraphone.domain.retention import KeptFacts, RetentionRule, Term, soonest, term

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
FACTS = KeptFacts(
    "default",
    anis=frozenset({"15550100"}),
    dnises=frozenset({"8005550", "5001"}),
    numbers=frozenset({"5001", "5002"}),
    labels=frozenset({"complaint"}),
    user_data=({"queue": "orders"}, {}),
)


@pytest.mark.parametrize(
    ("rule", "fits"),
    [
        (RetentionRule("all", 1), True),
        (RetentionRule("tenant", 1, tenant="other"), False),
        (RetentionRule("dialled", 1, dnises=("800*",)), True),
        (RetentionRule("dialled", 1, dnises=("900*", "801*")), False),
        (RetentionRule("caller", 1, anis=("1555????",)), True),
        (RetentionRule("phone", 1, numbers=("5002",)), True),
        (RetentionRule("phone", 1, numbers=("5003",)), False),
        (RetentionRule("label", 1, label="complaint"), True),
        (RetentionRule("label", 1, label="Complaint"), False),
        (RetentionRule("data", 1, key="queue", values=("ord*",)), True),
        (RetentionRule("data", 1, key="queue"), True),
        (RetentionRule("data", 1, key="skill"), False),
        (RetentionRule("both", 1, dnises=("800*",), label="sale"), False),
    ],
)
def test_what_fits(rule: RetentionRule, fits: bool) -> None:
    assert rule.fits(FACTS) is fits


def test_the_longest_counts_and_without_one_it_is_kept_for_ever() -> None:
    short, long = RetentionRule("short", 30), RetentionRule("long", 90, label="complaint")
    assert term((short, long), FACTS, NOON) == Term(NOON + timedelta(days=90), "long")
    assert term((long, short, RetentionRule("other", 900, label="sale")), FACTS, NOON) == Term(NOON + timedelta(days=90), "long")
    assert term((short, RetentionRule("for ever", 0, label="complaint")), FACTS, NOON) is None
    assert term((), FACTS, NOON) is None


def test_when_the_first_may_go() -> None:
    rules = (RetentionRule("a", 30), RetentionRule("b", 7), RetentionRule("c", 0), RetentionRule("d", 1, tenant="other"))
    assert soonest(rules, "default") == timedelta(days=7)
    assert soonest((RetentionRule("c", 0),), "default") is None
