"""A whole Telegraphone that keeps its recordings in a real object store: before, during and after an outage of it (F11)."""

import asyncio
from pathlib import Path

import pytest

from telegraphone.demo.desktop import Desktop, DesktopError
from telegraphone.demo.play import finished
from telegraphone.demo.proof import decode
from tests.interop.storage.seaweed import SECRET, USER, Seaweed, seaweed
from tests.interop.system import AGENT, PASSWORD, SUPERVISOR, System, talking, telegraphone

RECORDED_S = 2.0
BUCKET = "recordings"


def settings(store: Seaweed) -> str:
    return (
        f'[storage]\nkind = "s3"\nbucket = "{BUCKET}"\nendpoint_url = "{store.url}"\n'
        f'access_key_id = "{USER}"\nsecret_access_key = "{SECRET}"\n'
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
            assert len(store.client.list_objects_v2(Bucket=BUCKET)["Contents"]) == 5
            await heard(listener, first)

            store.stop()
            second = await recorded(system)
            await heard(listener, second)
            with pytest.raises(DesktopError, match=r"^503"):
                await heard(listener, first)
            assert len(here(system)) == 1

            await asyncio.to_thread(store.start)
            await gone(system)
            for each in (first, second):
                await heard(listener, each)
            log = system.log
    assert "recording_not_stored" in log
    assert "recording_stored_late" in log
    assert SECRET not in log
