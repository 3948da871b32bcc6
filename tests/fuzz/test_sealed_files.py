"""Sealed files that were cut, flipped, joined and shuffled: readers answer by their own errors and never with wrong audio."""

from hypothesis import given, settings
from hypothesis import strategies as st

from telegraphone.media.errors import DamagedEnvelope, DamagedHeader, DamagedManifest, KeyMissing, SealedFormatError
from telegraphone.media.header import read_header
from telegraphone.media.manifest import load_manifest, read_manifest
from telegraphone.media.mixdown import Mixdown
from telegraphone.media.recovery import NothingRecorded
from telegraphone.media.verify import verify
from tests.fuzz.bounded import examples
from tests.unit.media.recording_maker import Chance, Maker, conversation

FRAMES = 1_000
Deed = tuple[str, int, int, bytes]
"""What to do to a file, where, with how many bytes, and what to put there."""


@st.composite
def damage(draw: st.DrawFn) -> Deed:
    deed = draw(st.sampled_from(["flip", "cut", "insert", "zero", "overwrite"]))
    return deed, draw(st.integers(0, 3_000)), draw(st.integers(1, 400)), draw(st.binary(min_size=1, max_size=64))


def damaged(data: bytearray, deed: Deed) -> None:
    what, where, count, content = deed
    place = where % (len(data) or 1)
    match what:
        case "flip":
            data[place : place + 1] = bytes(byte ^ (1 << (count % 8)) for byte in data[place : place + 1])
        case "cut":
            del data[place : place + count]
        case "insert":
            data[place:place] = content
        case "zero":
            data[place : place + count] = bytes(len(data[place : place + count]))
        case "overwrite":
            data[place : place + len(content)] = content


files = st.sampled_from(["s0-e0.tgs", "s1-e0.tgs", "journal-0.tgj", "manifest.json", "manifest.sig"])
damages = st.lists(st.tuples(files, damage()), min_size=1, max_size=4)


@settings(deadline=None, max_examples=examples(150, a_second=20))
@given(damages)
def test_a_damaged_finished_recording_plays_right_or_silent_and_never_verifies(
    deeds: list[tuple[str, Deed]],
) -> None:
    maker = Maker()
    conversation(maker, FRAMES)
    manifest = maker.finished()
    whole = Mixdown(manifest, maker.store, maker.keys, maker.sealed).render(0, FRAMES).pcm
    before = {path: bytes(data) for path, data in maker.store.files.items()}
    for name, deed in deeds:
        damaged(maker.store.files[f"{maker.sealed}/{name}"], deed)
    changed = {path: bytes(data) for path, data in maker.store.files.items()} != before
    report = verify(maker.store, maker.sealed, maker.trusted, keys=maker.keys)
    assert report.intact is not changed
    try:
        manifest = load_manifest(maker.store, maker.sealed, maker.trusted)
    except DamagedManifest:
        return
    heard = Mixdown(manifest, maker.store, maker.keys, maker.sealed).render(0, FRAMES).pcm
    for place in range(0, len(whole), 2):
        assert heard[place : place + 2] in (whole[place : place + 2], b"\0\0")


@settings(deadline=None, max_examples=examples(150, a_second=20))
@given(damages)
def test_a_damaged_live_recording_recovers_to_what_verifies(deeds: list[tuple[str, Deed]]) -> None:
    maker = Maker()
    conversation(maker, FRAMES)
    for name, deed in deeds:
        if name.startswith(("s", "j")) and f"{maker.live}/{name}" in maker.store.files:
            damaged(maker.store.files[f"{maker.live}/{name}"], deed)
    try:
        manifest = maker.finished()
    except (NothingRecorded, KeyMissing, DamagedEnvelope):
        return
    report = verify(maker.store, maker.sealed, maker.trusted, keys=maker.keys)
    # A journal that lost its end no longer says that a pause was lifted: what was said after it then lies under a mark.
    lost_resume = any(name == "journal-0.tgj" for name, _ in deeds)
    assert {finding.problem for finding in report.findings} <= ({"holds audio where a pause is marked"} if lost_resume else set())
    assert len(Mixdown(manifest, maker.store, maker.keys, maker.sealed).render(0, manifest.frames).pcm) == 4 * manifest.frames


@settings(deadline=None, max_examples=examples(200, a_second=400))
@given(st.binary(max_size=5_000))
def test_any_bytes_are_no_header(data: bytes) -> None:
    for content in (data, b"TGREC\r\n\x1a\x00\x01" + data):
        try:
            read_header(content)
        except DamagedHeader:
            continue
        raise AssertionError("a header out of nothing")


@settings(deadline=None, max_examples=examples(200, a_second=400))
@given(st.binary(max_size=500), st.binary(max_size=300))
def test_any_bytes_are_no_manifest(data: bytes, signature: bytes) -> None:
    trusted = {Chance("anyone")(32)}
    try:
        read_manifest(data, signature, trusted)
    except SealedFormatError:
        return
    raise AssertionError("a manifest out of nothing")
