"""Sender reports and farewells out of compound packets."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telegraphone.wire.errors import RemoteProtocolError
from telegraphone.wire.rtp.rtcp import Goodbye, SenderReport, read_compound

REPORT = SenderReport(0x1234, 0xE000_0000_8000_0000, 160_000, 1_000, 160_000)
BYE = struct.pack(">BBHI", 0x81, 203, 1, 0x1234)
DESCRIPTION = struct.pack(">BBHI4s", 0x81, 202, 2, 0x1234, b"\1\0\0\0")


def test_a_compound_packet() -> None:
    assert read_compound(REPORT.to_bytes() + DESCRIPTION + BYE) == (REPORT, Goodbye((0x1234,)))


@pytest.mark.parametrize(
    "data",
    [BYE, REPORT.to_bytes()[:-1], b"\x80\xc8\x00", struct.pack(">BBH", 0x80, 200, 0), REPORT.to_bytes() + b"\x83\xcb\0\0"],
    ids=["no report first", "cut", "no header", "empty report", "farewell without sources"],
)
def test_what_is_refused(data: bytes) -> None:
    with pytest.raises(RemoteProtocolError):
        read_compound(data)


@given(st.binary(max_size=80))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        read_compound(data)
    except RemoteProtocolError:
        return
