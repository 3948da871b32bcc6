"""Losses and jitter as RFC 3550 appendices A.3 and A.8 count them, whichever way the packets were taken."""

import random

import pytest

from telegraphone.media.reception import Received, Reception
from telegraphone.media.timeline import FRAME_NS
from tests.unit.media.intake import Intake, packet

FRAME = 160
STEP_NS = FRAME * FRAME_NS


def come(*numbers: int, intake: Intake | None = None) -> Intake:
    """Packets of these numbers, each in time."""
    intake = intake or Intake()
    intake.feed(*((packet(number), 20.0 * (number + 1)) for number in numbers))
    return intake


def told(intake: Intake) -> Received | None:
    """What a report would say now."""
    intake.pipeline.leave_run()
    return intake.pipeline.reception.report(intake.pipeline.source)


def test_nothing_is_told_of_nobody() -> None:
    assert told(Intake()) is None


def test_losses_are_told_since_the_last_report_and_since_the_beginning() -> None:
    intake = come(0, 1, 2, 3, 6, 7)
    first = told(intake)
    assert first is not None
    assert (first.lost, first.fraction_lost, first.highest & 0xFFFF) == (2, 2 * 256 // 8, packet(7).sequence_number)
    assert told(intake) is None
    second = told(come(8, 9, 10, 11, intake=intake))
    assert second is not None
    assert (second.lost, second.fraction_lost) == (2, 0)


def test_what_comes_twice_counts_twice() -> None:
    found = told(come(0, 1, 1, 1))
    assert found is not None
    assert (found.lost, found.fraction_lost) == (-2, 0)


def test_cycles_are_counted() -> None:
    found = told(come(*range(20)))
    assert found is not None
    assert (packet(0).sequence_number, found.highest) == (65_530, 65_530 + 19)


def test_another_source_is_counted_anew() -> None:
    intake = come(0, 5)
    first = told(intake)
    assert first is not None
    assert first.lost == 4
    intake.pipeline.aim(intake.pipeline.source.codecs, None)
    intake.feed((packet(9, ssrc=99), 200.0))
    second = told(intake)
    assert second is not None
    assert (second.ssrc, second.lost, second.fraction_lost) == (99, 0, 0)


def by_the_book(arrivals_ns: list[int]) -> float:
    """The loop of appendix A.8, in nanoseconds."""
    jitter, transit = 0.0, 0
    for number, at_ns in enumerate(arrivals_ns):
        before, transit = transit, at_ns - number * STEP_NS
        if number:
            jitter += (abs(transit - before) - jitter) / 16
    return jitter


@pytest.mark.parametrize("straight", [True, False])
def test_jitter(straight: bool) -> None:
    chance = random.Random(7)
    arrivals_ns = [number * STEP_NS + chance.randrange(8_000_000) for number in range(200)]
    reception = Reception()
    reception.measuring = True
    if straight:
        reception.observe_run(arrivals_ns, FRAME)
    else:
        for number, at_ns in enumerate(arrivals_ns):
            reception.observe(at_ns, (0xFFFF_F000 + number * FRAME) & 0xFFFF_FFFF)
    assert reception.jitter_ns == pytest.approx(by_the_book(arrivals_ns))


def test_the_last_thirty_packets_tell_the_jitter_of_all() -> None:
    """That is what makes it enough to look at those right before a report."""
    chance = random.Random(8)
    arrivals_ns = [number * STEP_NS + chance.randrange(8_000_000) for number in range(1_000)]
    late = Reception()
    late.jitter_ns = by_the_book(arrivals_ns[:700])
    late.observe_run(arrivals_ns[-60:], FRAME)
    assert late.jitter_ns == pytest.approx(by_the_book(arrivals_ns), rel=0.1)
