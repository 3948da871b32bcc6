"""Every criterion of a rule, their order, and shares that every node finds the same."""

from dataclasses import replace

import pytest

from telegraphone.domain.agent import Agent, Device
from telegraphone.domain.call import Call, CallType, Leg, LegState
from telegraphone.domain.ids import CallUuid, ConnId, Dn, LegId
from telegraphone.domain.policy import Rule, deciding

AGENT = Agent("agent.one", "0" * 32, device=Device("d", Dn("5001")), team="sales")


def _call(number: int = 0) -> Call:
    legs = (
        Leg(LegId("a"), "+1 (555) 010-0199", LegState.ESTABLISHED),
        Leg(LegId("b"), "5001", LegState.ESTABLISHED, dialled="800555"),
    )
    return Call(CallUuid(f"{number:032d}"), ConnId("0071022ec8ac8056"), CallType.INBOUND, legs)


ANY = Rule("any", records=True)


@pytest.mark.parametrize(
    "fitting",
    [
        ANY,
        replace(ANY, types=frozenset({CallType.INBOUND, CallType.CONSULT})),
        replace(ANY, numbers=("600?", "50*")),
        replace(ANY, teams=frozenset({"sales"})),
        replace(ANY, anis=("1555*",)),
        replace(ANY, dnises=("800555",)),
        replace(ANY, types=frozenset({CallType.INBOUND}), numbers=("5001",), teams=frozenset({"sales"}), anis=("*0199",)),
    ],
)
def test_all_criteria_hold(fitting: Rule) -> None:
    assert fitting.fits(_call(), AGENT)


@pytest.mark.parametrize(
    "unfit",
    [
        replace(ANY, types=frozenset({CallType.OUTBOUND})),
        replace(ANY, numbers=("500", "6*")),
        replace(ANY, teams=frozenset({"support"})),
        replace(ANY, anis=("1556*",)),
        replace(ANY, dnises=("5001",)),
        replace(ANY, tenant="other"),
        replace(ANY, share=0.0),
        replace(ANY, numbers=("5001",), teams=frozenset({"support"})),
    ],
)
def test_one_criterion_that_fails_is_enough(unfit: Rule) -> None:
    assert not unfit.fits(_call(), AGENT)


def test_the_first_rule_that_fits_decides() -> None:
    never = Rule("never", records=False, dnises=("800555",))
    assert deciding((replace(ANY, teams=frozenset({"support"})), never, ANY), _call(), AGENT) == never
    assert deciding((), _call(), AGENT) is None


def test_a_share_is_of_the_calls_and_the_same_everywhere() -> None:
    half = replace(ANY, share=0.5)
    chosen = [half.fits(_call(number), AGENT) for number in range(2_000)]
    assert 900 < sum(chosen) < 1_100
    assert chosen == [half.fits(_call(number), AGENT) for number in range(2_000)]
    assert all(replace(ANY, share=1.0).fits(_call(number), AGENT) for number in range(2_000))


def test_two_rules_take_shares_of_their_own() -> None:
    """Otherwise the calls that the first takes would be those that the second would have taken."""
    one, two = (Rule(name, records=True, share=0.5) for name in ("one", "two"))
    both = [one.fits(_call(number), AGENT) and two.fits(_call(number), AGENT) for number in range(2_000)]
    assert 400 < sum(both) < 600
