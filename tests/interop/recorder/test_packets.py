"""Calls whose RTP goes to a PBX on this machine are recorded from the kernel's copy of its packets, under the same gate.

The PBX is a UDP socket that nobody reads. Packet sockets need root or CAP_NET_RAW; without it these tests fail.
"""

import asyncio
import os
import signal
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from telegraphone.capture import packet_socket
from telegraphone.capture.packet_group import PacketGroup
from telegraphone.limits import DRIFT_WINDOW_S, PACKETS_QUIET_S
from telegraphone.services.ports import NOBODY, CaptureRestored, CaptureSilent, MediaAddress, MediaSource, Unavailable
from tests.interop.recorder.conftest import SEED, Bench, Call, open_bench
from tests.interop.recorder.senders import PATIENCE_S, PTIME_S, Speaker, have_said, speak_all, straight
from tests.interop.recorder.signal import FRAME

NOTE = {"source": "agent"}
CODECS = {0: "PCMU"}
CALLS = 20


@pytest.fixture
def pbx() -> Iterator[tuple[str, int]]:
    """The first of so many even ports in a row at which somebody listens; other tests may have some."""
    for first in range(8_000, 9_600, 4 * CALLS):
        with ExitStack() as opened, suppress(OSError):
            for number in range(2 * CALLS):
                each = opened.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
                each.bind(("127.0.0.1", first + 2 * number))
            yield "127.0.0.1", first
            return
    raise AssertionError("no ports are free")


@pytest.fixture
async def packets(tmp_path: Path) -> AsyncIterator[Bench]:
    async with open_bench(tmp_path, packets=PacketGroup()) as opened:
        yield opened


async def record(bench: Bench, call: Call, seconds: float = 1.0) -> tuple[int, int, int, int, int]:
    """Records, pauses, resumes and seals; answers the agent's frame numbers when the pause was asked for, when it was
    answered, when the resume was asked for, when that was answered, and at the end."""
    await bench.recorder.open_gate(call.recording, None, NOTE)
    await have_said(seconds, *call.speakers)
    asked = call.speakers[0].number
    await bench.recorder.shut_gate(call.recording, "agent", NOTE)
    paused = call.speakers[0].number
    await have_said(0.5, *call.speakers)
    resuming = call.speakers[0].number
    await bench.recorder.open_gate(call.recording, "agent", NOTE)
    resumed = call.speakers[0].number
    await have_said(seconds, *call.speakers)
    ended = call.speakers[0].number
    await bench.recorder.seal(call.recording, NOTE)
    return asked, paused, resuming, resumed, ended


def frames(bench: Bench, call: Call, stream: int) -> list[int]:
    """Which frames of its speaker a track holds; each is there once and at its place."""
    speaker, found = call.speakers[stream], bench.read(call)
    places = found.frames(stream, SEED, speaker.name, speaker.number)
    assert all(len(each) == 1 for each in places.values())
    windows = speaker.number * PTIME_S / DRIFT_WINDOW_S + 1
    straight(speaker, [places[number][0] - number * FRAME for number in sorted(places)], windows)
    return sorted(places)


async def test_calls_of_a_pbx_are_recorded_and_paused(packets: Bench, pbx: tuple[str, int]) -> None:
    calls = [await packets.call_to_pbx(number, (pbx[0], pbx[1] + 4 * number)) for number in range(CALLS)]
    stop = asyncio.Event()
    speaking = asyncio.create_task(speak_all([each for call in calls for each in call.speakers], stop))
    stories = await asyncio.gather(*(record(packets, call) for call in calls))
    stop.set()
    await speaking
    for call, (asked, paused, resuming, resumed, ended) in zip(calls, stories, strict=True):
        for stream in (0, 1):
            stored = frames(packets, call, stream)
            assert not [number for number in stored if paused <= number < resuming]
            before, after = [n for n in stored if n < asked], [n for n in stored if n >= resuming]
            assert len(before) >= asked - before[0] - 1
            assert len(after) >= ended - after[0] - 1
            assert after[0] - resumed <= 5


class Delivered:
    """How many packets the kernel has let into the recording's packet sockets since this was last asked. The kernel tells it
    once (packet(7)): what the recorder's own watch is told counts here as well."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._count = 0
        self._ask = packet_socket.arrived
        monkeypatch.setattr(packet_socket, "arrived", self._told)

    def __call__(self, bench: Bench, call: Call) -> int:
        for each in bench.recorder._held[str(call.recording)].packets:
            self._told(each)
        count, self._count = self._count, 0
        return count

    def _told(self, opened: socket.socket) -> int:
        count = self._ask(opened)
        self._count += count
        return count


async def spoken_for(call: Call, packets: int) -> None:
    """Waits until both have sent so many more."""
    numbers = [each.number + packets for each in call.speakers]
    while True:
        if all(each.number >= number for each, number in zip(call.speakers, numbers, strict=True)):
            return
        await asyncio.sleep(0.02)


async def test_in_a_pause_the_kernel_delivers_nothing_at_all(
    packets: Bench, pbx: tuple[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even headers, for however many reasons, until the last of them is lifted; and nothing is shifted by it."""
    delivered = Delivered(monkeypatch)
    call, recorder = await packets.call_to_pbx(0, pbx), packets.recorder
    stop = asyncio.Event()
    speaking = asyncio.create_task(speak_all(list(call.speakers), stop))
    await recorder.open_gate(call.recording, None, NOTE)
    await spoken_for(call, 20)
    assert delivered(packets, call) >= 40
    begun = call.speakers[0].number
    for act in (
        recorder.shut_gate(call.recording, "hold", NOTE),
        recorder.shut_gate(call.recording, "agent", NOTE),
        recorder.open_gate(call.recording, "hold", NOTE),
        recorder.shut_gate(call.recording, "agent", NOTE),
    ):
        await act
        await recorder.figures()  # what a worker does after its answer is done when it answers anew
        delivered(packets, call)
        await spoken_for(call, 10)
        assert delivered(packets, call) == 0
    resuming = call.speakers[0].number
    await recorder.open_gate(call.recording, "agent", NOTE)
    resumed = call.speakers[0].number
    await spoken_for(call, 20)
    assert delivered(packets, call) > 20
    stop.set()
    await speaking
    await recorder.seal(call.recording, NOTE)
    for stream in (0, 1):
        stored = frames(packets, call, stream)
        assert not [number for number in stored if begun + 2 <= number < resuming]
        assert stored[-1] >= call.speakers[stream].number - 2
        assert next(number for number in stored if number >= resuming) <= resumed + 5


async def test_nobody_else_is_heard(packets: Bench, pbx: tuple[str, int]) -> None:
    call = await packets.call_to_pbx(0, pbx)
    stranger = Speaker(SEED, 99, pbx)
    other_leg = Speaker(SEED, 98, (pbx[0], pbx[1] + 8))
    stop = asyncio.Event()
    speaking = asyncio.create_task(speak_all([*call.speakers, stranger, other_leg], stop))
    await record(packets, call)
    stop.set()
    await speaking
    found = packets.read(call)
    for stream in (0, 1):
        assert len(frames(packets, call, stream)) > 80
        for foreign in (stranger, other_leg, call.speakers[1 - stream]):
            assert not found.frames(stream, SEED, foreign.name, foreign.number)


async def test_who_sends_from_a_yet_unknown_address_is_heard_at_the_port_alone(packets: Bench, pbx: tuple[str, int]) -> None:
    call = await packets.call_to_pbx(0, pbx)
    anybody = [MediaSource("0.0.0.0", 0, CODECS, arrives_at=MediaAddress("0.0.0.0", each.to[1])) for each in call.speakers]
    await packets.recorder.aim(call.recording, (anybody[0], anybody[1]))
    others = [Speaker(SEED, 97, (pbx[0], pbx[1] + 8)), Speaker(SEED, 98, (pbx[0], pbx[1] + 4))]
    stop = asyncio.Event()
    speaking = asyncio.create_task(speak_all([*others, *call.speakers], stop))
    await record(packets, call)
    stop.set()
    await speaking
    for stream in (0, 1):
        assert len(frames(packets, call, stream)) > 80


async def test_a_track_changes_between_packets_and_its_own_port(packets: Bench, pbx: tuple[str, int]) -> None:
    """The customer is transferred to somebody whose RTP comes to the recorder itself, and back; the agent stays."""
    call = await packets.call_to_pbx(0, pbx)
    recorder, recording = packets.recorder, call.recording
    mine, theirs = (MediaSource(*speaker.address, CODECS, arrives_at=MediaAddress(*speaker.to)) for speaker in call.speakers)
    held = recorder._held[str(recording)]
    guest = Speaker(SEED, 7, held.pairs[1][0].getsockname())
    stop = asyncio.Event()
    speaking = asyncio.create_task(speak_all([*call.speakers, guest], stop))
    await recorder.open_gate(recording, None, NOTE)
    changes = []
    for source in (theirs, MediaSource(*guest.address, CODECS), NOBODY, theirs):
        asked = call.speakers[1].number
        await recorder.aim(recording, (mine, source))
        changes.append((asked, call.speakers[1].number))
        await have_said(0.6, *call.speakers, guest)
    stop.set()
    await speaking
    await recorder.seal(recording, NOTE)
    found = packets.read(call)
    agent = frames(packets, call, 0)
    assert len(agent) >= call.speakers[0].number - agent[0] - 1
    customer = sorted(found.frames(1, SEED, call.speakers[1].name, call.speakers[1].number))
    guests = sorted(found.frames(1, SEED, guest.name, guest.number))
    _, (to_guest, at_guest), (_, at_nobody), (back, _) = changes
    assert len([number for number in customer if number < to_guest]) > 20
    assert not [number for number in customer if at_guest + 3 < number < back]
    assert len([number for number in customer if number >= back]) > 20
    assert len(guests) > 20
    assert to_guest <= guests[0]
    assert guests[-1] <= at_nobody + 3


async def test_what_the_pbx_has_and_the_recorder_has_not_is_missing_in_the_recording(
    packets: Bench, pbx: tuple[str, int]
) -> None:
    """The agent sends from elsewhere, and is found after a while; the customer's never come again. Both are told, and both are
    gaps of the recording, up to where audio goes on and to the end."""
    call = await packets.call_to_pbx(0, pbx)
    recorder, watch = packets.recorder, packets.recorder.quiet_packets
    doors = [MediaAddress(*speaker.to) for speaker in call.speakers]
    stop, stop_moved = asyncio.Event(), asyncio.Event()
    speaking = asyncio.create_task(speak_all([*call.speakers], stop))
    await recorder.open_gate(call.recording, None, NOTE)
    await have_said(0.7, *call.speakers)
    stop.set()
    await speaking
    moved = Speaker(SEED, 5, call.speakers[0].to)
    moving = asyncio.create_task(speak_all([moved], stop_moved))
    async with asyncio.timeout(PATIENCE_S):
        while not all(map(watch.at, doors)):  # noqa: ASYNC110 -- a look tells nobody
            await asyncio.sleep(0.02)
    for door in doors:
        watch.missed(door, None)
    events = recorder.events()
    for _ in doors:
        told = await asyncio.wait_for(anext(events), PATIENCE_S)
        assert isinstance(told, CaptureSilent)
        assert told.silent_s > PACKETS_QUIET_S
    await packets.aim_at_pbx(call.recording, (moved, call.speakers[1]))
    await have_said(0.7, moved)
    stop_moved.set()
    await moving
    await recorder.seal(call.recording, NOTE)
    found = packets.read(call)
    for stream in (0, 1):
        assert found.unsaid(stream) == []
    before = found.frames(0, SEED, call.speakers[0].name, call.speakers[0].number)
    behind = found.frames(0, SEED, moved.name, moved.number)
    assert min(len(before), len(behind)) > 20
    gaps = {each.stream: each for each in found.manifest.spans if each.kind == "gap" and each.start > 0}
    [[ended], [goes_on]] = before[max(before)], behind[min(behind)]
    assert gaps[0].start == ended + FRAME
    assert goes_on - FRAME <= gaps[0].stop <= goes_on
    assert gaps[1].stop == found.manifest.frames
    assert all(gap.reason == "no_media" for gap in gaps.values())


async def test_packets_wait_in_the_kernel_while_a_worker_is_replaced(packets: Bench, pbx: tuple[str, int]) -> None:
    call = await packets.call_to_pbx(0, pbx)
    stop = asyncio.Event()
    speaking = asyncio.create_task(speak_all(list(call.speakers), stop))
    await packets.recorder.open_gate(call.recording, None, NOTE)
    opened = [speaker.number for speaker in call.speakers]
    await have_said(1.0, *call.speakers)
    (process,) = packets.recorder.process_ids
    assert process is not None
    os.kill(process, signal.SIGKILL)
    restored = await asyncio.wait_for(anext(packets.recorder.events()), 30)
    assert isinstance(restored, CaptureRestored)
    await have_said(1.0, *call.speakers)
    stop.set()
    await speaking
    await packets.recorder.seal(call.recording, NOTE)
    found = packets.read(call)
    for stream, speaker in enumerate(call.speakers):
        # The rest was in the memory of the worker that was killed.
        assert len(found.frames(stream, SEED, speaker.name, speaker.number)) > speaker.number - opened[stream] - 60


async def test_a_recorder_without_packet_sockets_says_so(bench: Bench, pbx: tuple[str, int]) -> None:
    with pytest.raises(Unavailable, match="may not take packets of others"):
        await bench.call_to_pbx(0, pbx)


async def test_only_ipv4(packets: Bench, pbx: tuple[str, int]) -> None:
    call = await packets.call_to_pbx(0, pbx)
    source = MediaSource("2001:db8::7", 4_000, CODECS, arrives_at=MediaAddress("2001:db8::1", 5_000))
    with pytest.raises(Unavailable, match="IPv4 only"):
        await packets.recorder.aim(call.recording, (source, NOBODY))


async def test_a_pause_begins_when_it_is_asked_for_even_if_the_recorder_is_frozen(packets: Bench, pbx: tuple[str, int]) -> None:
    call = await packets.call_to_pbx(0, pbx)
    stop = asyncio.Event()
    speaking = asyncio.create_task(speak_all([*call.speakers], stop))
    await packets.recorder.open_gate(call.recording, None, NOTE)
    await have_said(0.7, *call.speakers)
    (process,) = packets.recorder.process_ids
    assert process
    os.kill(process, signal.SIGSTOP)
    asked = call.speakers[0].number
    pausing = asyncio.create_task(packets.recorder.shut_gate(call.recording, "agent", NOTE))
    await asyncio.sleep(1.0)
    os.kill(process, signal.SIGCONT)
    await pausing
    resumed = call.speakers[0].number
    await packets.recorder.open_gate(call.recording, "agent", NOTE)
    await have_said(0.5, *call.speakers)
    stop.set()
    await speaking
    await packets.recorder.seal(call.recording, NOTE)
    for stream in (0, 1):
        stored = frames(packets, call, stream)
        assert len([number for number in stored if number < asked]) > 20
        assert not [number for number in stored if asked + 2 < number < resumed]
        assert stored[-1] > resumed
