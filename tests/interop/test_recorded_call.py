"""A call of real phones, recorded, paused and played back over the API, with events by the real CometD client.

What was said when is known from the phones; what was kept when, from the list of recordings. The audio has to agree with
both: every second of each voice on its own track, at its own time, and nothing at all where the recording was paused.
"""

import copy
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from time import time
from typing import Any

import httpx
import numpy as np
import pytest
from numpy.typing import NDArray

from telegraphone.demo.desktop import Desktop
from tests.interop import spoken
from tests.interop.cometd.stage import Desktop as Tab
from tests.interop.cometd.stage import desktop as tab_of
from tests.interop.phones import PjsipPhone, pjsip_phone
from tests.interop.spoken import AGENT as AGENT_VOICE
from tests.interop.spoken import CALLER as CALLER_VOICE
from tests.interop.spoken import CHIRP, RATE
from tests.interop.system import AGENT, PASSWORD, SUPERVISOR, System, telegraphone

FIXTURES = Path(__file__).parents[1] / "fixtures" / "gws"
HOST_NAME = "hpe-voicevm-84.genesyslab.com"
USER_DATA = {
    "IW_CaseUid": "8dfca5ac-ed84-4f9a-d902-8ef3c2faad81",
    "IW_BundleUid": "ba431089-f52b-4ce2-0658-f8bdfdfe3034",
}
NEAR_S = 0.02
EDGE_S = 0.3
"""So near to an operation, speech may lie on either side of it: packets are on their way and a resume waits for them."""
UUID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"


@dataclass(slots=True)
class Conversation:
    """An established call, the agent's desktop in two pieces, and when each operation was asked for and answered."""

    system: System
    caller: PjsipPhone
    callee: PjsipPhone
    tab: Tab
    agent: Desktop
    call: dict[str, Any]
    operations: list[tuple[float, float]] = field(default_factory=list)

    async def operate(self, verb: str) -> None:
        """One of the four operations: returns when it was answered and its event has come."""
        told = len(self.recording_events())
        asked = time()
        await self.agent.post(f"/me/calls/{self.call['id']}", f"{verb}CallRecording")
        self.operations.append((asked, time()))
        await self.tab.until(lambda _: len(self.recording_events()) > told)

    def recording_events(self) -> list[dict[str, Any]]:
        return [data for data in self.tab.heard() if data.get("notificationType") == "CallRecordingStateChange"]

    def statuses(self) -> list[str]:
        return [data["call"]["state"] for data in self.tab.heard() if data.get("notificationType") == "StatusChange"]

    async def status(self, *states: str) -> None:
        """Waits until the desktop has been told just these states of the call, from Ringing on."""
        await self.tab.until(lambda _: len(self.statuses()) >= len(states))
        assert self.statuses() == list(states)


@asynccontextmanager
async def conversation(folder: Path, transport: str, *, more: str = "", **caller_options: Any) -> AsyncIterator[Conversation]:
    """5000 has called 5001, who answered; agent.one's desktop is told by this transport. `more` is configuration."""
    voices = [voice.write(folder / f"{name}.wav") for name, voice in (("caller", CALLER_VOICE), ("agent", AGENT_VOICE))]
    async with (
        telegraphone(folder, server=f'host_name = "{HOST_NAME}"', more=more) as system,
        pjsip_phone(system, "5000", voices[0], **caller_options) as caller,
        pjsip_phone(system, "5001", voices[1]) as callee,
        Desktop(system.url, AGENT, PASSWORD) as agent,
        tab_of(system.http_port, library="cometd", transport=transport, user=AGENT, password=PASSWORD) as tab,
    ):
        tab.do("handshake")
        await tab.met("subscribe", successful=True)
        await agent.post("/me", "StartContactCenterSession", channels=["voice"])
        here = Conversation(system, caller, callee, tab, agent, {})
        caller.do("call", number="5001")
        await here.status("Ringing", "Established")
        here.call = here.tab.heard()[-1]["call"]
        await callee.reports("media", state="active")
        yield here
        assert '"level": "error"' not in system.log, system.log


@dataclass(frozen=True, slots=True)
class Kept:
    """A recording as the supervisor gets it: its resource and its audio."""

    resource: dict[str, Any]
    left: NDArray[np.int16]
    right: NDArray[np.int16]

    def spans(self, kind: str) -> list[dict[str, Any]]:
        return [each for each in self.resource["eventHistory"] if each["type"] == kind]

    @property
    def starts(self) -> float:
        """The wall clock at the first sample."""
        return instant(self.spans("Recording")[0]["startTime"])


def instant(text: str) -> float:
    """Seconds since 1970 of a time of the API."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%f%z").timestamp()


async def fetched(system: System, call_uuid: str) -> Kept:
    """The one recording of the call, with its one media file, whole and in ranges."""
    async with Desktop(system.url, SUPERVISOR, PASSWORD) as supervisor:
        [resource] = (await supervisor.get(f"/recordings?callUuid={call_uuid}&fields=*"))["recordings"]
    [media] = resource["mediaFiles"]
    [part] = [each for each in resource["eventHistory"] if each["type"] == "Recording"]
    url = f"{system.url}/api/v2/recordings/{call_uuid}/play/{part['mediaFileId']}.wav"
    assert media["mediaUri"] == url.replace(".wav", ".mp3")
    async with httpx.AsyncClient(auth=(SUPERVISOR, PASSWORD), trust_env=False, timeout=30) as http:
        whole = await http.get(url)
        assert (whole.status_code, whole.headers["content-type"]) == (200, "audio/wav")
        size = len(whole.content)
        for asked, (first, last) in {
            "bytes=30001-50000": (30_001, 50_000),
            "bytes=0-43": (0, 43),
            "bytes=-1001": (size - 1001, size - 1),
        }.items():
            piece = await http.get(url, headers={"Range": asked})
            assert (piece.status_code, piece.headers["content-range"]) == (206, f"bytes {first}-{last}/{size}")
            assert piece.content == whole.content[first : last + 1]
    left, right = spoken.tracks(whole.content)
    assert abs(len(left) / 8 - int(media["duration"])) <= 1
    return Kept(resource, left, right)


def check_silence(kept: Kept, span: dict[str, Any]) -> None:
    """Both tracks are digital zero in the span, and it is not much wider than the list says."""
    # The list counts whole milliseconds, rounded down: the first one may hold speech, and silence may outlast the last.
    first, last = int(span["offset"]) * 8 + 8, (int(span["offset"]) + int(span["duration"])) * 8
    for track in (kept.left, kept.right):
        assert not track[first:last].any()
    margin = round(EDGE_S * RATE)
    for around in (slice(first - 8 - margin, first - 8), slice(last, last + margin)):
        assert kept.left[around].any()
        assert kept.right[around].any()


def check_voices(kept: Kept, talk: Conversation, silences: list[tuple[float, float]]) -> dict[int, dict[int, float]]:
    """Each voice is on its own track, second by second, where and when it was spoken, and nowhere else. `silences` are
    seconds on the timeline. Answers, for each track and each second found on it, how late it lies, in seconds."""
    late: dict[int, dict[int, float]] = {}
    sides = ((AGENT_VOICE, talk.callee, kept.left), (CALLER_VOICE, talk.caller, kept.right))
    for number, (voice, phone, samples) in enumerate(sides):
        track = samples.astype(np.float64)
        length = len(track) / RATE
        places = voice.found(track)
        late[number] = {}
        for second in range(min(spoken.SECONDS, len(phone.spoken) * spoken.FRAME // RATE)):
            lag = phone.lag_s((second + 1) * RATE // spoken.FRAME)
            early, at = (each - kept.starts for each in spoken.uttered(phone.spoken, second, lag))
            near = [place / RATE for place in places if early - 0.5 < place / RATE < at + 0.5]
            if at - early > NEAR_S:  # and so the seconds around it may be as near
                near = [each for each in near if voice.says(second, track[round(each * RATE) :])]
            cuts = [(-1e9, 0.0), *silences, (length, 1e9)]
            if any(start - EDGE_S < at + CHIRP / RATE and early < stop + EDGE_S for start, stop in cuts):
                assert not near or not any(start + EDGE_S < at < stop - EDGE_S for start, stop in cuts), "kept in silence"
                continue
            assert len(near) == 1, f"second {second} of track {number}, due at {early:.3f} to {at:.3f} s, is among {places}"
            late[number][second] = near[0] - min(max(near[0], early), at)
            if all(not (start - EDGE_S < at + 1 and early < stop + EDGE_S) for start, stop in cuts):
                assert voice.says(second, track[round(near[0] * RATE) :])
        other = (CALLER_VOICE, AGENT_VOICE)[number]
        assert not other.found(track), "the other's voice on this track"
    return late


def printed(name: str, talk: Conversation, call: dict[str, Any], recorded_at: float) -> dict[str, Any]:
    """The documented event with this call's ids, links, time and length in place of the documented ones."""
    event: dict[str, Any] = json.loads((FIXTURES / f"{name}.event.json").read_text())["data"]
    expected = event["call"]
    began = datetime.fromtimestamp(recorded_at, UTC)
    names = {
        "id": re.compile(r"[0-9a-f]{16}"),
        "callUuid": re.compile(r"[0-9A-Z]{32}"),
        "deviceUri": re.compile(rf"{re.escape(talk.system.url)}/api/v2/devices/{UUID}"),
        "duration": re.compile(r"\d+"),
    }
    for key, shape in names.items():
        assert shape.fullmatch(call[key]), (key, call[key])
        expected[key] = call[key]
    expected["uri"] = f"{talk.system.url}/api/v2/me/calls/{call['id']}"
    expected["userData"]["GSIP_REC_FN"] = (
        f"{call['callUuid']}_5001_5000_5001_{began:%Y-%m-%d_%H-%M-%S}_{HOST_NAME}__%3Ccont_center_id%3E"
    )
    # The documented product could not mute, ours can (gws-api 7.4).
    expected["capabilities"] = {*expected["capabilities"], "MuteCall"}
    return event


def check_events(talk: Conversation, names: list[str], recorded_at: float) -> None:
    """The events of the operations are the documented ones, each once and in order."""
    events = talk.recording_events()
    assert len(events) == len(names)
    for name, event in zip(names, events, strict=True):
        got = copy.deepcopy(event)
        got["call"]["capabilities"] = set(got["call"]["capabilities"])
        assert len(got["call"]["capabilities"]) == len(event["call"]["capabilities"])
        assert got == printed(name, talk, event["call"], recorded_at)
    durations = [int(event["call"]["duration"]) for event in events]
    assert durations == sorted(durations)


@pytest.mark.parametrize(("transport", "codec"), [("long-polling", "PCMU"), ("websocket", "PCMA")])
async def test_a_call_is_recorded_paused_and_played(tmp_path: Path, transport: str, codec: str) -> None:
    """Start, Pause, Resume, Stop on an established call; the caller's phone speaks A-law in one of the two runs."""
    async with conversation(tmp_path, transport, codecs=[codec]) as talk:
        await talk.agent.post(f"/me/calls/{talk.call['id']}", "AttachUserData", userData=USER_DATA)
        await talk.callee.speaks(1)
        for verb, seconds in (("Start", 5), ("Pause", 3), ("Resume", 5), ("Stop", 1)):
            await talk.operate(verb)
            await talk.callee.speaks(seconds)
        await talk.caller.hang_up()
        await talk.status("Ringing", "Established", "Released")
        kept = await fetched(talk.system, talk.call["callUuid"])

        check_events(talk, ["start", "pause", "resume", "stop"], kept.starts)
        assert [event["phoneNumber"] for event in talk.recording_events()] == ["5001"] * 4
        start, pause, resume, stop = talk.operations
        [whole], [paused] = kept.spans("Recording"), kept.spans("Paused")
        length = len(kept.left) / RATE
        assert start[0] - NEAR_S <= kept.starts <= start[1] + NEAR_S
        assert stop[0] - NEAR_S <= kept.starts + length <= stop[1] + NEAR_S
        assert abs(instant(whole["stopTime"]) - kept.starts - length) <= 0.002
        paused_from = int(paused["offset"]) / 1000
        paused_to = paused_from + int(paused["duration"]) / 1000
        assert pause[0] - NEAR_S <= kept.starts + paused_from <= pause[1] + NEAR_S
        assert resume[0] - NEAR_S <= kept.starts + paused_to <= resume[1] + EDGE_S
        assert paused["startedBy"] == paused["stoppedBy"] == {"source": "agent", "userName": AGENT, "phoneNumber": "5001"}

        check_silence(kept, paused)
        late = check_voices(kept, talk, [(paused_from, paused_to)])
        for found in late.values():
            assert len(found) >= 6
            assert all(abs(by) <= NEAR_S for by in found.values()), found
        together = [abs(late[0][second] - late[1][second]) for second in late[0].keys() & late[1].keys()]
        assert max(together) <= NEAR_S
    # To be recorded or paused takes nothing from the conversation: each phone heard the other's voice all along, but for
    # what its own jitter buffer stretches until it cannot be told.
    for phone, voice in ((talk.caller, AGENT_VOICE), (talk.callee, CALLER_VOICE)):
        told = voice.seconds_told(spoken.heard(phone.heard))
        assert len(told) >= 9
        assert max(after - before for before, after in pairwise(told)) <= 3


async def test_hold_at_the_phone_is_silence_and_the_recording_goes_on(tmp_path: Path) -> None:
    """The agent's phone holds and retrieves the call: a span that is held, and no word of it in the recording's state."""
    async with conversation(tmp_path, "websocket") as talk:
        await talk.operate("Start")
        await talk.callee.speaks(3)
        talk.callee.do("hold")
        await talk.status("Ringing", "Established", "Held")
        told_held = time()
        await talk.caller.speaks(2)
        retrieved = time()
        talk.callee.do("unhold")
        await talk.status("Ringing", "Established", "Held", "Established")
        await talk.callee.speaks(3)
        await talk.operate("Stop")
        await talk.callee.hang_up()
        await talk.status("Ringing", "Established", "Held", "Established", "Released")
        assert [event["call"]["recordingState"] for event in talk.recording_events()] == ["Recording", "Stopped"]
        kept = await fetched(talk.system, talk.call["callUuid"])
        assert not kept.spans("Paused")
        [held] = kept.spans("Held")
        held_from = int(held["offset"]) / 1000
        held_to = held_from + int(held["duration"]) / 1000
        assert kept.starts + held_from <= told_held
        assert kept.starts + held_to >= retrieved - NEAR_S
        check_silence(kept, held)
        late = check_voices(kept, talk, [(held_from, held_to)])
        for found in late.values():
            assert len(found) >= 3
            assert all(abs(by) <= NEAR_S for by in found.values()), found


RULES = """
[[consent]]
name = "recorded line"
user_data = "consent"
values = ["yes"]

[[pause_rules]]
name = "card page"
user_data = "page"
values = ["card"]

[[warning_tones]]
every_s = 3
"""
TONE_HZ = 1_400


def tones(track: NDArray[np.float64]) -> int:
    """How often 1,400 Hz was there for most of 0.2 s; a chirp passes it in no time, and the voices do not come so high."""
    turn = np.exp(-2j * np.pi * TONE_HZ * np.arange(spoken.FRAME) / RATE)
    frames = track[: len(track) // spoken.FRAME * spoken.FRAME].reshape(-1, spoken.FRAME)
    loud = "".join("x" if strength > 800 else " " for strength in np.abs(frames @ turn) * 2 / spoken.FRAME)
    return len(re.findall("x{6,}", loud))


async def test_only_what_was_said_with_consent_and_off_the_card_page_is_kept(tmp_path: Path) -> None:
    """The recording runs from Start; its sound begins with consent, and is out while the card page is open. Both parties hear
    a tone while sound is kept, which is not in the recording."""
    async with conversation(tmp_path, "websocket", more=RULES) as talk:

        async def say(key: str, value: str) -> tuple[float, float]:
            asked = time()
            await talk.agent.post(f"/me/calls/{talk.call['id']}", "UpdateUserData", userData={key: value})
            return asked, time()

        await talk.operate("Start")
        await talk.callee.speaks(2)
        agreed = await say("consent", "yes")
        await talk.callee.speaks(3)
        opened = await say("page", "card")
        await talk.callee.speaks(2)
        closed = await say("page", "basket")
        await talk.callee.speaks(3)
        await talk.operate("Stop")
        stopped = time()
        await talk.callee.hang_up()
        states = [event["call"]["recordingState"] for event in talk.recording_events()]
        assert states == ["Recording", "Paused", "Recording", "Stopped"]
        kept = await fetched(talk.system, talk.call["callUuid"])
        without, paused = kept.spans("Paused")
        silences = [
            (start, start + int(each["duration"]) / 1000) for each in (without, paused) for start in [int(each["offset"]) / 1000]
        ]
        assert silences[0][0] == 0
        for (_, end), (asked, answered) in zip(silences, (agreed, closed), strict=True):
            assert asked - NEAR_S <= kept.starts + end <= answered + EDGE_S
        assert opened[0] - NEAR_S <= kept.starts + silences[1][0] <= opened[1] + NEAR_S
        for track in (kept.left, kept.right):
            assert not track[: round(silences[0][1] * RATE)].any()
        check_silence(kept, paused)
        assert [each["startedBy"]["source"] for each in (without, paused)] == ["agent", "policy"]
        late = check_voices(kept, talk, silences)
        for found in late.values():
            assert len(found) >= 3
            assert all(abs(by) <= NEAR_S for by in found.values()), found
        assert tones(kept.left.astype(np.float64)) == tones(kept.right.astype(np.float64)) == 0
    # At least one was not cut by a phone that was late; a slow machine takes longer for as many words.
    for phone in (talk.caller, talk.callee):
        assert 1 <= tones(spoken.heard(phone.heard)) <= (stopped - agreed[0]) / 3 + 2


async def test_a_pause_outlives_hold_and_retrieve(tmp_path: Path) -> None:
    """Paused, held, retrieved: the pause stays, what is said then is not kept, and only Resume brings audio back."""
    async with conversation(tmp_path, "long-polling") as talk:
        await talk.operate("Start")
        await talk.callee.speaks(2)
        await talk.operate("Pause")
        await talk.callee.speaks(1)
        talk.callee.do("hold")
        await talk.status("Ringing", "Established", "Held")
        await talk.caller.speaks(1)
        talk.callee.do("unhold")
        await talk.status("Ringing", "Established", "Held", "Established")
        assert talk.tab.heard()[-1]["call"]["recordingState"] == "Paused"
        await talk.callee.speaks(2)
        await talk.operate("Resume")
        await talk.callee.speaks(3)
        await talk.operate("Stop")
        await talk.callee.hang_up()
        kept = await fetched(talk.system, talk.call["callUuid"])
        [paused], [held] = kept.spans("Paused"), kept.spans("Held")
        _, pause, resume, _ = talk.operations
        paused_from = int(paused["offset"]) / 1000
        paused_to = paused_from + int(paused["duration"]) / 1000
        assert kept.starts + paused_from <= pause[1] + NEAR_S
        assert kept.starts + paused_to >= resume[0] - NEAR_S
        assert int(paused["offset"]) <= int(held["offset"])
        assert int(held["offset"]) + int(held["duration"]) <= int(paused["offset"]) + int(paused["duration"])
        check_silence(kept, paused)
        check_voices(kept, talk, [(paused_from, paused_to)])
