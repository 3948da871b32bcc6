"""The clock by which packets are stamped: slewed without notice, set with one, and never misled by an interruption."""

from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from telegraphone.capture.stamp_clock import STEP_NS, StampClock

HOUR_NS = 3_600_000_000_000
BEGIN_NS = 1_767_225_600_000_000_000


@dataclass
class Clocks:
    """Both clocks of a machine; reading one takes a microsecond, and `interruptions` are added to what a reading takes."""

    monotonic_ns: int = 5_000_000_000
    ahead_ns: int = BEGIN_NS - 5_000_000_000
    interruptions: int = 0

    def monotonic(self) -> int:
        self.monotonic_ns += 1_000
        return self.monotonic_ns

    def utc(self) -> int:
        read = self.monotonic_ns + self.ahead_ns
        if self.interruptions:
            self.interruptions -= 1
            self.monotonic_ns += 50_000_000
        return read


def stamp_clock(clocks: Clocks) -> StampClock:
    return StampClock(clocks.utc, clocks.monotonic)


def test_a_slewed_clock_was_not_set() -> None:
    clocks = Clocks()
    clock = stamp_clock(clocks)
    for _ in range(100):
        clocks.monotonic_ns += 400_000_000
        clocks.ahead_ns += 200_000
        assert clock.look() == 0
    assert clock.offset_ns == pytest.approx(clocks.ahead_ns, abs=10_000)


@pytest.mark.parametrize("step_ns", [HOUR_NS, -HOUR_NS, 10 * 8_766 * HOUR_NS, 2 * STEP_NS, -1_000_000_000])
def test_a_set_clock_is_noticed_once_and_then_followed(step_ns: int) -> None:
    clocks = Clocks()
    clock = stamp_clock(clocks)
    clocks.ahead_ns += step_ns
    assert clock.look() == pytest.approx(step_ns, abs=10_000)
    assert clock.look() == 0
    assert clock.steps == 1
    assert clock.offset_ns == pytest.approx(clocks.ahead_ns, abs=10_000)


def test_a_reading_that_was_interrupted_is_taken_again() -> None:
    clocks = Clocks()
    clock = stamp_clock(clocks)
    clocks.interruptions = 3
    assert clock.look() == 0
    assert clock.offset_ns == pytest.approx(clocks.ahead_ns, abs=10_000)


def test_moments_are_utc_by_the_system_clock() -> None:
    clocks = Clocks()
    moment = stamp_clock(clocks).moment(5_000_000_000)
    assert abs((moment - datetime(2026, 1, 1, tzinfo=UTC)).total_seconds()) < 0.001
