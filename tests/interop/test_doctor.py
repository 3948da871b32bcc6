"""`telegraphone doctor`: a sound installation needs nothing changed, and each thing that is wrong is named."""

import asyncio
import socket
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from telegraphone.bootstrap.doctor import examine
from telegraphone.config import read
from telegraphone.database.engine import open_engine, sqlite_url, transaction
from telegraphone.keystore.file import FileKeyStore
from telegraphone.services.findings import Grade
from tests.interop.certificates import Authority
from tests.interop.system import HOST, free_port, telegraphone


def installation(folder: Path, *, server: str = "", recorder: str = "", more: str = "") -> Path:
    """Its configuration file, with a data folder that is there and a key whose back-up was read."""
    path, port = folder / "telegraphone.toml", free_port()
    path.write_text(
        f'[server]\nexternal_url = "http://{HOST}:{port}"\nlisten_host = "{HOST}"\nlisten_port = {port}\n'
        f'data_dir = "{folder / "data"}"\n{server}\n[exchange]\nsip_host = "{HOST}"\nsip_port = {free_port()}\n'
        f"[recorder]\n{recorder}\n{more}"
    )
    ring = FileKeyStore(folder / "data/keys").ring
    ring.ensure("default")
    for kek_id in ring.unconfirmed():
        ring.confirm(kek_id, datetime.now(UTC))
    return path


def said(path: Path, grade: Grade) -> str:
    async def all_of_it() -> str:
        return "\n".join([each.text async for each in examine(read(path)) if each.grade is grade])

    return asyncio.run(all_of_it())


def test_of_a_sound_installation_nothing_must_be_changed_and_nothing_is(tmp_path: Path) -> None:
    path = installation(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    done = subprocess.run(
        [sys.executable, "-m", "telegraphone", "doctor", "--config", path],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    for words in ("is durable after", "has a back-up", "are free for", "is free", "there are ports for 1000 calls"):
        assert f"{words}" in done.stdout
    assert [each for each in sorted(tmp_path.rglob("*")) if each.name != "recording.lock"] == before


def test_a_folder_that_is_not_there_yet_is_no_fault(tmp_path: Path) -> None:
    path = installation(tmp_path)
    (tmp_path / "data").rename(tmp_path / "elsewhere")
    assert said(path, Grade.WRONG) == ""
    notes = said(path, Grade.NOTE)
    assert "the first start makes it" in notes
    assert "the first start makes the keys" in notes


def _taken(folder: Path) -> Path:
    path = installation(folder)
    taken = socket.create_server((HOST, read(path).server.listen_port))
    taken.detach()  # it stays open for as long as the test runs
    return path


def _readable_key(folder: Path) -> Path:
    path = installation(folder)
    (folder / "data/keys/kek.key").chmod(0o644)
    return path


def _no_backup(folder: Path) -> Path:
    path = installation(folder, more='[keys]\nbackup = "require"\n')
    FileKeyStore(folder / "data/keys").renew("default")
    return path


def _torn_key(folder: Path) -> Path:
    path = installation(folder)
    (folder / "data/keys/kek.key").write_bytes(b"torn")
    return path


def _old_certificate(folder: Path) -> Path:
    certificate, key = Authority(folder).sign("here")
    path = installation(folder, server=f'tls_certificate = "{certificate}"\ntls_key = "{key}"')
    path.write_text(path.read_text().replace("http://", "https://"))
    return path


def _folder_in_the_way(folder: Path) -> Path:
    path = installation(folder)
    (folder / "data/telegraphone.db").mkdir()
    return path


FAULTS: dict[str, Callable[[Path], Path]] = {
    "by TCP cannot be had": _taken,
    "chmod 600 kek.key": _readable_key,
    "nobody has read a back-up of": _no_backup,
    "cannot be used": _torn_key,
    "is good for 0 days": _old_certificate,
    "cannot be asked": _folder_in_the_way,
    "fewer than disk_free_min_mb": lambda folder: installation(folder, recorder="disk_free_min_mb = 1000000000"),
    "overlap": lambda folder: installation(folder, recorder="rtp_port_first = 22000\nrtp_port_last = 25999"),
    "the folder storage cannot be used": lambda folder: installation(
        folder, more=f'[storage]\nkind = "folder"\nfolder = "{folder / "nowhere"}"\n'
    ),
    "wraps no keys": lambda folder: installation(
        folder,
        more=f'[keys]\nkind = "vault"\nvault_address = "http://{HOST}:{free_port()}"\nvault_token_file = "{folder}/token"\n',
    ),
}


@pytest.mark.parametrize("words", FAULTS)
def test_a_fault_is_named_and_nothing_else_is_one(tmp_path: Path, words: str) -> None:
    path = FAULTS[words](tmp_path)
    [fault] = said(path, Grade.WRONG).splitlines()
    assert words in fault


def test_a_place_that_works_is_tried_there_and_back(tmp_path: Path) -> None:
    place = tmp_path / "place"
    place.mkdir()
    path = installation(tmp_path, more=f'[storage]\nkind = "folder"\nfolder = "{place}"\n')
    assert "took a file, proved it and removed it" in said(path, Grade.GOOD)
    assert [each for each in place.rglob("*") if each.is_file()] == []


def test_tables_of_an_older_version_are_noted(tmp_path: Path) -> None:
    path = installation(tmp_path)

    async def old() -> None:
        engine = open_engine(sqlite_url(tmp_path / "data/telegraphone.db"))
        async with transaction(engine):
            pass
        await engine.dispose()

    asyncio.run(old())
    assert "brings its tables up to date" in said(path, Grade.NOTE)


async def test_beside_a_running_node_its_ports_are_its_own(tmp_path: Path) -> None:
    async with telegraphone(tmp_path) as system:
        grades = {each.text: each.grade async for each in examine(read(system.folder / "telegraphone.toml"))}
    assert any("a node runs in this data folder" in text for text in grades)
    assert any("its tables are up to date" in text for text in grades)
    assert [text for text, grade in grades.items() if grade is Grade.WRONG] == []
