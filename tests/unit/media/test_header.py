"""The header: one form only, refused in every other."""

import struct
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from telegraphone.media.errors import DamagedHeader
from telegraphone.media.header import EpochHeader, read_header, utc_text

HEADER = EpochHeader(
    tenant="tenant-one",
    recording="0d3f9f3e-7a52-4d07-9a5e-3c6d3e1f8a11",
    stream=1,
    epoch=2,
    codec="PCMU",
    rate=8000,
    bytes_per_second=8000,
    segment_bytes=1600,
    first_frame=16_000,
    dek_id="0123456789abcdef",
    nonce_prefix=bytes(range(7)),
    commit=bytes(range(32)),
    created=datetime(2026, 11, 24, 9, 30, 0, 123_000, UTC),
)


def test_what_is_written_is_read() -> None:
    raw = HEADER.to_bytes()
    assert read_header(raw) == (HEADER, raw)
    assert read_header(raw + b"audio behind it") == (HEADER, raw)


def test_the_header_fills_whole_blocks_and_begins_with_the_magic() -> None:
    raw = HEADER.to_bytes()
    assert len(raw) % 64 == 0
    assert raw.startswith(bytes.fromhex("5447524543 0D0A1A 0001"))
    size, length = struct.unpack_from(">HI", raw, 10)
    assert size == len(raw)
    assert raw[16 : 16 + length].startswith(b'{"alg":"A256GCM-STREAM-1"')
    assert set(raw[16 + length :]) <= {0}


def test_every_changed_byte_is_refused_or_says_something_else() -> None:
    raw = HEADER.to_bytes()
    for place in range(len(raw)):
        changed = bytearray(raw)
        changed[place] ^= 0x04
        try:
            header, _ = read_header(bytes(changed))
        except DamagedHeader:
            continue
        assert header != HEADER, place


def test_every_truncation_is_refused() -> None:
    raw = HEADER.to_bytes()
    for length in range(len(raw)):
        with pytest.raises(DamagedHeader):
            read_header(raw[:length])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"epoch":2', b'"epoch" :2'),
        (b'"epoch":2', b'"epoch":-2'),
        (b'"codec":"PCMU"', b'"codec":"OPUS"'),
        (b'"rate":8000', b'"rate":8001'),
        (b"A256GCM-STREAM-1", b"A256GCM-STREAM-2"),
        (b'"nonce_prefix":"00', b'"nonce_prefix":"0G'),
        (b'"created":"2026', b'"created":"x026'),
        (b'"stream":1', b'"strean":1'),
    ],
)
def test_another_meaning_or_form_is_refused(old: bytes, new: bytes) -> None:
    raw = HEADER.to_bytes()
    assert old in raw
    changed = raw.replace(old, new).ljust(len(raw), b"\0")[: len(raw)]
    length = struct.unpack_from(">I", raw, 12)[0] + len(new) - len(old)
    with pytest.raises(DamagedHeader):
        read_header(changed[:12] + struct.pack(">I", length) + changed[16:])


@pytest.mark.parametrize(
    "changes",
    [
        {"nonce_prefix": bytes(6)},
        {"commit": bytes(31)},
        {"created": datetime(2026, 1, 1)},  # noqa: DTZ001 - a moment without a zone is what must be refused
        {"stream": -1},
        {"codec": "L16"},
        {"codec": "JOURNAL"},
        {"segment_bytes": 0},
        {"segment_bytes": 65_537},
        {"rate": 0, "bytes_per_second": 0},
    ],
)
def test_a_wrong_header_cannot_exist(changes: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="header"):
        replace(HEADER, **changes)  # type: ignore[arg-type]  # wrong values are the point


def test_linear_frames_take_two_bytes() -> None:
    header = replace(HEADER, codec="L16", bytes_per_second=16_000, segment_bytes=3200)
    assert (header.frame_bytes, header.segment_frames, header.slot_bytes) == (2, 1600, 3216)
    with pytest.raises(ValueError, match="whole frames"):
        replace(header, segment_bytes=3201)


def test_ids_that_make_it_too_long_are_refused() -> None:
    with pytest.raises(ValueError, match="4096"):
        replace(HEADER, tenant="t" * 4096).to_bytes()


def test_moments_are_written_in_utc_with_milliseconds() -> None:
    assert utc_text(HEADER.created) == "2026-11-24T09:30:00.123Z"
