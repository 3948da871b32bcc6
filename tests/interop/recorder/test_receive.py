"""What one drain of a real socket hands to a pipeline: in runs or one by one, cut or whole, stamped or not."""

import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from telegraphone.capture import sockets
from telegraphone.capture.receive import Receiver
from telegraphone.capture.tap import Lane
from telegraphone.endpoints.media_ports import open_pair
from telegraphone.media.gate import Gate
from telegraphone.media.pipeline import Pipeline
from telegraphone.media.timeline import FRAME_NS
from telegraphone.media.track import Track
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
    def stored(self) -> bytes:
        self.lane.pipeline.flush()
        return bytes(self.lane.pipeline.track.pending)


@pytest.fixture
def wire() -> Iterator[Wire]:
    sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sender.bind(("127.0.0.1", 0))
    rtp, control = open_pair("127.0.0.1", 11_800, sockets.prepare)
    sender.connect(rtp.getsockname())
    rtp.connect(sender.getsockname())
    sockets.deliver_all(rtp)
    gate = Gate()
    pipeline = Pipeline(Track(0), gate, moment)
    pipeline.aim(CODECS, None)
    origin_ns = (time.monotonic_ns() // FRAME_NS - 8_000) * FRAME_NS
    pipeline.start_at(origin_ns)
    gate.open(0, origin_ns)
    yield Wire(sender, Lane(rtp, control, pipeline), Receiver(FRAME), gate)
    for each in (sender, rtp, control):
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
    sockets.deliver_headers(wire.lane.rtp)
    wire.gate.shut(wire.lane.pipeline.track.head)
    wire.send(*datagrams(3, 6))
    seen = wire.lane.rtp.recv(2_048, socket.MSG_PEEK)
    assert seen == datagrams(3, 4)[0][:12]
    wire.drain()
    wire.drain()
    assert wire.stored == spoken(0, 3)
    assert wire.lane.pipeline.counts.withheld == 3


def test_before_the_source_is_known_nothing_is_delivered(wire: Wire) -> None:
    sockets.deliver_nothing(wire.lane.rtp)
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
