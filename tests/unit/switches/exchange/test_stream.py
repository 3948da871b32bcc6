"""One stream to a phone through every change of what it is sent: one SSRC, numbers that run on, timestamps by the clock."""

from telegraphone.switches.exchange.stream import OutStream
from telegraphone.wire.rtp.packet import RtpPacket, read_packet

FRAME_S = 0.02
PAYLOAD = b"\x11" * 160


def begun(sequence_number: int = 65_534, timestamp: int = (1 << 32) - 320) -> OutStream:
    """Near the end of both counters, so that every test wraps them."""
    packet = RtpPacket(0, sequence_number, timestamp, 0xABCD, PAYLOAD)
    return OutStream.continuing(packet.to_bytes()[:12], 100.0)


def theirs(number: int, ssrc: int = 1, timestamp: int = 0) -> RtpPacket:
    return RtpPacket(0, (1_000 + number) & 0xFFFF, 5_000 + timestamp + 160 * number, ssrc, PAYLOAD)


def numbers(packets: list[bytes]) -> list[tuple[int, int]]:
    """Sequence numbers and timestamps, counted from the first."""
    read = [read_packet(each) for each in packets]
    assert {each.ssrc for each in read} == {0xABCD}
    first = read[0]
    return [
        ((each.sequence_number - first.sequence_number) & 0xFFFF, (each.timestamp - first.timestamp) & 0xFFFFFFFF)
        for each in read
    ]


def test_what_we_make_follows_what_was_passed() -> None:
    stream = begun()
    packets = [stream.made(0, PAYLOAD, 100.0 + FRAME_S * (1 + each)) for each in range(5)]
    assert numbers(packets) == [(each, 160 * each) for each in range(5)]
    first = read_packet(packets[0])
    assert (first.sequence_number, first.timestamp) == (65_535, (1 << 32) - 160)


def test_a_pause_of_the_clock_is_a_gap_in_time_and_not_in_number() -> None:
    stream = begun()
    packets = [stream.made(0, PAYLOAD, 100.0 + at) for at in (0.02, 0.04, 1.04)]
    assert numbers(packets) == [(0, 0), (1, 160), (2, 160 + 8_000)]


def test_passed_packets_keep_their_gaps_and_disorder() -> None:
    stream = begun()
    order = [0, 1, 4, 3, 5]
    packets = [stream.passed_on(theirs(each), 100.02 + FRAME_S * each) for each in order]
    assert numbers(packets) == [(each, 160 * each) for each in order]
    assert [read_packet(each).marker for each in packets] == [True, False, False, False, False]


def test_a_header_alone_is_fitted_as_the_whole_packet_is() -> None:
    whole, alone = begun(), begun()
    for each in (0, 1, 4, 3):
        packet = RtpPacket(0, 1_000 + each, 160 * each, 7, PAYLOAD, marker=each == 4)
        now = 100.02 + FRAME_S * each
        header = alone.header_passed_on(memoryview(packet.to_bytes()), 0, now)
        assert header + PAYLOAD == whole.passed_on(packet, now)


def test_music_between_two_voices_and_another_phone_after() -> None:
    stream = begun()
    packets = [stream.passed_on(theirs(each), 100.02 + FRAME_S * each) for each in range(3)]
    stream.interrupted()
    packets += [stream.made(0, PAYLOAD, 100.08 + FRAME_S * each) for each in range(3)]
    packets += [stream.passed_on(theirs(50 + each), 100.14 + FRAME_S * each) for each in range(2)]
    stream.interrupted()
    packets += [stream.passed_on(theirs(7 + each, ssrc=2, timestamp=90_000), 100.18 + FRAME_S * each) for each in range(2)]
    assert numbers(packets) == [(each, 160 * each) for each in range(10)]


def test_timestamps_never_run_backwards_however_late_the_clock() -> None:
    stream = begun()
    packets = [stream.made(0, PAYLOAD, 100.0), stream.passed_on(theirs(0), 99.0), stream.made(0, PAYLOAD, 98.0)]
    assert numbers(packets) == [(0, 0), (1, 160), (2, 320)]


def test_keys_stand_between_packets_and_leave_no_gap() -> None:
    stream = begun()
    packets = [stream.passed_on(theirs(each), 100.02 + FRAME_S * each) for each in range(2)]
    at = stream.due(100.06)
    for number in (2, 3):
        packets.append(stream.key(101, b"\x05\x0a\x00\xa0", at, marker=number == 2))
        stream.left_out()
    packets.append(stream.passed_on(theirs(4), 100.10))
    assert numbers(packets) == [(0, 0), (1, 160), (2, 320), (3, 320), (4, 640)]


def test_a_key_of_a_mixed_party_keeps_one_timestamp() -> None:
    stream = begun()
    packets = [stream.made(0, PAYLOAD, 100.02)]
    for key in (7, 8):
        for report in range(2):
            packet = RtpPacket(96, report, key * 1_000, 3, b"\x05\x0a\x00\xa0", marker=report == 0)
            packets.append(stream.key_passed_on(packet, 101, 100.04 + 0.02 * report))
            packets.append(stream.made(0, PAYLOAD, stream.at + FRAME_S))
    keys = [read_packet(each) for each in packets if read_packet(each).payload_type == 101]
    assert keys[0].timestamp == keys[1].timestamp != keys[2].timestamp == keys[3].timestamp
    assert [each.marker for each in keys] == [True, False, True, False]
    assert [number for number, _ in numbers(packets)] == list(range(9))


def test_a_stream_of_our_own_begins_anywhere() -> None:
    stream = OutStream.begun(lambda count: bytes(range(count)), 5.0)
    packet = read_packet(stream.made(8, PAYLOAD, 5.0))
    assert (packet.ssrc, packet.sequence_number, packet.timestamp) == (0x00010203, 0x080A, 0x04050607 + 160)
