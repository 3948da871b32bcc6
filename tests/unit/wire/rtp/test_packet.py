"""RTP packets as bytes and back, and what is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telegraphone.wire.errors import RemoteProtocolError
from telegraphone.wire.rtp.packet import RtpPacket, read_cut_packet, read_packet

packets = st.builds(
    RtpPacket,
    payload_type=st.integers(0, 63),
    sequence_number=st.integers(0, 0xFFFF),
    timestamp=st.integers(0, 0xFFFFFFFF),
    ssrc=st.integers(0, 0xFFFFFFFF),
    payload=st.binary(max_size=40),
    marker=st.booleans(),
)


@given(packets)
def test_what_is_written_is_read(packet: RtpPacket) -> None:
    assert read_packet(packet.to_bytes()) == packet


@given(packets)
def test_a_cut_packet_says_when_and_not_what(packet: RtpPacket) -> None:
    cut = read_cut_packet(packet.to_bytes()[:12])
    assert (cut.sequence_number, cut.timestamp, cut.ssrc, cut.payload) == (
        packet.sequence_number,
        packet.timestamp,
        packet.ssrc,
        b"",
    )


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    for read in (read_packet, read_cut_packet):
        try:
            read(data)
        except RemoteProtocolError:
            continue


def test_sources_extension_and_padding_are_not_audio() -> None:
    head = bytes([0x80 | 0x20 | 0x10 | 2, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3])
    data = head + bytes(8) + bytes([0xBE, 0xDE, 0, 1]) + bytes(4) + b"audio" + bytes([0, 0, 3])
    assert read_packet(data).payload == b"audio"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        bytes(11),
        bytes(12),
        bytes([0x80, 200]) + bytes(10),
        bytes([0x81, 0]) + bytes(10),
        bytes([0x90, 0]) + bytes(10) + bytes([0, 0, 0, 9]),
        bytes([0x90, 0]) + bytes(12),
        bytes([0xA0, 0]) + bytes(10) + bytes([200]),
        bytes([0xA0, 0]) + bytes(10) + bytes([0]),
    ],
    ids=["empty", "short", "version", "rtcp", "csrc", "extension", "no extension", "padding", "no padding"],
)
def test_what_is_no_packet_is_refused(data: bytes) -> None:
    with pytest.raises(RemoteProtocolError):
        read_packet(data)


def test_what_is_no_cut_packet_is_refused() -> None:
    for data in (b"", bytes(12), bytes([0x80, 201]) + bytes(10)):
        with pytest.raises(RemoteProtocolError):
            read_cut_packet(data)
