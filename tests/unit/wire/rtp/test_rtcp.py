"""Reports as they go on the wire, read back by somebody else, and those of senders read."""

import pytest

from telegraphone.wire.errors import RemoteProtocolError
from telegraphone.wire.rtp.rtcp import ReportBlock, SenderReport, is_control, receiver_report, sender_reports
from tests import rtcp


@pytest.mark.parametrize("name", ["a", "ab", "abc", "abcd", "0123456789abcdef"])
def test_a_report_and_a_name_of_any_length(name: str) -> None:
    found = rtcp.read(receiver_report(7, name))
    assert (found.reporter, found.blocks, found.names, found.left) == (7, [], {7: name}, [])


@pytest.mark.parametrize("lost", [0, 5, -1, -3, (1 << 23) - 1])
def test_what_is_told_of_a_source(lost: int) -> None:
    said = ReportBlock(0xDEADBEEF, 200, lost, 0x0001_FFFF, 33, 0x1234_5678, 65_536)
    found = rtcp.read(receiver_report(7, "me", [said], goodbye=True))
    assert found.blocks == [rtcp.Block(0xDEADBEEF, 200, lost, 0x0001_FFFF, 33, 0x1234_5678, 65_536)]
    assert found.left == [7]


def test_losses_past_what_can_be_said_stay_at_the_bound() -> None:
    for lost, told in ((1 << 30, (1 << 23) - 1), (-(1 << 30), -(1 << 23))):
        [block] = rtcp.read(receiver_report(7, "me", [ReportBlock(1, 0, lost, 0, 0)])).blocks
        assert block.lost == told


def test_the_middle_of_a_sender_s_time_is_kept() -> None:
    datagram = rtcp.sender_report(9, 0x1122_3344_5566_7788)
    assert sender_reports(datagram) == [SenderReport(9, 0x3344_5566)]
    assert sender_reports(receiver_report(7, "me")) == []


@pytest.mark.parametrize("size", range(1, len(rtcp.sender_report(9, 1))))
def test_what_is_cut_off_is_none(size: int) -> None:
    if size == 28:  # the report alone, which is whole
        return
    with pytest.raises(RemoteProtocolError):
        sender_reports(rtcp.sender_report(9, 1)[:size])


@pytest.mark.parametrize(
    "datagram",
    [
        rtcp.sender_report(9, 1)[28:],
        bytes((0x40, 200, 0, 1, 0, 0, 0, 9)),
        bytes((0x80, 200, 0, 1, 0, 0, 0, 9)),
        bytes((0xA0, 201, 0, 1, 0, 0, 0, 9)) * 2,
    ],
    ids=["no report first", "another version", "a report without a time", "padding that is not last"],
)
def test_what_is_no_compound_packet_is_refused(datagram: bytes) -> None:
    with pytest.raises(RemoteProtocolError):
        sender_reports(datagram)


def test_rtcp_is_told_from_rtp_by_its_second_byte() -> None:
    assert is_control(receiver_report(7, "me"))
    assert not is_control(bytes((0x80, 0x80, 0, 1)))
    assert not is_control(b"\x80")
