"""Ends of recordings: many at once share their syncs, and whatever fails, each is finished in the end."""

import errno
import queue
import uuid

import pytest

from telegraphone.capture.control import SealedFact
from telegraphone.capture.finishing import Ended, Finishing, Library
from telegraphone.media import layout
from telegraphone.media.manifest import load_manifest
from telegraphone.storage.memory import MemoryFile, MemoryStore
from tests.unit.media.recording_maker import OTHER_RECORDING, RECORDING, Maker, at, conversation


class Disk(MemoryStore):
    """One that fails at a given deed, once, and counts what it was asked to make durable."""

    def __init__(self) -> None:
        super().__init__()
        self.fails_at = self.deeds = 0
        self.failure: Exception = OSError(errno.EIO, "failed")
        self.syncs: list[str] = []

    def begin(self, fails_at: int = 0) -> None:
        """Deeds count from now on."""
        self.fails_at, self.deeds = fails_at, 0
        self.syncs.clear()

    def _deed(self) -> None:
        self.deeds += 1
        if self.deeds == self.fails_at:
            raise self.failure

    def create(self, path: str) -> MemoryFile:
        self._deed()
        return super().create(path)

    def rename(self, old: str, new: str) -> None:
        self._deed()
        super().rename(old, new)

    def syncdir(self, path: str) -> None:
        self._deed()
        self.syncs.append(path)
        super().syncdir(path)

    def sync_all(self) -> None:
        self._deed()
        self.syncs.append("all")


def makers(disk: Disk, *recordings: str, fails_at: int = 0) -> list[Maker]:
    made = [Maker(store=disk, recording=recording) for recording in recordings]
    for maker in made:
        maker.keys = made[0].keys
        conversation(maker)
    disk.begin(fails_at)
    return made


def library(maker: Maker) -> Library:
    disk = maker.store
    return Library(disk, disk, maker.keys, maker.keys, lambda: at(80_000), "test")  # type: ignore[arg-type]  # a disk in memory


def test_many_share_three_syncs() -> None:
    disk = Disk()
    made = makers(disk, *(str(uuid.UUID(int=number)) for number in range(20)))
    facts = library(made[0]).finish([Ended(maker.recording, every_slot=False) for maker in made])
    assert [fact.recording for fact in facts if isinstance(fact, SealedFact)] == [maker.recording for maker in made]
    assert disk.syncs == ["all"] * 3
    for maker in made:
        assert load_manifest(disk, maker.sealed, made[0].trusted).frames == 1_000
    assert disk.list(layout.LIVE) == []


def test_one_by_itself_leaves_other_files_alone() -> None:
    disk = Disk()
    (maker,) = makers(disk, RECORDING)
    (fact,) = library(maker).finish([Ended(RECORDING, every_slot=False)])
    assert isinstance(fact, SealedFact)
    assert "all" not in disk.syncs


@pytest.mark.parametrize("failure", [OSError(errno.EIO, "failed"), MemoryError()], ids=["disk", "memory"])
@pytest.mark.parametrize("deed", range(1, 14))
def test_whatever_fails_each_is_finished_in_the_end(deed: int, failure: Exception) -> None:
    disk = Disk()
    disk.failure = failure
    made = makers(disk, RECORDING, OTHER_RECORDING, fails_at=deed)
    ended, shelf = [Ended(maker.recording, every_slot=False) for maker in made], library(made[0])
    first = shelf.finish(ended)
    again = shelf.finish([each for each, fact in zip(ended, first, strict=True) if isinstance(fact, Exception)])
    assert sum(isinstance(fact, SealedFact) for fact in (*first, *again)) == 2
    for maker in made:
        assert load_manifest(disk, maker.sealed, made[0].trusted).status == "sealed"
        assert layout.sealed_shard(maker.recording) in disk.syncs or disk.syncs[-1] == "all"


def test_what_failed_is_told_at_once_and_again_when_it_succeeds() -> None:
    disk = Disk()
    first, other = makers(disk, RECORDING, OTHER_RECORDING, fails_at=1)
    told: queue.SimpleQueue[tuple[str, SealedFact | str | None]] = queue.SimpleQueue()
    finishing = Finishing(library(first))
    finishing.start()
    finishing.finish(RECORDING, lambda it: told.put(("now", it)), lambda it: told.put(("later", it)), every_slot=False)
    assert told.get(timeout=30) == ("now", "OSError: [Errno 5] failed")
    finishing.finish(other.recording, lambda it: told.put(("now", it)), lambda it: told.put(("later", it)), every_slot=False)
    (when, fact), (later, kept) = told.get(timeout=30), told.get(timeout=30)
    finishing.stop()
    assert isinstance(fact, SealedFact)
    assert isinstance(kept, SealedFact)
    assert [(when, fact.recording), (later, kept.recording)] == [("now", OTHER_RECORDING), ("later", RECORDING)]
