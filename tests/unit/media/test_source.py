"""Whose packets are taken, at the edges of each bound: a second of silence, lost and disordered numbers, a new aim."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telegraphone.media.source import COMFORT_NOISE, SILENCE_NS, SourceLock, Verdict
from telegraphone.wire.rtp.packet import RtpPacket


def packet(sequence_number: int, *, ssrc: int = 7, payload_type: int = 0) -> RtpPacket:
    return RtpPacket(payload_type, sequence_number & 0xFFFF, 0, ssrc, b"")


def locked(sequence_number: int = 1_000, *, pinned: int | None = None) -> SourceLock:
    """A lock that heard source 7 at time 0."""
    source = SourceLock()
    source.aim({0: "PCMU"}, pinned)
    assert source.judge(packet(sequence_number), 0) is Verdict.OURS
    return source


def test_nothing_is_ours_before_it_was_signalled() -> None:
    assert SourceLock().judge(packet(1), 0) is Verdict.FOREIGN


def test_comfort_noise_needs_no_signalling_but_may_be_signalled_otherwise() -> None:
    source = locked()
    assert source.codec(13) == COMFORT_NOISE
    source.aim({13: "PCMA"}, None)
    assert source.codec(13) == "PCMA"


@pytest.mark.parametrize(
    ("quiet_ns", "verdict"), [(SILENCE_NS - 1, Verdict.FOREIGN), (SILENCE_NS, Verdict.CHANGED)], ids=["less", "a second"]
)
def test_another_source_waits_for_a_whole_second_of_silence(quiet_ns: int, verdict: Verdict) -> None:
    assert locked().judge(packet(5, ssrc=8), quiet_ns) is verdict


def test_a_stranger_s_packets_do_not_end_the_silence_nor_prolong_it() -> None:
    source = locked()
    for now_ns in range(0, SILENCE_NS, SILENCE_NS // 50):
        assert source.judge(packet(5, ssrc=8), now_ns) is Verdict.FOREIGN
    assert (source.ssrc, source.number, source.heard_ns) == (7, 1_000 + (1 << 16), 0)
    assert source.judge(packet(1_001), SILENCE_NS) is Verdict.OURS


def test_a_new_aim_lets_one_other_source_in() -> None:
    source = locked()
    source.aim({0: "PCMU"}, None)
    assert source.judge(packet(5, ssrc=8), 1) is Verdict.CHANGED
    assert source.judge(packet(5, ssrc=9), 2) is Verdict.FOREIGN
    assert source.judge(packet(1_001), 3) is Verdict.FOREIGN, "nor the old one back"


def test_a_signalled_source_is_replaced_by_a_new_aim_only() -> None:
    source = locked(pinned=7)
    assert source.judge(packet(5, ssrc=8), 100 * SILENCE_NS) is Verdict.FOREIGN
    source.aim({0: "PCMU"}, 8)
    assert source.judge(packet(1_001), 100 * SILENCE_NS) is Verdict.OURS, "until the other one is heard"
    assert source.judge(packet(5, ssrc=8), 100 * SILENCE_NS) is Verdict.CHANGED


@pytest.mark.parametrize("step", [-100, 3_000])
def test_a_number_within_the_bound_is_ours(step: int) -> None:
    source = locked()
    assert source.judge(packet(1_000 + step), 1) is Verdict.OURS
    assert source.number == 1_000 + step + (1 << 16)
    assert source.highest == max(1_000, 1_000 + step) + (1 << 16)


@pytest.mark.parametrize("step", [-102, 3_001, 30_000])
def test_a_number_beyond_the_bound_is_believed_when_a_second_follows(step: int) -> None:
    source = locked()
    assert source.judge(packet(1_000 + step), 1) is Verdict.STRAY
    assert source.judge(packet(1_001), 2) is Verdict.OURS, "one alone changes nothing"
    assert source.judge(packet(1_001 + step), 3) is Verdict.RESET
    assert source.number == source.highest == 1_001 + step + (1 << 16)


def test_the_bounds_are_the_last_numbers_within() -> None:
    for step in (-101, 3_001):
        assert locked().judge(packet(1_000 + step), 1) is Verdict.STRAY


def test_a_number_beyond_the_bound_is_believed_after_a_silence() -> None:
    assert locked().judge(packet(20_000), SILENCE_NS) is Verdict.RESET


@given(st.integers(0, 0xFFFF), st.lists(st.integers(-100, 3_000), max_size=80))
def test_numbers_never_wrap(first: int, steps: list[int]) -> None:
    source = locked(first)
    highest = first + (1 << 16)
    for now_ns, step in enumerate(steps):
        assert source.judge(packet(highest + step), now_ns) is Verdict.OURS
        assert source.number == highest + step > 0
        highest = max(highest, highest + step)
        assert source.highest == highest


@pytest.mark.parametrize("sequence_number", [500, 1_001, 40_000])
def test_after_an_interruption_the_same_source_may_be_anywhere(sequence_number: int) -> None:
    source = locked()
    source.interrupted()
    assert source.judge(packet(sequence_number), SILENCE_NS - 1) is Verdict.OURS
    assert source.judge(packet(sequence_number + 1), SILENCE_NS - 1) is Verdict.OURS
    assert source.judge(packet(sequence_number + 30_000), SILENCE_NS - 1) is Verdict.STRAY, "once"
