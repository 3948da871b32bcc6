"""Keypad digits as 20 ms steps: durations that grow, an end said three times, a pause between two keys."""

from telegraphone.limits import KEYS_WAITING_MAX
from telegraphone.switches.exchange.keys import KeyPad, Report
from telegraphone.wire.rtp.dtmf import TelephoneEvent

KEY = [*((each * 160, False) for each in range(1, 7)), (960, True), (960, True), (960, True)]
PAUSE = [None] * 4


def steps(pad: KeyPad, count: int) -> list[Report | None]:
    return [pad.step() for _ in range(count)]


def test_each_key_is_reported_while_it_is_down_and_its_end_thrice() -> None:
    pad = KeyPad()
    assert pad.press("5d")
    for code in (5, 15):
        reports = steps(pad, 9)
        assert reports == [
            Report(TelephoneEvent(code, duration, end=end), first=number == 0) for number, (duration, end) in enumerate(KEY)
        ]
        assert steps(pad, 4) == PAUSE
    assert pad.idle
    assert steps(pad, 2) == [None, None]


def test_audio_is_left_out_from_the_first_report_to_the_last_end() -> None:
    pad = KeyPad()
    pad.press("1")
    down = []
    for _ in range(13):
        pad.step()
        down.append(pad.down)
    assert down == [True] * 8 + [False] * 5


def test_too_many_are_refused_whole() -> None:
    pad = KeyPad()
    assert pad.press("1" * KEYS_WAITING_MAX)
    assert not pad.press("23")
    assert [report.event.code for report in steps(pad, 13 * KEYS_WAITING_MAX + 13) if report and report.first] == [
        1
    ] * KEYS_WAITING_MAX


def test_no_digit_is_shown() -> None:
    pad = KeyPad()
    pad.press("4")
    assert "4" not in repr(pad.step()).replace("duration_samples=160", "")
