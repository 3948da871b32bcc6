"""A whole Telegraphone that keeps its recordings, and the signed ends of its audit trail, in a real object store: before, during
and after an outage of it (F11, F41), and what it tells other systems of that."""

import asyncio
import json
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from telegraphone.demo.desktop import Desktop, DesktopError
from telegraphone.demo.play import finished
from telegraphone.demo.proof import decode
from tests.interop.storage.seaweed import SECRET, USER, Seaweed, seaweed
from tests.interop.system import AGENT, PASSWORD, SUPERVISOR, System, healthy, start, stop, talking, telegraphone
from tests.interop.test_courier import Receiver, receiving

RECORDED_S = 2.0
BUCKET = "recordings"
CHECKPOINTS = "audit-checkpoints/"
WAIT_S = 60.0


def settings(store: Seaweed) -> str:
    return (
        f'[storage]\nkind = "s3"\nbucket = "{BUCKET}"\nendpoint_url = "{store.url}"\n'
        f'access_key_id = "{USER}"\nsecret_access_key = "{SECRET}"\n[audit]\ncheckpoint_s = 1\n'
    )


async def recorded(system: System) -> str:
    """A call that was recorded; its UUID."""
    async with talking(system), Desktop(system.url, AGENT, PASSWORD) as desktop:
        call = (await desktop.get("/me/calls?fields=*"))["calls"][0]
        await desktop.post(f"/me/calls/{call['id']}", "StartCallRecording")
        await asyncio.sleep(RECORDED_S)
        await desktop.post(f"/me/calls/{call['id']}", "StopCallRecording")
    return str(call["callUuid"])


def here(system: System) -> list[str]:
    """Finished recordings that have files on this machine."""
    sealed = system.data / "audio" / "recordings" / "sealed"
    return [folder.name for folder in sealed.glob("*/*")] if sealed.is_dir() else []


async def gone(system: System) -> None:
    """Returns when none has."""
    async with asyncio.timeout(60):
        while here(system):  # noqa: ASYNC110 - another process empties the folder, which sends no event
            await asyncio.sleep(0.1)


def kept(store: Seaweed, under: str = "") -> list[str]:
    """The keys of what the bucket holds below this one: at most a thousand, and these tests make dozens."""
    return [each["Key"] for each in store.client.list_objects_v2(Bucket=BUCKET, Prefix=under).get("Contents", ())]


def signed(store: Seaweed) -> int:
    """The last line of the audit trail whose checkpoint is in the bucket; 0 without any."""
    return max((int(Path(key).stem) for key in kept(store, CHECKPOINTS)), default=0)


async def until(done: Callable[[], bool]) -> None:
    """Returns when it is so."""
    async with asyncio.timeout(WAIT_S):
        while not await asyncio.to_thread(done):  # noqa: ASYNC110 - another process does it, which sends no event
            await asyncio.sleep(0.1)


def brought_back(store: Seaweed, folder: Path) -> Path:
    """The folder into which an auditor copied the checkpoints from the bucket."""
    for key in kept(store, CHECKPOINTS):
        (folder / key).parent.mkdir(parents=True, exist_ok=True)
        store.client.download_file(BUCKET, key, str(folder / key))
    return folder / CHECKPOINTS


def audited(folder: Path, checkpoints: Path) -> tuple[int, str]:
    """What `telegraphone audit verify` ends with and says of the installation in a folder."""
    signer = (folder / "data/keys/signing.pub").read_text().strip()
    command = [sys.executable, "-m", "telegraphone", "audit", "verify", "--checkpoints", str(checkpoints), "--signer", signer]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=WAIT_S, check=False)
    return done.returncode, done.stdout + done.stderr


async def heard(listener: Desktop, call_uuid: str) -> None:
    """Both parties are heard, whole and in a range."""
    async with asyncio.timeout(30):
        media = (await finished(listener, call_uuid))["mediaFiles"][0]
    path = media["playPath"].replace(".mp3", ".wav")
    sound = await listener.fetch(path)
    tracks = decode(sound)
    assert tracks.seconds > RECORDED_S - 1.0
    assert any(tracks.left)
    assert any(tracks.right)
    assert await listener.fetch(path, (20_001, 30_000)) == sound[20_001:30_001]


async def test_recordings_live_in_the_store_and_an_outage_of_it_loses_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    folder.mkdir()
    with seaweed(folder) as store:
        store.bucket(BUCKET, versioned=False)
        async with (
            telegraphone(tmp_path, more=settings(store)) as system,
            Desktop(system.url, SUPERVISOR, PASSWORD) as listener,
        ):
            first = await recorded(system)
            await gone(system)
            assert len([key for key in kept(store) if not key.startswith(CHECKPOINTS)]) == 5
            await heard(listener, first)
            await until(lambda: signed(store) > 0)
            before = signed(store)

            store.stop()
            second = await recorded(system)
            await heard(listener, second)
            with pytest.raises(DesktopError, match=r"^503"):
                await heard(listener, first)
            assert len(here(system)) == 1
            await until(lambda: "audit_checkpoint_not_kept" in system.log)

            await asyncio.to_thread(store.start)
            await gone(system)
            for each in (first, second):
                await heard(listener, each)
            await until(lambda: signed(store) > before)
            log = system.log
        checkpoints = brought_back(store, tmp_path / "auditor")
        last = signed(store)
        whole = audited(tmp_path, checkpoints)
        assert (whole[0], f"signed up to line {last}: intact" in whole[1]) == (0, True), whole[1]
        with closing(sqlite3.connect(system.data / "telegraphone.db")) as database, database:
            database.execute("DELETE FROM audit_lines WHERE number >= ?", (last,))
            database.execute(
                "UPDATE audit_head SET number = ?, hash = (SELECT hash FROM audit_lines WHERE number = ?)", (last - 1,) * 2
            )
        cut = audited(tmp_path, checkpoints)
        assert (cut[0], f"line {last}: are missing: the end was cut off" in cut[1]) == (1, True), cut[1]
    assert "recording_not_stored" in log
    assert "recording_stored_late" in log
    assert SECRET not in log


def webhook(receiver: Receiver) -> str:
    """That this one hears when recordings stop and are stored."""
    return (
        f'[[webhooks]]\nname = "crm"\nurl = "http://localhost:{receiver.port}/"\nsecret = "whsec_{"c2VjcmV0" * 4}"\n'
        'events = ["recording.stopped", "recording.stored"]\nallow_private = true\n'
    )


def told(receiver: Receiver) -> list[tuple[str, str]]:
    """What and of which call, in the order of numbers: a lost answer is told again by the same."""
    bodies = [json.loads(each.partition(b"\r\n\r\n")[2]) for each in receiver.received]
    return [
        each for _, each in sorted({body["data"]["number"]: (body["type"], body["data"]["callUuid"]) for body in bodies}.items())
    ]


async def test_a_recording_is_told_of_as_stored_once_and_when_the_store_has_it(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    folder.mkdir()
    with seaweed(folder) as store:
        store.bucket(BUCKET, versioned=False)
        async with (
            receiving("204 No Content") as receiver,
            telegraphone(tmp_path, more=settings(store) + webhook(receiver)) as system,
        ):
            first = await recorded(system)
            await until(lambda: len(told(receiver)) == 2)
            assert len([key for key in kept(store) if not key.startswith(CHECKPOINTS)]) == 5
            store.stop()
            second = await recorded(system)
            await until(lambda: "recording_not_stored" in system.log and len(told(receiver)) == 3)
            await stop(system)
            tries = system.log.count("recording_not_stored")
            system.process = await start(tmp_path)
            await healthy(system, "/health/live")
            await until(lambda: system.log.count("recording_not_stored") > tries)
            assert told(receiver)[2:] == [("recording.stopped", second)]
            await asyncio.to_thread(store.start)
            await gone(system)
            await until(lambda: len(told(receiver)) == 4)
        assert told(receiver) == [(f"recording.{what}", each) for each in (first, second) for what in ("stopped", "stored")]
