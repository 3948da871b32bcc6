"""Sound in memory: sealed, bounded, opened as it was, and overwritten when it is gone."""

import gc

import pytest

from telegraphone.media.journal import Gap
from telegraphone.media.memory import Memory, Room, Stretch
from telegraphone.media.track import EpochClosed, EpochOpened, Output, SegmentsFilled

KEY = bytes(range(32))
SEGMENT = 1_600


def said(number: int) -> bytearray:
    """A segment of sound that is found wherever it lies."""
    return bytearray(f"<segment {number:8d} of someone>".encode() * 60)[:SEGMENT]


def given(memory: Memory, stream: int, count: int, first_frame: int = 0) -> list[Output]:
    output: list[Output] = [EpochOpened(stream, "PCMU", first_frame)]
    output += [SegmentsFilled(stream, said(number)) for number in range(count)]
    memory.take(output, ())
    return output


def test_what_is_in_memory_opens_as_it_was() -> None:
    memory = Memory(80_000, Room(), KEY)
    given(memory, 0, 2, first_frame=320)
    memory.take([EpochClosed(0, b"rest"), EpochOpened(0, "L16", 9_000), SegmentsFilled(0, bytearray(b"abcd"))], ())
    assert list(memory.stretches(0)) == [
        Stretch(320, "PCMU", bytes(said(0))),
        Stretch(1_920, "PCMU", bytes(said(1))),
        Stretch(3_520, "PCMU", b"rest"),
        Stretch(9_000, "L16", b"abcd"),
    ]
    assert (list(memory.stretches(1)), memory.first) == ([], 320)


def test_nothing_plain_stays_and_nothing_at_all_when_it_is_gone() -> None:
    room = Room()
    memory = Memory(80_000, room, KEY)
    output = given(memory, 0, 3)
    assert all(not any(item.audio) for item in output if isinstance(item, SegmentsFilled)), "the plain bytes were overwritten"
    blobs = [each for each in gc.get_objects() if type(each).__name__ == "_Sealed"]
    sealed = [each.blob for each in blobs]
    assert len(sealed) == 3
    assert all(b"someone" not in blob and any(blob) for blob in sealed)
    memory.clear()
    assert all(not any(blob) for blob in sealed)
    assert (memory.first, room.left) == (None, Room().left)
    with pytest.raises(AssertionError):
        list(memory.stretches(0))


def test_another_key_opens_nothing() -> None:
    one, other = Memory(80_000, Room(), KEY), Memory(80_000, Room(), bytes(32))
    given(one, 0, 1)
    given(other, 0, 1)
    sealed = {bytes(each.blob) for each in gc.get_objects() if type(each).__name__ == "_Sealed"}
    assert len(sealed) == 2


def test_what_is_too_old_is_forgotten() -> None:
    memory = Memory(80_000, Room(), KEY)
    given(memory, 0, 4)
    given(memory, 1, 4, first_frame=800)
    memory.take((), [Gap(0, 100, 260, "lost"), Gap(0, 4_000, 4_160, "lost")])
    memory.forget_before(3_200)
    assert [each.start for each in memory.stretches(0)] == [3_200, 4_800]
    assert [each.start for each in memory.stretches(1)] == [2_400, 4_000, 5_600]
    assert [each.start for each in memory.gaps] == [4_000]


def test_memories_share_their_room_and_the_oldest_goes_for_the_newest() -> None:
    room = Room(5 * (SEGMENT + 16))
    one, other = Memory(80_000, room, KEY), Memory(80_000, room, KEY)
    given(one, 0, 5)
    one.forget_before(SEGMENT)
    assert not room.short, "what grows old is no want of room"
    given(other, 0, 3)
    assert room.short
    assert [each.start for each in one.stretches(0)] == [1_600, 3_200, 4_800, 6_400]
    assert [each.start for each in other.stretches(0)] == [3_200], "who comes last has what the others leave"
    one.clear()
    given(other, 1, 2)
    assert len(list(other.stretches(1))) == 2
    other.clear()
    assert room.left == 5 * (SEGMENT + 16)


def test_without_any_room_nothing_is_kept() -> None:
    memory = Memory(80_000, Room(100), KEY)
    given(memory, 0, 2)
    assert memory.first is None
