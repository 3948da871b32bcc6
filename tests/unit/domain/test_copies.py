"""Which copied calls belong together, which hold the same, and who took part when."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from telegraphone.domain.copies import Copy, LinkNames, Party, Presence, Stretch, Take, duplicates, gaps
from telegraphone.domain.ids import CallUuid

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
A, B, C = (CallUuid(each) for each in "ABC")
CALLER, AGENT, COLLEAGUE = Party("sip:15550100@example.com", "15550100"), Party("5001", "5001"), Party("5002", "5002")
TAKE = Take(A, frozenset({"15550100", "5001"}), NOON, timedelta(minutes=3), timedelta(minutes=3))


def later(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def test_who_took_part_when_is_never_forgotten() -> None:
    copy = Copy(A, "default", "sbc", NOON).described((CALLER, AGENT), NOON)
    copy = copy.described((CALLER, COLLEAGUE), later(60)).described((CALLER, COLLEAGUE, AGENT), later(90)).over(later(120))
    assert copy.parties == (
        Presence(CALLER, NOON, later(120)),
        Presence(AGENT, NOON, later(60)),
        Presence(COLLEAGUE, later(60), later(120)),
        Presence(AGENT, later(90), later(120)),
    )
    assert copy.ended_at == later(120)


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ({"started_at": later(5)}, True),
        ({"started_at": later(5.1)}, False),
        ({"length": timedelta(minutes=3, seconds=3)}, True),
        ({"length": timedelta(minutes=3, seconds=3.1)}, False),
        ({"sound": timedelta(minutes=2, seconds=56)}, True),
        ({"sound": timedelta(minutes=2, seconds=55)}, False),
        ({"parties": frozenset({"15550100", "5002"})}, False),
    ],
)
def test_recordings_that_hold_the_same_are_marked(change: dict[str, object], same: bool) -> None:
    other = replace(TAKE, call_uuid=B, **change)  # type: ignore[arg-type]  # one field of the right type each
    assert duplicates([TAKE, other]) == ({B: A} if same else {})


def test_what_comes_one_after_the_other_is_not_the_same() -> None:
    short = replace(TAKE, length=timedelta(seconds=3), sound=timedelta(seconds=3))
    assert duplicates([short, replace(short, call_uuid=B, started_at=later(3.5))]) == {}
    assert duplicates([short, replace(short, call_uuid=B, started_at=later(2))]) == {B: A}


def test_of_three_alike_both_later_ones_are_the_first_again() -> None:
    assert duplicates([TAKE, replace(TAKE, call_uuid=B), replace(TAKE, call_uuid=C, started_at=later(4))]) == {B: A, C: A}


def test_nobody_known_makes_nothing_alike() -> None:
    unknown = replace(TAKE, parties=frozenset[str]())
    assert duplicates([unknown, replace(unknown, call_uuid=B)]) == {}


def test_what_is_in_no_recording_is_a_gap_unless_another_has_it() -> None:
    def stretch(start: float, stop: float) -> Stretch:
        return Stretch(later(start), later(stop))

    assert gaps([stretch(20, 30), stretch(0, 12)]) == (stretch(12, 20),)
    assert gaps([stretch(0, 12), stretch(2, 25), stretch(20, 30), stretch(31, 32)]) == (stretch(30, 31),)
    assert gaps([stretch(0, 30), stretch(2, 3), stretch(30, 31)]) == gaps([stretch(0, 1)]) == gaps([]) == ()


def test_a_unique_id_links_for_ever_and_across_clients_of_a_tenant() -> None:
    names, unique = LinkNames(), "7+OTCyoxTmqmqyA/1weDAg=="
    first = names.names("default", "sbc", [unique], A)
    names.over(A)
    assert names.names("default", "other", [unique], B) == first
    assert names.names("elsewhere", "sbc", [unique], C).isdisjoint(first)


def test_a_counted_id_links_only_those_who_have_it_at_the_same_time_at_one_client() -> None:
    names = LinkNames()
    first = names.names("default", "sbc", ["1"], A)
    assert names.names("default", "sbc", ["1"], B) == first
    assert names.names("default", "other", ["1"], C).isdisjoint(first)
    names.over(A)
    assert names.names("default", "sbc", ["1"], C) == first
    names.over(B)
    names.over(C)
    assert names.names("default", "sbc", ["1"], CallUuid("D")).isdisjoint(first)
