"""SIP's answers and the reasons of legs, both ways."""

import pytest

from telegraphone.domain.legs import EndCause
from telegraphone.switches.exchange.causes import STATUS, cause_of, strongest


def test_every_cause_has_a_final_status() -> None:
    assert set(STATUS) == set(EndCause)
    assert all(400 <= status < 700 for status in STATUS.values())


@pytest.mark.parametrize("cause", [EndCause.BUSY, EndCause.DECLINED, EndCause.UNKNOWN_NUMBER, EndCause.CANCELLED])
def test_what_is_said_is_understood_again(cause: EndCause) -> None:
    assert cause_of(STATUS[cause], rang=True) is cause


@pytest.mark.parametrize("status", [408, 480])
def test_a_phone_that_rang_was_not_answered_one_that_did_not_is_away(status: int) -> None:
    assert cause_of(status, rang=True) is EndCause.NO_ANSWER
    assert cause_of(status, rang=False) is EndCause.UNREACHABLE


@pytest.mark.parametrize(("status", "cause"), [(302, EndCause.UNREACHABLE), (488, EndCause.FAILED), (600, EndCause.BUSY)])
def test_other_answers(status: int, cause: EndCause) -> None:
    assert cause_of(status, rang=True) is cause


def test_a_person_speaks_for_all_phones_of_a_number() -> None:
    assert strongest([EndCause.UNREACHABLE, EndCause.BUSY, EndCause.DECLINED]) is EndCause.DECLINED
    assert strongest([EndCause.UNREACHABLE, EndCause.NO_ANSWER]) is EndCause.NO_ANSWER
    assert strongest([EndCause.UNKNOWN_NUMBER]) is EndCause.UNKNOWN_NUMBER
    assert strongest([]) is EndCause.UNREACHABLE
