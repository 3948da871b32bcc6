"""Finishes recordings beside the drain and the writer: reads them back, signs what was found, moves them to their place.

One thread, because hashing an hour of audio takes longer than anything else in the recorder may wait. Hundreds of calls may
end in one moment, when an SBC goes away for example, and each costs a handful of syncs: those that wait together share them.
"""

import queue
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, NamedTuple

from telegraphone.capture.control import Order, SealedFact, SpanMade
from telegraphone.capture.disk import DiskSink
from telegraphone.capture.files import Lives
from telegraphone.capture.spill import Spill
from telegraphone.limits import FINISH_RETRY_S, FINISHED_TOGETHER_MAX, SPANS_TOLD_MAX
from telegraphone.media import layout
from telegraphone.media.errors import DamagedEnvelope, KeyMissing, SealedFormatError
from telegraphone.media.header import TAG_BYTES, read_header
from telegraphone.media.manifest import Manifest, load_manifest
from telegraphone.media.ports import KeyStore, SealedSource, Signer
from telegraphone.media.recovery import NothingRecorded, finish, finish_together, recover, settle_place
from telegraphone.media.timeline import RATE

UNFINISHED: Final = (OSError, MemoryError, SealedFormatError, KeyMissing, DamagedEnvelope, ValueError)
"""How finishing a recording fails; its files stay where they are, and it is tried again. One for which there is no memory must
not end the worker, whose successor would be asked the same."""


class Ended(NamedTuple):
    """A recording to be finished; `every_slot`: nobody is known to have closed its files, so each segment is tried."""

    recording: str
    every_slot: bool


Finished = SealedFact | Exception | None
"""The facts of a finished recording, nothing when nothing of it is worth keeping, or one of UNFINISHED."""


@dataclass(frozen=True, slots=True)
class Library:
    """What finishing needs: both sides of the store, the keys, the node's signature."""

    source: SealedSource
    sink: DiskSink
    """Another than the writer's: each is told once of a disk that fails."""
    keys: KeyStore
    signer: Signer
    utc: Callable[[], datetime]
    software: str
    spill: Spill | None = None

    def finish(self, ended: Sequence[Ended]) -> list[Finished]:
        """Closes live recordings, or tells what was closed before; for each what became of it, in order."""
        found = [self._found(each) for each in ended]
        manifests = [each for each in found if isinstance(each, Manifest)]
        together = len(manifests) > 1 and self._finished_together(manifests)
        return [self._finished(each, already=together) if isinstance(each, Manifest) else each for each in found]

    def _found(self, ended: Ended) -> Manifest | Finished:
        """What is to be signed, or what is known already."""
        recording, now = ended.recording, self.utc()
        try:
            if self.spill:
                self.spill.bring_home(recording, self.sink)
            return recover(self.source, self.keys, recording, now=now, software=self.software, every_slot=ended.every_slot)
        except NothingRecorded:
            return None
        except FileNotFoundError:
            return self._finished_before(recording)
        except UNFINISHED as error:
            return error

    def _finished_together(self, manifests: Sequence[Manifest]) -> bool:
        try:
            finish_together(self.source, self.sink, self.signer, manifests, self.sink.sync_all)
        except (OSError, MemoryError):
            return False
        return True

    def _finished(self, manifest: Manifest, *, already: bool) -> Finished:
        try:
            if not already:
                finish(self.source, self.sink, self.signer, manifest)
        except FileNotFoundError:
            return self._finished_before(manifest.recording)
        except UNFINISHED as error:
            return error
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

    def _finished_before(self, recording: str) -> Finished:
        try:
            manifest = load_manifest(self.source, layout.sealed_directory(recording), (self.signer.public_key(),))
            settle_place(self.sink, recording)
        except FileNotFoundError:
            return None
        except UNFINISHED as error:
            return error
        return self._released(manifest)

    def _released(self, manifest: Manifest) -> Finished:
        """Its keys are needed no more to finish it."""
        try:
            for dek_id in manifest.dek_ids:
                self.keys.release(manifest.tenant, dek_id)
        except UNFINISHED as error:
            return error
        return sealed_fact(manifest)


Outcome = Callable[[SealedFact | str | None], None]


class _Job(NamedTuple):
    ended: Ended
    outcome: Outcome
    later: Outcome


class Finishing:
    """The thread; outcomes are told in it. What could not be finished, because a disk was full perhaps, is tried again after
    FINISH_RETRY_S, or when another recording could be finished; `later` hears of it when that succeeds."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._unfinished: dict[str, Outcome] = {}
        self._stopping = False
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
        self._jobs.put(_Job(Ended(recording, every_slot), outcome, later))

    def _run(self) -> None:
        due = time.monotonic() + FINISH_RETRY_S
        while not self._stopping:
            jobs = self._waiting(due)
            if not self._unfinished:
                due = time.monotonic() + FINISH_RETRY_S
            if not jobs and time.monotonic() >= due:
                jobs = [_Job(Ended(recording, every_slot=True), later, later) for recording, later in self._unfinished.items()]
                due = time.monotonic() + FINISH_RETRY_S
            if self._attempt(jobs):
                due = time.monotonic()

    def _waiting(self, due: float) -> list[_Job]:
        """Waits for something to finish, no longer than what is unfinished may wait, and takes what waits with it."""
        jobs: list[_Job] = []
        timeout = max(0.0, due - time.monotonic()) if self._unfinished else None
        with suppress(queue.Empty):
            while len(jobs) < FINISHED_TOGETHER_MAX and not self._stopping:
                job = self._jobs.get(timeout=0 if jobs else timeout)
                if job is None:
                    self._stopping = True
                else:
                    jobs.append(job)
        return jobs

    def _attempt(self, jobs: Sequence[_Job]) -> bool:
        """Whether any could be finished."""
        success = False
        for job, finished in zip(jobs, self._library.finish([job.ended for job in jobs]), strict=True):
            self._unfinished.pop(job.ended.recording, None)
            if not isinstance(finished, Exception):
                success = True
                job.outcome(finished)
                continue
            self._unfinished[job.ended.recording] = job.later
            if job.outcome is not job.later:  # whom it failed before is told when it succeeds
                job.outcome(f"{type(finished).__name__}: {finished}")
        return success


_TOLD_AS: Final[Mapping[str, Literal["paused", "held", "gap"]]] = {
    "paused": "paused",
    "held": "held",
    "redacted": "paused",
    "gap": "gap",
    "corrupt": "gap",
}


def nothing_kept(recording: str, order: Order | None, at: datetime) -> SealedFact:
    """What the program is told of a recording of which nothing was kept; without its order when nothing is known of it here."""
    call, tenant = (order.call, order.tenant) if order else ("", "")
    return SealedFact(recording, call, at, 0, RATE, (), "sealed", 0, tenant)


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
