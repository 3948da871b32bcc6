"""Keeps all living dialogs, and ends each in exactly one way (RFC 3261 section 15, RFC 4028)."""

from enum import Enum, auto
from typing import Protocol

from telegraphone.limits import SIP_DIALOGS_MAX
from telegraphone.wire.sip.commands import InDialogRequest
from telegraphone.wire.sip.dialog import Dialog, DialogId, DialogState
from telegraphone.wire.sip.events import DialogEnded, EndReason
from telegraphone.wire.sip.message import Request
from telegraphone.wire.sip.session_timer import SessionTimer
from telegraphone.wire.sip.state import UserAgentState
from telegraphone.wire.sip.transport import Flow


class Alarm(Enum):
    """The timers a dialog may have running."""

    REPEAT_SUCCESS = auto()
    ACK_MISSING = auto()
    REFRESH = auto()
    EXPIRE = auto()


class Requester(Protocol):
    """Who can send requests within dialogs for the engine itself."""

    def request_quietly(self, command: InDialogRequest, now: float) -> None:
        """Send a request whose outcome is no event."""

    def drop_waiting(self, dialog: Dialog, now: float) -> None:
        """Fail the INVITEs that wait for their turn in a dialog that has ended, and bound the wait of the one sent."""

    def acknowledge_at_last(self, dialog: Dialog, now: float) -> None:
        """Send the ACK that a 2xx still waits for, without a body."""


class Answerer(Protocol):
    """Who can answer what a peer asked within a dialog."""

    def refuse_pending(self, dialog: Dialog, now: float) -> None:
        """Answer the INVITE that nobody will answer any more, since its dialog has ended."""


class DialogKeeper:
    """The dialogs of one user agent by their id."""

    def __init__(self, state: UserAgentState) -> None:
        self._state = state
        self._dialogs: dict[DialogId, Dialog] = {}
        self.requester: Requester | None = None
        self.answerer: Answerer | None = None

    def __len__(self) -> int:
        return len(self._dialogs)

    @property
    def full(self) -> bool:
        """Whether no more may be begun."""
        return len(self._dialogs) >= SIP_DIALOGS_MAX

    def add(self, dialog: Dialog) -> None:
        """Begin to keep a dialog."""
        self._dialogs[dialog.id] = dialog

    def find(self, dialog_id: DialogId) -> Dialog | None:
        """The living dialog of this id."""
        return self._dialogs.get(dialog_id)

    def forget(self, dialog: Dialog) -> None:
        """Keep it no longer; an early dialog ends without a word."""
        dialog.state = DialogState.ENDED
        for alarm in Alarm:
            self._state.deadlines.cancel((dialog, alarm))
        self._dialogs.pop(dialog.id, None)

    def connection_lost(self, flow: Flow) -> None:
        """Let dialogs that used the connection find their peer by its address."""
        for dialog in self._dialogs.values():
            if dialog.flow == flow and flow.connection is not None:
                dialog.flow = dialog.next_hop()

    def end(self, dialog: Dialog, reason: EndReason, request: Request | None, now: float) -> None:
        """Report the end of a confirmed dialog, once; it is kept until `forget`, for requests that cross."""
        if dialog.state is not DialogState.CONFIRMED:
            return
        dialog.state = DialogState.ENDED
        self._state.deadlines.cancel((dialog, Alarm.REFRESH))
        self._state.deadlines.cancel((dialog, Alarm.EXPIRE))
        if self.requester is not None:
            self.requester.drop_waiting(dialog, now)
        if self.answerer is not None:
            self.answerer.refuse_pending(dialog, now)
        self._state.events.append(DialogEnded(dialog, reason, request))

    def hang_up(self, dialog: Dialog, reason: EndReason, headers: tuple[tuple[str, str], ...], now: float) -> None:
        """End a confirmed dialog from our side."""
        if dialog.state is not DialogState.CONFIRMED:
            return
        self.end(dialog, reason, None, now)
        if dialog.ack_wait is not None:
            # The callee must not send BYE before the ACK came or its time ran out (section 15).
            dialog.bye_headers = headers
            return
        self.send_bye(dialog, headers, now)

    def send_bye(self, dialog: Dialog, headers: tuple[tuple[str, str], ...], now: float) -> None:
        """Send the BYE of a dialog that has ended; it is forgotten when that is answered or given up."""
        dialog.bye_headers = None
        assert self.requester is not None, "the engine sets the requester"
        self.requester.acknowledge_at_last(dialog, now)
        self.requester.request_quietly(InDialogRequest(dialog=dialog, method="BYE", headers=headers), now)

    def lose(self, dialog: Dialog, now: float) -> None:
        """The peer said 481 or nothing: the dialog is over, and a BYE says so (section 12.2.1.2)."""
        self.hang_up(dialog, EndReason.LOST, (), now)

    def await_ack(self, dialog: Dialog, data: bytes, now: float) -> None:
        """Repeat a 2xx until its ACK comes: T1, doubling to T2, on every transport (section 13.3.1.4)."""
        dialog.ack_wait = data
        self._arm_repeat(dialog, self._state.options.t1_s, now)
        deadline = now + 64 * self._state.options.t1_s
        self._state.deadlines.arm((dialog, Alarm.ACK_MISSING), deadline, lambda at: self._ack_missing(dialog, at))

    def _arm_repeat(self, dialog: Dialog, delay: float, now: float) -> None:
        def repeat(at: float) -> None:
            self._state.send(dialog.ack_wait or b"", dialog.reply_flow or dialog.flow)
            self._arm_repeat(dialog, min(2 * delay, self._state.options.t2_s), at)

        self._state.deadlines.arm((dialog, Alarm.REPEAT_SUCCESS), now + delay, repeat)

    def ack_arrived(self, dialog: Dialog, now: float) -> bool:
        """Stop repeating the 2xx; False if nothing waited for an ACK. A hang-up that waited for it goes out now."""
        if dialog.ack_wait is None:
            return False
        self._stop_repeating(dialog)
        if dialog.bye_headers is not None:
            self.send_bye(dialog, dialog.bye_headers, now)
        return True

    def _stop_repeating(self, dialog: Dialog) -> None:
        dialog.ack_wait = None
        dialog.invited = None
        self._state.deadlines.cancel((dialog, Alarm.REPEAT_SUCCESS))
        self._state.deadlines.cancel((dialog, Alarm.ACK_MISSING))

    def _ack_missing(self, dialog: Dialog, now: float) -> None:
        self._stop_repeating(dialog)
        if dialog.bye_headers is not None:
            self.send_bye(dialog, dialog.bye_headers, now)
        else:
            self.hang_up(dialog, EndReason.NO_ACK, (), now)

    def start_timer(self, dialog: Dialog, timer: SessionTimer | None, now: float) -> None:
        """Begin the session interval anew with what was agreed (RFC 4028 sections 7.2, 9)."""
        dialog.timer = timer
        self._state.deadlines.cancel((dialog, Alarm.REFRESH))
        self._state.deadlines.cancel((dialog, Alarm.EXPIRE))
        if timer is None or dialog.state is not DialogState.CONFIRMED:
            return
        end = now + timer.interval_s - timer.slack_s
        self._state.deadlines.arm((dialog, Alarm.EXPIRE), end, lambda at: self.hang_up(dialog, EndReason.EXPIRED, (), at))
        if timer.we_refresh:
            half = now + timer.interval_s / 2
            self._state.deadlines.arm((dialog, Alarm.REFRESH), half, lambda at: self._refresh(dialog, at))

    def _refresh(self, dialog: Dialog, now: float) -> None:
        """UPDATE without a body where the peer takes it, else our last offer again by re-INVITE (RFC 4028 section 7.4)."""
        assert self.requester is not None, "the engine sets the requester"
        content_type, body = dialog.sent_body
        if "update" in dialog.peer_allows or not body:
            self.requester.request_quietly(InDialogRequest(dialog=dialog, method="UPDATE"), now)
            return
        command = InDialogRequest(dialog=dialog, method="INVITE", body=body, content_type=content_type)
        self.requester.request_quietly(command, now)
