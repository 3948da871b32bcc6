"""What a track hands out: no holes, whole segments, a new epoch where the codec changes."""

from hypothesis import given
from hypothesis import strategies as st

from telegraphone.limits import EPOCH_FRAMES_MAX, SEGMENT_FRAMES
from telegraphone.media.header import FILLER
from telegraphone.media.track import EpochClosed, EpochOpened, SegmentsFilled, Track


def test_nothing_is_stored_before_the_first_audio() -> None:
    track = Track(1)
    track.fill(8_000)
    track.close()
    assert (track.head, track.output) == (0, [])


def test_an_epoch_begins_where_its_first_audio_lies_and_never_below_the_floor() -> None:
    track = Track(1, floor=500)
    assert track.put(400, bytes(160), "PCMU") == 60
    assert track.output == [EpochOpened(1, "PCMU", 500)]
    assert track.head == 560


def test_audio_ends_where_filler_begins_until_more_audio_comes() -> None:
    track = Track(1)
    track.put(0, bytes(160), "PCMU")
    for position in (400, 480):
        track.fill(position)
        assert (track.audio_end, track.head) == (160, position)
    track.put(480, bytes(160), "PCMU")
    assert track.audio_end == track.head == 640


def test_another_codec_closes_the_epoch_at_the_frame_where_the_next_begins() -> None:
    track = Track(1)
    track.put(0, b"\x01" * 160, "PCMU")
    track.put(150, b"\x02" * 160, "PCMA")
    track.fill(320)
    track.close()
    track.close()
    rest = b"\x02" * 150 + FILLER["PCMA"] * 10
    assert track.output == [
        EpochOpened(1, "PCMU", 0),
        EpochClosed(1, b"\x01" * 160),
        EpochOpened(1, "PCMA", 160),
        EpochClosed(1, rest),
    ]


def test_a_long_stream_goes_on_in_another_file_at_the_same_frame() -> None:
    track = Track(0)
    track.put(100, b"\x01" * (EPOCH_FRAMES_MAX - 10), "PCMU")
    track.put(EPOCH_FRAMES_MAX + 90, b"\x02" * SEGMENT_FRAMES, "PCMU")
    track.fill(2 * EPOCH_FRAMES_MAX + 5_000)
    track.close()
    opened = [item for item in track.output if isinstance(item, EpochOpened)]
    closed = [len(item.audio) for item in track.output if isinstance(item, EpochClosed)]
    assert [each.first_frame for each in opened] == [100, EPOCH_FRAMES_MAX + 90 + SEGMENT_FRAMES, 2 * EPOCH_FRAMES_MAX + 5_000]
    heard = b"".join(bytes(item.audio) for item in track.output if not isinstance(item, EpochOpened))
    assert heard[EPOCH_FRAMES_MAX - 20 :][:20] == b"\x01" * 10 + b"\x02" * 10
    assert len(heard) == 2 * EPOCH_FRAMES_MAX + 5_000 - 100
    assert max(closed) < SEGMENT_FRAMES


def test_stored_frames_are_never_stored_again() -> None:
    track = Track(0)
    track.put(0, b"\x01" * 160, "PCMU")
    assert track.put(0, b"\x02" * 160, "PCMA") == 0
    assert track.output == [EpochOpened(0, "PCMU", 0)], "nor is another epoch begun for nothing"


pieces = st.lists(st.tuples(st.integers(0, 6 * SEGMENT_FRAMES), st.integers(1, 2 * SEGMENT_FRAMES)), min_size=1, max_size=12)


@given(pieces)
def test_a_place_in_the_file_is_a_place_in_time(parts: list[tuple[int, int]]) -> None:
    track = Track(0)
    expected = bytearray()
    first = parts[0][0]
    for number, (position, length) in enumerate(parts, 1):
        stored = track.put(position, bytes([number]) * length, "PCMU")
        end = len(expected) + first
        assert stored == max(0, min(length, position + length - end))
        if stored:
            expected += FILLER["PCMU"] * (position - end) + bytes([number]) * stored
        assert len(track.pending) < SEGMENT_FRAMES
    track.close()
    heard = b"".join(bytes(item.audio) for item in track.output if not isinstance(item, EpochOpened))
    assert heard == bytes(expected)
    assert track.head == first + len(expected)
    assert all(len(item.audio) % SEGMENT_FRAMES == 0 for item in track.output if isinstance(item, SegmentsFilled))
