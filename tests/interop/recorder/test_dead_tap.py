"""A source that sends all the time and falls silent is noticed before two seconds have passed, and the recording goes on."""

import asyncio
import time
from collections.abc import AsyncIterator

from telegraphone.services.ports import CaptureSilent, MediaSource, RecorderEvent
from tests.interop.recorder.conftest import Bench, Call
from tests.interop.recorder.senders import speak_all

NOTE = {"source": "agent"}


async def steady(bench: Bench, *, agent: bool = True, other: bool = True) -> Call:
    call = await bench.call(1)
    first, second = (
        MediaSource(*speaker.address, {0: "PCMU"}, steady=each)
        for speaker, each in zip(call.speakers, (agent, other), strict=True)
    )
    await bench.recorder.aim(call.recording, (first, second))
    await bench.recorder.open_gate(call.recording, None, NOTE)
    return call


async def nothing_is_told(events: AsyncIterator[RecorderEvent], seconds: float) -> None:
    told = asyncio.ensure_future(anext(events))
    done, _ = await asyncio.wait([told], timeout=seconds)
    assert not done, told.result()
    told.cancel()
    await asyncio.gather(told, return_exceptions=True)


async def test_a_steady_source_that_falls_silent_is_noticed(bench: Bench) -> None:
    """Not while it is paused, when packets come as ever; and what comes later is recorded behind a gap."""
    call, events = await steady(bench), bench.recorder.events()
    stop = asyncio.Event()
    speaking = asyncio.create_task(speak_all(list(call.speakers), stop))
    await bench.recorder.shut_gate(call.recording, "agent", NOTE)
    await nothing_is_told(events, 2.5)
    events = bench.recorder.events()
    await bench.recorder.open_gate(call.recording, "agent", NOTE)
    await asyncio.sleep(0.3)
    stop.set()
    await speaking
    silent_since = time.monotonic()
    assert await asyncio.wait_for(anext(events), 10.0) == CaptureSilent(call.recording)
    assert time.monotonic() - silent_since > 1.0, "one empty look proves nothing"
    stop.clear()
    speaking = asyncio.create_task(speak_all(list(call.speakers), stop))
    await asyncio.sleep(0.5)
    stop.set()
    await speaking
    sealed = await bench.recorder.seal(call.recording, NOTE)
    assert sealed.status == "sealed"


async def test_who_may_be_silent_is_let_be(bench: Bench) -> None:
    """A phone on hold, or one that says nothing, sends nothing."""
    call, events = await steady(bench, agent=False, other=False), bench.recorder.events()
    stop = asyncio.Event()
    speaking = asyncio.create_task(speak_all(list(call.speakers), stop))
    await asyncio.sleep(0.3)
    stop.set()
    await speaking
    await nothing_is_told(events, 2.5)
    await bench.recorder.seal(call.recording, NOTE)
