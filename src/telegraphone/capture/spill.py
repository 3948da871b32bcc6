"""Where recordings go on when the disk they began on is full or fails: a second folder, on another volume.

Only what is being recorded lies there. Before a recording is finished its files are copied home, each under a temporary name
first, and then removed here; while home has no room they stay, sealed as they are, and it is tried again.
"""

from dataclasses import dataclass
from typing import Final

from telegraphone.capture.disk import DiskSink
from telegraphone.media import layout
from telegraphone.media.ports import SealedSource
from telegraphone.media.seal import sealed_before

_PIECE_BYTES: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Spill:
    """The second folder, from both sides, and the reading side of the first."""

    sink: DiskSink
    source: SealedSource
    home: SealedSource

    def bring_home(self, recording: str, sink: DiskSink) -> None:
        """Moves what this recording has here below `sink`, durably. Raises OSError, and may then be called again."""
        directory = layout.live_directory(recording)
        try:
            names = self.source.list(directory)
        except FileNotFoundError:
            return
        sink.makedir(directory)
        there = set(self.home.list(directory))
        for name in names:
            if name not in there:
                self._copy(f"{directory}/{name}", sink, stale=f"{name}.new" in there)
        sink.syncdir(directory)
        for name in names:
            self.sink.unlink(f"{directory}/{name}")
        self.sink.removedir(directory)

    def _copy(self, path: str, sink: DiskSink, *, stale: bool) -> None:
        if stale:
            sink.unlink(f"{path}.new")
        file = sink.create(f"{path}.new")
        try:
            place = 0
            while piece := self.source.read(path, place, _PIECE_BYTES):
                file.append(sealed_before(piece))
                place += len(piece)
            file.datasync()
        finally:
            file.close()
        sink.rename(f"{path}.new", path)
