"""Calls forked by SIPREC to a whole server: what agents see of them, and what is in the recordings."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from telegraphone.demo.desktop import Desktop
from tests.interop import spoken
from tests.interop.siprec.recording_client import AGENT, CALLER, OTHER_AGENT, RecordingClient, metadata, recording_client
from tests.interop.system import AGENT as AGENT_NAME
from tests.interop.system import HOST, PASSWORD, SUPERVISOR, System, free_sip_port, telegraphone
from tests.interop.system import OTHER_AGENT as OTHER_NAME

PATIENCE_S = 30.0
BREAK = spoken.RATE // 40
"""Samples without sound that are no zero of a tone, nor the step of a recorder that follows a late sender."""


@asynccontextmanager
async def recorder(folder: Path, *, trunk: str = "", transport: str = "UDP") -> AsyncIterator[tuple[System, RecordingClient]]:
    """A server with one trunk, and a client on it."""
    port = free_sip_port()
    more = f'\n[siprec]\nsip_port = {port}\n[[trunks]]\nname = "sbc"\nsources = ["127.0.0.0/8"]\n{trunk}\n'
    async with telegraphone(folder, more=more) as system, recording_client((HOST, port), transport) as client:
        yield system, client


async def until(condition: Callable[[], Any]) -> Any:
    """The first true answer of an asynchronous question."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            if found := await condition():
                return found
            await asyncio.sleep(0.05)


async def recordings(system: System, **criteria: str) -> list[dict[str, Any]]:
    """What the supervisor finds."""
    asked = {"startTime": "2026-01-01T00:00:00.000Z", **criteria, "fields": "*"}
    query = "&".join(f"{key}={value}" for key, value in asked.items())
    async with Desktop(system.url, SUPERVISOR, PASSWORD) as supervisor:
        found: list[dict[str, Any]] = (await supervisor.get(f"/recordings?{query}"))["recordings"]
    return found


async def tracks(system: System, resource: dict[str, Any], media: int = 0) -> tuple[NDArray[np.int16], NDArray[np.int16]]:
    """Left and right of one of its media files."""
    uri = resource["mediaFiles"][media]["mediaUri"].replace(".mp3", ".wav")
    async with Desktop(system.url, SUPERVISOR, PASSWORD) as supervisor:
        return spoken.tracks(await supervisor.fetch(uri.partition("/api/v2")[2]))


def pitch(track: NDArray[np.int16], start_s: float, length_s: float = 0.5) -> float:
    """What is heard there; 0 for silence."""
    piece = track[int(start_s * spoken.RATE) : int((start_s + length_s) * spoken.RATE)].astype(np.float64)
    assert len(piece) > 0
    return 0.0 if np.abs(piece).max() < 50 else spoken.hertz(piece)


def voice(track: NDArray[np.int16], length_s: float = 0.4) -> float:
    """What is heard, of so much at least, in the middle of where it is heard longest: a busy machine begins late, ends late, and
    stands still in between."""
    loud = np.flatnonzero(np.abs(track.astype(np.int32)) >= 50)
    assert len(loud) > length_s * spoken.RATE, "hardly anything is heard"
    longest = max(np.split(loud, np.flatnonzero(np.diff(loud) > BREAK) + 1), key=len)
    length_s = min(length_s, len(longest) / spoken.RATE)
    return pitch(track, (longest[0] + longest[-1]) / 2 / spoken.RATE - length_s / 2, length_s)


def around(track: NDArray[np.int16], begin_s: float, end_s: float) -> tuple[float, float]:
    """What is heard before this stretch and behind it, where nothing is heard."""
    begin, end = (int(each * spoken.RATE) for each in (begin_s, end_s))
    assert pitch(track, begin_s + 0.02, end_s - begin_s - 0.04) == 0
    return voice(track[:begin]), voice(track[end:])


def silence(track: NDArray[np.int16]) -> tuple[float, float]:
    """Where the longest silence between two sounds begins and ends, in seconds."""
    loud = np.flatnonzero(np.abs(track.astype(np.int32)) >= 50)
    longest = int(np.diff(loud).argmax())
    return float(loud[longest] / spoken.RATE), float(loud[longest + 1] / spoken.RATE)


async def call_of(agent: Desktop, recording: str) -> dict[str, Any]:
    """The agent's only call, once its recording is so."""

    async def found() -> dict[str, Any] | None:
        calls = (await agent.get("/me/calls?fields=*"))["calls"]
        return calls[0] if [each["recordingState"] for each in calls] == [recording] else None

    call: dict[str, Any] = await until(found)
    return call


def near(found: float, hertz: int) -> bool:
    return abs(found - hertz) < 5


async def finished(system: System, parts: int = 1) -> list[dict[str, Any]]:
    """The recordings, once that many parts in all have ended."""

    async def ended() -> list[dict[str, Any]]:
        found = await recordings(system)
        return found if sum(len(each["mediaFiles"]) for each in found) >= parts else []

    found: list[dict[str, Any]] = await until(ended)
    return found


@pytest.mark.parametrize("transport", ["UDP", "TCP"])
async def test_a_call_that_is_always_recorded(tmp_path: Path, transport: str) -> None:
    async with recorder(tmp_path, transport=transport) as (system, client):
        fork = await client.fork()
        assert [media.direction.value for media in fork.answer.media] == ["recvonly", "recvonly"]
        assert [media.attribute("label") for media in fork.answer.media] == ["1", "2"]
        async with Desktop(system.url, AGENT_NAME, PASSWORD) as agent:
            call = await call_of(agent, "Recording")
            assert (call["state"], call["dnis"]) == ("Established", "5001")
            assert call["participants"] == ["15550100"]
            assert not {"Hold", "Hangup"} & set(call["capabilities"])
            assert {"PauseCallRecording", "AttachUserData"} <= set(call["capabilities"])
        await fork.says(2)
        await fork.hang_up()
        [resource] = await finished(system)
        left, right = await tracks(system, resource)
        assert len(left) > 1.5 * spoken.RATE
        assert near(voice(left), AGENT.hertz)
        assert near(voice(right), CALLER.hertz)
        assert system.log.count('"level": "error"') == 0, system.log


async def test_a_rule_decides_which_calls_are_recorded_from_the_start(tmp_path: Path) -> None:
    rule = '[[recording_rules]]\nname = "orders"\nrecord = true\nphones = ["5001"]\ncallers = ["1555*"]'
    async with recorder(tmp_path, trunk=f'recording = "by-rule"\n{rule}') as (system, client):
        fork = await client.fork()
        apart = metadata([CALLER, OTHER_AGENT], cs="cs-2").replace(b"group-1", b"group-2")
        of_nobody = await client.fork([CALLER, OTHER_AGENT], snapshot=apart)
        for name, state in ((AGENT_NAME, "Recording"), (OTHER_NAME, "Stopped")):
            async with Desktop(system.url, name, PASSWORD) as agent:
                await call_of(agent, state)
        await fork.says(1.5)
        await of_nobody.hang_up()
        await fork.hang_up()
        [resource] = await finished(system)
        assert (resource["callerPhoneNumber"], resource["dialedPhoneNumber"]) == ("15550100", "5001")
        [began] = [each["startedBy"] for each in resource["eventHistory"] if each["type"] == "Recording"]
        assert began["rule"].startswith("orders")
        left, right = await tracks(system, resource)
        assert near(voice(left, 1.0), AGENT.hertz)
        assert near(voice(right, 1.0), CALLER.hertz)
        assert system.log.count('"level": "error"') == 0, system.log


async def test_an_agent_starts_pauses_and_stops_twice(tmp_path: Path) -> None:
    async with recorder(tmp_path, trunk='recording = "on-demand"') as (system, client):
        fork = await client.fork()
        async with Desktop(system.url, AGENT_NAME, PASSWORD) as agent:
            call = await call_of(agent, "Stopped")
            for _ in range(2):
                for operation in ("Start", "Pause", "Resume", "Stop"):
                    await agent.post(f"/me/calls/{call['id']}", f"{operation}CallRecording")
                    await fork.says(1)
        await fork.hang_up()
        [resource] = await finished(system)
        assert len(resource["mediaFiles"]) == 2
        for media, file in enumerate(resource["mediaFiles"]):
            left, right = await tracks(system, resource, media)
            part = file["mediaUri"].rpartition("/")[2].partition(".")[0]
            pauses = [each for each in resource["eventHistory"] if (each["type"], each["mediaFileId"]) == ("Paused", part)]
            [(begin_s, length_s)] = [(int(each["offset"]) / 1_000, int(each["duration"]) / 1_000) for each in pauses]
            for track, party in ((left, AGENT), (right, CALLER)):
                assert all(near(each, party.hertz) for each in around(track, begin_s, begin_s + length_s))
        assert system.log.count('"level": "error"') == 0, system.log
