"""A date is believed as far as it moves no faster than what is counted."""

from datetime import UTC, datetime, timedelta

from telegraphone.domain.trusted_time import ABSENCE, TrustedTime

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
TEN_YEARS = timedelta(days=3_653)
HOUR = timedelta(hours=1)


def test_a_date_that_moves_as_the_count_does_is_believed() -> None:
    time, first = TrustedTime(NOON).read(NOON + HOUR, 100.0)
    assert (first.now, first.suspicious) == (NOON + HOUR, False)
    time, second = time.read(NOON + 2 * HOUR, 3_700.0)
    assert (second.now, second.suspicious, time.at) == (NOON + 2 * HOUR, False, NOON + 2 * HOUR)


def test_a_date_that_jumps_ahead_brings_nothing_forward_however_long_it_lasts() -> None:
    time, _ = TrustedTime(NOON).read(NOON, 0.0)
    for hours in range(1, 100):
        time, reading = time.read(NOON + TEN_YEARS + hours * HOUR, hours * 3_600.0)
        assert (reading.now, reading.suspicious) == (NOON + hours * HOUR, True)
    _, right = time.read(NOON + 100 * HOUR, 360_000.0)
    assert (right.now, right.suspicious) == (NOON + 100 * HOUR, False)


def test_a_date_that_jumps_back_is_believed_and_its_return_too() -> None:
    time, _ = TrustedTime(NOON).read(NOON, 0.0)
    for hours in range(1, 100):
        time, reading = time.read(NOON - TEN_YEARS + hours * HOUR, hours * 3_600.0)
        assert (reading.now, reading.suspicious) == (NOON - TEN_YEARS + hours * HOUR, False)
        assert time.at == NOON + hours * HOUR
    _, right = time.read(NOON + 100 * HOUR, 360_000.0)
    assert (right.now, right.suspicious) == (NOON + 100 * HOUR, False)


def test_a_machine_may_have_been_off_for_a_weekend_but_not_for_years() -> None:
    _, weekend = TrustedTime(NOON).read(NOON + ABSENCE, 5.0)
    assert not weekend.suspicious
    _, years = TrustedTime(NOON).read(NOON + TEN_YEARS, 5.0)
    assert (years.now, years.suspicious) == (NOON, True)
