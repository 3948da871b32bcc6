"""Many calls forked at once over TCP, with audio: each has its recording, no frame of it is missing, and nothing grows.

A test run takes a few; a soak run takes 3,000, 500 at a time, as another recorder once failed to. The audio comes from the
load generator of the benchmarks, which sends it evenly whatever else the machine does.
"""

import asyncio
import json
import os
from pathlib import Path
from typing import Any

import pytest

from benchmarks.recorder_load import build, start_load
from telegraphone.demo.desktop import Desktop
from telegraphone.limits import RELEASED_CALL_S
from telegraphone.wire.sdp import PCMU, Direction, Media
from tests.interop.siprec.recording_client import AGENT, CALLER, Elsewhere, Fork, RecordingClient
from tests.interop.siprec.test_plain_calls import recorder
from tests.interop.system import PASSWORD, SUPERVISOR, System

SETTING_UP = 50
"""Calls whose INVITE waits for its answer at the same time."""
PAGE = 100
LISTED_S = 240.0
BEFORE_AUDIO = "no_media"
"""Recordings begin with their sessions, and the first packet comes later; nothing is missing there."""
LATE = frozenset(("recorder_alarm",))
"""What may rightly be called out under 500 calls: that audio waits for a disk that others use too. It is written all the same."""
ROOM = "\n[recorder]\nrtp_port_first = 20000\nrtp_port_last = 60000\n"


async def wave(client: RecordingClient, count: int, seconds: int) -> None:
    """So many calls at once, each talking from when it is set up, and all of them for so long."""
    load = await start_load(2 * count, seconds, "each")
    room = asyncio.Semaphore(SETTING_UP)

    async def call(first: int) -> Fork:
        ports = load.sources[first : first + 2]
        lines = [
            Media("audio", port, (PCMU,), Direction.SENDONLY, attributes=(("label", party.label),))
            for port, party in zip(ports, (CALLER, AGENT), strict=True)
        ]
        async with room:
            fork = await client.fork(lines=lines, audio=[Elsewhere(port) for port in ports], silent=True)
        for index, media in enumerate(fork.answer.media, first):
            load.begin(index, media.port)
        return fork

    forks = await asyncio.gather(*(call(first) for first in range(0, 2 * count, 2)))
    load.go([])
    # Who was begun in the turn of the word to go may have missed that turn.
    assert await load.sent() >= 2 * count * (seconds * 50 - 1)
    # What was sent last is still in the kernel.
    await asyncio.sleep(0.5)
    await asyncio.gather(*(fork.hang_up() for fork in forks))
    client.forks.clear()


def sealed(system: System) -> int:
    """Recordings that are finished, by their manifests."""
    return sum(1 for _ in (system.data / "audio" / "recordings" / "sealed").glob("*/*/manifest.json"))


def errors(system: System) -> list[str]:
    """The events that are errors in its log."""
    return [event["event"] for event in map(json.loads, system.log.splitlines()) if event["level"] == "error"]


def memory_mb(system: System) -> float:
    """What the program and its recorder hold."""
    pages = (int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in (system.process.pid, *system.children()))
    return sum(pages) * os.sysconf("SC_PAGE_SIZE") / 1e6


async def gaps_and_lengths(system: System) -> tuple[list[Any], list[int]]:
    """What is missing in any recording, and how long each is, in milliseconds; read page by page along the list's own links."""
    gaps, lengths = [], []
    path = f"/recordings?startTime=2026-01-01T00:00:00.000Z&fields=*&limit={PAGE}"
    async with Desktop(system.url, SUPERVISOR, PASSWORD) as supervisor:
        while path:
            page = await supervisor.get(path)
            found = page["recordings"]
            gaps += [entry for each in found for entry in each["eventHistory"] if entry["type"] == "Gap"]
            lengths += [int(media["duration"]) for each in found for media in each["mediaFiles"]]
            path = page.get("nextPath", "")
    return gaps, lengths


async def listed(system: System, count: int) -> None:
    """Returns when the list has so many recordings: it is written behind the calls' backs, and thousands take a while. Asks
    for the ids alone of the last ones, which costs the list least."""
    path = f"/recordings?startTime=2026-01-01T00:00:00.000Z&limit={PAGE}&offset={count - 1}"
    async with Desktop(system.url, SUPERVISOR, PASSWORD) as supervisor, asyncio.timeout(LISTED_S):
        while not (await supervisor.get(path))["uris"]:  # noqa: ASYNC110 -- another process has no event
            await asyncio.sleep(1.0)


@pytest.mark.parametrize(
    ("at_once", "waves", "seconds", "rest_s", "late"),
    [(20, 2, 3, 0.0, frozenset()), pytest.param(500, 6, 10, RELEASED_CALL_S, LATE, marks=pytest.mark.soak)],
    ids=["few", "3000"],
)
async def test_no_recording_and_no_frame_is_missing_and_nothing_grows(
    tmp_path: Path, at_once: int, waves: int, seconds: int, rest_s: float, late: frozenset[str]
) -> None:
    build("load")
    async with recorder(tmp_path, trunk=ROOM, transport="TCP") as (system, client):
        held = []
        for number in range(1, waves + 1):
            await wave(client, at_once, seconds)
            async with asyncio.timeout(120):
                while sealed(system) < number * at_once:  # noqa: ASYNC110 -- files of another process have no event
                    await asyncio.sleep(0.2)
            if number in {waves // 2, waves}:
                # Calls that are over are known for so long: each half ends when all of its own are forgotten.
                await asyncio.sleep(rest_s)
                held.append(memory_mb(system))
        assert sealed(system) == waves * at_once
        await listed(system, waves * at_once)
        gaps, lengths = await gaps_and_lengths(system)
        assert len(lengths) == waves * at_once
        assert [gap for gap in gaps if gap["reason"] != BEFORE_AUDIO] == []
        assert min(lengths) >= seconds * 1_000 - 20
        # Pools and caches were filled by the first half; then it stays.
        assert held[1] <= held[0] * 1.05 + 10, held
        assert [event for event in errors(system) if event not in late] == [], system.log
