"""Answers what phones ask: new calls, changes of running ones, and the small questions in between (a user agent server)."""

from telegraphone.domain.legs import EndCause, LegArrived
from telegraphone.endpoints.sip import SipEndpoint
from telegraphone.services.ports import Unavailable
from telegraphone.switches.exchange.causes import STATUS
from telegraphone.switches.exchange.descriptions import (
    NOT_ACCEPTABLE,
    our_answer,
    our_offer,
    party_answering,
    party_offering,
)
from telegraphone.switches.exchange.leg import Leg, Stage
from telegraphone.switches.exchange.media_port import Party
from telegraphone.switches.exchange.phone_requests import PhoneRequests
from telegraphone.switches.exchange.registrar import Registrar
from telegraphone.switches.exchange.switchboard import Switchboard
from telegraphone.wire.errors import RemoteProtocolError
from telegraphone.wire.sdp import SessionDescription
from telegraphone.wire.sip.commands import Reply
from telegraphone.wire.sip.dialog import Dialog, DialogState
from telegraphone.wire.sip.events import AckArrived, RequestArrived
from telegraphone.wire.sip.message import Request
from telegraphone.wire.sip.refer import Replaces
from telegraphone.wire.sip.transaction import ServerTransaction
from telegraphone.wire.sip.uri import unescape

_BUSY_HERE = Reply(503, headers=(("Retry-After", "5"),))


class Incoming:
    """The exchange as user agent server."""

    def __init__(self, board: Switchboard, registrar: Registrar, requests: PhoneRequests, sip: SipEndpoint) -> None:
        self._board = board
        self._registrar = registrar
        self._requests = requests
        self._sip = sip

    def request(self, event: RequestArrived) -> None:
        """Answers a request, or leaves an INVITE to the reader of the events."""
        transaction, request = event.transaction, event.request
        match request.method:
            case "INVITE" if event.dialog is None:
                self._invite(transaction, request)
            case "INVITE" | "UPDATE" if event.dialog is not None:
                self._change(transaction, request, event.dialog)
            case "REGISTER":
                reply = self._registrar.receive(request, transaction.source, self._board.clock.now())
                self._sip.respond(transaction, reply)
            case "REFER" if event.dialog is not None:
                self._requests.refer(self._sip, transaction, request, event.dialog)
            case "INFO" if event.dialog is not None:
                self._requests.info(self._sip, transaction, request, event.dialog)
            case "OPTIONS":
                self._sip.respond(transaction, Reply(200))
            case _:
                self._sip.respond(transaction, Reply(200) if event.dialog is not None else Reply(481))

    # --- a new call ---

    def _invite(self, transaction: ServerTransaction, request: Request) -> None:
        proof = self._registrar.prove(request, transaction.source.host, self._board.clock.now())
        if proof.account is None:
            assert proof.refusal is not None
            self._sip.respond(transaction, proof.refusal)
            return
        if "Replaces" in request.headers:
            self._take_over(transaction, request, proof.account.dn)
            return
        dialled = unescape(request.uri.user)
        if not dialled:
            self._sip.respond(transaction, Reply(484))
            return
        try:
            leg = self._new_leg(transaction, request, proof.account.dn)
        except RemoteProtocolError as error:
            self._sip.respond(transaction, Reply(error.status or 400))
        except Unavailable:
            self._sip.respond(transaction, _BUSY_HERE)
        else:
            self._board.tell(LegArrived(leg.id, leg.number, dialled, self._board.clock.now()))

    def _new_leg(self, transaction: ServerTransaction, request: Request, dn: str) -> Leg:
        if self._board.crowded:
            raise Unavailable("switch", "the events are not read")
        offered = SessionDescription.parse(request.body) if request.body else None
        port = self._board.relay.open()
        try:
            ours = our_offer(port.address, self._board.new_session_id()) if offered is None else our_answer(offered, port.address)
        except RemoteProtocolError:
            self._board.relay.close(port)
            raise
        leg = Leg(self._board.new_leg_id(), dn, port, ours, transaction, offered)
        self._board.legs[leg.id] = leg
        return leg

    def _take_over(self, transaction: ServerTransaction, request: Request, dn: str) -> None:
        """Another phone of the same number goes on with an answered call (RFC 3891): the leg stays, its phone changes."""
        try:
            leg = self._replaced(request, dn)
            offered = SessionDescription.parse(request.body)
            fresh = our_answer(offered, leg.port.address)
            party = party_offering(offered, fresh, self._latch(transaction))
            self._board.set_party(leg, party)
        except RemoteProtocolError as error:
            self._sip.respond(transaction, Reply(error.status or NOT_ACCEPTABLE))
            return
        old, dialog = leg.dialog, self._sip.respond(transaction, Reply(200, body=fresh.serialize()))
        assert old is not None
        assert dialog is not None, "a request that just came is not cancelled"
        self._board.confirm(leg, dialog)
        leg.ours, leg.awaits_answer, leg.referrals = fresh, False, 0
        self._sip.hang_up(old)

    def _replaced(self, request: Request, dn: str) -> Leg:
        """The leg whose dialog is to be replaced, by the rules of section 3."""
        wanted = Replaces.of(request.headers)
        dialog = self._sip.engine.dialogs.find(wanted.dialog) if wanted is not None else None
        leg = self._board.by_dialog.get(dialog) if dialog is not None else None
        if wanted is None or leg is None:
            ended = dialog is not None and dialog.state is DialogState.ENDED
            raise RemoteProtocolError("no such call", status=603 if ended else 481)
        if leg.number != dn:
            raise RemoteProtocolError("somebody else's call", status=403)
        if wanted.early_only:
            raise RemoteProtocolError("the call is answered", status=486)
        return leg

    def cancelled(self, transaction: ServerTransaction) -> None:
        """The caller gave up."""
        leg = next((each for each in self._board.legs.values() if each.invite is transaction), None)
        if leg is not None and leg.stage is not Stage.ANSWERED:
            self._board.end(leg, EndCause.CANCELLED)

    # --- what the reader decides about it ---

    def ring(self, leg: Leg) -> None:
        """180 Ringing."""
        if leg.stage is Stage.CALLING:
            assert leg.invite is not None
            leg.stage = Stage.RINGING
            self._sip.respond(leg.invite, Reply(180))

    def answer(self, leg: Leg) -> None:
        """200 OK with our description; without ACK the engine ends the dialog."""
        if leg.stage is Stage.ANSWERED:
            return
        assert leg.invite is not None
        dialog = self._sip.respond(leg.invite, Reply(200, body=leg.ours.serialize()))
        if dialog is None:
            return
        leg.stage = Stage.ANSWERED
        leg.awaits_answer = leg.offered is None
        if leg.offered is not None:
            try:
                party = party_offering(leg.offered, leg.ours, self._latch(leg.invite))
                self._board.set_party(leg, party)
            except RemoteProtocolError:
                self._sip.hang_up(dialog)
                self._board.end(leg, EndCause.FAILED)
                return
        self._board.confirm(leg, dialog)

    def refuse(self, leg: Leg, cause: EndCause) -> None:
        """A final answer that is no."""
        assert leg.invite is not None
        self._sip.respond(leg.invite, Reply(STATUS[cause]))
        self._board.end(leg, cause)

    # --- a running call ---

    def _change(self, transaction: ServerTransaction, request: Request, dialog: Dialog) -> None:
        """Re-INVITE or UPDATE. Nothing has changed when it is refused (RFC 3261 section 14.2)."""
        leg = self._board.by_dialog.get(dialog)
        if leg is None:
            self._sip.respond(transaction, Reply(481))
        elif not request.body:
            self._without_offer(transaction, request, leg)
        else:
            try:
                ours, party = self._answered(transaction, request, leg)
                self._board.set_party(leg, party)
            except RemoteProtocolError as error:
                self._sip.respond(transaction, Reply(error.status or NOT_ACCEPTABLE))
                return
            leg.ours = ours
            self._sip.respond(transaction, Reply(200, body=ours.serialize()))

    def _answered(self, transaction: ServerTransaction, request: Request, leg: Leg) -> tuple[SessionDescription, Party]:
        offered = SessionDescription.parse(request.body)
        fresh = our_answer(offered, leg.port.address)
        return leg.ours.successor(fresh.media), party_offering(offered, fresh, self._latch(transaction))

    def _without_offer(self, transaction: ServerTransaction, request: Request, leg: Leg) -> None:
        if request.method == "UPDATE":
            self._sip.respond(transaction, Reply(200))
            return
        leg.ours = leg.ours.successor(our_offer(leg.port.address, leg.ours.session_id).media)
        leg.awaits_answer = True
        self._sip.respond(transaction, Reply(200, body=leg.ours.serialize()))

    def acknowledged(self, event: AckArrived) -> None:
        """The ACK brings the phone's answer where our 2xx made the offer; without a usable one the call ends."""
        leg = self._board.by_dialog.get(event.dialog)
        if leg is None or not leg.awaits_answer:
            return
        leg.awaits_answer = False
        try:
            answered = SessionDescription.parse(event.request.body)
            host = event.dialog.flow.host
            self._board.set_party(leg, party_answering(answered, leg.ours, self._board.latch_host(host)))
        except RemoteProtocolError:
            self._board.end(leg, EndCause.FAILED)
            self._sip.hang_up(event.dialog)

    def _latch(self, transaction: ServerTransaction) -> str | None:
        return self._board.latch_host(transaction.source.host)
