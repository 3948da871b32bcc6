"""What packages of many recordings promise: they prove themselves, any stretch is a slice of the whole, nothing is kept."""

import asyncio
import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.testing import CliRunner

from telegraphone.cli import app
from telegraphone.domain.ids import RecordingId
from telegraphone.limits import PLAYBACK_PIECE_FRAMES
from telegraphone.media.package import verify_package
from telegraphone.services.archive_ports import ExportOrder, PackedFile
from telegraphone.services.ports import Unavailable
from telegraphone.storage.archive import Hand, SealedArchive
from telegraphone.storage.packaging import SealedPackages
from telegraphone.storage.turns import Turns
from telegraphone.storage.zipped import ZipSource
from tests.contract.test_player import Counted
from tests.tidy.rule import ROOT
from tests.unit.media.recording_maker import OTHER_RECORDING, RECORDING, Chance, Maker, at, conversation

FRAMES = 2 * PLAYBACK_PIECE_FRAMES + 777
NAMES = (RECORDING, OTHER_RECORDING)


@dataclass(slots=True)
class Packed:
    """Two recordings, what packs them, and a package of them."""

    maker: Maker
    hand: Hand
    packages: SealedPackages
    files: Sequence[PackedFile]
    documents: dict[str, bytes]

    async def document(self, name: str) -> bytes | None:
        return self.documents.get(name)

    async def bytes_of(self, start: int, stop: int) -> bytes:
        pieces = [piece async for piece in self.packages.read(self.files, start, stop, self.document)]
        assert max(map(len, pieces), default=0) <= 1 << 20
        return b"".join(pieces)

    @property
    def size(self) -> int:
        return self.packages.size(self.files)

    @property
    def archive(self) -> SealedArchive:
        return SealedArchive(self.maker.store, [self.maker.store], self.maker.keys, self.hand, turns=Turns())


async def packed(*, sealed_files: bool = True, frames: int = FRAMES) -> Packed:
    maker = Maker(Counted(), segment_bytes=1_600)
    conversation(maker, frames, paused=(4_000, 9_000))
    maker.finished()
    other = Maker(maker.store, maker.keys, OTHER_RECORDING)
    conversation(other, 1_000)
    other.finished()
    hand = Hand(maker.keys, "telegraphone test", lambda: at(10**9), Chance("packages"))
    packages = SealedPackages(maker.store, maker.keys, hand)
    files: list[PackedFile] = []
    documents: dict[str, bytes] = {}
    for name in NAMES:
        order = ExportOrder(RecordingId(name), b'{"ani":"5000"}', b"[]")
        prepared = await packages.prepare([order], sealed_files=sealed_files)
        files += prepared.files
        documents |= prepared.documents
    closing = await packages.closed(files)
    return Packed(maker, hand, packages, [*files, *closing.files], documents | dict(closing.documents))


async def test_a_package_of_many_proves_itself_to_us_and_to_a_stranger(tmp_path: Path) -> None:
    """CMP-6."""
    package = await packed()
    whole = await package.bytes_of(0, package.size)
    assert len(whole) == package.size
    path = tmp_path / "export.zip"
    await asyncio.to_thread(path.write_bytes, whole)
    with zipfile.ZipFile(path) as opened:
        assert opened.testzip() is None, "every checksum was right before a byte was made"
        assert json.loads(opened.read("export.json"))["recordings"] == list(NAMES)
        assert {name.split("/")[0] for name in opened.namelist() if "/" in name} == set(NAMES)
    source = ZipSource(path)
    assert verify_package(source, source.names, package.maker.trusted, keys=package.maker.keys) == ()
    signer = package.maker.keys.public_key().hex()
    assert CliRunner().invoke(app, ["verify", str(path), "--signer", signer]).exit_code == 0
    command = [sys.executable, str(ROOT / "examples/verify_export.py"), str(path), signer]
    done = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout.count("intact\n")) == (0, 2)


async def test_any_stretch_is_a_slice_of_the_whole() -> None:
    package = await packed()
    whole = await package.bytes_of(0, package.size)
    places = [
        0,
        1,
        29,
        30,
        77,
        78,
        1_000,
        44_001,
        len(whole) // 2,
        len(whole) // 2 + 3,
        len(whole) - 100,
        len(whole) - 1,
        len(whole),
    ]
    for index, start in enumerate(places):
        for stop in places[index:]:
            assert await package.bytes_of(start, stop) == whole[start:stop], (start, stop)


async def test_a_stretch_costs_what_it_is_long() -> None:
    package = await packed(sealed_files=False, frames=20 * PLAYBACK_PIECE_FRAMES)
    assert isinstance(package.maker.store, Counted)
    package.maker.store.bytes_read = 0
    await package.bytes_of(1_000_000, 1_001_000)
    assert package.maker.store.bytes_read < 3 * PLAYBACK_PIECE_FRAMES


async def test_preparing_keeps_no_sound() -> None:
    """SEC-2: what is kept for a package are documents; sound and sealed files are made when they are read."""
    package = await packed()
    made = {each.name for each in package.files} - set(package.documents)
    assert {name.split("/", 1)[1] for name in made} >= {"audio.wav", "sealed/s0-e0.tgs", "sealed/journal-0.tgj"}
    assert not [name for name in package.documents if name.endswith((".wav", ".tgs", ".tgj"))]


async def test_what_was_changed_since_ends_the_reading_at_its_place() -> None:
    package = await packed()
    whole = await package.bytes_of(0, package.size)
    await package.archive.redact(RecordingId(OTHER_RECORDING), 10, 20, "asked for")
    border = whole.index(f"{OTHER_RECORDING}/audio.wav".encode())
    assert await package.bytes_of(0, border) == whole[:border]
    with pytest.raises(Unavailable, match="was changed since"):
        await package.bytes_of(border, package.size)


async def test_what_was_erased_since_ends_the_reading_at_its_place() -> None:
    package = await packed()
    await package.archive.erase(RecordingId(RECORDING))
    with pytest.raises(KeyError, match=RECORDING):
        await package.bytes_of(0, package.size)
    with pytest.raises(KeyError):
        await package.packages.prepare([ExportOrder(RecordingId(RECORDING), b"{}")], sealed_files=False)


async def test_damage_is_found_before_a_package_is_promised() -> None:
    package = await packed()
    package.maker.store.files[f"{package.maker.sealed}/s0-e0.tgs"][-400] ^= 1
    with pytest.raises(Unavailable, match="damaged"):
        await package.packages.prepare([ExportOrder(RecordingId(RECORDING), b"{}")], sealed_files=False)


async def test_an_empty_package_is_one() -> None:
    package = await packed()
    closing = await package.packages.closed([])
    package.files, package.documents = closing.files, dict(closing.documents)
    whole = await package.bytes_of(0, package.size)
    assert set(zipfile.ZipFile(io.BytesIO(whole)).namelist()) == {"certificate.pem", "export.json", "export.sig"}
