"""Packets that come unevenly, in disorder, twice, not at all; what the mixer is then given."""

from telegraphone.limits import JITTER_DEPTH_SAMPLES, JITTER_SAMPLES_MAX
from telegraphone.media.g711 import MU_TO_A
from telegraphone.media.jitter import JitterBuffer
from telegraphone.media.mixing import FRAME_SAMPLES, SILENCE

WAITING = JITTER_DEPTH_SAMPLES // FRAME_SAMPLES
START = (1 << 32) - 3 * FRAME_SAMPLES
"""The counter wraps in every test."""


def frame(number: int) -> bytes:
    return bytes([number & 0xFF]) * FRAME_SAMPLES


def put(buffer: JitterBuffer, *numbers: int, ssrc: int = 1) -> None:
    for each in numbers:
        buffer.put(ssrc, (START + each * FRAME_SAMPLES) & 0xFFFFFFFF, frame(each), "PCMU")


def taken(buffer: JitterBuffer, count: int) -> list[bytes | None]:
    return [buffer.take() for _ in range(count)]


def test_it_begins_when_enough_is_there_and_keeps_the_order() -> None:
    buffer = JitterBuffer()
    for number in range(WAITING):
        assert buffer.take() is None
        put(buffer, number)
    for number in range(20):
        assert buffer.take() == frame(number)
        put(buffer, number + WAITING)


def test_disorder_and_doubles_are_put_right() -> None:
    buffer = JitterBuffer()
    put(buffer, 0, 2, 1, 1, 4, 3)
    assert taken(buffer, 5) == [frame(each) for each in range(5)]


def test_what_is_lost_in_the_middle_is_silence() -> None:
    buffer = JitterBuffer()
    put(buffer, 0, 1, 3)
    assert taken(buffer, 4) == [frame(0), frame(1), SILENCE["PCMU"] * FRAME_SAMPLES, frame(3)]


def test_at_its_end_the_last_frame_comes_once_more_and_then_nothing() -> None:
    buffer = JitterBuffer()
    put(buffer, 0, 1)
    assert taken(buffer, 5) == [frame(0), frame(1), frame(1), None, None]
    put(buffer, 2)
    assert buffer.take() is None, "it fills up again first"
    put(buffer, 3)
    assert taken(buffer, 2) == [frame(2), frame(3)]


def test_what_comes_after_its_turn_is_too_late() -> None:
    buffer = JitterBuffer()
    put(buffer, 1, 2, 3)
    assert buffer.take() == frame(1)
    put(buffer, 0, 1)
    assert taken(buffer, 2) == [frame(2), frame(3)]


def test_a_burst_loses_its_beginning() -> None:
    buffer = JitterBuffer()
    kept = JITTER_SAMPLES_MAX // FRAME_SAMPLES
    put(buffer, *range(30))
    assert taken(buffer, kept) == [frame(each) for each in range(30 - kept, 30)]


def test_a_jump_in_time_and_another_sender_follow_what_is_there() -> None:
    buffer = JitterBuffer()
    put(buffer, 0, 1)
    put(buffer, 5_000)
    put(buffer, 70, ssrc=2)
    put(buffer, 71, ssrc=2)
    assert taken(buffer, 5) == [frame(each) for each in (0, 1, 5_000, 70, 71)]


def test_packets_of_any_length_are_cut_into_frames() -> None:
    buffer = JitterBuffer()
    said = bytes(range(240)) + bytes(range(240))
    buffer.put(1, 0, said[:240], "PCMU")
    buffer.put(1, 240, said[240:], "PCMU")
    assert taken(buffer, 3) == [said[:160], said[160:320], said[320:]]


def test_a_change_of_law_keeps_what_waits() -> None:
    buffer = JitterBuffer()
    put(buffer, 0)
    buffer.put(1, (START + FRAME_SAMPLES) & 0xFFFFFFFF, frame(1), "PCMA")
    assert buffer.law == "PCMA"
    assert taken(buffer, 2) == [frame(0).translate(MU_TO_A), frame(1)]
