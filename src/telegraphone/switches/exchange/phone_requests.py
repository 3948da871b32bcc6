"""What phones ask for in their calls: transfers (REFER, RFC 3515), recording and keys (INFO, RFC 6086; gws-api 8.6).

A wish is reported as a fact under a name of ours and kept with its leg until `settle` says what came of it: an INFO is then
answered, a REFER's NOTIFYs end. When the leg ends first, what is kept ends with it, so nothing is kept for ever.
"""

import asyncio
from contextlib import suppress
from itertools import count
from typing import Final

from telegraphone.domain.ids import LegId
from telegraphone.domain.legs import EndCause
from telegraphone.domain.phone_requests import RecordingAsked, TransferAsked, TransferOfLegs
from telegraphone.domain.recording import Trigger
from telegraphone.endpoints.sip import SipEndpoint
from telegraphone.switches.exchange.causes import STATUS
from telegraphone.switches.exchange.feature_codes import FeatureCodes
from telegraphone.switches.exchange.leg import Leg
from telegraphone.switches.exchange.sound import ExchangeSound
from telegraphone.switches.exchange.switchboard import Switchboard
from telegraphone.wire.errors import LocalProtocolError, RemoteProtocolError
from telegraphone.wire.sip.commands import InDialogRequest, Reply
from telegraphone.wire.sip.dialog import Dialog, DialogState
from telegraphone.wire.sip.message import Request
from telegraphone.wire.sip.refer import SIPFRAG, Referral, report
from telegraphone.wire.sip.transaction import ServerTransaction
from telegraphone.wire.sip.uri import unescape

_TRIGGERS: Final = {"on": Trigger.START, "off": Trigger.STOP}
_ANSWERS: Final = {None: 200, EndCause.DECLINED: 403, EndCause.FAILED: 503}
_OVER: Final = 481
_REFER, _INFO = "refer", "info"
_PATIENCE_S: Final = 10.0
"""How long an INFO waits for its effect: longer than the recorder may take, shorter than the phone waits (32 s)."""
_KEYS: Final = frozenset("0123456789*#ABCD")


class PhoneRequests:
    """`PhoneAnswers` of an exchange. At most one transfer and one recording operation of a leg wait at a time."""

    def __init__(self, board: Switchboard, sound: ExchangeSound, codes: FeatureCodes, *, sip_info: bool) -> None:
        """`codes` hears of each key; `sip_info`: whether the Record field of an INFO is heeded."""
        self._board = board
        self._sound = sound
        self._codes = codes
        self._sip_info = sip_info
        self._numbers = count(1)

    # --- transfers ---

    def refer(self, sip: SipEndpoint, transaction: ServerTransaction, request: Request, dialog: Dialog) -> None:
        """Takes a REFER: says 202 and reports, or refuses and leaves the call as it is."""
        leg = self._board.by_dialog.get(dialog)
        if leg is None:
            sip.respond(transaction, Reply(_OVER))
            return
        try:
            referral = Referral.of(request.headers)
            name = self._name(leg, _REFER)
            event = self._event(sip, leg, referral, name)
        except RemoteProtocolError as error:
            sip.respond(transaction, Reply(error.status or 400))
            return
        sip.respond(transaction, Reply(202, headers=() if referral.reported else (("Refer-Sub", "false"),)))
        leg.referrals += 1
        event_id = str(request.cseq.number) if leg.referrals > 1 else ""

        def tell(status: int) -> None:
            if referral.reported and dialog.state is DialogState.CONFIRMED:
                headers, body = report(status, event_id)
                with suppress(LocalProtocolError):  # too much is in flight: the phone will see what happens to its call
                    sip.request(InDialogRequest(dialog=dialog, method="NOTIFY", headers=headers, body=body, content_type=SIPFRAG))

        tell(100)
        leg.asked[name] = lambda cause: tell(200 if cause is None else STATUS[cause])
        self._board.tell(event)

    def _event(self, sip: SipEndpoint, leg: Leg, referral: Referral, name: str) -> TransferAsked | TransferOfLegs:
        if referral.replaces is None:
            number = unescape(referral.target.user)
            if not number:
                raise RemoteProtocolError("nobody to call", status=484)
            return TransferAsked(leg.id, number, name)
        found = sip.engine.dialogs.find(referral.replaces.dialog)
        other = self._board.by_dialog.get(found) if found is not None else None
        if other is None or other is leg:
            # Not 481: within a dialog that would end the call it is asked in (RFC 5057 section 5.1).
            raise RemoteProtocolError("no such call", status=404)
        if other.number != leg.number:
            # Only who is in both calls may connect their other parties.
            raise RemoteProtocolError("somebody else's call", status=403)
        if referral.replaces.early_only:
            raise RemoteProtocolError("the call is answered", status=486)
        return TransferOfLegs(leg.id, other.id, name)

    # --- INFO ---

    def info(self, sip: SipEndpoint, transaction: ServerTransaction, request: Request, dialog: Dialog) -> None:
        """Takes an INFO: a Record field, a key, or nothing that concerns us (RFC 6086 section 4.2.2)."""
        leg = self._board.by_dialog.get(dialog)
        if leg is None:
            sip.respond(transaction, Reply(_OVER))
        elif "Record" in request.headers:
            self._record(sip, transaction, request.headers.get("Record") or "", leg)
        else:
            sip.respond(transaction, Reply(200 if self._pressed(leg, request) else 415))

    def _record(self, sip: SipEndpoint, transaction: ServerTransaction, value: str, leg: Leg) -> None:
        trigger = _TRIGGERS.get(value.strip().lower())
        try:
            if trigger is None:
                raise RemoteProtocolError("neither on nor off", status=400)
            if not self._sip_info:
                raise RemoteProtocolError("switched off", status=403)
            name = self._name(leg, _INFO)
        except RemoteProtocolError as error:
            sip.respond(transaction, Reply(error.status or 400))
            return
        leg.asked[name] = lambda cause: self._answer(sip, transaction, _ANSWERS.get(cause, _OVER))
        asyncio.get_running_loop().call_later(_PATIENCE_S, self._settle, name, EndCause.FAILED)
        self._board.tell(RecordingAsked(leg.id, trigger, name))

    @staticmethod
    def _answer(sip: SipEndpoint, transaction: ServerTransaction, status: int) -> None:
        if not transaction.answered:
            sip.respond(transaction, Reply(status))

    def _pressed(self, leg: Leg, request: Request) -> bool:
        """Passes a key on to who hears the phone; False for a body that is no key."""
        kind = request.content_type
        if kind not in {"application/dtmf-relay", "application/dtmf"}:
            return not request.body or kind == ""
        key = _key_in(request.body, relay=kind.endswith("relay"))
        if key is None:
            return False
        self._sound.pass_on(leg, key)
        self._codes.pressed(leg, key)
        return True

    # --- PhoneAnswers ---

    async def settle(self, request: str, cause: EndCause | None) -> None:
        """See `PhoneAnswers`."""
        self._settle(request, cause)

    def _settle(self, request: str, cause: EndCause | None) -> None:
        leg = self._board.legs.get(LegId(request.rpartition("/")[0].rpartition("/")[0]))
        tell = leg.asked.pop(request, None) if leg is not None else None
        if tell is not None:
            tell(cause)

    def _name(self, leg: Leg, kind: str) -> str:
        """A name that leads back to the leg. RemoteProtocolError (500) while one of the kind waits, 503 for a late reader."""
        if self._board.crowded:
            raise RemoteProtocolError("the events are not read", status=503)
        if any(name.rpartition("/")[0] == f"{leg.id}/{kind}" for name in leg.asked):
            raise RemoteProtocolError("one waits already", status=500)
        return f"{leg.id}/{kind}/{next(self._numbers)}"


def _key_in(body: bytes, *, relay: bool) -> str | None:
    """The key of an INFO's body: `Signal=5` among other lines, or the key alone."""
    text = body.decode("ascii", "replace").strip()
    if relay:
        fields = (line.partition("=") for line in text.splitlines())
        text = next((value.strip() for name, _, value in fields if name.strip().lower() == "signal"), "")
    text = {"10": "*", "11": "#"}.get(text, text).upper()
    return text if text in _KEYS else None
