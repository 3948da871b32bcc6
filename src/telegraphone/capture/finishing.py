"""Finishes recordings beside the drain and the writer: reads them back, signs what was found, moves them to their place.

One thread, because hashing an hour of audio takes longer than anything else in the recorder may wait.
"""

import queue
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from telegraphone.capture.control import SealedFact, SpanMade
from telegraphone.capture.disk import DiskSink
from telegraphone.capture.files import Lives
from telegraphone.capture.spill import Spill
from telegraphone.limits import FINISH_RETRY_S, SPANS_TOLD_MAX
from telegraphone.media import layout
from telegraphone.media.errors import DamagedEnvelope, KeyMissing, SealedFormatError
from telegraphone.media.header import TAG_BYTES, read_header
from telegraphone.media.manifest import Manifest, load_manifest
from telegraphone.media.ports import KeyStore, SealedSource, Signer
from telegraphone.media.recovery import NothingRecorded, finish, recover

UNFINISHED: Final = (OSError, SealedFormatError, KeyMissing, DamagedEnvelope, ValueError)
"""How finishing a recording fails; its files stay where they are, and it is tried again."""


@dataclass(frozen=True, slots=True)
class Library:
    """What finishing needs: both sides of the store, the keys, the node's signature."""

    source: SealedSource
    sink: DiskSink
    keys: KeyStore
    signer: Signer
    utc: Callable[[], datetime]
    software: str
    spill: Spill | None = None

    def finish(self, recording: str, *, every_slot: bool) -> SealedFact | None:
        """Closes a live recording, or tells what was closed before; None when nothing of it is worth keeping. Raises
        UNFINISHED."""
        try:
            if self.spill:
                self.spill.bring_home(recording, self.sink)
            manifest = recover(self.source, self.keys, recording, now=self.utc(), software=self.software, every_slot=every_slot)
        except NothingRecorded:
            return None
        except FileNotFoundError:
            return self._finished_before(recording)
        finish(self.source, self.sink, self.signer, manifest)
        return self._released(manifest)

    def live(self) -> tuple[str, ...]:
        """Recordings that nobody has finished."""
        try:
            return tuple(self.source.list(layout.LIVE))
        except FileNotFoundError:
            return ()

    def lives(self, recording: str) -> tuple[Lives, tuple[int, int]]:
        """Which numbers of a live recording are free, and for each stream the first frame that no file holds."""
        directory = layout.live_directory(recording)
        names = self.source.list(directory)
        journals = [life for life in map(layout.journal_life, names) if life is not None]
        epochs = [0, 0]
        floors = [0, 0]
        for name in names:
            parts = layout.segment_file_parts(name)
            if parts and parts[0] < 2:
                stream, epoch = parts
                epochs[stream] = max(epochs[stream], epoch + 1)
                floors[stream] = max(floors[stream], self._stop_of(f"{directory}/{name}"))
        return Lives(max(journals, default=-1) + 1, (epochs[0], epochs[1])), (floors[0], floors[1])

    def _stop_of(self, path: str) -> int:
        try:
            header, raw = read_header(self.source.read(path, 0, 4096))
        except SealedFormatError:
            return 0
        slots, rest = divmod(self.source.size(path) - len(raw), header.slot_bytes)
        return header.first_frame + slots * header.segment_frames + max(0, rest - TAG_BYTES)

    def _finished_before(self, recording: str) -> SealedFact | None:
        try:
            manifest = load_manifest(self.source, layout.sealed_directory(recording), (self.signer.public_key(),))
        except FileNotFoundError:
            return None
        return self._released(manifest)

    def _released(self, manifest: Manifest) -> SealedFact:
        """Its keys are needed no more to finish it."""
        for dek_id in manifest.dek_ids:
            self.keys.release(manifest.tenant, dek_id)
        return sealed_fact(manifest)


Outcome = Callable[[SealedFact | str | None], None]


class Finishing:
    """The thread; outcomes are told in it. What could not be finished, because a disk was full perhaps, is tried again after
    FINISH_RETRY_S, or when another recording could be finished; `later` hears of it when that succeeds."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._jobs: queue.SimpleQueue[tuple[str, bool, Outcome, Outcome] | None] = queue.SimpleQueue()
        self._unfinished: dict[str, Outcome] = {}
        self._thread = threading.Thread(target=self._run, name="finishing", daemon=True)

    def start(self) -> None:
        """Begins the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Does what is queued, and ends the thread."""
        self._jobs.put(None)
        self._thread.join()

    def finish(self, recording: str, outcome: Outcome, later: Outcome, *, every_slot: bool) -> None:
        """Finishes a recording; the outcome is its facts, nothing, or why it could not be."""
        self._jobs.put((recording, every_slot, outcome, later))

    def _run(self) -> None:
        due = time.monotonic() + FINISH_RETRY_S
        while True:
            try:
                job = self._jobs.get(timeout=max(0.0, due - time.monotonic()) if self._unfinished else None)
            except queue.Empty:
                for recording, later in list(self._unfinished.items()):
                    self._attempt(recording, later, later, every_slot=True)
                due = time.monotonic() + FINISH_RETRY_S
                continue
            if job is None:
                return
            if not self._unfinished:
                due = time.monotonic() + FINISH_RETRY_S
            recording, every_slot, outcome, later = job
            if self._attempt(recording, outcome, later, every_slot=every_slot):
                due = time.monotonic()

    def _attempt(self, recording: str, outcome: Outcome, later: Outcome, *, every_slot: bool) -> bool:
        again = self._unfinished.pop(recording, None) is not None
        try:
            outcome(self._library.finish(recording, every_slot=every_slot))
        except UNFINISHED as error:
            self._unfinished[recording] = later
            if not again:
                outcome(f"{type(error).__name__}: {error}")
            return False
        return True


_TOLD_AS: Final[Mapping[str, Literal["paused", "held", "gap"]]] = {
    "paused": "paused",
    "held": "held",
    "redacted": "paused",
    "gap": "gap",
    "corrupt": "gap",
}


def sealed_fact(manifest: Manifest) -> SealedFact:
    """What the program is told of a finished recording: pauses first, when there are more spans than it is told."""
    kept = [span for span in manifest.spans if _TOLD_AS[span.kind] != "gap"]
    lost = [span for span in manifest.spans if _TOLD_AS[span.kind] == "gap"]
    told = sorted([*kept, *lost][:SPANS_TOLD_MAX], key=lambda span: (span.start, -span.stop))
    return SealedFact(
        recording=manifest.recording,
        call=manifest.call,
        started_at=manifest.started_at,
        frames=manifest.frames,
        rate=manifest.rate,
        spans=tuple(SpanMade(_TOLD_AS[span.kind], span.reason, span.start, span.stop, span.stream) for span in told),
        status="sealed" if manifest.status == "sealed" else "recovered",
        bytes_stored=manifest.bytes_stored,
        tenant=manifest.tenant,
    )
