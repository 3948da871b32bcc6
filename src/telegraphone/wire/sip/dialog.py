"""Keeps what two user agents agree on between requests: one dialog (RFC 3261 section 12).

A dialog is early while the INVITE that makes it has no final answer, confirmed from the 2xx on, ended by a BYE or by
silence. It is identified by Call-ID *and* both tags: one INVITE may make several (forks), one Call-ID may return.
"""

from collections import deque
from dataclasses import replace
from enum import Enum
from typing import Any, NamedTuple

from telegraphone.wire.errors import RemoteProtocolError
from telegraphone.wire.sip.digest import Credentials
from telegraphone.wire.sip.fields import read_name_addrs
from telegraphone.wire.sip.headers import Headers
from telegraphone.wire.sip.message import Message, Request, Response
from telegraphone.wire.sip.session_timer import SessionTimer
from telegraphone.wire.sip.transport import Flow, flow_to
from telegraphone.wire.sip.uri import NameAddr, SipUri


class DialogId(NamedTuple):
    """What tells one dialog from another, seen from our side."""

    call_id: str
    local_tag: str
    remote_tag: str


class DialogState(Enum):
    """How far a dialog is."""

    EARLY = "early"
    CONFIRMED = "confirmed"
    ENDED = "ended"


class Dialog:
    """One dialog. Everything is read-only outside this package; two dialogs are equal only if they are the same."""

    __slots__ = (
        *("ack_wait", "bye_headers", "credentials", "flow", "id", "invited", "inviting", "is_caller", "local"),
        *("local_contact", "local_cseq", "peer_allows", "peer_supports", "remote", "remote_cseq", "remote_target"),
        *("reply_flow", "route_set", "sent_body", "state", "timer", "unacknowledged", "waiting"),
    )

    def __init__(self, dialog_id: DialogId, local: NameAddr, remote: NameAddr, flow: Flow) -> None:
        self.id = dialog_id
        self.local = local
        """Our name and address, with our tag."""
        self.remote = remote
        """The peer's, with its tag."""
        self.flow = flow
        """The way the peer's last target refresh came; requests go back by it (see `next_hop`)."""
        self.state = DialogState.EARLY
        self.is_caller = False
        """Whether our INVITE made it."""
        self.local_cseq = 0
        self.remote_cseq: int | None = None
        self.route_set: tuple[NameAddr, ...] = ()
        self.remote_target: SipUri = remote.uri
        self.local_contact = local.without_params()
        self.peer_allows: frozenset[str] = frozenset()
        """Methods of the peer's Allow in lower case; empty if it never said."""
        self.peer_supports: frozenset[str] = frozenset()
        self.credentials: Credentials | None = None
        self.inviting: Any = None
        """Our INVITE within the dialog that waits for its final answer."""
        self.invited: Request | None = None
        """The peer's INVITE that waits for our final answer, or for its ACK."""
        self.ack_wait: bytes | None = None
        """Our 2xx, repeated until its ACK comes."""
        self.reply_flow: Flow | None = None
        """Where that 2xx goes."""
        self.bye_headers: tuple[tuple[str, str], ...] | None = None
        """We hung up before the ACK came: a BYE with these follows it (section 15)."""
        self.unacknowledged: Any = None
        """Our INVITE whose 2xx made an offer, so that its ACK waits for our answer."""
        self.waiting: deque[Any] = deque()
        """Our INVITEs that wait until no other is in progress (section 14.1)."""
        self.timer: SessionTimer | None = None
        self.sent_body: tuple[str, bytes] = ("", b"")
        """Type and bytes of our last session description, to be repeated by a refreshing re-INVITE."""

    def __repr__(self) -> str:
        return f"<Dialog {self.state.value} {self.id}>"

    @property
    def busy(self) -> bool:
        """Whether an INVITE is in progress in either direction, so that none of ours may start (section 14.1)."""
        return self.inviting is not None or self.invited is not None or self.unacknowledged is not None

    def next_cseq(self) -> int:
        """The number of our next request."""
        self.local_cseq += 1
        return self.local_cseq

    def take_cseq(self, number: int) -> bool:
        """Whether the peer's request is in order; if so its number is the new mark (section 12.2.2)."""
        if self.remote_cseq is not None and number <= self.remote_cseq:
            return False
        self.remote_cseq = number
        return True

    def learn(self, message: Message, flow: Flow) -> None:
        """Refresh target, way and abilities from the peer's INVITE or UPDATE, or its 2xx to ours (section 12.2.1.2)."""
        contact = message.contact
        if contact is not None:
            self.remote_target = contact.uri
        self.flow = flow
        if "Allow" in message.headers:
            self.peer_allows = message.headers.tokens("Allow")
        self.peer_supports = message.headers.tokens("Supported") or self.peer_supports

    def next_hop(self) -> Flow:
        """Where requests go by the letter: the first route, else the remote target (section 12.2.1.1).

        The engine uses it only once the connection of `flow` is gone. Until then it answers the way the peer came:
        that reaches phones behind address translation, and the last proxy is the one to route further.
        """
        return flow_to(self.route_set[0].uri if self.route_set else self.remote_target)

    def address(self) -> tuple[SipUri, tuple[str, ...]]:
        """Request-URI and Route values of our next request (section 12.2.1.1)."""
        routes = self.route_set
        if not routes or routes[0].uri.param("lr") is not None:
            return self.remote_target, tuple(str(route) for route in routes)
        last = NameAddr(self.remote_target)
        strict = replace(routes[0].uri, headers="")
        return strict, tuple(str(route) for route in (*routes[1:], last))


def dialog_id_in(request: Request) -> DialogId:
    """The dialog a peer's request belongs to (section 12.2.2)."""
    return DialogId(request.call_id, request.to.tag, request.from_.tag)


def dialog_from_request(request: Request, local_tag: str, contact: NameAddr, flow: Flow) -> Dialog:
    """The dialog a request makes at the side that answers it (section 12.1.1). RemoteProtocolError: bad Record-Route."""
    remote = request.from_
    made = Dialog(DialogId(request.call_id, local_tag, remote.tag), request.to.with_param("tag", local_tag), remote, flow)
    made.remote_cseq = request.cseq.number
    made.route_set = tuple(read_name_addrs(request.headers, "Record-Route"))
    made.local_contact = contact
    made.learn(request, flow)
    return made


def dialog_from_response(request: Request, response: Response, flow: Flow) -> Dialog:
    """The dialog a response makes at the side that asked (section 12.1.2). RemoteProtocolError: bad Record-Route."""
    local, remote = request.from_, response.to
    made = Dialog(DialogId(request.call_id, local.tag, remote.tag), local, remote, flow)
    made.is_caller = True
    made.local_cseq = request.cseq.number
    made.route_set = read_route_set(response.headers)
    made.local_contact = request.contact or local.without_params()
    made.remote_target = request.uri
    made.learn(response, flow)
    return made


def read_route_set(headers: Headers) -> tuple[NameAddr, ...]:
    """The route set a 2xx gives its asker: Record-Route in reverse (section 12.1.2); empty if unreadable."""
    try:
        return tuple(reversed(read_name_addrs(headers, "Record-Route")))
    except RemoteProtocolError:
        return ()
