"""Sockets that see the packets of other programs' calls as they arrive at this machine: RTP on its way to a PBX here.

Theory. A packet socket is given a copy of what the network delivers to this machine, whoever it is for. Every packet would
have to pass the filter of every such socket, so they stand in one fan-out group: a program of the group picks the only socket
that a destination port belongs to, and then this socket's own filter decides, as a UDP socket's does. It first tests that the
packet is its stream's: unfragmented UDP over IPv4 from the phone to the PBX's port. Then it says how much is delivered: the
headers alone while the gate is shut, everything otherwise. Such a packet begins with its IP header.

The program that opens these sockets needs CAP_NET_RAW; the process that reads them and changes their filters does not. Linux
5.12 and later. `struct sockaddr_ll`, `struct fanout_args` and
`struct tpacket_stats` are those of packet(7).
"""

import ctypes
import ipaddress
import os
import socket
import struct
from collections.abc import Mapping
from typing import Final

from telegraphone.capture import sockets
from telegraphone.limits import PACKET_SOCKETS_MAX
from telegraphone.wire.rtp.packet import HEADER_BYTES

AHEAD_BYTES: Final = 28
"""What stands before the RTP header: an IP header without options and a UDP header."""
UDP_LENGTH_AT: Final = 24
"""Where the UDP header says how long it and its payload are: what comes behind that is padding of the network's."""

_IPV4: Final = 0x0800
_UDP: Final = 17
_NO_OPTIONS: Final = 0x45
_FRAGMENT: Final = 0x3FFF
_SOL_PACKET: Final = 263
_STATISTICS: Final = 6
_FANOUT, _FANOUT_DATA = 18, 22
_FANOUT_BY_PROGRAM: Final = 6
_FANOUT_NEW_ID: Final = 0x2000
_LOAD_BYTE, _LOAD_HALF, _LOAD_WORD = 0x30, 0x28, 0x20
_IF_EQUAL, _IF_SET, _IF_AT_LEAST, _JUMP, _RETURN = 0x15, 0x45, 0x35, 0x05, 0x06
_JUMP_FAR: Final = 255

Instruction = tuple[int, int, int, int]
"""Operation, jump if true, jump if false, constant; loads are counted from the IP header."""


def open_packet_socket(group: int = 0) -> socket.socket:
    """A non-blocking socket in a fan-out group, delivering nothing yet; without `group` the first of a new one. Raises
    PermissionError without CAP_NET_RAW, and OSError."""
    opened = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC, 0)
    try:
        sockets.prepare(opened)
        # Python's bind() wants the name of one interface; this is all of them.
        address = struct.pack("=HHiHBB8x", socket.AF_PACKET, socket.htons(_IPV4), 0, 0, 0, 0)
        if ctypes.CDLL(None, use_errno=True).bind(opened.fileno(), address, len(address)):
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
        kind = _FANOUT_BY_PROGRAM if group else _FANOUT_BY_PROGRAM | _FANOUT_NEW_ID
        opened.setsockopt(_SOL_PACKET, _FANOUT, struct.pack("=HHI", group, kind, PACKET_SOCKETS_MAX))
    except OSError:
        opened.close()
        raise
    return opened


def group_of(opened: socket.socket) -> int:
    """The fan-out group it is in."""
    return opened.getsockopt(_SOL_PACKET, _FANOUT) & 0xFFFF


def lead(group: socket.socket, members: Mapping[int, int]) -> None:
    """Has the group of this socket deliver by destination port: `members` says to which of its sockets, counted in the order
    they joined. Waits until no packet passes the old program any more, which may take 30 ms."""
    _set(group, _SOL_PACKET, _FANOUT_DATA, [(_LOAD_HALF, 0, 0, 22), *_choice(sorted(members.items()))])


def deliver(opened: socket.socket, match: list[Instruction], delivered: int) -> None:
    """From now on packets of this stream are delivered, so many bytes of each, and others not."""
    _set(opened, socket.SOL_SOCKET, sockets.ATTACH_FILTER, [*match, (_RETURN, 0, 0, delivered), (_RETURN, 0, 0, 0)])


def arrived(opened: socket.socket) -> int:
    """How many packets its filter has let in since this was last asked, read or not."""
    return int(struct.unpack("@II", opened.getsockopt(_SOL_PACKET, _STATISTICS, 8))[0])


def is_ipv4(host: str) -> bool:
    """Whether packets of this host can be told from others: its address is of that kind."""
    try:
        ipaddress.IPv4Address(host)
    except ValueError:
        return False
    return True


def stream(source: tuple[str, int], to: tuple[str, int]) -> list[Instruction]:
    """What tells the packets of one stream from others: where they come from and go to; "0.0.0.0" and 0 are any."""
    tests = [(_LOAD_BYTE, 0, _IF_EQUAL, _NO_OPTIONS), (_LOAD_HALF, 6, _IF_SET, _FRAGMENT), (_LOAD_BYTE, 9, _IF_EQUAL, _UDP)]
    for address, port, address_at, port_at in ((*to, 16, 22), (*source, 12, 20)):
        if number := int(ipaddress.IPv4Address(address)):
            tests.append((_LOAD_WORD, address_at, _IF_EQUAL, number))
        if port:
            tests.append((_LOAD_HALF, port_at, _IF_EQUAL, port))
    program: list[Instruction] = []
    for left, (load, at, test, wanted) in enumerate(reversed(tests)):
        refused = 2 * left + 1
        jumps = (refused, 0) if test == _IF_SET else (0, refused)
        program[:0] = [(load, 0, 0, at), (test, *jumps, wanted)]
    return program


def _choice(members: list[tuple[int, int]]) -> list[Instruction]:
    """Halves the ports until one is left; a port that nobody has comes to anyone, whose filter refuses it."""
    if len(members) < 2:
        return [(_RETURN, 0, 0, members[0][1] if members else 0)]
    middle = len(members) // 2
    low, high = _choice(members[:middle]), _choice(members[middle:])
    if len(low) <= _JUMP_FAR:
        return [(_IF_AT_LEAST, len(low), 0, members[middle][0]), *low, *high]
    return [(_IF_AT_LEAST, 0, 1, members[middle][0]), (_JUMP, 0, 0, len(low)), *low, *high]


def _set(opened: socket.socket, level: int, option: int, program: list[Instruction]) -> None:
    code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *each) for each in program), 8 * len(program))
    opened.setsockopt(level, option, struct.pack("@HP", len(program), ctypes.addressof(code)))


EVERYTHING: Final = 0x40000
HEADERS: Final = AHEAD_BYTES + HEADER_BYTES
