"""Recovery: a manifest that says what is there, from every state a writer can leave behind."""

import errno

import msgspec
import pytest

from telegraphone.media import layout
from telegraphone.media.errors import KeyMissing
from telegraphone.media.journal import Continued, Ended, EpochBegan, Gap
from telegraphone.media.manifest import Manifest, Span, load_manifest
from telegraphone.media.recovery import NothingRecorded, finish, journal_state, recover
from telegraphone.media.verify import verify
from telegraphone.storage.memory import MemoryFile, MemoryStore
from tests.unit.media.recording_maker import (
    OTHER_RECORDING,
    RECORDING,
    SOFTWARE,
    Maker,
    at,
    conversation,
    ended,
    pause,
    speech,
    started,
)


def spans(manifest: Manifest) -> list[tuple[str, str, int, int, int | None]]:
    return [(span.kind, span.reason, span.start, span.stop, span.stream) for span in manifest.spans]


def test_a_recording_that_ended_well_is_sealed() -> None:
    maker = Maker()
    conversation(maker)
    manifest = maker.recovered()
    assert (manifest.status, manifest.frames, manifest.rate, manifest.end_reason) == ("sealed", 1_000, 8_000, "stopped")
    assert (manifest.tenant, manifest.recording, manifest.call) == ("tenant-one", RECORDING, "CALL0001")
    assert [track.role for track in manifest.tracks] == ["agent", "other"]
    assert [(fact.file, fact.frames, fact.segments, fact.state) for fact in manifest.epochs] == [
        ("s0-e0.tgs", 1_000, 6, "closed"),
        ("s1-e0.tgs", 1_000, 6, "closed"),
    ]
    assert spans(manifest) == [("paused", "agent", 400, 650, None)]
    assert manifest.bytes_stored == sum(map(len, maker.store.files.values()))
    assert (manifest.started_at, manifest.ended_at) == (at(0), at(1_000))


def test_looking_at_closing_segments_only_says_the_same_of_a_whole_recording() -> None:
    maker = Maker()
    conversation(maker)
    assert maker.recovered(every_slot=False) == maker.recovered()


def test_a_recording_whose_writer_died_is_recovered() -> None:
    maker = Maker()
    maker.audio(speech(0, 1_000), close=False)
    maker.audio(speech(1, 500), stream=1, close=False)
    maker.journal([started(), *pause(400, None)])
    manifest = maker.recovered()
    assert (manifest.status, manifest.frames, manifest.end_reason) == ("recovered", 960, "lost")
    assert [fact.state for fact in manifest.epochs] == ["recovered", "recovered"]
    assert spans(manifest) == [("paused", "agent", 400, 960, None)]
    assert manifest.ended_at == at(960)


def test_what_no_file_covers_is_a_gap_with_its_cause() -> None:
    maker = Maker()
    maker.audio(speech(0, 320), first_frame=80, close=False)
    maker.audio(speech(0, 320), first_frame=600, epoch=1)
    maker.journal([started()])
    maker.journal([Continued(at(600), 600), ended(1_000)], life=1)
    manifest = maker.recovered()
    assert manifest.status == "recovered"
    assert spans(manifest) == [
        ("gap", "no_media", 0, 1_000, 1),
        ("gap", "no_media", 0, 80, 0),
        ("gap", "crash", 400, 600, 0),
        ("gap", "no_media", 920, 1_000, 0),
    ]


def test_gaps_the_journal_tells_of_and_pauses_are_not_told_twice() -> None:
    maker = Maker()
    maker.audio(speech(0, 320))
    maker.audio(speech(1, 640), stream=1)
    maker.journal([started(), Gap(0, 320, 420, "overflow"), *pause(400, 500), Gap(1, 600, 900, "lost"), ended(640)])
    assert spans(maker.recovered()) == [
        ("gap", "overflow", 320, 400, 0),
        ("paused", "agent", 400, 500, None),
        ("gap", "no_media", 500, 640, 0),
        ("gap", "lost", 600, 640, 1),
    ]


def test_an_hour_on_a_bad_network_is_finished_like_any_other() -> None:
    """Every tenth packet is missing, on both tracks: the work grows with the gaps, not with their square."""
    lost = [Gap(stream, 1_600 * n, 1_600 * n + 160, "lost") for n in range(18_000) for stream in (0, 1)]
    maker = Maker()
    maker.journal([started(), *lost, ended(1_600 * 18_000)])
    manifest = maker.finished()
    assert sum(span.reason == "lost" for span in manifest.spans) == len(lost)


def test_an_opening_that_the_end_overtook_makes_nothing_longer() -> None:
    maker = Maker()
    maker.audio(speech(0, 300) + b"\xff" * 40)
    maker.audio(speech(1, 300) + b"\xff" * 40, stream=1)
    maker.journal([started(), *pause(300, 400), *pause(350, 360), ended(340)])
    manifest = maker.finished()
    assert manifest.frames == 340
    assert spans(manifest) == [("paused", "agent", 300, 340, None)]
    assert verify(maker.store, maker.sealed, maker.trusted, keys=maker.keys).intact


@pytest.mark.parametrize("end", [(), (ended(320),)], ids=["its writer died", "ended"])
@pytest.mark.parametrize("shut_at", [320, 350])
def test_what_was_shut_at_the_very_end_is_told_though_no_frame_was_kept_out(end: tuple[Ended, ...], shut_at: int) -> None:
    maker = Maker()
    for stream in (0, 1):
        maker.audio(speech(stream, 320), stream=stream, close=bool(end))
    maker.journal([started(), *pause(shut_at, None), *end])
    manifest = maker.finished()
    told = [each for each in spans(manifest) if each[0] == "paused"]
    assert told == [("paused", "agent", manifest.frames, manifest.frames, None)]
    assert manifest.frames == (320 if end else shut_at)
    assert verify(maker.store, maker.sealed, maker.trusted, keys=maker.keys).intact


def test_a_manifest_that_does_not_tell_of_it_is_intact_and_one_that_invents_it_is_not() -> None:
    """Manifests of old do not."""
    for told in ((), (Span("paused", "agent", 320, 320),), (Span("paused", "hold", 320, 320),)):
        maker = Maker()
        for stream in (0, 1):
            maker.audio(speech(stream, 320), stream=stream)
        maker.journal([started(), *pause(320, None), ended(320)])
        finish(maker.store, maker.store, maker.keys, msgspec.structs.replace(maker.recovered(), spans=told))
        found = verify(maker.store, maker.sealed, maker.trusted, keys=maker.keys)
        assert found.intact == all(each.reason == "agent" for each in told)


def test_every_damaged_slot_is_marked_and_the_rest_keeps_its_place() -> None:
    maker = Maker()
    conversation(maker)
    path = f"{maker.live}/s0-e0.tgs"
    size = len(maker.store.files[path])
    for slot in (1, 2, 5):
        maker.store.files[path][size - 40 - 16 - (6 - slot) * 176] ^= 1
    manifest = maker.recovered()
    assert manifest.epochs[0].damaged == 3
    assert manifest.epochs[0].state == "closed"
    assert spans(manifest) == [
        ("corrupt", "damaged", 160, 480, 0),
        ("paused", "agent", 400, 650, None),
        ("corrupt", "damaged", 800, 960, 0),
    ]


def test_a_file_without_a_whole_header_is_named_and_holds_nothing() -> None:
    maker = Maker()
    conversation(maker)
    maker.store.create(f"{maker.live}/s0-e1.tgs")
    manifest = maker.recovered()
    assert [fact.state for fact in manifest.epochs] == ["closed", "unreadable", "closed"]
    assert manifest.status == "recovered"
    assert manifest.frames == 1_000


def test_a_file_from_another_place_is_refused() -> None:
    maker = Maker()
    conversation(maker)
    files = maker.store.files
    files[f"{maker.live}/s0-e0.tgs"], files[f"{maker.live}/s1-e0.tgs"] = (
        files[f"{maker.live}/s1-e0.tgs"],
        files[f"{maker.live}/s0-e0.tgs"],
    )
    manifest = maker.recovered()
    assert [fact.state for fact in manifest.epochs] == ["unreadable", "unreadable"]
    assert ("gap", "unreadable", 0, 400, 0) in spans(manifest)


def test_an_unreadable_file_lies_where_the_journal_put_it() -> None:
    maker = Maker()
    maker.audio(speech(0, 320))
    maker.journal([started(), EpochBegan(at(500), 0, 1, "PCMA", 500), ended(800)])
    maker.store.create(f"{maker.live}/s0-e1.tgs")
    manifest = maker.recovered()
    assert (manifest.epochs[1].codec, manifest.epochs[1].first_frame) == ("PCMA", 500)
    assert ("gap", "no_media", 320, 800, 0) in spans(manifest)


def test_the_state_of_a_live_recording_is_known_before_media_is_accepted() -> None:
    maker = Maker()
    maker.journal([started(), *pause(100, None), *pause(120, None, "hold")])
    maker.journal([Continued(at(160), 160), *pause(170, 180, "hold")], life=1)
    assert journal_state(maker.store, maker.keys, RECORDING).shut_for == {"agent"}


def test_a_torn_journal_counts_as_far_as_it_opens() -> None:
    maker = Maker()
    conversation(maker)
    del maker.store.files[f"{maker.live}/journal-0.tgj"][-5:]
    manifest = maker.recovered()
    assert manifest.status == "recovered"
    assert manifest.journals[0].records == 3
    assert manifest.journals[0].dropped_bytes > 0
    assert spans(manifest) == [("paused", "agent", 400, 650, None)]


def test_a_journal_of_another_recording_tells_nothing() -> None:
    maker = Maker()
    conversation(maker)
    other = Maker(store=maker.store, keys=maker.keys, recording=OTHER_RECORDING)
    path = other.journal([started(), *pause(0, None)])
    maker.store.files[f"{maker.live}/journal-0.tgj"] = maker.store.files[path]
    manifest = maker.recovered()
    assert (manifest.journals[0].records, manifest.journals[0].dek_id) == (0, "")
    assert manifest.tracks == ()


def test_audio_is_not_signed_away_when_a_key_cannot_be_fetched() -> None:
    maker = Maker()
    conversation(maker)
    maker.keys.erase(maker.tenant, maker.recovered().epochs[0].dek_id)
    with pytest.raises(KeyMissing):
        maker.recovered()


def test_a_directory_worth_nothing_is_said_to_be() -> None:
    maker = Maker()
    maker.store.create(f"{maker.live}/journal-0.tgj")
    with pytest.raises(NothingRecorded):
        maker.recovered()
    with pytest.raises(FileNotFoundError):
        recover(maker.store, maker.keys, OTHER_RECORDING, now=at(0), software=SOFTWARE)


def test_finishing_moves_the_recording_and_leaves_a_manifest_that_verifies() -> None:
    maker = Maker()
    conversation(maker)
    manifest = maker.finished()
    assert load_manifest(maker.store, maker.sealed, maker.trusted) == manifest
    assert maker.store.list(layout.LIVE) == []
    assert maker.store.list(maker.sealed) == ["journal-0.tgj", "manifest.json", "manifest.sig", "s0-e0.tgs", "s1-e0.tgs"]


class FailsOnce(MemoryStore):
    """A store whose n-th deed fails, and whose later ones do not."""

    def __init__(self, deed: int) -> None:
        super().__init__()
        self.left: int | None = None
        self.deed = deed

    def _count(self) -> None:
        if self.left is not None:
            self.left -= 1
            if self.left == 0:
                raise OSError(errno.EIO, "failed")

    def create(self, path: str) -> MemoryFile:
        self._count()
        return super().create(path)

    def rename(self, old: str, new: str) -> None:
        self._count()
        super().rename(old, new)

    def unlink(self, path: str) -> None:
        self._count()
        super().unlink(path)

    def syncdir(self, path: str) -> None:
        self._count()
        super().syncdir(path)


@pytest.mark.parametrize("deed", range(1, 10))
def test_finishing_can_be_done_again_after_any_failure(deed: int) -> None:
    maker = Maker(store=FailsOnce(deed))
    conversation(maker)
    manifest = maker.recovered()
    assert isinstance(maker.store, FailsOnce)
    maker.store.left = deed
    try:
        finish(maker.store, maker.store, maker.keys, manifest)
    except OSError:
        if RECORDING in maker.store.list(layout.LIVE):
            manifest = maker.recovered()
            finish(maker.store, maker.store, maker.keys, manifest)
    assert load_manifest(maker.store, maker.sealed, maker.trusted) == manifest
