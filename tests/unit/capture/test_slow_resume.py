"""A disk that takes longer than the guard of a resume: what is said meanwhile is not kept, and the recording says so (REC-6)."""

from dataclasses import replace

import pytest

from telegraphone.capture import sockets
from telegraphone.capture.control import OpenGate, Seal, ShutGate
from telegraphone.limits import OPERATIONS_WAITING_MAX
from telegraphone.media.journal import Gap, GateOpened
from telegraphone.wire.rtp.packet import RtpPacket
from tests.unit.capture.test_before_start import GUARD_MS, LASTS_MS, PACKETS, KernelLane, Stage, arrivals, on_one_timeline
from tests.unit.media.intake import FRAME

PAUSED_MS, RESUMED_MS = 600, 1_210


def resumed(disk_ms: int, *, others: bool = False, quiet: range = range(0)) -> Stage:
    """A recording that was paused and resumed; `others` when packets to somebody else are copied, `quiet` those never sent."""
    coming = with_silence(quiet)
    stage = Stage(0.0, 10)
    for lane in stage.lanes:
        lane.is_others = others
    stage.tap.perform(OpenGate(1, "recording", None, {}), lambda _: None)
    for at, command in (
        (PAUSED_MS, ShutGate(1, "recording", "agent", {}, 0)),
        (RESUMED_MS, OpenGate(1, "recording", "agent", {})),
        (LASTS_MS, Seal(1, "recording", {})),
    ):
        stage.until(at, coming)
        stage.disk_ms = disk_ms if at == RESUMED_MS else 10
        stage.tap.perform(command, lambda _: None)
    stage.until(LASTS_MS + 12, [])
    return stage


def with_silence(quiet: range) -> list[tuple[int, int, RtpPacket]]:
    """Nothing is sent while both parties are silent: sequence numbers go on where they were, timestamps count it."""
    packets = []
    for at, stream, packet in arrivals([[0]]):
        number = int(packet.payload[1:7])
        behind = len(quiet) if number >= quiet.stop else 0
        if number not in quiet:
            packets.append((at, stream, replace(packet, sequence_number=(packet.sequence_number - behind) & 0xFFFF)))
    return packets


@pytest.fixture(autouse=True)
def kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    def deliver_nothing(lane: KernelLane) -> None:
        lane.filter = "nothing"

    monkeypatch.setattr(sockets, "deliver_nothing", deliver_nothing)
    monkeypatch.setattr(KernelLane, "rtp", property(lambda lane: lane), raising=False)


def gaps(stage: Stage) -> list[Gap]:
    return [each for each in stage.records if isinstance(each, Gap)]


@pytest.mark.parametrize("others", [False, True], ids=["sent to us", "copied"])
@pytest.mark.parametrize("disk_ms", [10, 59, 79, 95, 250, 700])
def test_what_is_said_before_a_late_opening_is_kept_or_listed(disk_ms: int, *, others: bool) -> None:
    stage = resumed(disk_ms, others=others)
    [opened] = [each for each in stage.records if isinstance(each, GateOpened)]
    begins, known = opened.position, gaps(stage)
    assert {gap.reason for gap in known} == ({"no_media"} if disk_ms > GUARD_MS else set())
    for stream, found in enumerate(on_one_timeline(stage)):
        [offset] = {place - number * FRAME for number, [place] in found.items()}
        listed = {frame for gap in known if gap.stream == stream for frame in range(gap.start, gap.stop)}
        stored = {frame for place in found.values() for frame in range(place[0], place[0] + FRAME)}
        assert not listed & stored, "what is listed as missing is missing"
        # A packet is kept from its beginning on or not at all.
        due = range(begins, (PACKETS - 1) * FRAME + offset)
        missing = [frame for frame in due if frame not in stored and frame not in listed]
        assert len(missing) < FRAME, "one packet that began before the opening"


@pytest.mark.parametrize("disk_ms", [250, 700])
def test_who_said_nothing_before_a_late_opening_misses_nothing(disk_ms: int) -> None:
    assert gaps(resumed(disk_ms, quiet=range(60, 100))) == []


def test_what_is_missing_ends_where_the_gate_opens_however_long_nothing_comes_then() -> None:
    known = gaps(resumed(250, quiet=range(72, 100)))
    assert [(gap.stream, gap.start, gap.stop) for gap in known] == [
        (stream, (RESUMED_MS + GUARD_MS) * 8, (RESUMED_MS + 250) * 8) for stream in (0, 1)
    ]


def test_the_end_waits_for_its_turn_however_many_operations_wait_already() -> None:
    """Were it refused, its sockets would be lent to another recording while the operations that wait still turn their filters."""
    stage, refused, ended = Stage(0.0, 250), list[object](), list[object]()
    stage.tap.perform(OpenGate(1, "recording", None, {}), lambda _: None)
    for number in range(OPERATIONS_WAITING_MAX + 3):
        stage.tap.perform(ShutGate(number, "recording", f"reason {number}", {}, 0), refused.append)
    assert refused == ["too many operations are waiting"] * 3
    stage.tap.perform(Seal(99, "recording", {}), ended.append)
    assert ended == []
    stage.until((OPERATIONS_WAITING_MAX + 3) * 250, [])
    assert ended == [None]
