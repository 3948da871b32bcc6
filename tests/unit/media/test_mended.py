"""How a recording is mended by others: which sound is taken from where, and what is said of what does not open.
What is heard of it is in `tests/contract/test_mended.py`."""

from collections.abc import Sequence

import pytest

from telegraphone.media import mended
from telegraphone.media.journal import Gap
from telegraphone.media.manifest import Manifest
from telegraphone.media.mended import MendedMixdown, Plan, planned
from telegraphone.media.mixdown import DamagedPlace, Mixdown
from tests.unit.media.recording_maker import OTHER_RECORDING, Maker, ended, pause, speech, started

FRAMES = 32_000
Lost = Sequence[tuple[int, int]]


def made(
    maker: Maker, *, lost: Lost = (), paused: Lost = (), rate: int = 8_000, slips: tuple[int, int] = (0, 0)
) -> tuple[Manifest, Mixdown]:
    """A recording of the same two voices, which may slip at a frame by so many."""
    records = [record for span in paused for record in pause(*span)]
    for stream in (0, 1):
        said = speech(stream, FRAMES)
        stored = bytearray((said[: slips[0]] + said[-slips[1] :] * bool(slips[1]) + said[slips[0] :])[:FRAMES])
        for start, stop in (*lost, *paused):
            stored[start:stop] = b"\xff" * (stop - start)
        maker.audio(bytes(stored), stream=stream, rate=rate)
        records += [Gap(stream, *span, "lost") for span in lost]
    maker.journal([started(rate=rate), *records, ended(FRAMES)])
    return opened(maker)


def opened(maker: Maker) -> tuple[Manifest, Mixdown]:
    manifest = maker.finished()
    return manifest, Mixdown(manifest, maker.store, maker.keys, maker.sealed)


def two() -> tuple[Maker, Maker]:
    ours = Maker(segment_bytes=1_600)
    return ours, Maker(store=ours.store, keys=ours.keys, recording=OTHER_RECORDING, segment_bytes=1_600)


def plan_of(ours: tuple[Manifest, Mixdown], *others: tuple[Manifest, Mixdown], beyond: bool = True) -> Plan:
    plan = planned(ours, others, before=beyond, after=beyond)
    assert plan is not None
    return plan


def test_a_hole_is_a_piece_of_the_other() -> None:
    one, other = two()
    plan = plan_of(made(one, lost=[(8_000, 9_000)]), made(other))
    assert (plan.first, plan.last) == (0, FRAMES)
    for stream, pieces in enumerate(plan.pieces):
        [piece] = pieces
        assert (piece.start, piece.stop, piece.source, piece.stream, piece.double) == (8_000, 9_000, 8_000, stream, 0)


def test_a_piece_goes_on_from_what_is_in_front_of_it_and_leads_else_to_what_is_behind() -> None:
    """The other has slipped by 40 frames in the last quarter."""
    one, other = two()
    ours, theirs = made(one, lost=[(23_900, 25_000), (26_000, 27_000)]), made(other, lost=[(25_500, 26_500)], slips=(24_000, 40))
    assert [(piece.start, piece.source) for piece in plan_of(ours, theirs).pieces[0]] == [(23_900, 23_900), (26_500, 26_540)]


def test_another_rate_is_another_sound() -> None:
    one, other = two()
    assert planned(made(one, lost=[(8_000, 9_000)]), [made(other, rate=16_000)], before=True, after=True) is None


def test_nothing_is_taken_from_beside_what_we_kept_out_nor_heard_beside_what_the_other_did() -> None:
    one, other = two()
    plan = plan_of(made(one, lost=[(8_000, 9_000)], paused=[(9_000, 10_000)]), made(other, paused=[(20_000, 21_000)]))
    assert [(piece.start, piece.stop) for piece in plan.pieces[0]] == [(8_000, 8_200)]
    assert plan.barred == ((9_000, 10_000), (19_200, 21_800))
    assert plan.kept_out == ((9_000, 10_000), (20_000, 21_000))


def test_a_pause_that_a_crash_overtook_closes_what_lies_behind_it() -> None:
    one, other = two()
    for stream in (0, 1):
        one.audio(speech(stream, FRAMES)[:16_000], stream=stream, close=False)
        other.audio(speech(stream, FRAMES), stream=stream)
    one.journal([started(), *pause(16_000, None)])
    other.journal([started(), ended(FRAMES)])
    plan = plan_of(opened(one), opened(other))
    assert (plan.first, plan.last) == (0, 16_000)


def test_beyond_so_many_pieces_the_rest_goes_by_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """The other has slipped by 40 frames in the last quarter."""
    one, other = two()
    ours, theirs = made(one, lost=[(26_000, 27_000), (29_000, 30_000)]), made(other, slips=(24_000, 40))
    assert [piece.source for piece in plan_of(ours, theirs).pieces[0]] == [26_040, 29_040]
    monkeypatch.setattr(mended, "MENDED_PIECES_MAX", 1)
    assert [piece.source for piece in plan_of(ours, theirs).pieces[0]] == [26_040, 29_000]


def test_what_does_not_open_is_named_with_whose_it_is() -> None:
    one, other = two()
    ours, theirs = made(one, lost=[(8_000, 9_000)]), made(other)
    plan = plan_of(ours, theirs)
    file = one.store.files[f"{other.sealed}/s0-e0.tgs"]
    file[-16 - 15 * 1_616] ^= 1
    heard = MendedMixdown(plan, ours[1], [theirs[1]])
    assert heard.render(0, 8_000).damaged == ()
    assert heard.render(0, FRAMES).damaged == (DamagedPlace(f"{OTHER_RECORDING}/s0-e0.tgs", 5),)
