"""What a Cisco phone says of a call it copies is understood, and nothing is made of what says nothing."""

import pytest

from telegraphone.wire.sip.message import Request, parse_message
from telegraphone.wire.siprec.built_in_bridge import described
from telegraphone.wire.siprec.metadata import Picture


def request(from_: str) -> Request:
    lines = ("INVITE sip:r@192.0.2.9 SIP/2.0", "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1", f"From: {from_};tag=1")
    more = ("To: <sip:r@192.0.2.9>", "Call-ID: 1", "CSeq: 1 INVITE", "", "")
    read = parse_message("\r\n".join((*lines, *more)).encode())
    assert isinstance(read, Request)
    return read


@pytest.mark.parametrize(("mark", "speaker"), [("x-nearend", "5001"), ("x-farend", "15550100")])
def test_parties_reference_and_whose_voice_it_is(mark: str, speaker: str) -> None:
    said = described(request(f"<sip:5001@example.com;{mark};x-refci=4711;x-farendaddr=15550100>"))
    assert said is not None
    picture = Picture().after(said)
    assert [party.aor for party in picture.parties()] == ["15550100", "5001"]
    assert [party.aor for party in picture.parties() if party.sends] == [speaker]
    assert picture.links() == {"refci-4711"}


def test_the_near_end_may_be_named() -> None:
    said = described(request("<sip:x@example.com;x-nearend;x-refci=1;x-nearendaddr=5002;x-farendaddr=5003>"))
    assert said is not None
    assert [party.aor for party in Picture().after(said).parties()] == ["5003", "5002"]


@pytest.mark.parametrize(
    "from_", ["<sip:5001@example.com>", "<sip:5001@example.com;x-nearend>", "<sip:a@b.example.com;x-refci=1>"]
)
def test_anybody_else_is_not_meant(from_: str) -> None:
    assert described(request(from_)) is None
