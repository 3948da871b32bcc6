"""Calls whose RTP goes to a PBX on this machine are recorded from the kernel's copy of its packets, under the same gate.

The PBX is a UDP socket that nobody reads. Packet sockets need root or CAP_NET_RAW; without it these tests fail.
"""

import asyncio
import os
import signal
import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from telegraphone.capture.packet_group import PacketGroup
from telegraphone.services.ports import NOBODY, CaptureRestored, MediaAddress, MediaSource, Unavailable
from tests.interop.recorder.conftest import SEED, Bench, Call, open_bench
from tests.interop.recorder.senders import Speaker, speak_all
from tests.interop.recorder.signal import FRAME

NOTE = {"source": "agent"}
CODECS = {0: "PCMU"}
CALLS = 20


@pytest.fixture
def pbx() -> Iterator[tuple[str, int]]:
    """The first of so many even ports in a row at which somebody listens."""
    opened: list[socket.socket] = []
    first = 17_000
    for number in range(2 * CALLS):
        each = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        each.bind(("127.0.0.1", first + 2 * number))
        opened.append(each)
    yield "127.0.0.1", first
    for each in opened:
        each.close()


@pytest.fixture
async def packets(tmp_path: Path) -> AsyncIterator[Bench]:
    async with open_bench(tmp_path, packets=PacketGroup()) as opened:
        yield opened


async def record(bench: Bench, call: Call, seconds: float = 1.0) -> tuple[int, int, int, int]:
    """Records, pauses, resumes and seals; answers the agent's frame numbers when the pause was asked for, when it was
    answered, at the resume and at the end."""
    await bench.recorder.open_gate(call.recording, None, NOTE)
    await asyncio.sleep(seconds)
    asked = call.speakers[0].number
    await bench.recorder.shut_gate(call.recording, "agent", NOTE)
    paused = call.speakers[0].number
    await asyncio.sleep(0.5)
    resumed = call.speakers[0].number
    await bench.recorder.open_gate(call.recording, "agent", NOTE)
    await asyncio.sleep(seconds)
    ended = call.speakers[0].number
    await bench.recorder.seal(call.recording, NOTE)
    return asked, paused, resumed, ended


def frames(bench: Bench, call: Call, stream: int) -> list[int]:
    """Which frames of its speaker a track holds; each is there once and at its place."""
    speaker, found = call.speakers[stream], bench.read(call)
    places = found.frames(stream, SEED, speaker.name, speaker.number)
    assert all(len(each) == 1 for each in places.values())
    assert len({each[0] - number * FRAME for number, each in places.items()}) == 1
    return sorted(places)


async def test_calls_of_a_pbx_are_recorded_and_paused(packets: Bench, pbx: tuple[str, int]) -> None:
    calls = [await packets.call_to_pbx(number, (pbx[0], pbx[1] + 4 * number)) for number in range(CALLS)]
    stop = asyncio.Event()
    speaking = asyncio.create_task(speak_all([each for call in calls for each in call.speakers], stop))
    stories = await asyncio.gather(*(record(packets, call) for call in calls))
    stop.set()
    await speaking
    for call, (asked, paused, resumed, ended) in zip(calls, stories, strict=True):
        for stream in (0, 1):
            stored = frames(packets, call, stream)
            assert not [number for number in stored if paused <= number < resumed]
            before, after = [n for n in stored if n < asked], [n for n in stored if n >= resumed]
            assert len(before) >= asked - before[0] - 1
            assert len(after) >= ended - after[0] - 1
            assert after[0] - resumed <= 5


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
        changes.append(call.speakers[1].number)
        await recorder.aim(recording, (mine, source))
        await asyncio.sleep(0.6)
    stop.set()
    await speaking
    await recorder.seal(recording, NOTE)
    found = packets.read(call)
    agent = frames(packets, call, 0)
    assert len(agent) >= call.speakers[0].number - agent[0] - 1
    customer = sorted(found.frames(1, SEED, call.speakers[1].name, call.speakers[1].number))
    guests = sorted(found.frames(1, SEED, guest.name, guest.number))
    _, to_guest, to_nobody, back = changes
    assert len([number for number in customer if number < to_guest]) > 20
    assert not [number for number in customer if to_guest + 3 < number < back]
    assert len([number for number in customer if number >= back]) > 20
    assert len(guests) > 20
    assert to_guest <= guests[0]
    assert guests[-1] <= to_nobody + 3


async def test_packets_wait_in_the_kernel_while_a_worker_is_replaced(packets: Bench, pbx: tuple[str, int]) -> None:
    call = await packets.call_to_pbx(0, pbx)
    stop = asyncio.Event()
    speaking = asyncio.create_task(speak_all(list(call.speakers), stop))
    await packets.recorder.open_gate(call.recording, None, NOTE)
    await asyncio.sleep(1.0)
    (process,) = packets.recorder.process_ids
    assert process is not None
    os.kill(process, signal.SIGKILL)
    restored = await asyncio.wait_for(anext(packets.recorder.events()), 30)
    assert isinstance(restored, CaptureRestored)
    await asyncio.sleep(1.0)
    stop.set()
    await speaking
    await packets.recorder.seal(call.recording, NOTE)
    found = packets.read(call)
    for stream, speaker in enumerate(call.speakers):
        # The rest was in the memory of the worker that was killed.
        assert len(found.frames(stream, SEED, speaker.name, speaker.number)) > speaker.number - 60


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
    await asyncio.sleep(0.7)
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
    await asyncio.sleep(0.5)
    stop.set()
    await speaking
    await packets.recorder.seal(call.recording, NOTE)
    for stream in (0, 1):
        stored = frames(packets, call, stream)
        assert len([number for number in stored if number < asked]) > 20
        assert not [number for number in stored if asked + 2 < number < resumed]
        assert stored[-1] > resumed
