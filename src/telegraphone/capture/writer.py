"""The writer thread: everything that waits for a disk, so that nothing that reads packets ever does.

Theory. The drain thread hands over one batch per tick. The thread writes it and, every COMMIT_PERIOD_S, makes everything
durable in one round: file by file while they are few, all at once when they are many, and then file by file only to find
whom an error concerned. An operation that waits for an answer (a *ticket*) is not kept waiting for the round: its journal
is synced at once, and only then the ticket is answered (W5). Operations that come together share their syncs in the same
way, so five hundred recordings start for little more than the price of one. Journal records go before audio, however much
of it waits: a pause is answered even while a thousand files are being opened after a crash. The queue is bounded in bytes;
what does not fit becomes a counted gap, never a wait (W9).
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, NamedTuple

from telegraphone.capture.disk import GroupSink
from telegraphone.capture.files import AUDIO, Item, RecordingFailed, RecordingFiles, SegmentsMissed
from telegraphone.limits import COMMIT_PERIOD_S, SEGMENT_FRAMES, WRITER_BACKLOG_BYTES_MAX
from telegraphone.media.track import Output, SegmentsFilled

_FEW: Final = 8
"""Recordings up to which each is synced by itself: some 2 ms at 0.3 ms a file."""
_PIECE: Final = 64
"""Stretches of audio written between two looks for something more urgent, some 2 ms; and operations answered together, so
that the first of many do not wait for the last."""


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


@dataclass(frozen=True, slots=True)
class Moved:
    """A file of a recording failed, and the recording goes on in another."""

    files: RecordingFiles
    error: str


Result = Answered | Failed | Moved
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
        self._audio: deque[tuple[float, _Job]] = deque()
        self._ending: list[_Job] = []
        self._at_work_since: float | None = None
        self._prepared: list[_Job] = []
        self._asked = False
        self._news = threading.Condition()
        self._stopping = False
        self._dirty: set[RecordingFiles] = set()
        self._told: dict[RecordingFiles, int] = {}
        self._missed: dict[tuple[RecordingFiles, int], int] = {}
        """Bytes of each stream that found the queue full and have not become a gap yet: it is one, however long it lasts."""
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
        self._asked = self._asked or ticket is not None

    def store(self, files: RecordingFiles, output: list[Output]) -> None:
        """Adds what a track has ready to the batch. Segments that find the queue full become a gap."""
        for item in output:
            if isinstance(item, SegmentsFilled):
                size = len(item.audio)
                if self.backlog_bytes >= WRITER_BACKLOG_BYTES_MAX:
                    self.dropped_segments += size // SEGMENT_FRAMES
                    self._missed[files, item.stream] = self._missed.get((files, item.stream), 0) + size
                    continue
                self._given_bytes += size
            self._add_missed(files, item.stream)
            self._prepared.append(_Job(files, item))

    def _add_missed(self, files: RecordingFiles, stream: int) -> None:
        if self._missed and (size := self._missed.pop((files, stream), 0)):
            self._prepared.append(_Job(files, SegmentsMissed(stream, size)))

    def finish(self, files: RecordingFiles, ticket: int, finisher: Finisher) -> None:
        """When all of the recording is durable its files are closed and `finisher` is called, in this thread; it must
        not block. A failure answers the ticket."""
        for stream in (0, 1):
            self._add_missed(files, stream)
        self._prepared.append(_Job(files, None, ticket, finisher))
        self._asked = True

    def hand_over(self, *, if_asked: bool = False) -> None:
        """Gives the batch to the thread; with `if_asked` only when somebody waits for an answer to something in it: two
        threads at work at once pass the interpreter's lock to and fro at every write, which costs more than the write."""
        if self._prepared and (self._asked or not if_asked):
            batch, self._prepared, self._asked = self._prepared, [], False
            with self._news:
                self._batches.append((time.monotonic(), batch))
                self._news.notify()

    # --- in the thread --------------------------------------------------------------------------------------------

    def _run(self) -> None:
        due = time.monotonic() + COMMIT_PERIOD_S
        while True:
            with self._news:
                if not self._batches and not self._audio and not self._stopping:
                    self._news.wait(max(0.0, due - time.monotonic()) if self._dirty else None)
                stopping = self._stopping
                given, self._batches = self._batches, deque()
                if given and self._at_work_since is None:
                    self._at_work_since = given[0][0]
            self._write_records(given)
            self._write_audio()
            self._open_files()
            self._finish()
            last = stopping and not self._audio and not self._batches
            if not self._dirty:
                due = time.monotonic() + COMMIT_PERIOD_S
            elif last or time.monotonic() >= due:
                self._make_durable(self._dirty)
                due = time.monotonic() + COMMIT_PERIOD_S
            self._at_work_since = self._audio[0][0] if self._audio else None
            if last and not self._dirty:
                return

    def _write_records(self, given: Iterable[tuple[float, list[_Job]]]) -> None:
        """Writes and answers what was asked of the journals; the rest joins the queue of audio."""
        waiting: list[_Job] = []
        for at, batch in given:
            for job in batch:
                if job.finisher or isinstance(job.item, AUDIO):
                    self._audio.append((at, job))
                else:
                    self._apply(job)
                    if job.ticket is not None:
                        waiting.append(job)
                    if len(waiting) == _PIECE:
                        self._answer(waiting)
                        waiting = []
        self._answer(waiting)

    def _answer(self, waiting: list[_Job]) -> None:
        """Operations have been written: they become durable together, and then they are answered."""
        if waiting:
            self._make_durable({job.files for job in waiting}, journal_only=True)
            for job in waiting:
                assert job.ticket is not None
                self.results.append(Answered(job.ticket, "the recording has failed" if job.files.failed else ""))
            self._wake()

    def _write_audio(self) -> None:
        """Writes audio until something new is given, or a round of syncs has been put off long enough; but always some,
        so that nobody's haste can stop it."""
        until = time.monotonic() + COMMIT_PERIOD_S
        while self._audio:
            piece = [self._audio.popleft()[1] for _ in range(min(_PIECE, len(self._audio)))]
            self._seal_ahead(piece)
            for job in piece:
                if job.finisher:
                    self._ending.append(job)
                else:
                    self._apply(job)
            if self._batches or time.monotonic() >= until:
                return

    def _seal_ahead(self, piece: list[_Job]) -> None:
        """Seals a piece before any of it is written: between two writes the cipher would have left the processor's caches,
        and that costs several times what sealing does."""
        changing: set[RecordingFiles] = set()
        for files, item, *_ in piece:
            if not isinstance(item, SegmentsFilled):
                changing.add(files)
            elif files not in changing and not files.failed and not files.closed:
                files.seal_ahead(item)

    def _open_files(self) -> None:
        """Audio for files that were just made waits for them in memory: they are made durable now, together."""
        waiting = {files for files in self._dirty if files.waiting}
        if waiting:
            self._make_durable(waiting)

    def _finish(self) -> None:
        """Recordings that have been written to their end are made durable, together, and let go."""
        ending, self._ending = self._ending, []
        while dirty := {job.files for job in ending if job.files.dirty}:
            self._make_durable(dirty)
        for job in ending:
            assert job.finisher is not None
            self._dirty.discard(job.files)
            self._told.pop(job.files, None)
            job.files.close()
            job.finisher()

    def _apply(self, job: _Job) -> None:
        item = job.item
        if isinstance(item, SegmentsFilled):
            self._taken_bytes += len(item.audio)
        files = job.files
        if item is None or files.failed or files.closed:
            return
        try:
            files.apply(item)
        except RecordingFailed as failure:
            self._fail(files, failure)
        self._note(files)

    def _make_durable(self, concerned: set[RecordingFiles], *, journal_only: bool = False) -> None:
        """What was written of these recordings becomes durable; of all, if that is cheaper."""
        if len(concerned) > _FEW:
            if self._synced_together():
                return
            # The kernel tells of an error once: whoever it concerned must be found now, or would be taken for durable.
            concerned, journal_only = self._dirty, False
        for files in list(concerned):
            if not files.failed:
                try:
                    files.sync(journal_only=journal_only)
                except RecordingFailed as failure:
                    self._fail(files, failure)
                self._note(files)

    def _synced_together(self) -> bool:
        try:
            self._sink.sync_all()
        except OSError:
            return False
        for files in list(self._dirty):
            try:
                files.synced()
            except RecordingFailed as failure:
                self._fail(files, failure)
            self._note(files)
        return True

    def _note(self, files: RecordingFiles) -> None:
        """Remembers whom the next sync concerns, and tells of files that were replaced."""
        if files.dirty:
            self._dirty.add(files)
        else:
            self._dirty.discard(files)
        if files.losses and len(files.losses) > self._told.get(files, 0) and not files.failed:
            self._told[files] = len(files.losses)
            self.results.append(Moved(files, files.losses[-1]))
            self._wake()

    def _fail(self, files: RecordingFiles, failure: RecordingFailed) -> None:
        self.results.append(Failed(files, str(failure)))
        self._wake()
