"""What a package's list of files says; `package.py` on whole packages is tried in tests/contract/test_evidence.py."""

from telegraphone.media.manifest import signed
from telegraphone.media.package import INDEX, INDEX_SIGNATURE, PackageIndex, verify_package
from telegraphone.media.ports import FileFacts, PublicFacts
from telegraphone.media.verify import Finding
from telegraphone.storage.memory import MemoryStore
from tests.unit.media.recording_maker import START, Maker


def laid(maker: Maker, index: bytes, signature: bytes) -> MemoryStore:
    store = MemoryStore()
    store.files = {INDEX: bytearray(index), INDEX_SIGNATURE: bytearray(signature)}
    return store


def test_an_empty_package_is_intact_and_one_that_lacks_its_list_is_not() -> None:
    maker = Maker()
    data = PackageIndex(START, "test", (), {}).to_bytes()
    store = laid(maker, data, signed(data, maker.keys))
    assert verify_package(store, list(store.files), maker.trusted) == ()
    assert verify_package(MemoryStore(), [], maker.trusted) == (Finding(INDEX, "is missing"),)


def test_a_signed_list_in_another_form_is_refused() -> None:
    maker = Maker()
    data = PublicFacts(b" " + PackageIndex(START, "test", (), {}).to_bytes())
    store = laid(maker, data, signed(data, maker.keys))
    [finding] = verify_package(store, list(store.files), maker.trusted)
    assert "canonical" in finding.problem


def test_what_the_list_promises_must_be_there() -> None:
    maker = Maker()
    data = PackageIndex(START, "test", ("none",), {"none/audio.wav": FileFacts(44, "00" * 32)}).to_bytes()
    store = laid(maker, data, signed(data, maker.keys))
    assert {each.file for each in verify_package(store, list(store.files), maker.trusted)} == {
        "none/audio.wav",
        "none/manifest.json",
    }
