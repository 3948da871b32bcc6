"""The mixdown: any stretch equals the slice of the whole, silence where it is marked, never wrong audio."""

import struct

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telegraphone.media.errors import KeyMissing
from telegraphone.media.g711 import mu_to_linear
from telegraphone.media.journal import Gap
from telegraphone.media.mixdown import DamagedPlace, Mixdown, blank, decode, interleave, peaks
from tests.unit.media.recording_maker import Maker, conversation, ended, pause, speech, started


def mixed(maker: Maker) -> Mixdown:
    return Mixdown(maker.finished(), maker.store, maker.keys, maker.sealed)


def left(pcm: bytes) -> bytes:
    return b"".join(pcm[place : place + 2] for place in range(0, len(pcm), 4))


def right(pcm: bytes) -> bytes:
    return b"".join(pcm[place + 2 : place + 4] for place in range(0, len(pcm), 4))


def test_each_party_is_on_its_own_side_and_the_pause_is_exact_silence() -> None:
    maker = Maker()
    conversation(maker)
    pcm = mixed(maker).render(0, 1_000).pcm
    for stream, side in enumerate((left(pcm), right(pcm))):
        said = mu_to_linear(speech(stream, 1_000))
        assert side[:800] == said[:800]
        assert side[800:1_300] == bytes(500)
        assert side[1_300:] == said[1_300:]


def test_a_law_filler_plays_as_zero_where_it_is_marked() -> None:
    maker = Maker()
    conversation(maker, codec="PCMA")
    assert mixed(maker).render(400, 650).pcm == bytes(1_000)


def test_what_is_stored_in_a_marked_span_is_never_heard() -> None:
    maker = Maker()
    maker.audio(speech(0, 1_000))
    maker.journal([started(), *pause(400, 650), Gap(0, 700, 720, "lost"), ended(1_000)])
    sound = left(mixed(maker).render(0, 1_000).pcm)
    assert sound[800:1_300] == bytes(500)
    assert sound[1_400:1_440] == bytes(40)
    assert bytes(20) not in sound[:800]


def test_epochs_of_different_codecs_join_on_one_timeline() -> None:
    maker = Maker()
    maker.audio(speech(0, 320), first_frame=10, close=False)
    linear = struct.pack("<200h", *range(1, 201))
    maker.audio(linear, codec="L16", epoch=1, first_frame=400)
    maker.journal([started(), ended(700)])
    sound = left(mixed(maker).render(0, 700).pcm)
    assert sound == bytes(20) + mu_to_linear(speech(0, 320)) + bytes(140) + linear + bytes(200)


def test_of_two_epochs_that_cover_a_frame_the_later_counts() -> None:
    maker = Maker()
    maker.audio(speech(0, 320))
    maker.audio(speech(1, 160), epoch=1, first_frame=200)
    maker.journal([started(), ended(360)])
    assert left(mixed(maker).render(0, 360).pcm) == mu_to_linear(speech(0, 200) + speech(1, 160))


@settings(deadline=None, max_examples=80)
@given(st.data())
def test_any_stretch_equals_the_slice_of_the_whole(data: st.DataObject) -> None:
    maker = Maker()
    maker.audio(speech(0, 500), first_frame=30, close=False)
    maker.audio(speech(0, 400), epoch=1, first_frame=600)
    maker.audio(speech(1, 1_003), stream=1)
    maker.journal([started(), *pause(700, 740), ended(1_003)])
    mixdown = mixed(maker)
    whole = mixdown.render(0, 1_003).pcm
    start = data.draw(st.integers(0, 1_003))
    stop = data.draw(st.integers(start, 1_003))
    assert mixdown.render(start, stop).pcm == whole[4 * start : 4 * stop]


def test_a_segment_that_does_not_open_is_silent_and_reported() -> None:
    maker = Maker()
    conversation(maker)
    manifest = maker.finished()
    before = Mixdown(manifest, maker.store, maker.keys, maker.sealed).render(0, 1_000).pcm
    data = maker.store.files[f"{maker.sealed}/s1-e0.tgs"]
    data[len(data) - 56 - 176 - 20] ^= 0x10
    rendered = Mixdown(manifest, maker.store, maker.keys, maker.sealed).render(0, 1_000)
    assert rendered.damaged == (DamagedPlace("s1-e0.tgs", 4),)
    assert left(rendered.pcm) == left(before)
    assert right(rendered.pcm) == right(before)[:1_280] + bytes(320) + right(before)[1_600:]


def test_damage_that_the_manifest_marks_is_silent_without_alarm() -> None:
    maker = Maker()
    conversation(maker)
    path = f"{maker.live}/s0-e0.tgs"
    maker.store.files[path][700] ^= 1
    rendered = mixed(maker).render(0, 1_000)
    assert rendered.damaged == ()
    assert left(rendered.pcm)[320:640] == bytes(320)


@pytest.mark.parametrize("how", ["exchanged", "missing", "other header", "truncated"])
def test_a_file_that_is_not_the_one_named_is_never_heard(how: str) -> None:
    maker = Maker()
    conversation(maker)
    manifest = maker.finished()
    files, one, two = maker.store.files, f"{maker.sealed}/s0-e0.tgs", f"{maker.sealed}/s1-e0.tgs"
    match how:
        case "exchanged":
            files[one], files[two] = files[two], files[one]
        case "missing":
            del files[one]
        case "other header":
            files[one][:448] = files[two][:448]
        case "truncated":
            del files[one][100:]
    rendered = Mixdown(manifest, maker.store, maker.keys, maker.sealed).render(0, 300)
    assert left(rendered.pcm) == bytes(600)
    assert DamagedPlace("s0-e0.tgs", None) in rendered.damaged


def test_a_stretch_that_lost_its_end_is_silent_there() -> None:
    maker = Maker()
    conversation(maker)
    manifest = maker.finished()
    del maker.store.files[f"{maker.sealed}/s0-e0.tgs"][-200:]
    rendered = Mixdown(manifest, maker.store, maker.keys, maker.sealed).render(700, 1_000)
    assert {place.segment for place in rendered.damaged} == {5, 6}
    assert left(rendered.pcm)[200:] == bytes(400)


def test_an_erased_key_shows_at_once() -> None:
    maker = Maker()
    conversation(maker)
    manifest = maker.finished()
    maker.keys.erase(maker.tenant, manifest.epochs[1].dek_id)
    with pytest.raises(KeyMissing):
        Mixdown(manifest, maker.store, maker.keys, maker.sealed)


def test_frames_that_are_not_there_are_refused() -> None:
    maker = Maker()
    conversation(maker)
    mixdown = mixed(maker)
    for start, stop in ((-1, 5), (5, 4), (0, 1_001)):
        with pytest.raises(ValueError, match="frames"):
            mixdown.render(start, stop)
    assert mixdown.render(1_000, 1_000).pcm == b""


def test_a_manifest_with_an_unknown_codec_is_refused() -> None:
    with pytest.raises(ValueError, match="codec"):
        decode("OPUS", b"")


def test_interleaving_and_blanking_by_hand() -> None:
    assert interleave(b"aAbB", b"xXyY") == b"aAxXbByY"
    pcm = bytearray(b"1122334455")
    blank(pcm, 100, ((90, 101), (102, 104)))
    assert pcm == b"\0\x0022\0\0\0\x0055"


def test_peaks_are_the_extremes_of_each_column() -> None:
    frames = struct.pack("<8h", 1, -1, 5, -5, -3, 3, 0, 0)
    assert peaks(frames, 2) == (((1, 5), (-5, -1)), ((-3, 0), (0, 3)))
    assert peaks(frames, 8)[0:2] == (((1, 1), (-1, -1)), ((1, 1), (-1, -1)))
    assert peaks(b"", 2) == (((0, 0), (0, 0)), ((0, 0), (0, 0)))


def test_an_epoch_without_frames_is_no_obstacle() -> None:
    maker = Maker()
    maker.audio(b"")
    maker.journal([started(), ended(50)])
    manifest = maker.finished()
    assert manifest.epochs[0].frames == 0
    assert Mixdown(manifest, maker.store, maker.keys, maker.sealed).render(0, 50).pcm == bytes(200)
    assert msgspec.structs.asdict(manifest)["status"] == "sealed"
