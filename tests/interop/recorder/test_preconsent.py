"""What came before consent, by a real recorder: in the finished file, but for what was said in a pause; nowhere before."""

import asyncio
import os
import signal
import time

from telegraphone.keystore.file import FileKeyStore
from telegraphone.media import layout
from telegraphone.media.journal import CONSENT
from telegraphone.media.verify import verify
from telegraphone.storage.local import LocalSource
from tests.interop.recorder.conftest import SEED, Bench
from tests.interop.recorder.senders import PATIENCE_S, Speaker, have_said, speak_all

NOTE = {"source": "policy", "rule": "recorded line"}
CONSENT_S = 10.0


async def killed_worker(bench: Bench, *speakers: Speaker) -> float:
    """Kills the worker and waits for the next; until when what was said had been read, and did not wait in the kernel, which
    outlives a killed recorder."""
    read, said = time.monotonic(), [speaker.number for speaker in speakers]
    [worker] = bench.recorder.process_ids
    assert worker is not None
    async with asyncio.timeout(PATIENCE_S):
        while True:
            # The counts are of both, of whom one may have been read further than the other.
            unread = sum(speaker.number for speaker in speakers) - (await bench.recorder.figures())[0].received
            if all(speaker.number - unread >= number for speaker, number in zip(speakers, said, strict=True)):
                break
            await asyncio.sleep(0.02)
    os.kill(worker, signal.SIGKILL)
    async with asyncio.timeout(PATIENCE_S):
        while bench.recorder.process_ids in {(worker,), (None,)}:  # noqa: ASYNC110 - another process has no event
            await asyncio.sleep(0.05)
    await bench.recorder.figures()
    return read


async def test_it_waits_in_memory_alone_and_is_then_in_its_place_but_for_a_pause_and_a_killed_recorder(bench: Bench) -> None:
    call = await bench.call(1, consent_s=CONSENT_S)
    recorder, recording = bench.recorder, call.recording
    await recorder.shut_gate(recording, CONSENT, NOTE)
    begun = time.monotonic()
    await recorder.open_gate(recording, None, NOTE)
    stop = asyncio.Event()
    speaking = asyncio.create_task(speak_all(list(call.speakers), stop))
    await have_said(1.2, *call.speakers)
    read = await killed_worker(bench, *call.speakers)
    await have_said(0.6, *call.speakers)
    paused = time.monotonic()
    await recorder.shut_gate(recording, "agent", NOTE)
    await asyncio.sleep(0.5)
    resumed = time.monotonic()
    await recorder.open_gate(recording, "agent", NOTE)
    await have_said(0.6, *call.speakers)
    assert not list(bench.data.rglob("*.tgs")), "no sound is on the disk before consent"
    cut = await recorder.open_gate(recording, CONSENT, NOTE)
    assert (cut.position_samples, cut.shut_for) == (0, frozenset())
    assert await recorder.open_gate(recording, CONSENT, NOTE) == cut
    await have_said(0.4, *call.speakers)
    stop.set()
    await speaking
    sealed = await recorder.seal(recording, NOTE)
    [pause] = [span for span in sealed.spans if span.kind == "paused"]
    assert pause.reason == "agent"
    lost = [span for span in sealed.spans if span.reason == "crash"]
    assert {span.stream for span in lost} == {0, 1}
    assert all(span.start_samples == 0 and span.end_samples >= (read - 0.1 - begun) * 8_000 for span in lost)
    found = bench.read(call)
    keys, directory = FileKeyStore(bench.keys), layout.sealed_directory(str(recording))
    assert verify(LocalSource(bench.data), directory, (keys.public_key(),), keys=keys).findings == ()
    [kept] = found.manifest.kept or ()
    assert (kept.start, kept.stop, kept.reason) == (0, cut.kept_samples, CONSENT)
    for stream, speaker in enumerate(call.speakers):
        places = found.frames(stream, SEED, speaker.name, speaker.number)
        offsets = {place - number * 160 for number, each in places.items() for place in each}
        assert max(offsets) - min(offsets) <= 160 + speaker.late_s * 8_000, "one timeline, as far as a busy sender's clock is one"
        sent = [speaker.sent_at[number] for number in sorted(places)]
        assert sent[0] >= read - 0.1, "what a killed recorder had in memory is gone"
        assert not [at for at in sent if paused + 0.05 < at < resumed], "nothing of the pause"
        assert len([at for at in sent if at < paused]) >= 0.5 * 50
        assert len([at for at in sent if at > resumed]) >= 0.8 * 50


async def test_what_was_refused_is_nowhere(bench: Bench) -> None:
    call = await bench.call(1, consent_s=CONSENT_S)
    recorder, recording = bench.recorder, call.recording
    await recorder.shut_gate(recording, CONSENT, NOTE)
    await recorder.open_gate(recording, None, NOTE)
    stop = asyncio.Event()
    speaking = asyncio.create_task(speak_all(list(call.speakers), stop))
    await have_said(0.5, *call.speakers)
    await recorder.shut_gate(recording, CONSENT, NOTE)
    refused = time.monotonic()
    await asyncio.sleep(0.3)
    given = time.monotonic()
    assert (await recorder.open_gate(recording, CONSENT, NOTE)).kept_samples == 0
    await have_said(0.5, *call.speakers)
    stop.set()
    await speaking
    sealed = await recorder.seal(recording, NOTE)
    [silence] = [span for span in sealed.spans if span.kind == "paused"]
    assert (silence.reason, silence.start_samples) == (CONSENT, 0)
    assert silence.end_samples >= (given - refused) * 8_000
    found = bench.read(call)
    for stream, speaker in enumerate(call.speakers):
        numbers = found.frames(stream, SEED, speaker.name, speaker.number)
        sent = [speaker.sent_at[number] for number in numbers]
        assert len(sent) >= 0.3 * 50
        assert min(sent) >= given - 0.02
