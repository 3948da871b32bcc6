"""What a REFER asks for and what is wrong with it; the reports about it."""

import pytest

from telegraphone.wire.errors import RemoteProtocolError
from telegraphone.wire.sip.dialog import DialogId
from telegraphone.wire.sip.headers import Headers
from telegraphone.wire.sip.refer import Referral, Replaces, report


def referral(*fields: tuple[str, str]) -> Referral:
    return Referral.of(Headers(fields))


def test_a_blind_transfer_names_whom_to_call() -> None:
    asked = referral(("Refer-To", '"Carol" <sip:5002@example.com;transport=tcp>'))
    assert (asked.target.user, asked.replaces, asked.reported) == ("5002", None, True)


def test_the_compact_form_and_an_address_without_brackets_are_read() -> None:
    assert referral(("r", "sip:5002@example.com;method=INVITE")).target.user == "5002"


def test_an_attended_transfer_names_the_dialog_of_the_other_call() -> None:
    target = "<sip:5002@example.com?Replaces=12%40x%3Bto-tag%3Dours%3Bfrom-tag%3Dtheirs%3Bearly-only&Require=replaces>"
    assert referral(("Refer-To", target)).replaces == Replaces(DialogId("12@x", "ours", "theirs"), early_only=True)


@pytest.mark.parametrize("value", ["false", " FALSE ", "false;x=y"])
def test_reports_can_be_declined(value: str) -> None:
    assert not referral(("Refer-To", "<sip:5002@example.com>"), ("Refer-Sub", value)).reported


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ([], 400),
        ([("Refer-To", "<sip:a@example.com>"), ("Refer-To", "<sip:b@example.com>")], 400),
        ([("Refer-To", "nonsense <")], 400),
        ([("Refer-To", "<http://example.com>")], 416),
        ([("Refer-To", "<sip:a@example.com?Replaces=1%3Bto-tag%3Dx>")], 400),
        ([("Refer-To", "<sip:a@example.com?Replaces=%3Bto-tag%3Dx%3Bfrom-tag%3Dy>")], 400),
        ([("Refer-To", "<sip:a@example.com?Replaces=1%3Bto-tag%3Dx%3Bfrom-tag%3Dy&replaces=2>")], 400),
    ],
)
def test_what_cannot_be_meant_is_refused(fields: list[tuple[str, str]], status: int) -> None:
    with pytest.raises(RemoteProtocolError) as caught:
        referral(*fields)
    assert caught.value.status == status


def test_a_call_that_takes_the_place_of_another() -> None:
    assert Replaces.of(Headers()) is None
    assert Replaces.of(Headers([("Replaces", "1;from-tag=t;to-tag=o")])) == Replaces(DialogId("1", "o", "t"))
    with pytest.raises(RemoteProtocolError, match="more than one"):
        Replaces.of(Headers([("Replaces", "1;from-tag=t;to-tag=o"), ("Replaces", "2;from-tag=t;to-tag=o")]))


def test_reports_go_on_until_the_last() -> None:
    assert report(100) == ((("Event", "refer"), ("Subscription-State", "active;expires=180")), b"SIP/2.0 100 Trying\r\n")
    fields, body = report(603, "7")
    assert dict(fields) == {"Event": "refer;id=7", "Subscription-State": "terminated;reason=noresource"}
    assert body == b"SIP/2.0 603 Decline\r\n"
