"""Reading sealed files slot by slot: what is whole opens, what is not is named, nothing is guessed."""

import pytest

from telegraphone.media.errors import DamagedHeader, KeyMissing, WrongKey
from telegraphone.media.unseal import EpochReader
from tests.unit.media.recording_maker import Maker, speech

STORED = speech(0, 500)


def test_slots_and_closing_segment_are_read_by_number() -> None:
    maker = Maker()
    reader = EpochReader(maker.store, maker.audio(STORED), maker.keys)
    assert reader.slots == 3
    assert reader.segments(0, 3) == [STORED[0:160], STORED[160:320], STORED[320:480]]
    assert reader.segments(2, 2) == [STORED[320:480], None]
    assert reader.closing() == STORED[480:]
    assert reader.check(every_slot=True).closed


@pytest.mark.parametrize("length", [0, 1, 160, 320, 321])
def test_a_closed_epoch_of_any_length_is_whole(length: int) -> None:
    maker = Maker()
    check = EpochReader(maker.store, maker.audio(STORED[:length]), maker.keys).check(every_slot=True)
    assert (check.audio_bytes, check.closed, check.damaged, check.torn_bytes) == (length, True, (), 0)


def test_an_epoch_that_was_not_closed_ends_at_its_last_full_slot() -> None:
    maker = Maker()
    check = EpochReader(maker.store, maker.audio(STORED, close=False), maker.keys).check(every_slot=True)
    assert (check.audio_bytes, check.closed, check.torn_bytes) == (480, False, 0)


def test_truncation_at_every_byte_loses_only_what_is_cut() -> None:
    maker = Maker()
    path = maker.audio(STORED)
    whole = bytes(maker.store.files[path])
    header = len(EpochReader(maker.store, path, maker.keys).header_bytes)
    for length in range(len(whole)):
        maker.store.files[path][:] = whole[:length]
        if length < header:
            with pytest.raises(DamagedHeader):
                EpochReader(maker.store, path, maker.keys)
            continue
        reader = EpochReader(maker.store, path, maker.keys)
        check = reader.check(every_slot=True)
        slots, rest = divmod(length - header, 176)
        assert (check.slots, check.damaged, check.closed, check.torn_bytes) == (slots, (), False, rest)
        assert b"".join(plain or b"?" for _, plain in reader.plain()) == STORED[: slots * 160]


def test_a_flipped_bit_is_found_in_its_segment_and_everything_else_opens() -> None:
    maker = Maker()
    path = maker.audio(STORED)
    whole = bytes(maker.store.files[path])
    header = len(EpochReader(maker.store, path, maker.keys).header_bytes)
    for place in range(header, len(whole), 7):
        maker.store.files[path][:] = whole
        maker.store.files[path][place] ^= 1 << (place % 8)
        check = EpochReader(maker.store, path, maker.keys).check(every_slot=True)
        segment = (place - header) // 176
        assert check.damaged == ((segment,) if segment < 3 else ())
        assert check.closed == (segment < 3)


def test_a_hole_before_good_data_keeps_its_place() -> None:
    maker = Maker()
    path = maker.audio(STORED, close=False)
    reader = EpochReader(maker.store, path, maker.keys)
    start = len(reader.header_bytes) + 176
    maker.store.files[path][start : start + 176] = bytes(176)
    assert [plain and plain[:8] for _, plain in reader.plain()] == [STORED[:8], None, STORED[320:328]]


def test_segments_do_not_change_places() -> None:
    maker = Maker()
    path = maker.audio(STORED, close=False)
    reader = EpochReader(maker.store, path, maker.keys)
    start = len(reader.header_bytes)
    data = maker.store.files[path]
    data[start : start + 352] = data[start + 176 : start + 352] + data[start : start + 176]
    assert reader.check(every_slot=True).damaged == (0, 1)


def test_looking_at_the_end_only_is_enough_for_who_closed_it() -> None:
    maker = Maker()
    path = maker.audio(STORED)
    maker.store.files[path][600] ^= 1
    assert EpochReader(maker.store, path, maker.keys).check(every_slot=False).closed


def test_a_header_of_another_epoch_opens_nothing() -> None:
    maker = Maker()
    first, second = maker.audio(STORED), maker.audio(STORED, epoch=1)
    size = len(EpochReader(maker.store, first, maker.keys).header_bytes)
    maker.store.files[first][:size] = maker.store.files[second][:size]
    check = EpochReader(maker.store, first, maker.keys).check(every_slot=True)
    assert (check.damaged, check.closed) == ((0, 1, 2), False)


def test_a_commitment_to_another_key_is_refused_before_anything_is_opened() -> None:
    maker = Maker()
    path = maker.audio(STORED)
    header = EpochReader(maker.store, path, maker.keys).header
    maker.store.files[path][:] = maker.store.files[path].replace(header.commit.hex().encode(), b"ab" * 32)
    with pytest.raises(WrongKey):
        EpochReader(maker.store, path, maker.keys)


def test_a_journal_is_no_audio_and_an_erased_key_opens_nothing() -> None:
    maker = Maker()
    with pytest.raises(DamagedHeader, match="journal"):
        EpochReader(maker.store, maker.journal([]), maker.keys)
    path = maker.audio(STORED)
    header = EpochReader(maker.store, path, maker.keys).header
    maker.keys.erase(header.tenant, header.dek_id)
    with pytest.raises(KeyMissing):
        EpochReader(maker.store, path, maker.keys)
