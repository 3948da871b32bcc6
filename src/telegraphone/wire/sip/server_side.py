"""Takes requests and answers them: the user agent server (RFC 3261 sections 8.2, 9.2, 12.2.2, 13.3, 14.2, 15.1.2)."""

import hashlib
from typing import Final

from telegraphone.wire.errors import LocalProtocolError, RemoteProtocolError
from telegraphone.wire.sip.admission import refusal_of
from telegraphone.wire.sip.building import abilities, describe_body
from telegraphone.wire.sip.client_side import ClientSide
from telegraphone.wire.sip.commands import Reply
from telegraphone.wire.sip.dialog import Dialog, DialogState, dialog_from_request, dialog_id_in
from telegraphone.wire.sip.dialogs import DialogKeeper
from telegraphone.wire.sip.events import AckArrived, CallCancelled, EndReason, RequestArrived
from telegraphone.wire.sip.headers import Headers, canonical
from telegraphone.wire.sip.message import MalformedMessage, Request, Response, make_response, serialize
from telegraphone.wire.sip.session_timer import agree_as_server
from telegraphone.wire.sip.state import UserAgentState
from telegraphone.wire.sip.transaction import Input, Kind, ServerTransaction, State
from telegraphone.wire.sip.transactions import TransactionLayer, reply_flow
from telegraphone.wire.sip.transport import Flow

_TRYING_S: Final = 0.1
"""How long the answer to an INVITE may take before a 100 stills its sender (within the 200 ms of section 17.2.1)."""

_NEEDS_CONTACT: Final = frozenset(("INVITE", "UPDATE", "NOTIFY", "REFER", "SUBSCRIBE"))
_TARGET_REFRESHING: Final = frozenset(("INVITE", "UPDATE"))
_RETRY_AFTER_S: Final = "5"


class ServerSide:
    """All requests of peers that still want an answer."""

    def __init__(self, state: UserAgentState, layer: TransactionLayer, keeper: DialogKeeper, client: ClientSide) -> None:
        self._state = state
        self._layer = layer
        self._keeper = keeper
        self._client = client
        keeper.answerer = self

    # --- arriving -----------------------------------------------------------------------------------------------

    def receive(self, request: Request, source: Flow, now: float) -> None:
        """Take one request, its Via already completed."""
        transaction = self._layer.find_server(request)
        if request.method == "ACK":
            self._receive_ack(request, transaction, now)
        elif transaction is not None:
            self._layer.feed(transaction, Input.REQUEST, now)
        elif request.method == "CANCEL":
            self._receive_cancel(request, source, now)
        elif self._layer.full or self._layer.crowded_by(source.host) or (request.method == "INVITE" and self._keeper.full):
            self.refuse_statelessly(request.headers, source, Reply(503, headers=(("Retry-After", _RETRY_AFTER_S),)))
        else:
            self._admit(request, source, now)

    def _admit(self, request: Request, source: Flow, now: float) -> None:
        merged = not request.to.tag and self._layer.is_merged(request)
        transaction = self._layer.start_server(request, source, now)
        transaction.local_tag = request.to.tag or self._state.token()
        if transaction.kind is Kind.INVITE_SERVER:
            self._state.deadlines.arm((transaction, "trying"), now + _TRYING_S, lambda at: self._send_trying(transaction, at))
        refusal = Reply(482) if merged else refusal_of(request, self._state.options)
        if refusal is not None:
            self.respond(transaction, refusal, now)
        elif request.to.tag:
            self._receive_in_dialog(transaction, request, now)
        else:
            self._state.events.append(RequestArrived(transaction, request, None))

    def _send_trying(self, transaction: ServerTransaction, now: float) -> None:
        if not transaction.answered:
            self._layer.send_response(transaction, make_response(transaction.request, 100), now)

    def refuse_statelessly(self, headers: Headers, source: Flow, reply: Reply) -> None:
        """Answer without remembering (section 8.2.7): where we are full, and where a message is malformed.

        The To tag is a hash of what identifies the request, so that every repetition gets the same.
        """
        request = Request(headers, b"", "", self._state.contact(source).uri)
        identity = repr([headers.lines(name) for name in ("Call-ID", "CSeq", "From", "Via")])
        tag = hashlib.sha256(identity.encode("utf-8", "replace")).hexdigest()[:16]
        try:
            response = make_response(request, reply.status, to_tag=tag)
            way = reply_flow(request, source)
        except RemoteProtocolError:
            # To or Via is unreadable: send back what there is, the way it came.
            response, way = make_response(request, reply.status), source
        fields = Headers.of_canonical((*response.headers, *reply.headers))
        self._state.send(serialize(Response(fields, b"", response.status, response.reason)), way)

    def refuse_malformed(self, error: MalformedMessage, source: Flow) -> None:
        """Answer a malformed request with the status it deserves, if it may be answered at all."""
        if error.status is not None and "Via" in error.headers:
            self.refuse_statelessly(error.headers, source, Reply(error.status))

    # --- ACK and CANCEL -----------------------------------------------------------------------------------------

    def _receive_ack(self, request: Request, transaction: ServerTransaction | None, now: float) -> None:
        if transaction is not None and transaction.state is not State.ACCEPTED:
            self._layer.feed(transaction, Input.ACK, now)
            return
        dialog = self._keeper.find(dialog_id_in(request))
        if dialog is None or dialog.invited is None or dialog.invited.cseq.number != request.cseq.number:
            return
        if self._keeper.ack_arrived(dialog, now):
            if dialog.state is DialogState.CONFIRMED:
                self._state.events.append(AckArrived(dialog, request))
            self._client.start_waiting(dialog, now)

    def _receive_cancel(self, request: Request, source: Flow, now: float) -> None:
        """CANCEL is answered for itself: 200 if there is what it cancels, even too late, else 481 (section 9.2)."""
        invite = self._layer.find_server(request, "INVITE")
        transaction = self._layer.start_server(request, source, now)
        if invite is None:
            transaction.local_tag = request.to.tag or self._state.token()
            self.respond(transaction, Reply(481), now)
            return
        transaction.local_tag = invite.local_tag
        self.respond(transaction, Reply(200), now)
        if not invite.answered:
            self._cancel_invite(invite, now)

    def _cancel_invite(self, invite: ServerTransaction, now: float) -> None:
        self.respond(invite, Reply(487), now)
        invite.cancelled = True
        self._state.events.append(CallCancelled(invite))

    # --- within dialogs -----------------------------------------------------------------------------------------

    def _receive_in_dialog(self, transaction: ServerTransaction, request: Request, now: float) -> None:
        dialog = self._keeper.find(dialog_id_in(request))
        transaction.dialog = dialog
        if dialog is None:
            self.respond(transaction, Reply(481), now)
        elif not dialog.take_cseq(request.cseq.number) and request.method != "BYE":
            # Out of order (section 12.2.2); the transaction must not touch the dialog. A BYE overtaken by a later
            # request is meant all the same: refused, it would leave a call that its other side has left.
            transaction.dialog = None
            self.respond(transaction, Reply(500), now)
        elif request.method == "BYE":
            self._receive_bye(transaction, dialog, request, now)
        elif dialog.state is DialogState.ENDED:
            self.respond(transaction, Reply(481), now)
        else:
            self._receive_mid_call(transaction, dialog, request, now)

    def _receive_bye(self, transaction: ServerTransaction, dialog: Dialog, request: Request, now: float) -> None:
        self.respond(transaction, Reply(200), now)
        invite = self._pending_invite(dialog)
        if invite is not None:
            self._cancel_invite(invite, now)
        self._keeper.end(dialog, EndReason.REMOTE_BYE, request, now)
        self._keeper.forget(dialog)

    def _pending_invite(self, dialog: Dialog) -> ServerTransaction | None:
        """The peer's INVITE that still waits for our final answer: BYE ends it too (section 15.1.2)."""
        if dialog.invited is None:
            return None
        found = self._layer.find_server(dialog.invited)
        return found if found is not None and not found.answered else None

    def refuse_pending(self, dialog: Dialog, now: float) -> None:
        """Answer with 487 what our user will not answer: it has hung up."""
        invite = self._pending_invite(dialog)
        if invite is not None:
            self.respond(invite, Reply(487), now)
            invite.cancelled = True

    def _receive_mid_call(self, transaction: ServerTransaction, dialog: Dialog, request: Request, now: float) -> None:
        if request.method in _TARGET_REFRESHING and (request.body or request.method == "INVITE"):
            clash = self._clash(dialog, now)
            if clash is not None:
                transaction.dialog = None
                self.respond(transaction, clash, now)
                return
        if request.method == "INVITE":
            dialog.invited = request
        self._state.events.append(RequestArrived(transaction, request, dialog))

    def _clash(self, dialog: Dialog, now: float) -> Reply | None:
        """Two offers must not cross (RFC 3261 section 14.2, RFC 3311 section 5.2)."""
        if dialog.inviting or dialog.unacknowledged is not None:
            return Reply(491)
        if dialog.invited is None:
            return None
        if dialog.ack_wait is not None and dialog.invited.body:
            # A next request of theirs proves that our 2xx came, though its ACK got lost.
            self._keeper.ack_arrived(dialog, now)
            return None
        seconds = self._state.entropy(1)[0] % 10
        return Reply(500, headers=(("Retry-After", str(seconds)),))

    # --- answering ----------------------------------------------------------------------------------------------

    def respond(self, transaction: ServerTransaction, reply: Reply, now: float) -> Dialog | None:
        """See `SipEngine.respond`."""
        if transaction.answered:
            if transaction.cancelled or transaction.state is State.TERMINATED:
                return None
            raise LocalProtocolError("the request has its final response")
        request = transaction.request
        self._state.deadlines.cancel((transaction, "trying"))
        dialog = self._dialog_for(transaction, request, reply)
        response = self._build(transaction, request, reply, dialog, now)
        self._layer.send_response(transaction, response, now)
        if request.method == "INVITE" and reply.status >= 200:
            self._invite_answered(transaction, reply, dialog, now)
        return dialog

    def _dialog_for(self, transaction: ServerTransaction, request: Request, reply: Reply) -> Dialog | None:
        """The dialog a response belongs to; a 1xx or 2xx to a first INVITE makes it (section 12.1.1)."""
        if transaction.dialog is not None or request.method != "INVITE" or request.to.tag:
            return transaction.dialog
        if not 100 < reply.status < 300:
            return None
        contact = self._state.contact(transaction.source)
        dialog = dialog_from_request(request, transaction.local_tag, contact, transaction.source)
        dialog.invited = request
        transaction.dialog = dialog
        self._keeper.add(dialog)
        return dialog

    def _build(
        self, transaction: ServerTransaction, request: Request, reply: Reply, dialog: Dialog | None, now: float
    ) -> Response:
        tag = transaction.local_tag if reply.status > 100 else ""
        response = make_response(request, reply.status, reply.reason, to_tag=tag)
        own = [(canonical(name), value) for name, value in reply.headers]
        named = {name for name, _ in own}
        fields = [*response.headers, *self._extra_fields(request, reply, dialog, now)]
        fields += describe_body(reply.body, reply.content_type)
        if named:
            fields = [pair for pair in fields if pair[0] not in named]
        return Response(Headers.of_canonical((*fields, *own)), reply.body, response.status, response.reason)

    def _extra_fields(self, request: Request, reply: Reply, dialog: Dialog | None, now: float) -> list[tuple[str, str]]:
        fields: list[tuple[str, str]] = []
        if dialog is not None and 100 < reply.status < 300 and request.method in _NEEDS_CONTACT:
            if request.method == "INVITE":
                fields += [pair for pair in request.headers if pair[0] == "Record-Route"]
            fields.append(("Contact", str(dialog.local_contact)))
        if 200 <= reply.status < 300 and request.method in {*_TARGET_REFRESHING, "OPTIONS"}:
            fields += abilities(self._state)
            if request.method == "OPTIONS":
                fields.append(("Accept", ", ".join(self._state.options.accept)))
            elif dialog is not None:
                fields += self._refresh(dialog, request, reply, now)
        if self._state.options.user_agent:
            fields.append(("Server", self._state.options.user_agent))
        return fields

    def _refresh(self, dialog: Dialog, request: Request, reply: Reply, now: float) -> list[tuple[str, str]]:
        """A 2xx to INVITE or UPDATE refreshes target and session timer; the fields that say so (RFC 4028 section 9)."""
        if request.to.tag:
            dialog.learn(request, dialog.flow)
        if request.method == "INVITE":
            dialog.state = DialogState.CONFIRMED if dialog.state is DialogState.EARLY else dialog.state
        if reply.body:
            dialog.sent_body = (reply.content_type, reply.body)
        agreed = agree_as_server(request.headers, self._state.options.session_expires_s)
        if agreed is None:
            self._keeper.start_timer(dialog, None, now)
            return []
        timer, expires, require = agreed
        self._keeper.start_timer(dialog, timer, now)
        fields = [("Session-Expires", str(expires))]
        return [*fields, ("Require", "timer")] if require else fields

    def _invite_answered(self, transaction: ServerTransaction, reply: Reply, dialog: Dialog | None, now: float) -> None:
        if dialog is None:
            return
        if reply.status < 300:
            dialog.invited = transaction.request
            dialog.reply_flow = transaction.flow
            self._keeper.await_ack(dialog, transaction.data, now)
        elif transaction.request.to.tag:
            dialog.invited = None
            self._client.start_waiting(dialog, now)
        else:
            self._keeper.forget(dialog)
