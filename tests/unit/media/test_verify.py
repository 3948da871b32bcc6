"""Verification: every change is found and said where, and nothing is found where nothing changed."""

from collections.abc import Callable

import msgspec
import pytest

from telegraphone.keystore.memory import MemoryKeyStore
from telegraphone.media import layout
from telegraphone.media.manifest import Manifest, signed
from telegraphone.media.verify import Finding, Report, verify
from tests.unit.media.recording_maker import RECORDING, Chance, Maker, conversation, ended, pause, speech, started


def made() -> tuple[Maker, Manifest]:
    maker = Maker()
    conversation(maker)
    return maker, maker.finished()


def checked(maker: Maker, *, with_keys: bool = True) -> Report:
    keys = maker.keys if with_keys else None
    return verify(maker.store, maker.sealed, maker.trusted, keys=keys, recording=RECORDING)


def resigned(maker: Maker, manifest: Manifest) -> None:
    """Puts a manifest in place as its rightful signer would."""
    facts = manifest.to_bytes()
    maker.store.files[f"{maker.sealed}/{layout.MANIFEST}"] = bytearray(facts)
    maker.store.files[f"{maker.sealed}/{layout.SIGNATURE}"] = bytearray(signed(facts, maker.keys))


def test_nothing_is_found_where_nothing_changed() -> None:
    maker, manifest = made()
    for with_keys in (False, True):
        report = checked(maker, with_keys=with_keys)
        assert report.intact
        assert (report.manifest, report.with_keys) == (manifest, with_keys)


def test_a_recovered_recording_verifies_too() -> None:
    maker = Maker()
    maker.audio(speech(0, 1_000), close=False)
    maker.journal([started()])
    maker.store.files[f"{maker.live}/s0-e0.tgs"][700] ^= 1
    maker.store.create(f"{maker.live}/s1-e0.tgs")
    maker.store.create(f"{maker.live}/journal-1.tgj")
    maker.finished()
    assert checked(maker).findings == ()


def test_a_flipped_bit_anywhere_is_found_and_its_segment_named() -> None:
    maker, _ = made()
    path = f"{maker.sealed}/s0-e0.tgs"
    header = len(maker.store.files[path]) - 6 * 176 - 56
    for place in range(0, len(maker.store.files[path]), 31):
        maker.store.files[path][place] ^= 2
        report = checked(maker)
        assert not checked(maker, with_keys=False).intact
        segments = {finding.segment for finding in report.findings if finding.segment is not None}
        # The header is authenticated with every segment: changed, it opens none.
        assert segments in ([{(place - header) // 176}] if place >= header else [set(), set(range(7))])
        maker.store.files[path][place] ^= 2
    assert checked(maker).intact


def cut(data: bytearray) -> None:
    del data[-1:]


def grow(data: bytearray) -> None:
    data += b"\0"


@pytest.mark.parametrize("name", ["s0-e0.tgs", "journal-0.tgj", "manifest.json", "manifest.sig"])
@pytest.mark.parametrize("change", [cut, grow])
def test_a_file_of_another_size_is_found(name: str, change: Callable[[bytearray], None]) -> None:
    maker, _ = made()
    change(maker.store.files[f"{maker.sealed}/{name}"])
    assert not checked(maker, with_keys=False).intact


@pytest.mark.parametrize("name", ["s0-e0.tgs", "journal-0.tgj", "manifest.json", "manifest.sig"])
def test_a_missing_file_is_found(name: str) -> None:
    maker, _ = made()
    del maker.store.files[f"{maker.sealed}/{name}"]
    assert "is missing" in {finding.problem for finding in checked(maker).findings}


def test_a_file_too_many_is_found() -> None:
    maker, _ = made()
    maker.store.create(f"{maker.sealed}/s0-e1.tgs")
    assert checked(maker).findings == (Finding("s0-e1.tgs", "is not named by the manifest"),)


def test_exchanged_files_are_found() -> None:
    maker, _ = made()
    files, one, two = maker.store.files, f"{maker.sealed}/s0-e0.tgs", f"{maker.sealed}/s1-e0.tgs"
    files[one], files[two] = files[two], files[one]
    assert {finding.file for finding in checked(maker, with_keys=False).findings} == {"s0-e0.tgs", "s1-e0.tgs"}


def test_another_recordings_manifest_is_found() -> None:
    maker, manifest = made()
    resigned(maker, msgspec.structs.replace(manifest, recording="9b1c6a52-1c1e-4c35-8f44-2a7d5b0c6e22"))
    assert any("speaks of recording" in finding.problem for finding in checked(maker).findings)


def test_an_older_manifest_of_changed_files_is_found() -> None:
    maker = Maker()
    conversation(maker)
    older = maker.recovered()
    maker.store.files[f"{maker.live}/s0-e0.tgs"] += b"torn"
    maker.finished()
    assert checked(maker).intact
    resigned(maker, older)
    assert not checked(maker, with_keys=False).intact


def test_a_strangers_signature_is_no_signature() -> None:
    maker, _ = made()
    report = verify(maker.store, maker.sealed, {MemoryKeyStore(Chance("stranger")).public_key()})
    assert report.manifest is None
    assert not report.intact


def test_audio_under_a_pause_mark_is_found() -> None:
    maker = Maker()
    stored = bytearray(speech(0, 1_000))
    stored[400:650] = b"\xff" * 250
    stored[649] = 0x7E
    maker.audio(bytes(stored))
    maker.journal([started(), *pause(400, 650), ended(1_000)])
    maker.finished()
    assert checked(maker, with_keys=False).intact
    assert checked(maker).findings == (Finding("s0-e0.tgs", "holds audio where a pause is marked", 4),)


def test_pauses_that_the_journal_does_not_tell_of_are_found() -> None:
    maker, manifest = made()
    shorter = msgspec.structs.replace(manifest.spans[0], stop=600)
    resigned(maker, msgspec.structs.replace(manifest, spans=(shorter,)))
    assert checked(maker).findings == (Finding("manifest.json", "marks other pauses than the journal tells of"),)


def test_segments_that_the_manifest_promises_must_be_there() -> None:
    maker, manifest = made()
    fact = manifest.epochs[0]
    resigned(maker, msgspec.structs.replace(manifest, epochs=(msgspec.structs.replace(fact, segments=8), *manifest.epochs[1:])))
    assert {finding.segment for finding in checked(maker).findings} == {6, 7, 8}


def test_a_damaged_journal_is_found_where_it_is_damaged() -> None:
    maker, _ = made()
    maker.store.files[f"{maker.sealed}/journal-0.tgj"][-10] ^= 1
    assert Finding("journal-0.tgj", "does not open as far as the manifest says", 3) in checked(maker).findings


def test_an_erased_key_is_told_as_such() -> None:
    maker, manifest = made()
    for dek_id in manifest.dek_ids:
        maker.keys.erase(maker.tenant, dek_id)
    assert {finding.problem for finding in checked(maker).findings} == {"its data key is not in the key store"}
    assert checked(maker, with_keys=False).intact


def test_verifying_changes_nothing() -> None:
    maker, _ = made()
    before = {path: bytes(data) for path, data in maker.store.files.items()}
    checked(maker)
    assert {path: bytes(data) for path, data in maker.store.files.items()} == before


def test_a_finding_reads_as_people_say_it() -> None:
    assert str(Finding("s0-e0.tgs", "does not open", 7)) == "s0-e0.tgs, segment 7: does not open"
    assert str(Finding("audio.wav", "is missing")) == "audio.wav: is missing"
