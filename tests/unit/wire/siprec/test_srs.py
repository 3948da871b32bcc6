"""A strict server wants every sign of SIPREC (Q1, Q2)."""

from telegraphone.wire.sip.headers import Headers
from telegraphone.wire.sip.message import Request
from telegraphone.wire.sip.uri import SipUri
from telegraphone.wire.siprec.srs import strict_refusal


def invite(contact: str = "<sip:src@192.0.2.1>", *more: tuple[str, str]) -> Request:
    return Request(Headers([("Contact", contact), *more]), b"", "INVITE", SipUri("192.0.2.9"))


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
    # Without brackets what follows belongs to the header field (RFC 3261 section 20.10).
    assert strict_refusal(invite("sip:a@192.0.2.1;+sip.src", required)) is None
    assert strict_refusal(invite('"A" <sip:a@192.0.2.1>;expires=5;+sip.src="TRUE"', required)) is None
