"""Reads what waits in a socket in as few system calls and as few steps of Python as possible.

One `recvmmsg` takes up to RUN_PACKETS_MAX datagrams of one stream. Each is scattered as it is copied: its RTP header to one
array, its payload of the expected size to another, anything beyond to a spill. A run of ordinary packets therefore lies in
memory as two pieces, all headers and all audio, which is what the straight path of `media.pipeline` compares and copies at
once; whatever is unusual is put together again and goes packet by packet.

The system call goes through ctypes' PyDLL, which keeps the interpreter's lock: the call never blocks, and letting go of the
lock 10,000 times a second with a writer thread waiting for it costs more than the calls themselves.
"""

import ctypes
import struct
import sys
import time
from collections.abc import Callable
from functools import cache
from typing import Final, Protocol

from telegraphone.capture.packet_socket import UDP_LENGTH_AT
from telegraphone.capture.reporting import Reporting
from telegraphone.limits import DRAIN_PACKETS_MAX, RUN_PACKETS_MAX
from telegraphone.media.pipeline import Pipeline
from telegraphone.wire.errors import RemoteProtocolError
from telegraphone.wire.rtp.packet import HEADER_BYTES, read_cut_packet, read_packet
from telegraphone.wire.rtp.rtcp import is_control

_DATAGRAM_BYTES: Final = 2_048
_CONTROL_BYTES: Final = 64
_STAMP_ONLY_BYTES: Final = 32
_MESSAGE_BYTES: Final = 64
_UDP_HEADER_BYTES: Final = 8
_TRUNCATED: Final = 0x20
_DONTWAIT: Final = 0x40
_STAMP: Final = struct.Struct("@qq")
_DROPS: Final = struct.Struct("@I")
_CONTROL_LENGTH: Final = struct.Struct("@Q")
_FLAGS: Final = struct.Struct("@I")
_IOVEC: Final = struct.Struct("@PN")
_MESSAGE: Final = struct.Struct("@PIPNPNixxxxIxxxx")


class Lane(Protocol):
    """What a receiver fills: one socket and the track behind it."""

    descriptor: int
    pipeline: Pipeline
    drops: int
    reporting: Reporting | None


class Receiver:
    """Buffers for one size of payload; shared by all streams that send it, used by one thread."""

    def __init__(self, frames: int, ahead: int = 0) -> None:
        """`ahead` bytes of other protocols stand before the RTP header in what is received (see `packet_socket`)."""
        self._frames = frames
        self._ahead = ahead
        self._lower = bytearray(ahead * RUN_PACKETS_MAX)
        self._headers = bytearray(HEADER_BYTES * RUN_PACKETS_MAX)
        self._audio = bytearray(frames * RUN_PACKETS_MAX)
        self._spill = bytearray(_DATAGRAM_BYTES * RUN_PACKETS_MAX)
        self._control = bytearray(_CONTROL_BYTES * RUN_PACKETS_MAX)
        self._vectors = bytearray(4 * _IOVEC.size * RUN_PACKETS_MAX)
        self._messages = bytearray(_MESSAGE_BYTES * RUN_PACKETS_MAX)
        self._audio_view = memoryview(self._audio)
        self._message_view = memoryview(self._messages)
        self._sizes = self._message_view.cast("I")[14::16]
        self._template = self._laid_out(_CONTROL_BYTES, 0)
        self._address = _address(self._messages)
        self._whole = _beginnings(self._laid_out(_STAMP_ONLY_BYTES, ahead + HEADER_BYTES + frames))
        self._cut = _beginnings(self._laid_out(_STAMP_ONLY_BYTES, ahead + HEADER_BYTES))
        self._call = _recvmmsg()

    def drain(self, lane: Lane, offset_ns: int, enough_ns: int | None = None) -> None:
        """Reads the lane's socket until it is empty, or DRAIN_PACKETS_MAX have come, and hands everything to its pipeline.
        `offset_ns` is what the system clock, by which the kernel stamps packets, is ahead of the monotonic one; 0 when it was
        just set, so that the stamps mean nothing: then everything was received now. With `enough_ns` what was received since
        that instant may stay where it is, if it comes after a whole number of segments."""
        pipeline = lane.pipeline
        messages, whole, cut = self._messages, self._whole, self._cut
        most = DRAIN_PACKETS_MAX
        while most > 0:
            wanted = RUN_PACKETS_MAX if enough_ns is None else _wanted(pipeline)
            self._message_view[:] = self._template
            count = self._call(lane.descriptor, self._address, wanted, _DONTWAIT, 0)
            if count < 0 and lane.reporting is not None:
                # Where a report could not be delivered, that is said once before what waits.
                count = self._call(lane.descriptor, self._address, wanted, _DONTWAIT, 0)
            if count <= 0:
                return
            most -= count
            first_ns = self._received_ns(0, offset_ns)
            last_ns = self._received_ns(count - 1, offset_ns)
            # What the kernel wrote about n ordinary packets is known beforehand: one comparison finds anything unusual.
            if messages.startswith(whole[count]):
                audio = self._audio_view[: count * self._frames]
                taken = pipeline.receive_run(self._headers[: HEADER_BYTES * count], audio, first_ns, last_ns)
            else:
                taken = messages.startswith(cut[count]) and pipeline.receive_cut_run(
                    self._headers[: HEADER_BYTES * count], last_ns
                )
            if not taken:
                self._one_by_one(lane, count, offset_ns)
            elif pipeline.reception.measuring:
                received = [self._received_ns(index, offset_ns) for index in range(count)]
                pipeline.reception.observe_run(received, pipeline.frames)
            if count < wanted or (enough_ns is not None and last_ns > enough_ns and at_border(pipeline)):
                return

    def _one_by_one(self, lane: Lane, count: int, offset_ns: int) -> None:
        """The long way; what can go straight again behind the unusual packet does."""
        pipeline = lane.pipeline
        sizes = self._sizes[:count].tolist()
        if self._ahead:
            sizes = [self._payload_bytes(index, size) for index, size in enumerate(sizes)]
        # Whatever the system clock says, nothing was received later than now.
        latest_ns = time.monotonic_ns()
        for index, size in enumerate(sizes):
            if _FLAGS.unpack_from(self._messages, _MESSAGE_BYTES * index + 48)[0] & _TRUNCATED:
                pipeline.counts.refuse()
                continue
            received_ns = min(self._received_ns(index, offset_ns), latest_ns)
            datagram = self._joined(index, size)
            if lane.reporting is not None and is_control(datagram):
                lane.reporting.hear(datagram, received_ns)
                continue
            hand_over(pipeline, datagram, received_ns)
            if pipeline.foretold and self._rest(pipeline, sizes, index + 1, offset_ns):
                break
        pipeline.drained(min(self._received_ns(count - 1, offset_ns), latest_ns))
        if _CONTROL_LENGTH.unpack_from(self._messages, _MESSAGE_BYTES * (count - 1) + 40)[0] > _STAMP_ONLY_BYTES:
            _overflowed(lane, _DROPS.unpack_from(self._control, _CONTROL_BYTES * (count - 1) + 48)[0])

    def _rest(self, pipeline: Pipeline, sizes: list[int], start: int, offset_ns: int) -> bool:
        """Tries the straight path with all packets from `start` on, of which there is at least one."""
        stop = len(sizes)
        if start == stop:
            return False
        headers = self._headers[HEADER_BYTES * start : HEADER_BYTES * stop]
        last_ns = self._received_ns(stop - 1, offset_ns)
        if all(size == HEADER_BYTES for size in sizes[start:]):
            return pipeline.receive_cut_run(headers, last_ns)
        if pipeline.frames != self._frames or any(size != HEADER_BYTES + self._frames for size in sizes[start:]):
            return False
        audio = self._audio_view[start * self._frames : stop * self._frames]
        return pipeline.receive_run(headers, audio, self._received_ns(start, offset_ns), last_ns)

    def _payload_bytes(self, index: int, size: int) -> int:
        """What of a packet of this size is the UDP payload: a network may have padded it."""
        at = self._ahead * index + UDP_LENGTH_AT
        stated = int.from_bytes(self._lower[at : at + 2], "big") - _UDP_HEADER_BYTES
        return max(0, min(size - self._ahead, stated))

    def _received_ns(self, index: int, offset_ns: int) -> int:
        if not offset_ns:
            return time.monotonic_ns()
        seconds, nanoseconds = _STAMP.unpack_from(self._control, _CONTROL_BYTES * index + 16)
        stamped_ns: int = seconds * 1_000_000_000 + nanoseconds - offset_ns
        return stamped_ns

    def _joined(self, index: int, size: int) -> bytes:
        """Datagram `index` in one piece."""
        header = self._headers[HEADER_BYTES * index : HEADER_BYTES * index + min(size, HEADER_BYTES)]
        start = self._frames * index
        audio = self._audio[start : start + max(0, min(size - HEADER_BYTES, self._frames))]
        spill = max(0, size - HEADER_BYTES - self._frames)
        return bytes(header + audio + self._spill[_DATAGRAM_BYTES * index : _DATAGRAM_BYTES * index + spill])

    def _laid_out(self, control_bytes: int, size: int) -> bytes:
        """The message headers: as every call must find them, or as it leaves them for packets of one size."""
        template = bytearray(len(self._messages))
        parts = [(self._headers, HEADER_BYTES), (self._audio, self._frames), (self._spill, _DATAGRAM_BYTES)]
        if self._ahead:
            parts.insert(0, (self._lower, self._ahead))
        places = [(_address(buffer), room) for buffer, room in parts]
        control, vectors = _address(self._control), _address(self._vectors)
        for i in range(RUN_PACKETS_MAX):
            for j, (start, room) in enumerate(places):
                _IOVEC.pack_into(self._vectors, (4 * i + j) * _IOVEC.size, start + i * room, room)
            vector, stamps = vectors + 4 * i * _IOVEC.size, control + i * _CONTROL_BYTES
            _MESSAGE.pack_into(template, i * _MESSAGE_BYTES, 0, 0, vector, len(places), stamps, control_bytes, 0, size)
        return bytes(template)


def _beginnings(template: bytes) -> list[bytes]:
    """The first n message headers, for each n."""
    return [template[: _MESSAGE_BYTES * n] for n in range(RUN_PACKETS_MAX + 1)]


def at_border(pipeline: Pipeline) -> bool:
    """Whether what has been read fills segments, and nothing of it waits for a packet that may be among what has not."""
    return pipeline.track.at_border and not pipeline.busy


def _wanted(pipeline: Pipeline) -> int:
    """How many packets fill the segment that has begun, when none is missing; at most RUN_PACKETS_MAX."""
    if not pipeline.track.codec or not pipeline.gate.is_open:
        return RUN_PACKETS_MAX
    return min(RUN_PACKETS_MAX, -(-pipeline.track.missing // pipeline.frames))


def hand_over(pipeline: Pipeline, datagram: bytes, received_ns: int) -> None:
    """One datagram as it came to its pipeline, if it is RTP."""
    read = read_cut_packet if len(datagram) == HEADER_BYTES else read_packet
    try:
        packet = read(datagram)
    except RemoteProtocolError:
        pipeline.counts.refuse()
        return
    pipeline.receive(packet, received_ns)


def _overflowed(lane: Lane, drops: int) -> None:
    if drops != lane.drops:
        lane.pipeline.overflowed((drops - lane.drops) & 0xFFFFFFFF)
        lane.drops = drops


def _address(buffer: bytearray) -> int:
    return ctypes.addressof((ctypes.c_char * len(buffer)).from_buffer(buffer))


@cache
def _recvmmsg() -> Callable[[int, int, int, int, int], int]:
    if sys.platform != "linux" or _MESSAGE.size != _MESSAGE_BYTES:
        raise OSError("the recorder needs Linux on a 64-bit machine")
    function = ctypes.PyDLL(None).recvmmsg
    function.argtypes = (ctypes.c_int, ctypes.c_void_p, ctypes.c_uint, ctypes.c_int, ctypes.c_void_p)
    function.restype = ctypes.c_int
    return function
