"""The latest troubles are kept, one of each call, and those of each contact centre are its own."""

from dataclasses import replace
from datetime import UTC, datetime

from telegraphone.domain.ids import CallUuid
from telegraphone.limits import TROUBLES_SHOWN_MAX
from telegraphone.services.troubles import Problem, Trouble, Troubles

ONE = Trouble("default", CallUuid("A"), Problem.MISSING, datetime(2026, 11, 24, 12, tzinfo=UTC))


def test_the_last_word_about_a_call_counts_until_it_comes_right() -> None:
    troubles, other = Troubles(), replace(ONE, tenant="other", call_uuid=CallUuid("B"), problem=Problem.DAMAGED)
    for each in (ONE, other, lost := replace(ONE, problem=Problem.LOST)):
        troubles.tell(each)
    assert (troubles.of("default"), troubles.of("other"), len(troubles), troubles.gone) == ((lost,), (other,), 2, 2)
    troubles.settle(ONE.call_uuid)
    assert (troubles.of("default"), len(troubles), troubles.gone) == ((), 1, 1)


def test_the_oldest_goes_where_there_are_too_many() -> None:
    troubles = Troubles()
    for number in range(TROUBLES_SHOWN_MAX + 1):
        troubles.tell(replace(ONE, call_uuid=CallUuid(str(number))))
    assert (len(troubles), troubles.of("default")[0].call_uuid) == (TROUBLES_SHOWN_MAX, str(TROUBLES_SHOWN_MAX))
    assert troubles.of("default")[-1].call_uuid == "1"
