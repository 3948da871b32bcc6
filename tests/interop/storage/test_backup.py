"""A running node is backed up and restored by the very commands of docs/operations/backup.md; nothing else survives."""

import asyncio
import os
import re
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from telegraphone.demo.desktop import Desktop
from tests.interop.storage.test_s3_server import heard, recorded
from tests.interop.system import AGENT, PASSWORD, SUPERVISOR, System, talking, telegraphone
from tests.postgresql import Server, running_server
from tests.tidy.rule import ROOT

OTHER = {"sqlite": "pg_", "postgresql": "telegraphone.db"}
"""What only the commands for the other database have in them."""
AUDIT = "\n[audit]\ncheckpoint_s = 1\n"
PROVE = (
    "telegraphone audit verify --config telegraphone.toml --checkpoints data/checkpoints --signer $(cat data/keys/signing.pub)"
)


def blocks(heading: str, kind: str) -> str:
    """The commands under a heading of the page, for this database."""
    page = (ROOT / "docs/operations/backup.md").read_text(encoding="utf-8")
    [section] = re.findall(rf"^## {heading}$(.*?)(?=^## |\Z)", page, re.DOTALL | re.MULTILINE)
    return "\n".join(each for each in re.findall(r"```sh\n(.*?)```", section, re.DOTALL) if OTHER[kind] not in each)


async def typed(commands: str, folder: Path, database: str) -> str:
    """What the commands say, typed in the folder; the first that fails fails the test."""
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "DATABASE": database}
    done = await asyncio.to_thread(
        subprocess.run,
        ["sh", "-euc", commands],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def machine(folder: Path) -> Path:
    """A folder with a data folder of the default name and the passphrase."""
    (folder / "data").mkdir(parents=True)
    (folder / "telegraphone-data").symlink_to("data")
    (folder / "passphrase").write_text("a passphrase of the tests\n")
    return folder


@pytest.fixture(params=["sqlite", "postgresql"])
async def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def server(kind: str) -> AsyncIterator[Server | None]:
    if kind == "sqlite":
        yield None
        return
    with running_server() as own:
        for name in ("lost", "restored"):
            await own.fresh(name, empty=True)
        yield own


async def _check(system: System, kind: str, call_uuid: str) -> None:
    """The recording is listed, plays and verifies, and so does the trail with the checkpoints of before."""
    async with Desktop(system.url, SUPERVISOR, PASSWORD) as listener:
        found = (await listener.get("/recordings?userName=*"))["uris"]
        assert call_uuid in [uri.rpartition("/")[2] for uri in found]
        await heard(listener, call_uuid)
    assert (system.data / "telegraphone.db").exists() == (kind == "sqlite")
    [recording] = (system.data / "audio/recordings/sealed").glob("*/*")
    signer = (system.data / "keys/signing.pub").read_text().strip()
    await typed(f"telegraphone verify {recording} --keys data/keys --signer {signer}", system.folder, "")


async def _signed(system: System) -> None:
    """Returns when the end of the trail has been signed."""
    async with asyncio.timeout(60):
        while not any((system.data / "checkpoints").glob("*")):  # noqa: ASYNC110 - another process fills the folder, without an event
            await asyncio.sleep(0.1)


async def test_a_running_node_is_backed_up_and_restored_as_documented(tmp_path: Path, kind: str, server: Server | None) -> None:
    first, second = machine(tmp_path / "first"), machine(tmp_path / "second")
    urls = {name: server.url(name) if server else "" for name in ("lost", "restored")}
    more = {name: (f'\n[database]\nurl = "{url}"\n' if url else "") + AUDIT for name, url in urls.items()}
    async with telegraphone(first, more=more["lost"]) as system:
        call_uuid = await recorded(system)
        async with Desktop(system.url, SUPERVISOR, PASSWORD) as listener:
            await heard(listener, call_uuid)
        await _signed(system)
        async with talking(system), Desktop(system.url, AGENT, PASSWORD) as desktop:
            call = (await desktop.get("/me/calls?fields=*"))["calls"][0]
            await desktop.post(f"/me/calls/{call['id']}", "StartCallRecording")
            await typed(blocks("Back up", kind), first, urls["lost"])
    (first / "backup").rename(second / "backup")
    configuration = (first / "telegraphone.toml").read_text().replace(str(first), str(second))
    (second / "telegraphone.toml").write_text(configuration.replace(urls["lost"] or "nothing", urls["restored"]))
    shutil.rmtree(first)

    said = await typed(blocks("Restore", kind), second, urls["restored"])
    assert re.search(r"signed up to line [1-9]\d*: intact", said), said
    async with telegraphone(second, more=more["restored"]) as system:
        await _check(system, kind, call_uuid)
        await typed(PROVE, second, "")
