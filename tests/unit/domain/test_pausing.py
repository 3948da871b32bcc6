"""The rules for pauses: what they look at, and how far they have come."""

from collections.abc import Mapping

import pytest

from telegraphone.domain.ids import RecordingId
from telegraphone.domain.pausing import Fit, PauseRule, Standing, looked, moved, pausing

PART, NEXT = RecordingId("part"), RecordingId("next")
PAGE = PauseRule("card page", key="page", values=("card*", "3"))
LATER = PauseRule("first minute only", after_s=60.0)


@pytest.mark.parametrize(
    ("rule", "user_data", "fits"),
    [
        (PAGE, {"page": "card number"}, True),
        (PAGE, {"page": "basket"}, False),
        (PAGE, {"page": 3}, True),
        (PAGE, {}, False),
        (PauseRule("any", key="page"), {"page": ""}, True),
        (PauseRule("any", key="page"), {"Page": "x"}, False),
        (PauseRule("other tenant", tenant="other", key="page"), {"page": "card"}, False),
        (LATER, {}, True),
    ],
)
def test_what_fits(rule: PauseRule, user_data: Mapping[str, object], fits: bool) -> None:
    assert rule.fits("default", user_data) is fits


def test_a_rule_that_would_silence_everything_cannot_be() -> None:
    with pytest.raises(AssertionError):
        PauseRule("all")


def test_a_rule_goes_on_while_it_fits_and_begins_anew_with_the_next_part() -> None:
    rules = (PAGE, LATER)
    first = looked(rules, ("default", {"page": "card"}), PART, (), 10.0)
    assert first == (Fit("card page", PART, 10.0, Standing.PAUSING), Fit("first minute only", PART, 10.0, Standing.WAITING))
    assert pausing(first) == ("card page",)
    over = moved(first, first[0], Standing.OVER)
    assert looked(rules, ("default", {"page": "cards"}), PART, over, 20.0) == over
    assert moved(over, first[0], Standing.PAUSING) == over, "an alarm of what is no more moves nothing"
    assert looked(rules, ("default", {}), PART, over, 20.0) == over[1:]
    assert [fit.since for fit in looked(rules, ("default", {"page": "card"}), NEXT, over, 30.0)] == [30.0, 30.0]
