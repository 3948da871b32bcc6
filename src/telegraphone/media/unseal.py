"""Opens what `seal` sealed, unit by unit, and says of each slot of a file whether it holds what was written.

A file of S bytes holds n = (S − H) // (L + 16) full slots and a rest. A rest of 16 bytes or more may be the closing
segment; any other rest, or one that does not open as such, is a torn write and is not counted. Every slot is tried, for
after a power loss a hole may lie before good data (recording-format, "Recovery").
"""

import hashlib
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from telegraphone.limits import SEALED_HEADER_BYTES_MAX
from telegraphone.media.errors import DamagedHeader, DamagedSegment, WrongKey
from telegraphone.media.header import JOURNAL_CODEC, TAG_BYTES, EpochHeader, read_header
from telegraphone.media.ports import KeyStore, SealedSource
from telegraphone.media.seal import commitment, derive

_U32 = struct.Struct(">I")
_BATCH_BYTES: Final = 256 * 1024


class Unsealer:
    """Opens the units of one epoch or journal."""

    __slots__ = ("_aad", "_aead", "_prefix")

    def __init__(self, header: EpochHeader, header_bytes: bytes, dek: bytes) -> None:
        """Raises WrongKey when the header does not commit to this key: no unit is tried under another."""
        if header.commit != commitment(dek):
            raise WrongKey(f"data key {header.dek_id} is not the one of {header.recording}")
        self._aead = AESGCM(derive(dek, b"segment"))
        self._aad = hashlib.sha256(header_bytes).digest()
        self._prefix = header.nonce_prefix

    def unseal(self, i: int, sealed: bytes | memoryview, *, closing: bool = False) -> bytes:
        """The plain bytes of unit i. Raises DamagedSegment."""
        number = _U32.pack(i)
        try:
            return self._aead.decrypt(self._prefix + number + (b"\1" if closing else b"\0"), sealed, self._aad + number)
        except (InvalidTag, ValueError):
            raise DamagedSegment(f"segment {i}") from None


@dataclass(frozen=True, slots=True)
class SlotCheck:
    """What a look at every slot of an audio file found. Damaged slots keep their place on the timeline."""

    slots: int
    damaged: tuple[int, ...]
    closing_bytes: int | None
    torn_bytes: int
    audio_bytes: int

    @property
    def closed(self) -> bool:
        """Whether the writer closed the epoch: nothing is missing at its end."""
        return self.closing_bytes is not None


class EpochReader:
    """Reads one audio file by segment number; `slots` full ones, and perhaps a closing one behind them."""

    __slots__ = ("_path", "_rest", "_source", "_unsealer", "header", "header_bytes", "size", "slots")

    def __init__(self, source: SealedSource, path: str, keys: KeyStore) -> None:
        """Reads the header and fetches the key. Raises FileNotFoundError, DamagedHeader, KeyMissing, DamagedEnvelope or
        WrongKey; `OSError` where the disk fails."""
        self.header, self.header_bytes = read_header(source.read(path, 0, SEALED_HEADER_BYTES_MAX))
        if self.header.codec == JOURNAL_CODEC:
            raise DamagedHeader(f"{path} is a journal")
        self._unsealer = Unsealer(self.header, self.header_bytes, keys.open(self.header.tenant, self.header.dek_id))
        self._source = source
        self._path = path
        self.size = source.size(path)
        self.slots, self._rest = divmod(self.size - len(self.header_bytes), self.header.slot_bytes)

    def segments(self, first: int, count: int) -> list[bytes | None]:
        """The plain bytes of `count` full slots from `first` on; None for each that does not open, or is not there."""
        slot = self.header.slot_bytes
        data = memoryview(self._source.read(self._path, len(self.header_bytes) + first * slot, count * slot))
        return [self._opened(first + n, data[n * slot : (n + 1) * slot]) for n in range(count)]

    def closing(self) -> bytes | None:
        """The plain bytes of the closing segment, None when the epoch has none that opens."""
        if self._rest < TAG_BYTES:
            return None
        place = len(self.header_bytes) + self.slots * self.header.slot_bytes
        return self._opened(self.slots, self._source.read(self._path, place, self._rest), closing=True)

    def plain(self) -> Iterator[tuple[int, bytes | None]]:
        """Every full slot's number and plain bytes (None: damaged), in order and in bounded memory."""
        batch = max(1, _BATCH_BYTES // self.header.slot_bytes)
        for first in range(0, self.slots, batch):
            yield from enumerate(self.segments(first, min(batch, self.slots - first)), first)

    def check(self, *, every_slot: bool) -> SlotCheck:
        """Tries every slot, or only the closing one where the writer is known to have ended well."""
        damaged = tuple(i for i, plain in self.plain() if plain is None) if every_slot else ()
        closing = self.closing()
        return SlotCheck(
            slots=self.slots,
            damaged=damaged,
            closing_bytes=None if closing is None else len(closing),
            torn_bytes=self._rest if closing is None else 0,
            audio_bytes=self.slots * self.header.segment_bytes + len(closing or b""),
        )

    def _opened(self, i: int, sealed: bytes | memoryview, *, closing: bool = False) -> bytes | None:
        try:
            return self._unsealer.unseal(i, sealed, closing=closing)
        except DamagedSegment:
            return None
