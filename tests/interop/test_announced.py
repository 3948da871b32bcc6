"""Calls of real phones whose consent is an announcement: both hear it, and the recording holds what was said behind it."""

import asyncio
import re
import wave
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from telegraphone.demo.desktop import Desktop
from tests.interop import spoken
from tests.interop.office import CUSTOMER, MUSIC, ONE, OTHER, in_a_call, office, recorded
from tests.interop.phones import PATIENCE_S
from tests.interop.system import PASSWORD, SUPERVISOR, System
from tests.interop.test_recorded_call import EDGE_S, NEAR_S, RATE, check_voices, conversation, fetched

RULES = """
[[consent]]
name = "recorded line"
announcement = "line.wav"
"""
TONE_HZ, ANNOUNCED_S = 2_300, 6.0
_APART_FRAMES = 75


def write_announcement(path: Path, seconds: float = ANNOUNCED_S) -> None:
    pcm = (9_000 * np.sin(2 * np.pi * TONE_HZ * np.arange(round(seconds * RATE)) / RATE)).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(pcm.tobytes())


def announced(track: NDArray[np.float64]) -> list[float]:
    """How long the announcement's pitch was there each time; a chirp passes it in no time, and the voices do not come so high."""
    turn = np.exp(-2j * np.pi * TONE_HZ * np.arange(spoken.FRAME) / RATE)
    frames = track[: len(track) // spoken.FRAME * spoken.FRAME].reshape(-1, spoken.FRAME)
    loud = "".join("x" if strength > 3_000 else " " for strength in np.abs(frames @ turn) * 2 / spoken.FRAME)
    runs: list[tuple[int, int]] = []
    for run in re.finditer("x{6,}", loud):
        # What a phone cuts out where a machine stood still does not make two of one.
        again = runs and run.start() - runs[-1][0] <= _APART_FRAMES
        told = len(run[0]) + (runs.pop()[1] if again else 0)
        runs.append((run.end(), told))
    return [told * spoken.FRAME_S for _, told in runs]


async def finished(system: System, call_uuid: str) -> dict[str, Any]:
    """The one recording of a call that is over, as soon as it is listed whole."""
    async with Desktop(system.url, SUPERVISOR, PASSWORD) as supervisor, asyncio.timeout(PATIENCE_S):
        while True:
            found: list[dict[str, Any]] = (await supervisor.get(f"/recordings?callUuid={call_uuid}&fields=*"))["recordings"]
            if found:
                return found[0]
            await asyncio.sleep(0.1)


async def sound(system: System, resource: dict[str, Any]) -> tuple[NDArray[np.int16], NDArray[np.int16]]:
    """Both tracks of its one media file."""
    [media] = resource["mediaFiles"]
    async with Desktop(system.url, SUPERVISOR, PASSWORD) as supervisor:
        return spoken.tracks(await supervisor.fetch(media["mediaUri"].split("/api/v2", 1)[1].replace(".mp3", ".wav")))


async def test_both_hear_it_and_only_what_was_said_behind_it_is_kept(tmp_path: Path) -> None:
    """A first call is recorded behind the announcement; in a second the customer hangs up in the middle of it."""
    write_announcement(tmp_path / "line.wav")
    async with conversation(tmp_path, "websocket", more=RULES) as talk:
        await talk.operate("Start")
        await talk.callee.speaks(ANNOUNCED_S + 4)
        await talk.operate("Stop")
        await talk.callee.hang_up()
        await talk.status("Ringing", "Established", "Released")
        kept = await fetched(talk.system, talk.call["callUuid"])
        [without] = kept.spans("Paused")
        begins, ends = int(without["offset"]) / 1000, (int(without["offset"]) + int(without["duration"])) / 1000
        assert begins == 0
        assert ANNOUNCED_S <= ends <= ANNOUNCED_S + 3
        assert re.fullmatch(
            r"consent recorded line: line\.wav \(sha256 [0-9a-f]{16}\) heard by 5000 \S+Z, 5001 \S+Z @[0-9a-f]{12}",
            without["stoppedBy"]["rule"],
        )
        for track in (kept.left, kept.right):
            assert not track[: round(ends * RATE)].any()
            assert track[round((ends + EDGE_S) * RATE) :].any()
            assert not announced(track.astype(np.float64)), "it is no part of what they say"
        for found in check_voices(kept, talk, [(begins, ends)]).values():
            assert len(found) >= 2
            assert all(abs(by) <= NEAR_S for by in found.values()), found

        talk.caller.do("call", number="5001")
        await talk.status("Ringing", "Established", "Released", "Ringing", "Established")
        talk.call = talk.tab.heard()[-1]["call"]
        await talk.caller.reports("media", times=2, state="active")
        await talk.operate("Start")
        await talk.caller.speaks(2)
        await talk.caller.hang_up()
        await talk.status("Ringing", "Established", "Released", "Ringing", "Established", "Released")
        nothing = await finished(talk.system, talk.call["callUuid"])
        [whole] = [each for each in nothing["eventHistory"] if each["type"] == "Recording"]
        [without] = [each for each in nothing["eventHistory"] if each["type"] == "Paused"]
        assert int(without["duration"]) == int(whole["duration"]) >= 1_000
        for each in (whole, without):
            assert re.search(r"line\.wav \(sha256 [0-9a-f]{16}\) not heard to its end by 5000\b", each["stoppedBy"]["rule"])
        assert not any(track.any() for track in await sound(talk.system, nothing))
    # The second call's, of which the customer heard a part, may have been cut short by the phone's own end as well.
    for phone in (talk.caller, talk.callee):
        first, *rest = announced(spoken.heard(phone.heard))
        assert ANNOUNCED_S - 1.5 <= first <= ANNOUNCED_S + 0.3
        assert len(rest) == 1
        assert rest[0] < ANNOUNCED_S - 1.5


async def test_who_joins_is_kept_only_behind_it(tmp_path: Path) -> None:
    """Somebody who is no agent comes into a recorded call: all three hear the announcement (to these phones it is music), and
    nobody's voice is kept meanwhile."""
    write_announcement(tmp_path / "line.wav", 6.0)
    async with office(tmp_path, CUSTOMER, ONE, OTHER, more=RULES) as here:
        call = await in_a_call(here)
        await here.one.do(call, "StartCallRecording")
        first = await here.hear(p5000=[MUSIC], p5001=[MUSIC])
        two = await here.hear(p5000=[ONE], p5001=[CUSTOMER])
        await here.one.dial_into(call, "SingleStepConference", OTHER)
        again = await here.hear(p5000=[MUSIC], p5001=[MUSIC], p5003=[MUSIC])
        three = await here.hear(p5000=[ONE, OTHER], p5001=[CUSTOMER, OTHER], p5003=[CUSTOMER, ONE])
        await here.one.do(await here.one.call(), "StopCallRecording")
        [part] = await recorded(here, call["callUuid"])
        part.holds(first, agent=[], other=[])
        part.holds(two, agent=[ONE], other=[CUSTOMER])
        part.holds(again, agent=[], other=[])
        part.holds(three, agent=[ONE], other=[CUSTOMER, OTHER])
