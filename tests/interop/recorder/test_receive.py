"""What one drain of a real socket hands to a pipeline: in runs or one by one, cut or whole, stamped or not."""

import socket
import struct
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

import pytest

from telegraphone.capture import receive, sockets
from telegraphone.capture.control import Source
from telegraphone.capture.lane import Lane
from telegraphone.capture.packet_socket import open_packet_socket
from telegraphone.capture.receive import Receiver
from telegraphone.endpoints.media_ports import open_pair
from telegraphone.limits import DRAIN_PACKETS_MAX, RUN_PACKETS_MAX, SEGMENT_FRAMES
from telegraphone.media.gate import Gate
from telegraphone.media.pipeline import Pipeline
from telegraphone.media.timeline import FRAME_NS
from telegraphone.media.track import SegmentsFilled, Track
from tests.unit.media.intake import CODECS, FRAME, moment, packet, voice


@dataclass
class Wire:
    """A sender and a lane on the loopback, gate open."""

    sender: socket.socket
    lane: Lane
    receiver: Receiver
    gate: Gate

    def send(self, *datagrams: bytes) -> None:
        for each in datagrams:
            self.sender.send(each)

    def drain(self, offset_ns: int | None = None) -> None:
        self.receiver.drain(self.lane, time.time_ns() - time.monotonic_ns() if offset_ns is None else offset_ns)

    @property
    def received(self) -> int:
        self.lane.pipeline.leave_run()
        return self.lane.pipeline.counts.received

    @property
    def stored(self) -> bytes:
        self.lane.pipeline.flush()
        return bytes(self.lane.pipeline.track.pending)


@pytest.fixture(params=["our port", "packets to others"])
def wire(request: pytest.FixtureRequest) -> Iterator[Wire]:
    """The recorder's own port, or the kernel's copy of what comes to somebody else's."""
    sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sender.bind(("127.0.0.1", 0))
    rtp, control = open_pair("127.0.0.1", 9_800, sockets.prepare)
    gate = Gate()
    pipeline = Pipeline(Track(0), gate, moment)
    somebody = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    somebody.bind(("127.0.0.1", 0))
    elsewhere = request.param == "packets to others"
    lane = Lane(rtp, control, pipeline, open_packet_socket())
    sender.connect((somebody if elsewhere else rtp).getsockname())
    lane.face(Source(*sender.getsockname(), {}, arrives_at=somebody.getsockname() if elsewhere else None))
    lane.deliver(whole=True)
    pipeline.aim(CODECS, None)
    origin_ns = (time.monotonic_ns() // FRAME_NS - 8_000) * FRAME_NS
    pipeline.start_at(origin_ns)
    gate.open(0, origin_ns)
    yield Wire(sender, lane, Receiver(FRAME, lane.ahead), gate)
    for each in (sender, somebody, lane):
        each.close()


def spoken(first: int, last: int) -> bytes:
    return b"".join(voice(n) for n in range(first, last))


def datagrams(first: int, last: int) -> list[bytes]:
    return [packet(n).to_bytes() for n in range(first, last)]


def test_runs_go_straight(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    wire.send(*datagrams(10, 13))  # behind the wrap of the sequence numbers, which goes the long way
    wire.drain()
    monkeypatch.setattr(wire.lane.pipeline, "receive", lambda *_: pytest.fail("the long way"))
    wire.send(*datagrams(13, 18))
    wire.drain()
    assert wire.stored == spoken(10, 18)


def test_a_flood_waits_for_its_turn(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receive, "DRAIN_PACKETS_MAX", 64)
    wire.send(*datagrams(0, 200))
    wire.drain()
    assert 64 <= wire.received < 64 + RUN_PACKETS_MAX
    for _ in range(3):
        wire.drain()
    assert wire.received == 200


def test_whatever_came_before_a_cut_is_read_in_one_go() -> None:
    """However small: the kernel counts more than its bytes for each."""
    rtp, control = open_pair("127.0.0.1", 9_800, sockets.prepare)
    sockets.enlarge(rtp)
    sockets.deliver_headers(rtp)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender, rtp, control:
        for _ in range(2 * DRAIN_PACKETS_MAX):
            sender.sendto(bytes(12), rtp.getsockname())
        waiting = 0
        with suppress(BlockingIOError):
            while rtp.recv(1):
                waiting += 1
    assert 100 < waiting < DRAIN_PACKETS_MAX


def test_an_unusual_datagram_among_others_disturbs_nothing(wire: Wire) -> None:
    odd = [b"", b"x", bytes(12), bytes(3_000), packet(2, payload=voice(2, 80), ssrc=9).to_bytes(), packet(1).to_bytes()]
    wire.send(*datagrams(0, 2))
    wire.drain()
    wire.send(*datagrams(2, 4), *odd, *datagrams(4, 7))
    wire.drain()
    assert wire.stored == spoken(0, 7)
    assert wire.lane.pipeline.counts.foreign == 5
    assert wire.lane.pipeline.counts.late_or_double == 1


def test_a_filter_leaves_headers_and_no_audio(wire: Wire) -> None:
    wire.send(*datagrams(0, 3))
    wire.drain()
    wire.lane.deliver(whole=False)
    wire.gate.shut(wire.lane.pipeline.track.head)
    wire.send(*datagrams(3, 6))
    seen = wire.lane.rtp.recv(2_048, socket.MSG_PEEK)
    assert seen[wire.lane.ahead :] == datagrams(3, 4)[0][:12]
    wire.drain()
    wire.drain()
    assert wire.stored == spoken(0, 3)
    assert wire.lane.pipeline.counts.withheld == 3


def test_before_the_source_is_known_nothing_is_delivered(wire: Wire) -> None:
    wire.lane.deaf = True
    wire.lane.deliver(whole=True)
    wire.send(*datagrams(0, 3))
    wire.drain()
    assert wire.lane.pipeline.counts.received == 0


def test_when_the_clock_was_set_arrival_is_now(wire: Wire) -> None:
    wire.send(*datagrams(0, 3))
    wire.drain()
    wire.send(*datagrams(3, 8))
    wire.drain(0)
    assert wire.stored == spoken(0, 8)
    assert wire.lane.pipeline.counts.breaches == 0


def test_what_the_kernel_had_no_room_for_is_counted(wire: Wire) -> None:
    wire.lane.rtp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
    wire.send(*datagrams(0, 100))
    wire.drain()
    wire.send(*datagrams(100, 103))
    wire.drain()
    assert wire.lane.drops > 50


def test_a_short_packet_under_the_right_header_is_no_run(wire: Wire) -> None:
    wire.send(*datagrams(10, 13))
    wire.drain()
    wire.send(*datagrams(13, 14), packet(14, payload=voice(14, 80)).to_bytes(), *datagrams(15, 17))
    wire.drain()
    assert wire.stored == spoken(10, 14) + voice(14, 80) + b"\xff" * 80 + spoken(15, 17)


def test_what_a_network_has_padded_is_no_audio() -> None:
    """Ethernet makes small packets larger; the kernel's copy of a packet is from before anybody cut that off."""
    lane = Lane(*open_pair("127.0.0.1", 9_800, sockets.prepare), Pipeline(Track(0), Gate(), moment), open_packet_socket())
    lane.face(Source("192.0.2.1", 4_000, {}, arrives_at=("192.0.2.2", 5_000)))
    lane.deliver(whole=True)
    lane.pipeline.aim(CODECS, None)
    origin_ns = (time.monotonic_ns() // FRAME_NS - 8_000) * FRAME_NS
    lane.pipeline.start_at(origin_ns)
    lane.pipeline.gate.open(0, origin_ns)
    rtp = packet(0, payload=voice(0, 80)).to_bytes()
    udp = struct.pack(">HHHH", 4_000, 5_000, 8 + len(rtp), 0) + rtp
    ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0, bytes((192, 0, 2, 1)), bytes((192, 0, 2, 2)))
    with socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0) as raw:
        raw.sendto(ip + udp + bytes(6), ("lo", 0x0800))
    Receiver(FRAME, lane.ahead).drain(lane, time.time_ns() - time.monotonic_ns())
    lane.pipeline.flush()
    assert bytes(lane.pipeline.track.pending) == voice(0, 80)
    lane.close()


def test_what_would_not_fill_a_segment_stays_in_the_kernel_until_it_is_old(wire: Wire) -> None:
    packets, offset_ns, now_ns = SEGMENT_FRAMES // FRAME, time.time_ns() - time.monotonic_ns(), time.monotonic_ns()
    track = wire.lane.pipeline.track
    wire.send(*datagrams(50, 53))
    wire.receiver.drain(wire.lane, offset_ns, now_ns)
    first = track.head - 3 * FRAME
    wire.send(*datagrams(53, 50 + 2 * packets + 5))
    wire.receiver.drain(wire.lane, offset_ns, now_ns)
    assert (track.head - first, len(track.pending)) == (SEGMENT_FRAMES, 0)
    # What has waited too long is read, and may be more than a segment.
    wire.receiver.drain(wire.lane, offset_ns, time.monotonic_ns())
    assert (track.head - first, len(track.pending)) == (2 * SEGMENT_FRAMES + 5 * FRAME, 5 * FRAME)
    filled = b"".join(item.audio for item in track.output if isinstance(item, SegmentsFilled))
    assert filled + wire.stored == spoken(50, 50 + 2 * packets + 5)


def test_a_packet_that_others_wait_for_is_not_left_in_the_kernel(wire: Wire) -> None:
    offset_ns, now_ns = time.time_ns() - time.monotonic_ns(), time.monotonic_ns()
    wire.send(*datagrams(50, 53))
    wire.receiver.drain(wire.lane, offset_ns, now_ns)
    time.sleep(0.7)  # the others have been said by now
    wire.send(*datagrams(53, 60), *datagrams(61, 78))
    time.sleep(0.07)  # longer than anything waits for number 60
    wire.send(*datagrams(78, 80), *datagrams(81, 82), *datagrams(80, 81), *datagrams(82, 83))
    wire.receiver.drain(wire.lane, offset_ns, now_ns)
    wire.lane.pipeline.drained(time.monotonic_ns() + 100_000_000)
    filled = b"".join(item.audio for item in wire.lane.pipeline.track.output if isinstance(item, SegmentsFilled))
    assert filled + wire.stored == spoken(50, 60) + b"\xff" * FRAME + spoken(61, 83)
