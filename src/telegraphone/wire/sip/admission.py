"""Decides whether a request is one that we can answer at all, in the order of RFC 3261 section 8.2."""

from typing import Final

from telegraphone.wire.errors import RemoteProtocolError
from telegraphone.wire.sip.commands import Reply
from telegraphone.wire.sip.fields import read_name_addrs
from telegraphone.wire.sip.headers import Headers
from telegraphone.wire.sip.message import Request
from telegraphone.wire.sip.options import SipOptions
from telegraphone.wire.sip.session_timer import interval_too_small

_KNOWN_METHODS: Final = frozenset(
    (
        *("INVITE", "ACK", "CANCEL", "BYE", "OPTIONS", "REGISTER", "INFO", "UPDATE", "PRACK", "SUBSCRIBE", "NOTIFY"),
        *("REFER", "MESSAGE", "PUBLISH"),
    )
)
"""The methods of the IANA registry: one of these that we do not allow is 405, any other 501 (section 21.5.2)."""

_SCHEMES: Final = frozenset(("sip", "sips", "tel"))
_DESCRIBED: Final = frozenset(("INVITE", "UPDATE"))


def refusal_of(request: Request, options: SipOptions) -> Reply | None:
    """The answer to a request that asks for what nobody here can do; None if it may pass."""
    if request.method not in options.methods:
        status = 405 if request.method in _KNOWN_METHODS else 501
        return Reply(status, headers=(("Allow", ", ".join(options.methods)),))
    if request.uri.scheme not in _SCHEMES:
        return Reply(416)
    if request.method == "REGISTER" and request.to.uri.scheme not in _SCHEMES:
        # An address of record is a SIP URI (section 10.3; RFC 4475 section 3.3.4).
        return Reply(400)
    if request.method == "INVITE" and not _has_route_back(request.headers):
        return Reply(400)
    return _refuse_extensions(request, options) or _refuse_content(request, options)


def _has_route_back(headers: Headers) -> bool:
    """Whether Record-Route can be read: a dialog could not be answered without it (section 12.1.1)."""
    try:
        read_name_addrs(headers, "Record-Route")
    except RemoteProtocolError:
        return False
    return True


def _refuse_extensions(request: Request, options: SipOptions) -> Reply | None:
    wanted = [token for line in request.headers.lines("Require") for token in line.replace(",", " ").split()]
    unknown = [token for token in wanted if not _made_of(token.lower(), options.supported)]
    if unknown:
        return Reply(420, headers=(("Unsupported", ", ".join(unknown)),))
    return None


def _made_of(token: str, supported: tuple[str, ...]) -> bool:
    """Whether a tag is one of ours, or several of ours whose comma a sender lost (`timersiprec`)."""
    while token:
        known = max((tag for tag in supported if token.startswith(tag)), key=len, default="")
        if not known:
            return False
        token = token[len(known) :]
    return True


def _refuse_content(request: Request, options: SipOptions) -> Reply | None:
    accept = (("Accept", ", ".join(options.accept)),)
    if request.method in _DESCRIBED and request.body and not _readable(request, options):
        return Reply(415, headers=accept)
    if request.method == "INVITE" and not _acceptable(request.headers, options):
        return Reply(406)
    if request.method in _DESCRIBED and interval_too_small(request.headers, options.min_se_s):
        return Reply(422, headers=(("Min-SE", str(options.min_se_s)),))
    return None


def _readable(request: Request, options: SipOptions) -> bool:
    encoding = (request.headers.get("Content-Encoding") or "identity").lower()
    return encoding == "identity" and request.content_type in ("", *options.accept, *options.understood)


def _acceptable(headers: Headers, options: SipOptions) -> bool:
    """Whether the sender can read a body of ours: no Accept means it takes SDP (section 20.1)."""
    try:
        offered = headers.values("Accept")
    except RemoteProtocolError:
        return True
    if not any(offered):
        return True
    kinds = {value.partition(";")[0].strip().lower() for value in offered}
    return bool(kinds & {"*/*", "application/*", *options.accept})
