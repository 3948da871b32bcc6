"""Pauses at random moments on a bad network: nothing received between an answered pause and the resume request is kept.

PCI-1, PCI-2, PCI-3, PCI-5, PCI-9 under F19 and F39. The sender's frames prove themselves, the relay
remembers when it delivered each, and the finished files are searched for every frame ever sent.
"""

import asyncio
import random
import statistics
import time
from dataclasses import dataclass, field

import pytest

from telegraphone.services.ports import SealedRecording
from tests import seeds
from tests.interop.recorder.conftest import SEED, Bench, Call
from tests.interop.recorder.senders import speak_all
from tests.interop.recorder.udp_relay import Flow, Relay, Weather

CALLS = 40
PAUSES_PER_CALL = 15
SEEDS = [seeds.SEED]
NOTE = {"source": "agent"}


@dataclass(slots=True)
class Story:
    """One call, its ways through the relay, and each pause: when asked, when answered, when resume was asked."""

    call: Call
    flows: tuple[Flow, Flow]
    pauses: list[tuple[float, float, float]] = field(default_factory=list)
    places: list[tuple[int, int]] = field(default_factory=list)
    sealed: SealedRecording | None = None


async def _live(bench: Bench, story: Story, seed: str) -> None:
    """Pauses and resumes at random moments."""
    chance = random.Random(seed)
    recorder, recording = bench.recorder, story.call.recording
    await asyncio.sleep(chance.uniform(0.2, 0.8))
    await recorder.open_gate(recording, None, NOTE)
    for _ in range(PAUSES_PER_CALL):
        await asyncio.sleep(chance.uniform(0.1, 1.0))
        asked = time.monotonic()
        cut = await recorder.shut_gate(recording, "agent", NOTE)
        answered = time.monotonic()
        await asyncio.sleep(chance.uniform(0.05, 0.6))
        resumed = time.monotonic()
        opened = await recorder.open_gate(recording, "agent", NOTE)
        story.pauses.append((asked, answered, resumed))
        story.places.append((cut.position_samples, opened.position_samples))
    await asyncio.sleep(0.5)
    story.sealed = await recorder.seal(recording, NOTE)


def _leaks(bench: Bench, story: Story) -> tuple[int, int]:
    """Frames that are stored though they were received in a pause, and frames that are stored at all."""
    found = bench.read(story.call)
    leaked = stored = 0
    for stream, (speaker, flow) in enumerate(zip(story.call.speakers, story.flows, strict=True)):
        silences = found.manifest.silences(stream)
        audio = found.streams[stream]
        for start, stop in story.places:
            assert set(audio[start:stop]) <= {0xFF}, "a pause holds filler only"
            assert any(low <= start and stop <= high for low, high in silences), "and the manifest says so"
        for number, places in found.frames(stream, SEED, speaker.name, speaker.number).items():
            assert len(places) == 1, "duplicates are stored once"
            stored += 1
            sequence = (speaker.first_sequence + number) & 0xFFFF
            assert sequence not in flow.lost
            times = flow.delivered_at[sequence]
            leaked += any(answered <= min(times) and max(times) <= resumed for _, answered, resumed in story.pauses)
    return leaked, stored


@pytest.mark.alone
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.timeout(240)
async def test_no_pause_leaks(bench: Bench, seed: str) -> None:
    relay = Relay(seed, Weather())
    stories = []
    for number in range(CALLS):
        call = await bench.call_through(number, relay)
        stories.append(Story(*call))
    stop, dry = asyncio.Event(), asyncio.Event()
    speaking = asyncio.create_task(speak_all([speaker for story in stories for speaker in story.call.speakers], stop))
    relaying = asyncio.create_task(relay.run(dry))
    await asyncio.gather(*(_live(bench, story, f"{seed}/{index}") for index, story in enumerate(stories)))
    stop.set()
    await speaking
    dry.set()
    await relaying
    relay.close()
    leaked = stored = 0
    for story in stories:
        assert story.sealed is not None
        assert story.sealed.status == "sealed"
        more = _leaks(bench, story)
        leaked, stored = leaked + more[0], stored + more[1]
    answers = sorted((answered - asked) * 1000 for story in stories for asked, answered, _ in story.pauses)
    pauses = len(answers)
    p99 = answers[int(pauses * 0.99)]
    print(
        f"seed {seed}: {pauses} pauses, {stored} frames stored, {leaked} leaked; "
        f"answered p50 {statistics.median(answers):.1f} ms, p99 {p99:.1f} ms"
    )
    assert pauses >= 500
    assert stored > 10_000
    assert leaked == 0
