"""The journal: what was acknowledged is read again, and pauses follow from it."""

import msgspec
import pytest

from telegraphone.media.errors import KeyMissing
from telegraphone.media.header import JOURNAL_CODEC, read_header
from telegraphone.media.journal import (
    ClockNoted,
    CodecChanged,
    Consent,
    Continued,
    Drift,
    EpochBegan,
    Gap,
    GateOpened,
    GateShut,
    JournalState,
    Mark,
    Record,
    SourceChanged,
    encode,
    open_journal,
    replay,
)
from telegraphone.media.seal import JournalSealer
from telegraphone.media.unseal import Unsealer
from tests.unit.media.recording_maker import NOTE, RECORDING, Maker, at, ended, pause, started

RECORDS: list[Record] = [
    started(shut_for=("consent",)),
    EpochBegan(at(0), 0, 0, "PCMU", 0),
    Consent(at(10), "announcement-7", "ab" * 32),
    GateOpened("consent", at(10), 10, NOTE),
    GateShut("agent", at(100), 100, NOTE),
    Gap(0, 120, 160, "lost"),
    SourceChanged(at(130), 0, 130, "ssrc"),
    CodecChanged(at(130), 1, 130, "PCMA"),
    Drift(at(140), 0, 140, 12.5),
    ClockNoted(at(150), "ntp", 1.5, None),
    Continued(at(160), 160),
    GateOpened("agent", at(200), 200, NOTE),
    Mark(at(210), 210, "complaint"),
    ended(300),
]


def sealed(records: list[Record]) -> tuple[Unsealer, bytes]:
    """A journal's opener and its bytes behind the header."""
    maker = Maker()
    path = maker.journal(records)
    data = maker.store.read(path, 0, 1 << 20)
    header, raw = read_header(data)
    return Unsealer(header, raw, maker.keys.open(header.tenant, header.dek_id)), data[len(raw) :]


def test_every_kind_of_record_is_read_as_it_was_written() -> None:
    unsealer, data = sealed(RECORDS)
    reading = open_journal(unsealer, data)
    assert reading.records == tuple(RECORDS)
    assert reading.dropped_bytes == 0


def test_a_record_is_tagged_by_the_name_of_its_fact() -> None:
    assert encode(RECORDS[4]).startswith(b'{"type":"gate_shut","reason":"agent"')


def test_a_torn_last_record_is_dropped_at_every_length() -> None:
    unsealer, data = sealed(RECORDS)
    whole = 0
    for length in range(len(data) + 1):
        reading = open_journal(unsealer, data[:length])
        assert reading.records == tuple(RECORDS[: len(reading.records)])
        assert len(reading.records) >= whole
        whole = len(reading.records)
    assert whole == len(RECORDS)


def test_reading_ends_at_the_first_damaged_record() -> None:
    unsealer, data = sealed(RECORDS)
    changed = bytearray(data)
    changed[len(data) // 2] ^= 1
    reading = open_journal(unsealer, bytes(changed))
    assert 0 < len(reading.records) < len(RECORDS)
    assert reading.records == tuple(RECORDS[: len(reading.records)])
    assert reading.dropped_bytes > 0


def test_records_cannot_be_exchanged() -> None:
    unsealer, data = sealed([GateShut("agent", at(1), 1, NOTE), GateOpened("agent", at(1), 1, NOTE)])
    first = 4 + int.from_bytes(data[:4], "big")
    assert open_journal(unsealer, data[first:] + data[:first]).records == ()


def test_zeros_behind_the_end_are_no_records() -> None:
    unsealer, data = sealed(RECORDS)
    reading = open_journal(unsealer, data + bytes(512))
    assert reading.records == tuple(RECORDS)
    assert reading.dropped_bytes == 512


def test_nothing_is_kept_before_the_start_and_after_the_end() -> None:
    assert not JournalState().keeps_audio
    assert replay([started()]).keeps_audio
    assert not replay([started(), ended(10)]).keeps_audio


def test_a_pause_is_a_set_of_reasons() -> None:
    records = [started(), *pause(100, None), *pause(120, None, "hold"), GateOpened("agent", at(200), 200, NOTE)]
    state = replay(records)
    assert state.shut_for == {"hold"}
    assert not state.keeps_audio
    assert replay([*records, GateOpened("hold", at(220), 220, NOTE)]).keeps_audio


def test_spans_follow_from_the_gate() -> None:
    state = replay([started(), *pause(100, 200), *pause(150, 260, "hold"), *pause(300, None)])
    assert [(span.kind, span.reason, span.start, span.stop) for span in state.spans] == [
        ("paused", "agent", 100, 200),
        ("held", "hold", 150, 260),
        ("paused", "agent", 300, None),
    ]
    assert state.spans[0].started_at == at(100)
    assert state.spans[0].stopped_by == NOTE


def test_repeated_orders_change_nothing() -> None:
    once = replay([started(), *pause(100, 200)])
    shut, opened = pause(100, 200)
    twice = [started(), started(call="OTHER"), shut, GateShut("agent", at(110), 110), opened, GateOpened("agent", at(210), 210)]
    assert replay(twice) == once


def test_what_a_new_journal_repeats_is_told_once() -> None:
    told = [started(), *pause(100, 200), *pause(200, 260, "hold")]
    assert replay([*told, Continued(at(300), 300), *told]).spans == replay(told).spans
    lifted = [*pause(300, None), Continued(at(310), 310), *pause(300, 350)]
    assert replay([started(), *lifted]).keeps_audio


def test_reasons_given_before_the_start_hold_from_the_first_frame() -> None:
    state = replay([started(shut_for=("agent", "consent"))])
    assert state.shut_for == {"agent", "consent"}
    assert [(span.reason, span.start, span.stop) for span in state.spans] == [("agent", 0, None), ("consent", 0, None)]
    assert state.started_at == at(0)


def test_a_new_writer_life_finds_the_pause_of_the_old_one() -> None:
    assert replay([started(), *pause(100, None), Continued(at(160), 160)]).shut_for == {"agent"}


def test_all_facts_are_kept() -> None:
    state = replay(RECORDS)
    assert (len(state.gaps), len(state.epochs), len(state.clock), len(state.consent), state.continued) == (1, 1, 1, 1, 1)
    assert state.ended == RECORDS[-1]


def test_a_record_that_is_not_of_this_format_ends_the_reading() -> None:
    maker = Maker()
    dek_id, dek = maker.new_key()
    journal = JournalSealer(maker.header(JOURNAL_CODEC, dek_id, dek), dek)
    data = journal.seal(encode(started())) + journal.seal(b'{"type":"unheard_of"}') + journal.seal(encode(ended(1)))
    reading = open_journal(Unsealer(journal.header, journal.header_bytes, dek), data)
    assert reading.records == (started(),)


def test_the_journal_stays_shut_without_its_key() -> None:
    maker = Maker()
    header, _ = read_header(maker.store.read(maker.journal(RECORDS), 0, 4096))
    assert header.recording == RECORDING
    maker.keys.erase(header.tenant, header.dek_id)
    with pytest.raises(KeyMissing):
        maker.keys.open(header.tenant, header.dek_id)


def test_what_was_kept_in_memory_until_the_start_is_known() -> None:
    assert replay([started()]).kept == ()
    [kept] = replay([msgspec.structs.replace(started(), kept=800)]).kept
    assert kept == (0, 800, "start")
