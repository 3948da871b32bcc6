"""What is left of an erased recording proves itself offline: alone, in a package, and against the audit trail (CMP-8)."""

import asyncio
import json
import subprocess
import sys
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from click.testing import Result
from typer.testing import CliRunner

from telegraphone.cli import app
from telegraphone.database.memory import MemoryAuditTrail, MemoryCatalogue, MemoryStandings
from telegraphone.database.memory_access import MemoryApprovals
from telegraphone.domain.agent import Agent, Directory, Role
from telegraphone.domain.ids import CallUuid, RecordingId
from telegraphone.media.ports import PublicFacts
from telegraphone.services.approvals import FourEyes
from telegraphone.services.archive_ports import ExportOrder, SignedDocument, StoneOrder
from telegraphone.services.audit import Deed
from telegraphone.services.catalogue import PartRecord
from telegraphone.services.keeping import Keeping, Tombstone
from telegraphone.services.library import Library
from telegraphone.storage.archive import Hand, SealedArchive
from telegraphone.storage.notary import SignedStatements
from telegraphone.storage.turns import Turns
from telegraphone.storage.zipped import ZipSource
from tests.contract.test_evidence import rewritten
from tests.scenario.clock import VirtualClock
from tests.tidy.rule import ROOT
from tests.unit.media.recording_maker import OTHER_RECORDING, RECORDING, START, Chance, Maker, conversation

CALL = CallUuid("C" * 32)
ERASED = START + timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Grave:
    """A recording that was erased for a reason, another that is there, and the trail of both."""

    maker: Maker
    archive: SealedArchive
    stone: Tombstone
    trail: MemoryAuditTrail
    folder: Path

    def verify(self, path: Path, *more: str) -> Result:
        return CliRunner().invoke(app, ["verify", str(path), "--signer", self.maker.keys.public_key().hex(), *more])

    def saved(self, statement: str) -> Path:
        path = self.folder / "tombstone.json"
        path.write_text(statement)
        path.with_suffix(".sig").write_text(self.stone.signature)
        return path

    def trail_file(self, *left_out: int) -> Path:
        path = self.folder / "trail.jsonl"
        lines = [msgspec.json.encode(line) for line in self.trail.lines if line.number not in left_out]
        path.write_bytes(b"\n".join(lines) + b"\n")
        return path

    async def package(self, signature: str) -> Path:
        """An export of what is there and of the tombstone with this signature."""
        stone = SignedDocument(self.stone.statement.encode(), signature.encode())
        orders = [ExportOrder(RecordingId(OTHER_RECORDING), b"{}"), StoneOrder(CALL, stone, b"[]")]
        pieces = [piece async for piece in self.archive.export(orders)]
        path = self.folder / "export.zip"
        await asyncio.to_thread(path.write_bytes, b"".join(pieces))
        return path

    async def told_by_the_example(self, path: Path) -> subprocess.CompletedProcess[str]:
        """What the independent program says of a package."""
        command = [sys.executable, str(ROOT / "examples/verify_export.py"), str(path), self.maker.keys.public_key().hex()]
        return await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture
async def grave(tmp_path: Path) -> Grave:
    maker, clock = Maker(), VirtualClock(ERASED)
    conversation(maker)
    maker.finished()
    other = Maker(maker.store, maker.keys, OTHER_RECORDING)
    conversation(other, 1_000)
    other.finished()
    hand = Hand(maker.keys, "telegraphone test", clock.utc, Chance("archive"))
    archive = SealedArchive(maker.store, [maker.store], maker.keys, hand, turns=Turns())
    officer = Agent("officer", "4", roles=frozenset({Role.COMPLIANCE}), tenant=maker.tenant)
    catalogue, trail = MemoryCatalogue(), MemoryAuditTrail(clock)
    standings, library = MemoryStandings(catalogue), Library(catalogue, Directory((officer,)), trail)
    numbers = ("c", "n", "5000", "5001", "5001", "agent.one")
    await catalogue.put(PartRecord(RecordingId(RECORDING), CALL, *numbers, START, START, tenant=maker.tenant))
    keeping = Keeping(
        library,
        standings,
        archive,
        SignedStatements(maker.keys),
        trail,
        four_eyes=FourEyes({}, MemoryApprovals(), library, clock),
    )
    await trail.write(Deed("officer", "search", "", "done", tenant=maker.tenant))
    await keeping.erase(officer, CALL, "", clock, reason="asked for by the customer")
    return Grave(maker, archive, standings.tombstones[maker.tenant, CALL], trail, tmp_path)


def test_a_saved_tombstone_says_what_was_erased_when_by_whom_and_why(grave: Grave) -> None:
    done = grave.verify(grave.saved(grave.stone.statement))
    assert done.exit_code == 0
    assert done.stdout.endswith("intact\n")
    said = f"recording {CALL} of {grave.maker.tenant}: 1 parts, 3 files, 3 keys destroyed, {ERASED.isoformat()}"
    assert f"{said}, by officer: asked for by the customer" in done.stdout
    files = json.loads(grave.stone.statement)["files"]
    assert {file["name"] for file in files} == {"journal-0.tgj", "s0-e0.tgs", "s1-e0.tgs"}


def test_a_changed_or_foreign_tombstone_is_named(grave: Grave) -> None:
    for old, new in (("officer", "nobody"), ("asked", "Asked"), (CALL, "D" * 32), ('"keys_destroyed":3', '"keys_destroyed":4')):
        done = grave.verify(grave.saved(grave.stone.statement.replace(old, new)))
        assert done.exit_code == 1
        assert "tombstone.json: is not what a trusted key has signed" in done.stdout
        assert "erased:" not in done.stdout
    path = grave.saved(grave.stone.statement)
    path.with_suffix(".sig").unlink()
    assert "tombstone.sig: is missing" in grave.verify(path).stdout
    odd = SignedStatements(grave.maker.keys).engrave(json.loads(grave.stone.statement) | {"parts": []})
    path.write_text(odd.statement)
    path.with_suffix(".sig").write_text(odd.signature)
    assert "tombstone.json: the tombstone does not agree with itself" in grave.verify(path).stdout


async def test_one_of_the_first_with_its_signature_alone_is_proved_saved_and_in_a_package(grave: Grave) -> None:
    path = grave.saved(grave.stone.statement)
    bare = grave.maker.keys.sign(PublicFacts(grave.stone.statement.encode())).hex()
    for signature, said in ((bare, "erased: "), (bare[::-1], "tombstone.json: is not what a trusted key has signed")):
        path.with_suffix(".sig").write_text(signature)
        assert said in grave.verify(path).stdout
        package = await grave.package(signature)
        assert (grave.verify(package).exit_code == 0) is (signature == bare)
        told = await grave.told_by_the_example(package)
        assert (told.returncode == 0) is (signature == bare), told.stderr


def test_a_tombstone_and_the_trail_name_each_other(grave: Grave) -> None:
    path = grave.saved(grave.stone.statement)
    assert grave.verify(path, "--trail", str(grave.trail_file())).exit_code == 0
    begun, done = grave.trail.lines[-2:]
    cut = grave.verify(path, "--trail", str(grave.trail_file(done.number)))
    assert cut.exit_code == 1
    assert f"trail.jsonl: no line says that {CALL} was erased under this tombstone" in cut.stdout.replace("\n", " ")
    other = grave.verify(path, "--trail", str(grave.trail_file(begun.number)))
    assert other.exit_code == 1
    assert f"trail.jsonl: line {begun.number} is the one behind which" not in grave.verify(path).stdout
    assert f"line {begun.number}" in other.stdout
    # Who owns the database and the signing key may write another stone; the trail does not know it.
    forged = SignedStatements(grave.maker.keys).engrave(json.loads(grave.stone.statement) | {"by": "nobody"})
    path.write_text(forged.statement)
    path.with_suffix(".sig").write_text(forged.signature)
    assert grave.verify(path).exit_code == 0
    assert grave.verify(path, "--trail", str(grave.trail_file())).exit_code == 1


async def test_a_package_holds_tombstones_and_every_change_of_one_is_found(grave: Grave) -> None:
    """CMP-3, CMP-6."""
    path = await grave.package(grave.stone.signature)
    names = ZipSource(path).names
    assert {name for name in names if name.startswith(CALL)} == {
        f"{CALL}/{each}" for each in ("tombstone.json", "tombstone.sig", "trail.json")
    }
    done = await asyncio.to_thread(grave.verify, path, "--trail", str(grave.trail_file()))
    assert (done.exit_code, "by officer: asked for by the customer" in done.stdout) == (0, True), done.stdout
    told = await grave.told_by_the_example(path)
    assert f"{CALL}: erased {ERASED.isoformat()} by officer: asked for by the customer\n" in told.stdout
    for name, old, new in (("tombstone.json", b"officer", b"nobody"), ("tombstone.sig", b"Ed25519", b"Ed25518")):
        at = f"{CALL}/{name}"
        changed = grave.verify(
            rewritten(path, lambda files, at=at, old=old, new=new: files.update({at: files[at].replace(old, new)}))
        )  # type: ignore[misc]  # bound where it stands
        assert changed.exit_code == 1
        assert f"{CALL}/tombstone.json" in changed.stdout
        assert f"{at}: is not what the list of files says" in changed.stdout
    moved = rewritten(path, lambda files: files.update({f"{OTHER_RECORDING}/tombstone.json": files[f"{CALL}/tombstone.json"]}))
    assert f"{OTHER_RECORDING}/tombstone.json" in grave.verify(moved).stdout
