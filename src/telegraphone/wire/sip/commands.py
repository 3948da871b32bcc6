"""What the engine can be told to send: requests, in and out of dialogs, and replies."""

from dataclasses import dataclass

from telegraphone.wire.sip.dialog import Dialog
from telegraphone.wire.sip.digest import Credentials
from telegraphone.wire.sip.options import SDP
from telegraphone.wire.sip.transport import Flow
from telegraphone.wire.sip.uri import NameAddr, SipUri


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingRequest:
    """A request outside any dialog. Via, CSeq, Max-Forwards, Contact, Allow and their like are added by the engine."""

    method: str
    uri: SipUri
    """The Request-URI."""
    from_: NameAddr
    to: NameAddr | None = None
    """None: the Request-URI."""
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    content_type: str = SDP
    flow: Flow | None = None
    """Where to send it; None: where the Request-URI leads."""
    credentials: Credentials | None = None
    """Answers a 401 or 407 once, without the caller seeing it."""
    call_id: str = ""
    """"": a new one. A registration keeps one, and counts `cseq` up (section 10.2)."""
    cseq: int = 1
    contact: NameAddr | None = None
    """None: ours, where the method needs one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InDialogRequest:
    """A request within a dialog: re-INVITE, UPDATE, INFO, NOTIFY, REFER, OPTIONS, or BYE by way of `hang_up`."""

    dialog: Dialog
    method: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    content_type: str = SDP
    credentials: Credentials | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """A response to give; the engine copies what must be copied and adds To tag, Contact, Allow and their like."""

    status: int
    reason: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    content_type: str = SDP
