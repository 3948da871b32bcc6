"""kill -9 of the whole node in a call whose recording is paused: after the next start the recording is listed, plays, and says
what it is; it holds nothing of what was said since the pause."""

import asyncio
from pathlib import Path

from telegraphone.demo.desktop import Desktop
from telegraphone.demo.play import finished
from telegraphone.demo.proof import decode
from tests.interop.system import AGENT, PASSWORD, SUPERVISOR, System, healthy, start, talking, telegraphone

RECORDED_S, PAUSED_S = 3.0, 1.0


async def recorded_until_killed(system: System) -> str:
    """A call that is recorded, and paused when its node is killed; its UUID."""
    async with talking(system):
        async with Desktop(system.url, AGENT, PASSWORD) as desktop:
            call = (await desktop.get("/me/calls?fields=*"))["calls"][0]
            await desktop.post(f"/me/calls/{call['id']}", "StartCallRecording")
            await asyncio.sleep(RECORDED_S)
            await desktop.post(f"/me/calls/{call['id']}", "PauseCallRecording")
            await asyncio.sleep(PAUSED_S)
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
                resource = await finished(listener, uuid)
            [media] = resource["mediaFiles"]
            [paused] = [each for each in resource["eventHistory"] if each["type"] == "Paused"]
            assert media["parameters"]["recordDN"] == "5001"
            assert media["parameters"]["agentId"] == AGENT
            tracks = decode(await listener.fetch(media["playPath"].replace(".mp3", ".wav")))
        offset = int(paused["offset"])
        assert offset > 1000 * (RECORDED_S - 1.0)
        assert tracks.seconds * 1000 <= offset + int(paused["duration"]) + 1
        for track in (tracks.left, tracks.right):
            sound = memoryview(track).cast("h")
            assert any(sound[: offset * 8])
            assert not any(sound[(offset + 1) * 8 :])
