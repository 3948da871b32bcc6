"""The operator's commands for keys, typed as documented, on the keys of an installation."""

import asyncio
import getpass
import json
import socket
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, chdir
from datetime import UTC, datetime, timedelta
from pathlib import Path

from click.testing import Result
from typer.testing import CliRunner

from telegraphone.cli import app
from telegraphone.database.approvals import SqlApprovals
from telegraphone.database.engine import migrate, open_engine, sqlite_url
from telegraphone.domain.permissions import Action
from telegraphone.keystore.file import FileKeyStore
from telegraphone.services.approvals import Approval

CONFIG = '[server]\nexternal_url = "http://127.0.0.1:8080"\ndata_dir = "data"\n'
IDS = [f"{number:032x}" for number in range(5)]


def key(folder: Path, *words: str) -> Result:
    with chdir(folder):
        return CliRunner().invoke(app, ["key", *words])


def test_keys_are_backed_up_proved_renewed_and_brought_back(tmp_path: Path) -> None:
    (tmp_path / "telegraphone.toml").write_text(CONFIG)
    (tmp_path / "passphrase").write_text("a long passphrase\n")
    store = FileKeyStore(tmp_path / "data/keys")
    deks = {dek_id: store.create("default", dek_id) for dek_id in IDS}
    here = ("--folder", "data/keys", "--passphrase-file", "passphrase")

    assert key(tmp_path, "backup", *here, "--to", "first.backup").exit_code == 0
    assert key(tmp_path, "backup", *here, "--to", "first.backup").exit_code == 1, "nothing is written over"
    assert len(store.ring.unconfirmed()) == 1
    assert key(tmp_path, "confirm", *here, "--from", "first.backup").exit_code == 0
    assert store.ring.unconfirmed() == ()

    engine = open_engine(sqlite_url(tmp_path / "data/telegraphone.db"))
    asyncio.run(migrate(engine))
    done = key(tmp_path, "rotate", "--tenant", "default")
    assert done.exit_code == 0, done.stderr
    assert "5 envelopes rewrapped, 0 could not be" in done.stdout
    assert "0 envelopes rewrapped" in key(tmp_path, "rewrap").stdout
    [unconfirmed] = store.ring.unconfirmed()
    done = key(tmp_path, "confirm", *here, "--from", "first.backup")
    assert (done.exit_code, f"{unconfirmed} is NOT in the back-up" in done.stdout) == (1, True)

    key(tmp_path, "backup", *here, "--to", "second.backup")
    with sqlite3.connect(tmp_path / "data/telegraphone.db") as database:
        noted = database.execute("SELECT actor, origin, action, subject FROM audit_lines ORDER BY number").fetchall()
        database.execute("ALTER TABLE audit_lines RENAME TO elsewhere")
    assert {line[:2] for line in noted} == {(f"{getpass.getuser()} (command line)", socket.gethostname())}
    assert [line[2] for line in noted] == ["rotate key", "rewrap keys", "rewrap keys", "back up keys"]
    assert noted[0][3] == unconfirmed
    done = key(tmp_path, "rewrap")
    assert (done.exit_code, "the audit trail could not be told" in done.stderr) == (1, True)
    assert key(tmp_path, "confirm", *here, "--from", "second.backup").exit_code == 0
    back = ("--folder", "restored", "--passphrase-file", "passphrase")
    assert key(tmp_path, "restore", *back, "--from", "second.backup").exit_code == 0
    (tmp_path / "data/keys/envelopes").rename(tmp_path / "restored/envelopes")
    again = FileKeyStore(tmp_path / "restored")
    assert {dek_id: again.open("default", dek_id) for dek_id in IDS} == deks
    (tmp_path / "passphrase").write_text("another passphrase\n")
    done = key(tmp_path, "confirm", *here, "--from", "second.backup")
    assert done.exit_code == 1
    assert "passphrase" in done.stderr


@asynccontextmanager
async def _wishes(folder: Path) -> AsyncIterator[SqlApprovals]:
    engine = open_engine(sqlite_url(folder / "data/telegraphone.db"))
    await migrate(engine)
    yield SqlApprovals(engine)
    await engine.dispose()


async def _wish(folder: Path) -> None:
    now = datetime.now(UTC)
    async with _wishes(folder) as wishes:
        for action, letter in ((Action.ROTATE_KEY, "a"), (Action.BACK_UP_KEYS, "b")):
            until = now + timedelta(hours=1)
            await wishes.add(Approval(letter * 24, "default", action, "default", "admin.one", now, until))


async def _approve(folder: Path) -> None:
    async with _wishes(folder) as wishes:
        for letter in "ab":
            assert await wishes.approve(letter * 24, "admin.two", datetime.now(UTC) + timedelta(hours=1))


def test_where_four_eyes_are_wanted_no_key_is_touched_by_one(tmp_path: Path) -> None:
    (tmp_path / "telegraphone.toml").write_text(CONFIG + '[[access]]\nfour_eyes = ["keys"]\n')
    (tmp_path / "passphrase").write_text("a long passphrase\n")
    FileKeyStore(tmp_path / "data/keys").create("default", IDS[0])
    asyncio.run(_wish(tmp_path))
    keks = set((tmp_path / "data/keys").iterdir())
    rotate = ("rotate",)
    backup = ("backup", "--folder", "data/keys", "--passphrase-file", "passphrase", "--to", "keys.backup")

    tried = [key(tmp_path, *rotate), key(tmp_path, *backup), key(tmp_path, *rotate, "--approval", "a" * 24)]
    asyncio.run(_approve(tmp_path))
    tried.append(key(tmp_path, *backup, "--approval", "a" * 24))
    assert [(done.exit_code, "A second person" in done.stderr) for done in tried] == [(1, True)] * 4
    assert (set((tmp_path / "data/keys").iterdir()), (tmp_path / "keys.backup").exists()) == (keks, False)

    assert key(tmp_path, *rotate, "--approval", "a" * 24).exit_code == 0
    assert key(tmp_path, *backup, "--approval", "b" * 24).exit_code == 0
    assert key(tmp_path, *rotate, "--approval", "a" * 24).exit_code == 1, "good once"
    with sqlite3.connect(tmp_path / "data/telegraphone.db") as database:
        noted = database.execute("SELECT action, result, detail FROM audit_lines ORDER BY number").fetchall()
    assert [line[:2] for line in noted] == [
        ("rotate key", "refused"),
        ("back up keys", "refused"),
        ("rotate key", "refused"),
        ("back up keys", "refused"),
        ("rotate key", "done"),
        ("rewrap keys", "done"),
        ("back up keys", "done"),
        ("rotate key", "refused"),
    ]
    for line in (noted[4], noted[6]):
        detail = json.loads(line[2])
        assert (detail["asked_by"], detail["approved_by"]) == ("admin.one", "admin.two")


def test_a_node_that_requires_a_back_up_does_not_start_without_one(tmp_path: Path) -> None:
    (tmp_path / "telegraphone.toml").write_text(CONFIG + '[keys]\nbackup = "require"\n')
    done = subprocess.run(
        [sys.executable, "-m", "telegraphone", "serve"], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1
    assert "no confirmed back-up" in done.stderr
