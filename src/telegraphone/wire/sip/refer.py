"""Reads how a phone asks for a transfer, and writes how it went (RFC 3515, 3891, 3892, 4488).

Theory. A REFER within a dialog asks its receiver to call somebody else in the sender's place. Where that is a new call the
Refer-To names only a URI (a blind transfer); where it is a call the sender already has, the URI carries a Replaces field
that names the dialog of that call (an attended one). The receiver says 202 and reports by NOTIFY, whose body is the
beginning of the SIP response that the new call would get; the last one ends the reports. With `Refer-Sub: false` there
are none.
"""

from dataclasses import dataclass
from typing import Final, Self

from telegraphone.wire.errors import RemoteProtocolError
from telegraphone.wire.sip.dialog import DialogId
from telegraphone.wire.sip.headers import Headers
from telegraphone.wire.sip.reasons import REASONS
from telegraphone.wire.sip.uri import NameAddr, SipUri, find_param, parse_params, unescape

SIPFRAG: Final = "message/sipfrag;version=2.0"
REPORTS: Final = "refer"
"""The event package of the reports."""

_FINAL: Final = 200


@dataclass(frozen=True, slots=True)
class Replaces:
    """Names a dialog from its receiver's side; `early_only` where an answered one is not meant (RFC 3891 section 6.1)."""

    dialog: DialogId
    early_only: bool = False

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the value of a Replaces field. RemoteProtocolError (400) if a tag is missing."""
        call_id, semicolon, rest = text.strip().partition(";")
        params = parse_params(";" + rest) if semicolon else ()
        ours, theirs = find_param(params, "to-tag"), find_param(params, "from-tag")
        if not call_id.strip() or not ours or not theirs:
            raise RemoteProtocolError("malformed Replaces", status=400)
        return cls(DialogId(call_id.strip(), ours, theirs), find_param(params, "early-only") is not None)

    @classmethod
    def of(cls, headers: Headers) -> Self | None:
        """What a request wants to replace. RemoteProtocolError (400) for several fields or a malformed one."""
        lines = headers.lines("Replaces")
        if len(lines) > 1:
            raise RemoteProtocolError("more than one Replaces", status=400)
        return cls.parse(lines[0]) if lines else None


@dataclass(frozen=True, slots=True)
class Referral:
    """What a REFER asks for: whom to call, in place of which dialog, and whether its sender wants to hear how it went."""

    target: SipUri
    replaces: Replaces | None
    reported: bool

    @classmethod
    def of(cls, headers: Headers) -> Self:
        """Read a REFER's fields. RemoteProtocolError with 400, or 416 for a URI that is no SIP address."""
        lines = headers.lines("Refer-To")
        if len(lines) != 1:
            # RFC 3515 section 2.4.2.
            raise RemoteProtocolError("a REFER has one Refer-To", status=400)
        try:
            target = NameAddr.parse(lines[0]).uri
        except RemoteProtocolError as error:
            raise RemoteProtocolError(str(error), status=400) from error
        if target.scheme not in {"sip", "sips", "tel"}:
            raise RemoteProtocolError("not a SIP address", status=416)
        reported = (headers.get("Refer-Sub") or "true").partition(";")[0].strip().lower() != "false"
        return cls(target, _replaced_by(target), reported)


def _replaced_by(target: SipUri) -> Replaces | None:
    found = [unescape(value) for name, _, value in (piece.partition("=") for piece in target.headers.split("&")) if _is_it(name)]
    if len(found) > 1:
        raise RemoteProtocolError("more than one Replaces", status=400)
    return Replaces.parse(found[0]) if found else None


def _is_it(name: str) -> bool:
    return unescape(name).strip().lower() == "replaces"


def report(status: int, event_id: str = "") -> tuple[tuple[tuple[str, str], ...], bytes]:
    """Fields and body of a NOTIFY that says how the new call stands; a final status ends the reports (RFC 3515 2.4.4).
    `event_id` tells the second REFER of a dialog and later ones apart (section 2.4.6)."""
    state = "terminated;reason=noresource" if status >= _FINAL else "active;expires=180"
    event = f"{REPORTS};id={event_id}" if event_id else REPORTS
    return (("Event", event), ("Subscription-State", state)), f"SIP/2.0 {status} {REASONS[status]}\r\n".encode()
