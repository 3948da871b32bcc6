"""The operator's commands for keys, typed as documented, on the keys of an installation."""

import subprocess
import sys
from pathlib import Path

from telegraphone.keystore.file import FileKeyStore

CONFIG = '[server]\nexternal_url = "http://127.0.0.1:8080"\ndata_dir = "data"\n'
IDS = [f"{number:032x}" for number in range(5)]


def key(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "telegraphone", "key", *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)


def test_keys_are_backed_up_proved_renewed_and_brought_back(tmp_path: Path) -> None:
    (tmp_path / "telegraphone.toml").write_text(CONFIG)
    (tmp_path / "passphrase").write_text("a long passphrase\n")
    store = FileKeyStore(tmp_path / "data/keys")
    deks = {dek_id: store.create("default", dek_id) for dek_id in IDS}
    here = ("--folder", "data/keys", "--passphrase-file", "passphrase")

    assert key(tmp_path, "backup", *here, "--to", "first.backup").returncode == 0
    assert key(tmp_path, "backup", *here, "--to", "first.backup").returncode == 1, "nothing is written over"
    assert len(store.ring.unconfirmed()) == 1
    assert key(tmp_path, "confirm", *here, "--from", "first.backup").returncode == 0
    assert store.ring.unconfirmed() == ()

    done = key(tmp_path, "rotate", "--tenant", "default")
    assert done.returncode == 0, done.stderr
    assert "5 envelopes rewrapped, 0 could not be" in done.stdout
    assert "0 envelopes rewrapped" in key(tmp_path, "rewrap").stdout
    [unconfirmed] = store.ring.unconfirmed()
    done = key(tmp_path, "confirm", *here, "--from", "first.backup")
    assert (done.returncode, f"{unconfirmed} is NOT in the back-up" in done.stdout) == (1, True)

    key(tmp_path, "backup", *here, "--to", "second.backup")
    assert key(tmp_path, "confirm", *here, "--from", "second.backup").returncode == 0
    back = ("--folder", "restored", "--passphrase-file", "passphrase")
    assert key(tmp_path, "restore", *back, "--from", "second.backup").returncode == 0
    (tmp_path / "data/keys/envelopes").rename(tmp_path / "restored/envelopes")
    again = FileKeyStore(tmp_path / "restored")
    assert {dek_id: again.open("default", dek_id) for dek_id in IDS} == deks
    (tmp_path / "passphrase").write_text("another passphrase\n")
    done = key(tmp_path, "confirm", *here, "--from", "second.backup")
    assert done.returncode == 1
    assert "passphrase" in done.stderr


def test_a_node_that_requires_a_back_up_does_not_start_without_one(tmp_path: Path) -> None:
    (tmp_path / "telegraphone.toml").write_text(CONFIG + '[keys]\nbackup = "require"\n')
    done = subprocess.run(
        [sys.executable, "-m", "telegraphone", "serve"], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1
    assert "no confirmed back-up" in done.stderr
