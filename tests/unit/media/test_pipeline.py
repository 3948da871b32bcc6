"""What becomes of packets: in order or not, lost, doubled, foreign, jumping, paused; and the straight path as the long one."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telegraphone.limits import CODEC_CHANGES_MAX
from telegraphone.media.g711 import CONVERSIONS
from telegraphone.media.timeline import FRAME_NS
from telegraphone.wire.rtp.packet import RtpPacket
from tests.unit.media.intake import CODECS, FRAME, MS, ORIGIN_NS, Intake, packet, voice


def spoken(first: int, last: int) -> bytes:
    return b"".join(voice(n) for n in range(first, last))


def test_a_steady_stream_is_stored_bit_for_bit() -> None:
    intake = Intake()
    intake.speak(0, 100)
    assert intake.end() == spoken(0, 100)
    assert intake.gaps() == []


def test_jitter_and_disorder_move_nothing() -> None:
    chance = random.Random(1)
    intake = Intake()
    intake.speak(0, 10)
    for start in range(10, 200, 5):
        arrivals = [(packet(n), 20.0 * (n + 1) + chance.uniform(0, 50)) for n in range(start, start + 5)]
        intake.feed(*sorted(arrivals, key=lambda each: each[1]))
    assert intake.end() == spoken(0, 200)


def test_the_earliest_of_the_first_packets_anchors_the_track() -> None:
    intake = Intake()
    intake.feed(*((packet(n), 20.0 * (n + 1) + late) for n, late in enumerate((38, 17, 0, 30, 45))))
    assert intake.end() == spoken(0, 5)


@pytest.mark.parametrize("held_up_ms", [100, 400])
def test_the_earliest_of_the_first_audio_anchors_it_though_headers_came_late_before(held_up_ms: int) -> None:
    """What the relay held up before the start, and in the start, displaces nothing: the last of the burst was on time."""
    intake = Intake()
    intake.gate.shut(0)
    intake.feed(*((packet(n, payload=b""), 60.0 + held_up_ms) for n in range(3)))
    intake.gate.open(0, intake.at(60))
    held_up = 3 + held_up_ms // 20
    intake.feed(*((packet(n), max(20.0 * (n + 1), 60 + held_up_ms)) for n in range(3, held_up + 3)))
    assert intake.end() == b"\xff" * 3 * FRAME + spoken(3, held_up + 3)
    assert intake.changes() == []


def test_a_loss_is_filler_and_a_gap() -> None:
    intake = Intake()
    intake.feed(*((packet(n), 20.0 * (n + 1)) for n in (0, 1, 2, 5, 6)))
    intake.speak(7, 20)
    assert intake.end() == spoken(0, 3) + b"\xff" * 320 + spoken(5, 20)
    assert intake.gaps() == [(480, 800, "lost")]
    assert intake.pipeline.counts.lost_frames == 320


def test_silence_without_loss_is_no_gap() -> None:
    intake = Intake()
    intake.speak(0, 10)
    later = [packet(n, sequence_number=(65_530 + n - 40) & 0xFFFF, marker=n == 50) for n in range(50, 60)]
    intake.feed(*((each, 20.0 * (n + 51)) for n, each in enumerate(later)))
    assert intake.end() == spoken(0, 10) + b"\xff" * 40 * FRAME + spoken(50, 60)
    assert intake.gaps() == []


def test_doubles_are_stored_once_and_stragglers_not_at_all() -> None:
    intake = Intake()
    intake.speak(0, 10)
    intake.feed((packet(9), 205), (packet(4), 206), (packet(10), 220), (packet(10), 221))
    assert intake.end() == spoken(0, 11)
    assert intake.pipeline.counts.late_or_double == 3


def test_key_presses_are_silence() -> None:
    intake = Intake()
    intake.speak(0, 10)
    start = packet(10).timestamp
    keys = [packet(n, payload_type=101, timestamp=start, payload=b"\x05\x0a\x00\xa0") for n in range(10, 15)]
    intake.feed(*((each, 20.0 * (n + 11)) for n, each in enumerate(keys)))
    intake.speak(15, 25)
    assert intake.end() == spoken(0, 10) + b"\xff" * 5 * FRAME + spoken(15, 25)
    assert intake.gaps() == []


def test_a_sender_who_changes_the_codec_with_every_packet_gets_no_file_for_each() -> None:
    """As it comes until that has become a habit; then converted, until the file is a second old."""
    intake = Intake()
    quick, second = CODEC_CHANGES_MAX + 1, 50
    intake.speak(0, 400, lambda n: packet(n, payload_type=8 * (n % 2)))
    codecs = [codec for codec, _ in intake.epochs]
    assert codecs[:quick] == ["PCMU", "PCMA"] * 8 + ["PCMU"]
    assert [first for _, first in intake.epochs[:quick]] == [n * FRAME for n in range(quick)]
    assert len(codecs) == quick + (400 - quick) // second
    converted = packet(400, payload_type=0 if codecs[-1] == "PCMA" else 8)
    intake.feed((converted, 20.0 * 401))
    assert not intake.pipeline.foretold, "what is stored otherwise than it comes cannot be copied as it comes"
    stored = intake.end()
    for (codec, first), last in zip(intake.epochs, [*(each for _, each in intake.epochs[1:]), 401 * FRAME], strict=True):
        came = [("PCMU", "PCMA")[n % 2] for n in range(first // FRAME, last // FRAME)]
        heard = [voice(n) for n in range(first // FRAME, last // FRAME)]
        expected = [each if law == codec else CONVERSIONS[law, codec](each) for law, each in zip(came, heard, strict=True)]
        assert stored[first:last] == b"".join(expected)


@pytest.mark.parametrize(
    "foreign",
    [{"ssrc": 8}, {"payload_type": 9}, {"ssrc": 8, "payload_type": 9}, {"sequence_number": 20_000}],
    ids=["ssrc", "payload type", "both", "sequence"],
)
def test_strangers_are_not_heard(foreign: dict[str, int]) -> None:
    intake = Intake()
    intake.speak(0, 10)
    for n in range(10, 60):
        intruder = packet(n, payload=b"\x42" * FRAME, **foreign)
        intake.feed((intruder, 20.0 * n + 5), (packet(n), 20.0 * (n + 1)), (intruder, 20.0 * (n + 1) + 5))
        if "sequence_number" in foreign:
            foreign["sequence_number"] += 2
    assert intake.end() == spoken(0, 60)
    assert intake.pipeline.counts.foreign == 100


def test_another_source_takes_over_after_a_second_of_silence() -> None:
    intake = Intake()
    intake.speak(0, 10)
    other = [packet(n, ssrc=99, sequence_number=(n * 3 // 3 + 400) & 0xFFFF, timestamp=5 + n * FRAME) for n in range(100, 110)]
    intake.feed(*((each, 20.0 * (n + 61)) for n, each in enumerate(other)))
    assert intake.end() == spoken(0, 10) + b"\xff" * 50 * FRAME + spoken(100, 110)
    assert intake.changes() == ["another source"]


def test_another_source_takes_over_at_once_after_a_new_aim_but_not_a_third() -> None:
    intake = Intake()
    intake.speak(0, 10)
    intake.pipeline.aim({0: "PCMU"}, None)
    intake.speak(10, 20, lambda n: packet(n, ssrc=99))
    intake.speak(20, 30, lambda n: packet(n, ssrc=98, payload=b"\x42" * FRAME))
    assert intake.end() == spoken(0, 20)


@pytest.mark.parametrize("steady", [True, False])
def test_what_a_source_skips_that_never_pauses_is_missing(steady: bool) -> None:
    """The numbers go on and the timestamps jump: of a phone that is silence, of a tap the time for which it stood still."""
    intake = Intake()
    intake.pipeline.aim({0: "PCMU"}, None, steady=steady)
    intake.speak(0, 10)
    intake.speak(110, 120, lambda n: packet(n, sequence_number=(65_530 + n - 100) & 0xFFFF))
    assert intake.end() == spoken(0, 10) + b"\xff" * 100 * FRAME + spoken(110, 120)
    assert intake.gaps() == ([(10 * FRAME, 110 * FRAME, "no_media")] if steady else [])


def test_a_signalled_source_is_never_replaced() -> None:
    intake = Intake()
    intake.pipeline.aim({0: "PCMU"}, 7)
    intake.speak(0, 5, lambda n: packet(n, ssrc=8))
    intake.speak(5, 10)
    intake.feed((packet(200, ssrc=8), 4000.0), (packet(201, ssrc=8), 4020.0))
    assert intake.end() == b"\xff" * 5 * FRAME + spoken(5, 10)


def test_a_timestamp_jump_is_placed_by_arrival() -> None:
    intake = Intake()
    intake.speak(0, 10)
    for jump in (1 << 20, -5_000):
        intake = Intake()
        intake.speak(0, 10)
        intake.speak(10, 20, lambda n, jump=jump: packet(n, timestamp=(packet(n).timestamp + jump) & 0xFFFFFFFF))
        assert intake.end() == spoken(0, 20), jump
        assert intake.changes() == ["timestamps have jumped"]


def test_a_sequence_reset_costs_one_packet() -> None:
    intake = Intake()
    intake.speak(0, 10)
    intake.speak(10, 20, lambda n: packet(n, sequence_number=n + 9_000))
    heard = intake.end()
    assert heard[: 10 * FRAME] == spoken(0, 10)
    assert heard.endswith(spoken(11, 20))
    assert len(heard) == 20 * FRAME


def test_another_packet_length_and_another_codec() -> None:
    intake = Intake()
    intake.speak(0, 10)
    halves = []
    for n in range(20):
        stamp = (packet(10).timestamp + 80 * n) & 0xFFFFFFFF
        halves.append(packet(0, sequence_number=(65_540 + n) & 0xFFFF, timestamp=stamp, payload=voice(500 + n, 80)))
    intake.feed(*((each, 210.0 + 10 * n) for n, each in enumerate(halves)))
    expected = spoken(0, 10) + b"".join(voice(500 + n, 80) for n in range(20))
    law = [packet(n, sequence_number=(65_550 + n) & 0xFFFF, payload_type=8) for n in range(20, 30)]
    intake.feed(*((each, 20.0 * (n + 21)) for n, each in enumerate(law)))
    assert intake.end() == expected + spoken(20, 30)
    assert intake.epochs == [("PCMU", 0), ("PCMA", 20 * FRAME)]


def test_nothing_is_stored_while_the_gate_is_shut_nor_late_from_then() -> None:
    intake = Intake()
    intake.speak(0, 10)
    intake.gate.shut(10 * FRAME)
    for n in range(10, 20):
        cut = packet(n, payload=b"")
        intake.feed((cut, 20.0 * (n + 1)))
    intake.pipeline.leave_run()
    intake.gate.open(23 * FRAME, ORIGIN_NS + 420 * MS)
    late = packet(19, sequence_number=packet(20).sequence_number)
    intake.feed((late, 425.0))
    intake.speak(21, 40)
    assert intake.end() == spoken(0, 10) + b"\xff" * 13 * FRAME + spoken(23, 40)
    assert intake.gaps() == []


def test_what_was_received_before_the_gate_opened_is_a_breach() -> None:
    intake = Intake()
    intake.gate.shut(0)
    intake.gate.open(0, ORIGIN_NS + 100 * MS)
    intake.speak(0, 10)
    assert intake.end() == b"\xff" * 4 * FRAME + spoken(4, 10)
    assert intake.pipeline.counts.breaches == 4


def test_audio_that_came_cut_while_the_gate_was_open_is_a_gap() -> None:
    intake = Intake()
    intake.speak(0, 10)
    intake.speak(10, 14, lambda n: packet(n, payload=b""))
    intake.speak(14, 20)
    assert intake.end() == spoken(0, 10) + b"\xff" * 4 * FRAME + spoken(14, 20)
    assert intake.gaps() == [(10 * FRAME, 14 * FRAME, "cut")]


def headers_and_audio(packets: list[RtpPacket]) -> tuple[bytes, memoryview]:
    data = [each.to_bytes() for each in packets]
    return b"".join(each[:12] for each in data), memoryview(b"".join(each[12:] for each in data))


@settings(max_examples=60)
@given(st.lists(st.sampled_from(["5", "1", "lost", "double", "foreign", "shut", "open", "swap"]), max_size=40), st.integers(0, 9))
def test_the_straight_path_stores_what_the_long_way_stores(plan: list[str], offset: int) -> None:
    straight, long = Intake(), Intake()
    number = offset
    shut = False
    taken = 0
    for step in plan:
        for intake in (straight, long):
            position = intake.pipeline.timeline.position_at(intake.at(20.0 * number))
            if step == "shut":
                intake.pipeline.flush()
                intake.gate.shut(max(position, intake.pipeline.track.head))
            elif step == "open":
                intake.pipeline.flush()
                intake.gate.open(position, intake.at(20.0 * number))
        shut = {"shut": True, "open": False}.get(step, shut)
        count = int(step) if step.isdigit() else 3
        batch = [packet(n, **({"payload": b""} if shut else {})) for n in range(number, number + count)]
        number += count
        if step == "lost":
            del batch[1]
        elif step == "double":
            batch.insert(1, batch[0])
        elif step == "foreign":
            batch.insert(1, packet(number, ssrc=1, payload=b"\x42" * FRAME))
        elif step == "swap":
            batch[0], batch[1] = batch[1], batch[0]
        arrivals = [(each, 20.0 * number + index) for index, each in enumerate(batch)]
        long.feed(*arrivals)
        times = [straight.at(ms) for _, ms in arrivals]
        headers, audio = headers_and_audio(batch)
        if shut:
            done = straight.pipeline.receive_cut_run(headers, times[-1])
        else:
            done = all(len(each.payload) == FRAME for each in batch) and straight.pipeline.receive_run(
                headers, audio, times[0], times[-1]
            )
        taken += done
        if not done:
            straight.feed(*arrivals)
    end = straight.pipeline.timeline.position_at(straight.at(20.0 * number + 100))
    assert straight.end(end) == long.end(end)
    assert straight.gaps() == long.gaps()
    assert straight.pipeline.counts == long.pipeline.counts


def test_a_steady_stream_does_go_straight() -> None:
    intake = Intake()
    intake.speak(0, 10)
    headers, audio = headers_and_audio([packet(n) for n in range(10, 15)])
    assert intake.pipeline.receive_run(headers, audio, intake.at(220), intake.at(300))
    assert not intake.pipeline.receive_run(headers, audio, intake.at(220), intake.at(300)), "once"
    intake.speak(15, 20)
    assert intake.end() == spoken(0, 20)


def test_silence_behind_a_straight_run_is_no_gap() -> None:
    intake = Intake()
    intake.speak(0, 10)
    headers, audio = headers_and_audio([packet(n) for n in range(10, 15)])
    assert intake.pipeline.receive_run(headers, audio, intake.at(220), intake.at(300))
    quiet = [packet(n, sequence_number=(65_530 + n - 10) & 0xFFFF) for n in range(25, 30)]
    intake.feed(*((each, 20.0 * (n + 26)) for n, each in enumerate(quiet)))
    assert intake.end() == spoken(0, 15) + b"\xff" * 10 * FRAME + spoken(25, 30)
    assert intake.gaps() == []


def test_the_straight_path_keeps_to_the_gate() -> None:
    intake = Intake()
    intake.speak(0, 10)
    intake.gate.shut(10 * FRAME)
    headers, audio = headers_and_audio([packet(n) for n in range(10, 15)])
    assert not intake.pipeline.receive_run(headers, audio, intake.at(220), intake.at(300))
    assert intake.end() == spoken(0, 10)


def test_what_a_network_held_up_over_a_pause_does_not_run_straight_into_it() -> None:
    """Said before the pause it may be kept, whenever it comes; said in the pause it may not, though its turn is next."""
    intake = Intake()
    intake.speak(0, 10)
    intake.pipeline.flush()
    intake.gate.shut(20 * FRAME)
    intake.gate.open(30 * FRAME, intake.at(620))
    intake.feed(*((packet(n), 630.0) for n in range(10, 15)))
    headers, audio = headers_and_audio([packet(n) for n in range(15, 25)])
    assert not intake.pipeline.receive_run(headers, audio, intake.at(640), intake.at(650))
    intake.feed(*((packet(n), 650.0) for n in range(15, 32)))
    headers, audio = headers_and_audio([packet(n) for n in range(32, 37)])
    assert intake.pipeline.receive_run(headers, audio, intake.at(660), intake.at(740)), "behind the pause it may"
    assert intake.end() == spoken(0, 20) + b"\xff" * 10 * FRAME + spoken(30, 37)


def test_frames_are_as_long_as_the_clock_says() -> None:
    assert FRAME_NS * 8_000 == 1_000_000_000


@pytest.mark.parametrize("unheard", [20, 4_000, 70_000])
def test_what_was_sent_while_nothing_was_delivered_is_no_loss_and_shifts_nothing(unheard: int) -> None:
    """Behind a pause of any length, even past the end of the sequence numbers, timestamps place the audio at once."""
    intake = Intake()
    intake.speak(0, 50)
    intake.gate.shut(50 * FRAME)
    intake.pipeline.flush(interrupted=True)
    back = 50 + unheard
    intake.gate.open(back * FRAME, intake.at(20 * back))
    intake.speak(back, back + 50)
    sound = intake.end()
    assert (sound[: 50 * FRAME], sound[back * FRAME :]) == (spoken(0, 50), spoken(back, back + 50))
    assert (intake.gaps(), intake.changes()) == ([], [])


@pytest.mark.parametrize("stood_still", [0, 100], ids=["its clock goes on", "its clock stands still"])
@pytest.mark.parametrize("sent_meanwhile", [0, 3, 4_000])
def test_what_comes_after_a_hold_follows_upon_nothing(sent_meanwhile: int, stood_still: int) -> None:
    """Neither what was sent meanwhile nor a clock that stood still makes a loss of it, or moves what comes then."""
    intake = Intake()
    intake.speak(0, 50)
    intake.pipeline.flush(interrupted=True)
    intake.pipeline.timeline.forget()

    def retrieved(n: int) -> RtpPacket:
        number = (65_530 + n - 100 + sent_meanwhile) & 0xFFFF
        return packet(n, sequence_number=number, timestamp=(0xFFFF_F000 + (n - stood_still) * FRAME) & 0xFFFFFFFF)

    intake.pipeline.aim(CODECS, None)
    intake.speak(150, 200, retrieved)
    assert intake.end() == spoken(0, 50) + b"\xff" * 100 * FRAME + spoken(150, 200)
    assert (intake.gaps(), intake.changes()) == ([], [])


def test_another_codec_is_noted_once_and_key_presses_are_none() -> None:
    intake = Intake()
    intake.speak(0, 60)
    intake.speak(60, 120, lambda n: packet(n, payload_type=8))
    intake.speak(120, 125, lambda n: packet(n, payload_type=101, payload=b"\x05\x0a\x00\xa0"))
    intake.speak(125, 130, lambda n: packet(n, payload_type=8))
    assert intake.codecs() == ["PCMA"]
