"""Calls phones: rings every phone registered on a number, takes the first that answers (a user agent client)."""

from dataclasses import dataclass

from telegraphone.domain.ids import LegId
from telegraphone.domain.legs import EndCause, LegAnswered, LegRinging
from telegraphone.endpoints.sip import SipEndpoint
from telegraphone.services.ports import Caller, Unavailable
from telegraphone.switches.exchange.accounts import Answering
from telegraphone.switches.exchange.causes import cause_of, strongest
from telegraphone.switches.exchange.descriptions import our_offer, party_answering
from telegraphone.switches.exchange.leg import Leg, Stage
from telegraphone.switches.exchange.registrar import Binding, Registrar
from telegraphone.switches.exchange.switchboard import Switchboard
from telegraphone.wire.errors import LocalProtocolError, RemoteProtocolError
from telegraphone.wire.sdp import SessionDescription
from telegraphone.wire.sip.commands import InDialogRequest, OutgoingRequest
from telegraphone.wire.sip.events import ResponseArrived
from telegraphone.wire.sip.message import Response
from telegraphone.wire.sip.pending import PendingRequest
from telegraphone.wire.sip.uri import NameAddr, SipUri, escape_user

_RINGING = 180
_FINAL = 200
_TALK = (("Event", "talk"), ("Subscription-State", "active"))
_ANSWER_NOW = (
    ("Alert-Info", "<http://127.0.0.1>;info=alert-autoanswer;delay=0"),
    ("Call-Info", "<sip:answer>;answer-after=0"),
    ("Answer-Mode", "Auto"),
)
"""What phones of different makers read as "answer by yourself": the first two by custom, the last by RFC 5373."""


@dataclass(slots=True, eq=False)
class _Attempt:
    """One phone that is being called for a leg. `again`: it is called anew once this call has been taken back."""

    leg: Leg
    binding: Binding
    caller: Caller
    again: bool = False


class Outgoing:
    """The exchange as user agent client."""

    def __init__(self, board: Switchboard, registrar: Registrar, sip: SipEndpoint, host: str) -> None:
        self._board = board
        self._registrar = registrar
        self._sip = sip
        self._host = host
        self._by_call: dict[PendingRequest, _Attempt] = {}

    def __len__(self) -> int:
        return len(self._by_call)

    def originate(self, leg_id: LegId, number: str, caller: Caller, *, lift: bool) -> EndCause | None:
        """Rings all phones of the number; answers at once why there is none to ring, or no port to ring it with."""
        if self._board.accounts.at(number) is None:
            return EndCause.UNKNOWN_NUMBER
        bindings = self._registrar.bindings(number, self._board.clock.now())
        if not bindings:
            return EndCause.UNREACHABLE
        try:
            port = self._board.relay.open()
        except Unavailable:
            return EndCause.FAILED
        leg = Leg(leg_id, number, port, our_offer(port.address, self._board.new_session_id()), lift=lift)
        self._board.legs[leg.id] = leg
        for binding in bindings:
            self._call(_Attempt(leg, binding, caller))
        if not leg.calls:
            self._board.end(leg, EndCause.UNREACHABLE)
        return None

    def _call(self, attempt: _Attempt) -> None:
        leg, binding, caller = attempt.leg, attempt.binding, attempt.caller
        by_itself = leg.lift and self._answering(leg) in {Answering.AUTO, Answering.DETECT}
        known = self._board.accounts.at(caller.number)
        name = caller.display_name or (known.display_name if known is not None else "")
        command = OutgoingRequest(
            method="INVITE",
            uri=binding.uri,
            from_=NameAddr(SipUri(self._host, escape_user(caller.number)), name),
            to=NameAddr(SipUri(self._host, escape_user(leg.number))),
            headers=_ANSWER_NOW if by_itself else (),
            body=leg.ours.serialize(),
            flow=binding.flow,
        )
        try:
            pending = self._sip.request(command)
        except LocalProtocolError:
            # Too much is in flight; the other phones of the number may have been reached.
            return
        leg.calls.append(pending)
        self._by_call[pending] = attempt

    def _answering(self, leg: Leg) -> Answering:
        account = self._board.accounts.at(leg.number)
        return Answering.HAND if account is None else account.answering

    def response(self, event: ResponseArrived) -> None:
        """A phone says how it takes our INVITE."""
        attempt = self._by_call.get(event.pending)
        response = event.response
        if attempt is None:
            if response.success and event.dialog is not None and event.pending.method == "INVITE":
                self._hang_up_stranger(event)
        elif response.status < _FINAL:
            self._progress(attempt, event)
        elif response.success and not attempt.again:
            self._answered(attempt.leg, event)
        else:
            self.failed(event.pending, response.status)

    def failed(self, pending: PendingRequest, status: int) -> None:
        """One phone is out; the leg ends when none is left."""
        attempt = self._by_call.pop(pending, None)
        if attempt is None:
            return
        leg = attempt.leg
        leg.calls.remove(pending)
        if attempt.again:
            leg.lift = True
            self._call(_Attempt(leg, attempt.binding, attempt.caller))
            if leg.calls:
                return
        leg.failures.append(cause_of(status, rang=leg.stage is Stage.RINGING))
        if not leg.calls:
            self._board.end(leg, strongest(leg.failures))

    def _hang_up_stranger(self, event: ResponseArrived) -> None:
        """A phone that answered after the leg was given to another or ended, past our CANCEL."""
        if event.dialog is not None and event.dialog not in self._board.by_dialog:
            self._sip.hang_up(event.dialog)

    def _progress(self, attempt: _Attempt, event: ResponseArrived) -> None:
        if event.response.status != _RINGING or attempt.again:
            return
        leg, answering = attempt.leg, self._answering(attempt.leg)
        if event.dialog is not None and _can_talk(answering, attempt.binding, event.response):
            leg.ringing = event.dialog
        if leg.stage is Stage.CALLING:
            leg.stage = Stage.RINGING
            self._board.tell(LegRinging(leg.id, leg.ringing is not None or answering is Answering.AUTO))
            if leg.lift and leg.ringing is not None:
                self.answer(leg)

    def _answered(self, leg: Leg, event: ResponseArrived) -> None:
        dialog = event.dialog
        self._forget(leg, answered=event.pending)
        if dialog is None:
            self._board.end(leg, EndCause.FAILED)
            return
        try:
            answered = SessionDescription.parse(event.response.body)
            party = party_answering(answered, leg.ours, self._board.latch_host(dialog.flow.host))
            self._board.set_party(leg, party)
        except RemoteProtocolError:
            self._sip.hang_up(dialog)
            self._board.end(leg, EndCause.FAILED)
            return
        leg.stage = Stage.ANSWERED
        self._board.confirm(leg, dialog)
        self._board.tell(LegAnswered(leg.id))

    def answer(self, leg: Leg) -> None:
        """Asks the ringing phone to go off the hook. One that only heeds fields in an INVITE is called anew with them: its
        call is taken back first, since a phone that rings would find itself busy."""
        if leg.stage is not Stage.RINGING:
            return
        if leg.ringing is not None:
            self._sip.request(InDialogRequest(dialog=leg.ringing, method="NOTIFY", headers=_TALK))
        elif self._answering(leg) is Answering.AUTO and not leg.lift:
            for pending in tuple(leg.calls):
                self._by_call[pending].again = True
                self._sip.cancel(pending)

    def give_up(self, leg: Leg, cause: EndCause) -> None:
        """Ends a leg that nobody answered yet."""
        self._forget(leg)
        self._board.end(leg, cause)

    def _forget(self, leg: Leg, answered: PendingRequest | None = None) -> None:
        """Cancels every phone but the one that answered."""
        calls, leg.calls = leg.calls, []
        leg.ringing = None
        for pending in calls:
            self._by_call.pop(pending, None)
            if pending is not answered:
                self._sip.cancel(pending)


def _can_talk(answering: Answering, binding: Binding, response: Response) -> bool:
    said = binding.talks or "talk" in response.headers.tokens("Allow-Events")
    return answering is Answering.TALK or (answering is Answering.DETECT and said)
