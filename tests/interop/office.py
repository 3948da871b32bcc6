"""An office of real phones whose voices are tones: who hears whom is seen at each phone, and in what was recorded.

Every phone says one pitch all the time and tells five times a second which pitches it hears. A test waits until everybody
hears just whom they shall, watches that it stays so, and remembers when that was: the recording has to agree.
"""

import asyncio
import io
import json
import wave
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from time import time
from typing import Any, Final

import numpy as np
import pytest
from numpy.typing import NDArray

from telegraphone.demo.desktop import Desktop
from telegraphone.media.layout import MANIFEST
from tests.interop.asterisk.server import PASSWORD as ASTERISK_PASSWORD
from tests.interop.asterisk.server import USER, Asterisk, Changes, asterisk
from tests.interop.phones import PATIENCE_S, PjsipPhone, pjsip_phone
from tests.interop.recorder.signal import leaks
from tests.interop.system import AGENT, HOST, OTHER_AGENT, PASSWORD, SUPERVISOR, System, telegraphone

CUSTOMER, ONE, TWO, OTHER = NUMBERS = ("5000", "5001", "5002", "5003")
"""A customer, two agents, and somebody without a desktop."""
TONES: Final = dict(zip(NUMBERS, (1_000, 1_300, 1_600, 1_900), strict=True))
MUSIC: Final = "music"
RINGING: Final = "ringing"
_RINGING_HZ: Final = 425
RATE: Final = 8_000
STEADY_S: Final = 0.7
_STILL_S: Final = 0.3
"""A phone that has told nothing for so long, instead of 0.2 s, has been kept from running, as on a machine that stands still."""
_AMPLITUDE: Final = 8_000
_MUSIC_STRENGTH: Final = 100
_WINDOW: Final = 1_600
_EDGE_S: Final = 0.25
"""So near to a change, a recording may hold either side of it."""

Hearing = frozenset[str]


def alone_at_asterisk(*kinds: str) -> pytest.MarkDecorator:
    """A test `at` the built-in exchange, and by itself at each of these: on a machine that is busy with other things, what comes
    too late for Asterisk's mixer is silence in its conferences."""
    return pytest.mark.parametrize("at", ["exchange", *(pytest.param(kind, marks=pytest.mark.alone) for kind in kinds)])


def voice(folder: Path, number: str) -> Path:
    """A second of the number's pitch, to be said again and again: it has no seam."""
    path = folder / f"voice-{number}.wav"
    pcm = (_AMPLITUDE * np.sin(2 * np.pi * TONES[number] * np.arange(RATE) / RATE)).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(pcm.tobytes())
    return path


@dataclass(slots=True)
class Desk:
    """An agent at a desktop; `events` is all it was told."""

    user: str
    number: str
    events: list[Mapping[str, Any]] = field(default_factory=list)
    api: Desktop | None = None

    async def calls(self) -> list[dict[str, Any]]:
        assert self.api is not None
        found: list[dict[str, Any]] = (await self.api.get("/me/calls?fields=*"))["calls"]
        return found

    async def call(self, state: str = "Established", **fields: Any) -> dict[str, Any]:
        """The one call in this state, as soon as there is one."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                match = [
                    each
                    for each in await self.calls()
                    if each["state"] == state and all(each.get(name) == wanted for name, wanted in fields.items())
                ]
                if match:
                    return match[0]
                await asyncio.sleep(0.05)

    async def do(self, call: Mapping[str, Any], operation: str, **attributes: object) -> None:
        assert self.api is not None
        await self.api.post(f"/me/calls/{call['id']}", operation, **attributes)

    async def dial_into(self, call: Mapping[str, Any], operation: str, number: str) -> None:
        """An operation that names a destination."""
        await self.do(call, operation, destination={"phoneNumber": number})


@dataclass(frozen=True, slots=True)
class Moment:
    """A stretch of wall-clock time in which nothing changed. A phone's voice may lag behind the clock by then, at most so
    many seconds: its own timestamps, and so the recording, know nothing of the times in which it was kept from running."""

    begins: float
    ends: float
    lag_s: float = 0.0


@dataclass(slots=True)
class Office:
    """A running system with its phones and desks."""

    system: System
    phones: dict[str, PjsipPhone]
    one: Desk
    two: Desk
    asterisk: Asterisk | None = None
    taps: str = ""
    """The way in which the Asterisk's legs are recorded."""

    async def hear(self, **expected: Iterable[str]) -> Moment:
        """Waits until each phone (`p5000=[…]`) hears exactly these and nothing else, then until that has lasted."""
        wanted = {name[1:]: frozenset(heard) for name, heard in expected.items()}
        try:
            async with asyncio.timeout(PATIENCE_S):
                while True:
                    await asyncio.gather(*(self._hears(*each) for each in wanted.items()))
                    begins = time()
                    await asyncio.sleep(STEADY_S)
                    ends = time()
                    if all(self._steady(number, heard, begins, ends) for number, heard in wanted.items()):
                        return Moment(begins, ends, self.lag_s(*wanted))
        except TimeoutError:
            heard_now = {number: sorted(self.last_heard(number)) for number in wanted}
            raise AssertionError(f"wanted {wanted}, heard {heard_now}\n{self.system.log[-3000:]}") from None

    def lag_s(self, *numbers: str) -> float:
        """How far the voice of one of these phones, or of any, lags behind the clock at most."""
        return max(self.phones[number].lag_s() for number in numbers or self.phones)

    async def _hears(self, number: str, wanted: Hearing) -> None:
        await self.phones[number].until(lambda: self.last_heard(number) == wanted)

    def _steady(self, number: str, wanted: Hearing, begins: float, ends: float) -> bool:
        # The first window after the beginning may reach back before it. A phone that stood still heard and said nothing.
        since = [fact for fact in self.phones[number].facts if fact["fact"] == "hears" and fact["at"] > begins + 0.2]
        told = [begins + 0.2, *(fact["at"] for fact in since), ends]
        awake = all(later - earlier < _STILL_S for earlier, later in pairwise(told))
        return awake and all(_hearing(fact) == wanted for fact in since)

    async def copies(self) -> int:
        """How many copies Asterisk sends to the recorder."""
        assert self.asterisk is not None
        found = (await self.asterisk.ari("GET", "/channels")).json()
        return sum(each["name"].startswith("UnicastRTP/") for each in found)

    async def dead_taps(self, number: int) -> list[float]:
        """For how many seconds at most nothing had come, each time it was called out, by the recorder's own clock; waits until it
        was so often, and the agent was told."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                lines = [line for line in self.system.log.splitlines() if '"tap_is_dead"' in line]
                told = [event for event in self.one.events if event.get("messageType") == "ErrorMessage"]
                if min(len(lines), len(told)) >= number:
                    return [json.loads(line)["silent_s"] for line in lines]
                await asyncio.sleep(0.05)

    def last_heard(self, number: str) -> Hearing:
        """What this phone heard in the newest fifth of a second."""
        told = (fact for fact in reversed(self.phones[number].facts) if fact["fact"] == "hears")
        return next(map(_hearing, told), frozenset())


def _hearing(fact: Mapping[str, Any]) -> Hearing:
    if fact["tones"]:
        return frozenset(fact["tones"])
    return frozenset({MUSIC}) if fact["rest"] > _MUSIC_STRENGTH else frozenset()


@asynccontextmanager
async def office(
    folder: Path,
    *numbers: str,
    at: str = "exchange",
    codecs: Mapping[str, str] | None = None,
    by_hand: Iterable[str] = (),
    sound: bool = True,
    changes: Changes | None = None,
    **options: str,
) -> AsyncIterator[Office]:
    """The office with the phones of these numbers, at the built-in exchange or at an Asterisk, which may be recorded by
    packets, and have `changes`; all of them answer by themselves but those named. Both agents are signed in. Nothing may go
    wrong, unless that is tried (`sound`), or be left behind at Asterisk."""
    spoken, taps = codecs or {}, at.partition(" by ")[2] or "external-media"
    async with AsyncExitStack() as stack:
        made = None if at == "exchange" else office_asterisk(folder / "asterisk", changes or {})
        server = await stack.enter_async_context(made) if made is not None else None
        if server is not None:
            stack.push_async_callback(nothing_is_left, server)
            options["more"] = options.get("more", "") + asterisk_table(server, taps=taps)
        known = NUMBERS if server is None else ()
        system = await stack.enter_async_context(telegraphone(folder, numbers=known, **options))
        phones = {}
        for number in numbers:
            how = {
                "again": True,
                "tones": {**TONES, RINGING: _RINGING_HZ},
                "codecs": [spoken.get(number, "PCMU")],
                "answers": number not in by_hand,
            }
            entered = pjsip_phone(server or system, number, voice(folder, number), **how)
            phones[number] = await stack.enter_async_context(entered)
            if server is not None:
                await server.reaches(number)
        desks = [Desk(AGENT, ONE), Desk(OTHER_AGENT, TWO)]
        for desk in desks:
            desk.api = await stack.enter_async_context(Desktop(system.url, desk.user, PASSWORD, desk.events.append))
            if desk.number in phones:
                await desk.api.post("/me", "StartContactCenterSession", channels=["voice"])
        yield Office(system, phones, *desks, server, taps)
        assert not sound or '"level": "error"' not in system.log, system.log


def office_asterisk(folder: Path, changes: Changes) -> AbstractAsyncContextManager[Asterisk]:
    """An Asterisk with the phones of the office, whose ringing is that of most countries."""
    ringing = ("ring = 440+480/2000,0/4000", f"ring = {_RINGING_HZ}/1000,0/4000")
    return asterisk(folder, agents=(ONE, TWO, OTHER), customers=(CUSTOMER,), changes={"indications.conf": [ringing], **changes})


def asterisk_table(server: Asterisk, **more: str) -> str:
    """What the configuration says of this Asterisk."""
    settings = {
        "name": "asterisk",
        "url": f"http://{HOST}:{server.ari_port}",
        "user": USER,
        "password": ASTERISK_PASSWORD,
        **more,
    }
    table = "".join(f'{key} = "{value}"\n' for key, value in settings.items())
    ports = f"rtp_port_first = {server.rtp_ports.start}\nrtp_port_last = {server.rtp_ports.stop - 1}\n"
    return f"\n[[asterisk]]\n{table}{ports}"


async def nothing_is_left(server: Asterisk) -> None:
    """No channel and no bridge outlives the server that made it."""
    if server.process.returncode is None:
        assert [await server.ids(kind) for kind in ("channels", "bridges")] == [[], []]


async def in_a_call(here: Office) -> dict[str, Any]:
    """The customer has called agent one, who has answered; the agent's view of the call."""
    here.phones[CUSTOMER].do("call", number=ONE)
    call = await here.one.call()
    await here.hear(p5000=[ONE], p5001=[CUSTOMER])
    return call


# --- what was recorded ---


@dataclass(frozen=True, slots=True)
class Part:
    """One media file: whose it is, when it began, who is heard in it, in windows of 200 ms, and the seconds of it in
    which audio is missing by its own history: a machine that is busy with other things may stall Asterisk."""

    number: str
    starts: float
    agent: NDArray[np.float64]
    other: NDArray[np.float64]
    gaps: tuple[tuple[float, float], ...]

    @property
    def ends(self) -> float:
        """The wall-clock time of its end."""
        return self.starts + len(self.agent) / RATE

    def place(self, at: float) -> int:
        """The sample that was spoken at this time."""
        return round((at - self.starts) * RATE)

    def holds(self, moment: Moment, *, agent: Iterable[str], other: Iterable[str]) -> None:
        """In all this time exactly these are heard on each track; digital zero where nobody is."""
        first, last = self.place(moment.begins + _EDGE_S), self.place(moment.ends - _EDGE_S / 2)
        for track, wanted in ((self.agent, frozenset(agent)), (self.other, frozenset(other))):
            if not wanted:
                assert not track[first:last].any(), "this should be digital silence"
            lags = range(0, round(moment.lag_s * RATE) + 1 if wanted else 1, _WINDOW // 10)
            faults = [self._fault(track, wanted, first - lag, last - lag) for lag in lags if lag <= first]
            assert not all(faults), faults[0]

    def _fault(self, track: NDArray[np.float64], wanted: Hearing, first: int, last: int) -> str:
        """Why not exactly these are heard there; nothing when they are."""
        if min(last, len(track)) - first < _WINDOW:
            return f"the part is too short: {len(track)} samples, wanted {first} to {last}"
        places = range(first, min(last, len(track)) - _WINDOW + 1, _WINDOW // 2)
        heard = [_tones(track[at : at + _WINDOW]) for at in places]
        # What is missing by the recording's own history, on whichever track, may be missing here; not all of it.
        right = [each == wanted or (not each and self._misses(at)) for at, each in zip(places, heard, strict=True)]
        if wanted in heard and all(right):
            return ""
        return f"wanted {wanted} from {first / RATE:.2f} s on, heard {heard}; missing: {self.gaps}"

    def _misses(self, at: int) -> bool:
        # A phone that changes how it sends says nothing for a moment before and after.
        edge = _EDGE_S * RATE
        return any(start * RATE - edge < at + _WINDOW and at < stop * RATE + edge for start, stop in self.gaps)


def _tones(sound: NDArray[np.float64]) -> Hearing:
    at = np.arange(len(sound)) / RATE
    strength = {number: 2 * abs(np.exp(-2j * np.pi * hz * at) @ sound) / len(sound) for number, hz in TONES.items()}
    return frozenset(number for number, each in strength.items() if each > _AMPLITUDE / 4)


async def recorded(here: Office, call_uuid: str, parts: int = 1) -> list[Part]:
    """The parts of the call's recording, as the supervisor gets them. Nothing of what was paused or held is in any file."""
    async with Desktop(here.system.url, SUPERVISOR, PASSWORD) as supervisor:
        async with asyncio.timeout(PATIENCE_S):
            while True:
                found = (await supervisor.get(f"/recordings?callUuid={call_uuid}&fields=*"))["recordings"]
                if found and len(found[0]["mediaFiles"]) >= parts:
                    break
                await asyncio.sleep(0.1)
        [resource] = found
        made = []
        missing = [(_at(each["startTime"]), _at(each["stopTime"])) for each in resource["eventHistory"] if each["type"] == "Gap"]
        for media in resource["mediaFiles"]:
            wav = await supervisor.fetch(media["mediaUri"].split("/api/v2", 1)[1].replace(".mp3", ".wav"))
            with wave.open(io.BytesIO(wav)) as file:
                frames = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2).astype(float)
            starts = _at(media["startTime"])
            gaps = tuple((each[0] - starts, each[1] - starts) for each in missing)
            made.append(Part(media["parameters"]["recordDN"], starts, frames[:, 0], frames[:, 1], gaps))
    assert len(made) == parts
    data = here.system.data
    for manifest in (data / "audio").glob(f"recordings/sealed/*/*/{MANIFEST}"):
        found = leaks(data / "audio", data / "keys", manifest.parent.name)
        assert not found, found
    return sorted(made, key=lambda part: part.starts)


def _at(told: str) -> float:
    return datetime.strptime(told, "%Y-%m-%dT%H:%M:%S.%f%z").timestamp()
