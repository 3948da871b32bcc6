"""kill -9 of the whole node in a recorded call: after the next start the recording is listed, plays, and says what it is."""

import asyncio
from pathlib import Path

from telegraphone.demo.desktop import Desktop
from telegraphone.demo.play import finished
from telegraphone.demo.proof import decode
from tests.interop.system import AGENT, PASSWORD, SUPERVISOR, System, healthy, start, talking, telegraphone

RECORDED_S = 3.0


async def recorded_until_killed(system: System) -> str:
    """A call that is being recorded when its node is killed; its UUID."""
    async with talking(system):
        async with Desktop(system.url, AGENT, PASSWORD) as desktop:
            call = (await desktop.get("/me/calls?fields=*"))["calls"][0]
            await desktop.post(f"/me/calls/{call['id']}", "StartCallRecording")
            await asyncio.sleep(RECORDED_S)
        system.process.kill()
        await system.process.wait()
    return str(call["callUuid"])


async def test_a_lost_node_loses_no_recording(tmp_path: Path) -> None:
    async with telegraphone(tmp_path) as system:
        uuid = await recorded_until_killed(system)
        system.process = await start(system.folder)
        await healthy(system)
        async with Desktop(system.url, SUPERVISOR, PASSWORD) as listener:
            async with asyncio.timeout(30):
                media = (await finished(listener, uuid))["mediaFiles"][0]
            assert media["parameters"]["recordDN"] == "5001"
            assert media["parameters"]["agentId"] == AGENT
            tracks = decode(await listener.fetch(media["playPath"].replace(".mp3", ".wav")))
        assert tracks.seconds > RECORDED_S - 1.0
        assert any(tracks.left)
        assert any(tracks.right)
