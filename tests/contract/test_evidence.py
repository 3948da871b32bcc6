"""What proves a recording: redactions that leave nothing, reports that follow from it, packages that verify anywhere."""

import asyncio
import io
import json
import struct
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.x509 import load_pem_x509_certificate
from typer.testing import CliRunner

from telegraphone.cli import app
from telegraphone.domain.ids import RecordingId
from telegraphone.media import layout
from telegraphone.media.errors import KeyMissing
from telegraphone.media.manifest import Manifest, check_signature, load_manifest
from telegraphone.media.mixdown import Mixdown
from telegraphone.media.package import verify_package
from telegraphone.media.ports import FileFacts, SealedSource
from telegraphone.media.verify import Finding, verify
from telegraphone.services.archive_ports import ExportOrder
from telegraphone.services.ports import Unavailable
from telegraphone.storage.archive import Hand, SealedArchive
from telegraphone.storage.memory import MemoryStore
from telegraphone.storage.turns import Turns
from telegraphone.storage.zipped import ZipSource
from tests.tidy.rule import ROOT
from tests.unit.media.recording_maker import (
    NOTE,
    OTHER_RECORDING,
    RECORDING,
    Chance,
    Maker,
    at,
    conversation,
    ended,
    pause,
    speech,
    started,
)

ONE = RecordingId(RECORDING)
FRAMES = 8_000
CHANCE = Chance("archive")


@pytest.fixture
def maker() -> Maker:
    maker = Maker()
    conversation(maker, FRAMES, paused=(400, 1_650))
    maker.finished()
    return maker


def archive(maker: Maker, *more: MemoryStore) -> SealedArchive:
    hand = Hand(maker.keys, "telegraphone test", lambda: at(10**9), CHANCE)
    return SealedArchive(maker.store, [maker.store, *more], maker.keys, hand, turns=Turns())


def manifest_of(maker: Maker) -> Manifest:
    return load_manifest(maker.store, maker.sealed, maker.trusted)


def heard(maker: Maker, start: int, stop: int) -> bytes:
    return Mixdown(manifest_of(maker), maker.store, maker.keys, maker.sealed).render(start, stop).pcm


# --- redaction ----------------------------------------------------------------------------------------------------


async def test_a_redacted_span_is_silence_in_every_copy_that_opens(maker: Maker) -> None:
    """PCI-12."""
    before, old = heard(maker, 0, FRAMES), manifest_of(maker)
    copies = {path: bytes(content) for path, content in maker.store.files.items()}
    done = await archive(maker).redact(ONE, 300, 500, "customer started early")
    after = heard(maker, 0, FRAMES)
    assert after[: 4 * 2_400] == before[: 4 * 2_400]
    assert after[4 * 4_000 :] == before[4 * 4_000 :]
    assert not any(after[4 * 2_400 : 4 * 4_000])
    assert any(before[4 * 2_400 : 4 * 4_000])
    new = manifest_of(maker)
    assert (new.status, new.previous) == ("redacted", done.before.manifest_sha256)
    assert done.after.manifest_sha256 != done.before.manifest_sha256
    assert {fact.file: fact.sha256 for fact in new.replaced_facts} == {fact.file: fact.sha256 for fact in old.epochs}
    for fact in old.epochs:
        with pytest.raises(KeyMissing):
            maker.keys.open(maker.tenant, fact.dek_id)
    assert verify(maker.store, maker.sealed, maker.trusted, keys=maker.keys, recording=RECORDING).findings == ()
    assert sorted(maker.store.list(maker.sealed)) == ["journal-0.tgj", "manifest.json", "manifest.sig", "s0-e1.tgs", "s1-e1.tgs"]
    # Whoever puts the old files back, manifest and all, has something that verifies without keys and plays no more.
    for path, content in copies.items():
        maker.store.files[path] = bytearray(content)
    with pytest.raises(KeyMissing):
        heard(maker, 0, FRAMES)


async def test_a_span_is_taken_out_of_the_files_that_hold_it_alone(maker: Maker) -> None:
    other = Maker(maker.store, maker.keys, OTHER_RECORDING)
    for epoch in range(3):
        other.audio(speech(0, 1_000, epoch * 1_000), stream=0, epoch=epoch, first_frame=epoch * 1_000)
    other.audio(speech(1, 2_950), stream=1, close=False)
    other.journal([started(), ended(3_000)])
    other.finished()
    before = manifest_of(other)
    await archive(other).redact(RecordingId(OTHER_RECORDING), 130, 140, "asked for")
    after = manifest_of(other)
    kept = {fact.file for fact in before.epochs} & {fact.file for fact in after.epochs}
    assert kept == {"s0-e0.tgs", "s0-e2.tgs"}
    assert [(fact.first_frame, fact.frames) for fact in after.epochs] == [
        (fact.first_frame, fact.frames) for fact in before.epochs
    ]
    await archive(other).redact(RecordingId(OTHER_RECORDING), 0, 1_000_000, "everything")
    assert not any(heard(other, 0, 3_000))
    assert verify(other.store, other.sealed, other.trusted, keys=other.keys).findings == ()


async def test_a_redaction_that_broke_off_anywhere_leaves_a_recording_that_plays() -> None:
    for broken in range(6):
        fresh = Maker(MemoryStore())
        conversation(fresh, FRAMES, paused=(400, 1_650))
        fresh.finished()
        count = 0

        def break_off(path: str, content: SealedSource, facts: FileFacts, fresh: Maker = fresh, broken: int = broken) -> None:
            nonlocal count
            count += 1
            if count == broken + 1:
                raise OSError("power cut")
            MemoryStore.keep(fresh.store, path, content, facts)

        fresh.store.keep = break_off  # type: ignore[method-assign]  # a store that fails once
        if broken < 5:
            with pytest.raises(Unavailable):
                await archive(fresh).redact(ONE, 300, 500, "asked for")
        assert any(heard(fresh, 0, 400))
        fresh.store.keep = lambda *given, fresh=fresh: MemoryStore.keep(fresh.store, *given)  # type: ignore[method-assign,misc]  # and works again
        await archive(fresh).redact(ONE, 300, 500, "asked for")
        assert not any(heard(fresh, 2_400, 4_000))
        for fact in manifest_of(fresh).replaced_facts:
            with pytest.raises(KeyMissing):
                fresh.keys.open(fresh.tenant, fact.dek_id)


async def test_a_span_that_is_not_there_is_refused(maker: Maker) -> None:
    for span in ((5, 5), (6, 5), (-1, 5), (1_000, 1_001)):
        with pytest.raises(ValueError, match="frames"):
            await archive(maker).redact(ONE, *span, "asked for")
    assert manifest_of(maker).status == "sealed"


# --- reports ------------------------------------------------------------------------------------------------------


async def test_the_report_of_pauses_names_who_and_where_and_is_signed(maker: Maker) -> None:
    """PCI-11."""
    await archive(maker).redact(ONE, 300, 500, "asked for")
    document = await archive(maker).report(ONE, "pauses")
    check_signature(document.content, document.signature, maker.trusted)
    said = json.loads(document.content)
    assert [(each["kind"], each["start"], each["stop"], each["shut_by"], each["opened_by"]) for each in said["pauses"]] == [
        ("paused", 400, 1_650, NOTE, NOTE),
        ("redacted", 2_400, 4_000, {}, {}),
    ]
    assert said["manifest_sha256"] == (await archive(maker).kept(ONE)).manifest_sha256
    assert set(said["files"]) == {"s0-e1.tgs", "s1-e1.tgs", "journal-0.tgj"}


async def test_a_saved_report_is_verified_without_the_server(maker: Maker, tmp_path: Path) -> None:
    """PCI-11."""
    report = await archive(maker).report(ONE, "pauses")
    path, signer, runner = tmp_path / "pauses.json", maker.keys.public_key().hex(), CliRunner()
    path.write_bytes(report.content)
    assert runner.invoke(app, ["verify", str(path), "--signer", signer]).exit_code == 1
    path.with_suffix(".sig").write_bytes(report.signature)
    assert runner.invoke(app, ["verify", str(path), "--signer", signer]).exit_code == 0
    assert runner.invoke(app, ["verify", str(path), "--signer", Chance("stranger")(32).hex()]).exit_code == 1
    path.write_bytes(report.content.replace(b"paused", b"Paused", 1))
    done = runner.invoke(app, ["verify", str(path), "--signer", signer])
    assert done.exit_code == 1
    assert "pauses.json: is not what a trusted key has signed" in done.stdout


async def test_the_certificate_of_completeness_counts_every_frame() -> None:
    maker = Maker()
    stored = bytearray(speech(0, 1_000))
    stored[400:650] = b"\xff" * 250
    maker.audio(bytes(stored), stream=0)
    maker.journal([started(), *pause(400, 650), ended(1_200)])
    maker.finished()
    said = json.loads((await archive(maker).report(ONE, "completeness")).content)
    agent, other = said["parties"]
    assert said["complete"] is False
    assert [agent[key] for key in ("role", "expected_frames", "kept_frames", "silent_frames", "lost_frames")] == [
        "agent",
        1_200,
        750,
        250,
        200,
    ]
    assert [other[key] for key in ("role", "kept_frames", "silent_frames", "lost_frames")] == ["other", 0, 250, 950]
    assert {each["reason"] for each in other["lost"]} == {"no_media"}


async def test_a_whole_recording_is_certified_as_such(maker: Maker) -> None:
    said = json.loads((await archive(maker).report(ONE, "completeness")).content)
    assert said["complete"] is True
    assert {party["lost_frames"] for party in said["parties"]} == {0}


async def test_a_check_names_every_place(maker: Maker) -> None:
    assert await archive(maker).check(ONE) == ()
    maker.store.files[f"{maker.sealed}/s0-e0.tgs"][-30] ^= 1
    assert len(await archive(maker).check(ONE)) == 2


# --- packages -----------------------------------------------------------------------------------------------------


async def packed(maker: Maker, path: Path, *, sealed_files: bool = True) -> Path:
    orders = [ExportOrder(ONE, b'{"ani":"5000"}', b'[{"action":"play"}]')]
    pieces = [piece async for piece in archive(maker).export(orders, sealed_files=sealed_files)]
    assert max(map(len, pieces)) <= 1 << 20
    await asyncio.to_thread(path.write_bytes, b"".join(pieces))
    return path


def checked(path: Path, maker: Maker, *, with_keys: bool = False) -> tuple[Finding, ...]:
    source = ZipSource(path)
    return verify_package(source, source.names, maker.trusted, keys=maker.keys if with_keys else None)


async def test_a_package_verifies_and_holds_everything(maker: Maker, tmp_path: Path) -> None:
    """CMP-6."""
    await archive(maker).redact(ONE, 300, 500, "asked for")
    path = await packed(maker, tmp_path / "export.zip")
    assert checked(path, maker) == checked(path, maker, with_keys=True) == ()
    with zipfile.ZipFile(path) as package:
        assert package.testzip() is None
        sound = package.read(f"{RECORDING}/audio.wav")
        assert sound[44:] == heard(maker, 0, FRAMES)
        assert json.loads(package.read(f"{RECORDING}/metadata.json")) == {"ani": "5000"}
        assert json.loads(package.read(f"{RECORDING}/trail.json")) == [{"action": "play"}]
        certificate = load_pem_x509_certificate(package.read("certificate.pem"))
        package.extractall(tmp_path / "folder")
    assert certificate.public_key().public_bytes_raw() == maker.keys.public_key()  # type: ignore[union-attr]  # it is Ed25519


async def test_an_independent_program_says_the_same(maker: Maker, tmp_path: Path) -> None:
    path = await packed(maker, tmp_path / "export.zip")

    def said(path: Path, *more: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(ROOT / "examples/verify_export.py"), str(path), *more]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    done = await asyncio.to_thread(said, path, maker.keys.public_key().hex())
    assert (done.returncode, done.stdout) == (0, f"{RECORDING}: sealed, 1.000 s, intact\n")

    def speak(files: dict[str, bytes]) -> None:
        files[f"{RECORDING}/audio.wav"] = files[f"{RECORDING}/audio.wav"][:-1] + b"x"

    for changed, signer in ((rewritten(path, speak), maker.keys.public_key()), (path, Chance("stranger")(32))):
        done = await asyncio.to_thread(said, changed, signer.hex())
        assert done.returncode == 1
        assert "NOT intact" in done.stderr
    source = (ROOT / "examples/verify_export.py").read_text()
    assert len(source.splitlines()) < 200
    assert "telegraphone." not in source.replace("docs/reference", "")


async def test_the_command_line_verifies_a_package_as_a_file_and_as_a_folder(maker: Maker, tmp_path: Path) -> None:
    path = await packed(maker, tmp_path / "export.zip")
    with zipfile.ZipFile(path) as package:
        package.extractall(tmp_path / "folder")
    signer, runner = maker.keys.public_key().hex(), CliRunner()
    for each in (path, tmp_path / "folder", tmp_path / "folder" / RECORDING / "sealed"):
        assert runner.invoke(app, ["verify", str(each), "--signer", signer]).exit_code == 0
    (tmp_path / "folder" / RECORDING / "metadata.json").write_text("{}")
    done = runner.invoke(app, ["verify", str(tmp_path / "folder"), "--signer", signer])
    assert done.exit_code == 1
    assert "metadata.json" in done.stdout
    (tmp_path / "none.zip").write_bytes(b"no package")
    assert runner.invoke(app, ["verify", str(tmp_path / "none.zip"), "--signer", signer]).exit_code == 1


async def test_a_package_without_the_sealed_files_verifies_too(maker: Maker, tmp_path: Path) -> None:
    path = await packed(maker, tmp_path / "export.zip", sealed_files=False)
    assert checked(path, maker) == ()
    assert not [name for name in ZipSource(path).names if name.endswith(".tgs")]


def rewritten(path: Path, change: Callable[[dict[str, bytes]], None]) -> Path:
    """The package with other files in it."""
    with zipfile.ZipFile(path) as package:
        files = {name: package.read(name) for name in package.namelist()}
    change(files)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as package:
        for name, content in files.items():
            package.writestr(name, content)
    changed = path.with_name("changed.zip")
    changed.write_bytes(out.getvalue())
    return changed


async def test_a_flipped_bit_or_a_cut_in_any_file_of_a_package_is_found_and_named(maker: Maker, tmp_path: Path) -> None:
    """CMP-3, over every kind of file."""
    path = await packed(maker, tmp_path / "export.zip")
    for name in ZipSource(path).names:
        for place in (0, 200, -1):

            def flip(files: dict[str, bytes], name: str = name, place: int = place) -> None:
                data = bytearray(files[name])
                data[place if abs(place) < len(data) else 0] ^= 4
                files[name] = bytes(data)

            def cut(files: dict[str, bytes], name: str = name) -> None:
                files[name] = files[name][:-1]

            def drop(files: dict[str, bytes], name: str = name) -> None:
                del files[name]

            for change in (flip, cut, drop):
                found = checked(rewritten(path, change), maker)
                named = {each.file for each in found}
                assert name in named or (name.startswith("export.") and "export.json" in named | {"export.json"} and found), name


async def test_swapped_added_and_silently_replaced_files_are_found(maker: Maker, tmp_path: Path) -> None:
    path = await packed(maker, tmp_path / "export.zip")
    one, two = f"{RECORDING}/sealed/s0-e0.tgs", f"{RECORDING}/sealed/s1-e0.tgs"

    def swap(files: dict[str, bytes]) -> None:
        files[one], files[two] = files[two], files[one]

    def add(files: dict[str, bytes]) -> None:
        files[f"{RECORDING}/more.wav"] = b"more"

    assert {each.file for each in checked(rewritten(path, swap), maker)} >= {one, two}
    assert {each.file for each in checked(rewritten(path, add), maker)} == {f"{RECORDING}/more.wav"}
    stranger = Maker()
    assert [each.file for each in verify_package(ZipSource(path), ZipSource(path).names, {Chance("x")(32)})] == ["export.json"]
    assert stranger.trusted


async def test_sound_under_a_pause_is_found_even_if_the_list_was_signed_again(maker: Maker, tmp_path: Path) -> None:
    """Who holds the signing key cannot hide audio in a pause: the sound has to agree with its manifest."""
    path = await packed(maker, tmp_path / "export.zip", sealed_files=False)

    def speak(files: dict[str, bytes]) -> None:
        sound = bytearray(files[f"{RECORDING}/audio.wav"])
        struct.pack_into("<h", sound, 44 + 4 * 1_000, 77)
        files[f"{RECORDING}/audio.wav"] = bytes(sound)

    found = checked(rewritten(path, speak), maker)
    assert any("marked as silent" in each.problem for each in found)


async def test_nothing_damaged_is_exported(maker: Maker, tmp_path: Path) -> None:
    maker.store.files[f"{maker.sealed}/s0-e0.tgs"][-30] ^= 1
    with pytest.raises(Unavailable, match=r"s0-e0\.tgs"):
        await packed(maker, tmp_path / "export.zip")
    with pytest.raises(KeyError):
        [each async for each in archive(maker).export([ExportOrder(RecordingId(OTHER_RECORDING), b"{}")])]


def test_every_kind_of_file_of_a_recording_is_in_these_tests(maker: Maker) -> None:
    assert {name.rpartition(".")[2] for name in maker.store.list(maker.sealed)} == {"tgs", "tgj", "json", "sig"}
    assert layout.NEXT_SIGNATURE not in maker.store.list(maker.sealed)
