"""Packs packets onto pages of an Ogg stream (RFC 3533)."""

import struct
from collections.abc import Sequence
from typing import Final

CONTINUES: Final = 0
BEGINS: Final = 2
ENDS: Final = 4
"""What a page is to its stream: somewhere in it, its first, its last (RFC 3533 section 6)."""

_PAGE: Final = struct.Struct("<4sBBqIII B")
_CHECKSUM: Final = slice(22, 26)
_SERIAL: Final = 1
_POLYNOMIAL: Final = 0x04C11DB7
_LACING_MAX: Final = 255


def page_bytes(packets: int, packet_bytes: int) -> int:
    """Bytes of a page of so many packets, each shorter than 255 bytes."""
    return _PAGE.size + packets * (1 + packet_bytes)


def page(packets: Sequence[bytes], granule: int, number: int, kind: int) -> bytes:
    """A page of whole packets, each shorter than 255 bytes."""
    assert all(len(packet) < _LACING_MAX for packet in packets)
    made = bytearray(_PAGE.pack(b"OggS", 0, kind, granule, _SERIAL, number, 0, len(packets)))
    made += bytes(len(packet) for packet in packets)
    for packet in packets:
        made += packet
    made[_CHECKSUM] = _checksum(made).to_bytes(4, "little")
    return bytes(made)


def _entry(byte: int) -> int:
    value = byte << 24
    for _ in range(8):
        value = (value << 1) ^ (_POLYNOMIAL if value & 0x8000_0000 else 0)
    return value & 0xFFFF_FFFF


_TABLE: Final = tuple(_entry(byte) for byte in range(256))


def _checksum(data: bytes | bytearray) -> int:
    """The CRC of RFC 3533 section 6, which neither `zlib` nor `binascii` knows: bits go out at the other end."""
    value = 0
    for byte in data:
        value = ((value << 8) & 0xFFFF_FFFF) ^ _TABLE[(value >> 24) ^ byte]
    return value
