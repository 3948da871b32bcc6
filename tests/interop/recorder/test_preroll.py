"""What came before a late start, by a real recorder: in the finished file, marked; and nowhere before."""

import asyncio
import time
from pathlib import Path

from telegraphone.keystore.file import FileKeyStore
from telegraphone.media import layout
from telegraphone.media.verify import verify
from telegraphone.storage.local import LocalSource
from tests.interop.recorder.conftest import SEED, Bench, open_bench
from tests.interop.recorder.senders import PATIENCE_S, have_said, speak_all
from tests.interop.recorder.test_preconsent import killed_worker

NOTE = {"source": "agent"}


async def test_it_is_in_memory_alone_and_gone_with_a_killed_recorder_and_then_in_the_recording(bench: Bench) -> None:
    call = await bench.call(1, before_s=1.0)
    stop = asyncio.Event()
    speaking = asyncio.create_task(speak_all(list(call.speakers), stop))
    await have_said(0.7, *call.speakers)
    await killed_worker(bench)
    reborn = time.monotonic()
    await have_said(1.8, *call.speakers)
    assert not [each for each in bench.data.rglob("*") if each.is_file()], "nothing is on the disk before the start"
    asked = time.monotonic()
    cut = await bench.recorder.open_gate(call.recording, None, NOTE)
    assert cut.position_samples == 8_000
    assert await bench.recorder.open_gate(call.recording, None, NOTE) == cut
    await have_said(0.5, *call.speakers)
    stop.set()
    await speaking
    sealed = await bench.recorder.seal(call.recording, NOTE)
    assert (sealed.status, [span for span in sealed.spans if span.kind != "gap"]) == ("sealed", [])
    found = bench.read(call)
    keys, directory = FileKeyStore(bench.keys), layout.sealed_directory(str(call.recording))
    assert verify(LocalSource(bench.data), directory, (keys.public_key(),), keys=keys).findings == ()
    [kept] = found.manifest.kept or ()
    assert (kept.start, kept.stop, kept.reason) == (0, 8_000, "start")
    for stream, speaker in enumerate(call.speakers):
        places = found.frames(stream, SEED, speaker.name, speaker.number)
        offsets = {place - number * 160 for number, each in places.items() for place in each}
        assert max(offsets) - min(offsets) <= 160 + speaker.late_s * 8_000, "one timeline, as far as a busy sender's clock is one"
        sent = [speaker.sent_at[number] for number in sorted(places)]
        # A sender that stood still says late what belongs before.
        assert asked - 1.1 - speaker.late_s < sent[0] < asked - 0.9 + speaker.late_s
        assert sent[0] > reborn
        assert len(sent) >= 1.4 * 50
        assert sorted(places) == list(range(min(places), max(places) + 1))


async def test_where_memory_is_too_small_for_what_came_before_somebody_is_told_at_once(tmp_path: Path) -> None:
    told: asyncio.Queue[str] = asyncio.Queue()
    ports = "tests.interop.recorder.worker_ports:disk_ports_with_little_room"
    async with open_bench(tmp_path, ports, told.put_nowait) as bench:
        call, stop = await bench.call(1, before_s=5.0), asyncio.Event()
        speaking = asyncio.create_task(speak_all(list(call.speakers), stop))
        async with asyncio.timeout(PATIENCE_S):
            assert "memory for what may not be kept yet is full" in await told.get()
        await asyncio.sleep(1.2)  # the recorder looks once a second
        assert told.empty(), "not with each stretch that is forgotten"
        cut = await bench.recorder.open_gate(call.recording, None, NOTE)
        assert 0 < cut.position_samples < 8_000, "what had room is kept"
        stop.set()
        await speaking
        await bench.recorder.seal(call.recording, NOTE)
