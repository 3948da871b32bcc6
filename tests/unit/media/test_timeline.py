"""Where timestamps lie: the anchor, the wrap, and a sender whose clock is not ours, over an hour (REC-2, F20)."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telegraphone.limits import DRIFT_WINDOW_S
from telegraphone.media.timeline import DRIFT_STEP, DRIFT_TOLERANCE, FRAME_NS, RATE, Timeline

FRAMES = 160
HOUR_S = 3_600
APART_FRAMES_MAX = RATE * 20 // 1_000


def anchored(arrivals: list[tuple[int, int]], origin_ns: int = 0) -> Timeline:
    """A timeline that saw (timestamp, received_ns) of a first batch."""
    timeline = Timeline(origin_ns)
    for index, (timestamp, received_ns) in enumerate(arrivals):
        timeline.anchor(timestamp, FRAMES, received_ns, first=index == 0)
    return timeline


@given(st.permutations(range(6)), st.lists(st.integers(0, 80_000_000), min_size=6, max_size=6), st.integers(0, 1 << 50))
def test_the_packet_with_the_shortest_way_anchors(order: list[int], delays_ns: list[int], origin_ns: int) -> None:
    arrivals = [(n * FRAMES, origin_ns + (n + 1) * FRAMES * FRAME_NS + delays_ns[n]) for n in order]
    timeline = anchored(arrivals, origin_ns)
    assert timeline.place(0) == min(delays_ns) // FRAME_NS


def test_a_new_origin_moves_no_moment() -> None:
    timeline = anchored([(0, 30_000_000)])
    before = timeline.due_ns(timeline.place(0))
    timeline.start_at(8_000 * FRAME_NS)
    assert timeline.due_ns(timeline.place(0)) == before
    assert timeline.place(0) == timeline.position_at(before) < 0


def test_timestamps_go_on_behind_the_wrap() -> None:
    timeline = Timeline()
    assert timeline.extended(0xFFFF_FF60) == 0xFFFF_FF60
    timeline.timestamp = 0xFFFF_FF60
    assert timeline.extended(0) == 1 << 32
    timeline.timestamp = (1 << 32) + 5
    assert timeline.extended(0xFFFF_FFFF) == 0xFFFF_FFFF


def test_what_is_forgotten_anchors_anew() -> None:
    timeline = anchored([(0, 20_000_000)])
    timeline.settled, timeline.timestamp = True, 0
    timeline.observe(50_000_000)
    timeline.forget()
    assert not timeline.settled
    assert timeline.extended(77) == 77
    assert timeline.correct() == 0


@pytest.mark.parametrize("skew", [0, DRIFT_TOLERANCE, -DRIFT_TOLERANCE])
def test_what_may_be_the_network_s_moves_nothing(skew: int) -> None:
    timeline = Timeline()
    timeline.settled = True
    timeline.observe(skew * FRAME_NS)
    assert timeline.correct() == 0


@pytest.mark.parametrize("skew", [DRIFT_TOLERANCE + 1, -DRIFT_TOLERANCE - 1, 1_000, -1_000])
def test_what_is_more_is_followed_by_a_step_at_most(skew: int) -> None:
    timeline = Timeline()
    timeline.settled = True
    timeline.observe(skew * FRAME_NS)
    timeline.observe((skew + 300) * FRAME_NS)
    expected = max(-DRIFT_STEP, min(DRIFT_STEP, skew))
    assert (timeline.correct(), timeline.corrected, timeline.place(0)) == (expected, expected, expected)
    assert timeline.correct() == 0, "a window that heard nothing"


def hour_of(ppm: int, seed: int) -> list[int]:
    """How far, in frames, each tenth of a second's audio of a sender so fast lies from the moment it was spoken; up to
    30 ms of jitter."""
    chance = random.Random(seed)
    timeline = anchored([(0, FRAMES * FRAME_NS)])
    timeline.settled = True
    apart = []
    for tenth in range(1, 10 * HOUR_S):
        timestamp = tenth * RATE // 10
        spoken_ns = round(timestamp * FRAME_NS / (1 + ppm / 1e6))
        position = timeline.place(timestamp)
        received_ns = spoken_ns + chance.randrange(30_000_000)
        timeline.observe(received_ns - timeline.due_ns(position))
        apart.append(position - spoken_ns // FRAME_NS)
        if tenth % round(10 * DRIFT_WINDOW_S) == 0:
            timeline.correct()
    return apart


def test_two_senders_of_unlike_clocks_stay_together_for_an_hour() -> None:
    fast, slow = hour_of(200, 1), hour_of(-200, 2)
    assert max(map(abs, fast)) < APART_FRAMES_MAX
    assert max(map(abs, slow)) < APART_FRAMES_MAX
    assert max(abs(one - other) for one, other in zip(fast, slow, strict=True)) < APART_FRAMES_MAX
