"""Where everything lies in a ZIP package whose files are known by size and checksum before a byte of it is made (APPNOTE 6.3.10).

Theory. Files are stored as they are, in order, each behind a header of a length that follows from its name; the directory comes
last. So every place is arithmetic, and any stretch of the package can be made without the rest. All numbers that may grow are in
the 64-bit form throughout: one way for all sizes.
"""

import struct
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

from telegraphone.services.archive_ports import PackedFile

_LOCAL: Final = struct.Struct("<4s5H3I2H")
_CENTRAL: Final = struct.Struct("<4s6H3I5H2I")
_END_64: Final = struct.Struct("<4sQ2H2I4Q")
_LOCATOR: Final = struct.Struct("<4sIQI")
_END: Final = struct.Struct("<4s4H2IH")
_LOCAL_SIZES: Final = struct.Struct("<HHQQ")
_CENTRAL_SIZES: Final = struct.Struct("<HHQQQ")
_ELSEWHERE: Final = 0xFFFF_FFFF
"""Says that the number is in the 64-bit field (section 4.4.8)."""
_ELSEWHERE_16: Final = 0xFFFF
_VERSION: Final = 45
_EPOCH_DAY: Final = 0x21
"""The first day that there is: a package is the same whenever it is made."""
_SIZES: Final = 1


@dataclass(frozen=True, slots=True)
class Stretch:
    """Bytes start ≤ b < stop of a file in the package."""

    file: PackedFile
    start: int
    stop: int


class ZipLayout:
    """A package of these files."""

    def __init__(self, files: Sequence[PackedFile]) -> None:
        self._files = files
        sizes = (_LOCAL.size + len(each.name) + _LOCAL_SIZES.size + each.size for each in files)
        self._places = list(accumulate(sizes, initial=0))
        self._directory_size = sum(_CENTRAL.size + len(each.name) + _CENTRAL_SIZES.size for each in files)
        self.size = self._places[-1] + self._directory_size + _END_64.size + _LOCATOR.size + _END.size
        """Bytes of the whole."""

    def stretches(self, start: int, stop: int) -> Iterator[bytes | Stretch]:
        """What bytes start ≤ b < stop are made of, in order."""
        first = max(0, bisect_right(self._places, start) - 1)
        for index in range(first, len(self._files)):
            place = self._places[index]
            if place >= stop:
                return
            yield from self._of_file(self._files[index], start - place, stop - place)
        if stop > self._places[-1]:
            behind = self._places[-1]
            yield self._end()[max(0, start - behind) : stop - behind]

    def _of_file(self, file: PackedFile, start: int, stop: int) -> Iterator[bytes | Stretch]:
        header = _local(file)
        if start < len(header):
            yield header[max(0, start) : stop]
        low, high = max(0, start - len(header)), min(file.size, stop - len(header))
        if low < high:
            yield Stretch(file, low, high)

    def _end(self) -> bytes:
        """The directory, and what leads to it (sections 4.3.12 to 4.3.16)."""
        directory = b"".join(_central(each, place) for each, place in zip(self._files, self._places, strict=False))
        assert len(directory) == self._directory_size
        begin, count = self._places[-1], len(self._files)
        end = _END_64.pack(b"PK\x06\x06", _END_64.size - 12, _VERSION, _VERSION, 0, 0, count, count, len(directory), begin)
        locator = _LOCATOR.pack(b"PK\x06\x07", 0, begin + len(directory), 1)
        few = min(count, _ELSEWHERE_16)
        return directory + end + locator + _END.pack(b"PK\x05\x06", 0, 0, few, few, _ELSEWHERE, _ELSEWHERE, 0)


def _local(file: PackedFile) -> bytes:
    """What stands before a file (section 4.3.7)."""
    name = file.name.encode("ascii")
    fields = (_VERSION, 0, 0, 0, _EPOCH_DAY, file.crc32, _ELSEWHERE, _ELSEWHERE, len(name), _LOCAL_SIZES.size)
    return _LOCAL.pack(b"PK\x03\x04", *fields) + name + _LOCAL_SIZES.pack(_SIZES, 16, file.size, file.size)


def _central(file: PackedFile, place: int) -> bytes:
    name = file.name.encode("ascii")
    fields = (_VERSION, _VERSION, 0, 0, 0, _EPOCH_DAY, file.crc32, _ELSEWHERE, _ELSEWHERE, len(name), _CENTRAL_SIZES.size)
    head = _CENTRAL.pack(b"PK\x01\x02", *fields, 0, 0, 0, 0, _ELSEWHERE)
    return head + name + _CENTRAL_SIZES.pack(_SIZES, 24, file.size, file.size, place)
