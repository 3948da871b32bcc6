"""Plays the demonstration: two phones talk, a desktop records the call and pauses it, and the finished file is examined."""

import asyncio
import signal
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console

from telegraphone.demo.cast import Cast
from telegraphone.demo.desktop import Desktop
from telegraphone.demo.events import Events
from telegraphone.demo.picture import as_png
from telegraphone.demo.proof import Moments, decode, prove
from telegraphone.demo.screen import Screen
from telegraphone.demo.stage import AGENT, AGENT_DN, CALLER_DN, SUPERVISOR, Stage, prepare, running

_TALK_S, _PAUSE_S = 3.0, 3.0
_CATALOGUE_S, _LOOK_S = 10.0, 0.1
_WAV_HEADER_BYTES = 44


async def play(folder: Path, *, once: bool, console: Console) -> bool:
    """Runs the whole demonstration in `folder`; returns whether the recording proved itself. Unless `once`, the server
    then keeps serving until the reader presses Ctrl-C. Raises StageError, DesktopError or TimeoutError."""
    screen = Screen(console)
    stage = prepare(folder)
    screen.step(f"starting Telegraphone in {folder} (SQLite, local files, its own key)")
    async with running(stage):
        proved = await _perform(stage, screen)
        if not once:
            screen.invitation(stage)
            await _interrupted()
            screen.step("ending")
    return proved


async def _perform(stage: Stage, screen: Screen) -> bool:
    cast = Cast(stage)
    events = Events(screen.event)
    screen.step(f"registering two phones of our own, {CALLER_DN} and {AGENT_DN}")
    async with cast, Desktop(stage.url, AGENT, stage.secrets.agents[AGENT], events.take) as desktop:
        call_uuid, moments = await _converse(cast, desktop, events, screen)
    async with Desktop(stage.url, SUPERVISOR, stage.secrets.agents[SUPERVISOR]) as listener:
        recording = await finished(listener, call_uuid)
        return await _examine(recording, listener, screen, stage, (cast, moments))


async def _converse(cast: Cast, desktop: Desktop, events: Events, screen: Screen) -> tuple[str, Moments]:
    """The call, as its agent lives it; returns its UUID and when each operation was asked and answered."""
    await desktop.post("/me", "StartContactCenterSession", channels=["voice"])
    screen.step(f"{CALLER_DN} calls {AGENT_DN}, whose phone answers")
    await cast.caller.call(AGENT_DN)
    call = await events.call("Established")
    path = f"/me/calls/{call['id']}"

    async def operate(name: str, shown: str) -> tuple[float, float]:
        asked = time.monotonic()
        await desktop.post(path, name)
        answered = time.monotonic()
        screen.operation(name, (answered - asked) * 1000)
        await events.recording(shown)
        return asked, answered

    await asyncio.sleep(1.0)
    screen.step("the agent's desktop starts the recording")
    start = await operate("StartCallRecording", "Recording")
    await asyncio.sleep(_TALK_S)
    screen.step("a card number is about to be said: the desktop pauses")
    pause = await operate("PauseCallRecording", "Paused")
    await asyncio.sleep(_PAUSE_S)
    screen.step("it has been said: the desktop resumes")
    resume = await operate("ResumeCallRecording", "Recording")
    await asyncio.sleep(_TALK_S)
    screen.step("the desktop stops the recording, and both hang up")
    stop = await operate("StopCallRecording", "Stopped")
    await asyncio.sleep(1.0)
    await cast.caller.hang_up()
    await events.call("Released")
    return str(call["callUuid"]), Moments(start, pause, resume, stop)


async def finished(listener: Desktop, call_uuid: str) -> Mapping[str, Any]:
    """The recording's resource, as soon as the catalogue has it: it is written behind the call's back."""
    async with asyncio.timeout(_CATALOGUE_S):
        while True:
            found = await listener.get(f"/recordings?callUuid={call_uuid}&fields=*")
            if found["recordings"]:
                recording: Mapping[str, Any] = found["recordings"][0]
                return recording
            await asyncio.sleep(_LOOK_S)


async def _examine(
    recording: Mapping[str, Any], listener: Desktop, screen: Screen, stage: Stage, played: tuple[Cast, Moments]
) -> bool:
    cast, moments = played
    screen.step("a supervisor fetches the recording, and it is taken apart")
    media = recording["mediaFiles"][0]
    path = media["playPath"].rsplit(".", 1)[0] + ".wav"
    wav = await listener.fetch(path)
    if await listener.fetch(path, (0, _WAV_HEADER_BYTES - 1)) != wav[:_WAV_HEADER_BYTES]:
        screen.step("[bold red]a range of the file is not what the file has there[/]")
        return False
    entries = [each for each in recording["eventHistory"] if each["type"] == "Paused"]
    pauses = [(int(each["offset"]), int(each["offset"]) + int(each["duration"])) for each in entries]
    tracks = decode(wav)
    name = recording["id"]
    files = stage.folder / f"{name}.wav", stage.folder / f"{name}.png"
    await asyncio.to_thread(files[0].write_bytes, wav)
    await asyncio.to_thread(as_png, tracks, pauses, files[1])
    screen.picture(tracks, pauses)
    proved = screen.findings(prove(tracks, (cast.agent_said, cast.caller_said), moments, pauses))
    screen.places(stage, *files)
    return proved


async def _interrupted() -> None:
    """Returns when the reader presses Ctrl-C, or the process is asked to end."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    await stop.wait()
