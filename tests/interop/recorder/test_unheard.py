"""A source to which there is no way."""

import os
import signal
import time
from pathlib import Path

import pytest

from telegraphone.services.ports import CaptureRestored, MediaSource, Unavailable
from tests.interop.recorder.conftest import SEED, open_bench
from tests.interop.recorder.senders import have_said
from tests.interop.recorder.test_faults import NOTE, Speaking, next_event


async def test_a_source_that_cannot_be_heard_harms_nobody(tmp_path: Path) -> None:
    """What a client states of itself reaches the kernel: a name, an address of another kind, and one to which there is no way."""
    alarms: list[str] = []
    async with open_bench(tmp_path, alarm=alarms.append) as bench:
        call, other = await bench.call(1), await bench.call(2)
        before = bench.recorder.process_ids
        async with Speaking(call, other):
            for each in (call, other):
                await bench.recorder.open_gate(each.recording, None, NOTE)
            await have_said(0.5, *call.speakers)
            good = [MediaSource(*speaker.address, {0: "PCMU"}) for speaker in call.speakers]
            for host in ("nobody.invalid", "2001:db8::1", "255.255.255.255"):
                with pytest.raises(Unavailable, match=f"{host} cannot be heard"):
                    await bench.recorder.aim(call.recording, (MediaSource(host, 4_000, {0: "PCMU"}), good[1]))
                await bench.recorder.shut_gate(other.recording, "agent", NOTE)
                await bench.recorder.open_gate(other.recording, "agent", NOTE)
            assert bench.recorder.process_ids == before
            os.kill(before[0] or 0, signal.SIGKILL)
            await next_event(bench, CaptureRestored)
            await bench.recorder.shut_gate(other.recording, "agent", NOTE)
            assert any("255.255.255.255 cannot be heard" in alarm for alarm in alarms)
            await bench.recorder.aim(call.recording, (good[0], good[1]))
            back = time.monotonic()
            await have_said(0.5, *call.speakers)
            ended = time.monotonic()
            sealed = await bench.recorder.seal(call.recording, NOTE)
        assert any(span.kind == "gap" and span.stream == 0 for span in sealed.spans)
        found = bench.read(call)
        speaker = call.speakers[0]
        places = found.frames(0, SEED, speaker.name, speaker.number)
        assert {n for n, sent in enumerate(speaker.sent_at) if back + 0.1 < sent < ended - 0.05} <= set(places)
