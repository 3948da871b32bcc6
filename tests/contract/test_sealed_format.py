"""The format, held to its own page: what one program wrote, a reader written from the page alone reads the same."""

import json
import runpy
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from telegraphone.keystore.file import FileKeyStore
from telegraphone.media.header import read_header
from telegraphone.media.unseal import EpochReader
from telegraphone.media.verify import verify
from telegraphone.playback import SealedPlayer
from telegraphone.storage.local import LocalSource
from tests.fixtures.sealed.make_vectors import HERE, make
from tests.unit.media.recording_maker import RECORDING, Chance

READER = HERE.parents[2] / "examples" / "read_recording.py"
VECTOR = HERE / "recording"


@pytest.fixture
def keys(tmp_path: Path) -> FileKeyStore:
    return FileKeyStore(tmp_path / "keys", entropy=Chance("vector keys"))


@pytest.fixture(scope="module")
def reader() -> dict[str, Any]:
    """The independent reader's functions by name."""
    return runpy.run_path(str(READER))


def test_the_vectors_are_what_is_written_today(keys: FileKeyStore) -> None:
    maker, wav = make(keys)
    written = {name: bytes(maker.store.files[f"{maker.sealed}/{name}"]) for name in maker.store.list(maker.sealed)}
    assert {path.name: path.read_bytes() for path in VECTOR.iterdir()} == written
    assert (HERE / "expected.wav").read_bytes() == wav


def test_the_vectors_hold_what_the_page_promises() -> None:
    source, keys = LocalSource(HERE), FileKeyStore(HERE / "keys")
    assert verify(source, "recording", {keys.public_key()}, keys=keys, recording=RECORDING).intact
    empty = EpochReader(source, "recording/s0-e0.tgs", keys)
    assert (empty.slots, empty.closing()) == (3, b"")
    one = EpochReader(source, "recording/s1-e0.tgs", keys)
    assert (one.slots, len(one.closing() or b"")) == (3, 1)
    assert EpochReader(source, "recording/s0-e1.tgs", keys).closing() is None


def test_the_independent_reader_gives_the_same_sound(tmp_path: Path) -> None:
    public = (HERE / "keys/signing.pub").read_text().strip()
    out = tmp_path / "out.wav"
    command = [sys.executable, str(READER), str(VECTOR), str(HERE / "keys"), str(out), public]
    said = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout.splitlines()
    assert out.read_bytes() == (HERE / "expected.wav").read_bytes()
    assert [json.loads(line)["type"] for line in said[:-1]][:2] == ["started", "epoch_began"]
    assert said[-1].startswith("recovered, 0.106 s")


async def test_the_player_gives_the_same_sound(tmp_path: Path) -> None:
    place = tmp_path / "recordings/sealed" / RECORDING[:2] / RECORDING
    place.mkdir(parents=True)
    for path in VECTOR.iterdir():
        (place / path.name).write_bytes(path.read_bytes())
    keys = FileKeyStore(HERE / "keys")
    player = SealedPlayer(LocalSource(tmp_path), keys, {keys.public_key()})
    rendition = await player.open(RECORDING)
    assert b"".join([piece async for piece in player.read(rendition, 0, rendition.size)]) == (HERE / "expected.wav").read_bytes()


def test_both_readers_agree_on_every_segment_and_record(reader: dict[str, Any]) -> None:
    source, keys = LocalSource(HERE), FileKeyStore(HERE / "keys")
    for path in sorted(VECTOR.glob("*.tgs")):
        ours = EpochReader(source, f"recording/{path.name}", keys)
        theirs, raw = reader["header_of"](path.read_bytes())
        opener = reader["Opener"](theirs, raw, reader["data_key"](HERE / "keys", theirs["tenant"], theirs["dek_id"]))
        segments = reader["segments"](path.read_bytes(), opener, theirs, len(raw))
        closing = ours.closing()
        assert segments == [plain for _, plain in ours.plain()] + ([] if closing is None else [closing])


def test_the_independent_reader_refuses_what_was_changed(tmp_path: Path, reader: dict[str, Any]) -> None:
    for name in ("s0-e0.tgs", "journal-0.tgj", "manifest.json"):
        place = tmp_path / name
        place.mkdir()
        for path in VECTOR.iterdir():
            (place / path.name).write_bytes(path.read_bytes())
        changed = bytearray((place / name).read_bytes())
        changed[-20] ^= 1
        (place / name).write_bytes(changed)
        with pytest.raises(Exception, match=r"changed|^$"):
            reader["verified_manifest"](place, None)


def test_the_reader_is_short_and_knows_nothing_of_us() -> None:
    text = READER.read_text(encoding="utf-8")
    assert len(text.splitlines()) < 200
    assert "import telegraphone" not in text
    assert "from telegraphone" not in text


def test_a_header_vector_byte_by_byte() -> None:
    raw = (VECTOR / "s0-e0.tgs").read_bytes()
    assert raw[:8] == bytes.fromhex("5447524543 0d0a1a")
    version, size, length = struct.unpack_from(">HHI", raw, 8)
    assert (version, size % 64) == (1, 0)
    stated = json.loads(raw[16 : 16 + length])
    assert (stated["codec"], stated["rate"], stated["segment_bytes"]) == ("PCMU", 8_000, 160)
    assert read_header(raw)[1] == raw[:size]
