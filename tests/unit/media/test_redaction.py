"""Taking a span out: filler under a new key in its place, and everything else as it was."""

import pytest

from telegraphone.media.errors import DamagedHeader
from telegraphone.media.manifest import Manifest
from telegraphone.media.redaction import Redaction, redact
from telegraphone.media.unseal import EpochReader
from tests.unit.media.recording_maker import Chance, Maker, at, conversation


def redacted(maker: Maker, manifest: Manifest, span: tuple[int, int]) -> Redaction:
    facts = {"reason": "asked for", "software": "test", "entropy": Chance("new"), "now": at(9_000)}
    return redact(manifest, maker.store, maker.keys, span, **facts)  # type: ignore[arg-type]  # a test's shorthand


@pytest.mark.parametrize("codec", ["PCMU", "PCMA"])
def test_the_new_file_holds_the_same_frames_but_for_the_span(codec: str) -> None:
    maker = Maker()
    conversation(maker, codec=codec)
    manifest = maker.finished()
    done = redacted(maker, manifest, (155, 325))
    filler = b"\xff" if codec == "PCMU" else b"\xd5"
    assert sorted(done.files) == ["s0-e1.tgs", "s1-e1.tgs"]
    for old, new in zip(manifest.epochs, done.manifest.epochs, strict=True):
        maker.store.files[f"{maker.sealed}/{new.file}"] = bytearray(done.files[new.file])
        before, after = (EpochReader(maker.store, f"{maker.sealed}/{fact.file}", maker.keys) for fact in (old, new))
        whole = [b"".join(plain or b"" for _, plain in reader.plain()) + (reader.closing() or b"") for reader in (before, after)]
        assert whole[1] == whole[0][:155] + filler * 170 + whole[0][325:]
        assert (new.segments, new.frames, new.damaged, new.state) == (old.segments, old.frames, 0, "closed")
        assert new.dek_id != old.dek_id


def test_another_redaction_remembers_the_first() -> None:
    maker = Maker()
    conversation(maker)
    first = redacted(maker, maker.finished(), (0, 10))
    for name, content in first.files.items():
        maker.store.files[f"{maker.sealed}/{name}"] = bytearray(content)
    second = redact(
        first.manifest, maker.store, maker.keys, (990, 1_000), reason="again", software="test", entropy=Chance("2"), now=at(0)
    )
    assert [fact.file for fact in second.manifest.replaced_facts] == ["s0-e0.tgs", "s1-e0.tgs", "s0-e1.tgs", "s1-e1.tgs"]
    assert [(span.start, span.stop) for span in second.manifest.spans if span.kind == "redacted"] == [(0, 10), (990, 1_000)]


def test_a_file_that_is_not_this_recordings_is_not_signed_anew() -> None:
    maker = Maker()
    conversation(maker)
    manifest = maker.finished()
    one, two = f"{maker.sealed}/s0-e0.tgs", f"{maker.sealed}/s1-e0.tgs"
    maker.store.files[one], maker.store.files[two] = maker.store.files[two], maker.store.files[one]
    with pytest.raises(DamagedHeader):
        redacted(maker, manifest, (0, 10))
