"""The manifest: one form, one signature, nothing believed from a stranger."""

import msgspec
import pytest
import rfc8785

from telegraphone.keystore.memory import MemoryKeyStore
from telegraphone.media.errors import DamagedHeader, DamagedManifest
from telegraphone.media.manifest import ClockFact, Manifest, open_epoch, read_manifest, signed
from telegraphone.media.ports import PublicFacts
from tests.unit.media.recording_maker import Chance, Maker, conversation


def made() -> tuple[Maker, Manifest]:
    maker = Maker()
    conversation(maker)
    return maker, maker.finished()


def test_what_is_signed_is_read() -> None:
    maker, manifest = made()
    facts = manifest.to_bytes()
    assert read_manifest(facts, signed(facts, maker.keys), maker.trusted) == manifest


@pytest.mark.parametrize("offset_ms", [None, 1.0, -0.25])
def test_its_form_is_the_canonical_one(offset_ms: float | None) -> None:
    _, manifest = made()
    clock = () if offset_ms is None else (ClockFact(manifest.started_at, "system", offset_ms, None),)
    manifest = msgspec.structs.replace(manifest, clock=clock, call='Büro "5"')
    for each in (manifest, msgspec.structs.replace(manifest, call="CALL")):
        assert each.to_bytes() == rfc8785.dumps(msgspec.to_builtins(each))


def test_every_changed_byte_is_refused() -> None:
    maker, manifest = made()
    facts = manifest.to_bytes()
    signature = signed(facts, maker.keys)
    for place in range(0, len(facts), 3):
        changed = facts[:place] + bytes([facts[place] ^ 1]) + facts[place + 1 :]
        with pytest.raises(DamagedManifest):
            read_manifest(changed, signature, maker.trusted)
    for place in range(len(signature)):
        changed = signature[:place] + bytes([signature[place] ^ 1]) + signature[place + 1 :]
        with pytest.raises(DamagedManifest):
            read_manifest(facts, changed, maker.trusted)


def test_a_stranger_is_not_believed() -> None:
    maker, manifest = made()
    facts = manifest.to_bytes()
    stranger = MemoryKeyStore(Chance("stranger"))
    with pytest.raises(DamagedManifest, match="trusted"):
        read_manifest(facts, signed(facts, stranger), maker.trusted)


@pytest.mark.parametrize(
    ("old", "new"),
    [(b'{"call"', b'{ "call"'), (b'"format":"telegraphone-manifest-1"', b'"format":"telegraphone-manifest-2"'), (b"{", b"[")],
)
def test_another_form_is_refused_even_when_signed(old: bytes, new: bytes) -> None:
    maker, manifest = made()
    facts = PublicFacts(manifest.to_bytes().replace(old, new, 1))
    with pytest.raises(DamagedManifest):
        read_manifest(facts, signed(facts, maker.keys), maker.trusted)


def test_silences_of_a_stream_are_its_own_and_everyones() -> None:
    _, manifest = made()
    lost = msgspec.structs.replace(manifest.spans[0], kind="gap", start=600, stop=700, stream=1)
    manifest = msgspec.structs.replace(manifest, spans=(*manifest.spans, lost))
    assert manifest.silences(0) == ((400, 650),)
    assert manifest.silences(1) == ((400, 700),)


def test_a_file_is_opened_only_where_the_manifest_has_it() -> None:
    maker, manifest = made()
    fact = manifest.epochs[0]
    assert open_epoch(manifest, fact, maker.store, maker.keys, directory=maker.sealed).slots == 6
    for changes in ({"first_frame": 8}, {"codec": "PCMA"}, {"dek_id": "00" * 16}, {"file": manifest.epochs[1].file}):
        with pytest.raises(DamagedHeader):
            open_epoch(manifest, msgspec.structs.replace(fact, **changes), maker.store, maker.keys, directory=maker.sealed)
    elsewhere = msgspec.structs.replace(manifest, recording="another-recording")
    with pytest.raises(DamagedHeader):
        open_epoch(elsewhere, fact, maker.store, maker.keys, directory=maker.sealed)


def test_a_manifest_holds_nobodys_name() -> None:
    _, manifest = made()
    assert "agent.one" not in manifest.to_bytes().decode()
