"""Has a place keep a small file of our own making, which is in memory."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from telegraphone.media.ports import FileFacts, SealedPlace


@dataclass(frozen=True, slots=True)
class _Content:
    """A `SealedSource` of one file that is in memory."""

    content: bytes

    def list(self, directory: str) -> Sequence[str]:
        """No directory is here."""
        raise FileNotFoundError(directory)

    def size(self, path: str) -> int:
        """See `SealedSource.size`."""
        return len(self.content)

    def read(self, path: str, offset: int, length: int) -> bytes:
        """See `SealedSource.read`."""
        return self.content[offset : offset + length]


def keep_content(place: SealedPlace, path: str, content: bytes) -> None:
    """Has a place keep a file of ours. Raises OSError when it is not there as it was sent."""
    facts = FileFacts(len(content), hashlib.sha256(content).hexdigest())
    place.keep(path, _Content(content), facts)
    if not place.holds(path, facts):
        raise OSError(f"{path} is not there as it was sent")
