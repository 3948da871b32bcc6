"""The recorder under stress: frozen, injected into, on disks that fill, fail or dawdle, and left alone by its program.

F4, F5, F9, F10, F15, F20, F21; SEC-3, REC-6, PCI-8.
"""

import asyncio
import os
import shutil
import signal
import time
from pathlib import Path

import pytest

from telegraphone.capture import client
from telegraphone.limits import DRIFT_WINDOW_S, SEGMENT_FRAMES
from telegraphone.media import layout
from telegraphone.media.header import read_header
from telegraphone.services.ports import (
    CaptureFailed,
    CaptureRestored,
    RecorderEvent,
    RecordingRecovered,
    Unavailable,
)
from tests.interop.recorder.conftest import SEED, Bench, Call, open_bench
from tests.interop.recorder.senders import PATIENCE_S, Speaker, have_said, speak_all, straight
from tests.interop.recorder.signal import FRAME, payload

NOTE = {"source": "agent"}


class Speaking:
    """Calls that speak while the block runs."""

    def __init__(self, *calls: Call) -> None:
        self._speakers = [speaker for call in calls for speaker in call.speakers]
        self._stop = asyncio.Event()

    async def __aenter__(self) -> None:
        self._task = asyncio.create_task(speak_all(self._speakers, self._stop))

    async def __aexit__(self, *_: object) -> None:
        self._stop.set()
        await self._task


def whole(bench: Bench, call: Call, started: float, ended: float) -> None:
    """Every frame sent between the two instants is there, once, and all lie on one straight line, as far as they were sent so."""
    found = bench.read(call)
    for stream, speaker in enumerate(call.speakers):
        places = found.frames(stream, SEED, speaker.name, speaker.number)
        due = [n for n, sent in enumerate(speaker.sent_at) if started + 0.05 < sent < ended - 0.05]
        assert due
        assert not [n for n in due if n not in places]
        sound, windows = found.streams[stream], (ended - started) / DRIFT_WINDOW_S + 1
        intact = [n for n in due if sound[places[n][0] :][:FRAME] == payload(SEED, speaker.name, n)]
        assert len(due) - len(intact) <= windows, "where the line steps back a frame is cut"
        straight(speaker, [places[n][0] - n * FRAME for n in intact], windows)
        assert all(len(each) == 1 for each in places.values())


async def next_event(bench: Bench, wanted: type[RecorderEvent]) -> RecorderEvent:
    async with asyncio.timeout(PATIENCE_S):
        async for event in bench.recorder.events():
            if isinstance(event, wanted):
                return event
    raise AssertionError


async def test_a_frozen_recorder_loses_nothing(bench: Bench) -> None:
    call = await bench.call(1)
    async with Speaking(call):
        await bench.recorder.open_gate(call.recording, None, NOTE)
        started = time.monotonic()
        await have_said(0.5, *call.speakers)
        (process,) = bench.recorder.process_ids
        assert process
        os.kill(process, signal.SIGSTOP)
        await asyncio.sleep(4.0)
        os.kill(process, signal.SIGCONT)
        await have_said(0.5, *call.speakers)
        ended = time.monotonic()
        sealed = await bench.recorder.seal(call.recording, NOTE)
    assert sealed.status == "sealed"
    whole(bench, call, started, ended)


async def test_a_pause_begins_when_it_is_asked_for_even_if_the_recorder_is_frozen(bench: Bench) -> None:
    """PCI-2: what comes between the request and the answer is not kept either, however long the worker takes to hear it."""
    call = await bench.call(1)
    async with Speaking(call):
        await bench.recorder.open_gate(call.recording, None, NOTE)
        started = time.monotonic()
        await have_said(0.7, *call.speakers)
        (process,) = bench.recorder.process_ids
        assert process
        os.kill(process, signal.SIGSTOP)
        await asyncio.sleep(0.3)
        asked, asked_utc = time.monotonic(), time.time()
        pausing = asyncio.create_task(bench.recorder.shut_gate(call.recording, "agent", NOTE))
        await asyncio.sleep(0)  # its first step
        begun_utc = time.time()
        await asyncio.sleep(1.5)
        os.kill(process, signal.SIGCONT)
        cut = await pausing
        assert time.monotonic() - asked > 1.5
        assert asked_utc - 0.1 < cut.at.timestamp() < begun_utc + 0.1, "as exactly as one clock is known by the other"
        await asyncio.sleep(0.3)
        resumed = time.monotonic()
        await bench.recorder.open_gate(call.recording, "agent", NOTE)
        opened = time.monotonic()
        await have_said(0.6, *call.speakers)
        ended = time.monotonic()
        sealed = await bench.recorder.seal(call.recording, NOTE)
    assert sealed.status == "sealed"
    (paused,) = (span for span in sealed.spans if span.kind == "paused")
    assert paused.start_samples == cut.position_samples
    gaps = [(span.start_samples, span.end_samples) for span in sealed.spans if span.kind == "gap"]
    assert all(end <= paused.start_samples or paused.end_samples <= start for start, end in gaps), sealed.spans
    found = bench.read(call)
    for stream, speaker in enumerate(call.speakers):
        kept = found.frames(stream, SEED, speaker.name, speaker.number)
        for number, sent in enumerate(speaker.sent_at):
            if asked + 0.05 < sent < resumed:
                assert number not in kept
            elif started + 0.05 < sent < asked - 0.05 or opened + 0.2 < sent < ended - 0.05:
                assert number in kept


async def test_a_recorder_that_never_hears_of_a_pause_or_an_end_keeps_nothing_said_after_it(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    paused, ended = await bench.call(1), await bench.call(2)
    async with Speaking(paused, ended):
        for call in (paused, ended):
            await bench.recorder.open_gate(call.recording, None, NOTE)
        await have_said(1.0, *paused.speakers, *ended.speakers)
        (process,) = bench.recorder.process_ids
        assert process
        os.kill(process, signal.SIGSTOP)
        with monkeypatch.context() as hasty:
            hasty.setattr(client, "RECORDER_ANSWER_S", 0.3)
            hasty.setattr(client, "RECORDING_SEAL_S", 0.3)
            with pytest.raises(Unavailable):
                await bench.recorder.shut_gate(paused.recording, "agent", NOTE)
            with pytest.raises(Unavailable):
                await bench.recorder.seal(ended.recording, NOTE)
        failed = time.monotonic()
        await asyncio.sleep(1.0)
        os.kill(process, signal.SIGCONT)
        await asyncio.sleep(0.5)
        for call in (paused, ended):
            await next_event(bench, RecordingRecovered) if call is ended else await bench.recorder.seal(call.recording, NOTE)
    for call in (paused, ended):
        found = bench.read(call)
        for stream, speaker in enumerate(call.speakers):
            kept = found.frames(stream, SEED, speaker.name, speaker.number)
            assert len(kept) > 20
            assert not [number for number in kept if speaker.sent_at[number] > failed]


async def test_a_recording_that_cannot_go_on_after_a_crash_is_told_of(bench: Bench) -> None:
    """Its key is gone when the next worker asks for it: that one recording breaks off loudly, the other goes on."""
    lost, spared = await bench.call(1), await bench.call(2)
    async with Speaking(lost, spared):
        for call in (lost, spared):
            await bench.recorder.open_gate(call.recording, None, NOTE)
        await asyncio.sleep(0.6)
        journal = bench.data / layout.live_directory(str(lost.recording)) / layout.journal_file(0)
        header, _ = read_header(journal.read_bytes())
        envelopes = [path for path in bench.keys.rglob("*") if header.dek_id in path.name]
        assert envelopes
        for path in envelopes:
            path.rename(path.with_name("elsewhere"))
        (process,) = bench.recorder.process_ids
        assert process
        os.kill(process, signal.SIGKILL)
        event = await next_event(bench, CaptureFailed)
        assert isinstance(event, CaptureFailed)
        assert event.recording_id == lost.recording
        with pytest.raises(Unavailable):
            await bench.recorder.shut_gate(lost.recording, "agent", NOTE)
        await bench.recorder.shut_gate(spared.recording, "agent", NOTE)
        assert (await bench.recorder.seal(spared.recording, NOTE)).status == "recovered"


async def test_strangers_are_not_heard_and_true_audio_is_kept(bench: Bench) -> None:
    call = await bench.call(1)
    true = call.speakers[0]
    elsewhere = Speaker(SEED, 900, true.to, ssrc=true.ssrc)
    same_place = Speaker(SEED, 901, true.to, ssrc=4242)
    same_place.outlet = true.outlet
    other_type = Speaker(SEED, 902, true.to, ssrc=true.ssrc)
    other_type.outlet = true.outlet
    await bench.recorder.open_gate(call.recording, None, NOTE)
    started = time.monotonic()
    async with Speaking(call):
        await have_said(0.3, *call.speakers)
        for _ in range(100):
            for _ in range(3):
                elsewhere.speak()
                same_place.speak()
            kind = bytearray(other_type.packet(other_type.number).to_bytes())
            kind[1] = 9
            true.outlet.sendto(kind, true.to)
            true.outlet.sendto(os.urandom(200), true.to)
            other_type.number += 1
            await asyncio.sleep(0.01)
        ended = time.monotonic()
    async with asyncio.timeout(PATIENCE_S):
        # A worker counts what it has drained, and that happens every 0.6 s.
        while (figures := (await bench.recorder.figures())[0]).foreign < 400:  # noqa: ASYNC110 - counts have no event
            await asyncio.sleep(0.1)
    await bench.recorder.seal(call.recording, NOTE)
    whole(bench, call, started, ended)
    found = bench.read(call)
    for stranger in (elsewhere, same_place, other_type):
        for number in range(stranger.number):
            mark = payload(SEED, stranger.name, number)[:32]
            assert mark not in found.audible(0)
            assert mark not in found.audible(1)
    assert figures.breaches == 0


@pytest.mark.parametrize("what", ["full", "eio", "sync"])
async def test_a_broken_disk_fails_one_recording_loudly_and_no_other(tmp_path: Path, what: str) -> None:
    async with open_bench(tmp_path, "tests.interop.recorder.faulty_ports:faulty_ports") as bench:
        hit, spared = await bench.call(1), await bench.call(2)
        async with Speaking(hit, spared):
            for call in (hit, spared):
                await bench.recorder.open_gate(call.recording, None, NOTE)
            begun = hit.speakers[0].number
            await bench.has_stored(hit, (begun + 20) * FRAME + SEGMENT_FRAMES)
            (tmp_path / "fault").write_text(f"{what} {hit.recording}")
            event = await next_event(bench, CaptureFailed)
            assert event == CaptureFailed(hit.recording, event.reason)
            with pytest.raises(Unavailable):
                await bench.recorder.shut_gate(hit.recording, "agent", NOTE)
            cut = await bench.recorder.shut_gate(spared.recording, "agent", NOTE)
            assert cut.shut_for == {"agent"}
            await bench.recorder.open_gate(spared.recording, "agent", NOTE)
            await have_said(0.3, *spared.speakers)
            (tmp_path / "fault").unlink()
            again = await bench.call(3)
            await bench.recorder.open_gate(again.recording, None, NOTE)
            assert (await bench.recorder.seal(hit.recording, NOTE)).status == "recovered"
            assert (await bench.recorder.seal(spared.recording, NOTE)).status == "sealed"
            assert (await bench.recorder.seal(again.recording, NOTE)).status == "sealed"
        kept = bench.read(hit).frames(0, SEED, hit.speakers[0].name, hit.speakers[0].number)
        assert set(range(begun + 1, begun + 21)) <= kept.keys(), "what was written stays readable"


async def test_files_that_somebody_deleted_are_missed_loudly_and_others_are_kept(tmp_path: Path) -> None:
    async with open_bench(tmp_path) as bench:
        gone, spared = await bench.call(1), await bench.call(2)
        async with Speaking(gone, spared):
            for call in (gone, spared):
                await bench.recorder.open_gate(call.recording, None, NOTE)
            for call in (gone, spared):
                await bench.has_stored(call, 2 * SEGMENT_FRAMES)  # both parties have been heard, and their files are durable
            shutil.rmtree(bench.data / layout.live_directory(gone.recording))
            with pytest.raises(Unavailable, match="its files are gone"):
                await bench.recorder.seal(gone.recording, NOTE)
            assert (await bench.recorder.seal(spared.recording, NOTE)).status == "sealed"
            again = await bench.call(3)
            await bench.recorder.open_gate(again.recording, None, NOTE)
            assert (await bench.recorder.seal(again.recording, NOTE)).status == "sealed"


async def test_a_slow_disk_delays_and_loses_nothing(tmp_path: Path) -> None:
    alarms: list[str] = []
    async with open_bench(tmp_path, "tests.interop.recorder.faulty_ports:faulty_ports", alarms.append) as bench:
        call = await bench.call(1)
        async with Speaking(call):
            await bench.recorder.open_gate(call.recording, None, NOTE)
            started = time.monotonic()
            await have_said(0.5, *call.speakers)
            (tmp_path / "fault").write_text("slow s0-")
            await have_said(6.0, *call.speakers)
            (tmp_path / "fault").unlink()
            await have_said(0.5, *call.speakers)
            ended = time.monotonic()
            sealed = await bench.recorder.seal(call.recording, NOTE)
        assert sealed.status == "sealed"
        assert alarms, "and somebody is told"
        whole(bench, call, started, ended)


async def test_a_defect_that_ends_the_writer_ends_its_worker_and_another_goes_on(tmp_path: Path) -> None:
    async with open_bench(tmp_path, "tests.interop.recorder.faulty_ports:faulty_ports") as bench:
        call = await bench.call(1)
        async with Speaking(call):
            await bench.recorder.open_gate(call.recording, None, NOTE)
            await have_said(0.5, *call.speakers)
            (before,) = bench.recorder.process_ids
            (tmp_path / "fault").write_text("defect s0-")
            await next_event(bench, CaptureRestored)
            assert bench.recorder.process_ids != (before,)
            back = time.monotonic()
            await have_said(1.0, *call.speakers)
            ended = time.monotonic()
            sealed = await bench.recorder.seal(call.recording, NOTE)
        assert sealed.status == "recovered"
        whole(bench, call, back, ended)


async def test_without_its_program_the_recorder_seals_and_ends(tmp_path: Path) -> None:
    async with open_bench(tmp_path) as bench:
        call = await bench.call(1)
        async with Speaking(call):
            await bench.recorder.open_gate(call.recording, None, NOTE)
            started = time.monotonic()
            await have_said(1.0, *call.speakers)
            ended = time.monotonic()
            (process,) = bench.recorder.process_ids
    assert process
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)
    assert bench.read(call).manifest.status == "sealed"
    whole(bench, call, started, ended)


async def test_what_an_earlier_run_left_behind_is_finished_at_the_next_start(tmp_path: Path) -> None:
    async with open_bench(tmp_path) as bench:
        call = await bench.call(1)
        async with Speaking(call):
            await bench.recorder.open_gate(call.recording, None, NOTE)
            await have_said(1.5, *call.speakers)
            cut = await bench.recorder.shut_gate(call.recording, "agent", NOTE)
            (process,) = bench.recorder.process_ids
            assert process
            os.kill(process, signal.SIGSTOP)  # so that it does not see its program go
            leaving = asyncio.create_task(bench.recorder.__aexit__())
            await asyncio.sleep(0.1)
            os.kill(process, signal.SIGKILL)
            await leaving
    assert (bench.data / layout.live_directory(str(call.recording))).is_dir()
    async with open_bench(tmp_path) as bench:
        event = await next_event(bench, RecordingRecovered)
        assert isinstance(event, RecordingRecovered)
        assert event.sealed.recording_id == call.recording
        assert event.sealed.status == "recovered"
        assert event.sealed.call_uuid == "CALL00000001"
    assert not list((bench.data / layout.LIVE).iterdir())
    found = bench.read(call)
    assert max(n for n in found.frames(0, SEED, call.speakers[0].name, call.speakers[0].number)) > 40
    assert found.manifest.frames <= cut.position_samples


async def test_reasons_form_a_set_and_hold_is_held(bench: Bench) -> None:
    call = await bench.call(1)
    recorder, recording = bench.recorder, call.recording
    async with Speaking(call):
        early = await recorder.shut_gate(recording, "policy", NOTE)
        assert early.shut_for == {"policy"}
        assert (await recorder.open_gate(recording, None, NOTE)).shut_for == {"policy"}
        await asyncio.sleep(0.3)
        assert (await recorder.open_gate(recording, "policy", NOTE)).shut_for == frozenset()
        await asyncio.sleep(0.5)
        agent = await recorder.shut_gate(recording, "agent", NOTE)
        await asyncio.sleep(0.2)
        held = await recorder.shut_gate(recording, "hold", NOTE)
        assert held.position_samples > agent.position_samples
        assert held.shut_for == {"agent", "hold"}
        assert (await recorder.open_gate(recording, "agent", NOTE)).shut_for == {"hold"}
        await asyncio.sleep(0.2)
        back = await recorder.open_gate(recording, "hold", NOTE)
        assert await recorder.open_gate(recording, "hold", NOTE) == back, "lifted twice is once"
        await have_said(0.4, *call.speakers)
        sealed = await recorder.seal(recording, NOTE)
    spans = [(span.kind, span.reason) for span in sealed.spans if span.kind != "gap"]
    assert spans == [("paused", "policy"), ("paused", "agent"), ("held", "hold")]
    found = bench.read(call)
    assert set(found.streams[0][agent.position_samples : back.position_samples]) == {0xFF}
    assert set(found.streams[0][back.position_samples + 320 : back.position_samples + 640]) != {0xFF}


async def test_a_recording_never_started_leaves_nothing(bench: Bench) -> None:
    call = await bench.call(1)
    async with Speaking(call):
        await asyncio.sleep(0.3)
        sealed = await bench.recorder.seal(call.recording, NOTE)
    assert (sealed.duration_samples, sealed.bytes_stored) == (0, 0)
    assert not [path for path in bench.data.rglob("*") if path.is_file()]
    with pytest.raises(Unavailable):
        await bench.recorder.shut_gate(call.recording, "agent", NOTE)
