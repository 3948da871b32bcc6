"""Any sign of SIPREC is enough for a tolerant server, and all of them are needed by a strict one (Q1, Q2)."""

import pytest

from telegraphone.wire.sip.headers import Headers
from telegraphone.wire.sip.message import Request
from telegraphone.wire.sip.uri import SipUri
from telegraphone.wire.siprec.body import METADATA, Body
from telegraphone.wire.siprec.srs import is_for_recording, strict_refusal

PLAIN = Body(sdp=b"v=0")


def invite(contact: str = "<sip:src@192.0.2.1>", *more: tuple[str, str]) -> Request:
    return Request(Headers([("Contact", contact), *more]), b"", "INVITE", SipUri("192.0.2.9"))


@pytest.mark.parametrize(
    "contact",
    [
        "<sip:src@192.0.2.1>;+sip.src",
        '<sip:src@192.0.2.1>;+sip.src="TRUE"',
        "<sip:src@192.0.2.1>;src",
        "<sip:src@192.0.2.1>;expires=60;+sip-src",
        "<sip:src@192.0.2.1>;+sip-rec ",
        "<sip:src@192.0.2.1;+sip.src>",
        "<sip:src@:::;transport=tcp>;+SIP.SRC",
        "sip:src@192.0.2.1;+sip.src, <sip:other@192.0.2.1>",
    ],
)
def test_the_feature_tag_in_every_spelling(contact: str) -> None:
    assert is_for_recording(invite(contact), PLAIN)


@pytest.mark.parametrize(
    "contact",
    ["<sip:src@192.0.2.1>", "<sip:src@192.0.2.1>;srcs", '<sip:src@192.0.2.1>;+sip.src="FALSE"', "<sip:a;srcx@192.0.2.1>"],
)
def test_what_is_no_feature_tag(contact: str) -> None:
    assert not is_for_recording(invite(contact), PLAIN)


def test_other_signs() -> None:
    assert is_for_recording(invite("<sip:a@192.0.2.1>", ("Require", "100relsiprec")), PLAIN)
    assert is_for_recording(invite("<sip:a@192.0.2.1>", ("Supported", "timer, siprec")), PLAIN)
    assert is_for_recording(invite(), Body(metadata=b"<recording/>", metadata_type=METADATA))


def test_a_strict_server_takes_what_has_both_signs() -> None:
    required = ("Require", "siprec")
    missing = strict_refusal(invite("<sip:a@192.0.2.1>;+sip.src"))
    assert missing is not None
    assert (missing.status, missing.headers) == (421, (("Require", "siprec"),))
    for contact in ("<sip:a@192.0.2.1>", "<sip:a@192.0.2.1>;src", "<sip:a@192.0.2.1;+sip.src>"):
        refusal = strict_refusal(invite(contact, required))
        assert refusal is not None
        assert refusal.status == 403
    assert strict_refusal(invite("<sip:a@192.0.2.1>;+sip.src", required)) is None
    assert strict_refusal(invite('"A" <sip:a@192.0.2.1>;expires=5;+sip.src="TRUE"', required)) is None
