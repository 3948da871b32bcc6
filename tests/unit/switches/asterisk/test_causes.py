"""Hang-up causes, both ways."""

import pytest

from telegraphone.domain.legs import EndCause
from telegraphone.switches.asterisk.causes import Q850, cause_of_answered, cause_of_unanswered


@pytest.mark.parametrize(
    "cause", [EndCause.BUSY, EndCause.NO_ANSWER, EndCause.DECLINED, EndCause.UNKNOWN_NUMBER, EndCause.UNREACHABLE]
)
def test_what_one_asterisk_says_another_understands(cause: EndCause) -> None:
    assert cause_of_unanswered(Q850[cause]) is cause


def test_every_cause_can_be_said() -> None:
    assert set(Q850) == set(EndCause)
    assert 16 not in Q850.values()


def test_who_hangs_up_is_no_failure() -> None:
    assert cause_of_answered(0) is cause_of_answered(16) is cause_of_answered(127) is EndCause.NORMAL
    assert cause_of_answered(38) is EndCause.FAILED
    assert cause_of_unanswered(99) is EndCause.FAILED
