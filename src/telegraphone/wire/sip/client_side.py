"""Sends requests and follows them to their outcome: the user agent client (RFC 3261 sections 8.1, 12.2.1, 13.2, 14.1)."""

from typing import Final

from telegraphone.limits import SIP_WAITING_INVITES_MAX
from telegraphone.wire.errors import LocalProtocolError
from telegraphone.wire.sip.building import build_ack, build_again, build_cancel, build_in_dialog, build_outgoing
from telegraphone.wire.sip.commands import InDialogRequest, OutgoingRequest
from telegraphone.wire.sip.dialog import Dialog, DialogState, dialog_from_response
from telegraphone.wire.sip.dialogs import DialogKeeper
from telegraphone.wire.sip.events import EndReason, ResponseArrived, TransactionTimedOut, TransportFailed
from telegraphone.wire.sip.message import Response, serialize
from telegraphone.wire.sip.options import SDP
from telegraphone.wire.sip.pending import PendingRequest
from telegraphone.wire.sip.retries import changes_for, glare_delay
from telegraphone.wire.sip.session_timer import agree_as_client
from telegraphone.wire.sip.state import UserAgentState
from telegraphone.wire.sip.transaction import ClientTransaction, Effect, Input, State
from telegraphone.wire.sip.transactions import TransactionLayer
from telegraphone.wire.sip.transport import Flow, flow_to

_DIALOG_GONE: Final = frozenset((408, 481))
_REQUEST_PENDING: Final = 491


class ClientSide:
    """All requests of ours that still want an outcome."""

    def __init__(self, state: UserAgentState, layer: TransactionLayer, keeper: DialogKeeper) -> None:
        self._state = state
        self._layer = layer
        self._keeper = keeper
        layer.user = self
        keeper.requester = self

    # --- sending ------------------------------------------------------------------------------------------------

    def request(self, command: OutgoingRequest | InDialogRequest, now: float) -> PendingRequest:
        """See `SipEngine.request`."""
        if self._layer.full:
            raise LocalProtocolError("too many transactions in flight")
        if isinstance(command, OutgoingRequest):
            pending = PendingRequest(command, command.flow or flow_to(command.uri))
            pending.request = build_outgoing(self._state, command, pending.flow)
            self._launch(pending, now)
            return pending
        if command.dialog.state is DialogState.ENDED:
            raise LocalProtocolError("the dialog has ended")
        pending = PendingRequest(command, command.dialog.flow)
        self._start_in_dialog(pending, now)
        return pending

    def request_quietly(self, command: InDialogRequest, now: float) -> None:
        """Send a request of the engine's own; a refresh that cannot go out now is left out."""
        pending = PendingRequest(command, command.dialog.flow)
        pending.quiet = True
        if command.method != "INVITE" or not command.dialog.busy:
            self._start_in_dialog(pending, now)

    def _start_in_dialog(self, pending: PendingRequest, now: float) -> None:
        command = pending.command
        assert isinstance(command, InDialogRequest)
        dialog = command.dialog
        if command.method == "INVITE" and dialog.busy:
            if len(dialog.waiting) >= SIP_WAITING_INVITES_MAX:
                raise LocalProtocolError("too many INVITEs wait in this dialog")
            dialog.waiting.append(pending)
            return
        pending.flow = dialog.flow
        pending.request = build_in_dialog(self._state, command)
        self._launch(pending, now)

    def _launch(self, pending: PendingRequest, now: float) -> None:
        request = pending.request
        assert request is not None
        if pending.dialog is not None and request.method == "INVITE":
            pending.dialog.inviting = pending
        if pending.dialog is not None and request.body and request.method in {"INVITE", "UPDATE"}:
            pending.dialog.sent_body = (request.headers.get("Content-Type") or SDP, request.body)
        pending.transaction = self._layer.start_client(request, pending.flow, pending, now)

    def start_waiting(self, dialog: Dialog, now: float) -> None:
        """Send the INVITE that waited longest, if the dialog is free for it."""
        while dialog.waiting and not dialog.busy and dialog.state is not DialogState.ENDED:
            self._start_in_dialog(dialog.waiting.popleft(), now)

    def drop_waiting(self, dialog: Dialog, now: float) -> None:
        """Fail what waits in a dialog that has ended; an INVITE under way gets 64*T1 more, as if cancelled."""
        if isinstance(dialog.inviting, PendingRequest) and dialog.inviting.transaction is not None:
            self._layer.feed(dialog.inviting.transaction, Input.CANCELLED, now)
        while dialog.waiting:
            self._fail(dialog.waiting.popleft())

    def cancel(self, pending: PendingRequest, now: float) -> None:
        """See `SipEngine.cancel`."""
        if pending.method != "INVITE" or pending.done or pending.cancelled:
            return
        pending.cancelled = True
        if pending.transaction is None:
            if pending.dialog is not None and pending in pending.dialog.waiting:
                pending.dialog.waiting.remove(pending)
            self._fail(pending)
        else:
            self._send_cancel(pending, now)

    def _send_cancel(self, pending: PendingRequest, now: float) -> None:
        """Only once a provisional response came; until then it is for `_note_provisional` (section 9.1)."""
        transaction = pending.transaction
        if transaction is None or transaction.state is not State.PROCEEDING:
            return
        pending.cancel_sent = True
        cancel = build_cancel(transaction.request)
        self._layer.start_client(cancel, transaction.flow, None, now)
        self._layer.feed(transaction, Input.CANCELLED, now)

    # --- outcomes -----------------------------------------------------------------------------------------------

    def response_arrived(self, transaction: ClientTransaction, response: Response, source: Flow, now: float) -> None:
        """Called by the transaction layer."""
        pending = transaction.owner
        if not isinstance(pending, PendingRequest) or pending.transaction is not transaction:
            return
        if response.status == 100:
            self._note_provisional(pending, now)
        elif pending.method == "INVITE":
            self._invite_answered(pending, response, source, now)
        else:
            self._answered(pending, response, source, now)

    def request_failed(self, transaction: ClientTransaction, effect: Effect, now: float) -> None:
        """Called by the transaction layer."""
        pending = transaction.owner
        if not isinstance(pending, PendingRequest) or pending.transaction is not transaction or pending.done:
            return
        self._fail(pending, transaction.flow if effect is Effect.FAILED else None)
        dialog = pending.dialog
        if dialog is not None:
            _free(dialog, pending)
            self._settle(pending, dialog, 408, now)

    def _fail(self, pending: PendingRequest, flow: Flow | None = None) -> None:
        self._finish(pending)
        if not pending.quiet:
            self._state.events.append(TransportFailed(pending, flow) if flow is not None else TransactionTimedOut(pending))

    def _finish(self, pending: PendingRequest) -> None:
        """The one outcome is known: early dialogs that did not become more end with it (section 12.3)."""
        pending.done = True
        for dialog in pending.early.values():
            if dialog is not pending.confirmed:
                self._keeper.forget(dialog)
        pending.early.clear()

    def _report(self, pending: PendingRequest, response: Response, dialog: Dialog | None) -> None:
        if not pending.quiet:
            self._state.events.append(ResponseArrived(pending, response, dialog))

    def _answered(self, pending: PendingRequest, response: Response, source: Flow, now: float) -> None:
        """A response to anything but INVITE."""
        dialog = pending.dialog
        if response.provisional:
            self._report(pending, response, dialog)
            return
        if self._try_again(pending, response, now):
            return
        pending.done = True
        if dialog is not None and pending.method == "UPDATE" and response.success:
            dialog.learn(response, source)
            self._keeper.start_timer(dialog, agree_as_client(response.headers), now)
        self._report(pending, response, dialog)
        if dialog is not None:
            self._settle(pending, dialog, response.status, now)

    def _settle(self, pending: PendingRequest, dialog: Dialog, status: int, now: float) -> None:
        """What a final status means for the dialog the request was sent in."""
        if pending.method == "BYE":
            self._keeper.forget(dialog)
        elif status in _DIALOG_GONE:
            self._keeper.lose(dialog, now)
        else:
            self.start_waiting(dialog, now)

    def _try_again(self, pending: PendingRequest, response: Response, now: float) -> bool:
        """Send the request anew where the response asks for it and we can; True if so."""
        request, dialog = pending.request, pending.dialog
        if pending.cancelled or request is None or (dialog is not None and self._over(pending, dialog)):
            return False
        if response.status == _REQUEST_PENDING and dialog is not None:
            return self._try_later(pending, dialog, now)
        credentials = pending.command.credentials or (dialog.credentials if dialog is not None else None)
        changes = changes_for(pending, response, credentials, self._state.token())
        if not changes:
            return False
        pending.attempts += 1
        for early in pending.early.values():
            self._keeper.forget(early)
        pending.early.clear()
        number = dialog.next_cseq() if dialog is not None else request.cseq.number + 1
        pending.request = build_again(self._state, request, pending.flow, number, changes)
        self._launch(pending, now)
        return True

    @staticmethod
    def _over(pending: PendingRequest, dialog: Dialog) -> bool:
        return dialog.state is DialogState.ENDED and pending.method != "BYE"

    def _try_later(self, pending: PendingRequest, dialog: Dialog, now: float) -> bool:
        """After 491 wait a while and ask again (section 14.1); a refresh of ours needs not: theirs does the same."""
        delay = glare_delay(pending, dialog, self._state.entropy)
        if delay is None or pending.quiet:
            return False
        pending.attempts += 1
        pending.transaction = None

        def again(at: float) -> None:
            if dialog.state is DialogState.ENDED or pending.cancelled:
                if not pending.done:
                    self._fail(pending)
            else:
                self._start_in_dialog(pending, at)

        _free(dialog, pending)
        self._state.deadlines.arm((pending, _REQUEST_PENDING), now + delay, again)
        self.start_waiting(dialog, now)
        return True

    # --- INVITE -------------------------------------------------------------------------------------------------

    def _note_provisional(self, pending: PendingRequest, now: float) -> None:
        if pending.cancelled and not pending.cancel_sent:
            self._send_cancel(pending, now)

    def _invite_answered(self, pending: PendingRequest, response: Response, source: Flow, now: float) -> None:
        if response.success:
            self._invite_succeeded(pending, response, source, now)
        elif response.provisional:
            self._note_provisional(pending, now)
            self._report(pending, response, pending.dialog or self._early_dialog(pending, response, source))
        else:
            self._invite_refused(pending, response, now)

    def _early_dialog(self, pending: PendingRequest, response: Response, source: Flow) -> Dialog | None:
        tag = response.to.tag
        dialog = pending.early.get(tag)
        if dialog is None and tag and not self._keeper.full:
            dialog = self._new_dialog(pending, response, source)
            pending.early[tag] = dialog
        return dialog

    def _new_dialog(self, pending: PendingRequest, response: Response, source: Flow) -> Dialog:
        assert pending.request is not None
        dialog = dialog_from_response(pending.request, response, source)
        dialog.credentials = pending.command.credentials
        if pending.request.body:
            dialog.sent_body = (pending.request.headers.get("Content-Type") or SDP, pending.request.body)
        self._keeper.add(dialog)
        return dialog

    def _invite_refused(self, pending: PendingRequest, response: Response, now: float) -> None:
        if self._try_again(pending, response, now):
            return
        self._finish(pending)
        dialog = pending.dialog
        if dialog is not None:
            _free(dialog, pending)
        self._report(pending, response, dialog)
        if dialog is not None:
            self._settle(pending, dialog, response.status, now)

    def _invite_succeeded(self, pending: PendingRequest, response: Response, source: Flow, now: float) -> None:
        tag = response.to.tag
        if tag in pending.acks:
            data, flow = pending.acks[tag]
            self._state.send(data, flow)
        elif pending.dialog is not None:
            self._reinvite_succeeded(pending, pending.dialog, response, source, now)
        elif pending.confirmed is None and not pending.cancelled:
            self._call_answered(pending, response, source, now)
        elif pending.confirmed is None or pending.confirmed.id.remote_tag != tag:
            self._refuse_success(pending, response, source, now)

    def _call_answered(self, pending: PendingRequest, response: Response, source: Flow, now: float) -> None:
        dialog = pending.early.get(response.to.tag) or self._new_dialog(pending, response, source)
        self._confirm(pending, dialog, response, source)
        pending.confirmed = dialog
        self._finish(pending)
        self._acknowledge_or_wait(pending, dialog, now)
        self._keeper.start_timer(dialog, agree_as_client(response.headers), now)
        self._report(pending, response, dialog)

    def _confirm(self, pending: PendingRequest, dialog: Dialog, response: Response, source: Flow) -> None:
        """The 2xx decides the route set, also over an early dialog's (section 13.2.2.4)."""
        assert pending.request is not None
        fresh = dialog_from_response(pending.request, response, source)
        dialog.route_set, dialog.remote = fresh.route_set, fresh.remote
        dialog.learn(response, source)
        dialog.state = DialogState.CONFIRMED

    def _reinvite_succeeded(self, pending: PendingRequest, dialog: Dialog, response: Response, source: Flow, now: float) -> None:
        if dialog.unacknowledged is pending:
            return
        pending.done = True
        _free(dialog, pending)
        dialog.learn(response, source)
        self._acknowledge_or_wait(pending, dialog, now)
        if dialog.state is DialogState.CONFIRMED:
            self._keeper.start_timer(dialog, agree_as_client(response.headers), now)
        self._report(pending, response, dialog)
        self.start_waiting(dialog, now)

    def _refuse_success(self, pending: PendingRequest, response: Response, source: Flow, now: float) -> None:
        """A 2xx nobody wants: a second fork, or one that crossed our CANCEL. ACK, then BYE (sections 13.2.2.4, 15)."""
        dialog = pending.early.pop(response.to.tag, None) or self._new_dialog(pending, response, source)
        self._confirm(pending, dialog, response, source)
        dialog.state = DialogState.ENDED
        self._acknowledge(pending, dialog, b"", now)
        self._keeper.send_bye(dialog, (), now)
        if not pending.done:
            self._finish(pending)
            self._report(pending, response, None)

    def _acknowledge_or_wait(self, pending: PendingRequest, dialog: Dialog, now: float) -> None:
        """Where our INVITE made the offer the ACK is empty and goes at once; else it must bring our answer."""
        assert pending.request is not None
        if pending.request.body or dialog.state is DialogState.ENDED:
            self._acknowledge(pending, dialog, b"", now)
        else:
            dialog.unacknowledged = pending

    def acknowledge(self, dialog: Dialog, body: bytes, now: float) -> None:
        """See `SipEngine.acknowledge`."""
        pending = dialog.unacknowledged
        if not isinstance(pending, PendingRequest):
            raise LocalProtocolError("no 2xx waits for an ACK in this dialog")
        dialog.unacknowledged = None
        if body:
            dialog.sent_body = (SDP, body)
        self._acknowledge(pending, dialog, body, now)
        self.start_waiting(dialog, now)

    def acknowledge_at_last(self, dialog: Dialog, now: float) -> None:
        """Before our BYE the peer's 2xx must be acknowledged, answer or not."""
        if dialog.unacknowledged is not None:
            self.acknowledge(dialog, b"", now)

    def _acknowledge(self, pending: PendingRequest, dialog: Dialog, body: bytes, now: float) -> None:
        assert pending.request is not None
        data = serialize(build_ack(self._state, pending.request, dialog, body, SDP))
        pending.acks[dialog.id.remote_tag] = (data, dialog.flow)
        self._state.send(data, dialog.flow)

    def hang_up(self, dialog: Dialog, headers: tuple[tuple[str, str], ...], now: float) -> None:
        """See `SipEngine.hang_up`."""
        self._keeper.hang_up(dialog, EndReason.LOCAL_BYE, headers, now)


def _free(dialog: Dialog, pending: PendingRequest) -> None:
    """Note that this INVITE of ours is no longer in progress."""
    if dialog.inviting is pending:
        dialog.inviting = None
