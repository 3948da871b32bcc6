"""What of one recording is found in another, and what must not be taken for the same."""

import math
from array import array
from collections.abc import Sequence

import pytest

from telegraphone.media.alignment import GUARD_MS, SLACK_S, Alignment, aligned, nearest
from telegraphone.media.linear import linear_of

RATE = 8_000


def sweep(seconds: float, first_hz: float = 300, last_hz: float = 3_300) -> bytes:
    """A tone that rises for so long: no piece of it is like another."""
    count = int(seconds * RATE)
    rise = (last_hz - first_hz) / max(count, 1)
    return linear_of(
        array("h", (int(9_000 * math.sin(2 * math.pi * n * (first_hz + rise * n / 2) / RATE)) for n in range(count)))
    )


def tone(seconds: float) -> bytes:
    return linear_of(array("h", (int(9_000 * math.sin(2 * math.pi * n / 8)) for n in range(int(seconds * RATE)))))


class Kept:
    """Two tracks in memory."""

    rate = RATE

    def __init__(self, left: bytes, right: bytes = b"") -> None:
        self._tracks = (left, right.ljust(len(left), b"\0"))
        self.frames = len(left) // 2

    def track(self, stream: int, start: int, stop: int) -> tuple[bytes, Sequence[object]]:
        low, high = min(max(start, 0), self.frames), max(min(stop, self.frames), 0)
        if low >= high:
            return bytes(2 * (stop - start)), ()
        return bytes(2 * (low - start)) + self._tracks[stream][2 * low : 2 * high] + bytes(2 * (stop - high)), ()


SOUND = sweep(12)


@pytest.mark.parametrize("wrong", [0, 1, -777, SLACK_S * RATE, -SLACK_S * RATE])
@pytest.mark.parametrize("late", [0, 801, 20_000])
def test_the_distance_is_found_to_the_frame_however_wrong_a_clock_is(late: int, wrong: int) -> None:
    ours, other = Kept(SOUND[2 * late :]), Kept(SOUND)
    assert aligned(ours, other, late + wrong) == Alignment(late, crossed=False)
    assert aligned(other, ours, -late + wrong) == Alignment(-late, crossed=False)


def test_further_off_nothing_is_believed() -> None:
    assert aligned(Kept(SOUND), Kept(SOUND), SLACK_S * RATE + 1) is None
    assert aligned(Kept(SOUND), Kept(SOUND), 13 * RATE) is None


def test_each_partys_track_is_found_on_whichever_side_it_is() -> None:
    assert aligned(Kept(SOUND), Kept(bytes(len(SOUND)), SOUND), 0) == Alignment(0, crossed=True)
    assert (Alignment(0, crossed=True).stream(0), Alignment(0, crossed=False).stream(0)) == (1, 0)


@pytest.mark.parametrize("other", [sweep(12, 310, 3_200), bytes(2 * 12 * RATE), tone(12)], ids=["another", "silence", "a tone"])
def test_what_is_not_the_same_sound_lies_nowhere(other: bytes) -> None:
    assert aligned(Kept(SOUND), Kept(other), 0) is None


@pytest.mark.parametrize("sound", [bytes(2 * 12 * RATE), tone(12)], ids=["silence", "a tone"])
def test_what_is_the_same_everywhere_tells_no_place(sound: bytes) -> None:
    assert aligned(Kept(sound), Kept(sound), 0) is None


def test_one_sighting_is_chance() -> None:
    key = sweep(0.3)
    ours = Kept(key + bytes(2 * 6 * RATE))
    other = Kept(bytes(2 * RATE) + key + bytes(2 * 5 * RATE))
    assert aligned(ours, other, 0) is None


def test_a_join_is_where_the_sound_in_front_of_it_is() -> None:
    slip = 40
    other = Kept(SOUND[: 2 * 5 * RATE] + bytes(2 * slip) + SOUND[2 * 5 * RATE :])
    alignment = Alignment(0, crossed=False)
    assert nearest(Kept(SOUND), 0, 4 * RATE, other, alignment) == 0
    assert nearest(Kept(SOUND), 0, 6 * RATE, other, alignment) == slip
    assert nearest(Kept(SOUND), 1, 6 * RATE, other, Alignment(0, crossed=True)) is None


def test_a_join_is_within_the_guard_and_the_nearest() -> None:
    guard = RATE * GUARD_MS // 1000
    ours, other = Kept(SOUND), Kept(bytes(2 * (guard + 1)) + SOUND)
    assert nearest(ours, 0, 6 * RATE, other, Alignment(0, crossed=False)) is None
    assert nearest(ours, 0, 6 * RATE, other, Alignment(1, crossed=False)) == guard + 1
    assert nearest(Kept(bytes(2 * RATE)), 0, 0, Kept(bytes(2 * RATE)), Alignment(3, crossed=False)) is None, (
        "silence is everywhere"
    )
    hum = Kept(tone(3))
    assert nearest(hum, 0, RATE, hum, Alignment(3, crossed=False)) == 0


def drifting(drift_ms: int) -> Kept:
    """The sound of a minute by a clock that is later by so much at its end, ten milliseconds at a time."""
    steps, inserted = drift_ms // 10, 2 * RATE // 100
    size = len(LONG) // 2 // steps * 2
    return Kept(b"".join(LONG[begin : begin + size] + bytes(inserted) for begin in range(0, steps * size, size)))


LONG = sweep(60, 300, 3_900)


@pytest.mark.parametrize("drift_ms", [0, 20, 60, 120, 300, 380])
def test_how_far_clocks_drift_apart_in_a_call_is_told(drift_ms: int) -> None:
    ours, other = Kept(LONG), drifting(drift_ms) if drift_ms else Kept(LONG)
    found = aligned(ours, other, 0)
    assert found is not None
    drift = drift_ms * RATE // 1_000
    for error in (found.shift, drift - found.shift):
        assert error <= found.guard(RATE) - GUARD_MS * RATE // 1_000 <= 2 * drift


def test_what_drifts_further_than_is_believed_is_not_followed() -> None:
    assert aligned(Kept(LONG), drifting(1_500), 0) is None


def test_tracks_that_lie_apart_are_the_same_sound_and_widen_the_guard() -> None:
    late, other = 165 * RATE // 1_000, sweep(60, 3_900, 310)
    ours, theirs = Kept(LONG, other), Kept(LONG, bytes(2 * late) + other[: -2 * late])
    found = aligned(ours, theirs, 0)
    assert found is not None
    assert {found.shift, late - found.shift} == {0, late}
    assert found.guard(RATE) == GUARD_MS * RATE // 1_000 + 2 * late


def second_of(number: int) -> bytes:
    """A sound of a second, another for each number."""
    return sweep(1, 300 + 7 * number, 3_000 + 11 * number)


def unlike(first: int, seconds: int) -> bytes:
    return b"".join(second_of(first + each) for each in range(seconds))


LOOP = sweep(8)


@pytest.mark.parametrize(
    ("ours", "other"),
    [
        (sweep(2.5) * 10 + unlike(0, 35), sweep(2.5) * 10 + unlike(100, 35)),
        (unlike(0, 6) + LOOP * 3 + unlike(6, 10), unlike(100, 6) + LOOP * 3 + unlike(106, 10)),
        (LOOP + unlike(0, 24) + LOOP, LOOP + unlike(100, 24) + LOOP),
        ((tone(1) + bytes(2 * 4 * RATE)) * 5 + unlike(0, 20), (tone(1) + bytes(2 * 4 * RATE)) * 5 + unlike(100, 20)),
    ],
    ids=["a short loop", "a loop in between", "a loop at both ends", "a ring tone"],
)
def test_sound_that_repeats_itself_does_not_make_calls_the_same_that_are_not(ours: bytes, other: bytes) -> None:
    assert aligned(Kept(ours), Kept(other), 0) is None


def test_music_that_both_have_hinders_nothing() -> None:
    ours = Kept(unlike(0, 20) + sweep(0.5) * 20 + unlike(20, 20))
    assert aligned(ours, ours, 17) == Alignment(0, crossed=False)


def test_a_part_in_which_both_have_nothing_at_an_end_leaves_open_how_far_clocks_are_apart_there() -> None:
    ours = Kept(LONG[: 2 * 30 * RATE] + bytes(2 * 30 * RATE))
    assert aligned(ours, ours, 0) is None


def test_what_one_has_lost_does_not_speak_against_it() -> None:
    other = bytearray(LONG)
    other[2 * 10 * RATE : 2 * 40 * RATE] = bytes(2 * 30 * RATE)
    assert aligned(Kept(LONG), Kept(bytes(other)), 0) == Alignment(0, crossed=False)
