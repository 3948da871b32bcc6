"""The phone itself: one number, one call at a time, driven by method calls and by what the network says."""

import asyncio
import secrets
from collections import deque
from collections.abc import Callable
from typing import Final

from telegraphone.endpoints.sip import SipEndpoint
from telegraphone.phone.audio import HeardFrame, PhoneAudio
from telegraphone.phone.call import PhoneCall
from telegraphone.phone.conduct import CallFailed, PhoneOptions, PhoneState
from telegraphone.phone.registration import Registration, RegistrationFailed
from telegraphone.phone.voices import Voice, speech
from telegraphone.wire.errors import LocalProtocolError, RemoteProtocolError
from telegraphone.wire.sdp import PCMA, PCMU, TELEPHONE_EVENT, Direction, SessionDescription, offer
from telegraphone.wire.sip.commands import InDialogRequest, OutgoingRequest, Reply
from telegraphone.wire.sip.digest import Credentials
from telegraphone.wire.sip.events import (
    AckArrived,
    CallCancelled,
    DialogEnded,
    RequestArrived,
    ResponseArrived,
    SipEvent,
    TransactionTimedOut,
    TransportFailed,
)
from telegraphone.wire.sip.options import SipOptions
from telegraphone.wire.sip.transport import Flow
from telegraphone.wire.sip.uri import NameAddr, SipUri, escape_user

_METHODS: Final = ("INVITE", "ACK", "CANCEL", "BYE", "OPTIONS", "INFO", "UPDATE", "NOTIFY")
_TALK: Final = ("Allow-Events", "talk")
_PATIENCE_S: Final = 40.0
_LEAVE_S: Final = 2.0
_CODECS: Final = {"PCMU": PCMU, "PCMA": PCMA}
_ORDINARY: Final = PhoneOptions()


class Phone:
    """A phone on the network. Everything belongs to the running loop; `close` when done.

    `heard` keeps what the newest call brought; `observer`, if set, is called at each change of `state`.
    """

    def __init__(
        self,
        number: str,
        user: str,
        password: str,
        registrar: tuple[str, int],
        local_host: str,
        *,
        voice: Voice | None = None,
        options: PhoneOptions = _ORDINARY,
    ) -> None:
        self.number = number
        self.options = options
        self.state = PhoneState.IDLE
        self.caller = ""
        """The number that calls, or called last."""
        self.heard: deque[HeardFrame] = deque()
        self.failure = 0
        """With which status the newest call failed, 0 if it did not."""
        self.observer: Callable[[PhoneState], None] | None = None
        self._credentials = Credentials(user, password)
        self._registrar = registrar
        self._local_host = local_host
        self._voice = voice or speech(140)
        self._codecs = (*(_CODECS[each] for each in options.codecs), TELEPHONE_EVENT)
        self._sip: SipEndpoint | None = None
        self._registration: Registration | None = None
        self._call: PhoneCall | None = None
        self._answer_timer: asyncio.TimerHandle | None = None
        self._waiting: list[tuple[tuple[PhoneState, ...], asyncio.Future[None]]] = []

    # --- what its user does ---

    async def register(self) -> None:
        """Becomes reachable, and stays so. Raises RegistrationFailed."""
        sip = await self._open()
        if self._registration is None:
            self._registration = Registration(
                sip,
                self._domain,
                self.number,
                credentials=self._credentials,
                flow=self._flow,
                expires_s=self.options.expires_s,
            )
        await self._registration.begin()

    async def unregister(self) -> None:
        """Is no longer reachable. Raises RegistrationFailed."""
        if self._registration is not None:
            await self._registration.end()

    async def call(self, dialled: str) -> None:
        """Dials and returns when somebody answered. Raises CallFailed."""
        await self.dial(dialled)
        await self.until(PhoneState.TALKING, PhoneState.IDLE)
        if self.state is PhoneState.IDLE:
            raise CallFailed(self.failure)

    async def dial(self, dialled: str) -> None:
        """Dials and does not wait."""
        sip = await self._open()
        if self._call is not None:
            raise LocalProtocolError("the phone has a call")
        call = self._new_call()
        call.pending = sip.request(
            OutgoingRequest(
                method="INVITE",
                uri=SipUri(*self._at(dialled)),
                from_=NameAddr(SipUri(*self._at(self.number)), self.number),
                body=call.ours.serialize(),
                flow=self._flow,
                credentials=self._credentials,
            )
        )
        self._enter(PhoneState.CALLING)

    async def answer(self) -> None:
        """Lifts the handset of the ringing phone."""
        self._answer()

    async def refuse(self, status: int = 486) -> None:
        """Does not want the ringing call: 486 busy, 603 declined, 480 away."""
        call, sip = self._ringing()
        assert call.invite is not None
        sip.respond(call.invite, Reply(status))
        self._drop()

    async def hold(self) -> None:
        """Puts the other side on hold."""
        self._reoffer(holding=True)

    async def retrieve(self) -> None:
        """Takes the other side back."""
        self._reoffer(holding=False)

    async def press(self, keys: str) -> None:
        """Sends keys in the call (RFC 4733). Raises ValueError for what is no key."""
        for key in keys:
            self._talking().audio.press(key)

    async def hang_up(self) -> None:
        """Ends the call, in whatever state it is; harmless without one."""
        call, sip = self._call, self._sip
        if call is None or sip is None:
            return
        self._drop()
        if call.dialog is not None:
            sip.hang_up(call.dialog)
        elif call.pending is not None:
            sip.cancel(call.pending)
        elif call.invite is not None:
            sip.respond(call.invite, Reply(486))

    async def until(self, *states: PhoneState, timeout_s: float = _PATIENCE_S) -> None:
        """Returns when the phone is in one of the states, or was while we waited. Raises TimeoutError."""
        if self.state in states:
            return
        entry = (states, asyncio.get_running_loop().create_future())
        self._waiting.append(entry)
        try:
            async with asyncio.timeout(timeout_s):
                await entry[1]
        finally:
            self._waiting.remove(entry)

    async def close(self) -> None:
        """Hangs up, unregisters if it can, and gives everything back."""
        await self.hang_up()
        if self._registration is not None:
            try:
                async with asyncio.timeout(_LEAVE_S):
                    await self._registration.end()
            except (RegistrationFailed, TimeoutError):
                # The exchange is gone; it forgets us by itself.
                self._registration.stop()
        if self._sip is not None:
            await self._sip.close()

    # --- inside ---

    @property
    def _domain(self) -> SipUri:
        return SipUri(*self._at(""))

    def _at(self, user: str) -> tuple[str, str, int]:
        host, port = self._registrar
        return (f"[{host}]" if ":" in host else host, escape_user(user), port)

    @property
    def _flow(self) -> Flow:
        return Flow(self.options.transport, *self._registrar)

    async def _open(self) -> SipEndpoint:
        if self._sip is None:
            known = SipOptions(host=self._local_host, contact_user=escape_user(self.number), methods=_METHODS)
            self._sip = await SipEndpoint.open(self._local_host, 0, known, self._handle)
        return self._sip

    def _new_call(self) -> PhoneCall:
        audio = PhoneAudio(self._local_host, self._voice, secrets.token_bytes)
        ours = offer(self._codecs, Direction.SENDRECV, audio.host, audio.port, session_id=secrets.randbits(48))
        self._call = PhoneCall(audio, self._codecs, ours)
        self.heard = audio.heard
        self.failure = 0
        return self._call

    def _ringing(self) -> tuple[PhoneCall, SipEndpoint]:
        if self._call is None or self._sip is None or self._call.invite is None or self._call.dialog is not None:
            raise LocalProtocolError("the phone does not ring")
        return self._call, self._sip

    def _talking(self) -> PhoneCall:
        if self._call is None or self._call.dialog is None:
            raise LocalProtocolError("the phone has no call")
        return self._call

    def _answer(self) -> None:
        call, sip = self._ringing()
        self._forget_timer()
        assert call.invite is not None
        body = call.invite.request.body
        try:
            if body:
                call.answer(SessionDescription.parse(body))
        except RemoteProtocolError as error:
            sip.respond(call.invite, Reply(error.status or 488))
            self._drop()
            return
        call.awaits_answer = not body
        call.dialog = sip.respond(call.invite, Reply(200, body=call.ours.serialize()))
        if call.dialog is not None:
            self._enter(PhoneState.TALKING)

    def _reoffer(self, *, holding: bool) -> None:
        call = self._talking()
        assert self._sip is not None
        assert call.dialog is not None
        call.holding = holding
        self._sip.request(InDialogRequest(dialog=call.dialog, method="INVITE", body=call.offer().serialize()))

    def _forget_timer(self) -> None:
        """It is not to be answered by itself any more."""
        if self._answer_timer is not None:
            self._answer_timer.cancel()
            self._answer_timer = None

    def _drop(self, status: int = 0) -> None:
        """The call is over."""
        self._forget_timer()
        if self._call is not None:
            self._call.audio.close()
            self._call = None
            self.failure = status
            self._enter(PhoneState.IDLE)

    def _enter(self, state: PhoneState) -> None:
        if state is self.state:
            return
        self.state = state
        if self.observer is not None:
            self.observer(state)
        for states, reached in self._waiting:
            if state in states and not reached.done():
                reached.set_result(None)

    # --- what the network says ---

    def _handle(self, event: SipEvent) -> None:
        match event:
            case RequestArrived():
                self._request(event)
            case ResponseArrived():
                self._response(event)
            case TransactionTimedOut(pending) | TransportFailed(pending):
                if self._registration is not None and self._registration.failed(pending):
                    return
                if self._call is not None and self._call.pending is pending:
                    self._drop(408)
            case CallCancelled(transaction):
                if self._call is not None and self._call.invite is transaction:
                    self._drop()
            case AckArrived():
                self._acknowledged(event)
            case DialogEnded(dialog):
                if self._call is not None and self._call.dialog is dialog:
                    self._drop()
            case _:
                pass

    def _request(self, event: RequestArrived) -> None:
        assert self._sip is not None
        transaction, request = event.transaction, event.request
        if request.method == "INVITE" and event.dialog is None:
            self._invited(event)
        elif request.method in {"INVITE", "UPDATE"} and self._call is not None:
            self._sip.respond(transaction, self._changed_media(self._call, request.body, request.method))
        else:
            self._sip.respond(transaction, Reply(200) if event.dialog or request.method == "OPTIONS" else Reply(481))
            asked = (request.headers.get("Event") or "").partition(";")[0].strip().lower()
            if request.method == "NOTIFY" and asked == "talk" and self.state is PhoneState.RINGING:
                self._answer()

    def _invited(self, event: RequestArrived) -> None:
        assert self._sip is not None
        if self._call is not None:
            self._sip.respond(event.transaction, Reply(486))
            return
        call = self._new_call()
        call.invite = event.transaction
        self.caller = event.request.from_.uri.user
        headers = (_TALK,) if self.options.answers_on_talk else ()
        self._sip.respond(event.transaction, Reply(180, headers=headers))
        self._enter(PhoneState.RINGING)
        told = "answer-after=0" in (event.request.headers.get("Call-Info") or "")
        if told and self.options.answers_when_told:
            self._answer()
        elif self.options.answers_after_s is not None:
            self._answer_timer = asyncio.get_running_loop().call_later(self.options.answers_after_s, self._answer)

    def _changed_media(self, call: PhoneCall, body: bytes, method: str) -> Reply:
        try:
            if body:
                return Reply(200, body=call.answer(SessionDescription.parse(body)).serialize())
        except RemoteProtocolError as error:
            return Reply(error.status or 488)
        if method == "UPDATE":
            return Reply(200)
        call.awaits_answer = True
        return Reply(200, body=call.offer().serialize())

    def _response(self, event: ResponseArrived) -> None:
        if self._registration is not None and self._registration.answered(event.pending, event.response):
            return
        call = self._call
        if call is None or event.pending.method != "INVITE":
            return
        if event.pending is call.pending and call.dialog is None:
            self._call_progress(call, event)
        elif event.dialog is not None and event.dialog is call.dialog and event.response.success:
            self._agree(call, event.response.body)
            self._enter(PhoneState.HOLDING if call.holding else PhoneState.TALKING)

    def _call_progress(self, call: PhoneCall, event: ResponseArrived) -> None:
        status = event.response.status
        if status == 180:
            self._enter(PhoneState.HEARS_RINGING)
        elif event.response.success and event.dialog is not None:
            call.dialog = event.dialog
            self._agree(call, event.response.body)
            if self._call is not None:
                self._enter(PhoneState.TALKING)
        elif status >= 200:
            self._drop(status)

    def _acknowledged(self, event: AckArrived) -> None:
        call = self._call
        if call is not None and call.dialog is event.dialog and call.awaits_answer:
            call.awaits_answer = False
            self._agree(call, event.request.body)

    def _agree(self, call: PhoneCall, body: bytes) -> None:
        """Takes the other side's answer; one that makes no sense ends the call."""
        try:
            call.agreed(SessionDescription.parse(body))
        except RemoteProtocolError:
            dialog, sip = call.dialog, self._sip
            self._drop(488)
            if dialog is not None and sip is not None:
                sip.hang_up(dialog)
