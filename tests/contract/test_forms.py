"""The forms a recording is played in: what an ordinary decoder finds in each, and that any range is a slice of the whole."""

import io
import math
from array import array

import av
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telegraphone.media.g711 import linear_to_mu
from telegraphone.playback import OpenRendition, SealedPlayer
from telegraphone.services.player_ports import Form, Stretch
from tests.unit.media.recording_maker import RECORDING, Maker, ended, pause, started

Samples = array

RATE = 8_000
FRAMES = 9 * RATE + 123
PAUSED = (3 * RATE, 5 * RATE)
TONES = (440.0, 1_000.0)
"""What the agent's side sounds like, and the other's."""

CODED = [Form("mp3"), Form("ogg")]
EVERY_FORM = [Form(kind, tracks) for kind in ("wav", "mp3", "ogg") for tracks in ("both", "mixed", "agent", "other")]  # type: ignore[arg-type]  # of the literals


def _tone(hertz: float, start: int, stop: int) -> bytes:
    return linear_to_mu(array("h", (int(9_000 * math.sin(2 * math.pi * hertz * n / RATE)) for n in range(start, stop))).tobytes())


def _recorded() -> SealedPlayer:
    """Two tones, the pause silent, in the middle of the timeline of both."""
    maker = Maker(segment_bytes=RATE)
    for stream, hertz in enumerate(TONES):
        maker.audio(_tone(hertz, 0, FRAMES), stream=stream)
    maker.journal([started(), *pause(*PAUSED), ended(FRAMES)])
    maker.finished()
    return SealedPlayer(maker.store, maker.keys, maker.trusted)


@pytest.fixture(scope="module")
def player() -> SealedPlayer:
    return _recorded()


async def _bytes(player: SealedPlayer, rendition: OpenRendition, start: int, end: int) -> bytes:
    return b"".join([piece async for piece in player.read(rendition, start, end)])


def _decoded(content: bytes) -> list[Samples]:
    """The tracks an ordinary decoder finds, at 8 kHz."""
    tracks: list[Samples] = []
    with av.open(io.BytesIO(content)) as container:
        stream = container.streams.audio[0]
        resampler = av.AudioResampler(format="s16p", layout=stream.layout, rate=RATE)
        for frame in (*(each for packet in container.demux(stream) for each in packet.decode()), None):
            for made in resampler.resample(frame):
                if not tracks:
                    tracks = [array("h") for _ in made.planes]
                for track, plane in zip(tracks, made.planes, strict=True):
                    track.frombytes(bytes(plane)[: 2 * made.samples])
    return tracks


def _level(track: Samples, hertz: float, second: float) -> float:
    """How loud a tone is in a fifth of a second (Goertzel), as the amplitude of a sine."""
    first = int(second * RATE)
    window = track[first : first + RATE // 5]
    step = 2 * math.pi * hertz / RATE
    real = sum(sample * math.cos(step * n) for n, sample in enumerate(window))
    imaginary = sum(sample * math.sin(step * n) for n, sample in enumerate(window))
    return 2 * math.hypot(real, imaginary) / len(window)


@pytest.mark.parametrize("form", EVERY_FORM, ids=lambda form: f"{form.format}-{form.tracks}")
async def test_any_range_is_a_slice_of_the_whole(player: SealedPlayer, form: Form) -> None:
    rendition = await player.open(RECORDING, form)
    whole = await _bytes(player, rendition, 0, rendition.size)
    assert len(whole) == rendition.size
    for start, end in ((0, 1), (1, 700), (rendition.size // 2, rendition.size // 2 + 999), (rendition.size - 5, rendition.size)):
        assert await _bytes(player, rendition, start, end) == whole[start:end]


@settings(deadline=None, max_examples=15)
@given(st.data())
async def test_wherever_a_range_begins_the_same_bytes_are_made(player: SealedPlayer, data: st.DataObject) -> None:
    rendition = await player.open(RECORDING, data.draw(st.sampled_from(CODED)))
    whole = await _bytes(player, rendition, 0, rendition.size)
    start, end = sorted(data.draw(st.integers(0, rendition.size)) for _ in range(2))
    assert await _bytes(player, rendition, start, end) == whole[start:end]


@pytest.mark.parametrize("form", CODED, ids=lambda form: form.format)
async def test_a_decoder_finds_each_party_on_its_side_and_the_pause_where_it_was(player: SealedPlayer, form: Form) -> None:
    rendition = await player.open(RECORDING, form)
    left, right = _decoded(await _bytes(player, rendition, 0, rendition.size))
    assert abs(len(left) - FRAMES) < 600, "the file is as long as the recording"
    for own, other, hertz in ((left, right, TONES[0]), (right, left, TONES[1])):
        for second in (0.5, 2.5, 5.3, 6.9, 8.5):
            assert _level(own, hertz, second) > 6_000
            assert _level(other, hertz, second) < 600
    for track in (left, right):
        assert max(map(abs, track[PAUSED[0] + 400 : PAUSED[1] - 400])) < 60
        edges = [abs(_edge(track, frame, rising=rising) - frame) for frame, rising in zip(PAUSED, (False, True), strict=True)]
        assert max(edges) <= RATE // 50, "spans are where they were, to 20 ms"


def _edge(track: Samples, near: int, *, rising: bool) -> int:
    """Where sound begins or ends, near a place."""
    loud = [n for n in range(near - 800, near + 800) if abs(track[n]) > 3_000]
    return loud[0] if rising else loud[-1]


@pytest.mark.parametrize("form", [Form("wav", "mixed"), Form("mp3", "mixed"), Form("ogg", "mixed")], ids=lambda form: form.format)
async def test_mixed_is_one_track_with_both(player: SealedPlayer, form: Form) -> None:
    rendition = await player.open(RECORDING, form)
    [track] = _decoded(await _bytes(player, rendition, 0, rendition.size))
    assert all(_level(track, hertz, 2.5) > 3_000 for hertz in TONES)


@pytest.mark.parametrize("kind", ["wav", "mp3", "ogg"])
async def test_one_party_alone(player: SealedPlayer, kind: str) -> None:
    for tracks, own, other in (("agent", *TONES), ("other", *reversed(TONES))):
        rendition = await player.open(RECORDING, Form(kind, tracks))  # type: ignore[arg-type]  # of the literals
        [track] = _decoded(await _bytes(player, rendition, 0, rendition.size))
        assert _level(track, own, 2.5) > 6_000
        assert _level(track, other, 2.5) < 300


async def test_forms_have_tags_and_sizes_of_their_own(player: SealedPlayer) -> None:
    renditions = [await player.open(RECORDING, form) for form in EVERY_FORM]
    assert len({each.etag for each in renditions}) == len(EVERY_FORM)
    by_size = {form: each.size for form, each in zip(EVERY_FORM, renditions, strict=True)}
    assert by_size[Form("mp3")] * 4 < by_size[Form("wav")]


@pytest.mark.parametrize("frames", [0, 1, 159, 160, 161, 576, 577, RATE, 5 * RATE, 5 * RATE + 1])
@pytest.mark.parametrize("form", CODED, ids=lambda form: form.format)
async def test_recordings_of_any_length(form: Form, frames: int) -> None:
    maker = Maker(segment_bytes=RATE)
    for stream, hertz in enumerate(TONES):
        maker.audio(_tone(hertz, 0, frames), stream=stream)
    maker.journal([started(), ended(frames)])
    maker.finished()
    player = SealedPlayer(maker.store, maker.keys, maker.trusted)
    rendition = await player.open(RECORDING, form)
    whole = await _bytes(player, rendition, 0, rendition.size)
    assert len(whole) == rendition.size
    if frames >= RATE:
        left, _ = _decoded(whole)
        assert len(left) == frames if form.format == "ogg" else 0 <= len(left) - frames < 576


async def test_peaks_show_both_parties_and_the_pause(player: SealedPlayer) -> None:
    agent, other = await player.peaks(RECORDING, Stretch(0, 10_000), 100)
    assert (len(agent), len(other)) == (200, 200)
    for row in (agent, other):
        columns = list(zip(row[0::2], row[1::2], strict=True))
        assert all(low < -30 and high > 30 for low, high in columns[:30])
        assert columns[31:49] == [(0, 0)] * 18
        assert columns[92:] == [(0, 0)] * 8, "behind the end there is nothing"
    part = await player.peaks(RECORDING, Stretch(2_000, 4_000), 20)
    assert list(part[0]) == list(agent[40:80])


async def test_peaks_of_no_stretch(player: SealedPlayer) -> None:
    for stretch, columns in ((Stretch(0, 0), 1), (Stretch(5, 1), 1), (Stretch(0, 5), 0)):
        with pytest.raises(ValueError, match="columns of"):
            await player.peaks(RECORDING, stretch, columns)
