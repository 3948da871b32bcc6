"""A source that sends all the time and falls silent is noticed before two seconds have passed, and the recording goes on."""

import asyncio
from collections.abc import AsyncIterator

from telegraphone.services.ports import CaptureSilent, MediaSource, RecorderEvent
from tests.interop.recorder.conftest import SEED, Bench, Call
from tests.interop.recorder.senders import have_said, speak_all
from tests.interop.stalls import Stalls

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
    """And that it does not come back after a pause, in which it may well be mute. What comes later is recorded behind a gap, and
    where nobody comes back that gap lasts until the end: the recording says so."""
    call, events = await steady(bench), bench.recorder.events()
    stop = asyncio.Event()
    speaking = asyncio.create_task(speak_all(list(call.speakers), stop))
    await nothing_is_told(events, 1.5)
    asked = [speaker.number for speaker in call.speakers]
    await bench.recorder.shut_gate(call.recording, "agent", NOTE)
    paused = [speaker.number for speaker in call.speakers]
    stop.set()
    await speaking
    events = bench.recorder.events()
    await nothing_is_told(events, 1.7)
    events = bench.recorder.events()
    async with Stalls() as stalls:
        await bench.recorder.open_gate(call.recording, "agent", NOTE)
        told = await asyncio.wait_for(anext(events), 25.0)
    assert isinstance(told, CaptureSilent)
    assert told.recording_id == call.recording
    assert 1.0 < told.silent_s < 2.0 + stalls.seconds, "one empty look proves nothing, and two seconds are too late"
    stop.clear()
    speaking = asyncio.create_task(speak_all([call.speakers[0]], stop))
    await have_said(0.5, call.speakers[0])
    stop.set()
    await speaking
    sealed = await bench.recorder.seal(call.recording, NOTE)
    assert sealed.status == "sealed"
    found = bench.read(call)
    for stream, speaker in enumerate(call.speakers):
        behind = [place for (place,) in found.frames(stream, SEED, speaker.name, speaker.number).values()]
        assert len(behind) >= speaker.number - (paused[stream] - asked[stream]) - 10
        assert found.unsaid(stream) == []
        missing = [(each.start, each.stop) for each in found.manifest.spans if (each.kind, each.stream) == ("gap", stream)]
        assert sum(stop - start for start, stop in missing) > 8_000, "a second at least, else nothing was told"


async def test_who_may_be_silent_is_let_be(bench: Bench) -> None:
    """A phone on hold, or one that says nothing, sends nothing."""
    call, events = await steady(bench, agent=False, other=False), bench.recorder.events()
    stop = asyncio.Event()
    speaking = asyncio.create_task(speak_all(list(call.speakers), stop))
    await have_said(0.3, *call.speakers)
    stop.set()
    await speaking
    await nothing_is_told(events, 2.0)
    await bench.recorder.seal(call.recording, NOTE)
