"""Forked audio on a bad network and under attack, to a whole server: faults F19, F20, F21 and F24, heard in the recordings.

All faults are played at once, each to a call of its own: none may disturb another.
"""

import asyncio
import json
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from telegraphone.media.journal import Record
from telegraphone.wire.rtp.packet import RtpPacket
from telegraphone.wire.sdp import PCMA, PCMU, Codec, Direction
from tests.interop.recorder.signal import payload
from tests.interop.recorder.test_decoding import PITCH, coded
from tests.interop.siprec.marked_calls import (
    FRAME,
    FRAME_S,
    MU,
    SPOKEN,
    A,
    Call,
    aligned,
    call,
    journal,
    lies_exactly,
    lost,
    notes,
    offered_call,
    paced,
    parties_of,
    track_of,
)
from tests.interop.siprec.test_plain_calls import near, pitch, recorder, recordings, tracks, until
from tests.interop.system import System
from tests.seeds import chance

FLOOD = """
import socket, sys, time
targets = [("127.0.0.1", int(each)) for each in sys.argv[1:]]
sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
packet, sent, ends = bytes([128, 0]) + bytes(170), 0, time.monotonic() + 2.5
while time.monotonic() < ends:
    for target in targets:
        sender.sendto(packet, target)
        sent += 1
print(sent)
"""


async def f19_loss_reordering_and_doubles(bad: Call) -> None:
    """Groups of three frames leave together in any order, one packet in ten is lost and one in ten comes twice."""
    luck = chance(19)

    def send(first: int) -> None:
        group = [number for number in range(first, first + 3) if luck.random() > 0.1]
        group += [number for number in group if luck.random() < 0.1]
        for number in luck.sample(group, len(group)):
            bad.send(RtpPacket(0, 65_500 + number & 0xFFFF, FRAME * number, 19, bad.frame(number)), number)

    await paced(3, send)


async def f20_everything_changes(changing: Call) -> dict[int, float]:
    """Sequence number and timestamp wrap; then another SSRC after a new description, longer packets, another of the codings
    that were offered, and a timestamp that jumps: 36 frames each. Answers for the first frame of each of the three parts when
    it began."""

    def steady(ssrc: int, kind: int, first: int, sequence: int, timestamp: int) -> Callable[[int], None]:
        def send(n: int) -> None:
            at = timestamp + n * FRAME & 0xFFFFFFFF
            changing.send(RtpPacket(kind, sequence + n & 0xFFFF, at, ssrc, changing.frame(first + n)), first + n)

        return send

    def longer(n: int) -> None:
        frames = range(72 + n, 72 + n + 3)
        data = b"".join(changing.frame(each) for each in frames)
        changing.send(RtpPacket(8, 36 + n // 3, 777 + (36 + n) * FRAME, 2, data), *frames)

    first = await paced(1, steady(1, 8, 0, 65_520, (1 << 32) - 20 * FRAME), 36)
    await changing.fork.change(media=changing.fork.with_direction(Direction.SENDONLY))
    second = await paced(1, steady(2, 8, 36, 0, 777), 36)
    await paced(3, longer, 36)
    await paced(1, steady(2, 0, 108, 48, 777 + 72 * FRAME), 36)
    return {0: first, 36: second, 144: await paced(1, steady(2, 0, 144, 84, 777 + 5_000_000), 36)}


PAUSES = {range(30): 0, range(61, 90): 29, range(110, 140): 30}
"""Frames that are not sent, and how far the sequence numbers stay behind for it; the first packet is number 30 itself."""


async def f20_nothing_at_times(quiet: Call) -> None:
    """Nothing comes at first; then a sender suppresses silence twice, once after comfort noise and once without a word."""

    def send(number: int) -> None:
        if any(number in pause for pause in PAUSES):
            return
        sequence = number - sum(behind for pause, behind in PAUSES.items() if number > pause[-1])
        if number == 60:
            quiet.mouth.send_raw(RtpPacket(13, sequence, FRAME * number, 20, b"\x40").to_bytes(), quiet.to)
        else:
            quiet.send(RtpPacket(0, sequence, FRAME * number, 20, quiet.frame(number)), number)

    await paced(1, send)


HELD, RETRIEVED = 60, 110


async def f20_held(held: Call) -> dict[int, float]:
    """The call is held and retrieved; its sender goes on all the time, and counts its frames of the hold by number but not by
    time. Answers for the first frames before and after when they began."""

    def send(first: int, behind: int) -> Callable[[int], None]:
        def one(n: int) -> None:
            number = first + n
            held.send(RtpPacket(0, number, FRAME * (number - behind), 25, held.frame(number)), number)

        return one

    begun = {0: await paced(1, send(0, 0), HELD)}
    await held.fork.change(media=held.fork.with_direction(Direction.INACTIVE))
    await paced(1, send(HELD, 0), RETRIEVED - HELD)
    await held.fork.change(media=held.fork.with_direction(Direction.SENDONLY))
    begun[RETRIEVED] = await paced(1, send(RETRIEVED, RETRIEVED - HELD), SPOKEN - RETRIEVED)
    return begun


OPUS = Codec("opus", 48000, 96, channels=2)


async def f20_another_clock(resampled: Call) -> dict[int, float]:
    """In the middle of the call another of the codings that were offered is sent, whose timestamps count otherwise, and then
    the first again. Answers for the first frames of each when they began."""
    third, sounds = SPOKEN // 3, coded("opus")

    def marked(first: int, timestamp: int) -> Callable[[int], None]:
        def send(n: int) -> None:
            number = first + n
            resampled.send(RtpPacket(0, number, timestamp + n * FRAME, 26, resampled.frame(number)), number)

        return send

    def sounding(n: int) -> None:
        packet = RtpPacket(96, third + n, third * FRAME + 6 * FRAME * n, 26, sounds[n])
        resampled.mouth.send_raw(packet.to_bytes(), resampled.to)

    first = await paced(1, marked(0, 0), third)
    await paced(1, sounding, third)
    return {0: first, 2 * third: await paced(1, marked(2 * third, 7 * third * FRAME), third)}


ANSWERED = 60


async def f20_before_the_answer(early: Call) -> None:
    """The recorder has made the offer, and its client sends before it answers that."""

    def send(first: int) -> Callable[[int], None]:
        return lambda n: early.send(RtpPacket(0, first + n, FRAME * (first + n), 27, early.frame(first + n)), first + n)

    await paced(1, send(0), ANSWERED)
    early.fork.client.sip.acknowledge(early.fork.dialog, early.fork.ours.serialize())
    await early.fork.change("UPDATE", snapshot=parties_of(early.number)[1])
    await paced(1, send(ANSWERED), SPOKEN - ANSWERED)


async def f21_strangers(attacked: Call) -> None:
    """Beside each frame come some of a stranger's: from another port, and from the right one under another SSRC."""
    stranger = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    foreign = payload(b"a stranger", 0, 0)

    def send(number: int) -> None:
        for _ in range(3):
            stranger.sendto(RtpPacket(0, number, FRAME * number, 21, foreign).to_bytes(), attacked.to)
        attacked.send(RtpPacket(0, number, FRAME * number, 21, attacked.frame(number)), number)
        for ssrc in (22, 23):
            attacked.mouth.send_raw(RtpPacket(0, number, FRAME * number, ssrc, foreign).to_bytes(), attacked.to)

    with stranger:
        await paced(1, send)


async def f24_a_flood(flooded: Call) -> int:
    """As many packets as one process can send to a port that records and to one that waits; how many those were."""
    ports = [media.port for media in flooded.fork.answer.media]
    flood = await asyncio.create_subprocess_exec(sys.executable, "-c", FLOOD, *map(str, ports), stdout=asyncio.subprocess.PIPE)
    await paced(1, lambda n: flooded.send(RtpPacket(0, n, FRAME * n, 24, flooded.frame(n)), n))
    output, _ = await flood.communicate()
    return int(output)


def check_f19(bad: Call, track: NDArray[np.int16]) -> None:
    """What arrived is kept once and in its place; a loss is silence of its own length."""
    found = bad.heard(track)
    assert found.keys() == bad.sent.keys()
    assert 0 < SPOKEN - len(found) < SPOKEN // 4
    assert lies_exactly(found)
    for number in set(range(min(found), max(found))) - found.keys():
        begin = found[min(found)] + (number - min(found)) * FRAME
        assert not track[begin : begin + FRAME].any()


def check_f20(changing: Call, begun: dict[int, float], track: NDArray[np.int16], records: list[Record]) -> None:
    """Nothing is lost at any change, and every part lies where it was said, within 20 ms."""
    found = changing.heard(track, MU, A)
    # A new SSRC is believed when the recorder knows of the new description, which takes it a moment.
    believed = next(number for number in range(36, 72) if number in found)
    assert found.keys() == changing.sent.keys() - range(36, believed)
    parts = {0: range(36), 36: range(believed, 144), 144: range(144, SPOKEN)}
    aligned(changing, found, begun, parts)
    assert notes(records, 1) == ["another source", "PCMU", "timestamps have jumped"]


def check_f20_held(held: Call, begun: dict[int, float], resource: dict[str, Any], track: NDArray[np.int16]) -> None:
    """The hold is silence of its own length, what was sent in it was not to be heard, and neither is a loss."""
    found = held.heard(track)
    # The recorder learns of a new description a moment after its client is answered.
    silent = next(number for number in range(HELD, RETRIEVED) if number not in found)
    heard = next(number for number in range(RETRIEVED, SPOKEN) if number in found)
    assert found.keys() == {*range(silent), *range(heard, SPOKEN)}
    aligned(held, found, begun, {0: range(silent), RETRIEVED: range(heard, SPOKEN)})
    assert not track[found[silent - 1] + FRAME : found[heard]].any()
    assert lost(resource) == []


def check_f20_clock(
    resampled: Call, begun: dict[int, float], resource: dict[str, Any], track: NDArray[np.int16], records: list[Record]
) -> None:
    """All three parts are there, each as it was sent and where. A clock that begins anew is set by when its first frame
    came: where that of the second came late, its last may lie on the first of the third."""
    found, third = resampled.heard(track), SPOKEN // 3
    again = next(number for number in (2 * third, 2 * third + 1) if number in found)
    assert found.keys() == resampled.sent.keys() - {*range(2 * third, again)}
    begun = {0: begun[0], again: begun[2 * third] + (again - 2 * third) * FRAME_S}
    aligned(resampled, found, begun, {0: range(third), again: range(again, SPOKEN)})
    between = track[found[third - 1] + FRAME : found[again]]
    loud = [np.abs(between[at : at + FRAME].astype(np.int32)).max() > 1_000 for at in range(0, len(between) - FRAME, FRAME)]
    assert loud.count(True) >= third - 3, loud
    assert near(pitch(between, 0.3), PITCH)
    assert lost(resource) == []
    assert [each for each in notes(records, 1) if each in ("L16", "PCMU")] == ["L16", "PCMU"]


async def check_f20_early(early: Call, system: System) -> None:
    """Before its answer nobody knows who the client is; from then on all of it is there."""
    [resource] = await until(lambda: recordings(system, callerPhoneNumber=early.caller))
    # The sides were given out before anybody was known to be the agent.
    found = max(map(early.heard, await tracks(system, resource)), key=len)
    first = min(found)
    assert first >= ANSWERED
    assert found.keys() == set(range(first, SPOKEN))
    assert lies_exactly(found)
    assert lost(resource) == []


def check_f20_silence(quiet: Call, resource: dict[str, Any], track: NDArray[np.int16]) -> None:
    """What was left out is silence of its own length and no loss, and the rest lies around it where it belongs."""
    found = quiet.heard(track)
    assert found.keys() == quiet.sent.keys() == {*range(30, 60), *range(90, 110), *range(140, SPOKEN)}
    assert lies_exactly(found)
    for last, following in ((59, 90), (109, 140)):
        assert not track[found[last] + FRAME : found[following]].any()
    assert lost(resource) == []


def check_f21(attacked: Call, track: NDArray[np.int16]) -> None:
    """Every true frame, and no other."""
    found = attacked.heard(track)
    assert found.keys() == attacked.sent.keys()
    assert lies_exactly(found)
    foreign = MU[np.frombuffer(payload(b"a stranger", 0, 0)[:32], np.uint8)].astype("<i2").tobytes()
    assert foreign not in track.astype("<i2").tobytes()


def check_f24(flooded: Call, resource: dict[str, Any], track: NDArray[np.int16]) -> None:
    """Not even the flooded call loses anything."""
    found = flooded.heard(track)
    assert found.keys() == flooded.sent.keys()
    assert lies_exactly(found)
    assert lost(resource) == []


async def test_f19_f20_f21_and_f24(tmp_path: Path) -> None:
    async with recorder(tmp_path) as (system, client):
        bad, attacked, flooded = [await call(client, number) for number in range(3)]
        changing = await call(client, 3, PCMA, PCMU)
        quiet, held = await call(client, 4), await call(client, 5)
        resampled = await call(client, 6, PCMU, OPUS)
        early = await offered_call(client, 7)
        await asyncio.sleep(0.5)
        begun, held_begun, clock_begun, flood, *_ = await asyncio.gather(
            f20_everything_changes(changing),
            f20_held(held),
            f20_another_clock(resampled),
            f24_a_flood(flooded),
            f20_before_the_answer(early),
            f20_nothing_at_times(quiet),
            f19_loss_reordering_and_doubles(bad),
            f21_strangers(attacked),
        )
        await asyncio.sleep(0.3)
        for each in (bad, attacked, flooded, changing, quiet, held, resampled, early):
            await each.fork.hang_up()
        assert flood > 20_000
        check_f19(bad, (await track_of(system, bad))[1])
        resource, track = await track_of(system, changing)
        check_f20(changing, begun, track, journal(system, resource))
        check_f20_silence(quiet, *await track_of(system, quiet))
        check_f20_held(held, held_begun, *await track_of(system, held))
        resource, track = await track_of(system, resampled)
        check_f20_clock(resampled, clock_begun, resource, track, journal(system, resource))
        await check_f20_early(early, system)
        check_f21(attacked, (await track_of(system, attacked))[1])
        check_f24(flooded, *await track_of(system, flooded))
        # One call has really lost much, and nobody ever heard the other party of any.
        told = {"much of its recording was lost", "one party was never heard"}
        errors = [event for event in map(json.loads, system.log.splitlines()) if event["level"] == "error"]
        assert [event for event in errors if event.get("problem") not in told] == [], system.log
