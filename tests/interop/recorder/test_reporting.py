"""What a source is told of its packets: on the port beside its audio's or on the same, in the clear or encrypted (RTCP)."""

import socket
import time
from collections.abc import Iterator

import pytest
from pylibsrtp import Policy, Session

from telegraphone.capture import sockets
from telegraphone.capture.control import Reports, Source
from telegraphone.capture.converting import ConvertingReceiver, codecs_kept
from telegraphone.capture.lane import Lane
from telegraphone.capture.receive import Receiver
from telegraphone.endpoints.media_ports import SocketPair, open_any_pair, open_pair
from telegraphone.media.gate import Gate
from telegraphone.media.pipeline import Pipeline
from telegraphone.media.track import Track
from tests import rtcp
from tests.unit.media.intake import FRAME, moment, packet

SUITE, KEY, OWN_KEY = "AES_CM_128_HMAC_SHA1_80", bytes(range(30)), bytes(range(50, 80))
NTP = 0x1122_3344_5566_7788
WAIT_S = 25.0


class Far:
    """The source's two sockets, and what it reads of our reports."""

    def __init__(self, pair: SocketPair, *, muxed: bool, encrypted: bool) -> None:
        self.pair, self.muxed, self.encrypted = pair, muxed, encrypted
        self.hearing = pair[0] if muxed else pair[1]
        self.hearing.setblocking(True)
        self.hearing.settimeout(WAIT_S)
        self._opening = Session(Policy(OWN_KEY, Policy.SSRC_ANY_INBOUND))
        self._sealing = Session(Policy(KEY, Policy.SSRC_ANY_OUTBOUND))

    @property
    def source(self) -> Source:
        host, port = self.pair[0].getsockname()
        reports = Reports(*self.hearing.getsockname(), self.muxed, OWN_KEY if self.encrypted else b"")
        suite, key = (SUITE, KEY) if self.encrypted else ("", b"")
        return Source(host, port, {"0": "PCMU"}, suite=suite, key=key, reports=reports)

    def speak(self, *numbers: int, to: socket.socket) -> None:
        for number in numbers:
            data = packet(number).to_bytes()
            self.pair[0].sendto(self._sealing.protect(data) if self.encrypted else data, to.getsockname())

    def report(self, data: bytes, to: tuple[socket.socket, socket.socket]) -> None:
        sealed = self._sealing.protect_rtcp(data) if self.encrypted else data
        self.hearing.sendto(sealed, to[0 if self.muxed else 1].getsockname())

    def heard(self) -> rtcp.Compound:
        data = self.hearing.recv(2_048)
        return rtcp.read(self._opening.unprotect_rtcp(data) if self.encrypted else data)


@pytest.fixture(params=["beside", "muxed", "beside, encrypted", "muxed, encrypted"])
def far(request: pytest.FixtureRequest) -> Iterator[Far]:
    pair = open_any_pair("127.0.0.1")
    yield Far(pair, muxed="muxed" in request.param, encrypted="encrypted" in request.param)
    for each in pair:
        each.close()


@pytest.fixture
def pair() -> Iterator[SocketPair]:
    opened = open_pair("127.0.0.1", 9_700, sockets.prepare)
    yield opened
    for each in opened:
        each.close()


def lane_for(source: Source, pair: SocketPair) -> Lane:
    """A lane aimed at this source, its gate shut: reports do not depend on what is kept."""
    lane = Lane(*pair, Pipeline(Track(0), Gate(), moment))
    lane.deaf = not source.host
    if source.host:
        lane.face(source)
        lane.converting = ConvertingReceiver.wanted(source, None)
        lane.pipeline.aim(codecs_kept(source), None)
    lane.report_to(source)
    lane.deliver(whole=True)
    return lane


def offset_ns() -> int:
    return time.time_ns() - time.monotonic_ns()


def drain(lane: Lane) -> None:
    (lane.converting or Receiver(FRAME)).drain(lane, offset_ns())


def tell(lane: Lane) -> None:
    """A report is due, now."""
    assert lane.reporting is not None
    lane.reporting.due_ns = 0
    lane.pipeline.reception.measuring = True
    lane.report(time.monotonic_ns(), offset_ns())


def test_a_source_is_told_what_came_and_when_its_own_report_did(far: Far, pair: SocketPair) -> None:
    lane = lane_for(far.source, pair)
    far.speak(0, 1, 2, 3, 6, 7, to=pair[0])
    drain(lane)
    tell(lane)
    first = far.heard()
    [block] = first.blocks
    assert (block.ssrc, block.lost, block.fraction_lost, block.highest) == (7, 2, 64, 65_530 + 7)
    assert (block.sent_at, block.since) == (0, 0)
    assert list(first.names) == [first.reporter]

    far.speak(8, 9, to=pair[0])
    sent = time.monotonic()
    far.report(rtcp.sender_report(7, NTP), pair)
    far.speak(10, to=pair[0])
    time.sleep(0.2)
    drain(lane)
    tell(lane)
    second = far.heard()
    [block] = second.blocks
    assert (second.reporter, second.names) == (first.reporter, first.names)
    assert (block.lost, block.fraction_lost, block.highest) == (2, 0, 65_530 + 10)
    assert block.sent_at == 0x3344_5566
    assert 0.19 <= block.since / 65_536 <= time.monotonic() - sent + 0.01
    # A sender who sends all at once and then waits is not even; what is told of it is in ticks of its clock.
    assert 0 < block.jitter < 8_000
    # What accompanies the audio is none of it.
    assert (lane.pipeline.counts.received, lane.pipeline.counts.foreign) == (9, 0)

    lane.close()
    last = far.heard()
    assert (last.left, last.blocks) == ([first.reporter], [])


def test_strangers_and_nonsense_change_nothing(far: Far, pair: SocketPair) -> None:
    lane = lane_for(far.source, pair)
    far.speak(0, 1, to=pair[0])
    far.report(rtcp.sender_report(8, NTP), pair)
    far.hearing.sendto(b"\x80\xc8\0\x01" + bytes(40), pair[0 if far.muxed else 1].getsockname())
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.sendto(rtcp.sender_report(7, NTP), pair[0 if far.muxed else 1].getsockname())
    if far.encrypted:
        far.hearing.sendto(rtcp.sender_report(7, NTP), pair[0 if far.muxed else 1].getsockname())
    drain(lane)
    tell(lane)
    [block] = far.heard().blocks
    assert (block.ssrc, block.sent_at, block.since) == (7, 0, 0)


def test_the_packets_right_before_a_report_are_measured_and_only_those(far: Far, pair: SocketPair) -> None:
    lane = lane_for(far.source, pair)
    tell(lane)
    assert far.heard().blocks == []
    assert not lane.pipeline.reception.measuring
    assert lane.reporting is not None
    lane.reporting.due_ns = time.monotonic_ns() + 10**9
    lane.report(time.monotonic_ns(), offset_ns())
    assert not lane.pipeline.reception.measuring
    lane.reporting.due_ns = 0
    lane.report(time.monotonic_ns(), offset_ns())
    assert lane.pipeline.reception.measuring
    far.speak(*range(20), to=pair[0])
    drain(lane)
    lane.report(time.monotonic_ns(), offset_ns())
    assert far.heard().blocks[0].jitter > 0


def test_who_is_held_is_told_and_another_description_with_the_same_keys_goes_on(far: Far, pair: SocketPair) -> None:
    held = Source("", 0, {}, suite=far.source.suite, key=far.source.key, reports=far.source.reports)
    lane = lane_for(held, pair)
    tell(lane)
    first = far.heard()
    lane.deaf = False
    lane.face(far.source)
    lane.report_to(far.source)
    tell(lane)
    # Sealed by the same keys, a count that began anew would not be opened: it would be a replay.
    assert far.heard().reporter == first.reporter
    lane.report_to(Source("", 0, {}))
    assert lane.reporting is None


def test_a_source_whose_port_is_closed_takes_nothing_from_what_it_sends(far: Far, pair: SocketPair) -> None:
    lane = lane_for(far.source, pair)
    source = far.source
    for each in far.pair:
        each.close()
    tell(lane)
    far.pair = open_pair(source.host, source.port)
    far.speak(0, 1, 2, to=pair[0])
    drain(lane)
    assert lane.pipeline.counts.received == 3


def test_keys_are_shown_nowhere(far: Far) -> None:
    for key in (KEY, OWN_KEY):
        assert repr(key) not in repr(far.source) + repr(far.source.reports)
