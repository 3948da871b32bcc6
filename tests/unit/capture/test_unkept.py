"""Packets of which none is kept are told within five looks, once, and so is it when they are kept after all (REC-6)."""

from telegraphone.capture.unkept import Unkept
from telegraphone.media.pipeline import Counts

SECOND_NS = 1_000_000_000


def looks(watch: Unkept, counts: Counts, seconds: int, *, wanted: bool = True, **per_second: int) -> list[bool]:
    """What is told in these seconds, in which the counters rise so much each."""
    told = []
    for _ in range(seconds):
        for name, count in per_second.items():
            setattr(counts, name, getattr(counts, name) + count)
        if watch.look(counts, watch.before[1] + SECOND_NS, wanted=wanted):
            told.append(watch.told)
    return told


def test_ordinary_audio_and_silence_are_not_told() -> None:
    watch, counts = Unkept(), Counts()
    assert looks(watch, counts, 60, received=50) == []
    assert looks(watch, counts, 60) == []
    assert looks(watch, counts, 60, received=50, late_or_double=30, foreign=5) == []


def test_packets_that_are_all_refused_are_told_once_within_five_seconds() -> None:
    for reason in ("foreign", "late_or_double", "withheld"):
        watch, counts = Unkept(), Counts()
        assert looks(watch, counts, 4, received=50, **{reason: 50}) == [True]
        assert looks(watch, counts, 60, received=50, **{reason: 50}) == []
        assert looks(watch, counts, 2, received=50) == [False]
        assert looks(watch, counts, 4, received=50, **{reason: 50}) == [True]


def test_packets_that_are_thrown_away_unread_count_too() -> None:
    watch, counts, told = Unkept(), Counts(), []
    for _ in range(4):
        for _ in range(50):
            counts.refuse()
        told.append(watch.look(counts, SECOND_NS, wanted=True))
    assert sum(told) == 1


def test_what_is_missing_begins_behind_the_last_look_at_which_some_were_kept() -> None:
    """The newest that were kept may have come between the two looks before the first that found none."""
    watch, counts = Unkept(), Counts()
    assert looks(watch, counts, 10, received=50) == []
    assert looks(watch, counts, 4, received=50, foreign=50) == [True]
    assert watch.since_ns == 9 * SECOND_NS


def test_a_stranger_who_sends_twice_as_much_hides_nobody() -> None:
    watch, counts = Unkept(), Counts()
    assert looks(watch, counts, 60, received=150, foreign=100) == []


def test_while_the_gate_is_shut_nothing_is_to_be_kept() -> None:
    watch, counts = Unkept(), Counts()
    assert looks(watch, counts, 60, wanted=False, received=50, withheld=50) == []
    assert looks(watch, counts, 2, received=50, withheld=50) == []


def test_keep_alives_of_a_silent_party_are_no_audio() -> None:
    assert looks(Unkept(), Counts(), 60, foreign=1) == []
