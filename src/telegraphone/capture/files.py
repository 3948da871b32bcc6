"""The files of one recording while it is written: journal and epochs, and what becomes of them when a disk fails.

Theory. Making a file costs several syncs, and hundreds of calls may start in the same moment; so nothing here waits for a
disk by itself. A new file is *fresh*: its header is written, and audio for it waits until header and name are durable (W2).
That, like everything else, becomes durable by `sync`, file by file, or by `synced`, when all of a disk was made so at once
for many recordings. A key's envelope is durable before its header is written, see `KeyPool`.

A file that failed once is never touched again (W6): an epoch goes on as a new one under a new key, a journal as that of a
new writer life which repeats what was not yet known to be durable; both in the sink's other place, if it has one. When
that fails too, the recording has failed.
"""

import errno
import os
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from telegraphone.capture.disk import GroupSink
from telegraphone.capture.key_pool import KeyPool
from telegraphone.capture.opened import OpenEpoch, OpenJournal
from telegraphone.limits import JOURNAL_NOTES_BYTES_MAX, JOURNAL_OPERATIONS_BYTES_MAX, SEGMENT_FRAMES
from telegraphone.media import layout
from telegraphone.media.errors import DamagedEnvelope, KeyExists
from telegraphone.media.header import FILLER, FRAME_BYTES, JOURNAL_CODEC, EpochHeader
from telegraphone.media.journal import NOTES, Continued, EpochBegan, Gap, Record, encode
from telegraphone.media.ports import SealedFile
from telegraphone.media.seal import JournalSealer, SealedSegment, Sealer, commitment
from telegraphone.media.timeline import RATE
from telegraphone.media.track import EpochClosed, EpochOpened, SegmentsFilled

BROKEN: Final = (OSError, KeyExists, DamagedEnvelope)
"""How the world behind a recording's files fails."""


@dataclass(frozen=True, slots=True)
class SegmentsMissed:
    """Segments that could not be queued: filler holds their place."""

    stream: int
    size: int
    """What they held, in bytes."""


Audio = EpochOpened | SegmentsFilled | SegmentsMissed | EpochClosed
AUDIO: Final = (SegmentsFilled, EpochOpened, EpochClosed, SegmentsMissed)
"""What goes to audio files, in order; everything else is for the journal."""
Item = Record | Audio


class RecordingFailed(Exception):
    """Nothing more of the recording can be written; the text says why."""


@dataclass(slots=True)
class Workshop:
    """What every recording's files need: where they go, their keys, time and chance."""

    sink: GroupSink
    keys: KeyPool
    utc: Callable[[], datetime]
    sealer: Callable[[EpochHeader, bytes], Sealer] = Sealer
    """Makes the sealer of an audio epoch; only a measurement replaces it."""
    entropy: Callable[[int], bytes] = os.urandom


@dataclass(frozen=True, slots=True)
class Lives:
    """Which numbers are free: of the next journal, and of each stream's next epoch."""

    next_journal: int = 0
    next_epochs: tuple[int, int] = (0, 0)


class RecordingFiles:
    """Writes one recording, in one thread. `apply`, `sync` and `synced` raise RecordingFailed once, when there is no way on."""

    def __init__(self, workshop: Workshop, tenant: str, recording: str, lives: Lives) -> None:
        self._workshop = workshop
        self._tenant = tenant
        self.recording = recording
        self._directory = layout.live_directory(recording)
        self._sink = workshop.sink
        self._life = lives.next_journal
        self._next_epoch = list(lives.next_epochs)
        self._journal: OpenJournal | None = None
        self._epochs: dict[int, OpenEpoch] = {}
        self._queues: dict[int, deque[Audio]] = {0: deque(), 1: deque()}
        self._dirty: set[SealedFile] = set()
        self._homes: set[GroupSink] = set()
        """Where the recording has a directory."""
        self._unnamed: set[GroupSink] = set()
        """Where the directory's own name may not be durable yet."""
        self.failed = False
        self.closed = False
        self.losses: list[str] = []
        """Why journals and epochs were given up; some of what they held may be lost."""

    @property
    def dirty(self) -> bool:
        """Whether something was written that is not known to be durable."""
        return bool(self._dirty)

    @property
    def waiting(self) -> bool:
        """Whether audio cannot be written before a sync."""
        return any(epoch.waiting for epoch in self._epochs.values())

    def seal_ahead(self, item: SegmentsFilled) -> None:
        """Seals what `apply` is given next of its stream, if it could be written now."""
        epoch = self._epochs.get(item.stream)
        if epoch and not epoch.waiting and not self._queues[item.stream]:
            epoch.ahead.append(epoch.sealer.seal_run(item.audio))

    def apply(self, item: Item) -> None:
        """Writes one thing, as soon as a sync lets it; it is durable after another."""
        if isinstance(item, AUDIO):
            self._queues[item.stream].append(item)
            self._go_on(item.stream)
        else:
            self._record(item)

    def sync(self, *, journal_only: bool = False) -> None:
        """Makes everything applied durable, file by file, or the journal alone; what fails is replaced."""
        self._sync_journal()
        while self._dirty and not journal_only:
            for stream, epoch in list(self._epochs.items()):
                if epoch.file in self._dirty:
                    self._sync_epoch(stream, epoch)
            self._sync_journal()

    def synced(self) -> None:
        """Everything written so far has become durable by other means; audio that waited for it is written."""
        self._dirty.clear()
        self._unnamed.clear()
        if self._journal:
            self._journal.fresh = False
            self._journal.unsynced.clear()
        for stream, epoch in list(self._epochs.items()):
            if epoch.waiting or epoch.last_chance:
                self._durable(stream, epoch)

    def close(self) -> None:
        """Gives up all files and keys; what was not synced stays as it is."""
        self.closed = True
        for opened in (*self._epochs.values(), self._journal):
            if opened:
                opened.sealer.drop()
                opened.file.close()
        for queue in self._queues.values():
            queue.clear()
        self._epochs.clear()
        self._dirty.clear()
        self._journal = None

    # --- the journal ----------------------------------------------------------------------------------------------

    def _record(self, record: Record) -> None:
        journal = self._journal or self._first_journal()
        if journal.size > JOURNAL_NOTES_BYTES_MAX:
            if isinstance(record, NOTES):
                return
            if journal.size > JOURNAL_OPERATIONS_BYTES_MAX:
                # What lies behind the longest journal is not read again: a pause there would be acknowledged and lost.
                raise self._given_up(OSError(errno.EFBIG, "the journal is full"))
        journal.unsynced.append(record)
        try:
            self._write_record(journal, record)
        except OSError as error:
            self._replace_journal(error)

    def _write_record(self, journal: OpenJournal, record: Record) -> None:
        sealed = journal.sealer.seal(encode(record))
        self._dirty.add(journal.file)
        journal.file.append(sealed)
        journal.size += len(sealed)

    def _first_journal(self) -> OpenJournal:
        try:
            return self._open_journal()
        except BROKEN as error:
            self._move_on(error)
        try:
            return self._open_journal()
        except BROKEN as error:
            raise self._given_up(error) from error

    def _open_journal(self) -> OpenJournal:
        life, self._life = self._life, self._life + 1
        sealer = JournalSealer(*self._header(0, life, JOURNAL_CODEC, 0))
        file = self._create(layout.journal_file(life), sealer.header_bytes)
        self._journal = OpenJournal(self._sink, file, sealer)
        return self._journal

    def _replace_journal(self, error: OSError) -> OpenJournal:
        """The journal is lost to us: a new writer life repeats what may not have become durable."""
        broken, self._journal = self._journal, None
        assert broken is not None
        self._dirty.discard(broken.file)
        broken.sealer.drop()
        broken.file.close()
        self._move_on(error)
        try:
            journal = self._open_journal()
            position = max((epoch.head for epoch in self._epochs.values()), default=0)
            journal.unsynced = list(broken.unsynced)
            for record in (Continued(self._workshop.utc(), position), *broken.unsynced):
                self._write_record(journal, record)
        except BROKEN as second:
            raise self._given_up(second) from error
        return journal

    def _sync_journal(self) -> None:
        journal = self._journal
        if journal is None or journal.file not in self._dirty:
            return
        try:
            self._settle(journal)
        except OSError as error:
            journal = self._replace_journal(error)
            try:
                self._settle(journal)
            except OSError as second:
                raise self._given_up(second) from error
        journal.unsynced.clear()

    # --- epochs ---------------------------------------------------------------------------------------------------

    def _go_on(self, stream: int) -> None:
        """Writes what is queued until a sync must come first. What is under way when an epoch fails stays queued."""
        queue = self._queues[stream]
        while queue and not ((epoch := self._epochs.get(stream)) and epoch.waiting):
            item = queue[0]
            if isinstance(item, EpochOpened):
                self._open_epoch(stream, item.codec, item.first_frame)
            elif epoch:
                try:
                    self._write(stream, epoch, item)
                except OSError as error:
                    self._replace_epoch(stream, error)
                    return
            queue.popleft()

    def _write(self, stream: int, epoch: OpenEpoch, item: SegmentsFilled | SegmentsMissed | EpochClosed) -> None:
        """Seals each segment by itself and writes them at once."""
        self._dirty.add(epoch.file)
        if isinstance(item, EpochClosed):
            epoch.file.append(epoch.sealer.close(item.audio))
            epoch.rest = item.audio
            return
        if isinstance(item, SegmentsFilled):
            frames = len(item.audio) // epoch.width
            sealed = epoch.ahead.popleft() if epoch.ahead else epoch.sealer.seal_run(item.audio)
        else:
            frames = item.size // epoch.width
            sealed = epoch.sealer.seal_run(FILLER[epoch.codec] * frames)
        epoch.file.append(sealed)
        epoch.segments += frames // SEGMENT_FRAMES
        if isinstance(item, SegmentsMissed):
            self._record(Gap(stream, epoch.head - frames, epoch.head, "overflow"))

    def _open_epoch(self, stream: int, codec: str, first_frame: int, *, last_chance: bool = False) -> None:
        number = self._next_epoch[stream]
        self._next_epoch[stream] = number + 1
        self._record(EpochBegan(self._workshop.utc(), stream, number, codec, first_frame))
        try:
            sealer = self._workshop.sealer(*self._header(stream, number, codec, first_frame))
            file = self._create(layout.segment_file(stream, number), sealer.header_bytes)
        except BROKEN as error:
            if last_chance:
                raise self._given_up(error) from error
            self._move_on(error)
            self._open_epoch(stream, codec, first_frame, last_chance=True)
            return
        self._epochs[stream] = OpenEpoch(self._sink, file, sealer, last_chance=last_chance)

    def _sync_epoch(self, stream: int, epoch: OpenEpoch) -> None:
        try:
            self._settle(epoch)
        except OSError as error:
            self._replace_epoch(stream, error)
            return
        self._durable(stream, epoch)

    def _durable(self, stream: int, epoch: OpenEpoch) -> None:
        """What the epoch holds has become durable: on with what waited for it."""
        epoch.fresh = False
        epoch.last_chance = epoch.last_chance and not epoch.segments
        if epoch.rest is not None:
            epoch.file.close()
            del self._epochs[stream]
        self._go_on(stream)

    def _replace_epoch(self, stream: int, error: OSError) -> None:
        """The file is lost to us: the stream goes on at the same frame in a new one."""
        epoch = self._epochs.pop(stream)
        self._dirty.discard(epoch.file)
        epoch.sealer.drop()
        epoch.file.close()
        if epoch.last_chance:
            raise self._given_up(error) from error
        if epoch.rest is not None:
            self._queues[stream].appendleft(EpochClosed(stream, epoch.rest))
        self._move_on(error)
        self._open_epoch(stream, epoch.codec, epoch.head, last_chance=True)

    # --- what both need -------------------------------------------------------------------------------------------

    def _header(self, stream: int, number: int, codec: str, first_frame: int) -> tuple[EpochHeader, bytes]:
        """A header and its data key, whose envelope is durable."""
        dek_id, dek = self._workshop.keys.take(self._tenant)
        width = FRAME_BYTES.get(codec, 0)
        header = EpochHeader(
            tenant=self._tenant,
            recording=self.recording,
            stream=stream,
            epoch=number,
            codec=codec,
            rate=RATE if width else 0,
            bytes_per_second=RATE * width,
            segment_bytes=SEGMENT_FRAMES * width,
            first_frame=first_frame,
            dek_id=dek_id,
            nonce_prefix=self._workshop.entropy(7),
            commit=commitment(dek),
            created=self._workshop.utc(),
        )
        return header, dek

    def _create(self, name: str, header: SealedSegment) -> SealedFile:
        """A new file with its header, neither it nor its name durable yet."""
        if self._sink not in self._homes:
            self._sink.begindir(self._directory)
            self._homes.add(self._sink)
            self._unnamed.add(self._sink)
        file = self._sink.create(f"{self._directory}/{name}")
        try:
            file.append(header)
        except OSError:
            file.close()
            raise
        self._dirty.add(file)
        return file

    def _settle(self, opened: OpenJournal | OpenEpoch) -> None:
        """Makes one file durable, and its name if it is fresh. Raises OSError."""
        opened.file.datasync()
        if opened.fresh:
            opened.sink.syncdir(self._directory)
            if opened.sink in self._unnamed:
                opened.sink.syncdir(layout.LIVE)
                self._unnamed.discard(opened.sink)
        opened.fresh = False
        self._dirty.discard(opened.file)

    def _move_on(self, error: Exception) -> None:
        """A file has failed: what comes next goes to the sink's other place, where there is one."""
        self.losses.append(f"{type(error).__name__}: {error}")
        self._homes.discard(self._sink)
        self._sink = self._sink.elsewhere

    def _given_up(self, error: Exception) -> RecordingFailed:
        self.failed = True
        self.close()
        return RecordingFailed(f"{type(error).__name__}: {error}")
