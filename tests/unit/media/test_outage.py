"""What is missing of a source that sends: from the last audio until something comes, somebody else is to be heard, or the end."""

import pytest

from telegraphone.media.timeline import DRIFT_STEP
from tests.unit.media.intake import CODECS, FRAME, Intake, packet, voice


def spoken(first: int, last: int) -> bytes:
    return b"".join(voice(n) for n in range(first, last))


@pytest.mark.parametrize("ssrc", [7, 99], ids=["the same", "another"])
def test_what_a_source_sends_and_does_not_come_is_missing_until_something_comes(ssrc: int) -> None:
    """What is filler by then is said at once, for the recorder may be killed before anything comes."""
    intake = Intake()
    intake.speak(0, 10)
    intake.pipeline.advance(40 * FRAME)
    intake.pipeline.outage.begin(9 * FRAME)
    assert intake.gaps() == [(10 * FRAME, 40 * FRAME, "no_media")]
    intake.pipeline.outage.begin(9 * FRAME)
    intake.pipeline.advance(70 * FRAME)
    intake.pipeline.aim(CODECS, None)
    intake.speak(110, 120, lambda n: packet(n, ssrc=ssrc))
    assert intake.end() == spoken(0, 10) + b"\xff" * 100 * FRAME + spoken(110, 120)
    assert intake.gaps() == [(10 * FRAME, 40 * FRAME, "no_media"), (40 * FRAME, 110 * FRAME, "no_media")]


def test_a_source_that_was_only_late_has_missed_nothing() -> None:
    intake = Intake()
    intake.speak(0, 10)
    intake.pipeline.outage.begin(8 * FRAME)
    intake.speak(10, 20)
    intake.pipeline.outage.tell(20 * FRAME)
    assert intake.end() == spoken(0, 20)
    assert intake.gaps() == []


def test_what_is_missing_ends_with_the_recording_and_is_none_of_a_pause() -> None:
    intake = Intake()
    intake.speak(0, 10)
    intake.pipeline.outage.begin(10 * FRAME)
    intake.gate.shut(50 * FRAME)
    intake.gate.open(80 * FRAME, intake.at(1_600))
    intake.pipeline.outage.tell(100 * FRAME)
    assert intake.gaps() == [(10 * FRAME, 50 * FRAME, "no_media"), (80 * FRAME, 100 * FRAME, "no_media")]


def test_from_the_moment_on_at_which_somebody_else_is_to_be_heard_nothing_is_missing() -> None:
    intake = Intake()
    intake.speak(0, 10)
    intake.pipeline.outage.begin(10 * FRAME)
    intake.pipeline.outage.end_by(60 * FRAME)
    intake.pipeline.aim(CODECS, None)
    intake.speak(100, 110, lambda n: packet(n, ssrc=99))
    intake.pipeline.outage.tell(200 * FRAME)
    assert intake.gaps() == [(10 * FRAME, 60 * FRAME, "no_media")]


def test_what_is_missing_moves_with_the_beginning() -> None:
    """It was in memory alone, and the recording begins at frame 5."""
    intake = Intake()
    intake.speak(0, 10)
    intake.pipeline.outage.begin(10 * FRAME)
    intake.pipeline.start_at(intake.at(100), placed=True)
    intake.pipeline.outage.tell(20 * FRAME)
    assert intake.gaps() == [(5 * FRAME, 20 * FRAME, "no_media")]


@pytest.mark.parametrize("steady", [True, False])
def test_many_short_stalls_that_no_timestamp_shows_are_missing_together(steady: bool) -> None:
    """Twenty of 50 ms: what comes then lies where it was said, at once; a phone's clock is followed step by step."""
    intake = Intake()
    intake.pipeline.aim({0: "PCMU"}, None, steady=steady)
    late = [min(20, max(0, n - 50) // 10) * 50 for n in range(600)]
    for n in range(600):
        intake.feed((packet(n), 20.0 * (n + 1) + late[n]))
        if n % 250 == 249:
            intake.pipeline.correct(intake.at(20.0 * (n + 1) + late[n]))
    first, stored = 500 * FRAME + 8_000, intake.end()
    if steady:
        assert stored[first : first + 100 * FRAME] == spoken(500, 600)
        assert sum(stop - start for start, stop, reason in intake.gaps() if reason == "no_media") == 8_000
        assert intake.drifts() == []
    else:
        assert stored[500 * FRAME + DRIFT_STEP :][: 100 * FRAME] == spoken(500, 600)
        assert (intake.gaps(), len(intake.drifts())) == ([], 1)


@pytest.mark.parametrize("steady", [True, False])
def test_what_a_source_that_never_pauses_owes_when_another_follows_is_missing(steady: bool) -> None:
    """From its last audio up to the hand-over: a phone may have been silent. What follows may be silent too."""
    intake = Intake()
    intake.pipeline.aim(CODECS, None, steady=steady)
    intake.speak(0, 10)
    intake.pipeline.aim(CODECS, None, since=40 * FRAME)
    intake.speak(50, 60, lambda n: packet(n, ssrc=99))
    assert intake.end() == spoken(0, 10) + b"\xff" * 40 * FRAME + spoken(50, 60)
    assert intake.gaps() == ([(10 * FRAME, 40 * FRAME, "no_media")] if steady else [])


@pytest.mark.parametrize("before", [True, False], ids=["one like it before", "a phone before"])
def test_what_a_source_that_never_pauses_owes_before_its_first_audio_is_missing(before: bool) -> None:
    intake = Intake()
    intake.pipeline.aim(CODECS, None, steady=before)
    intake.speak(0, 10)
    intake.pipeline.aim(CODECS, None, steady=True, since=40 * FRAME)
    intake.speak(60, 70, lambda n: packet(n, ssrc=99))
    assert intake.end() == spoken(0, 10) + b"\xff" * 50 * FRAME + spoken(60, 70)
    assert intake.gaps() == [((10 if before else 40) * FRAME, 60 * FRAME, "no_media")]


def test_a_hand_over_from_one_that_never_pauses_to_another_takes_its_moment() -> None:
    """Three packets of 20 ms are no fault; and what is heard again, with nobody new, owes nothing for the time before."""
    intake = Intake()
    intake.pipeline.aim(CODECS, None, steady=True)
    intake.speak(0, 10)
    intake.pipeline.aim(CODECS, None, steady=True, since=12 * FRAME)
    intake.speak(13, 20, lambda n: packet(n, ssrc=99))
    intake.pipeline.aim(CODECS, None, steady=True)
    intake.speak(20, 30, lambda n: packet(n, ssrc=99))
    assert intake.gaps() == []


def test_what_is_owed_moves_with_the_beginning() -> None:
    """It was in memory alone, and the recording begins at frame 5."""
    intake = Intake()
    intake.pipeline.aim(CODECS, None, steady=True, since=10 * FRAME)
    intake.pipeline.start_at(intake.at(100), placed=True)
    intake.speak(40, 50)
    assert intake.gaps() == [(5 * FRAME, 35 * FRAME, "no_media")]


def test_what_a_source_that_never_pauses_owes_at_the_end_is_missing_once() -> None:
    """At a pause as at the end; what it owes after the pause begins with that."""
    intake = Intake()
    intake.pipeline.aim(CODECS, None, steady=True)
    intake.speak(0, 10)
    intake.gate.shut(30 * FRAME)
    intake.pipeline.flush(until=30 * FRAME)
    intake.pipeline.outage.tell(30 * FRAME)
    intake.gate.open(40 * FRAME, intake.at(800))
    intake.speak(50, 60)
    intake.pipeline.flush(until=62 * FRAME)
    intake.pipeline.outage.tell(62 * FRAME)
    assert sorted(intake.gaps()) == [(10 * FRAME, 30 * FRAME, "no_media"), (40 * FRAME, 50 * FRAME, "no_media")]


def test_what_waits_for_a_lost_packet_when_another_follows_takes_nothing_of_what_that_one_owes() -> None:
    intake = Intake()
    intake.pipeline.aim(CODECS, None)
    intake.speak(0, 10)
    intake.feed((packet(11), 240.0))
    intake.pipeline.aim(CODECS, None, steady=True, since=20 * FRAME)
    intake.speak(40, 50, lambda n: packet(n, ssrc=99))
    intake.end()
    assert intake.gaps() == [(10 * FRAME, 11 * FRAME, "lost"), (20 * FRAME, 40 * FRAME, "no_media")]


@pytest.mark.parametrize("steady", [True, False])
def test_a_source_that_begins_anew_by_itself_owes_what_it_did_not_send(steady: bool) -> None:
    intake = Intake()
    intake.pipeline.aim(CODECS, None, steady=steady)
    intake.speak(0, 10)
    intake.speak(65, 75, lambda n: packet(n, ssrc=99))
    intake.end()
    assert intake.gaps() == ([(10 * FRAME, 65 * FRAME, "no_media")] if steady else [])
