"""UDP sockets for one track, and the filters with which the kernel keeps out of our memory what must not be in it.

A classic BPF program of one instruction says how many bytes of each datagram are delivered, counted from the UDP header:
none before the source is known, the RTP header and no audio while the gate is shut, all of it otherwise. Changing it
needs no privilege and is one atomic step for the kernel.
"""

import ctypes
import errno
import resource
import socket
import struct
from collections.abc import Iterable
from typing import Final

from telegraphone.limits import RECEIVE_BUFFER_BYTES

ATTACH_FILTER: Final = 26
_DETACH_FILTER: Final = 27
TIMESTAMP_NS: Final = 35
QUEUE_OVERFLOW: Final = 40
_RECEIVE_BUFFER_FORCE: Final = 33
_MEMORY_FIGURES: Final = 55
_MEMORY_FIGURES_COUNT: Final = 9
ANCILLARY_BYTES: Final = 128
"""Room for what `prepare` has the kernel tell of a datagram."""
_STAMP: Final = struct.Struct("@qq")
_RETURN: Final = 0x06
_UDP_HEADER_BYTES: Final = 8
_RTP_HEADER_BYTES: Final = 12


def _program(delivered: int) -> tuple[bytes, ctypes.Array[ctypes.c_char]]:
    # The instruction must stay where its address points as long as the program is used.
    instruction = ctypes.create_string_buffer(struct.pack("=HBBI", _RETURN, 0, 0, delivered), 8)
    return struct.pack("@HP", 1, ctypes.addressof(instruction)), instruction


_NOTHING: Final = _program(0)
_HEADERS: Final = _program(_UDP_HEADER_BYTES + _RTP_HEADER_BYTES)


def prepare(opened: socket.socket) -> None:
    """Has the kernel deliver nothing yet, and tell the time and the losses of what it delivers later. Raises OSError."""
    deliver_nothing(opened)
    opened.setsockopt(socket.SOL_SOCKET, TIMESTAMP_NS, 1)
    opened.setsockopt(socket.SOL_SOCKET, QUEUE_OVERFLOW, 1)


def received_ns(ancillary: Iterable[tuple[int, int, bytes]], offset_ns: int, latest_ns: int) -> int:
    """The monotonic instant at which a datagram came: by its stamp, from which `offset_ns` is taken (see `Receiver.drain`), and
    whatever that says no later than `latest_ns`."""
    for _, kind, data in ancillary:
        if kind == TIMESTAMP_NS:
            seconds, nanoseconds = _STAMP.unpack_from(data)
            stamped_ns: int = seconds * 1_000_000_000 + nanoseconds - offset_ns
            return min(stamped_ns, latest_ns)
    return latest_ns


def enlarge(receiving: socket.socket) -> None:
    """Asks for a receive buffer of B seconds; past the system's limit only with privilege, and less is no error."""
    try:
        receiving.setsockopt(socket.SOL_SOCKET, _RECEIVE_BUFFER_FORCE, RECEIVE_BUFFER_BYTES)
    except OSError as error:
        if error.errno != errno.EPERM:
            raise
        receiving.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)


def deliver_nothing(receiving: socket.socket) -> None:
    """Every datagram is thrown away on arrival."""
    receiving.setsockopt(socket.SOL_SOCKET, ATTACH_FILTER, _NOTHING[0])


def deliver_headers(receiving: socket.socket) -> None:
    """Datagrams that arrive from now on are cut to their RTP header."""
    receiving.setsockopt(socket.SOL_SOCKET, ATTACH_FILTER, _HEADERS[0])


def deliver_all(receiving: socket.socket) -> None:
    """Datagrams that arrive from now on are whole."""
    try:
        receiving.setsockopt(socket.SOL_SOCKET, _DETACH_FILTER, 0)
    except OSError as error:
        if error.errno != errno.ENOENT:  # there was no filter
            raise


def fill(receiving: socket.socket) -> tuple[int, int]:
    """How much waits in it, in bytes of the kernel's memory, and how many datagrams it has not kept since it was opened."""
    figures = receiving.getsockopt(socket.SOL_SOCKET, _MEMORY_FIGURES, 4 * _MEMORY_FIGURES_COUNT)
    waiting, *_, dropped = struct.unpack(f"@{_MEMORY_FIGURES_COUNT}I", figures)
    return waiting, dropped


def throw_away(receiving: socket.socket) -> None:
    """What waits is taken from the kernel and not kept."""
    try:
        while True:
            receiving.recv(1)
    except OSError:
        return


def raise_file_limit() -> None:
    """A recording takes four sockets and up to three files: asks for all the descriptors this process may have."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
