"""The plain header that opens every sealed file: which recording, which stream, which key, at which rate.

Theory. A sealed file is a header of H bytes followed by sealed units of one size, so that a place in the audio is a place
in the file by arithmetic (docs/reference/recording-format.md). The header's hash is authenticated with every unit, so a
header cannot be exchanged; its `commit` binds the file to one data key. It holds ids only, no name and no number.

    offset 0 magic (8) · 8 version (u16) · 10 H (u16) · 12 length of the JSON (u32) · 16 canonical JSON · zeros to H
"""

import re
import struct
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import msgspec

from telegraphone.limits import SEALED_HEADER_BYTES_MAX, SEALED_SEGMENT_BYTES_MAX
from telegraphone.media.canonical import canonical
from telegraphone.media.errors import DamagedHeader

ALGORITHM: Final = "A256GCM-STREAM-1"
MAGIC: Final = b"TGREC\r\n\x1a"
VERSION: Final = 1
TAG_BYTES: Final = 16
JOURNAL_CODEC: Final = "JOURNAL"
FRAME_BYTES: Final = {"PCMU": 1, "PCMA": 1, "L16": 2}
"""Stored bytes of one frame (one sample of one stream) by codec."""

FILLER: Final = {"PCMU": b"\xff", "PCMA": b"\xd5", "L16": b"\0\0"}
"""What one frame without audio is stored as: the quietest value of each codec (A-law has no zero)."""

_FIXED = struct.Struct(">8sHHI")
_PREFIX = re.compile(r"[0-9a-f]{14}", re.ASCII)
_COMMIT = re.compile(r"[0-9a-f]{64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class EpochHeader:
    """One epoch: one file, one writer life, one data key.

    Audio: `codec` is 'PCMU', 'PCMA' or 'L16', `rate` in hertz, `segment_bytes` is L, the plain size of every full
    segment, and `first_frame` the place of the epoch's first frame on the recording's timeline, counted at `rate`.
    Journal: `codec` is 'JOURNAL', the four numbers and `stream` are 0, and `epoch` is the writer's life.
    """

    tenant: str
    recording: str
    stream: int
    epoch: int
    codec: str
    rate: int
    bytes_per_second: int
    segment_bytes: int
    first_frame: int
    dek_id: str
    nonce_prefix: bytes
    commit: bytes
    created: datetime

    def __post_init__(self) -> None:
        wrong = _fault(self)
        if wrong:
            raise ValueError(f"header: {wrong}")

    @property
    def frame_bytes(self) -> int:
        """Stored bytes of one frame; an audio epoch's only."""
        return FRAME_BYTES[self.codec]

    @property
    def segment_frames(self) -> int:
        """Frames in a full segment; an audio epoch's only."""
        return self.segment_bytes // self.frame_bytes

    @property
    def slot_bytes(self) -> int:
        """What a full segment takes in the file: L and its tag."""
        return self.segment_bytes + TAG_BYTES

    def to_bytes(self) -> bytes:
        """The H bytes that open the file, H a multiple of 64. Raises ValueError when ids make it too long."""
        json = canonical(
            {
                "alg": ALGORITHM,
                "tenant": self.tenant,
                "recording": self.recording,
                "stream": self.stream,
                "epoch": self.epoch,
                "codec": self.codec,
                "rate": self.rate,
                "bytes_per_second": self.bytes_per_second,
                "segment_bytes": self.segment_bytes,
                "first_frame": self.first_frame,
                "dek_id": self.dek_id,
                "nonce_prefix": self.nonce_prefix.hex(),
                "commit": self.commit.hex(),
                "created": utc_text(self.created),
            }
        )
        size = -(-(_FIXED.size + len(json)) // 64) * 64
        if size > SEALED_HEADER_BYTES_MAX:
            raise ValueError(f"header: {size} bytes are more than {SEALED_HEADER_BYTES_MAX}")
        return (_FIXED.pack(MAGIC, VERSION, size, len(json)) + json).ljust(size, b"\0")


def read_header(data: bytes) -> tuple[EpochHeader, bytes]:
    """The header at the beginning of `data` and its exact H bytes; `data` may go on after it.

    Raises DamagedHeader: too short, wrong magic or version, JSON that is not the canonical form of a valid header.
    """
    if len(data) < _FIXED.size:
        raise DamagedHeader(f"{len(data)} bytes are too few for a header")
    magic, version, size, length = _FIXED.unpack_from(data)
    if magic != MAGIC or version != VERSION:
        raise DamagedHeader("not a sealed file of version 1")
    if not _FIXED.size + length <= size <= min(len(data), SEALED_HEADER_BYTES_MAX):
        raise DamagedHeader(f"header sizes do not fit: {size}, {length} of {len(data)}")
    raw = bytes(data[:size])
    try:
        stated = msgspec.json.decode(raw[_FIXED.size : _FIXED.size + length], type=_Stated)
        header = _header(stated)
        exact = header.to_bytes() == raw
    except (msgspec.MsgspecError, ValueError) as error:
        raise DamagedHeader(f"header: {error}") from None
    if not exact:
        raise DamagedHeader("header is not in canonical form")
    return header, raw


def utc_text(moment: datetime) -> str:
    """A moment as the format writes it: UTC, milliseconds, `Z`."""
    if moment.tzinfo is None:
        raise ValueError("a moment without a time zone")
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class _Stated(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The header's JSON as it stands in the file."""

    alg: str
    tenant: str
    recording: str
    stream: int
    epoch: int
    codec: str
    rate: int
    bytes_per_second: int
    segment_bytes: int
    first_frame: int
    dek_id: str
    nonce_prefix: str
    commit: str
    created: datetime


def _header(stated: _Stated) -> EpochHeader:
    if stated.alg != ALGORITHM:
        raise ValueError(f"unknown algorithm {stated.alg[:40]!r}")
    if not _PREFIX.fullmatch(stated.nonce_prefix) or not _COMMIT.fullmatch(stated.commit):
        raise ValueError("nonce prefix or commitment is not hexadecimal of its length")
    return EpochHeader(
        tenant=stated.tenant,
        recording=stated.recording,
        stream=stated.stream,
        epoch=stated.epoch,
        codec=stated.codec,
        rate=stated.rate,
        bytes_per_second=stated.bytes_per_second,
        segment_bytes=stated.segment_bytes,
        first_frame=stated.first_frame,
        dek_id=stated.dek_id,
        nonce_prefix=bytes.fromhex(stated.nonce_prefix),
        commit=bytes.fromhex(stated.commit),
        created=stated.created,
    )


def _fault(header: EpochHeader) -> str | None:
    """What is wrong with a header's values, None when nothing is."""
    if len(header.nonce_prefix) != 7 or len(header.commit) != 32:
        return "a nonce prefix has 7 bytes, a commitment 32"
    if header.created.tzinfo is None:
        return "a moment without a time zone"
    if min(header.stream, header.epoch, header.first_frame) < 0 or header.first_frame >= 1 << 53:
        return "a number out of range"
    if header.codec == JOURNAL_CODEC:
        numbers = (header.stream, header.rate, header.bytes_per_second, header.segment_bytes, header.first_frame)
        return "a journal has no audio" if any(numbers) else None
    width = FRAME_BYTES.get(header.codec)
    if width is None:
        return f"unknown codec {header.codec[:40]!r}"
    if header.rate <= 0 or header.bytes_per_second != header.rate * width:
        return "bytes per second do not follow from codec and rate"
    if not 0 < header.segment_bytes <= SEALED_SEGMENT_BYTES_MAX or header.segment_bytes % width:
        return "segment size out of range, or not whole frames"
    return None
