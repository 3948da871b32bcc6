"""What a player promises: sizes known before, any bytes of the one file that exists nowhere, never wrong audio."""

import io
import wave
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telegraphone.limits import PLAYBACK_PIECE_FRAMES
from telegraphone.media.g711 import mu_to_linear
from telegraphone.media.mixdown import DamagedPlace
from telegraphone.playback import CorruptAudio, OpenRendition, SealedPlayer
from telegraphone.services.player_ports import Player, Rendition
from telegraphone.services.ports import Unavailable
from telegraphone.storage.memory import MemoryStore
from tests.unit.media.recording_maker import OTHER_RECORDING, RECORDING, Maker, at, conversation, ended, pause, speech, started

FRAMES = 2 * PLAYBACK_PIECE_FRAMES + 777


class Counted(MemoryStore):
    """A store that counts the bytes read from it."""

    def __init__(self) -> None:
        super().__init__()
        self.bytes_read = 0

    def read(self, path: str, offset: int, length: int) -> bytes:
        data = super().read(path, offset, length)
        self.bytes_read += len(data)
        return data


def recorded(frames: int = FRAMES) -> tuple[Maker, SealedPlayer, list[DamagedPlace]]:
    """A finished recording, a player of it, and what that player's alarm was told."""
    maker = Maker(store=Counted(), segment_bytes=1_600)
    conversation(maker, frames, paused=(4_000, 9_000))
    maker.finished()
    alarms: list[DamagedPlace] = []
    player = SealedPlayer(maker.store, maker.keys, maker.trusted, alarm=lambda _, place: alarms.append(place))
    return maker, player, alarms


async def bytes_of(player: Player, rendition: Rendition, start: int, end: int) -> bytes:
    return b"".join([piece async for piece in player.read(rendition, start, end)])


async def test_the_whole_is_a_wav_of_both_parties() -> None:
    _, player, alarms = recorded()
    rendition = await player.open(RECORDING)
    whole = await bytes_of(player, rendition, 0, rendition.size)
    assert rendition.size == len(whole) == 44 + 4 * FRAMES
    with wave.open(io.BytesIO(whole)) as sound:
        assert sound.getparams()[:4] == (2, 2, 8_000, FRAMES)
    assert whole[44 + 4 * 4_000 : 44 + 4 * 9_000] == bytes(4 * 5_000)
    left = b"".join(whole[place : place + 2] for place in range(44, 44 + 4 * 4_000, 4))
    assert left == mu_to_linear(speech(0, 4_000))
    assert alarms == []


async def test_a_rendition_says_what_http_needs() -> None:
    maker, player, _ = recorded()
    rendition = await player.open(RECORDING)
    assert isinstance(rendition, Rendition)
    assert (rendition.recording_id, rendition.content_type) == (RECORDING, "audio/wav")
    assert rendition.last_modified == at(80_000)
    assert rendition.etag.startswith('"')
    assert rendition.etag == (await player.open(RECORDING)).etag
    other = Maker(store=maker.store, keys=maker.keys, recording=OTHER_RECORDING)
    conversation(other)
    other.finished()
    assert (await player.open(OTHER_RECORDING)).etag != rendition.etag


@settings(deadline=None, max_examples=40)
@given(st.data())
async def test_any_range_equals_the_slice_of_the_whole(data: st.DataObject) -> None:
    _, player, _ = recorded(PLAYBACK_PIECE_FRAMES + 100)
    rendition = await player.open(RECORDING)
    whole = await bytes_of(player, rendition, 0, rendition.size)
    places = st.one_of(st.integers(0, 60), st.integers(0, rendition.size))
    start, end = sorted((data.draw(places), data.draw(places)))
    assert await bytes_of(player, rendition, start, end) == whole[start:end]


async def test_a_range_costs_what_the_range_is_long() -> None:
    maker, player, _ = recorded(20 * PLAYBACK_PIECE_FRAMES)
    assert isinstance(maker.store, Counted)
    rendition = await player.open(RECORDING)
    cost = []
    for place in (50_000, 1_000_000):
        maker.store.bytes_read = 0
        await bytes_of(player, rendition, place, place + 4_000)
        cost.append(maker.store.bytes_read)
    assert max(cost) < 20_000
    assert abs(cost[0] - cost[1]) <= 4 * 1_616


async def test_pieces_are_bounded() -> None:
    _, player, _ = recorded()
    rendition = await player.open(RECORDING)
    assert max([len(piece) async for piece in player.read(rendition, 0, rendition.size)]) <= 4 * PLAYBACK_PIECE_FRAMES


async def test_damage_is_silent_and_rings_the_alarm() -> None:
    maker, player, alarms = recorded()
    before = await player.open(RECORDING)
    whole = await bytes_of(player, before, 0, before.size)
    maker.store.files[f"{maker.sealed}/s0-e0.tgs"][-400] ^= 1
    heard = await bytes_of(player, before, 0, before.size)
    assert {place.segment for place in alarms} == {FRAMES // 1_600}
    assert [at for at in range(44, len(whole)) if heard[at] != whole[at] and heard[at] != 0] == []


async def test_a_strict_rendition_ends_at_damage() -> None:
    maker, player, _ = recorded()
    maker.store.files[f"{maker.sealed}/s0-e0.tgs"][-400] ^= 1
    rendition = await player.open(RECORDING, strict=True)
    await bytes_of(player, rendition, 0, 4 * PLAYBACK_PIECE_FRAMES)
    with pytest.raises(CorruptAudio, match=r"s0-e0\.tgs"):
        await bytes_of(player, rendition, 0, rendition.size)


@pytest.mark.parametrize("recording", [OTHER_RECORDING, "", "../../../etc/passwd", "x"])
async def test_an_unknown_recording_is_a_key_error(recording: str) -> None:
    _, player, _ = recorded(1_000)
    with pytest.raises(KeyError):
        await player.open(recording)


async def test_a_recording_that_is_still_being_made_is_unknown() -> None:
    maker = Maker()
    conversation(maker)
    with pytest.raises(KeyError):
        await SealedPlayer(maker.store, maker.keys, maker.trusted).open(RECORDING)


async def test_after_erasure_no_copy_of_the_files_opens() -> None:
    maker, player, _ = recorded(1_000)
    rendition = await player.open(RECORDING)
    backup = {path: bytearray(data) for path, data in maker.store.files.items()}
    for dek_id in rendition.manifest.dek_ids:
        assert maker.keys.erase(maker.tenant, dek_id)
    maker.store.files.clear()
    maker.store.files.update(backup)
    with pytest.raises(KeyError):
        await player.open(RECORDING)
    with pytest.raises(KeyError):
        await bytes_of(player, rendition, 0, rendition.size)


@pytest.mark.parametrize("name", ["manifest.json", "manifest.sig"])
async def test_a_changed_manifest_is_not_played(name: str) -> None:
    maker, player, _ = recorded(1_000)
    maker.store.files[f"{maker.sealed}/{name}"][30] ^= 1
    with pytest.raises(Unavailable, match="playback"):
        await player.open(RECORDING)


async def test_another_recordings_directory_is_not_played() -> None:
    maker, player, _ = recorded(1_000)
    other = Maker(store=maker.store, keys=maker.keys, recording=OTHER_RECORDING)
    conversation(other)
    other.finished()
    for name in maker.store.list(other.sealed):
        maker.store.files[f"{other.sealed}/{name}"] = maker.store.files[f"{maker.sealed}/{name}"]
    with pytest.raises(Unavailable, match="another recording"):
        await player.open(OTHER_RECORDING)


async def test_a_failing_disk_is_unavailable() -> None:
    maker, player, _ = recorded(1_000)
    rendition = await player.open(RECORDING)

    class Broken(Counted):
        def read(self, path: str, offset: int, length: int) -> bytes:
            raise OSError(5, "input/output error")

    player = SealedPlayer(Broken(), maker.keys, maker.trusted)
    with pytest.raises(Unavailable):
        await player.open(RECORDING)
    with pytest.raises(Unavailable):
        await bytes_of(player, rendition, 0, 100)


async def test_bytes_that_are_not_there_are_refused() -> None:
    _, player, _ = recorded(1_000)
    rendition = await player.open(RECORDING)
    for start, end in ((-1, 3), (5, 4), (0, rendition.size + 1)):
        with pytest.raises(ValueError, match="bytes"):
            await bytes_of(player, rendition, start, end)
    assert await bytes_of(player, rendition, rendition.size, rendition.size) == b""


async def test_a_recording_too_long_for_a_wav_is_unavailable() -> None:
    maker = Maker()
    maker.audio(speech(0, 500))
    maker.journal([started(), *pause(500, None), ended(1 << 31)])
    maker.finished()
    with pytest.raises(Unavailable, match="WAV"):
        await SealedPlayer(maker.store, maker.keys, maker.trusted).open(RECORDING)


def test_a_rendition_is_a_value() -> None:
    assert replace(_RENDITION, strict=True) != _RENDITION


_RENDITION = OpenRendition("r", "audio/wav", 44, '"e"', at(0), None, None, None)  # type: ignore[arg-type]  # no manifest is needed here
