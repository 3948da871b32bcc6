"""What the archive promises of finished recordings, wherever they lie: facts that are proved, and an end that is one."""

from datetime import timedelta
from pathlib import Path

import pytest

from telegraphone.domain.errors import RecordingLocked
from telegraphone.domain.ids import RecordingId
from telegraphone.media import layout
from telegraphone.media.errors import KeyMissing
from telegraphone.media.manifest import Manifest, load_manifest
from telegraphone.services.ports import Unavailable
from telegraphone.storage.archive import Hand, SealedArchive
from telegraphone.storage.folder import Folder
from telegraphone.storage.memory import MemoryStore
from telegraphone.storage.turns import Turns
from tests.unit.media.recording_maker import OTHER_RECORDING, RECORDING, Chance, Maker, at, conversation

ONE = RecordingId(RECORDING)


class Stubborn(MemoryStore):
    """A place that keeps audio files from being removed, as a locked bucket does."""

    def remove(self, path: str) -> None:
        if path.endswith(".tgs"):
            raise PermissionError(path)
        super().remove(path)


@pytest.fixture(params=[MemoryStore, Stubborn])
def maker(request: pytest.FixtureRequest) -> Maker:
    maker = Maker(request.param())
    conversation(maker)
    maker.finished()
    return maker


def manifest_of(maker: Maker) -> Manifest:
    return load_manifest(maker.store, maker.sealed, maker.trusted)


def hand(maker: Maker) -> Hand:
    return Hand(maker.keys, "telegraphone test", lambda: at(10**9), Chance("archive"))


def archive(maker: Maker, *, locked_days: int = 0) -> SealedArchive:
    place, locked = maker.store, timedelta(days=locked_days)
    return SealedArchive(place, [place], maker.keys, hand(maker), turns=Turns(), locked=locked)


async def test_what_is_kept_is_what_the_manifest_says(maker: Maker) -> None:
    kept = await archive(maker).kept(ONE)
    assert (kept.recording_id, kept.tenant, kept.call_uuid) == (RECORDING, "tenant-one", "CALL0001")
    assert {file.name: file.size for file in kept.files} == {
        name: len(maker.store.files[f"{maker.sealed}/{name}"]) for name in ("s0-e0.tgs", "s1-e0.tgs", "journal-0.tgj")
    }
    with pytest.raises(KeyError):
        await archive(maker).kept(RecordingId(OTHER_RECORDING))


async def test_what_is_erased_opens_no_more_even_where_its_files_stay(maker: Maker) -> None:
    kept = await archive(maker).kept(ONE)
    dek_ids = manifest_of(maker).dek_ids
    erased = await archive(maker).erase(ONE)
    assert (erased.recording, erased.keys_destroyed) == (kept, 3)
    for dek_id in dek_ids:
        with pytest.raises(KeyMissing):
            maker.keys.open(maker.tenant, dek_id)
    locked = ("s0-e0.tgs", "s1-e0.tgs") if isinstance(maker.store, Stubborn) else ()
    assert erased.files_left == locked
    assert sorted(maker.store.files) == [f"{maker.sealed}/{name}" for name in locked]


async def test_an_erasure_that_broke_off_is_finished_by_another(maker: Maker) -> None:
    maker.keys.erase(maker.tenant, manifest_of(maker).dek_ids[0])
    del maker.store.files[f"{maker.sealed}/s0-e0.tgs"]
    assert (await archive(maker).erase(ONE)).keys_destroyed == 2
    with pytest.raises(KeyError):
        await archive(maker).erase(ONE)


async def test_nothing_is_erased_on_the_word_of_a_changed_manifest(maker: Maker) -> None:
    maker.store.files[f"{maker.sealed}/{layout.MANIFEST}"][40] ^= 1
    with pytest.raises(Unavailable):
        await archive(maker).erase(ONE)
    assert f"{maker.sealed}/s1-e0.tgs" in maker.store.files


async def test_a_folder_forgets_an_erased_recording_whole(tmp_path: Path, maker: Maker) -> None:
    for path, content in maker.store.files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(content)
    folder = Folder(tmp_path)
    await SealedArchive(folder, [folder], maker.keys, hand(maker), turns=Turns()).erase(ONE)
    assert not (tmp_path / maker.sealed).exists()


async def test_a_locked_recording_is_not_erased_before_its_date(maker: Maker) -> None:
    with pytest.raises(RecordingLocked, match=r"2032-05"):
        await archive(maker, locked_days=2_000).erase(ONE)
    assert maker.keys.open(maker.tenant, manifest_of(maker).dek_ids[0])
    await archive(maker, locked_days=1).erase(ONE)
