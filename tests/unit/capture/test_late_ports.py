"""A recording that had to wait for its ports begins when it was asked for: what was said until it had them is listed."""

from datetime import timedelta

from telegraphone.capture.control import Aim, OpenGate, Seal
from telegraphone.media.journal import Started
from tests.unit.capture.test_before_start import LASTS_MS, SOURCES, Stage, arrivals, on_one_timeline
from tests.unit.media.intake import ORIGIN_NS, moment

ASKED_MS, STARTED_MS, DISK_MS = 200, 700, 30


def test_it_begins_when_it_was_asked_for_and_lacks_what_came_until_it_was_open() -> None:
    stage, coming = Stage(0.0, DISK_MS, since_ms=ASKED_MS), arrivals([[0]])
    stage.until(STARTED_MS, coming)
    answers: list[object] = []
    stage.tap.perform(OpenGate(1, "recording", None, {}), answers.append)
    stage.until(LASTS_MS, coming)
    stage.tap.perform(Seal(2, "recording", {}), answers.append)
    stage.until(LASTS_MS + 2 * DISK_MS, [])
    assert not [each for each in answers if isinstance(each, str)]
    [started] = [each for each in stage.records if isinstance(each, Started)]
    assert started.at == moment(ORIGIN_NS) + timedelta(milliseconds=ASKED_MS)
    opened_ms = STARTED_MS + DISK_MS
    for found in on_one_timeline(stage):
        # Packet n ends at 20 (n + 1) ms, and lies where that was after the beginning; what no file covers is a gap.
        assert {place // 8 - 20 * number for number, [place] in found.items()} == {-ASKED_MS}
        assert min(found) * 20 + 20 in range(opened_ms, opened_ms + 21)
        assert len(found) == max(found) - min(found) + 1
    assert len(stage.began) == 2
    assert all(opened_ms - 20 <= first // 8 + ASKED_MS <= opened_ms + 20 for first in stage.began)


def test_what_is_asked_of_one_that_is_over_is_refused() -> None:
    """Its sockets are closed, and their numbers may be another's."""
    stage = Stage(0.0, DISK_MS)
    stage.tap.perform(OpenGate(1, "recording", None, {}), lambda _: None)
    stage.tap.perform(Seal(2, "recording", {}), lambda _: None)
    answers: list[object] = []
    stage.tap.perform(Aim(3, "recording", (SOURCES[0], SOURCES[1])), answers.append)
    stage.until(LASTS_MS, [])
    assert answers == ["the recording is over"]
    assert [lane.filter for lane in stage.lanes] == ["closed", "closed"]
