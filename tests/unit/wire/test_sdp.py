"""Session descriptions, and the answers to offers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telegraphone.limits import SDP_ATTRIBUTES_MAX, SDP_BYTES_MAX, SDP_MEDIA_MAX
from telegraphone.wire.errors import RemoteProtocolError
from telegraphone.wire.sdp import (
    PCMA,
    PCMU,
    TELEPHONE_EVENT,
    Codec,
    Direction,
    Media,
    SessionDescription,
    answer,
    offer,
)

OURS = (PCMA, PCMU, TELEPHONE_EVENT)
HEAD = "v=0\r\no=- 5 7 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"
PHONE = (
    HEAD + "a=sendrecv\r\nm=audio 4000 RTP/AVP 9 0 8 101\r\na=rtpmap:9 G722/8000\r\na=rtpmap:0 PCMU/8000\r\n"
    "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\na=ptime:20\r\na=label:1\r\na=rtcp-mux\r\n"
    "m=video 4002 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n"
)


def parse(text: str) -> SessionDescription:
    return SessionDescription.parse(text.encode())


def audio(lines: str = "", port: int = 4000, formats: str = "0") -> SessionDescription:
    return parse(f"{HEAD}m=audio {port} RTP/AVP {formats}\r\n{lines}")


def test_a_phones_offer():
    one = parse(PHONE)
    media = one.audio()
    assert (one.session_id, one.version, one.address_of(media), media.port, media.ptime_ms) == (5, 7, "192.0.2.1", 4000, 20)
    assert [codec.name for codec in media.codecs] == ["G722", "PCMU", "PCMA", "telephone-event"]
    assert media.codecs[3].fmtp == "0-16"
    assert media.attribute("label") == "1"
    assert media.attribute("rtcp-mux") == ""
    assert media.attribute("crypto") is None


def test_what_is_written_can_be_read():
    one = parse(PHONE)
    again = SessionDescription.parse(one.serialize())
    assert again.serialize() == one.serialize()
    assert again.media[0].codecs == one.media[0].codecs


def test_the_answer():
    given_answer = answer(parse(PHONE), OURS, Direction.SENDRECV, "192.0.2.2", 6000)
    sound, picture = given_answer.media
    assert [codec.payload_type for codec in sound.codecs] == [0, 8, 101]
    assert (sound.port, sound.direction, picture.port) == (6000, Direction.SENDRECV, 0)
    assert b"m=video 0 RTP/AVP 96\r\n" in given_answer.serialize()
    assert given_answer.address_of(sound) == "192.0.2.2"


def test_the_offers_numbers_are_used():
    odd = audio("a=rtpmap:97 PCMA/8000\r\na=rtpmap:99 TELEPHONE-EVENT/8000\r\n", formats="97 99")
    assert [codec.payload_type for codec in answer(odd, OURS, Direction.SENDRECV, "192.0.2.2", 1).audio().codecs] == [97, 99]


@pytest.mark.parametrize("formats", ["18", "101"])
def test_nothing_in_common(formats):
    refused = answer(audio("a=rtpmap:101 telephone-event/8000\r\n", formats=formats), OURS, Direction.SENDRECV, "192.0.2.2", 6000)
    assert refused.audio() is None
    assert len(refused.media) == 1


def test_an_encrypted_stream_is_not_answered_in_the_clear():
    one = parse(HEAD + "m=audio 4000 RTP/SAVP 0\r\n")
    assert answer(one, OURS, Direction.SENDRECV, "192.0.2.2", 6000).audio() is None


def test_a_codec_more_is_only_data():
    g722 = Codec("G722", 8000, 9)
    assert answer(parse(PHONE), (g722, *OURS), Direction.SENDRECV, "192.0.2.2", 1).audio().codecs[0] == g722
    opus = Codec("opus", 48000, 111, channels=2)
    one = audio("a=rtpmap:111 opus/48000/2\r\n", formats="111")
    assert answer(one, (opus,), Direction.SENDRECV, "192.0.2.2", 1).audio().codecs == (opus,)


@pytest.mark.parametrize(
    ("offered", "wanted", "agreed"),
    [
        ("sendrecv", "sendrecv", "sendrecv"),
        ("sendonly", "sendrecv", "recvonly"),
        ("recvonly", "sendrecv", "sendonly"),
        ("inactive", "sendrecv", "inactive"),
        ("sendrecv", "recvonly", "recvonly"),
        ("sendonly", "recvonly", "recvonly"),
        ("recvonly", "recvonly", "inactive"),
        ("sendrecv", "inactive", "inactive"),
    ],
)
def test_directions(offered, wanted, agreed):
    result = answer(audio(f"a={offered}\r\n"), OURS, Direction(wanted), "192.0.2.2", 6000)
    assert result.audio().direction is Direction(agreed)


@pytest.mark.parametrize(
    ("lines", "held"),
    [("", False), ("a=sendonly\r\n", True), ("a=inactive\r\n", True), ("a=recvonly\r\n", False), ("c=IN IP4 0.0.0.0\r\n", True)],
)
def test_hold(lines, held):
    assert audio(lines).holds() is held


def test_hold_as_in_rfc_2543_is_answered_as_one_who_only_sends():
    result = answer(audio("c=IN IP4 0.0.0.0\r\n"), OURS, Direction.SENDRECV, "192.0.2.2", 6000)
    assert result.audio().direction is Direction.RECVONLY


def test_a_direction_of_the_whole_description_is_inherited_and_overruled():
    both = parse(HEAD + "a=sendonly\r\nm=audio 1 RTP/AVP 0\r\nm=audio 2 RTP/AVP 0\r\na=recvonly\r\n")
    assert [one.direction for one in both.media] == [Direction.SENDONLY, Direction.RECVONLY]


def test_a_refused_stream_needs_no_address_and_is_not_held():
    one = parse("v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nt=0 0\r\nm=audio 0 RTP/AVP 0\r\n")
    assert not one.holds()
    assert one.audio() is None


def test_quirks_that_are_read():
    head = "v=0\no=- x y IN IP4 h\nt=0 0\ns=-\nb=AS:64\n"
    one = parse(head + "m=audio 4000/2 RTP/AVP 0 1000 x 77\nk=clear:x\nc=IN IP4 192.0.2.9/127\na=ptime:x\n")
    assert one.address_of(one.audio()) == "192.0.2.9"
    assert one.audio().codecs == (PCMU,)
    assert (one.session_id, one.version, one.audio().ptime_ms) == (0, 0, None)


def test_an_rtpmap_overrules_the_static_number():
    assert audio("a=rtpmap:0 PCMA/8000\r\n").audio().codecs[0].name == "PCMA"


def test_a_version_goes_up_only_with_a_change():
    first = offer(OURS, Direction.SENDRECV, "192.0.2.1", 4000, session_id=9)
    assert first.successor(first.media) is first
    held = first.successor((Media("audio", 4000, OURS, Direction.SENDONLY),))
    assert (held.session_id, held.version) == (9, 2)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "v=1\r\n" + HEAD[5:],
        "v=0\r\ns=-\r\n",
        HEAD + "m=audio x RTP/AVP 0\r\n",
        HEAD + "m=audio 99999 RTP/AVP 0\r\n",
        HEAD + "m=audio 1\r\n",
        HEAD + "rubbish\r\n",
        HEAD.replace("c=IN IP4 192.0.2.1", "c=192.0.2.1"),
        HEAD.replace("c=IN IP4 192.0.2.1\r\n", "") + "m=audio 1 RTP/AVP 0\r\n",
        HEAD + "m=audio 0 RTP/AVP 0\r\n" * (SDP_MEDIA_MAX + 1),
        HEAD + "a=x\r\n" * (SDP_ATTRIBUTES_MAX + 1),
        HEAD + "i=" + "x" * SDP_BYTES_MAX,
    ],
)
def test_what_is_no_description(text):
    with pytest.raises(RemoteProtocolError):
        parse(text)


CODECS = st.lists(st.sampled_from([PCMU, PCMA, TELEPHONE_EVENT, Codec("opus", 48000, 111, "x=1", 2)]), min_size=1, unique=True)
ADDRESSES = st.sampled_from(["192.0.2.1", "2001:db8::1", "198.51.100.9"])


@given(CODECS, st.sampled_from(Direction), ADDRESSES, st.integers(1, 65535), st.integers(0, 2**63))
def test_an_offer_survives_a_round_trip(codecs, direction, address, port, session_id):
    made = offer(codecs, direction, address, port, session_id=session_id)
    read = SessionDescription.parse(made.serialize())
    assert read.audio().codecs == tuple(codecs)
    assert (read.audio().direction, read.address, read.audio().port, read.session_id) == (direction, address, port, session_id)


@given(CODECS, CODECS, st.sampled_from(Direction), st.sampled_from(Direction))
def test_both_sides_agree_on_what_flows(theirs, ours, offered, wanted):
    made = offer(theirs, offered, "192.0.2.1", 1)
    agreed = answer(made, ours, wanted, "192.0.2.2", 2).audio()
    if agreed is None:
        return
    assert not agreed.direction.sends or (offered.receives and wanted.sends)
    assert not agreed.direction.receives or (offered.sends and wanted.receives)
    assert {codec.name for codec in agreed.codecs} <= {codec.name for codec in theirs} & {codec.name for codec in ours}
