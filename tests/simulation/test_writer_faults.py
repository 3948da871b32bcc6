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
from tests.seeds import chance
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
    ahead: bool = False
    """Whether audio that comes together is sealed before any of it is written, as the writer does it."""
    acknowledged: list[Record] = field(default_factory=list)
    asked: Record | None = None
    """The last operation asked for, which may have taken effect without being acknowledged."""
    applied: list[int] = field(default_factory=lambda: [0, 0])
    """Segments of each stream so far."""
    unsynced: set[tuple[int, int]] = field(default_factory=set)
    """Stream and number of each segment that was applied since the last round of syncs."""
    durable: set[tuple[int, int]] = field(default_factory=set)
    """The same of each that a round covers; a round in which a file failed, or before which one did, promises nothing."""
    losses: int = 0
    """Files that had failed when the last round ended."""
    after_failure: list[tuple[int, bytes]] = field(default_factory=list)
    """Stream and audio of each segment that was applied when a file failed, or later."""
    failed: bool = False
    nonces: list[tuple[bytes, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.chance = chance(self.seed)
        self.keys = MemoryKeyStore(self.chance.randbytes)
        world = self

        class Watched(Sealer):
            def __init__(self, header: EpochHeader, dek: bytes) -> None:
                super().__init__(header, dek)
                self.dek = dek

            def seal_run(self, pcm: bytes | bytearray | memoryview):  # type: ignore[no-untyped-def]  # as the one above
                first = self.count
                sealed = super().seal_run(pcm)
                world.nonces.extend((self.dek, number) for number in range(first, self.count))
                return sealed

        workshop = Workshop(self.disk, KeyPool(self.keys, self.chance.randbytes), self._utc, Watched, self.chance.randbytes)
        self.files = RecordingFiles(workshop, "tenant", RECORDING, Lives())

    def _utc(self) -> datetime:
        return BEGIN + timedelta(milliseconds=len(self.disk.names))

    def live(self) -> None:
        """The whole life; returns when it is over, in whichever way."""
        try:
            for together in self._steps():
                if self.ahead:
                    for step in together:
                        if isinstance(step.item, SegmentsFilled):
                            self.files.seal_ahead(step.item)
                for step in together:
                    step()
        except RecordingFailed:
            self.failed = True
        except WorldEnds:
            pass

    def _steps(self) -> Iterator[list["Step"]]:
        """What is done, as it comes to the writer."""
        yield [Step(self, Started(BEGIN, "CALL", 8000, TRACKS))]
        yield [Step(self, EpochOpened(stream, "PCMU", 160)) for stream in (0, 1)]
        for index in range(3):
            yield [Step(self, SegmentsFilled(stream, audio(stream, index))) for stream in (0, 1)]
            yield [Step(self, None)]
        yield [Step(self, GateShut("agent", BEGIN, 5000))]
        yield [Step(self, GateOpened("agent", BEGIN, 6000))]
        runs = [(stream, run) for run in ((3, 4), (5,)) for stream in (0, 1)]
        yield [Step(self, SegmentsFilled(stream, b"".join(audio(stream, index) for index in run))) for stream, run in runs]
        yield [Step(self, None)]
        yield [Step(self, GateShut("agent", BEGIN, 9000))]
        yield [Step(self, EpochClosed(stream, audio(stream, 6)[:100])) for stream in (0, 1)]
        yield [Step(self, Ended(BEGIN, 8260, "stopped"))]
        yield [Step(self, None)]


@dataclass
class Step:
    """One item, or a round of syncs when there is none; records are acknowledged as operations are."""

    world: World
    item: Record | EpochOpened | SegmentsFilled | EpochClosed | None

    def __call__(self) -> None:
        world = self.world
        if self.item is None:
            world.files.sync()
            if len(world.files.losses) == world.losses:
                world.durable |= world.unsynced
            world.unsynced, world.losses = set(), len(world.files.losses)
            return
        if isinstance(self.item, Started | GateShut | GateOpened | Ended):
            world.asked = self.item
        world.files.apply(self.item)
        if isinstance(self.item, SegmentsFilled):
            stream = self.item.stream
            first = world.applied[stream]
            world.applied[stream] += len(self.item.audio) // SEGMENT_FRAMES
            world.unsynced |= {(stream, index) for index in range(first, world.applied[stream])}
        if isinstance(self.item, SegmentsFilled | EpochClosed) and world.files.losses:
            sound = self.item.audio
            pieces = [bytes(sound[at : at + SEGMENT_FRAMES]) for at in range(0, len(sound), SEGMENT_FRAMES)]
            world.after_failure += [(self.item.stream, piece) for piece in pieces]
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


def check(world: World, store: MemoryStore) -> None:
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
        covered = {index for of, index in world.durable if of == stream}
        assert {160 + index * SEGMENT_FRAMES for index in covered} <= segments.keys(), "what a round covered is there"


def operations() -> int:
    """How many operations an undisturbed life has."""
    world = World(FaultyDisk())
    world.live()
    assert not world.failed
    assert len(world.durable) == 12, "every segment, and not the closing ones"
    return len(world.disk.names)


COUNT = operations()


@pytest.mark.parametrize("power", [False, True], ids=["kill", "power"])
def test_the_end_at_every_operation(power: bool) -> None:
    for at in range(1, COUNT + 1):
        for seed in range(4 if power else 1):
            world = World(FaultyDisk(Fault(at, "kill")), seed)
            world.live()
            check(world, world.disk.image(chance(at, seed), power=power))
            assert len(set(world.nonces)) == len(world.nonces)
            assert world.disk.before_durable_header == 0


@pytest.mark.parametrize("ahead", [False, True], ids=["one-by-one", "sealed-ahead"])
@pytest.mark.parametrize("kind", ["eio", "full"])
def test_one_failure_at_every_operation_is_survived(kind: str, ahead: bool) -> None:
    for at in range(1, COUNT + 1):
        world = World(FaultyDisk(Fault(at, kind)), ahead=ahead)
        world.live()
        assert world.disk.retried_syncs == 0, "a failed sync is never tried again"
        assert world.disk.written_after_failure == 0, "a file that failed is never written again"
        assert len(set(world.nonces)) == len(world.nonces) > 0, "no nonce is used twice"
        store = world.disk.image(chance(at), power=False)
        check(world, store)
        if not world.failed:
            assert isinstance(world.acknowledged[-1], Ended)
            heard = stored(store, world.keys)
            # Of the stream that was hit, what was written since the last good sync may be lost; the other lost nothing.
            assert max(len(segments) for segments in heard) == 7
            assert all(piece in heard[stream].values() for stream, piece in world.after_failure)


@pytest.mark.parametrize("kind", ["eio", "full"])
def test_a_disk_that_goes_on_failing_ends_the_recording_loudly(kind: str) -> None:
    for at in range(1, COUNT + 1):
        world = World(FaultyDisk(Fault(at, kind, lasting=True)))
        world.live()
        told = len(world.acknowledged)
        assert world.failed or at > COUNT - 2
        assert world.disk.retried_syncs == 0
        check(world, world.disk.image(chance(at), power=True))
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
