"""The writer thread: everything that waits for a disk, so that nothing that reads packets ever does.

Theory. The drain thread hands over one batch per tick. The thread writes it and, every COMMIT_PERIOD_S, makes everything
durable in one round: file by file while they are few, all at once when they are many, and then file by file only to find
whom an error concerned. An operation that waits for an answer (a *ticket*) is not kept waiting for the round: its journal
is synced at once, and only then the ticket is answered (W5). The queue is bounded in bytes; what does not fit becomes a
counted gap, never a wait (W9).
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NamedTuple

from telegraphone.capture.disk import GroupSink
from telegraphone.capture.files import Item, RecordingFailed, RecordingFiles, SegmentsMissed
from telegraphone.limits import COMMIT_PERIOD_S, SEGMENT_FRAMES, WRITER_BACKLOG_BYTES_MAX
from telegraphone.media.track import Output, SegmentsFilled

_FEW: Final = 8
"""Dirty recordings up to which each is synced by itself: some 2 ms at 0.3 ms a file."""


@dataclass(frozen=True, slots=True)
class Answered:
    """The ticket's items are durable, or cannot become so."""

    ticket: int
    error: str = ""


@dataclass(frozen=True, slots=True)
class Failed:
    """A recording cannot be written any more."""

    files: RecordingFiles
    error: str


Result = Answered | Failed
Finisher = Callable[[], None]


class _Job(NamedTuple):
    files: RecordingFiles
    item: Item | None
    ticket: int | None = None
    finisher: Finisher | None = None


class Writer:
    """Owns the thread. `submit` and `finish` are for the drain thread; results come by `results`, after `wake`."""

    def __init__(self, sink: GroupSink, wake: Callable[[], None]) -> None:
        self._sink = sink
        self._wake = wake
        self._batches: deque[tuple[float, list[_Job]]] = deque()
        self._at_work_since: float | None = None
        self._prepared: list[_Job] = []
        self._news = threading.Condition()
        self._stopping = False
        self._dirty: set[RecordingFiles] = set()
        # Each is written by one thread only, so that nothing is miscounted.
        self._given_bytes = 0
        self._taken_bytes = 0
        self.results: deque[Result] = deque()
        self.dropped_segments = 0
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)

    def start(self) -> None:
        """Begins the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Writes and syncs what is queued, and ends the thread."""
        self.hand_over()
        with self._news:
            self._stopping = True
            self._news.notify()
        self._thread.join()

    def late_s(self, now: float) -> float:
        """How long the oldest of what was given waits for the disk, in seconds."""
        begun = self._at_work_since
        if begun is None:
            begun = next((given for given, _ in self._batches), now)
        return now - begun

    @property
    def backlog_bytes(self) -> int:
        """Audio queued and not written."""
        return self._given_bytes - self._taken_bytes

    def submit(self, files: RecordingFiles, item: Item, ticket: int | None = None) -> None:
        """Adds a record to the batch; `hand_over` gives it away."""
        self._prepared.append(_Job(files, item, ticket))

    def store(self, files: RecordingFiles, output: list[Output]) -> None:
        """Adds what a track has ready to the batch. Segments that find the queue full become a gap."""
        for item in output:
            if isinstance(item, SegmentsFilled):
                size = len(item.audio)
                if self.backlog_bytes >= WRITER_BACKLOG_BYTES_MAX:
                    self.dropped_segments += size // SEGMENT_FRAMES
                    self._prepared.append(_Job(files, SegmentsMissed(item.stream, size)))
                    continue
                self._given_bytes += size
            self._prepared.append(_Job(files, item))

    def finish(self, files: RecordingFiles, ticket: int, finisher: Finisher) -> None:
        """When all of the recording is durable its files are closed and `finisher` is called, in this thread; it must
        not block. A failure answers the ticket."""
        self._prepared.append(_Job(files, None, ticket, finisher))

    def hand_over(self) -> None:
        """Gives the batch to the thread."""
        if self._prepared:
            batch, self._prepared = self._prepared, []
            with self._news:
                self._batches.append((time.monotonic(), batch))
                self._news.notify()

    # --- in the thread --------------------------------------------------------------------------------------------

    def _run(self) -> None:
        due = time.monotonic() + COMMIT_PERIOD_S
        while True:
            with self._news:
                if not self._batches and not self._stopping:
                    self._news.wait(max(0.0, due - time.monotonic()) if self._dirty else None)
                stopping = self._stopping
                given, jobs = self._batches.popleft() if self._batches else (None, [])
                self._at_work_since = given
                last = not self._batches
            self._write(jobs)
            if not self._dirty:
                due = time.monotonic() + COMMIT_PERIOD_S
            elif (stopping and last) or time.monotonic() >= due:
                self._round()
                due = time.monotonic() + COMMIT_PERIOD_S
            self._at_work_since = None
            if stopping and last:
                return

    def _write(self, jobs: list[_Job]) -> None:
        waiting: list[_Job] = []
        for job in jobs:
            if job.finisher:
                self._answer(waiting)
                waiting = []
                self._finish(job)
                continue
            self._apply(job)
            if job.ticket is not None:
                waiting.append(job)
        self._answer(waiting)

    def _apply(self, job: _Job) -> None:
        item = job.item
        if isinstance(item, SegmentsFilled):
            self._taken_bytes += len(item.audio)
        if item is None or job.files.failed or job.files.closed:
            return
        try:
            job.files.apply(item)
            self._dirty.add(job.files)
        except RecordingFailed as failure:
            self._fail(job.files, failure)

    def _answer(self, waiting: list[_Job]) -> None:
        """Operations have been written: their journals are synced now, each once, and then they are answered."""
        for files in {job.files for job in waiting}:
            if not files.failed:
                try:
                    files.sync(journal_only=True)
                except RecordingFailed as failure:
                    self._fail(files, failure)
        for job in waiting:
            assert job.ticket is not None
            self.results.append(Answered(job.ticket, "the recording has failed" if job.files.failed else ""))
        if waiting:
            self._wake()

    def _finish(self, job: _Job) -> None:
        assert job.finisher is not None
        assert job.ticket is not None
        try:
            if not job.files.failed:
                job.files.sync()
        except RecordingFailed as failure:
            self._fail(job.files, failure)
        self._dirty.discard(job.files)
        job.files.close()
        job.finisher()

    def _round(self) -> None:
        dirty = [files for files in self._dirty if files.dirty and not files.failed]
        self._dirty.clear()
        if len(dirty) > _FEW:
            try:
                self._sink.sync_all()
            except OSError:
                self._each(dirty)
            else:
                for files in dirty:
                    files.synced()
        else:
            self._each(dirty)

    def _each(self, dirty: list[RecordingFiles]) -> None:
        for files in dirty:
            try:
                files.sync()
            except RecordingFailed as failure:
                self._fail(files, failure)

    def _fail(self, files: RecordingFiles, failure: RecordingFailed) -> None:
        self._dirty.discard(files)
        self.results.append(Failed(files, str(failure)))
        self._wake()
