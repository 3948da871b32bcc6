"""Audio that comes and is not kept although the gate is open is an alarm within five seconds (REC-6)."""

import asyncio
import time
from pathlib import Path

from telegraphone.services.ports import MediaSource
from tests.interop.recorder.conftest import open_bench
from tests.interop.recorder.senders import speak_all


async def until(alarms: list[str], words: str, within_s: float) -> float:
    """How long it took until an alarm with these words came."""
    begun = time.monotonic()
    async with asyncio.timeout(within_s):
        while not any(words in alarm for alarm in alarms):  # noqa: ASYNC110 - alarms come by a plain call
            await asyncio.sleep(0.05)
    return time.monotonic() - begun


async def test_packets_of_a_codec_that_was_not_signalled_are_an_alarm(tmp_path: Path) -> None:
    alarms: list[str] = []
    async with open_bench(tmp_path, alarm=alarms.append) as bench:
        call = await bench.call(1)
        codecs = {8: "PCMA"}
        sources = tuple(MediaSource(*speaker.address, codecs) for speaker in call.speakers)
        await bench.recorder.aim(call.recording, (sources[0], sources[1]))
        stop = asyncio.Event()
        speaking = asyncio.create_task(speak_all(list(call.speakers), stop))
        await bench.recorder.open_gate(call.recording, None, {})
        # Five seconds are the promise; what is above them is for a machine that does other things.
        assert await until(alarms, "none is kept", within_s=15) < 15
        sources = tuple(MediaSource(*speaker.address, {0: "PCMU"}) for speaker in call.speakers)
        await bench.recorder.aim(call.recording, (sources[0], sources[1]))
        await until(alarms, "kept again", within_s=15)
        stop.set()
        await speaking
        await bench.recorder.seal(call.recording, {})
    assert {alarm.partition(": ")[0] for alarm in alarms} == {f"recording {call.recording}"}
