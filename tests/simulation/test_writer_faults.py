"""One recording's life with a fault at every single operation: nothing acknowledged is lost, nothing stored is wrong.

F2 (killed at the n-th I/O), F3 (power loss with torn sectors), F10 (EIO), F9 (disk full); REC-3, REC-4, PCI-6. The life is
the same each time: a start, two streams, a pause, a resume, a second pause, the end, with sync rounds in between.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from telegraphone.capture import files
from telegraphone.capture.files import Lives, RecordingFailed, RecordingFiles, Workshop
from telegraphone.capture.key_pool import KeyPool
from telegraphone.keystore.memory import MemoryKeyStore
from telegraphone.limits import SEGMENT_FRAMES
from telegraphone.media import layout
from telegraphone.media.header import EpochHeader
from telegraphone.media.journal import Ended, Gap, GateOpened, GateShut, Record, SourceChanged, Started, TrackFact
from telegraphone.media.recovery import NothingRecorded, journal_state, recover
from telegraphone.media.seal import Sealer
from telegraphone.media.track import EpochClosed, EpochOpened, SegmentsFilled
from telegraphone.media.unseal import EpochReader
from telegraphone.storage.memory import MemoryStore
from tests.simulation.faulty_disk import Fault, FaultyDisk, WorldEnds

RECORDING = "0f0e0d0c-0b0a-4908-8706-050403020100"
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
TRACKS = (TrackFact(0, "agent", "leg-a"), TrackFact(1, "other", "leg-b"))


def audio(stream: int, index: int) -> bytes:
    """A segment that says where it belongs."""
    return random.Random(f"{stream}/{index}").randbytes(SEGMENT_FRAMES)


@dataclass
class World:
    """A recording being written, what was acknowledged of it, and which nonces were used."""

    disk: FaultyDisk
    seed: int = 1
    acknowledged: list[Record] = field(default_factory=list)
    asked: Record | None = None
    """The last operation asked for, which may have taken effect without being acknowledged."""
    durable: int = 0
    """Segments of each stream that a completed sync round covers."""
    failed: bool = False
    nonces: list[tuple[bytes, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)
        self.keys = MemoryKeyStore(self.chance.randbytes)
        world = self

        class Watched(Sealer):
            def __init__(self, header: EpochHeader, dek: bytes) -> None:
                super().__init__(header, dek)
                self.dek = dek

            def seal(self, pcm: bytes | bytearray | memoryview):  # type: ignore[no-untyped-def]  # as the one above
                world.nonces.append((self.dek, self.count))
                return super().seal(pcm)

        workshop = Workshop(self.disk, KeyPool(self.keys, self.chance.randbytes), self._utc, Watched, self.chance.randbytes)
        self.files = RecordingFiles(workshop, "tenant", RECORDING, Lives())

    def _utc(self) -> datetime:
        return BEGIN + timedelta(milliseconds=len(self.disk.names))

    def live(self) -> None:
        """The whole life; returns when it is over, in whichever way."""
        try:
            for step in self._steps():
                step()
        except RecordingFailed:
            self.failed = True
        except WorldEnds:
            pass

    def _steps(self) -> Iterator["Step"]:
        yield Step(self, Started(BEGIN, "CALL", 8000, TRACKS))
        for stream in (0, 1):
            yield Step(self, EpochOpened(stream, "PCMU", 160))
        for index in range(3):
            for stream in (0, 1):
                yield Step(self, SegmentsFilled(stream, audio(stream, index)))
            yield Step(self, None, segments=index + 1)
        yield Step(self, GateShut("agent", BEGIN, 5000))
        yield Step(self, GateOpened("agent", BEGIN, 6000))
        for stream in (0, 1):
            yield Step(self, SegmentsFilled(stream, audio(stream, 3) + audio(stream, 4)))
        yield Step(self, None, segments=5)
        yield Step(self, GateShut("agent", BEGIN, 9000))
        for stream in (0, 1):
            yield Step(self, EpochClosed(stream, audio(stream, 5)[:100]))
        yield Step(self, Ended(BEGIN, 8260, "stopped"))
        yield Step(self, None, segments=5)


@dataclass
class Step:
    """One item, or a round of syncs when there is none; records are acknowledged as operations are."""

    world: World
    item: Record | EpochOpened | SegmentsFilled | EpochClosed | None
    segments: int = 0

    def __call__(self) -> None:
        world = self.world
        if self.item is None:
            world.files.sync()
            world.durable = self.segments
            return
        if isinstance(self.item, Started | GateShut | GateOpened | Ended):
            world.asked = self.item
        world.files.apply(self.item)
        if self.item is world.asked:
            world.files.sync(journal_only=True)
            world.acknowledged.append(self.item)


def stored(store: MemoryStore, keys: MemoryKeyStore) -> tuple[dict[int, bytes], dict[int, bytes]]:
    """The audio of each stream by frame, one segment an entry, the closing one included."""
    found: tuple[dict[int, bytes], dict[int, bytes]] = ({}, {})
    directory = layout.live_directory(RECORDING)
    for name in store.list(directory):
        parts = layout.segment_file_parts(name)
        if not parts:
            continue
        try:
            reader = EpochReader(store, f"{directory}/{name}", keys)
        except Exception:  # noqa: BLE001 - a torn header means an empty file
            continue
        for number, plain in reader.plain():
            if plain is not None:
                found[parts[0]][reader.header.first_frame + number * SEGMENT_FRAMES] = plain
        if rest := reader.closing():
            found[parts[0]][reader.header.first_frame + reader.slots * SEGMENT_FRAMES] = rest
    return found


def check(world: World, store: MemoryStore, *, sectors_lost: bool) -> None:
    """What must hold of whatever is left."""
    try:
        state = journal_state(store, world.keys, RECORDING)
    except FileNotFoundError:
        assert not world.acknowledged
        return
    acknowledged = world.acknowledged
    assert (state.started is not None) or not acknowledged
    shut = {record.reason for record in acknowledged if isinstance(record, GateShut)}
    opened = {record.reason for record in acknowledged if isinstance(record, GateOpened)}
    pauses = sum(isinstance(record, GateShut) for record in acknowledged)
    assert len(state.spans) >= pauses
    assert not opened - shut
    if acknowledged and isinstance(acknowledged[-1], GateShut) and not isinstance(world.asked, GateOpened):
        assert not state.keeps_audio, "paused stays paused"
    if acknowledged and isinstance(acknowledged[-1], Ended):
        assert state.ended
    try:
        manifest = recover(store, world.keys, RECORDING, now=BEGIN, software="test")
    except NothingRecorded:
        assert not acknowledged
        return
    assert manifest.recording == RECORDING
    for stream, segments in enumerate(stored(store, world.keys)):
        for frame, plain in segments.items():
            index, rest = divmod(frame - 160, SEGMENT_FRAMES)
            assert rest == 0
            assert plain == audio(stream, index)[: len(plain)], "what opens is right, and lies in its place"
        for index in range(world.durable):
            assert 160 + index * SEGMENT_FRAMES in segments or not sectors_lost, "what a round covered is there"


def operations() -> int:
    """How many operations an undisturbed life has."""
    world = World(FaultyDisk())
    world.live()
    assert not world.failed
    return len(world.disk.names)


COUNT = operations()


@pytest.mark.parametrize("power", [False, True], ids=["kill", "power"])
def test_the_end_at_every_operation(power: bool) -> None:
    for at in range(1, COUNT + 1):
        for seed in range(4 if power else 1):
            world = World(FaultyDisk(Fault(at, "kill")), seed)
            world.live()
            check(world, world.disk.image(random.Random(f"{at}/{seed}"), power=power), sectors_lost=True)
            assert len(set(world.nonces)) == len(world.nonces)
            assert world.disk.before_durable_header == 0


@pytest.mark.parametrize("kind", ["eio", "full"])
def test_one_failure_at_every_operation_is_survived(kind: str) -> None:
    for at in range(1, COUNT + 1):
        world = World(FaultyDisk(Fault(at, kind)))
        world.live()
        assert world.disk.retried_syncs == 0, "a failed sync is never tried again"
        assert world.disk.written_after_failure == 0, "a file that failed is never written again"
        assert len(set(world.nonces)) == len(world.nonces), "no nonce is used twice"
        store = world.disk.image(random.Random(at), power=False)
        check(world, store, sectors_lost=False)
        if not world.failed:
            assert isinstance(world.acknowledged[-1], Ended)
            heard = stored(store, world.keys)
            # Of the stream that was hit, what was written since the last good sync may be lost; the other lost nothing.
            assert max(len(segments) for segments in heard) == 6


@pytest.mark.parametrize("kind", ["eio", "full"])
def test_a_disk_that_goes_on_failing_ends_the_recording_loudly(kind: str) -> None:
    for at in range(1, COUNT + 1):
        world = World(FaultyDisk(Fault(at, kind, lasting=True)))
        world.live()
        told = len(world.acknowledged)
        assert world.failed or at > COUNT - 2
        assert world.disk.retried_syncs == 0
        check(world, world.disk.image(random.Random(at), power=True), sectors_lost=False)
        assert len(world.acknowledged) == told


def test_a_journal_takes_operations_when_it_takes_no_more_notes(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sender may cause notes without end; a pause behind them must be read again, or not be acknowledged."""
    monkeypatch.setattr(files, "JOURNAL_NOTES_BYTES_MAX", 4_000)
    monkeypatch.setattr(files, "JOURNAL_OPERATIONS_BYTES_MAX", 10_000)
    world = World(FaultyDisk())
    Step(world, Started(BEGIN, "CALL", 8000, TRACKS))()
    for index in range(200):
        world.files.apply(SourceChanged(BEGIN, 0, index, "timestamps have jumped"))
        world.files.apply(Gap(0, index, index + 1, "lost"))
    pauses = 0

    def pause_for_ever() -> None:
        nonlocal pauses
        for position in range(1_000, 2_000):
            Step(world, GateShut("agent", BEGIN, position))()
            Step(world, GateOpened("agent", BEGIN, position))()
            pauses += 1

    with pytest.raises(RecordingFailed, match="full"):
        pause_for_ever()
    state = journal_state(world.disk.image(random.Random(1), power=True), world.keys, RECORDING)
    assert 0 < len(state.gaps) < 100
    assert 10 < pauses <= len(state.spans)
