"""How many recordings there are of what, when the client opens a session for each recorded party (siprec.md, section 7).

SIPp plays the clients, audio included: a tone on the one line of each session. One server takes all the scenarios at once;
they are told apart by their caller's number, and each recording is decoded and heard.
"""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from telegraphone.demo.desktop import Desktop
from telegraphone.media.g711 import MU_TO_A
from telegraphone.phone.voices import tone
from tests.interop.exchange.sippers import ten_free_ports
from tests.interop.siprec.laboratory import HOST, Ports, laboratory
from tests.interop.siprec.test_flows import calls_of
from tests.interop.siprec.test_plain_calls import near, pitch, recorder, recordings, tracks, until, voice
from tests.interop.system import AGENT, PASSWORD, SUPERVISOR, System

SCENARIOS = Path(__file__).parent / "sipp"
HERTZ = 500
SILENT_BELOW = 50
"""What is filled in for silence is not quite zero in A-law."""
TONE_FRAMES = 200
"""Four seconds, whole periods of the tone, played over and over."""


@dataclass(frozen=True, slots=True)
class Part:
    """One recording session: its scenario, when it begins, its communication session and its agent."""

    scenario: str = "talk"
    after_s: float = 0.0
    cs: str = "1"
    agent: str = "5001"
    caller: str = ""
    """Empty: the row's."""
    end: str = ""
    """Which voice a phone sends that copies each by itself."""


ROWS = {
    "plain call, one party recorded": [Part()],
    "plain call, both recorded": [Part(), Part()],
    "hold and retrieve": [Part("hold")],
    "blind transfer": [Part(), Part(after_s=3, cs="2", agent="5002")],
    "call waiting": [Part("hold"), Part(after_s=2, cs="2", caller="15550190")],
    "three-way": [Part(), Part(after_s=1, cs="2", agent="5002")],
    "transfer target only recorded": [Part(agent="5002")],
    "attended transfer": [Part(), Part(after_s=1, cs="2", agent="5002"), Part(after_s=9, cs="3", agent="5002")],
    "park and retrieve": [Part(), Part(after_s=3, cs="2", agent="5003"), Part(after_s=6, cs="3", agent="5002")],
    "shared line": [Part(), Part(after_s=3, agent="5002"), Part(after_s=9, agent="5001")],
}


def caller_of(row: str) -> str:
    """A number for each row."""
    return f"15550{100 + list(ROWS).index(row)}"


def record_tone(folder: Path, hertz: int = HERTZ) -> None:
    """What a client in this folder plays."""
    folder.mkdir(exist_ok=True)
    spoken = tone(hertz)
    (folder / "tone.al").write_bytes(b"".join(spoken(n).translate(MU_TO_A) for n in range(TONE_FRAMES)))


async def playing(port: int, folder: Path, name: str, part: Part, row: str, transport: str = "u1") -> asyncio.subprocess.Process:
    """Begins to play one session; what goes wrong is in a log of this name."""
    caller = part.caller or caller_of(row)
    keys = {"group": f"group-of-the-call-from-{caller}", "cs": f"session-{part.cs}-from-{caller}", "caller": caller}
    keys |= {"agent": part.agent, "end": part.end}
    local = ten_free_ports()
    return await asyncio.create_subprocess_exec(
        *("sipp", f"{HOST}:{port}", "-sf", str(SCENARIOS / f"{part.scenario}.xml"), "-i", HOST, "-mi", HOST, "-p", str(local)),
        *("-mp", str(ten_free_ports()), "-t", transport, "-m", "1", "-nostdin"),
        *(word for key, value in keys.items() for word in ("-key", key, value)),
        *("-timeout", "60s", "-timeout_error", "-trace_err", "-error_file", str(folder / f"{name}.log")),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        cwd=folder,
    )


async def played(port: int, folder: Path, name: str, part: Part, row: str, transport: str = "u1") -> str:
    """Plays one session to its end; what went wrong, if anything did."""
    await asyncio.sleep(part.after_s)
    sipp, errors = await playing(port, folder, name, part, row, transport), folder / f"{name}.log"
    if await sipp.wait() == 0:
        return ""
    return f"{row}: {errors.read_text(errors='replace') if errors.exists() else 'no word'}"


async def all_of(system: System, row: str) -> list[dict[str, Any]]:
    """The recordings of a row, oldest first, once there are as many as there should be."""
    callers = {part.caller or caller_of(row) for part in ROWS[row]}

    async def enough() -> list[dict[str, Any]]:
        found = [each for caller in callers for each in await recordings(system, callerPhoneNumber=caller)]
        return found if len(found) >= len(ROWS[row]) else []

    found: list[dict[str, Any]] = await until(enough)
    return sorted(found, key=lambda each: str(each["startTime"]))


async def conversation(system: System, resource: dict[str, Any]) -> list[dict[str, Any]]:
    async with Desktop(system.url, SUPERVISOR, PASSWORD) as supervisor:
        found: list[dict[str, Any]] = (await supervisor.get(f"/recordings/{resource['id']}/conversation"))["conversation"][
            "recordings"
        ]
    return found


def heard(track: "np.ndarray[Any, np.dtype[np.int16]]") -> list[bool]:
    """For each whole half second but the first and the last whether the tone is in it; it must be that tone or silence."""
    halves = range(1, len(track) // 4_000 - 1)
    found = [pitch(track, half / 2, 0.5) for half in halves]
    borders = {index for index, each in enumerate(found) if each and not near(each, HERTZ)}
    # Only where silence begins or ends may a half second be neither.
    assert all(0 in found[max(0, index - 1) : index + 2] for index in borders), found
    return [each != 0 for each in found]


async def mixed(system: System, resource: dict[str, Any]) -> "np.ndarray[Any, np.dtype[np.int16]]":
    """All voices come on one line, so one of the tracks has them and the other is silent."""
    left, right = await tracks(system, resource)
    loud = [each for each in (left, right) if np.abs(each.astype(np.int32)).max() > SILENT_BELOW]
    assert len(loud) == 1
    return loud[0]


async def test_q17_both_sessions_of_a_cisco_phone_are_one_call_with_each_voice_on_its_track(tmp_path: Path) -> None:
    row, voices = "plain call, one party recorded", {"x-nearend": 700, "x-farend": HERTZ}
    async with recorder(tmp_path, trunk='profile = "cisco-bib"') as (system, client):
        for end, hertz in voices.items():
            record_tone(tmp_path / end, hertz)
        plays = (played(client.server[1], tmp_path / end, end, Part("bridged", end=end), row) for end in voices)
        shown = asyncio.create_task(until(lambda: calls_of(system, AGENT)))
        assert [word for word in await asyncio.gather(*plays) if word] == []
        [call] = await shown
        assert (call["participants"], call["dnis"]) == ([caller_of(row)], "5001")
        [resource] = await all_of(system, row)
        agent, caller = await tracks(system, resource)
        assert near(voice(agent), voices["x-nearend"])
        assert near(voice(caller), voices["x-farend"])
        assert system.log.count('"level": "error"') == 0, system.log


async def test_every_row_has_its_recordings(tmp_path: Path) -> None:
    record_tone(tmp_path)
    async with recorder(tmp_path) as (system, client):
        port = client.server[1]
        sessions = [(row, index, part) for row, parts in ROWS.items() for index, part in enumerate(parts)]
        plays = (played(port, tmp_path, f"{caller_of(row)}-{index}", part, row) for row, index, part in sessions)
        assert [word for word in await asyncio.gather(*plays) if word] == []
        for row, parts in ROWS.items():
            found = await all_of(system, row)
            assert len(found) == len(parts), row
            await _check(system, row, parts, found)
        assert system.log.count('"level": "error"') == 0, system.log


async def _check(system: System, row: str, parts: Sequence[Part], found: list[dict[str, Any]]) -> None:
    linked = await conversation(system, found[0])
    # What the same caller says to others is one conversation; who calls meanwhile has one of their own.
    same = [each["id"] for part, each in zip(parts, found, strict=True) if part.caller == parts[0].caller]
    both = row == "plain call, both recorded"
    # Of two copies that begin in the same moment either may be the first.
    assert [each["id"] for each in linked] == same or (both and {each["id"] for each in linked} == set(same)), row
    doubles = [each.get("duplicateOf") for each in linked]
    assert doubles == ([None, linked[0]["id"]] if both else [None] * len(linked)), row
    for part, resource in zip(parts, found, strict=True):
        loud = heard(await mixed(system, resource))
        if part.scenario == "hold":
            # A second and a half each at least: tone, silence, tone.
            text = "".join("-T"[each] for each in loud)
            assert re.fullmatch("T+--+T+", text), (row, text)
        else:
            assert all(loud), (row, loud)
            assert len(loud) >= 2, (row, loud)


async def test_two_calls_in_a_session_that_outlives_them(tmp_path: Path) -> None:
    record_tone(tmp_path)
    async with recorder(tmp_path) as (system, client):
        row = "plain call, one party recorded"
        # The first recorder is full; the client then tries its second address.
        async with laboratory(ports=Ports(room=0)) as full:
            assert await played(full.server.port, tmp_path, "refused", Part("elsewhere"), row) == ""
        assert await played(client.server[1], tmp_path, "persistent", Part("persistent"), row) == ""

        async def both() -> list[dict[str, Any]]:
            found = await recordings(system)
            return found if len(found) == 2 else []

        second, first = await until(both)
        assert (second["callerPhoneNumber"], second["dialedPhoneNumber"]) == (caller_of(row), "5002")
        assert (first["callerPhoneNumber"], first["dialedPhoneNumber"]) == (caller_of(row), "5001")
        for resource in (first, second):
            assert all(heard(await mixed(system, resource)))
        linked = await conversation(system, first)
        assert [each["id"] for each in linked] == [first["id"], second["id"]]
        # The recorder took the session before anybody was in it; who came then is known by the time of their coming.
        assert [{party["phoneNumber"] for party in each["parties"]} for each in linked] == [
            {caller_of(row), "5001"},
            {caller_of(row), "5002"},
        ]
        assert system.log.count('"level": "error"') == 0, system.log
