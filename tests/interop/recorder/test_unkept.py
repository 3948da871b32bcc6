"""Audio that comes and is not kept although the gate is open is an alarm within five seconds (REC-6)."""

import asyncio
import time
from pathlib import Path

from telegraphone.services.ports import MediaSource
from tests.interop.recorder.conftest import SEED, open_bench
from tests.interop.recorder.senders import have_said, speak_all


async def until(alarms: list[str], words: str, within_s: float) -> float:
    """How long it took until an alarm with these words came."""
    begun = time.monotonic()
    async with asyncio.timeout(within_s):
        while not any(words in alarm for alarm in alarms):  # noqa: ASYNC110 - alarms come by a plain call
            await asyncio.sleep(0.05)
    return time.monotonic() - begun


async def test_packets_of_a_codec_that_was_not_signalled_are_an_alarm(tmp_path: Path) -> None:
    """They are missing in the recording, too, from the last that was kept until one is kept again, or to its end."""
    alarms: list[str] = []
    async with open_bench(tmp_path, alarm=alarms.append) as bench:
        call = await bench.call(1)
        stop = asyncio.Event()
        speaking = asyncio.create_task(speak_all(list(call.speakers), stop))
        await bench.recorder.open_gate(call.recording, None, {})
        await have_said(0.5, *call.speakers)
        codecs = {8: "PCMA"}
        sources = tuple(MediaSource(*speaker.address, codecs) for speaker in call.speakers)
        await bench.recorder.aim(call.recording, (sources[0], sources[1]))
        # Five seconds are the promise; what is above them is for a machine that does other things.
        assert await until(alarms, "none is kept", within_s=25) < 25
        again = MediaSource(*call.speakers[0].address, {0: "PCMU"})
        await bench.recorder.aim(call.recording, (again, sources[1]))
        await until(alarms, "kept again", within_s=25)
        await have_said(0.5, *call.speakers)
        stop.set()
        await speaking
        await bench.recorder.seal(call.recording, {})
    found = bench.read(call)
    for stream, speaker in enumerate(call.speakers):
        assert len(found.frames(stream, SEED, speaker.name, speaker.number)) > 20
        assert found.unsaid(stream) == []
        assert sum(each.stop - each.start for each in found.manifest.spans if each.stream == stream) > 8_000
    assert {alarm.partition(": ")[0] for alarm in alarms} == {f"recording {call.recording}"}
