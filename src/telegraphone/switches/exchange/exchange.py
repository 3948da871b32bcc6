"""The face of the embedded exchange: sockets below, the ports `Switch`, `Taps` and `SwitchEvents` above.

It is a back-to-back user agent of primitives: every leg is a SIP dialog of its own, and what becomes of the other leg
is decided by who reads the events. Media is anchored: phones send to the exchange's relay, never to each other.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from telegraphone.domain.ids import LegId
from telegraphone.domain.legs import Ability, EndCause, LegEnded
from telegraphone.domain.recording import Trigger
from telegraphone.endpoints.media_ports import PortPool
from telegraphone.endpoints.sip import SipEndpoint
from telegraphone.endpoints.sip_tls import SipTls
from telegraphone.services.ports import Caller, Clock, MediaAddress, MediaSource, SwitchEvent, Unavailable
from telegraphone.services.switch_ports import Trunks
from telegraphone.services.switch_router import NoTrunks
from telegraphone.switches.exchange.accounts import Account, Accounts
from telegraphone.switches.exchange.announcement import frames
from telegraphone.switches.exchange.feature_codes import FeatureCodes
from telegraphone.switches.exchange.hold_music import hold_music
from telegraphone.switches.exchange.incoming import Incoming
from telegraphone.switches.exchange.key_requests import KeyRequests
from telegraphone.switches.exchange.leg import Leg, Stage
from telegraphone.switches.exchange.outgoing import Outgoing
from telegraphone.switches.exchange.phone_requests import PhoneRequests
from telegraphone.switches.exchange.registrar import DIGESTS, Registrar
from telegraphone.switches.exchange.relay import Relay, enlarged
from telegraphone.switches.exchange.silence import SilenceWatch
from telegraphone.switches.exchange.sound import ExchangeSound
from telegraphone.switches.exchange.switchboard import Switchboard
from telegraphone.wire.sip.commands import InDialogRequest
from telegraphone.wire.sip.events import (
    AckArrived,
    CallCancelled,
    DialogEnded,
    EndReason,
    RequestArrived,
    ResponseArrived,
    SipEvent,
    TransactionTimedOut,
    TransportFailed,
)
from telegraphone.wire.sip.options import SipOptions

_METHODS = ("INVITE", "ACK", "CANCEL", "BYE", "OPTIONS", "INFO", "UPDATE", "NOTIFY", "REFER", "REGISTER")
_SUPPORTED = ("timer", "replaces", "norefersub")
_ENDED = {EndReason.LOCAL_BYE: EndCause.NORMAL, EndReason.REMOTE_BYE: EndCause.NORMAL}
_TIMED_OUT, _NOT_SENT = 408, 503
_NO_TLS = SipTls()
_NO_CODES: Mapping[str, Trigger] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Counts:
    """What an exchange holds at this moment; all but the registrations are zero when no call lives."""

    legs: int
    calls_out: int
    media_ports: int
    taps: int
    dialogs: int
    transactions: int
    registrations: int


@dataclass(frozen=True, slots=True)
class _Sides:
    """What exists once the sockets are open."""

    sip: SipEndpoint
    incoming: Incoming
    outgoing: Outgoing


class Exchange:
    """A SIP exchange on one address, UDP, TCP and TLS. `start` before anything else; `close` ends every call."""

    def __init__(
        self,
        *,
        host: str,
        port: int,
        advertised_host: str = "",
        rtp_ports: tuple[int, int],
        accounts: Iterable[Account],
        realm: str,
        latching: bool = False,
        digest_algorithms: tuple[str, ...] = DIGESTS,
        tls: SipTls = _NO_TLS,
        sip_info: bool = True,
        feature_codes: Mapping[str, Trigger] = _NO_CODES,
        rtp_timeout_s: float = 0.0,
        announcements: Iterable[bytes] = (),
        clock: Clock,
    ) -> None:
        """`host` and `port`: where SIP and RTP are received; `advertised_host`: what phones are told, if that differs;
        `latching`: whether phones behind address translation may correct their media address; `tls`: where and how phones
        may register by TLS; `sip_info`: whether phones may start and stop recording by INFO; `feature_codes`: the keys by
        which they operate it; `rtp_timeout_s`: after how long without a packet a phone has vanished and its leg ends, or 0;
        `announcements`: the sound of those that may have to be played."""
        known = Accounts(accounts)
        shown = advertised_host or host
        self._address = (host, port)
        self._shown = shown
        self._clock = clock
        self._tls = tls
        self._registrar = Registrar(known, realm, clock.entropy, digest_algorithms)
        self._board = Switchboard(clock, known, Relay(PortPool(host, *rtp_ports, enlarged), shown, clock.entropy), latching)
        self._sides: _Sides | None = None
        self.sound = ExchangeSound(self._board, KeyRequests(self._board, self._request))
        """Its `LegMedia`, `ConferenceTaps` and `Monitoring`."""
        codes = FeatureCodes(self._board, feature_codes)
        self.requests = PhoneRequests(self._board, self.sound, codes, sip_info=sip_info)
        """Its `PhoneAnswers`."""
        self.trunks: Trunks = NoTrunks()
        """None."""
        self._early: list[SipEvent] = []
        self._expiry: asyncio.TimerHandle | None = None
        self._rtp_timeout_s, self._silence = rtp_timeout_s, SilenceWatch(rtp_timeout_s)
        self._look: asyncio.TimerHandle | None = None
        self._announcements = tuple(announcements)
        self.port = port
        """The SIP port; of use when any was asked for (0)."""
        self.tls_port = 0
        """The port of SIP over TLS; 0: none."""

    async def start(self) -> None:
        """Opens the sockets. Raises Unavailable("switch") when an address is taken."""
        hold_music()  # made now, since nobody shall wait for it: a minute of sound takes a tenth of a second
        for each in self._announcements:
            frames(each)
        try:
            options = SipOptions(host=self._shown, methods=_METHODS, supported=_SUPPORTED)
            sip = await SipEndpoint.open(*self._address, options, self._handle, tls=self._tls)
        except OSError as error:
            raise Unavailable("switch", str(error), retryable=False) from error
        self.port, self.tls_port = sip.port, sip.tls_port
        self._sides = _Sides(
            sip,
            Incoming(self._board, self._registrar, self.requests, sip),
            Outgoing(self._board, self._registrar, sip, self._shown),
        )
        early, self._early = self._early, []
        for event in early:
            self._handle(event)
        if self._rtp_timeout_s:
            self._look_for_vanished()

    async def close(self) -> None:
        """Hangs up every leg, closes the sockets and ends the events."""
        for leg in tuple(self._board.legs.values()):
            self._end(leg, EndCause.NORMAL)
        for timer in (self._expiry, self._look):
            if timer is not None:
                timer.cancel()
        if self._sides is not None:
            await self._sides.sip.close()
        self._board.queue.put_nowait(None)

    @property
    def counts(self) -> Counts:
        """What is held now."""
        relay, sides = self._board.relay, self._open
        return Counts(
            legs=len(self._board.legs),
            calls_out=len(sides.outgoing),
            media_ports=relay.ports_in_use,
            taps=relay.taps_in_use,
            dialogs=len(sides.sip.engine.dialogs),
            transactions=len(sides.sip.engine.transactions),
            registrations=len(self._registrar),
        )

    @property
    def _open(self) -> _Sides:
        if self._sides is None:
            raise Unavailable("switch", "not started", retryable=False)
        return self._sides

    def _request(self, command: InDialogRequest) -> None:
        self._open.sip.request(command)

    # --- Switch ---

    @property
    def abilities(self) -> frozenset[Ability]:
        """All there are."""
        return frozenset(Ability)

    async def originate(self, leg: LegId, number: str, caller: Caller, *, lift: bool = False) -> None:
        """See `Switch`."""
        cause = self._open.outgoing.originate(leg, number, caller, lift=lift)
        if cause is not None:
            self._board.tell(LegEnded(leg, cause))

    async def ring(self, leg: LegId) -> None:
        """See `Switch`."""
        if (found := self._board.legs.get(leg)) and found.arrived:
            self._open.incoming.ring(found)

    async def answer(self, leg: LegId) -> None:
        """See `Switch`."""
        found = self._board.legs.get(leg)
        if found is not None:
            (self._open.incoming if found.arrived else self._open.outgoing).answer(found)

    async def hang_up(self, leg: LegId, cause: EndCause) -> None:
        """See `Switch`."""
        if found := self._board.legs.get(leg):
            self._end(found, cause)

    async def join(self, legs: tuple[LegId, ...]) -> None:
        """See `Switch`."""
        self._board.join(legs)

    # --- Taps ---

    async def fork(self, leg: LegId, to: MediaAddress) -> MediaSource:
        """See `Taps`."""
        return self._board.fork(leg, to)

    async def unfork(self, leg: LegId) -> None:
        """See `Taps`."""
        self._board.unfork(leg)

    # --- SwitchEvents ---

    async def events(self) -> AsyncIterator[SwitchEvent]:
        """See `SwitchEvents`."""
        while (event := await self._board.queue.get()) is not None:
            yield event

    # --- from the SIP endpoint ---

    def _handle(self, event: SipEvent) -> None:
        if self._sides is None:
            # The sockets open one after the other, and a phone may be quicker than the second.
            self._early.append(event)
            return
        incoming, outgoing = self._sides.incoming, self._sides.outgoing
        match event:
            case RequestArrived():
                incoming.request(event)
                self._registrations_changed()
            case ResponseArrived():
                outgoing.response(event)
            case AckArrived():
                incoming.acknowledged(event)
            case CallCancelled(transaction):
                incoming.cancelled(transaction)
            case DialogEnded():
                self._dialog_ended(event)
            case TransactionTimedOut(pending):
                outgoing.failed(pending, _TIMED_OUT)
            case TransportFailed(pending):
                outgoing.failed(pending, _NOT_SENT)
            case _:
                pass

    def _dialog_ended(self, event: DialogEnded) -> None:
        leg = self._board.by_dialog.get(event.dialog)
        if leg is not None:
            self._board.end(leg, _ENDED.get(event.reason, EndCause.FAILED))

    def _end(self, leg: Leg, cause: EndCause) -> None:
        if leg.stage is Stage.ANSWERED:
            # First the leg, so that the end of its dialog finds nothing to end with a cause of its own.
            dialog = leg.dialog
            self._board.end(leg, cause)
            if dialog is not None:
                self._open.sip.hang_up(dialog)
        elif leg.arrived:
            self._open.incoming.refuse(leg, cause)
        else:
            self._open.outgoing.give_up(leg, cause)

    def _look_for_vanished(self) -> None:
        """Ends the legs of phones that are gone, and comes back."""
        for leg in self._silence.vanished(tuple(self._board.legs.values()), self._clock.now()):
            self._end(leg, EndCause.FAILED)
        self._look = asyncio.get_running_loop().call_later(self._rtp_timeout_s / 4, self._look_for_vanished)

    def _registrations_changed(self) -> None:
        """Tells what changed, and comes back when the next registration runs out."""
        for event in self._registrar.events():
            self._board.tell(event)
        if self._expiry is not None:
            self._expiry.cancel()
            self._expiry = None
        at = self._registrar.next_expiry()
        if at is not None:
            delay = max(0.0, at - self._clock.now())
            self._expiry = asyncio.get_running_loop().call_later(delay, self._expire)

    def _expire(self) -> None:
        self._registrar.expire(self._clock.now())
        self._registrations_changed()
