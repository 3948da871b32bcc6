"""Two recordings of one call as one: every hole is filled that can be, to the frame, and what one kept out nobody hears."""

import math
from array import array
from collections.abc import Sequence
from datetime import timedelta

import msgspec
import pytest

from telegraphone.domain.ids import CallUuid, RecordingId
from telegraphone.media import layout
from telegraphone.media.alignment import GUARD_MS
from telegraphone.media.g711 import linear_to_mu, mu_to_linear
from telegraphone.media.journal import Gap, Record
from telegraphone.media.linear import samples_of
from telegraphone.media.manifest import Span, load_manifest, signed
from telegraphone.playback import OpenRendition, SealedPlayer
from telegraphone.services.player_ports import Borrowed, Form, Mending, Stretch
from telegraphone.storage.memory import MemoryStore
from tests.unit.media.recording_maker import OTHER_RECORDING, RECORDING, START, Maker, ended, pause, started

RATE = 8_000
CALL_S = 12
DOUBLE = RecordingId(OTHER_RECORDING)
CALL = CallUuid("C" * 32)
GUARD = RATE * GUARD_MS // 1_000
Spans = Sequence[tuple[float, float]]
Samples = "array[int]"


def sweep(first_hz: float, last_hz: float) -> bytes:
    """Linear sound of the whole call, no piece of which is like another: a tone that rises or falls for as long as it lasts."""
    rise = (last_hz - first_hz) / CALL_S / RATE
    phase = (2 * math.pi * (first_hz * n + rise * n * n / 2) / RATE for n in range(CALL_S * RATE))
    return mu_to_linear(linear_to_mu(array("h", (int(9_000 * math.sin(each)) for each in phase)).tobytes()))


SAID = (sweep(300, 3_300), sweep(3_400, 400))
"""What the agent says in the call, and the other."""


def frames(span: tuple[float, float]) -> tuple[int, int]:
    return int(span[0] * RATE), int(span[1] * RATE)


class Recorder:
    """A node that records the call from one second of it to another, all places in seconds of the call; its clock is wrong by
    `clock_ms`."""

    call = ""

    def __init__(self, store: MemoryStore, keys: object, name: str, heard: tuple[float, float], clock_ms: float = 0) -> None:
        self.maker = Maker(store=store, keys=keys, recording=name, segment_bytes=1_600)  # type: ignore[arg-type]  # either kind
        self.start, self.stop = frames(heard)
        self.began = START + timedelta(seconds=heard[0], milliseconds=clock_ms)

    def made(
        self,
        *,
        paused: Spans = (),
        lost: tuple[Spans, Spans] = ((), ()),
        said: tuple[bytes, bytes] = SAID,
        crossed: bool = False,
        reason: str = "agent",
    ) -> None:
        """Seals it; what is lost is told for each track."""
        records: list[Record] = [started(at=self.began, call=self.call or self.maker.recording)]
        for span in paused:
            start, stop = (each - self.start for each in frames(span))
            records += pause(start, stop, reason)
        for stream, sound in enumerate(reversed(said) if crossed else said):
            stored = bytearray(linear_to_mu(sound[2 * self.start : 2 * self.stop]))
            for low, high in ((one - self.start, two - self.start) for one, two in map(frames, (*paused, *lost[stream]))):
                stored[low:high] = b"\xff" * (high - low)
            records += [Gap(stream, *(each - self.start for each in frames(span)), "lost") for span in lost[stream]]
            self.maker.audio(bytes(stored), stream=stream)
        self.maker.journal([*records, ended(self.stop - self.start)])
        self.maker.finished()

    def take_out(self, span: tuple[float, float]) -> None:
        """Has the manifest say that this was taken out of the recording."""
        maker = self.maker
        manifest = load_manifest(maker.store, maker.sealed, maker.trusted)
        taken = Span("redacted", "asked for", *(each - self.start for each in frames(span)))
        facts = msgspec.structs.replace(manifest, status="redacted", spans=(*manifest.spans, taken)).to_bytes()
        for name, content in ((layout.MANIFEST, facts), (layout.SIGNATURE, signed(facts, maker.keys))):
            maker.store.files[f"{maker.sealed}/{name}"] = bytearray(content)


class Two:
    """Two recorders of the call and a player of what they have kept."""

    def __init__(self, ours: tuple[float, float], theirs: tuple[float, float] = (0, CALL_S), clock_ms: float = 0) -> None:
        maker = Maker()
        self.ours = Recorder(maker.store, maker.keys, RECORDING, ours)
        self.theirs = Recorder(maker.store, maker.keys, OTHER_RECORDING, theirs, clock_ms)
        self.maker = maker
        self.player = SealedPlayer(maker.store, maker.keys, maker.trusted)
        self.doubles = [DOUBLE]

    def another(self, heard: tuple[float, float], call: str = "") -> Recorder:
        """Another recording of the call, of the recorder that has this name."""
        name = RecordingId(f"5b1c6a52-1c1e-4c35-8f44-2a7d5b0c6e{len(self.doubles):02}")
        self.doubles.append(name)
        recorder = Recorder(self.maker.store, self.maker.keys, name, heard)
        recorder.call = call
        return recorder

    async def opened(self, *, before: bool = True, after: bool = True) -> OpenRendition:
        return await self.player.open(RECORDING, mending=Mending(dict.fromkeys(self.doubles, CALL), before=before, after=after))

    async def heard(self, rendition: OpenRendition) -> tuple[Samples, Samples]:
        whole = b"".join([piece async for piece in self.player.read(rendition, 0, rendition.size)])
        assert len(whole) == rendition.size
        samples = samples_of(whole[44:])
        return samples[::2], samples[1::2]


def expected(silent: Spans, *, track: int, heard: tuple[float, float] = (0, CALL_S)) -> Samples:
    """What is said, but for digital silence in these seconds."""
    pcm = bytearray(SAID[track])
    for low, high in map(frames, silent):
        pcm[2 * low : 2 * high] = bytes(2 * (high - low))
    low, high = frames(heard)
    return samples_of(bytes(pcm[2 * low : 2 * high]))


def widened(span: tuple[float, float]) -> tuple[float, float]:
    return span[0] - GUARD_MS / 1_000, span[1] + GUARD_MS / 1_000


@pytest.mark.parametrize("clock_ms", [0, 37, -1_800])
@pytest.mark.parametrize("crossed", [False, True])
async def test_every_hole_is_filled_that_can_be_and_what_one_kept_out_is_silent(clock_ms: float, crossed: bool) -> None:
    two = Two((0.5, 10), clock_ms=clock_ms)
    both = [(6.0, 6.4)]
    two.ours.made(paused=[(7, 8)], lost=([(3, 3.5), *both, (8.02, 8.3)], [(4.0, 4.02), *both]))
    two.theirs.made(paused=[(9, 9.5)], lost=([(6.2, 6.6)], [(6.2, 6.6)]), crossed=crossed)
    rendition = await two.opened()
    left, right = await two.heard(rendition)
    silent = [(6.2, 6.4), (7, 8), widened((9, 9.5))]
    assert left == expected([*silent, (8.02, 8.1)], track=0), "nothing is taken from beside a pause"
    assert right == expected(silent, track=1)


async def test_what_came_from_the_other_is_named() -> None:
    two = Two((0.5, 10))
    two.ours.made(paused=[(7, 8)], lost=([(3, 3.5)], []))
    two.theirs.made()
    mended = (await two.opened()).mended
    assert mended is not None
    assert (mended.before_ms, mended.duration_ms, mended.doubles) == (500, 12_000, (OTHER_RECORDING,))
    assert [(each.start_ms, each.stop_ms, each.track) for each in mended.borrowed] == [
        (0, 500, "agent"),
        (0, 500, "other"),
        (3_000, 3_500, "agent"),
        (10_000, 12_000, "agent"),
        (10_000, 12_000, "other"),
    ]
    assert {each.recording_id for each in mended.borrowed} == {OTHER_RECORDING}
    assert mended.kept_out == (Stretch(7_000, 8_000),)


async def test_what_came_from_the_other_in_small_pieces_is_named_as_one() -> None:
    two = Two((0, CALL_S))
    lost = [(3 + each / 5, 3.02 + each / 5) for each in range(10)]
    two.ours.made(lost=([*lost, (6, 6.5)], []))
    two.theirs.made()
    rendition = await two.opened()
    assert rendition.mended is not None
    assert [(each.start_ms, each.stop_ms) for each in rendition.mended.borrowed] == [(3_000, 4_820), (6_000, 6_500)]
    left, _ = await two.heard(rendition)
    assert left == expected([], track=0)


async def test_where_somebody_wanted_it_to_begin_and_end_nothing_is_added() -> None:
    two = Two((0.5, 10))
    two.ours.made(lost=([(3, 3.5)], []))
    two.theirs.made()
    left, right = await two.heard(await two.opened(before=False, after=False))
    assert (left, right) == tuple(expected([], track=track, heard=(0.5, 10)) for track in (0, 1))


async def test_a_recording_of_the_first_half_of_a_call_is_mended_by_what_went_on() -> None:
    two = Two((0, 6), (4, CALL_S), clock_ms=20)
    two.ours.made()
    two.theirs.made(paused=[(9, 10)])
    left, _ = await two.heard(await two.opened())
    assert left == expected([(9, 10)], track=0)


@pytest.mark.parametrize(
    ("ours", "paused", "before_ms", "duration_ms"), [((0.5, 6), (5, 6), 500, 6_000), ((2, 8), (2, 3), 0, 10_000)]
)
async def test_beyond_an_end_at_which_it_was_paused_nothing_is_added(
    ours: tuple[float, float], paused: tuple[float, float], before_ms: int, duration_ms: int
) -> None:
    two = Two(ours)
    two.ours.made(paused=[paused])
    two.theirs.made()
    mended = (await two.opened()).mended
    assert mended is not None
    assert (mended.before_ms, mended.duration_ms) == (before_ms, duration_ms)


@pytest.mark.parametrize("mirrored", [False, True])
async def test_beyond_an_end_at_which_another_was_paused_nothing_is_heard_of_a_third(mirrored: bool) -> None:
    def turned(span: tuple[float, float]) -> tuple[float, float]:
        return (CALL_S - span[1], CALL_S - span[0]) if mirrored else span

    two = Two(turned((0, 4)), turned((0, 5)))
    two.ours.made()
    two.theirs.made(paused=[turned((4.5, 5))])
    two.another((0, CALL_S)).made()
    rendition = await two.opened()
    for track, sound in enumerate(await two.heard(rendition)):
        assert sound == expected([turned((4.5, CALL_S))], track=track)
    assert rendition.mended is not None
    [kept_out] = rendition.mended.kept_out
    start_ms, stop_ms = (int(each * 1_000) for each in turned((4.5, CALL_S)))
    assert kept_out == Stretch(start_ms, stop_ms)


@pytest.mark.parametrize(
    ("first", "next_", "silent"),
    [([(3.5, 4)], [(8, 8.5)], (3.4, 8.6)), ([(3.5, 4)], [], (3.4, 8.1)), ([], [(8, 8.5)], (3.9, 8.6))],
)
async def test_between_two_recordings_of_a_recorder_that_was_paused_at_an_end_of_one_nothing_is_heard(
    first: Spans, next_: Spans, silent: tuple[float, float]
) -> None:
    two = Two((0, CALL_S), (0, 4))
    two.theirs.call = "of the recorder that was lost"
    two.ours.made()
    two.theirs.made(paused=first)
    two.another((8, CALL_S), two.theirs.call).made(paused=next_)
    for track, sound in enumerate(await two.heard(await two.opened())):
        assert sound == expected([silent], track=track)


@pytest.mark.parametrize("reason", ["hold", "consent", "policy", "supervisor"])
@pytest.mark.parametrize("mine", [True, False])
async def test_whatever_the_reason_nothing_of_it_comes_from_the_other(reason: str, mine: bool) -> None:
    two = Two((0, CALL_S))
    two.ours.made(paused=[(7, 8)] if mine else [], reason=reason)
    two.theirs.made(paused=[] if mine else [(7, 8)], reason=reason)
    for track in await two.heard(await two.opened()):
        assert not any(track[7 * RATE : 8 * RATE])


async def test_what_was_taken_out_of_one_is_not_heard_from_the_other() -> None:
    two = Two((0, CALL_S))
    two.ours.made(lost=([(5, 6)], [(5, 6)]))
    two.theirs.made()
    before = await two.opened()
    two.theirs.take_out((3, 4))
    assert (await two.opened()).etag != before.etag, "who goes on with a range goes on with other sound"
    for track in await two.heard(await two.opened()):
        assert not any(track[3 * RATE : 4 * RATE])


async def test_a_third_recorder_has_what_two_have_not() -> None:
    two = Two((0.5, 10))
    third = two.another((1, 11))
    two.ours.made(lost=([(3, 4)], [(3, 4)]))
    two.theirs.made(lost=([(3.5, 5)], [(3.5, 5)]))
    third.made(paused=[(8, 9)], lost=([(3, 3.6)], []))
    rendition = await two.opened()
    left, right = await two.heard(rendition)
    assert left == expected([(3.5, 3.6), widened((8, 9))], track=0)
    mended = rendition.mended
    borrowed = [(each.start_ms, each.stop_ms) for each in mended.borrowed if each.track == "other"] if mended else []
    assert borrowed == [(0, 500), (3_000, 3_500), (3_500, 4_000), (10_000, 12_000)], "each stretch comes from one of them"
    assert right == expected([widened((8, 9))], track=1)


@pytest.mark.parametrize("clock_ms", [0, 2_500])
async def test_what_is_not_known_to_be_the_same_sound_mends_nothing(clock_ms: float) -> None:
    two = Two((0.5, 10), clock_ms=clock_ms)
    two.ours.made(lost=([(3, 3.5)], []))
    two.theirs.made(said=SAID if clock_ms else (sweep(310, 3_250), sweep(3_350, 410)))
    rendition = await two.opened()
    assert rendition.mended is None
    left, _ = await two.heard(rendition)
    assert left == expected([(3, 3.5)], track=0, heard=(0.5, 10))


@pytest.mark.parametrize("paused", [True, False])
async def test_where_one_that_is_not_known_to_be_the_same_kept_something_out_nothing_is_taken_from_another(paused: bool) -> None:
    two = Two((0.5, 10))
    two.ours.made(lost=([(3, 3.5)], []))
    two.theirs.made()
    two.another((0, CALL_S)).made(paused=[(3, 4)] if paused else [], said=(sweep(310, 3_250), sweep(3_350, 410)))
    mended = (await two.opened()).mended
    assert (mended.doubles if mended else ()) == (() if paused else (DOUBLE,))


async def test_of_an_erased_or_unreadable_double_the_other_plays_alone() -> None:
    two = Two((0.5, 10))
    two.ours.made(lost=([(3, 3.5)], []))
    two.theirs.made(lost=([], [(1, 2)]))
    whole = await two.opened()
    manifest = two.maker.store.files[f"{layout.sealed_directory(OTHER_RECORDING)}/{layout.MANIFEST}"]
    manifest[40] ^= 1
    assert (await two.opened()).mended is None
    manifest[40] ^= 1
    two.another((0, CALL_S)).made()
    manifest[40] ^= 1
    assert (await two.opened()).mended is None, "nobody knows what it kept out"
    manifest[40] ^= 1
    assert whole.mended is not None
    for dek_id in whole.plan.doubles[0].dek_ids if whole.plan else ():
        assert two.maker.keys.erase("tenant-one", dek_id)
    rendition = await two.opened()
    assert rendition.mended is None
    left, _ = await two.heard(rendition)
    assert left == expected([(3, 3.5)], track=0, heard=(0.5, 10))
    assert rendition.etag != whole.etag


async def test_every_form_and_the_drawing_are_mended_and_any_range_is_a_slice() -> None:
    two = Two((0.5, 10))
    two.ours.made(lost=([(3, 3.5)], []))
    two.theirs.made()
    rendition = await two.opened()
    whole = b"".join([piece async for piece in two.player.read(rendition, 0, rendition.size)])
    for start, end in ((0, 50), (96_001, 130_003), (rendition.size - 5, rendition.size)):
        assert b"".join([piece async for piece in two.player.read(rendition, start, end)]) == whole[start:end]
    mending = Mending({DOUBLE: CALL}, before=True, after=True)
    sizes = [(await two.player.open(RECORDING, Form("mp3", "mixed"), mending=each)).size for each in (None, mending)]
    assert sizes[0] < sizes[1]
    agent, _ = await two.player.peaks(RECORDING, Stretch(3_100, 3_400), 3, mending)
    assert min(agent[1::2]) > 20
    assert Borrowed(3_000, 3_500, "agent", OTHER_RECORDING) in (rendition.mended.borrowed if rendition.mended else ())
