"""Every offered line has its answer in its place, and none ever says that we would send (siprec.md, section 4)."""

import pytest

from telegraphone.wire.sdp import Direction, SessionDescription
from telegraphone.wire.siprec.answering import CODECS, Mine, answer, lines_of_answer, our_offer, taken_lines
from telegraphone.wire.siprec.keys import usable_key

HEAD = b"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"
OURS = SessionDescription("192.0.2.9", (), 7, 0)
MINE = Mine(OURS, bytes(range(44)))


def offered(*lines: str, head: bytes = HEAD) -> SessionDescription:
    return SessionDescription.parse(head + "".join(f"{line}\r\n" for line in lines).encode())


def answered(*lines: str) -> SessionDescription:
    description = offered(*lines)
    taken = taken_lines(description, CODECS)
    ports = {line.index: 30_000 + 2 * line.index for line in taken if line is not None}
    return SessionDescription.parse(answer(description, taken, ports, MINE).serialize())


@pytest.mark.parametrize(
    ("said", "expected"),
    [("sendonly", "recvonly"), ("sendrecv", "recvonly"), ("", "recvonly"), ("inactive", "inactive"), ("recvonly", "inactive")],
)
def test_directions(said: str, expected: str) -> None:
    attribute = (f"a={said}",) if said else ()
    [media] = answered("m=audio 4000 RTP/AVP 0", *attribute).media
    assert media.direction is Direction(expected)


def test_a_direction_of_the_stream_beats_that_of_the_whole() -> None:
    description = offered("m=audio 4000 RTP/AVP 0", "a=sendonly", head=HEAD + b"a=inactive\r\n")
    [line] = taken_lines(description, CODECS)
    assert line is not None
    assert line.live


def test_an_address_of_zeros_is_a_hold() -> None:
    [line] = taken_lines(offered("m=audio 4000 RTP/AVP 0", "c=IN IP4 0.0.0.0"), CODECS)
    assert line is not None
    assert not line.live


def test_lines_in_order_with_their_labels_and_video_refused() -> None:
    made = answered(
        *("m=audio 4000 RTP/AVP 0", "a=label:10/20"),
        *("m=video 4002 RTP/AVP 96", "a=rtpmap:96 H264/90000", "a=label:2"),
        *("m=audio 4004 RTP/AVP 8", "a=label:a_leg"),
    )
    assert [(media.kind, media.port, media.attribute("label")) for media in made.media] == [
        ("audio", 30_000, "10/20"),
        ("video", 0, "2"),
        ("audio", 30_004, "a_leg"),
    ]
    assert b"m=video 0 RTP/AVP 96\r\na=label:2\r\nm=audio" in made.serialize()


def test_the_best_codec_is_named_and_all_that_can_be_recorded_may_come() -> None:
    lines = (
        *("m=audio 4000 RTP/AVP 18 0 100 8 101 13", "a=rtpmap:100 PCMA/8000", "a=rtpmap:101 telephone-event/8000"),
        "a=fmtp:101 0-15",
    )
    [line] = taken_lines(offered(*lines), CODECS)
    assert line is not None
    assert [codec.payload_type for codec in line.chosen] == [100, 101]
    assert line.codecs == {18: "G729", 0: "PCMU", 100: "PCMA", 8: "PCMA", 101: "telephone-event"}
    assert "a=fmtp:101 0-15" in answer(offered(*lines), [line], {0: 30_000}, MINE).serialize().decode()


@pytest.mark.parametrize(
    "line", ["m=audio 4000 RTP/AVP 3", "m=audio 0 RTP/AVP 0", "m=audio 4000 RTP/SAVP 0", "m=application 9 UDP/BFCP *"]
)
def test_what_cannot_be_recorded_is_refused(line: str) -> None:
    [media] = answered(line).media
    assert media.port == 0


def test_the_version_rises_only_with_a_change() -> None:
    description = offered("m=audio 4000 RTP/AVP 0")
    lines = taken_lines(description, CODECS)
    first = answer(description, lines, {0: 30_000}, MINE)
    assert first.version == 1
    assert answer(description, lines, {0: 30_000}, Mine(first, MINE.chance)).version == 1


def test_our_offer_and_its_answer() -> None:
    made = our_offer(CODECS, [30_000], OURS)
    assert (made.media[0].direction, [codec.name for codec in made.media[0].codecs]) == (Direction.RECVONLY, list(CODECS))
    [line] = lines_of_answer(made, offered("m=audio 4000 RTP/AVP 0", "a=sendonly"), CODECS)
    assert line is not None
    assert (line.host, line.port, line.live) == ("192.0.2.1", 4000, True)
    assert (line.codecs[0], line.codecs[8]) == ("PCMU", "PCMA")
    assert lines_of_answer(made, offered("m=audio 0 RTP/AVP 0"), CODECS) == (None,)
    assert lines_of_answer(made, offered(), CODECS) == (None,)
    [line] = lines_of_answer(made, offered("m=audio 4000 RTP/AVP 0", f"a=crypto:{KEY}"), CODECS, keys_under_avp=False)
    assert line is not None
    assert line.key is None


KEY = "1 AES_CM_128_HMAC_SHA1_80 inline:AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0e|2^20"


@pytest.mark.parametrize("protocol", ["RTP/SAVP", "RTP/AVP", "RTP/SAVPF"])
def test_keys_are_answered_by_the_same_tag_and_suite(protocol: str) -> None:
    description = offered(f"m=audio 4000 {protocol} 0", f"a=crypto:{KEY}")
    [line] = taken_lines(description, CODECS)
    assert line is not None
    assert line.key is not None
    assert line.key.master == bytes(range(1, 31))
    [media] = answer(description, [line], {0: 30_000}, MINE).media
    assert media.protocol == protocol
    ours = usable_key([media.attribute("crypto") or ""])
    assert ours == line.key.answered_with(MINE.chance, 0)
    assert ours.master != line.key.master


def test_reports_go_where_the_client_says_and_on_one_port_only_if_it_asks_for_that() -> None:
    lines = [
        ("m=audio 4000 RTP/AVP 0",),
        ("m=audio 4002 RTP/AVP 0", "a=rtcp:5001"),
        ("m=audio 4004 RTP/AVP 0", "a=rtcp:5003 IN IP4 192.0.2.77"),
        ("m=audio 4006 RTP/AVP 0", "a=rtcp-mux", "a=rtcp:4006"),
        ("m=audio 4008 RTP/AVP 0", "a=rtcp:none"),
        ("m=audio 4010 UDP/TLS/RTP/SAVP 0", "a=fingerprint:sha-256 AB", "a=setup:actpass"),
        ("m=audio 4012 UDP/TLS/RTP/SAVP 0", "a=fingerprint:sha-256 AB", "a=setup:actpass", "a=rtcp-mux"),
        ("m=audio 4014 RTP/AVP 0", "c=IN IP4 0.0.0.0"),
    ]
    description = offered(*(text for line in lines for text in line))
    taken = taken_lines(description, CODECS)
    assert [line and (line.reports, line.muxed) for line in taken] == [
        (("192.0.2.1", 4001), False),
        (("192.0.2.1", 5001), False),
        (("192.0.2.77", 5003), False),
        (("192.0.2.1", 4006), True),
        (("192.0.2.1", 4009), False),
        (None, False),
        (("192.0.2.1", 4012), True),
        (None, False),
    ]
    answered = answer(description, taken, dict.fromkeys(range(len(lines)), 30_000), MINE).media
    assert [media.attribute("rtcp-mux") is not None for media in answered] == [False] * 3 + [True] + [False] * 2 + [True, False]


def test_keys_in_a_plain_line_may_be_passed_over_and_a_secure_line_needs_some() -> None:
    [line] = taken_lines(offered("m=audio 4000 RTP/AVP 0", f"a=crypto:{KEY}"), CODECS, keys_under_avp=False)
    assert line is not None
    assert line.key is None
    assert taken_lines(offered("m=audio 4000 RTP/SAVP 0"), CODECS) == (None,)


def test_opus_says_two_and_is_one() -> None:
    [line] = taken_lines(offered("m=audio 4000 RTP/AVP 96", "a=rtpmap:96 opus/48000/2"), CODECS)
    assert line is not None
    assert line.codecs == {96: "opus"}


def test_a_name_in_the_place_of_an_address_is_not_taken() -> None:
    """Asking for it would keep calls waiting, and its owner could lead us anywhere."""
    [refused, taken] = answered("m=audio 4000 RTP/AVP 0", "c=IN IP4 sbc.example.com", "m=audio 4002 RTP/AVP 0").media
    assert (refused.port, taken.port) == (0, 30_002)
