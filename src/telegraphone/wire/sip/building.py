"""Writes the requests of a user agent (RFC 3261 sections 8.1.1, 12.2.1.1, 13.2.2.4, 17.1.1.3, 9.1)."""

from dataclasses import replace
from typing import Final

from telegraphone.wire.sip.commands import InDialogRequest, OutgoingRequest
from telegraphone.wire.sip.dialog import Dialog
from telegraphone.wire.sip.fields import CSeq, SessionExpires
from telegraphone.wire.sip.headers import Headers, canonical
from telegraphone.wire.sip.message import Request, Response
from telegraphone.wire.sip.state import UserAgentState
from telegraphone.wire.sip.transport import Flow
from telegraphone.wire.sip.uri import NameAddr

Fields = list[tuple[str, str]]

_WITH_CONTACT: Final = frozenset(("INVITE", "UPDATE", "REGISTER", "SUBSCRIBE", "NOTIFY", "REFER", "OPTIONS"))
_WITH_ABILITIES: Final = frozenset(("INVITE", "UPDATE", "OPTIONS", "REGISTER"))
_TIMED: Final = frozenset(("INVITE", "UPDATE"))
_FOLLOWS_INVITE: Final = ("From", "Call-ID", "Route")
"""Fields that the ACK to a failure and CANCEL take from their INVITE."""


def abilities(state: UserAgentState) -> Fields:
    """Allow and Supported."""
    fields = [("Allow", ", ".join(state.options.methods))]
    if state.options.supported:
        fields.append(("Supported", ", ".join(state.options.supported)))
    return fields


def describe_body(body: bytes, content_type: str) -> Fields:
    """Content-Type, if there is content."""
    return [("Content-Type", content_type)] if body else []


def build_outgoing(state: UserAgentState, command: OutgoingRequest, flow: Flow) -> Request:
    """A request outside a dialog."""
    to = command.to or NameAddr(command.uri)
    from_ = command.from_ if command.from_.tag else command.from_.with_param("tag", state.token())
    fields = [
        ("Via", state.via(flow)),
        ("Max-Forwards", "70"),
        ("From", str(from_)),
        ("To", str(to)),
        ("Call-ID", command.call_id or state.token()),
        ("CSeq", f"{command.cseq} {command.method}"),
    ]
    if command.method in _WITH_CONTACT:
        fields.append(("Contact", str(command.contact or state.contact(flow))))
    if command.method in _WITH_ABILITIES:
        fields += abilities(state)
    seconds = state.options.session_expires_s
    if command.method == "INVITE" and seconds:
        fields += [("Session-Expires", str(seconds)), ("Min-SE", str(state.options.min_se_s))]
    return _finish(state, Request(Headers(), command.body, command.method, command.uri), fields, command)


def build_in_dialog(state: UserAgentState, command: InDialogRequest) -> Request:
    """A request within a dialog; it takes the next CSeq number, so it must be sent."""
    dialog = command.dialog
    uri, routes = dialog.address()
    fields = _within(state, dialog, routes, f"{dialog.next_cseq()} {command.method}")
    if command.method in _WITH_CONTACT:
        fields.append(("Contact", str(dialog.local_contact)))
    if command.method in _WITH_ABILITIES:
        fields += abilities(state)
    if command.method in _TIMED:
        fields += _timer_fields(state, dialog)
    return _finish(state, Request(Headers(), command.body, command.method, uri), fields, command)


def _within(state: UserAgentState, dialog: Dialog, routes: tuple[str, ...], cseq: str) -> Fields:
    """How every request within a dialog begins."""
    return [
        ("Via", state.via(dialog.flow)),
        *(("Route", route) for route in routes),
        ("Max-Forwards", "70"),
        ("From", str(dialog.local)),
        ("To", str(dialog.remote)),
        ("Call-ID", dialog.id.call_id),
        ("CSeq", cseq),
    ]


def _timer_fields(state: UserAgentState, dialog: Dialog) -> Fields:
    """The agreed interval, the roles kept (RFC 4028 section 7.4); what we would like if none is agreed."""
    if dialog.timer is not None:
        expires = SessionExpires(dialog.timer.interval_s, "uac" if dialog.timer.we_refresh else "uas")
    elif state.options.session_expires_s:
        expires = SessionExpires(state.options.session_expires_s)
    else:
        return []
    return [("Session-Expires", str(expires)), ("Min-SE", str(state.options.min_se_s))]


def _finish(state: UserAgentState, request: Request, fields: Fields, command: OutgoingRequest | InDialogRequest) -> Request:
    """Add what the command wants; a field of its own replaces ours of that name."""
    own = [(canonical(name), value) for name, value in command.headers]
    named = {name for name, _ in own}
    if state.options.user_agent:
        fields.append(("User-Agent", state.options.user_agent))
    fields += describe_body(command.body, command.content_type)
    if named:
        fields = [pair for pair in fields if pair[0] not in named]
    return replace(request, headers=Headers.of_canonical((*fields, *own)))


def build_again(state: UserAgentState, request: Request, flow: Flow, number: int, changes: Fields) -> Request:
    """The same request as a new transaction: next CSeq, new branch, some fields replaced (sections 8.1.3.5, 22.2)."""
    headers = request.headers.setting("Via", state.via(flow)).setting("CSeq", str(CSeq(number, request.method)))
    for name, value in changes:
        headers = headers.setting(name, value)
    return replace(request, headers=headers)


def build_ack(state: UserAgentState, invite: Request, dialog: Dialog, body: bytes, content_type: str) -> Request:
    """The ACK to a 2xx: a transaction of its own, with the number and the credentials of its INVITE (13.2.2.4)."""
    uri, routes = dialog.address()
    fields = [
        *_within(state, dialog, routes, f"{invite.cseq.number} ACK"),
        *(pair for pair in invite.headers if pair[0] in ("Authorization", "Proxy-Authorization")),
        *describe_body(body, content_type),
    ]
    return Request(Headers.of_canonical(fields), body, "ACK", uri)


def build_failure_ack(invite: Request, response: Response) -> Request:
    """The ACK to a failure: part of the INVITE's transaction, so its branch and Request-URI (17.1.1.3)."""
    to = response.headers.get("To") or ""
    return _follow(invite, "ACK", to)


def build_cancel(invite: Request) -> Request:
    """The CANCEL for a request: all that identifies it is the same (section 9.1)."""
    return _follow(invite, "CANCEL", invite.headers.get("To") or "")


def _follow(invite: Request, method: str, to: str) -> Request:
    fields = [
        ("Via", invite.headers.values("Via")[0]),
        ("Max-Forwards", "70"),
        *(pair for pair in invite.headers if pair[0] in _FOLLOWS_INVITE),
        ("To", to),
        ("CSeq", f"{invite.cseq.number} {method}"),
    ]
    return Request(Headers.of_canonical(fields), b"", method, invite.uri)
