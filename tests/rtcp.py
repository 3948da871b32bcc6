"""Reads compound RTCP as its receiver would (RFC 3550 section 6 and appendix A.2), knowing nothing of who wrote it."""

import struct
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Block:
    ssrc: int
    fraction_lost: int
    lost: int
    highest: int
    jitter: int
    sent_at: int
    since: int


@dataclass
class Compound:
    """What one datagram of RTCP says."""

    reporter: int = -1
    blocks: list[Block] = field(default_factory=list)
    names: dict[int, str] = field(default_factory=dict)
    left: list[int] = field(default_factory=list)


def read(datagram: bytes) -> Compound:
    """The datagram, every length of which must be right, and which must begin with a receiver report."""
    found, rest = Compound(), datagram
    while rest:
        first, kind, words = struct.unpack_from(">BBH", rest)
        assert first >> 5 == 0b100, "version 2, no padding"
        count, content, rest = first & 0x1F, rest[4 : 4 * (words + 1)], rest[4 * (words + 1) :]
        assert len(content) == 4 * words
        assert (found.reporter == -1) == (kind == 201), "the report comes first, and once"
        if kind == 201:
            (found.reporter,) = struct.unpack_from(">I", content)
            assert len(content) == 4 + 24 * count
            found.blocks = [_block(content[4 + 24 * n : 28 + 24 * n]) for n in range(count)]
        elif kind == 202:
            assert count == 1
            found.names |= _chunk(content)
        else:
            assert kind == 203
            found.left += struct.unpack(f">{count}I", content)
    return found


def sender_report(ssrc: int, ntp: int) -> bytes:
    """What a sender says of its time, with its name."""
    report = struct.pack(">BBHIQIII", 0x80, 200, 6, ssrc, ntp, 0, 0, 0)
    return report + struct.pack(">BBHI", 0x81, 202, 3, ssrc) + b"\x01\x05c@src" + b"\0"


def _block(data: bytes) -> Block:
    ssrc, lost, *rest = struct.unpack(">IIIIII", data)
    fraction, number = lost >> 24, lost & 0xFFFFFF
    return Block(ssrc, fraction, number - (1 << 24) if number >> 23 else number, *rest)


def _chunk(content: bytes) -> dict[int, str]:
    (ssrc,) = struct.unpack_from(">I", content)
    kind, length = content[4:6]
    assert kind == 1, "CNAME"
    padding = content[6 + length :]
    assert 1 <= len(padding) <= 4
    assert not any(padding)
    return {ssrc: content[6 : 6 + length].decode()}
