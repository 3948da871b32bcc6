"""What a client says beside description and metadata becomes facts, and nonsense does not."""

from telegraphone.wire.sdp import SessionDescription
from telegraphone.wire.sip.message import Request, parse_message
from telegraphone.wire.siprec.noticing import facts_of_description, facts_of_request

SDP = b"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"


def request(*fields: str) -> Request:
    lines = ("INVITE sip:r@192.0.2.9 SIP/2.0", "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1", "From: <sip:a@192.0.2.1>;tag=1")
    more = ("To: <sip:r@192.0.2.9>", "Call-ID: 1", "CSeq: 1 INVITE", *fields, "", "")
    read = parse_message("\r\n".join((*lines, *more)).encode())
    assert isinstance(read, Request)
    return read


def test_wishes_at_session_and_line() -> None:
    lines = (
        b"a=recordpref:nopreference\r\nm=audio 4000 RTP/AVP 0\r\na=label:7\r\na=recordpref:PAUSE\r\nm=audio 4002 RTP/AVP 0\r\n"
    )
    offered = SessionDescription.parse(SDP + lines + b"a=record:paused\r\na=recordpref:perhaps\r\n")
    assert facts_of_description(offered) == {"recordpref": "nopreference", "recordpref.7": "pause", "record.1": "paused"}


def test_video_is_noticed() -> None:
    offered = SessionDescription.parse(SDP + b"m=audio 4000 RTP/AVP 0\r\nm=video 4002 RTP/AVP 96\r\nm=video 0 RTP/AVP 96\r\n")
    assert facts_of_description(offered) == {"video": "refused"}


def test_who_is_aware_and_who_cannot_be_reached() -> None:
    assert facts_of_request(request("Contact: <sip:a@192.0.2.1>", "Supported: timer, record-aware")) == {"record-aware": "yes"}
    assert facts_of_request(request()) == {"contact": "unusable"}
    assert facts_of_request(request("Contact: ::none::")) == {"contact": "unusable"}
