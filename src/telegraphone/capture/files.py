"""The files of one recording while it is written: journal and epochs, their keys, and what becomes of them when a disk fails.

Used by the writer thread alone. The order of things is what a crash may find: a journal says that an epoch begins before
the epoch has a file, a key's envelope is durable before its header, the header before the first segment (W2). A file that
failed once is never touched again (W6): an epoch goes on as a new one under a new key, a journal as that of a new writer
life which repeats what was not yet known to be durable. When that fails too, the recording has failed.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, TypeVar

from telegraphone.limits import JOURNAL_GAPS_BYTES_MAX, SEGMENT_FRAMES
from telegraphone.media import layout
from telegraphone.media.errors import DamagedEnvelope, KeyExists
from telegraphone.media.header import FILLER, JOURNAL_CODEC, EpochHeader
from telegraphone.media.journal import Continued, EpochBegan, Gap, Record, encode
from telegraphone.media.ports import KeyStore, SealedFile, SealedSink
from telegraphone.media.seal import JournalSealer, SealedSegment, Sealer, commitment
from telegraphone.media.timeline import RATE
from telegraphone.media.track import EpochClosed, EpochOpened, SegmentsFilled

T = TypeVar("T")
BROKEN: Final = (OSError, KeyExists, DamagedEnvelope)
"""How the world behind a recording's files fails."""


@dataclass(frozen=True, slots=True)
class SegmentsMissed:
    """Segments that could not be queued: filler holds their place."""

    stream: int
    frames: int


Item = Record | EpochOpened | SegmentsFilled | SegmentsMissed | EpochClosed


class RecordingFailed(Exception):
    """Nothing more of the recording can be written; the text says why."""


@dataclass(slots=True)
class Workshop:
    """What every recording's files need: where they go, their keys, time and chance."""

    sink: SealedSink
    keys: KeyStore
    utc: Callable[[], datetime]
    sealer: Callable[[EpochHeader, bytes], Sealer] = Sealer
    """Makes the sealer of an audio epoch; only a measurement replaces it."""
    entropy: Callable[[int], bytes] = os.urandom


@dataclass(frozen=True, slots=True)
class Lives:
    """Which numbers are free: of the next journal, and of each stream's next epoch."""

    next_journal: int = 0
    next_epochs: tuple[int, int] = (0, 0)


@dataclass(slots=True)
class _Epoch:
    """One audio file being written."""

    number: int
    codec: str
    first_frame: int
    file: SealedFile | None = None
    sealer: Sealer | None = None
    segments: int = 0

    @property
    def head(self) -> int:
        return self.first_frame + self.segments * SEGMENT_FRAMES


@dataclass(slots=True)
class _Journal:
    file: SealedFile
    sealer: JournalSealer
    size: int = 0
    unsynced: list[Record] = field(default_factory=list)


class RecordingFiles:
    """Writes one recording. `apply` and `sync` raise RecordingFailed once, when there is no way on."""

    def __init__(self, workshop: Workshop, tenant: str, recording: str, lives: Lives) -> None:
        self._workshop = workshop
        self._tenant = tenant
        self._recording = recording
        self._directory = layout.live_directory(recording)
        self._life = lives.next_journal
        self._next_epoch = list(lives.next_epochs)
        self._journal: _Journal | None = None
        self._epochs: dict[int, _Epoch] = {}
        self._dirty: set[SealedFile] = set()
        self.failed = False
        self.closed = False
        self.losses = 0
        """Epochs and journals that ended because the disk failed."""

    @property
    def dirty(self) -> bool:
        """Whether something was written that is not known to be durable."""
        return bool(self._dirty)

    def apply(self, item: Item) -> None:
        """Writes one thing; it is durable after `sync`."""
        if isinstance(item, SegmentsFilled):
            self._segments(item.stream, item.audio)
        elif isinstance(item, EpochOpened):
            self._open_epoch(item.stream, item.codec, item.first_frame)
        elif isinstance(item, EpochClosed):
            self._close_epoch(item.stream, item.audio)
        elif isinstance(item, SegmentsMissed):
            self._missed(item.stream, item.frames)
        else:
            self._record(item)

    def sync(self, *, journal_only: bool = False) -> None:
        """Makes what was written durable, file by file; what fails is replaced."""
        self._sync_journal()
        if not journal_only:
            for stream, epoch in list(self._epochs.items()):
                if epoch.file in self._dirty:
                    self._sync_epoch(stream, epoch)

    def synced(self) -> None:
        """Everything written so far has become durable by other means."""
        self._dirty.clear()
        if self._journal:
            self._journal.unsynced.clear()

    def close(self) -> None:
        """Gives up all files and keys; what was not synced stays as it is."""
        self.closed = True
        for epoch in self._epochs.values():
            _drop(epoch)
        self._epochs.clear()
        self._dirty.clear()
        if self._journal:
            self._journal.sealer.drop()
            self._journal.file.close()
            self._journal = None

    # --- the journal ----------------------------------------------------------------------------------------------

    def _record(self, record: Record) -> None:
        journal = self._journal or self._guarded(self._open_journal)
        if isinstance(record, Gap) and journal.size > JOURNAL_GAPS_BYTES_MAX:
            return
        journal.unsynced.append(record)
        try:
            self._write_record(journal, record)
        except OSError as error:
            self._replace_journal(error)

    def _write_record(self, journal: _Journal, record: Record) -> None:
        sealed = journal.sealer.seal(encode(record))
        self._dirty.add(journal.file)
        journal.file.append(sealed)
        journal.size += len(sealed)

    def _open_journal(self) -> _Journal:
        self._workshop.sink.makedir(self._directory)
        life, self._life = self._life, self._life + 1
        header, dek = self._header(0, life, JOURNAL_CODEC, 0)
        sealer = JournalSealer(header, dek)
        file = self._create(layout.journal_file(life), sealer.header_bytes)
        self._journal = _Journal(file, sealer)
        return self._journal

    def _replace_journal(self, error: OSError) -> _Journal:
        """The journal is lost to us: a new writer life repeats what may not have become durable."""
        broken, self._journal = self._journal, None
        assert broken is not None
        self.losses += 1
        self._dirty.discard(broken.file)
        broken.sealer.drop()
        broken.file.close()
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
            journal.file.datasync()
        except OSError as error:
            journal = self._replace_journal(error)
            self._guarded(journal.file.datasync)
        self._dirty.discard(journal.file)
        journal.unsynced.clear()

    # --- epochs ---------------------------------------------------------------------------------------------------

    def _open_epoch(self, stream: int, codec: str, first_frame: int) -> None:
        number = self._next_epoch[stream]
        self._next_epoch[stream] = number + 1
        self._record(EpochBegan(self._workshop.utc(), stream, number, codec, first_frame))
        self.sync(journal_only=True)
        epoch = _Epoch(number, codec, first_frame)

        def make() -> None:
            header, dek = self._header(stream, number, codec, first_frame)
            epoch.sealer = self._workshop.sealer(header, dek)
            epoch.file = self._create(layout.segment_file(stream, number), epoch.sealer.header_bytes)

        self._guarded(make)
        self._epochs[stream] = epoch

    def _segments(self, stream: int, audio: bytes | bytearray) -> None:
        epoch = self._epochs[stream]
        try:
            self._append_segments(epoch, audio)
        except OSError:
            epoch = self._replace_epoch(stream, epoch)
            try:
                self._append_segments(epoch, audio)
            except OSError as error:
                raise self._given_up(error) from error
        epoch.segments += len(audio) // SEGMENT_FRAMES

    def _append_segments(self, epoch: _Epoch, audio: bytes | bytearray) -> None:
        """Seals each segment by itself and writes them at once."""
        assert epoch.sealer is not None
        self._append(epoch, epoch.sealer.seal_run(audio))

    def _missed(self, stream: int, frames: int) -> None:
        epoch = self._epochs.get(stream)
        if epoch:
            start = epoch.head
            for _ in range(0, frames, SEGMENT_FRAMES):
                self._segments(stream, FILLER[epoch.codec] * SEGMENT_FRAMES)
            self._record(Gap(stream, start, start + frames, "overflow"))

    def _close_epoch(self, stream: int, audio: bytes) -> None:
        epoch = self._epochs[stream]
        assert epoch.sealer is not None
        try:
            self._append(epoch, epoch.sealer.close(audio))
        except OSError:
            epoch = self._replace_epoch(stream, epoch)
            assert epoch.sealer is not None
            try:
                self._append(epoch, epoch.sealer.close(audio))
            except OSError as error:
                raise self._given_up(error) from error
        self._sync_epoch(stream, epoch, last=audio)
        last = self._epochs.pop(stream)
        assert last.file is not None
        last.file.close()

    def _append(self, epoch: _Epoch, sealed: SealedSegment) -> None:
        assert epoch.file is not None
        self._dirty.add(epoch.file)
        epoch.file.append(sealed)

    def _sync_epoch(self, stream: int, epoch: _Epoch, *, last: bytes | None = None) -> None:
        assert epoch.file is not None
        try:
            epoch.file.datasync()
        except OSError:
            epoch = self._replace_epoch(stream, epoch)
            if last is not None:
                assert epoch.sealer is not None
                assert epoch.file is not None
                try:
                    self._append(epoch, epoch.sealer.close(last))
                    epoch.file.datasync()
                except OSError as error:
                    raise self._given_up(error) from error
        self._dirty.discard(epoch.file)

    def _replace_epoch(self, stream: int, epoch: _Epoch) -> _Epoch:
        """The file is lost to us: the stream goes on at the same frame in a new one."""
        self.losses += 1
        _drop(epoch)
        self._dirty.discard(epoch.file)
        self._open_epoch(stream, epoch.codec, epoch.head)
        return self._epochs[stream]

    # --- what both need -------------------------------------------------------------------------------------------

    def _header(self, stream: int, number: int, codec: str, first_frame: int) -> tuple[EpochHeader, bytes]:
        """A header and its data key, whose envelope is durable."""
        entropy = self._workshop.entropy
        dek_id = entropy(16).hex()
        dek = self._workshop.keys.create(self._tenant, dek_id)
        audio = codec != JOURNAL_CODEC
        header = EpochHeader(
            tenant=self._tenant,
            recording=self._recording,
            stream=stream,
            epoch=number,
            codec=codec,
            rate=RATE if audio else 0,
            bytes_per_second=RATE if audio else 0,
            segment_bytes=SEGMENT_FRAMES if audio else 0,
            first_frame=first_frame,
            dek_id=dek_id,
            nonce_prefix=entropy(7),
            commit=commitment(dek),
            created=self._workshop.utc(),
        )
        return header, dek

    def _create(self, name: str, header: SealedSegment) -> SealedFile:
        """A new file that durably bears its name and its header."""
        file = self._workshop.sink.create(f"{self._directory}/{name}")
        try:
            file.append(header)
            file.datasync()
            self._workshop.sink.syncdir(self._directory)
        except OSError:
            file.close()
            raise
        return file

    def _guarded(self, make: Callable[[], T]) -> T:
        try:
            return make()
        except BROKEN as error:
            raise self._given_up(error) from error

    def _given_up(self, error: Exception) -> RecordingFailed:
        self.failed = True
        self.close()
        return RecordingFailed(f"{type(error).__name__}: {error}")


def _drop(epoch: _Epoch) -> None:
    if epoch.sealer:
        epoch.sealer.drop()
    if epoch.file:
        epoch.file.close()
