"""REC-7: a call that two nodes record is heard as one, with what either has, and without what either kept out."""

import asyncio
import secrets
from pathlib import Path
from typing import Any

import numpy as np

from telegraphone.demo.desktop import Desktop
from telegraphone.media.g711 import a_to_linear, mu_to_a
from telegraphone.phone.voices import Voice, speech
from tests.interop import spoken
from tests.interop.siprec.recording_client import AGENT, CALLER, HOST, Fork, Mouth, metadata, recording_client
from tests.interop.siprec.test_failover import conversation, node
from tests.interop.siprec.test_plain_calls import recordings, until
from tests.interop.system import AGENT as AGENT_NAME
from tests.interop.system import PASSWORD, SUPERVISOR, System
from tests.postgresql import Server

SAID = metadata((CALLER, AGENT)).replace(b"group-1", b"one-call-at-two-recorders")
VOICES: tuple[Voice, Voice] = (speech(120), speech(190))
"""What the caller says, who is on the first line, and the agent; no frame of either is ever repeated."""
FRAME_MS = 20


class Lossy(Mouth):
    """A sender of which nothing arrives while `deaf`."""

    deaf = False
    lost_ms = 0
    """How long it was."""
    _deaf_at = 0

    def _send(self, payload_type: int, timestamp: int, payload: bytes, *, marker: bool) -> None:
        if self.deaf:
            self._sequence = (self._sequence + 1) & 0xFFFF
            self._deaf_at = self._deaf_at or timestamp
            self.lost_ms = FRAME_MS + (timestamp - self._deaf_at & 0xFFFFFFFF) // 8
        else:
            super()._send(payload_type, timestamp, payload, marker=marker)


async def paused(system: System, fork: Fork) -> None:
    """The agent pauses at one node for a second."""
    async with Desktop(system.url, AGENT_NAME, PASSWORD) as agent:
        [call] = (await agent.get("/me/calls?fields=*"))["calls"]
        for operation in ("Pause", "Resume"):
            await agent.post(f"/me/calls/{call['id']}", f"{operation}CallRecording")
            await fork.says(1)


async def said_to_both(first: tuple[System, int], second: tuple[System, int]) -> tuple[int, int]:
    """A call that is copied to two nodes. The second hears nothing of its third second; at the first, which is told of the end
    a second earlier, the agent pauses. Answers how many milliseconds of each party the second has not heard."""
    async with recording_client((HOST, first[1]), "UDP") as one, recording_client((HOST, second[1]), "UDP") as two:
        lines = [Lossy(HOST, voice, secrets.token_bytes) for voice in VOICES]
        forks: list[Fork] = [await one.fork(snapshot=SAID, voices=VOICES), await two.fork(snapshot=SAID, audio=lines)]
        await asyncio.gather(*(fork.says(2) for fork in forks))
        for deaf in (True, False):
            for line in lines:
                line.deaf = deaf
            await forks[0].says(1)
        await paused(first[0], forks[0])
        await forks[0].hang_up()
        await forks[1].says(1)
        await forks[1].hang_up()
        return lines[0].lost_ms, lines[1].lost_ms


async def sound(system: System, path: str) -> tuple[Any, Any]:
    async with Desktop(system.url, SUPERVISOR, PASSWORD) as supervisor:
        return spoken.tracks(await supervisor.fetch(path.replace(".mp3", ".wav")))


def frames_heard(track: Any, voice: Voice) -> int:
    """How many frames of a voice, which comes as PCMA, are on a track, sample by sample."""
    pcm = np.asarray(track, "<i2").tobytes()
    return sum(a_to_linear(mu_to_a(voice(number))) in pcm for number in range(1_500))


def piece(track: Any, stretch: dict[str, str]) -> Any:
    """What is heard in a stretch, but for a packet at its ends."""
    begin, length = int(stretch["offset"]), int(stretch["duration"])
    return track[(begin + FRAME_MS) * 8 : (begin + length - FRAME_MS) * 8]


async def test_a_call_recorded_by_two_nodes_is_heard_as_one(tmp_path: Path, postgresql: Server) -> None:
    await postgresql.fresh("failover", empty=True)
    async with node(tmp_path, "one", postgresql) as first, node(tmp_path, "two", postgresql) as second:
        caller_ms, agent_ms = await said_to_both(first, second)

        async def mended() -> tuple[dict[str, Any], dict[str, Any]] | None:
            for ours in await recordings(second[0]):
                if any(each["type"] == "Gap" for each in ours["eventHistory"]):
                    told = (await conversation(second[0], ours))["mended"]
                    return (ours, told[0]) if told else None
            return None

        ours, told = await until(mended)
        alone = await sound(second[0], ours["mediaFiles"][0]["playPath"])
        best = await sound(second[0], told["playPath"])
        for track, voice, name, lost_ms in ((0, VOICES[1], "agent", agent_ms), (1, VOICES[0], "other", caller_ms)):
            [lost] = [each for each in told["borrowed"] if each["track"] == name and int(each["duration"]) > 500]
            assert abs(int(lost["duration"]) - lost_ms) < 200
            assert frames_heard(piece(best[track], lost), voice) > 40, "what was lost is there"
            assert frames_heard(alone[track], voice) > 200
        [pause] = told["keptOut"]
        assert int(pause["duration"]) > 900
        assert not any(np.any(piece(track, pause)) for track in best), "a pause of the first node is one of the second"
        there = {**pause, "offset": str(int(pause["offset"]) - int(told["offset"]))}
        assert all(np.any(piece(track, there)) for track in alone), "which did not know of it"
        for call in (each["id"] for each in await recordings(second[0])):
            async with Desktop(second[0].url, SUPERVISOR, PASSWORD) as supervisor:
                trail = (await supervisor.get(f"/recordings/{call}/trail"))["trail"]
            assert any(told["mediaFileId"] in each["detail"].get("mended", "") for each in trail)
        assert first[0].log.count('"level": "error"') == 0, first[0].log
