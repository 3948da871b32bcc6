"""The writer over a disk that counts: no answer leaves before what it speaks of is durable, an error that is told once is heard
by all whom it concerns, and a disk that hangs takes no memory without end (format page, W5 to W9)."""

import errno
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from telegraphone.capture import writer as module
from telegraphone.capture.files import Lives, RecordingFiles, Workshop
from telegraphone.capture.key_pool import KeyPool
from telegraphone.capture.writer import Answered, Moved, Result, Writer
from telegraphone.keystore.memory import MemoryKeyStore
from telegraphone.limits import SEGMENT_FRAMES
from telegraphone.media.header import FILLER
from telegraphone.media.journal import GateShut, Started, TrackFact
from telegraphone.media.layout import segment_file
from telegraphone.media.recovery import journal_state
from telegraphone.media.track import EpochOpened, SegmentsFilled
from tests.simulation.faulty_disk import FaultyDisk, FaultyFile
from tests.simulation.test_writer_faults import BEGIN, RECORDING, stored

TRACKS = (TrackFact(0, "agent", "leg-a"), TrackFact(1, "other", "leg-b"))
STARTED = Started(BEGIN, "CALL", 8000, TRACKS)
FEW, MANY = 3, 12
"""Recordings that are synced each by itself, and all together."""
PATIENCE_S = 30


def segment(index: int) -> bytes:
    return random.Random(index).randbytes(SEGMENT_FRAMES)


class Disk(FaultyDisk):
    """May be slow, and may have lost what was written to one file, which it tells once for all files together."""

    def __init__(self) -> None:
        super().__init__()
        self.flowing = threading.Event()
        self.flowing.set()
        self.lost = ""
        self.told = False

    def create(self, path: str) -> "DiskFile":
        super().create(path)
        return DiskFile(self, self._files[path])

    def step(self, name: str) -> None:
        if name == "append":
            assert self.flowing.wait(PATIENCE_S)
        if name == "sync_all" and self.lost and not self.told:
            self.told = True
            raise OSError(errno.EIO, "told once")
        super().step(name)

    def audio(self) -> list[tuple[bool, int]]:
        """Of each file of audio whether it is open, itself and its name durable, and how much is in it."""
        files = [file for name, file in tuple(self._files.items()) if name.endswith(".tgs")]
        return [(file.synced > 0 and file.named, len(file.data)) for file in files]

    def unsynced(self, suffix: str) -> list[str]:
        """The files of this kind of which something is not durable."""
        return [name for name, file in tuple(self._files.items()) if name.endswith(suffix) and file.synced < len(file.data)]


class DiskFile(FaultyFile):
    """Of the disk above."""

    def datasync(self) -> None:
        name = self._file.name
        if self._disk.lost and name.endswith(self._disk.lost):
            raise OSError(errno.EIO, "and by this file")
        super().datasync()


@dataclass
class Bench:
    """A writer, its disk, and what it said."""

    disk: Disk
    keys: MemoryKeyStore
    writer: Writer = field(init=False)
    said: list[Result] = field(default_factory=list)
    not_durable: list[str] = field(default_factory=list)
    """Journals that were not durable when an answer was given."""
    tickets: int = 0
    answered: threading.Condition = field(default_factory=threading.Condition)

    def __post_init__(self) -> None:
        self.writer = Writer(self.disk, self._wake)
        self.workshop = Workshop(self.disk, KeyPool(self.keys), lambda: datetime.now(UTC))

    def _wake(self) -> None:
        """In the writer's thread, before it does anything else."""
        results = [self.writer.results.popleft() for _ in range(len(self.writer.results))]
        if any(isinstance(each, Answered) for each in results):
            self.not_durable += self.disk.unsynced(".tgj")
        with self.answered:
            self.said += results
            self.answered.notify()

    def files(self, count: int) -> list[RecordingFiles]:
        """Recordings that have begun, with two open files of audio each."""
        names = [RECORDING, *(f"00000000-0000-4000-8000-{number:012}" for number in range(1, count))]
        made = [RecordingFiles(self.workshop, "tenant", name, Lives()) for name in names]
        self.ask(dict.fromkeys(made, STARTED))
        for files in made:
            self.writer.store(files, [EpochOpened(stream, "PCMU", 0) for stream in (0, 1)])
        self.writer.hand_over()
        self.wait(lambda: [opened for opened, _ in self.disk.audio()] == [True] * 2 * count)
        return made

    def wait(self, happened: Callable[[], bool]) -> None:
        """Until it has."""
        patience = time.monotonic() + PATIENCE_S
        while not happened():
            assert time.monotonic() < patience
            time.sleep(0.001)

    def ask(self, items: dict[RecordingFiles, Started | GateShut]) -> None:
        """Has each written and waits until all are answered."""
        for files, item in items.items():
            self.tickets += 1
            self.writer.submit(files, item, self.tickets)
        self.writer.hand_over()
        with self.answered:
            assert self.answered.wait_for(lambda: self._answers() == self.tickets, PATIENCE_S)

    def _answers(self) -> int:
        return sum(isinstance(each, Answered) for each in self.said)


@contextmanager
def running() -> Iterator[Bench]:
    """A writer that is stopped at the end, when all is written."""
    bench = Bench(Disk(), MemoryKeyStore(random.Random(1).randbytes))
    bench.writer.start()
    yield bench
    bench.disk.flowing.set()
    bench.writer.stop()
    bench._wake()


@pytest.mark.parametrize("count", [FEW, MANY])
def test_an_answer_speaks_of_what_is_durable(count: int) -> None:
    with running() as bench:
        recordings = bench.files(count)
        for index in range(20):
            for files in recordings:
                bench.writer.store(files, [SegmentsFilled(0, segment(index))])
            bench.ask({files: GateShut("agent", BEGIN, index) for files in recordings})
    assert bench.not_durable == []
    assert [each for each in bench.said if isinstance(each, Answered) and each.error] == []


@pytest.mark.parametrize("count", [FEW, MANY])
def test_sound_becomes_durable_while_nobody_asks_for_anything(count: int) -> None:
    """Of a call without a pause nothing would outlive a loss of power if only operations were made durable."""
    with running() as bench:
        for files in bench.files(count):
            bench.writer.store(files, [SegmentsFilled(stream, segment(stream)) for stream in (0, 1)])
        bench.writer.hand_over()
        bench.wait(lambda: all(size > SEGMENT_FRAMES for _, size in bench.disk.audio()))
        bench.wait(lambda: not bench.disk.unsynced(".tgs"))


def test_an_error_told_once_is_heard_by_all_whom_it_concerns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "COMMIT_PERIOD_S", 3_600)
    with running() as bench:
        *others, hit = bench.files(MANY)
        for files in (*others, hit):
            bench.writer.store(files, [SegmentsFilled(0, segment(0))])
        bench.writer.hand_over()
        bench.wait(lambda: sum(size > SEGMENT_FRAMES for _, size in bench.disk.audio()) == MANY)
        bench.disk.lost = f"{hit.recording}/{segment_file(0, 0)}"
        bench.ask({files: GateShut("hold", BEGIN, 2) for files in others})
    assert [each.files for each in bench.said if isinstance(each, Moved)] == [hit], "it asked for nothing, and lost something"


def test_a_disk_that_hangs_takes_no_memory_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WRITER_BACKLOG_BYTES_MAX", 3 * SEGMENT_FRAMES)
    with running() as bench:
        (files,) = bench.files(1)
        bench.ask({files: GateShut("agent", BEGIN, 1)})
        bench.disk.flowing.clear()
        handed = 0
        for index in range(100):
            bench.writer.store(files, [SegmentsFilled(0, segment(index))])
            handed += len(bench.writer._prepared)
            bench.writer.hand_over()
        assert bench.writer.backlog_bytes == 3 * SEGMENT_FRAMES
        assert handed == 3, "what is not kept is one gap, not one for each segment"
        bench.disk.flowing.set()
        bench.ask({files: GateShut("hold", BEGIN, 2)})
        bench.wait(lambda: not bench.writer.backlog_bytes)
        bench.writer.store(files, [SegmentsFilled(0, segment(100))])
    assert bench.writer.dropped_segments == 97
    image = bench.disk.image(random.Random(1), power=True)
    heard, _ = stored(image, bench.keys)
    filler = FILLER["PCMU"] * SEGMENT_FRAMES
    assert [heard[index * SEGMENT_FRAMES] for index in range(101)] == [
        segment(index) if index < 3 or index == 100 else filler for index in range(101)
    ]
    (gap,) = journal_state(image, bench.keys, RECORDING).gaps
    assert (gap.start, gap.stop, gap.reason) == (3 * SEGMENT_FRAMES, 100 * SEGMENT_FRAMES, "overflow")
